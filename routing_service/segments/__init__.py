"""Segments: what a workflow makes of one dossier, each agency's share with its own clock."""
