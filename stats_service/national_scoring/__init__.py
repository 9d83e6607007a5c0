"""Dossiers counted as the national scoring judges them (Decision 766/QĐ-TTg, indicators 2.1 and 2.2)."""
