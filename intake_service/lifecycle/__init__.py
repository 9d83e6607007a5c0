"""What happens to a dossier: every step of its life, decided by the engine and written to the log."""
