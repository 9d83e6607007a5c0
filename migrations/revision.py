"""The schema that this code was written for. Known without Alembic, which the services need not load to start."""

from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


def head_revision() -> str:
    """The newest revision; files are named `{revision}_{what}.py`, and a test holds this to Alembic's own head."""
    return max(file.name.split("_", 1)[0] for file in VERSIONS.glob("[0-9]*_*.py"))
