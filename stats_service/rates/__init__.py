"""The local rate and the national rate over the same dossiers, and what lies between them."""
