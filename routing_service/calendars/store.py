"""The SQL of calendars."""

from collections.abc import Collection, Sequence
from datetime import date

from routing_service.agencies.store import Connection
from routing_service.calendars.rules import DayRow, SessionRow
from shared.domain.working_calendar import DayKind
from shared.web.database import Reading

_GIVEN = """
WITH given AS (
    SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
        AS g (day, kind, name_vi, name_en, status, source, confidence)
)
"""

# What an operator has set stands, a day taken off the calendar as well: loading the list undoes no decision. Nor does
# it make an announced day provisional again.
_CHANGE = (
    _GIVEN
    + """
UPDATE calendar_day c
SET kind = g.kind, name_vi = g.name_vi, name_en = g.name_en, status = g.status, source = g.source,
    confidence = g.confidence
FROM given g
WHERE c.day = g.day AND NOT EXISTS (SELECT FROM calendar_change_day o WHERE o.day = g.day)
  AND NOT (c.status = 'announced' AND g.status = 'provisional')
  AND (c.kind, c.name_vi, c.name_en, c.status, c.source, c.confidence)
      IS DISTINCT FROM (g.kind, g.name_vi, g.name_en, g.status, g.source, g.confidence)
"""
)

_ADD = (
    _GIVEN
    + """
INSERT INTO calendar_day (day, kind, name_vi, name_en, status, source, confidence)
SELECT g.* FROM given g WHERE NOT EXISTS (SELECT FROM calendar_change_day o WHERE o.day = g.day)
ON CONFLICT (day) DO NOTHING
"""
)

_ADD_YEARS = "INSERT INTO calendar_year (year) SELECT unnest($1::smallint[]) ON CONFLICT (year) DO NOTHING"

_ADD_SESSIONS = """
INSERT INTO working_session (weekday, opens, closes, basis)
SELECT * FROM unnest($1::smallint[], $2::time[], $3::time[], $4::text[])
WHERE NOT EXISTS (SELECT FROM working_session WHERE agency_id IS NULL)
"""


async def lock(connection: Connection) -> None:
    """Two loads at once: the second waits, then finds nothing to do."""
    await connection.execute("LOCK TABLE calendar_year, working_session IN SHARE ROW EXCLUSIVE MODE")


async def change_days(connection: Connection, days: Sequence[DayRow]) -> int:
    """Bring the days that are there to what the list says; how many changed."""
    return _count(await connection.execute(_CHANGE, *_columns(days)))


async def add_days(connection: Connection, days: Sequence[DayRow]) -> int:
    """Add the days that are not there yet; how many."""
    return _count(await connection.execute(_ADD, *_columns(days)))


async def add_years(connection: Connection, years: Collection[int]) -> int:
    """Say that the calendar of these years is complete; how many are new."""
    return _count(await connection.execute(_ADD_YEARS, sorted(years)))


async def add_default_sessions(connection: Connection, sessions: Sequence[SessionRow]) -> int:
    """Set the installation's default hours where it has none at all; how many rows."""
    return _count(
        await connection.execute(
            _ADD_SESSIONS,
            [row.weekday for row in sessions],
            [row.opens for row in sessions],
            [row.closes for row in sessions],
            [row.basis for row in sessions],
        )
    )


async def days_of(connection: Reading, year: int) -> list[DayRow]:
    """The deviations of a year, in order, with their documents."""
    rows = await connection.fetch(
        "SELECT day, kind, name_vi, name_en, status, source, confidence FROM calendar_day"
        " WHERE day BETWEEN $1 AND $2 ORDER BY day",
        date(year, 1, 1),
        date(year, 12, 31),
    )
    return [DayRow(row[0], DayKind(row[1]), *tuple(row)[2:]) for row in rows]


async def default_sessions(connection: Reading, year: int) -> list[SessionRow]:
    """The installation's default hours that held on some day of a year, in order."""
    rows = await connection.fetch(
        "SELECT weekday, opens, closes, basis FROM working_session WHERE agency_id IS NULL"
        " AND coalesce(valid_from, $2) <= $2 AND coalesce(valid_to, $1) >= $1 ORDER BY weekday, opens",
        date(year, 1, 1),
        date(year, 12, 31),
    )
    return [SessionRow(*tuple(row)) for row in rows]


def _columns(days: Sequence[DayRow]) -> tuple[list[object], ...]:
    return (
        [row.day for row in days],
        [row.kind.value for row in days],
        [row.name_vi for row in days],
        [row.name_en for row in days],
        [row.status for row in days],
        [row.source for row in days],
        [row.confidence for row in days],
    )


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
