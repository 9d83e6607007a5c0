"""Who may do what: every cell of the table of rights, for allow and for deny."""
