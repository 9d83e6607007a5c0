"""The SQL of identification codes. What was entered is added to, and never changed."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from routing_service.identification_codes.rules import Carrier, Change
from shared.web.database import Reading, Writing


async def carriers(connection: Writing, day: date) -> list[Carrier]:
    """The units in force on a day, with their identification codes."""
    rows = await connection.fetch("SELECT id, code, identification_code FROM agency WHERE period @> $1::date", day)
    return [Carrier(*row) for row in rows]


async def change(
    connection: Writing,
    changes: Sequence[Change],
    *,
    decision: str,
    reason: str | None,
    actor: str,
    acting_agency_id: int,
    now: datetime,
) -> None:
    """Give units their identification codes, and keep what was before. Under the lock of agencies, or ids would not be
    in the order in which codes followed each other."""
    units, codes, before = zip(*changes, strict=True)
    await connection.execute(
        "UPDATE agency a SET identification_code = g.code FROM unnest($1::int[], $2::text[]) AS g (id, code)"
        " WHERE a.id = g.id",
        units,
        codes,
    )
    await connection.execute(
        "INSERT INTO agency_identification (agency_id, identification_code, before, decision, reason, actor,"
        " acting_agency_id, recorded_at)"
        " SELECT g.*, $4, $5, $6, $7, $8 FROM unnest($1::int[], $2::text[], $3::text[]) AS g",
        units,
        codes,
        before,
        decision,
        reason,
        actor,
        acting_agency_id,
        now,
    )


async def entered(
    connection: Reading, agencies: Sequence[int] | None, *, before: int, limit: int
) -> list[asyncpg.Record]:
    """What was entered, of these units or of all, the latest first, below the id `before`."""
    return await connection.fetch(
        "SELECT id, agency_id, identification_code, before, decision, reason, actor, acting_agency_id, recorded_at"
        " FROM agency_identification WHERE id < $1 AND ($2::int[] IS NULL OR agency_id = ANY($2))"
        " ORDER BY id DESC LIMIT $3",
        before,
        agencies,
        limit,
    )
