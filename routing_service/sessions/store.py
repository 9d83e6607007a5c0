"""The SQL of an agency's working hours. A set that never came into force stays, with a period that is empty."""

from collections.abc import Sequence
from datetime import date

from routing_service.sessions.rules import Block, HoursRow
from shared.web.database import Connection, Writing


async def lock(connection: Writing) -> None:
    """Two changes at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE working_session IN SHARE ROW EXCLUSIVE MODE")


async def of_agency(connection: Connection, agency_id: int | None) -> list[HoursRow]:
    """All hours that an agency (None: the installation) has or had or is to have, in order."""
    rows = await connection.fetch(
        "SELECT weekday, opens, closes, valid_from, valid_to, basis FROM working_session"
        " WHERE agency_id IS NOT DISTINCT FROM $1"
        " AND (valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from) ORDER BY weekday, opens",
        agency_id,
    )
    return [HoursRow(Block(*tuple(row)[:3]), *tuple(row)[3:]) for row in rows]


async def set_from(connection: Writing, agency_id: int, begin: date, blocks: Sequence[Block], basis: str) -> None:
    """Let these be an agency's hours from `begin` on: what held before ends the day before, what was to begin then or
    later never comes into force."""
    await connection.execute(
        "UPDATE working_session SET valid_to = CASE WHEN valid_from >= $2 THEN valid_from ELSE $2::date END - 1"
        " WHERE agency_id = $1 AND (valid_to IS NULL OR valid_to >= $2)",
        agency_id,
        begin,
    )
    await connection.execute(
        "INSERT INTO working_session (agency_id, weekday, opens, closes, valid_from, basis)"
        " SELECT $1, b.*, $2, $3 FROM unnest($4::smallint[], $5::time[], $6::time[]) AS b",
        agency_id,
        begin,
        basis,
        [block.weekday for block in blocks],
        [block.opens for block in blocks],
        [block.closes for block in blocks],
    )
