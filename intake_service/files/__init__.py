"""Files of a dossier: scans and electronic papers, taken in, told by their bytes, kept by their hash, given back."""
