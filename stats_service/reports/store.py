"""The SQL of reports that goes to the dossiers themselves: by sector or procedure, as recorded at an earlier instant,
and the lists behind the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

import asyncpg

from shared.contracts.stats import AnyCountName
from shared.web.database import Reading
from stats_service.figures.store import Demand, demanded
from stats_service.reports.rules import Period

_SYNTHETIC = "SELECT EXISTS (SELECT FROM import_run WHERE synthetic)"

# Every dossier that a period [$2, $3] of the agencies $1 can see: received by its end, and not finished before it.
# What was finished before cancels out of every figure, so it is not read.
_FACTS = "agency_id, channel, status, received_day, due_day, late_day, finished_day, verdict"
_NOW = f"""
facts AS (
  SELECT id, {_FACTS}, version_id, code FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_at IS NULL
  UNION ALL
  SELECT id, {_FACTS}, version_id, code FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_day >= $2::date
)
"""
# The facts of each dossier after the last event recorded by $4.
_THEN = f"""
facts AS (
  SELECT e.*, d.version_id, d.code
  FROM (
    SELECT DISTINCT ON (dossier_id) dossier_id AS id, {_FACTS} FROM dossier_event
    WHERE recorded_at <= $4::timestamptz ORDER BY dossier_id, seq DESC
  ) e JOIN dossier d ON d.id = e.id
  WHERE e.agency_id = ANY($1::int[]) AND e.received_day <= $3::date
    AND (e.finished_day IS NULL OR e.finished_day >= $2::date)
)
"""

_CIVIL_DAY = "(h.occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"


def _paused(at_the_end_of: str) -> str:
    """Whether dossier `f` was waiting for its applicant at the end of a day. A dossier's events follow each other in
    time, so that is the flag of its last event by then."""
    return (
        f"coalesce((SELECT h.paused FROM dossier_event h WHERE h.dossier_id = f.id AND {_CIVIL_DAY} <= {at_the_end_of}"
        f" AND h.recorded_at <= coalesce($4::timestamptz, 'infinity') ORDER BY h.seq DESC LIMIT 1), false)"
    )


def _bucket(day: str) -> str:
    return f"width_bucket({day}, $5::date[])"


def _dossiers(where: str) -> str:
    return f"coalesce(sum(dossiers) FILTER (WHERE {where}), 0)::bigint"


def _pending(at_the_end_of: str) -> str:
    return f"f.received_day <= {at_the_end_of} AND (f.finished_day IS NULL OR f.finished_day > {at_the_end_of})"


# The same sums as from the counts, so that the same rules make figures of them. $5: boundaries. $6: the day after the
# instant of knowledge, null for now: then nobody could know of a dossier that it would be overdue later.
#
# The dossiers are read once, however many boundaries there are: those whose days lie between the same boundaries are
# one cell, and only cells meet every boundary (ten years by month, a million dossiers: 6 s instead of 41). A day lies
# before boundary `mark` if fewer than `mark` boundaries are not after it, and width_bucket counts those.
_SUMS = f"""
cells AS MATERIALIZED (
  SELECT {{part}} AS part, {_bucket("f.received_day")} AS received, {_bucket("f.finished_day")} AS finished,
    {_bucket("CASE WHEN f.late_day < coalesce($6::date, 'infinity') THEN f.late_day END")} AS late,
    {_bucket("CASE WHEN f.settled_day < coalesce($6::date, 'infinity') THEN f.settled_day END")} AS settled,
    f.verdict, f.due_day IS NULL AS without_term, f.channel, count(*)::int AS dossiers
  FROM (
    SELECT *, CASE WHEN late_day IS NOT NULL AND finished_day IS NOT NULL THEN greatest(late_day, finished_day) END
      AS settled_day FROM facts
  ) f GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), waiting AS MATERIALIZED (
  SELECT mark, {{part}} AS part, count(*) AS dossiers
  FROM facts f CROSS JOIN LATERAL generate_series(
    greatest(2, {_bucket("f.received_day")} + 1), coalesce({_bucket("f.finished_day")}, cardinality($5::date[]))
  ) AS pending (mark)
  WHERE {_paused("($5::date[])[mark] - 1")}
  GROUP BY 1, 2
)
SELECT mark, part,
  {_dossiers("received < mark")},
  {_dossiers("finished < mark")},
  {_dossiers("finished < mark AND verdict = 1")},
  {_dossiers("finished < mark AND verdict = 2")},
  {_dossiers("finished < mark AND without_term")},
  {_dossiers("late < mark")},
  {_dossiers("settled < mark")},
  coalesce((SELECT w.dossiers FROM waiting w WHERE (w.mark, w.part) = (marks.mark, cells.part)), 0),
  {_dossiers("received < mark AND channel = 2")},
  {_dossiers("received < mark AND channel = 3")}
FROM cells CROSS JOIN generate_series(1, cardinality($5::date[])) AS marks (mark)
GROUP BY mark, part
"""

PartBy = Literal["none", "agency", "channel", "version"]
_PARTS = MappingProxyType(
    {"none": "0", "agency": "f.agency_id", "channel": "f.channel", "version": "f.version_id"},
)

_OVERDUE_ON = "least($3::date, $5::date)"
_IN_PERIOD = "BETWEEN $2::date AND $3::date"
_RECEIVED = f"f.received_day {_IN_PERIOD}"
_RESOLVED = f"f.finished_day {_IN_PERIOD}"
_OVERDUE = f"f.late_day <= {_OVERDUE_ON} AND (f.finished_day IS NULL OR f.finished_day > {_OVERDUE_ON})"

#: Which of the facts make up each figure: the list that one can open. $5: the day of knowledge, null for now.
MADE_OF: Mapping[str, str] = MappingProxyType(
    {
        "carried_over": "f.received_day < $2::date",
        "received": _RECEIVED,
        "received_online": f"{_RECEIVED} AND f.channel = 2",
        "received_counter": f"{_RECEIVED} AND f.channel = 1",
        "received_post": f"{_RECEIVED} AND f.channel = 3",
        "to_handle": "true",
        "resolved": _RESOLVED,
        "resolved_early": f"{_RESOLVED} AND f.verdict = 1",
        "resolved_on_day": f"{_RESOLVED} AND f.verdict = 2",
        "resolved_late": f"{_RESOLVED} AND f.verdict NOT IN (1, 2)",
        "resolved_on_time": f"{_RESOLVED} AND f.verdict IN (1, 2)",
        "resolved_without_term": f"{_RESOLVED} AND f.due_day IS NULL",
        "pending": _pending("$3::date"),
        "pending_in_term": f"{_pending('$3::date')} AND ({_OVERDUE}) IS NOT TRUE",
        "pending_overdue": _OVERDUE,
        "pending_paused": f"{_pending('$3::date')} AND {_paused('$3::date')}",
    }
)

# What happened in the period stands in an index in the order of its list: a few rows of each agency make a page. What
# stood open at its end has to be found first; there is less of it.
_BY_DAY: Mapping[str, str] = MappingProxyType({"received": "received_day", "resolved": "finished_day"})
_IN_ORDER = f"""
page AS (
  SELECT f.* FROM unnest($1::int[]) AS of (agency_id) CROSS JOIN LATERAL (
    SELECT id, {_FACTS}, version_id, code FROM dossier f
    WHERE f.agency_id = of.agency_id AND {{conditions}} ORDER BY {{order}}, f.id LIMIT $8
  ) f ORDER BY {{order}}, f.id LIMIT $8
)
"""
_FOUND = "page AS (SELECT f.* FROM facts f WHERE {conditions} ORDER BY {order}, f.id LIMIT $8)"
_LISTED = """
SELECT f.id, f.code, p.code AS procedure, v.name AS procedure_name, v.sector, f.agency_id, f.channel, f.status,
  f.received_day, f.due_day, f.finished_day, f.verdict, {order} AS day
FROM page f JOIN procedure_version v ON v.id = f.version_id JOIN procedure p ON p.id = v.procedure_id
ORDER BY {order}, f.id
"""
# Every parameter has its type here, whichever of them a figure's own condition needs.
_TYPED = "($2::date, $3::date, $4::timestamptz, $5::date) IS NOT DISTINCT FROM ($2, $3, $4, $5)"
_AFTER = f"({{order}}, f.id) > ($6::date, $7::bigint) AND {_TYPED}"
_OF_VERSIONS = (
    "f.version_id IN"
    " (SELECT v.id FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id WHERE {side} = {n})"
)

_VERSIONS = """
SELECT v.id, p.code, v.name, v.sector, v.valid_from FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
WHERE v.id = ANY($1::int[])
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose dossiers, in which period, as recorded by when (None: as known now)."""

    agencies: Sequence[int]
    period: Period
    as_of: datetime | None
    day_of_knowledge: date | None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list is narrowed to; None leaves a side open."""

    channel: int | None
    sector: str | None
    procedure: str | None


async def any_synthetic(connection: Reading) -> bool:
    """Whether made-up data was ever imported."""
    found: bool = await connection.fetchval(_SYNTHETIC)
    return found


async def sums_before(
    connection: Reading, seen: Seen, boundaries: Sequence[date], by: PartBy
) -> list[tuple[int, int, tuple[int, ...]]]:
    """As counts.store.sums_before, straight from the dossiers. The boundaries must lie in the period or end it."""
    await _plan_for_these_values(connection)
    sql = f"WITH {_THEN if seen.as_of else _NOW}, {_SUMS.format(part=_PARTS[by])}"
    known = seen.day_of_knowledge
    rows = await connection.fetch(
        sql,
        list(seen.agencies),
        seen.period.first,
        seen.period.last,
        seen.as_of,
        list(boundaries),
        date.fromordinal(known.toordinal() + 1) if known else None,
    )
    return [(row[0] - 1, row[1], tuple(row)[2:]) for row in rows]


async def counted(connection: Reading, seen: Seen, demand: Demand, by: PartBy) -> list[tuple[int, tuple[int, ...]]]:
    """(part, the figures on demand that `demand` names, in its order): one pass over the dossiers of the period."""
    await _plan_for_these_values(connection)
    values: list[object] = [list(seen.agencies), seen.period.first, seen.period.last, seen.as_of, seen.day_of_knowledge]
    counts = ", ".join(f"count(*) FILTER (WHERE {demanded(name, demand, values)})" for name in demand.names)
    sql = f"WITH {_THEN if seen.as_of else _NOW} SELECT {_PARTS[by]}, {counts} FROM facts f WHERE {_TYPED} GROUP BY 1"
    return [(row[0], tuple(row)[1:]) for row in await connection.fetch(sql, *values)]


async def versions(connection: Reading, ids: Sequence[int]) -> list[asyncpg.Record]:
    """id, code, name, sector, valid_from of procedure versions."""
    return await connection.fetch(_VERSIONS, list(ids))


async def listed(
    connection: Reading,
    seen: Seen,
    figure: AnyCountName,
    narrowed: Narrowed,
    *,
    after: tuple[date, int],
    limit: int,
    demand: Demand | None = None,
) -> list[asyncpg.Record]:
    """The dossiers that make up a figure, by the day on which they were received (figures of what was resolved: on
    which they were finished) and id, after a day and an id. `day` is that day."""
    await _plan_for_these_values(connection)
    kind = figure.split("_")[0]
    order = f"f.{_BY_DAY.get(kind, 'received_day')}"
    values: list[object] = [list(seen.agencies), seen.period.first, seen.period.last, seen.as_of, seen.day_of_knowledge]
    values += [*after, limit]
    made_of = demanded(figure, demand, values) if demand else MADE_OF[figure]
    conditions = [made_of, _AFTER.format(order=order)]
    for condition, value in (
        ("f.channel = {n}", narrowed.channel),
        (_OF_VERSIONS.replace("{side}", "v.sector"), narrowed.sector),
        (_OF_VERSIONS.replace("{side}", "p.code"), narrowed.procedure),
    ):
        if value is not None:
            values.append(value)
            conditions.append(condition.format(n=f"${len(values)}"))
    found = f"{_THEN if seen.as_of else _NOW}, {_FOUND}"
    page = _IN_ORDER if seen.as_of is None and kind in _BY_DAY else found
    page = page.format(conditions=" AND ".join(conditions), order=order)
    return await connection.fetch(f"WITH {page} {_LISTED.format(order=order)}", *values)


async def _plan_for_these_values(connection: Reading) -> None:
    """A day and the whole, a ward and the province want different plans: one for all of them takes minutes."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
