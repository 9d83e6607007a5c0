"""What every press needs, whichever room prints: the typesetter with the one font (PDF/A), the elements of a DOCX, and
the few threads in which files are made."""
