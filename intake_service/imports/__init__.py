"""Imports: dossiers of other systems, as a stream of any length in bounded memory."""
