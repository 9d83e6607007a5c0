"""The dossiers as a question sees them: in its period, as known now or as recorded at an instant."""
