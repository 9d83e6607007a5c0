"""Segments of a dossier whose reception was corrected: dates and ways made anew."""
