"""The account of a dossier that went to and fro for fifty events, and the preview of a date over HTTP."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import orjson

from bench.client import Seen, drive, request
from bench.figures import Figure, Goal, percentile
from bench.ground import Ground, connected, reference_in
from intake_service.lifecycle.rules import read_back
from shared.domain.civil_time import civil_day
from shared.domain.deadline import Clock
from shared.domain.life import Happened, Life, decided, lived, told
from shared.domain.lifecycle import Channel, EventKind
from shared.reference import Reference
from shared.web.clock import now

EVENTS = 50
_PROCEDURE, _AGENCY = "2.000908", "19333"


def measure(ground: Ground) -> list[Figure]:
    """Microseconds of an account; milliseconds of a preview."""
    url = ground.database("bench_deadlines")
    reference = asyncio.run(reference_in(url))
    clock = _clock(reference, now())
    events = _history(clock, now() - timedelta(days=60))
    logged = [(each.kind.value, each.at, _payload(each)) for each in events]
    fetched = asyncio.run(_fetched(url, logged, ground.scale.renderings))
    fold = _timed(lambda: told(events), ground.scale.renderings)
    back = _timed(lambda: told(read_back(logged, clock)), ground.scale.renderings)
    with ground.serving(url, "intake", idle=("intake",)) as (intake,):
        alive = _driven(intake.port, "/healthz", ground.scale.seconds)
        asked = urlencode({"procedure": _PROCEDURE, "agency": _AGENCY, "channel": "counter"})
        preview = _driven(intake.port, f"/v1/deadline-preview?{asked}", ground.scale.seconds)
    ground.drop("bench_deadlines")
    return [
        Figure(
            f"account of {EVENTS} events",
            fold,
            "µs",
            fetched,
            "reading as many rows from the database",
            fold / fetched,
            Goal("ours", "≤", 50),
            f"folded; {back:.0f} µs with the log's JSON read back",
        ),
        Figure(
            "deadline preview, p50",
            preview.p50,
            "ms",
            alive.p50,
            "/healthz of the same service",
            preview.p50 / alive.p50,
            Goal("ours", "≤", 3),
            f"one connection, {preview.rate:.0f}/s, with its explanation line by line",
        ),
        Figure("deadline preview, p99", preview.p99, "ms", alive.p99, "the same", preview.p99 / alive.p99),
    ]


def _clock(reference: Reference, at: datetime) -> Clock:
    day = civil_day(at)
    version, agency = reference.procedure_on(_PROCEDURE, day), reference.agencies.on(_AGENCY, day)
    if version is None or agency is None:
        raise LookupError(f"{_PROCEDURE} or {_AGENCY} is not in force")
    return reference.clock(version, Channel.COUNTER, agency.id, day)


def _history(clock: Clock, begin: datetime) -> list[Happened]:
    """Accepted, paid for again and again, finished."""
    waits = [EventKind.PAYMENT_REQUESTED, EventKind.PAID] * ((EVENTS - 4) // 2)
    kinds = [EventKind.ACCEPTED, EventKind.PROCESSING_STARTED, *waits, EventKind.APOLOGISED, EventKind.FINISHED]
    events: list[Happened] = []
    life: Life | None = None
    for number, kind in enumerate(kinds):
        event = decided(life, kind, begin + timedelta(hours=7 * number), clock)
        if event is None:
            raise LookupError(f"the lifecycle no longer allows {kind}")
        life = lived(life, event)
        events.append(event)
    if len(events) != EVENTS:
        raise LookupError(f"{len(events)} events")
    return events


def _payload(event: Happened) -> str:
    return orjson.dumps({"due_at": event.due.at if event.due else None}).decode()


def _timed(work: Callable[[], object], times: int) -> float:
    """Microseconds, the median."""
    seen = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seen.append(1e6 * (time.perf_counter() - began))
    return percentile(seen, 50)


async def _fetched(url: str, logged: list[tuple[str, datetime, str]], times: int) -> float:
    """Microseconds in which the database gives so many rows of a log."""
    columns = [list(column) for column in zip(*logged, strict=True)]
    async with connected(url) as connection:
        await connection.execute(
            "CREATE TEMP TABLE log AS SELECT 1 AS dossier_id, g.* FROM"
            " unnest($1::text[], $2::timestamptz[], $3::text[]) WITH ORDINALITY"
            " AS g (kind, occurred_at, payload, seq)",
            *columns,
        )
        await connection.execute("CREATE INDEX ON log (dossier_id, seq)")
        seen = []
        for _ in range(times):
            began = time.perf_counter()
            rows = await connection.fetch(
                "SELECT kind, occurred_at, payload FROM log WHERE dossier_id = $1 ORDER BY seq", 1
            )
            seen.append(1e6 * (time.perf_counter() - began))
            if len(rows) != EVENTS:
                raise LookupError(f"{len(rows)} rows")
    return percentile(seen, 50)


def _driven(port: int, path: str, seconds: float) -> Seen:
    seen = drive(port, [request("GET", path, "")], connections=1, seconds=seconds)
    if set(seen.statuses) != {"200"}:
        raise RuntimeError(f"not all were answered: {seen.statuses}, for instance {seen.example}")
    return seen
