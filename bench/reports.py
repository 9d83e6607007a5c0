"""The resolution report of the whole province at one million dossiers and at ten, against straight SQL.

Both must give the same figures, to the last dossier; the report reads what the service's own fold has counted.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from bench import groupings
from bench.client import drive, request
from bench.figures import Figure, Goal, percentile
from bench.filling import FIRST, LAST, PROVINCE, fill
from bench.ground import Ground, connected, reference_in, unfolded
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.clock import now
from shared.web.database import Reading
from stats_service.counts import store
from stats_service.counts.rules import BATCH
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from stats_service.figures.rules import NOTHING, Figures, Sums, figures
from stats_service.units.rules import as_they_were

NAME = "bench_filled"
#: The half-year of a letter, and a period that begins and ends in the middle of months: nothing to lean on there.
HALF_YEAR = date(2025, 1, 1), date(2025, 6, 30)
ODD = date(2024, 1, 16), date(2025, 5, 15)

#: Of a report that takes seconds, a few are enough.
_PATIENCE_MS = 30_000

# What anyone would write: one pass over the dossiers of the province, in parallel where the server will.
_STRAIGHT = """
SELECT
  count(*) FILTER (WHERE received_day < $2 AND (finished_day >= $2) IS NOT FALSE) AS carried_over,
  count(*) FILTER (WHERE received_day BETWEEN $2 AND $3) AS received,
  count(*) FILTER (WHERE received_day BETWEEN $2 AND $3 AND channel = 2) AS received_online,
  count(*) FILTER (WHERE received_day BETWEEN $2 AND $3 AND channel = 3) AS received_post,
  count(*) FILTER (WHERE finished_day BETWEEN $2 AND $3) AS resolved,
  count(*) FILTER (WHERE finished_day BETWEEN $2 AND $3 AND verdict = 1) AS resolved_early,
  count(*) FILTER (WHERE finished_day BETWEEN $2 AND $3 AND verdict = 2) AS resolved_on_day,
  count(*) FILTER (WHERE finished_day BETWEEN $2 AND $3 AND due_day IS NULL) AS resolved_without_term,
  count(*) FILTER (WHERE (finished_day > $3) IS NOT FALSE) AS pending,
  count(*) FILTER (WHERE late_day <= $3 AND (finished_day > $3) IS NOT FALSE) AS pending_overdue,
  count(*) FILTER (WHERE paused) AS pending_paused
FROM dossier WHERE agency_id = ANY($1::int[]) AND received_day <= $3
"""


@dataclass(frozen=True, slots=True)
class State:
    """What was measured with so many dossiers. Milliseconds."""

    dossiers: int
    database: float
    database_odd: float
    straight: float
    http: float
    http_p99: float
    tree: float


def measure(ground: Ground) -> list[Figure]:
    """Median times of the report, and how fast the log is folded."""
    url = ground.database(NAME)
    states, rates = [], []
    for count in ground.scale.dossiers:
        filled_to(ground, count)
        with ground.progress("folding events", 2 * count) as done:
            events, seconds = asyncio.run(folded(url, done))
        ground.say(f"folded {events:,} events in {seconds:.0f} s")
        rates.append(events / seconds)
        states.append(measured(ground, url, count))
    first, last = states
    in_database, over_http = shown(last)
    return [
        *in_database,
        Figure(
            "report, from 1 to 10 M",
            last.database,
            "ms",
            first.database,
            f"the same at {first.dossiers / 1e6:g} M",
            last.database / first.database,
            Goal("ratio", "≤", 1.5),
        ),
        *groupings.measured(url, ground.scale.reports, f"{last.dossiers / 1e6:g} M dossiers"),
        *over_http,
        Figure(
            "fold",
            rates[-1],
            "events/s",
            rates[0],
            f"the first {first.dossiers / 1e6:g} M",
            rates[-1] / rates[0],
            note="acceptances and their second events far apart in the log, as in life",
        ),
    ]


def shown(state: State) -> tuple[list[Figure], list[Figure]]:
    """Its figures in the database, and over HTTP."""
    faster = state.straight / state.database
    against = f"straight SQL over the dossiers, equal to it in every figure; {state.dossiers / 1e6:g} M dossiers"
    in_database = [
        Figure(
            "report, in the database",
            state.database,
            "ms",
            state.straight,
            against,
            faster,
            Goal("ours", "≤", 15),
            "the ratio says how many times faster; medians",
        ),
        Figure(
            "report, times faster",
            state.database,
            "ms",
            state.straight,
            "straight SQL",
            faster,
            Goal("ratio", "≥", 50),
        ),
        Figure(
            "report, odd period",
            state.database_odd,
            "ms",
            state.straight,
            "straight SQL of the half-year",
            state.straight / state.database_odd,
            note=f"{ODD[0]} to {ODD[1]}: no end of it is the end of a month",
        ),
    ]
    over_http = [
        Figure("report, over HTTP", state.http, "ms", note=f"one connection, p99 {state.http_p99:.1f} ms"),
        Figure("report, over HTTP by tree", state.tree, "ms", note="every agency with its subtotals"),
    ]
    return in_database, over_http


def filled_to(ground: Ground, count: int) -> None:
    """Fill the database of this row, or of the overdue list, to `count` dossiers."""
    began = time.perf_counter()
    with ground.progress(f"filling to {count:,} dossiers", count) as done:
        fill(ground.url(NAME), count, done)
    ground.say(f"filled to {count:,} dossiers in {time.perf_counter() - began:.0f} s")


def filled_and_folded(ground: Ground) -> str:
    """The owner's URL of the database of this row, which is made where a run does without the row itself."""
    if not ground.has(NAME):
        ground.database(NAME)
        filled_to(ground, ground.scale.dossiers[1])
        with ground.progress("folding events", None) as done:
            asyncio.run(folded(ground.url(NAME), done))
    return ground.url(NAME)


def measured(ground: Ground, url: str, count: int, straights: int = 3) -> State:
    """The report of a database whose `count` dossiers are counted. Straight SQL is asked `straights` times."""
    scale = ground.scale
    database, odd, straight = asyncio.run(timed(url, scale.reports, straights))
    with ground.serving(url, "stats") as (stats,):
        token = ground.token("leader", "44")
        path = f"/v1/reports/resolution?agency={PROVINCE}&from={HALF_YEAR[0]}&to={HALF_YEAR[1]}"
        flat, tree = (
            drive(stats.port, [request("GET", path + more, token)], connections=1, seconds=30, limit=scale.reports)
            for more in ("", "&group_by=tree")
        )
    for seen in (flat, tree):
        if set(seen.statuses) != {"200"}:
            raise RuntimeError(f"no report: {seen.statuses} {seen.example}")
    return State(count, database, odd, straight, flat.p50, flat.p99, tree.p50)


async def folded(url: str, progress: Callable[[float], None], *, checkpoints: bool = True) -> tuple[int, float]:
    """Fold what is not folded yet with the service's own code: events, seconds."""
    async with connected(url) as connection:
        total = await unfolded(connection)
        began, events = time.perf_counter(), 0
        while (batch := await fold_once(connection)) == BATCH:
            events += batch
            progress(events)
        events += batch
        seconds = time.perf_counter() - began
        if checkpoints:
            await bring_checkpoints_up(connection, civil_day(now()))
        await connection.execute("VACUUM (ANALYZE) count_day, count_checkpoint")
    if events != total:
        raise RuntimeError(f"{events} of {total} events were folded")
    return events, seconds


async def timed(url: str, times: int, straights: int = 3) -> tuple[float, float, float]:
    """Median milliseconds of the report's sums, of the odd period's, and of the straight query."""
    reference = await reference_in(url)
    async with connected(url) as connection:
        ours: dict[tuple[date, date], list[float]] = {HALF_YEAR: [], ODD: []}
        straight: list[float] = []
        for period, spent in ours.items():
            agencies = _agencies(reference, period[1])
            for turn in range(times):
                began = time.perf_counter()
                found = await _counted(Reading(connection), agencies, period)  # type: ignore[arg-type]
                spent.append(1000 * (time.perf_counter() - began))
                if turn < straights:
                    began = time.perf_counter()
                    row = await connection.fetchrow(_STRAIGHT, agencies, *period)
                    if period == HALF_YEAR:
                        straight.append(1000 * (time.perf_counter() - began))
                    assert row is not None
                    _same(found, dict(row), period)
                if sum(spent) > _PATIENCE_MS:
                    break
    return percentile(ours[HALF_YEAR], 50), percentile(ours[ODD], 50), median(straight)


async def _counted(connection: Reading, agencies: Sequence[int], period: tuple[date, date]) -> Figures:
    """As the service does it: one snapshot, the sums at both ends of the period, the figures between them."""
    after = date.fromordinal(period[1].toordinal() + 1)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await store.sums_before(connection, agencies, [period[0], after], "none")
    sums = {mark: Sums(*values) for mark, _, *values in rows}
    return figures(sums.get(1, NOTHING), sums.get(2, NOTHING))


def _agencies(reference: Reference, last: date) -> list[int]:
    province = reference.agencies.on(PROVINCE, last)
    assert province is not None
    return as_they_were(reference.agencies, province, last).agencies


def _same(ours: Figures, straight: dict[str, int], period: tuple[date, date]) -> None:
    """Every figure that straight SQL gives is ours. Who waited at the end of an earlier period is in the log only."""
    if period[1] < LAST:
        del straight["pending_paused"]
    different = {name: (getattr(ours, name), value) for name, value in straight.items() if getattr(ours, name) != value}
    if different or not ours.resolved_late or not ours.pending_overdue or period[0] < FIRST:
        raise ValueError(f"The report and straight SQL differ: {different or ours}")
