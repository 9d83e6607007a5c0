"""`python -m services` is the `motcua` command."""

from services.command import app

app()
