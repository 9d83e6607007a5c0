"""Changing the calendar while dossiers run: what it would move, the change on record, how far it has come."""
