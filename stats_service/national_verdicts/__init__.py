"""What the national portal would say of the dossiers of a period, beside what the law says, and why they part."""
