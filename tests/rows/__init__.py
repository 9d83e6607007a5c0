"""Whose rows a session sees: row-level security, on a real database, with the logins of the services."""
