"""Rating a dossier, and reading what was said of one's own agencies."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import orjson

from intake_service.ratings import rules, store
from shared.contracts.ratings import RatingIn
from shared.domain.civil_time import civil_day
from shared.web.database import Connection, Reading
from shared.web.problems import Problem


async def rate(connection: Connection, dossier_id: int, given: RatingIn, now: datetime, days: int) -> asyncpg.Record:
    """Rate a dossier, or change its rating. days: for which a rating can be changed. The rating as it stands."""
    row = await store.to_rate(connection, dossier_id)
    refused = rules.refused(
        finished_at=row["finished_at"],
        erased_at=row["erased_at"],
        rated_at=await store.first_rated_at(connection, dossier_id),
        now=now,
        days=days,
    )
    if refused is not None:
        raise refused
    criteria = given.criteria.model_dump(exclude_none=True) if given.criteria else {}
    await store.rate(
        connection,
        dossier_id,
        row["agency_id"],
        rules.LEVELS[given.level],
        orjson.dumps(criteria).decode(),
        given.words,
        now,
        civil_day(now),
    )
    return await one(connection, dossier_id)


async def one(connection: Connection, dossier_id: int) -> asyncpg.Record:
    """The rating of a dossier, or the Problem that there is none."""
    row = await store.of_dossier(connection, dossier_id)
    if row is None:
        raise Problem("not_found")
    return row


async def page(
    connection: Reading,
    agencies: Sequence[int],
    first: date | None,
    last: date | None,
    level: int | None,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """A page of ratings, and one row more if there is a next page."""
    return await store.page(connection, agencies, first, last, level, before=before, limit=limit + 1)
