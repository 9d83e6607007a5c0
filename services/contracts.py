"""The rooms' promises: each room's openapi.json, written from its code and checked for staleness."""

import json
from pathlib import Path

from services.serve import ROOMS, app_of
from shared.web.app import describe

_ROOT = Path(__file__).parent.parent


def contract(room: str) -> str:
    """A room's OpenAPI 3.1 document as it is committed."""
    return json.dumps(describe(app_of(room).PLAN).openapi(), indent=2, ensure_ascii=False) + "\n"


def path_of(room: str) -> Path:
    """Where a room's promise is committed."""
    return _ROOT / f"{room}_service" / "openapi.json"


def stale() -> list[str]:
    """Rooms whose committed contract is not what their code promises."""
    return [room for room in ROOMS if _committed(room) != contract(room)]


def _committed(room: str) -> str | None:
    return path_of(room).read_text(encoding="utf-8") if path_of(room).exists() else None


def write() -> None:
    """Write all contracts anew."""
    for room in ROOMS:
        path_of(room).write_text(contract(room), encoding="utf-8")
