"""Decision 766/QĐ-TTg: the set of indicators by which agencies are scored, as far as dossiers can tell."""
