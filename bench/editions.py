"""Sealing the tree of the province, and computing the edition again from all events: on the database of the report.
Then `motcua verify` with many editions there: it reads the events once for all of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

from bench.figures import Figure, Goal
from bench.filling import PROVINCE
from bench.ground import Ground, connected, reference_in
from bench.reports import HALF_YEAR, filled_and_folded
from services.verification import Kept, verify
from shared.contracts.editions import EditionIn
from shared.reference import Reference
from shared.web.auth import Principal, Role
from shared.web.clock import now
from shared.web.database import Pool, Reading, open_pool
from stats_service.editions import usecases


def measure(ground: Ground) -> list[Figure]:
    """Milliseconds to seal, and seconds to compute again; the bytes must be the same."""
    url = filled_and_folded(ground)
    sealed, again, events, size = asyncio.run(_measured(url))
    asyncio.run(_years_of_editions(url))
    with Kept() as kept:
        outcome = verify(url, ground.console, kept.add)
    if outcome.differences:
        raise ValueError(f"What was sealed is not what is computed: {outcome.found}")
    return [
        Figure(
            "edition, sealed",
            sealed,
            "ms",
            note=f"the province by tree, a half-year: {size / 1000:.0f} kB of canonical JSON",
        ),
        Figure(
            "edition, computed again",
            events / again,
            "events/s",
            note=f"from {events / 1e6:.3g} M raw events in {again:.1f} s, one session; the same bytes",
        ),
        Figure(
            "verify, with editions",
            events / outcome.seconds,
            "events/s",
            goal=Goal("ours", "≥", 200_000),
            note=f"{outcome.seen['editions']} sealed editions, of every kind, are computed again in the same reading",
        ),
    ]


#: What offices seal every month: (report, what else is asked).
_MONTHLY: Sequence[tuple[str, dict[str, Any]]] = (
    ("resolution", {"group_by": "tree"}),
    ("resolution", {"group_by": "level,channel"}),
    ("ii-06a", {"awaiting_supplement_column": 9}),
    ("ii-06a", {"awaiting_supplement_column": 12, "rows": "sector"}),
    ("annex", {}),
)


@asynccontextmanager
async def _pool(url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(url, size=2, name="bench")
    yield pool
    await pool.close()


async def _years_of_editions(url: str) -> None:
    """Two years of monthly reports of the province, each kind every month."""
    reference = await reference_in(url)
    first, last = date(2023, 7, 1), date(2025, 6, 30)
    leader = _leader(reference, last)
    async with _pool(url) as pool:
        for n in range(24):
            begins = date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
            for report, more in _MONTHLY:
                month = {"agency": PROVINCE, "period": f"{begins:%Y-%m}", **more}
                asked = EditionIn.model_validate({"report": report, "parameters": month})
                await usecases.seal(pool, reference, leader, asked, None, now(), 12)


def _leader(reference: Reference, day: date) -> Principal:
    agency = reference.agencies.on(PROVINCE, day)
    assert agency is not None
    return Principal("bench", Role.LEADER, agency, frozenset(reference.agencies.by_id), frozenset({agency.id}))


async def _measured(url: str) -> tuple[float, float, int, int]:
    reference = await reference_in(url)
    first, last = HALF_YEAR
    leader = _leader(reference, last)
    async with connected(url) as connection, _pool(url) as pool:
        await connection.execute("SET jit = off")
        sealings = await connection.fetchval("SELECT count(*) FROM report_edition")
        # One day less for each time before: a report is sealed once.
        days = {"agency": PROVINCE, "from": first - timedelta(days=sealings), "to": last, "group_by": "tree"}
        asked = EditionIn.model_validate({"report": "resolution", "parameters": days})
        began = time.perf_counter()
        edition, _ = await usecases.seal(pool, reference, leader, asked, None, now(), 12)
        sealed = 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        found = await usecases.recompute(Reading(connection), edition)  # type: ignore[arg-type]
        again = time.perf_counter() - began
        if not found.equal:
            raise ValueError(f"Computed again it is another edition: {found.findings}")
        return sealed, again, await connection.fetchval("SELECT count(*) FROM dossier_event"), edition.size
