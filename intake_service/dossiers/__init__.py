"""Dossiers: handed in, listed, looked up."""
