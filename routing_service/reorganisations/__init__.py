"""Reorganisations: units' open dossiers go to their successors; who received a dossier stays as of then, and no clock
moves."""
