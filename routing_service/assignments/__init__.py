"""Assignments: at which desk a dossier lies within its holder, and who works on it."""
