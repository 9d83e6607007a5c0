"""The SQL of what ours is called in the national catalogue."""

from datetime import datetime

import asyncpg

from intake_service.catalogue.rules import Kind
from shared.web.database import Connection, Writing


async def mappings(connection: Connection, kind: Kind) -> dict[str, asyncpg.Record]:
    """What ours is called in the national catalogue, by our code."""
    rows = await connection.fetch(
        "SELECT local_code, national_code, reason, entered_by, entered_at, version FROM catalogue_mapping"
        " WHERE kind = $1",
        kind,
    )
    return {row["local_code"]: row for row in rows}


async def lock_mapping(connection: Writing) -> None:
    """Two changes of a mapping at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE catalogue_mapping IN SHARE ROW EXCLUSIVE MODE")


async def mapped_to(connection: Connection, kind: Kind, national: str) -> str | None:
    """What of ours is called so already."""
    found: str | None = await connection.fetchval(
        "SELECT local_code FROM catalogue_mapping WHERE kind = $1 AND national_code = $2 LIMIT 1", kind, national
    )
    return found


async def say(
    connection: Writing, kind: Kind, local: str, national: str, reason: str, *, by: str, now: datetime
) -> None:
    """Say what ours is called."""
    await connection.execute(
        "INSERT INTO catalogue_mapping AS m (kind, local_code, national_code, reason, entered_by, entered_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, local_code) DO UPDATE SET"
        " national_code = excluded.national_code, reason = excluded.reason, entered_by = excluded.entered_by,"
        " entered_at = excluded.entered_at, version = m.version + 1",
        kind,
        local,
        national,
        reason,
        by,
        now,
    )
