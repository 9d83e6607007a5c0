"""Until when, and why: the account of a dossier told line by line, and the date that a dossier would get."""
