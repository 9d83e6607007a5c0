"""The SQL of ratings. Words stand in a table of their own, which only intake reads."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from shared.web.database import Connection, Reading

_RATED = (
    "SELECT r.dossier_id, r.agency_id, r.level, r.criteria, r.rated_at, r.changed_at, w.words"
    " FROM rating r LEFT JOIN rating_words w ON w.dossier_id = r.dossier_id"
)


async def to_rate(connection: Connection, dossier_id: int) -> asyncpg.Record:
    """What tells whether a dossier can be rated. Whoever rates or erases it at the same moment waits."""
    row = await connection.fetchrow(
        "SELECT d.agency_id, d.finished_at, a.erased_at FROM dossier d"
        " JOIN applicant a ON a.dossier_id = d.id"
        " WHERE d.id = $1 FOR NO KEY UPDATE OF d",
        dossier_id,
    )
    assert row is not None, "nobody may delete a dossier"
    return row


async def first_rated_at(connection: Connection, dossier_id: int) -> datetime | None:
    """When a dossier was rated first: asked anew once its row is locked."""
    at: datetime | None = await connection.fetchval("SELECT rated_at FROM rating WHERE dossier_id = $1", dossier_id)
    return at


async def rate(
    connection: Connection,
    dossier_id: int,
    agency_id: int,
    level: int,
    criteria: str,
    words: str | None,
    now: datetime,
    day: date,
) -> None:
    """Write a rating, or what it was changed to. Whom it was given for, and the day of which it counts, stay."""
    await connection.execute(
        "INSERT INTO rating (dossier_id, agency_id, level, criteria, rated_at, rated_day)"
        " VALUES ($1, $2, $3, $4::jsonb, $5, $6)"
        " ON CONFLICT (dossier_id) DO UPDATE SET level = excluded.level, criteria = excluded.criteria, changed_at = $5",
        *(dossier_id, agency_id, level, criteria, now, day),
    )
    await connection.execute(
        "INSERT INTO rating_words (dossier_id, words) VALUES ($1, $2)"
        " ON CONFLICT (dossier_id) DO UPDATE SET words = excluded.words",
        *(dossier_id, words),
    )


async def of_dossier(connection: Connection, dossier_id: int) -> asyncpg.Record | None:
    """The rating of a dossier."""
    return await connection.fetchrow(f"{_RATED} WHERE r.dossier_id = $1", dossier_id)


async def page(
    connection: Reading,
    agencies: Sequence[int],
    first: date | None,
    last: date | None,
    level: int | None,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Ratings of these agencies given on these days, the latest first, below an instant and an id."""
    begin = "" if before is None else " AND (r.rated_at, r.dossier_id) < ($6, $7)"
    return await connection.fetch(
        f"{_RATED} WHERE r.agency_id = ANY($1::int[]) AND r.rated_day >= coalesce($2::date, '-infinity')"
        f" AND r.rated_day <= coalesce($3::date, 'infinity') AND ($4::smallint IS NULL OR r.level = $4){begin}"
        " ORDER BY r.rated_at DESC, r.dossier_id DESC LIMIT $5",
        *(agencies, first, last, level, limit),
        *(before or ()),
    )
