"""The bytes of a page of 200: from the rows that the database gave to the body of the answer, by the endpoint's code.

The reference is what a framework would do with the same page: validate it against the declared model, then write it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
from pydantic import BaseModel, SecretStr
from starlette.responses import Response

from bench.figures import Figure, Goal, percentile
from bench.filling import fill
from bench.ground import Ground, connected, reference_in
from bench.receiving import principal_at
from intake_service.dossiers import endpoints as dossiers
from routing_service.overdue import endpoints as overdue
from shared.contracts.intake import DossierPage
from shared.contracts.overdue import OverduePage
from shared.web.auth import Role

_ROWS = 200
_GOAL = Goal("ours", "≤", 0.5)
#: So that 200 of them are late.
_DOSSIERS = 150_000


def measure(ground: Ground) -> list[Figure]:
    """Median milliseconds of a page of each list."""
    url = ground.database("bench_pages")
    with ground.progress("filling", _DOSSIERS) as done:
        fill(url, _DOSSIERS, done, applicants=True)
    timed = asyncio.run(_timed(url, ground.scale.renderings))
    ground.drop("bench_pages")
    return [
        Figure(
            f"page of {_ROWS}, {name}",
            ours,
            "ms",
            model,
            "the same page through its response model",
            model / ours,
            _GOAL,
            f"{size / 1024:.0f} KB; the ratio says how many times faster",
        )
        for name, (ours, model, size) in timed.items()
    ]


async def _timed(url: str, times: int) -> dict[str, tuple[float, float, int]]:
    """Milliseconds of ours and of the model, and the size of the body, for each list."""
    reference = await reference_in(url)
    room: Any = SimpleNamespace(settings=SimpleNamespace(cursor_key=SecretStr("a key for cursors")))
    leader = principal_at(reference, "44", Role.LEADER)
    found: dict[str, tuple[float, float, int]] = {}
    async with connected(url) as connection:
        lists: dict[str, tuple[Callable[..., Awaitable[Response]], type[BaseModel]]] = {
            "overdue": (overdue.overdue, OverduePage),
            "dossiers": (dossiers.listed, DossierPage),
        }
        for name, (endpoint, model) in lists.items():
            kept: Any = _Kept(connection)
            wanted = {"room": room, "reference": reference, "principal": leader, "connection": kept, "limit": _ROWS}
            body = (await endpoint(**wanted)).body
            if len(orjson.loads(body)["items"]) != _ROWS:
                raise LookupError(f"a page of {name} has fewer than {_ROWS} rows")
            ours, theirs = [], []
            for _ in range(times):
                began = time.perf_counter()
                await endpoint(**wanted)
                ours.append(1000 * (time.perf_counter() - began))
            page = orjson.loads(body)
            for _ in range(times):
                began = time.perf_counter()
                model.model_validate(page).model_dump_json()
                theirs.append(1000 * (time.perf_counter() - began))
            found[name] = percentile(ours, 50), percentile(theirs, 50), len(body)
    return found


class _Kept:
    """Answers a query as the database did the first time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._rows: Sequence[Any] | None = None

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        if self._rows is None:
            self._rows = await self._connection.fetch(sql, *values)
        return self._rows
