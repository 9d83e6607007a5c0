"""The first pass of verification over a range of dossiers."""
