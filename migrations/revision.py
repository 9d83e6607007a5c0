"""The schema that this code was written for. Known without Alembic, which the services need not load to start."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"
_NAMED = re.compile(r'^(down_)?revision = "(\w+)"$', re.MULTILINE)


def head_revision() -> str:
    """The newest revision: the one that no other revises. Numbers tell nothing of the order: one may be taken long
    before its migration is written. A test holds this to Alembic's own head."""
    named = [found for file in VERSIONS.glob("[0-9]*_*.py") for found in _NAMED.findall(file.read_text("utf-8"))]
    revised = {revision for down, revision in named if down}
    (head,) = {revision for down, revision in named if not down} - revised
    return str(head)
