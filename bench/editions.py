"""Sealing the tree of the province, and computing the edition again from all events: on the database of the report."""

import asyncio
import time
from datetime import timedelta

import asyncpg

from bench.figures import Figure
from bench.filling import PROVINCE
from bench.ground import Ground, connected, reference_in
from bench.reports import HALF_YEAR, filled_and_folded
from shared.contracts.editions import EditionIn
from shared.web.auth import Principal, Role
from shared.web.clock import now
from shared.web.database import Reading
from stats_service.editions import usecases


def measure(ground: Ground) -> list[Figure]:
    """Milliseconds to seal, and seconds to compute again; the bytes must be the same."""
    sealed, again, events, size = asyncio.run(_measured(filled_and_folded(ground)))
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
    ]


async def _measured(url: str) -> tuple[float, float, int, int]:
    reference = await reference_in(url)
    first, last = HALF_YEAR
    agency = reference.agencies.on(PROVINCE, last)
    assert agency is not None
    leader = Principal("bench", Role.LEADER, agency, frozenset(reference.agencies.by_id), frozenset({agency.id}))
    async with connected(url) as connection, asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
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
