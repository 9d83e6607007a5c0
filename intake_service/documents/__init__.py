"""The papers of a dossier: what its procedure asks for, what is there, what is missing, and the result."""
