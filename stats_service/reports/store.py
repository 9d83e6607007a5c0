"""The SQL of the report that goes to the dossiers themselves: by sector, procedure or officer, as recorded at an
earlier instant, and what reorganisations moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from shared.web.database import Reading
from stats_service.facts.store import MOVED_TO, TYPED, Seen, paused, plan_for_these_values
from stats_service.figures.store import Demand, demanded
from stats_service.groupings.rules import Cell

_SYNTHETIC = "SELECT EXISTS (SELECT FROM import_run WHERE synthetic AND (created + updated > 0 OR finished_at IS NULL))"


def _bucket(day: str) -> str:
    return f"width_bucket({day}, $5::date[])"


def _so_far(where: str) -> str:
    return f"coalesce(sum(sum(dossiers) FILTER (WHERE {where})) OVER so_far, 0)::bigint"


# The same sums as from the counts, so that the same rules make figures of them. $5: boundaries. $6: the day after the
# instant of knowledge, null for now: then nobody could know of a dossier that it would be overdue later.
#
# The dossiers are read once, however many boundaries there are: those whose days lie between the same boundaries are
# one cell (ten years by month, a million dossiers: 6 s instead of 41). A day lies before boundary `mark` if fewer than
# `mark` boundaries are not after it, and width_bucket counts those: from the mark after that on, the cell counts. So
# each part is added up once, along its marks, and nothing is joined: neither every cell with every mark, nor what
# waits, which by procedure and month over eight years took minutes.
_SUMS = f"""
parted AS (
  SELECT f.id, f.channel, f.received_day, f.due_day, f.late_day, f.finished_day, f.verdict, {{part}} AS part,
    CASE WHEN late_day IS NOT NULL AND finished_day IS NOT NULL THEN greatest(late_day, finished_day) END AS settled_day
  FROM facts f {{only}}
), cells AS MATERIALIZED (
  SELECT part, {_bucket("f.received_day")} AS received, {_bucket("f.finished_day")} AS finished,
    {_bucket("CASE WHEN f.late_day < coalesce($6::date, 'infinity') THEN f.late_day END")} AS late,
    {_bucket("CASE WHEN f.settled_day < coalesce($6::date, 'infinity') THEN f.settled_day END")} AS settled,
    f.verdict, f.due_day IS NULL AS without_term, f.channel, count(*)::int AS dossiers
  FROM parted f GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), steps AS (
  SELECT part, step.mark, step.kind, verdict, without_term, channel, dossiers
  FROM cells CROSS JOIN LATERAL (
    VALUES (received + 1, 'received'), (finished + 1, 'finished'), (late + 1, 'late'), (settled + 1, 'settled')
  ) AS step (mark, kind)
  WHERE step.mark <= cardinality($5::date[])
  UNION ALL
  SELECT part, pending.mark, 'waiting', NULL, NULL, NULL, 1
  FROM (
    SELECT f.*, greatest(2, {_bucket("f.received_day")} + 1) AS begins,
      coalesce({_bucket("f.finished_day")}, cardinality($5::date[])) AS ends FROM parted f
  ) f CROSS JOIN LATERAL generate_series(begins, ends) AS pending (mark)
  WHERE begins <= ends  -- most were over before any boundary: a series of none costs them a third of the statement
    AND {paused("($5::date[])[mark] - 1")}
  UNION ALL
  SELECT part, mark, NULL, NULL, NULL, NULL, 0
  FROM (SELECT DISTINCT part FROM cells) parts CROSS JOIN generate_series(1, cardinality($5::date[])) AS marks (mark)
)
SELECT mark, part,
  {_so_far("kind = 'received'")},
  {_so_far("kind = 'finished'")},
  {_so_far("kind = 'finished' AND verdict = 1")},
  {_so_far("kind = 'finished' AND verdict = 2")},
  {_so_far("kind = 'finished' AND without_term")},
  {_so_far("kind = 'late'")},
  {_so_far("kind = 'settled'")},
  coalesce(sum(dossiers) FILTER (WHERE kind = 'waiting'), 0)::bigint,
  {_so_far("kind = 'received' AND channel = 2")},
  {_so_far("kind = 'received' AND channel = 3")}
FROM steps GROUP BY part, mark
WINDOW so_far AS (PARTITION BY part ORDER BY mark ROWS UNBOUNDED PRECEDING)
"""
_SIDES = {"agency": "f.agency_id", "channel": "f.channel", "version": "f.version_id", "moved": MOVED_TO}
_ONLY_MOVED = f"WHERE {MOVED_TO} IS NOT NULL"

_VERSIONS = """
SELECT v.id, p.code, v.name, v.sector, v.valid_from FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
WHERE v.id = ANY($1::int[])
"""


async def any_synthetic(connection: Reading) -> bool:
    """Whether made-up data was ever imported."""
    found: bool = await connection.fetchval(_SYNTHETIC)
    return found


@dataclass(frozen=True, slots=True)
class Summed:
    """Sums as they were read. sides: of a cell, those that tell apart. moved: whether each row says besides which
    agency the cases were moved to."""

    rows: list[asyncpg.Record]
    sides: Sequence[str]
    moved: bool = False

    def versions(self) -> set[int]:
        """The versions of procedures that occur."""
        if "version" not in self.sides:
            return set()
        place = self.sides.index("version")
        return {int(self._part(row)[place]) for row in self.rows}

    def taken(self) -> Iterator[tuple[int, Cell, int | None, Sequence[int]]]:
        """(boundary from 0, cell, the agency that the cases were moved to, sums), once: there may be as many rows as a
        report has, and what is taken is kept no longer."""
        self.rows.reverse()
        last, cell = None, None
        while self.rows:
            row = self.rows.pop()
            part = self._part(row)
            if cell is None or part != last:  # the boundaries of a part follow each other
                last, cell = part, cell_of(self.sides, part[: len(self.sides)])
            yield row[0] - 1, cell, int(part[-1]) if self.moved else None, tuple(row)[2:]

    def _part(self, row: asyncpg.Record) -> Sequence[Any]:
        return row[1] if isinstance(row[1], list) else [row[1]]


async def sums_before(connection: Reading, seen: Seen, boundaries: Sequence[date], sides: Sequence[str]) -> Summed:
    """As from counts.store.sums_before, straight from the dossiers. `sides`: of a cell, those that tell apart. The
    boundaries must lie in the period or end it."""
    return Summed(await _sums(connection, seen, boundaries, sides, only=""), sides)


#: What the rows of a grouping are told apart by, of dossier `f` in version `v`.
_KEYS = {"agency": "f.agency_id", "channel": "f.channel", "sector": "v.sector", "procedure": "v.procedure_id"}


async def keys_of_rows(connection: Reading, seen: Seen, groupings: Sequence[str], *, limit: int) -> int:
    """How many rows the dossiers of a period need at least, in groupings of agency, channel, sector, procedure and
    officer; not counted further than `limit`."""
    await plan_for_these_values(connection)
    keys = ", ".join(seen.officer if name == "officer" else _KEYS[name] for name in groupings)
    typed = "($1::int[], $2::date, $3::date, $4::timestamptz) IS NOT DISTINCT FROM ($1, $2, $3, $4)"
    found: int = await connection.fetchval(
        f"WITH {seen.facts} SELECT count(*) FROM (SELECT DISTINCT {keys} FROM facts f"
        f" JOIN procedure_version v ON v.id = f.version_id WHERE {typed} LIMIT $5::int) keys",
        *seen.values,
        limit,
    )
    return found


async def moved_sums_before(
    connection: Reading, seen: Seen, boundaries: Sequence[date], sides: Sequence[str]
) -> Summed:
    """The same of dossiers that a reorganisation took out of the hands of their own agency, and only of these, with the
    agency that the cases were moved to."""
    return Summed(await _sums(connection, seen, boundaries, (*sides, "moved"), only=_ONLY_MOVED), sides, moved=True)


async def _sums(
    connection: Reading, seen: Seen, boundaries: Sequence[date], sides: Sequence[str], *, only: str
) -> list[asyncpg.Record]:
    await plan_for_these_values(connection)
    known = seen.day_of_knowledge
    after = date.fromordinal(known.toordinal() + 1) if known else None
    sql = f"WITH {seen.facts}, {_SUMS.format(part=_part(seen, sides), only=only)}"
    return await connection.fetch(sql, *seen.values, list(boundaries), after)


async def counted(
    connection: Reading, seen: Seen, demand: Demand, sides: Sequence[str], *, moved: bool = False
) -> list[tuple[Cell, int | None, tuple[int, ...]]]:
    """(cell, None, the figures on demand that `demand` names, in its order): one pass over the dossiers of the period.
    `moved`: of the dossiers that a reorganisation took out of the hands of their own agency only, with the agency that
    their cases were moved to."""
    await plan_for_these_values(connection)
    values: list[object] = [*seen.values, seen.day_of_knowledge]
    counts = ", ".join(f"count(*) FILTER (WHERE {demanded(name, demand, values)})" for name in demand.names)
    told = (*sides, "moved") if moved else tuple(sides)
    only = f"AND {MOVED_TO} IS NOT NULL" if moved else ""
    sql = f"WITH {seen.facts} SELECT {_part(seen, told)}, {counts} FROM facts f WHERE {TYPED} {only} GROUP BY 1"
    found = []
    for row in await connection.fetch(sql, *values):
        part = row[0] if len(told) != 1 else [row[0]]
        found.append((cell_of(sides, part[: len(sides)]), int(part[-1]) if moved else None, tuple(row)[1:]))
    return found


def _part(seen: Seen, sides: Sequence[str]) -> str:
    """What dossiers are grouped by. One side alone is grouped by as it is: an array of one is dearer."""
    told = [seen.officer if side == "officer" else _SIDES[side] for side in sides]
    kind = "text" if "officer" in sides else "int"
    return told[0] if len(told) == 1 else f"ARRAY[{', '.join(f'({one})::{kind}' for one in told)}]::{kind}[]"


def cell_of(sides: Sequence[str], part: Sequence[Any]) -> Cell:
    """The cell of a part: the values of `sides`, in their order."""
    values = dict(zip(sides, part, strict=True))
    officer = values.pop("officer", "")
    return Cell(**{side: int(value) for side, value in values.items()}, officer=officer)


async def versions(connection: Reading, ids: Sequence[int]) -> list[asyncpg.Record]:
    """id, code, name, sector, valid_from of procedure versions."""
    return await connection.fetch(_VERSIONS, list(ids))
