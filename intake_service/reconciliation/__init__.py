"""What the national database has of our dossiers, held against what it should have."""
