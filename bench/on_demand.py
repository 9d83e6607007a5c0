"""Reports that the counts do not hold (decision 0029): the figures of a definition, counted from the dossiers of the
period, and a report as it was recorded at an instant, read from the events. On the database of the report."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from statistics import median

import asyncpg

from bench.figures import Figure, percentile
from bench.filling import PROVINCE
from bench.ground import Ground, connected, reference_in
from bench.reports import HALF_YEAR, filled_and_folded
from shared.domain.civil_time import VIETNAM, civil_day
from shared.reference import Reference
from shared.web.clock import now
from shared.web.database import Reading
from stats_service.figures.rules import Figures
from stats_service.on_time.rules import ON_TIME
from stats_service.periods.rules import PeriodAsked
from stats_service.reports import usecases

_TIMES, _PATIENCE_MS = 3, 60_000
_DEFINITION = "due-in-period"
#: Within the half-year, a Monday noon: what came after it was not known.
_AS_OF = datetime(2025, 3, 17, 12, tzinfo=VIETNAM)

_SEEN = "FROM dossier WHERE agency_id = ANY($1::int[]) AND received_day <= $3 AND (finished_day >= $2) IS NOT FALSE"
_OPEN = "(finished_day > $3) IS NOT FALSE"
_STRAIGHT_DUE = f"""
SELECT count(*) AS due_in_period,
  count(*) FILTER (WHERE finished_day <= $3 AND verdict <> 3) AS due_on_time,
  count(*) FILTER (WHERE finished_day <= $3 AND verdict = 3) AS due_late,
  count(*) FILTER (WHERE {_OPEN} AND late_day <= $3) AS due_overdue,
  count(*) FILTER (WHERE {_OPEN} AND late_day > $3) AS due_in_term,
  count(*) FILTER (WHERE finished_day <= $3 AND outcome <> 1) AS due_otherwise
{_SEEN} AND due_day BETWEEN $2 AND $3
"""
# The dossiers say when each of their events was recorded: here at once, and the second is the last.
_STRAIGHT_THEN = """
SELECT count(*) FILTER (WHERE received_day < $2) AS carried_over,
  count(*) FILTER (WHERE received_day >= $2) AS received,
  count(*) FILTER (WHERE received_day >= $2 AND channel = 2) AS received_online, count(gone) AS resolved,
  count(gone) FILTER (WHERE verdict = 1) AS resolved_early, count(gone) FILTER (WHERE verdict = 2) AS resolved_on_day,
  count(*) - count(gone) AS pending, count(*) FILTER (WHERE gone IS NULL AND late_then <= $5) AS pending_overdue
FROM (
  SELECT received_day, channel, verdict, CASE WHEN finished_at <= $4 THEN finished_day END AS gone,
    CASE WHEN NOT paused OR accepted_at + interval '1 hour' > $4 THEN original_due_at::date + 1 END AS late_then
  FROM dossier WHERE agency_id = ANY($1::int[]) AND received_day <= $3 AND accepted_at <= $4
    AND (finished_day >= $2) IS NOT FALSE
) known
"""


def measure(ground: Ground) -> list[Figure]:
    """Milliseconds of the whole use case, for each."""
    url = filled_and_folded(ground)
    return asyncio.run(measured(url))


async def measured(url: str) -> list[Figure]:
    """The same of any filled database."""
    reference = await reference_in(url)
    async with connected(url) as connection:
        events, dossiers = [
            await connection.fetchval("SELECT reltuples::bigint FROM pg_class WHERE relname = $1", table)
            for table in ("dossier_event", "dossier")
        ]
        size = f"{dossiers / 1e6:.3g} M dossiers, {events / 1e6:.3g} M events"
        return [
            await _row(connection, reference, "report by a definition, on demand", size, None),
            await _row(connection, reference, "report as recorded then, from events", size, _AS_OF),
        ]


async def _row(
    connection: asyncpg.Connection, reference: Reference, name: str, size: str, as_of: datetime | None
) -> Figure:
    definition = next(each for each in ON_TIME if each.id == _DEFINITION) if as_of is None else None
    scope = frozenset(reference.agencies.by_id)
    period = PeriodAsked(*HALF_YEAR, None)
    asked = usecases.checked(reference, scope, now(), agency=PROVINCE, period=period, as_of=as_of)
    values: list[object] = [list(asked.landscape.agencies), *HALF_YEAR]
    if as_of:
        values += [as_of, civil_day(as_of)]
    ours: list[float] = []
    straight: list[float] = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        report = await usecases.resolution(Reading(connection), reference, asked, [], definition)  # type: ignore[arg-type]
        ours.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        expected = await connection.fetchrow(_STRAIGHT_THEN if as_of else _STRAIGHT_DUE, *values)
        straight.append(1000 * (time.perf_counter() - began))
        assert expected is not None
        _same(report.total, dict(expected))
        if sum(ours) > _PATIENCE_MS:
            break
    took, against = percentile(ours, 50), median(straight)
    told = f"as of {as_of:%Y-%m-%d %H:%M}" if as_of else f"definition {_DEFINITION}"
    return Figure(
        name,
        took,
        "ms",
        against,
        f"straight SQL over the dossiers, equal to it in every figure; {size}",
        against / took,
        note=f"{PROVINCE}, {HALF_YEAR[0]} to {HALF_YEAR[1]}, {told}: {report.total.to_handle:,} dossiers; median of "
        f"{len(ours)}, the whole use case",
    )


def _same(ours: Figures, straight: Mapping[str, int]) -> None:
    different = {name: (getattr(ours, name), n) for name, n in straight.items() if getattr(ours, name) != n}
    if different or not ours.resolved or not ours.pending:
        raise ValueError(f"The report and straight SQL differ: {different or ours}")
