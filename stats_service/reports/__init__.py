"""Reports on how dossiers were resolved, and the lists behind their figures."""
