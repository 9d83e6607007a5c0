"""A table as a value (`table.py`), and the presses that make a file of it: XLSX, DOCX, PDF, CSV."""
