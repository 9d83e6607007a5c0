"""The index of Decision 766 of the whole province for a half-year, against straight SQL: on the database of the report.

Both must judge the same dossiers the same way, in the province and in every unit below it.
"""

import asyncio
import time
from statistics import median

import asyncpg

from bench.figures import Figure, percentile
from bench.filling import PROVINCE
from bench.ground import Ground, connected, reference_in
from bench.reports import filled_and_folded
from shared.web.clock import now
from shared.web.database import Reading
from stats_service.index_766 import usecases
from stats_service.index_766.rule_file import rule_versions
from stats_service.index_766.usecases import Asked, Index, Question
from stats_service.national_scoring.rules import NOTHING, NationalCounts, national_added
from stats_service.national_scoring.usecases import FULL_ONLINE

_HALF = "2025-H1"
_TIMES, _PATIENCE_MS = 3, 60_000
_COMPARED = ("dossiers", "on_time", "over", "received_online", "received_counter", "received_post", "eligible_full")

# What anyone would write who knows that no supplement came back here: the half-year once, without its months.
_STRAIGHT = """
SELECT agency_id, count(*) AS dossiers, count(*) FILTER (WHERE late IS NOT TRUE) AS on_time,
  count(*) FILTER (WHERE over) AS over,
  count(*) FILTER (WHERE new AND channel = 2) AS received_online,
  count(*) FILTER (WHERE new AND channel = 1) AS received_counter,
  count(*) FILTER (WHERE new AND channel = 3) AS received_post,
  count(*) FILTER (WHERE new AND online_level = $5) AS eligible_full
FROM (
  SELECT d.agency_id, d.channel, v.online_level, d.received_day >= $2 AS new,
    coalesce(d.finished_day <= $3, false) AS over,
    date_trunc('second', coalesce(CASE WHEN d.finished_day <= $3 THEN d.finished_at END, asked.at, $4))
      > d.original_due_at AS late
  FROM dossier d JOIN procedure_version v ON v.id = d.version_id
  LEFT JOIN (
    SELECT dossier_id, max(occurred_at) AS at FROM dossier_event
    WHERE kind = 'supplement_requested' AND occurred_at <= $4 GROUP BY dossier_id
  ) asked ON asked.dossier_id = d.id
  WHERE d.agency_id = ANY($1::int[]) AND d.received_day <= $3 AND (d.finished_day >= $2) IS NOT FALSE
) judged
GROUP BY agency_id
"""


def measure(ground: Ground) -> list[Figure]:
    """Milliseconds of the whole use case."""
    url = filled_and_folded(ground)
    return asyncio.run(measured(url))


async def measured(url: str) -> list[Figure]:
    """The same of any filled database."""
    reference = await reference_in(url)
    scope = frozenset(reference.agencies.by_id)
    question = Question(PROVINCE, _HALF, None, None, None, None, None)
    asked = usecases.checked(reference, scope, now(), rule_versions(None), question)
    ours: list[float] = []
    straight: list[float] = []
    async with connected(url) as connection:
        for _ in range(_TIMES):
            began = time.perf_counter()
            found = await usecases.index(Reading(connection), reference, asked)  # type: ignore[arg-type]
            ours.append(1000 * (time.perf_counter() - began))
            began = time.perf_counter()
            rows = await _straight(connection, asked)
            straight.append(1000 * (time.perf_counter() - began))
            _same(found, rows)
            if sum(ours) > _PATIENCE_MS:
                break
        dossiers = await connection.fetchval("SELECT reltuples::bigint FROM pg_class WHERE relname = 'dossier'")
    took, against = percentile(ours, 50), median(straight)
    whole = found.whole.counts
    months = sum(month is not None for month in found.months)
    return [
        Figure(
            "index 766, the province",
            took,
            "ms",
            against,
            f"straight SQL of the half-year alone, equal to it in every unit; {dossiers / 1e6:.3g} M dossiers",
            against / took,
            note=f"{PROVINCE}, {_HALF}: {whole.dossiers:,} dossiers, {len(found.children)} units below; the half-year, "
            f"its {months} months and the working hours, each read by itself",
        )
    ]


async def _straight(connection: asyncpg.Connection, asked: Asked) -> dict[int, NationalCounts]:
    period = asked.counted(asked.period)
    rows = await connection.fetch(
        _STRAIGHT, list(period.agencies), period.first, period.last, period.until, FULL_ONLINE
    )
    return {row["agency_id"]: NationalCounts(**{name: row[name] for name in _COMPARED}) for row in rows}


def _same(found: Index, straight: dict[int, NationalCounts]) -> None:
    """The whole, and every unit below it."""
    for standing in (found.whole, *found.children):
        units = {standing.unit.agency.id} if standing.own else standing.unit.under
        expected = national_added(straight.get(unit, NOTHING) for unit in units)
        for name in _COMPARED:
            ours, theirs = getattr(standing.counts, name), getattr(expected, name)
            if ours != theirs:
                raise ValueError(f"The index and straight SQL differ at {standing.unit.key}, {name}: {ours} {theirs}")
    if not found.whole.counts.overdue or not found.children:
        raise ValueError(f"Nothing to compare: {found.whole.counts}")
