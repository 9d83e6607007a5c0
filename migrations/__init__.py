"""One history, one head: Alembic migrations of the shared schema, and the step that applies them."""
