"""National identification codes of agencies, each entered by a decision, and on record."""
