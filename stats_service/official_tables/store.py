"""The SQL of official tables: the late dossiers, and the forms."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from shared.web.database import Connection, Reading
from stats_service.facts.store import MOVED_TO, TYPED, Seen, plan_for_these_values
from stats_service.figure_lists.store import MADE_OF
from stats_service.official_tables.rules import OfficialForm

#: Rows that a cursor brings at a time.
CHUNK = 2000

# One order for pages and for the whole: row by row as in the reports, then as received. $6: the place, among the rows
# of the report, of each of the agencies $1; $7: agencies of which it depends on where a case went ($8), at $9.
_LATE = f"""
WITH {{facts}}, late AS (
  SELECT f.id, f.code, f.received_day, f.due_day,
    CASE WHEN f.finished_day <= $3::date THEN f.finished_day END AS finished_day,
    coalesce(
      CASE WHEN f.agency_id = ANY($7::int[]) THEN ($9::int[])[array_position($8::int[], {MOVED_TO})] END,
      ($6::int[])[array_position($1::int[], f.agency_id)]) AS place
  FROM facts f
  WHERE (({MADE_OF["resolved_late"]}) OR ({MADE_OF["pending_overdue"]})) AND {TYPED}
)
SELECT * FROM late WHERE (place, received_day, id) > ($10::int, $11::date, $12::bigint)
ORDER BY place, received_day, id LIMIT $13
"""
_FORMS = (
    "SELECT form, number, title, legal_basis, receiver, valid_from, valid_to, confirmed, basis, headings"
    " FROM official_form"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """In which row of the report a dossier stands. places: of each agency that is seen; open: agencies of which it
    depends on where a case went: `heirs`, at `heir_places`."""

    places: Sequence[int]
    open: Sequence[int]
    heirs: Sequence[int]
    heir_places: Sequence[int]


#: (place, day of reception, id) of a late dossier: where a page begins.
After = tuple[int, date, int]


def _late(seen: Seen, placed: Placed, after: After, limit: int | None) -> tuple[str, list[object]]:
    where = (list(placed.places), list(placed.open), list(placed.heirs), list(placed.heir_places))
    return _LATE.format(facts=seen.facts), [*seen.values, seen.day_of_knowledge, *where, *after, limit]


async def late_page(connection: Reading, seen: Seen, placed: Placed, after: After, limit: int) -> list[asyncpg.Record]:
    """The late dossiers after one of them. Must run in a transaction."""
    await plan_for_these_values(connection)
    sql, values = _late(seen, placed, after, limit)
    return await connection.fetch(sql, *values)


async def late_all(
    connection: Reading, seen: Seen, placed: Placed, after: After
) -> AsyncIterator[list[asyncpg.Record]]:
    """All of them, so many at a time: the database holds the rest. Must run in a transaction."""
    await plan_for_these_values(connection)
    sql, values = _late(seen, placed, after, None)
    cursor = await connection.cursor(sql, *values)
    while rows := await cursor.fetch(CHUNK):
        yield rows


async def forms(connection: Connection) -> list[OfficialForm]:
    """All forms, as they are asked for."""
    rows = await connection.fetch(f"{_FORMS} ORDER BY valid_from NULLS FIRST, form")
    return [OfficialForm(**{**row, "headings": tuple(row["headings"])}) for row in rows]


async def form_to_replace(connection: Connection, form: str) -> OfficialForm | None:
    """The form of that name; nobody else replaces it before the transaction ends."""
    row = await connection.fetchrow(f"{_FORMS} WHERE form = $1 FOR UPDATE", form)
    return OfficialForm(**{**row, "headings": tuple(row["headings"])}) if row else None


async def set_forms(connection: Connection, given: Sequence[OfficialForm]) -> int:
    """Bring the forms to what a list says, those apart that an operator entered; how many are new or changed."""
    changed = 0
    for form in given:
        changed += await _set(connection, form, None, "f.entered_by IS NULL")
    return changed


async def enter_form(connection: Connection, form: OfficialForm, entered_by: str) -> None:
    """Enter a form, or replace it."""
    await _set(connection, form, entered_by, "true")


async def _set(connection: Connection, form: OfficialForm, entered_by: str | None, where: str) -> int:
    status: str = await connection.execute(
        f"""
        INSERT INTO official_form AS f (form, number, title, legal_basis, receiver, valid_from, valid_to, confirmed,
          basis, headings, entered_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (form) DO UPDATE SET number = excluded.number, title = excluded.title,
          legal_basis = excluded.legal_basis, receiver = excluded.receiver, valid_from = excluded.valid_from,
          valid_to = excluded.valid_to, confirmed = excluded.confirmed, basis = excluded.basis,
          headings = excluded.headings, entered_by = excluded.entered_by
        WHERE {where} AND (f.number, f.title, f.legal_basis, f.receiver, f.valid_from, f.valid_to, f.confirmed,
          f.basis, f.headings) IS DISTINCT FROM (excluded.number, excluded.title, excluded.legal_basis,
          excluded.receiver, excluded.valid_from, excluded.valid_to, excluded.confirmed, excluded.basis,
          excluded.headings)
        """,
        *(form.form, form.number, form.title, form.legal_basis, form.receiver, form.valid_from, form.valid_to),
        *(form.confirmed, form.basis, list(form.headings), entered_by),
    )
    return int(status.rsplit(" ", 1)[-1])
