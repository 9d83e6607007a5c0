"""`motcua verify` over all events of the report's database, against PostgreSQL copying the same events out: what one
reading of them costs at least. Then `motcua rebuild-counts`, from no counts at all."""

import asyncio
import resource
import time

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql
from bench.reports import filled_and_folded
from services.verification import Kept, rebuild_counts, verify

_GOAL = 200_000


def measure(ground: Ground) -> list[Figure]:
    """Events a second, whole: chains, dossiers, words, histogram and checkpoints."""
    url = filled_and_folded(ground)
    began = time.perf_counter()
    psql(url, "\\copy dossier_event TO '/dev/null' (FORMAT binary)")
    copied = time.perf_counter() - began
    with Kept() as kept:
        outcome = verify(url, ground.console, kept.add)
    if outcome.differences:
        raise ValueError(f"What was filled is not clean: {outcome.found}")
    events = outcome.seen["events"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    asyncio.run(_emptied(url))
    began = time.perf_counter()
    done = rebuild_counts(url, ground.console)
    rebuilt = time.perf_counter() - began
    with Kept() as kept:
        if verify(url, ground.console, kept.add).differences:
            raise ValueError("The counts made anew are not the counts")
    size = f"{outcome.seen['dossiers'] / 1e6:g} M dossiers, {events / 1e6:.3g} M events"
    return [
        Figure(
            "verify",
            events / outcome.seconds,
            "events/s",
            events / copied,
            "\\copy of the same events to nowhere, binary, one session",
            copied / outcome.seconds,
            Goal("ours", "≥", _GOAL),
            f"{size}; two sessions of the database; at most {memory:.0f} MB in the command, the bench itself included",
        ),
        Figure(
            "rebuild-counts, from nothing",
            events / rebuilt,
            "events/s",
            events / copied,
            "the same \\copy",
            copied / rebuilt,
            note=f"{done.cells:,} cells and {done.checkpoints:,} checkpoints written in one transaction",
        ),
    ]


async def _emptied(url: str) -> None:
    """No counts, and the position where it was: all of them are lacking."""
    async with connected(url) as connection:
        await connection.execute("DELETE FROM count_day")
        await connection.execute("UPDATE count_checkpoint SET received = 0")
        await connection.execute("VACUUM (ANALYZE) count_day, count_checkpoint")
