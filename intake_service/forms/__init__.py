"""The forms of the circulars: which a dossier has, what stands on each, and the presses that print them (PDF, DOCX)."""
