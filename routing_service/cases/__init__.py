"""Cases: who holds a dossier, to whom it was handed over, and the finish that the holder reports."""
