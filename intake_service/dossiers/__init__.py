"""Dossiers: received, looked up, finished, returned."""
