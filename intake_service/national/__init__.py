"""The national database: what it is told of each dossier, step by step, as it happened."""
