"""The SQL of the lists: which dossiers make up a figure, in an order that pages can follow."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import asyncpg

from shared.contracts.stats import AnyCountName
from shared.web.database import Reading
from stats_service.facts.store import FACTS, MOVED_TO, TYPED, Seen, paused, plan_for_these_values
from stats_service.figures.store import Demand, demanded

#: Before all days and ids.
BEGINNING = (date.min, 0)


def _pending(at_the_end_of: str) -> str:
    return f"f.received_day <= {at_the_end_of} AND (f.finished_day IS NULL OR f.finished_day > {at_the_end_of})"


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
        "pending_paused": f"{_pending('$3::date')} AND {paused('$3::date')}",
    }
)

# What happened in the period stands in an index in the order of its list: a few rows of each agency make a page. What
# stood open at its end has to be found first; there is less of it.
_BY_DAY: Mapping[str, str] = MappingProxyType({"received": "received_day", "resolved": "finished_day"})
_IN_ORDER = f"""
page AS (
  SELECT f.* FROM unnest($1::int[]) AS of (agency_id) CROSS JOIN LATERAL (
    SELECT id, {FACTS}, version_id, code FROM dossier f
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
_AFTER = f"({{order}}, f.id) > ($6::date, $7::bigint) AND {TYPED}"
_OF_VERSIONS = (
    "f.version_id IN"
    " (SELECT v.id FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id WHERE {side} = {n})"
)
# Of the agencies that are no more and have not one heir, only the dossiers whose cases went to the row that is asked
# for, or, if it is the agency's own, those whose cases went nowhere that is known.
_STANDS_THERE = f"""
CASE WHEN f.agency_id <> ALL({{n}}::int[]) THEN true
  WHEN {MOVED_TO} = ANY({{known}}::int[]) THEN {MOVED_TO} = ANY({{into}}::int[])
  ELSE f.agency_id = ANY({{staying}}::int[]) END
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What tells in which row a dossier of the agencies `open` stands: where a case may have gone (`known`), which of
    these are the row asked for (`into`), and which agencies' own rows are (`staying`). Agency ids."""

    open: Sequence[int]
    known: Sequence[int]
    into: Sequence[int]
    staying: Sequence[int]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list is narrowed to; None leaves a side open."""

    channel: int | None = None
    sector: str | None = None
    procedure: str | None = None
    officer: str | None = None
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list: which figure of a question, narrowed to which row. `demand`: what a figure on demand needs."""

    figure: AnyCountName
    seen: Seen
    narrowed: Narrowed
    demand: Demand | None = None


async def listed(connection: Reading, wanted: Wanted, *, after: tuple[date, int], limit: int) -> list[asyncpg.Record]:
    """The dossiers that make up a figure, by the day on which they were received (figures of what was resolved: on
    which they were finished) and id, after a day and an id. `day` is that day."""
    await plan_for_these_values(connection)
    sql, values = _statement(wanted, after, limit)
    return await connection.fetch(sql, *values)


async def everything(connection: Reading, wanted: Wanted, *, chunk: int) -> AsyncGenerator[list[asyncpg.Record], None]:
    """All of them in the same order, `chunk` at a time: the database holds the rest."""
    await plan_for_these_values(connection)
    sql, values = _statement(wanted, BEGINNING, None)
    cursor = await connection.cursor(sql, *values)
    while rows := await cursor.fetch(chunk):
        yield rows


def _statement(wanted: Wanted, after: tuple[date, int], limit: int | None) -> tuple[str, list[object]]:
    seen, narrowed = wanted.seen, wanted.narrowed
    kind = wanted.figure.split("_")[0]
    order = f"f.{_BY_DAY.get(kind, 'received_day')}"
    values: list[object] = [*seen.values, seen.day_of_knowledge, *after, limit]
    made_of = demanded(wanted.figure, wanted.demand, values) if wanted.demand else MADE_OF[wanted.figure]
    conditions = [made_of, _AFTER.format(order=order)]
    for condition, value in (
        ("f.channel = {n}", narrowed.channel),
        (_OF_VERSIONS.replace("{side}", "v.sector"), narrowed.sector),
        (_OF_VERSIONS.replace("{side}", "p.code"), narrowed.procedure),
        (f"{seen.officer} = {{n}}", narrowed.officer),
    ):
        if value is not None:
            values.append(value)
            conditions.append(condition.format(n=f"${len(values)}"))
    if narrowed.moved is not None:
        sets = (narrowed.moved.open, narrowed.moved.known, narrowed.moved.into, narrowed.moved.staying)
        names = [f"${len(values) + n}" for n in range(1, 5)]
        values += map(list, sets)
        conditions.append(_STANDS_THERE.format(n=names[0], known=names[1], into=names[2], staying=names[3]))
    in_order = seen.as_of is None and kind in _BY_DAY
    page = _IN_ORDER if in_order else f"{seen.facts}, {_FOUND}"
    page = page.format(conditions=" AND ".join(conditions), order=order)
    return f"WITH {page} {_LISTED.format(order=order)}", values
