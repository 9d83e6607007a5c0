"""Which papers a procedure asks for, from a day on: what a dossier is held against."""
