"""What every press needs, whichever room prints: the typesetter with the one font (PDF/A), the elements of a DOCX, the
few threads in which files are made, and how a press is loaded when it is needed."""
