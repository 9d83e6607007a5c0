"""The threat model names what shows that each defence holds: those files are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_it_points_at_is_there() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    named = set(re.findall(r"`((?:tests|docs|shared)/[\w./*-]+)`", text))
    assert len(named) > 8
    assert [name for name in sorted(named) if not list(ROOT.glob(name))] == []
