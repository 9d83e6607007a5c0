"""The SQL of the national catalogue: readings of it, what it said, and what was wrong with that."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from intake_service.catalogue.rules import Finding, Kind
from shared.web.database import Connection, Reading

_PULL = (
    "SELECT id, begun_at, begun_by, state, stage, codes, done, listed, proposed, tried_at, error, ended_at"
    " FROM catalogue_pull"
)


async def lock(connection: Connection) -> None:
    """Two changes at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE catalogue_pull IN SHARE ROW EXCLUSIVE MODE")


async def running(connection: Connection) -> asyncpg.Record | None:
    """The reading that is under way."""
    return await connection.fetchrow(f"{_PULL} WHERE state = 'running'")


async def last_begun(connection: Connection) -> datetime | None:
    """When a reading began last."""
    begun: datetime | None = await connection.fetchval("SELECT max(begun_at) FROM catalogue_pull")
    return begun


async def begin(connection: Connection, by: str | None, now: datetime) -> int:
    """Begin a reading."""
    made: int = await connection.fetchval(
        "INSERT INTO catalogue_pull (begun_at, begun_by, stage) VALUES ($1, $2, 'fields') RETURNING id", now, by
    )
    return made


async def move(
    connection: Connection, pull: int, stage: str, now: datetime, *, listed: int = 0, codes: Sequence[str] | None = None
) -> None:
    """A list was read: what is asked for next. codes: of the procedures, once they are listed."""
    await connection.execute(
        "UPDATE catalogue_pull SET stage = $2, listed = listed + $3, codes = coalesce($4::text[], codes),"
        " tried_at = $5, error = NULL WHERE id = $1",
        pull,
        stage,
        listed,
        codes,
        now,
    )


async def note_done(connection: Connection, pull: int, done: int, proposed: int, now: datetime) -> None:
    """So many procedures more were asked for."""
    await connection.execute(
        "UPDATE catalogue_pull SET done = done + $2, proposed = proposed + $3, tried_at = $4, error = NULL"
        " WHERE id = $1",
        pull,
        done,
        proposed,
        now,
    )


async def note_error(connection: Connection, pull: int, error: str, now: datetime) -> None:
    """It does not go on for the moment."""
    await connection.execute("UPDATE catalogue_pull SET error = $2, tried_at = $3 WHERE id = $1", pull, error, now)


async def end(connection: Connection, pull: int, state: str, now: datetime) -> None:
    """It is done, or was given up."""
    await connection.execute("UPDATE catalogue_pull SET state = $2, ended_at = $3 WHERE id = $1", pull, state, now)


class Entry(NamedTuple):
    """What is published under a code. content: JSON; None: nothing any more."""

    kind: Kind
    code: str
    core: str | None
    publisher: str | None
    name: str
    content: str | None
    digest: bytes | None


_LATEST = (
    "SELECT DISTINCT ON (kind, code) id, kind, code, core, publisher, name, content, digest, seen_at"
    " FROM catalogue_entry WHERE kind = $1 ORDER BY kind, code, id DESC"
)


async def published(connection: Connection, kind: Kind) -> list[asyncpg.Record]:
    """What is published of a kind, by code."""
    return await connection.fetch(
        f"SELECT id, code, name, digest FROM ({_LATEST}) e WHERE content IS NOT NULL ORDER BY code", kind
    )


async def latest(connection: Connection, kind: Kind, codes: Sequence[str]) -> dict[str, asyncpg.Record]:
    """The last entries of these codes, those that are gone too."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (code) id, code, digest, content IS NULL AS gone FROM catalogue_entry"
        " WHERE kind = $1 AND code = ANY($2::text[]) ORDER BY code, id DESC",
        kind,
        list(codes),
    )
    return {row["code"]: row for row in rows}


async def add(connection: Connection, pull: int, entries: Sequence[Entry], now: datetime) -> list[int]:
    """Note what is published otherwise than before."""
    rows = await connection.fetch(
        "INSERT INTO catalogue_entry (kind, code, core, publisher, name, content, digest, pull_id, seen_at)"
        " SELECT g.kind, g.code, g.core, g.publisher, g.name, g.content::jsonb, g.digest, $8, $9"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])"
        " WITH ORDINALITY AS g (kind, code, core, publisher, name, content, digest, place) ORDER BY g.place"
        " RETURNING id",
        *([entry[n] for entry in entries] for n in range(7)),
        pull,
        now,
    )
    return [row[0] for row in rows]


async def history(connection: Reading, kind: Kind, code: str, limit: int) -> Sequence[asyncpg.Record]:
    """What was published under a code, the latest first."""
    return await connection.fetch(
        "SELECT id, name, core, publisher, content, seen_at, pull_id FROM catalogue_entry"
        " WHERE kind = $1 AND code = $2 ORDER BY id DESC LIMIT $3",
        kind,
        code,
        limit,
    )


async def note_findings(connection: Connection, pull: int, findings: Sequence[Finding]) -> None:
    """Note what is wrong with what is published."""
    await connection.execute(
        "INSERT INTO catalogue_finding (pull_id, kind, code, reason)"
        " SELECT $1, g.kind, g.code, g.reason::jsonb"
        " FROM unnest($2::text[], $3::text[], $4::text[]) AS g (kind, code, reason)",
        pull,
        [finding.kind for finding in findings],
        [finding.code for finding in findings],
        [orjson.dumps(finding.reason.kept()).decode() for finding in findings],
    )


async def findings(connection: Reading, pull: int, after: int, limit: int) -> Sequence[asyncpg.Record]:
    """A page of what a reading found wrong."""
    return await connection.fetch(
        "SELECT id, kind, code, reason FROM catalogue_finding WHERE pull_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        pull,
        after,
        limit,
    )


async def finding_counts(connection: Reading, pulls: Sequence[int]) -> dict[int, int]:
    """How much each reading found wrong."""
    rows = await connection.fetch(
        "SELECT pull_id, count(*) FROM catalogue_finding WHERE pull_id = ANY($1::int[]) GROUP BY pull_id", list(pulls)
    )
    return {row[0]: row[1] for row in rows}


async def pulls(connection: Reading, before: int, limit: int) -> Sequence[asyncpg.Record]:
    """A page of readings, the latest first."""
    return await connection.fetch(f"{_PULL} WHERE id < $1 ORDER BY id DESC LIMIT $2", before, limit)


async def pull(connection: Connection, pull_id: int) -> asyncpg.Record | None:
    """One reading."""
    return await connection.fetchrow(f"{_PULL} WHERE id = $1", pull_id)


def kept(content_of: Mapping[str, Any]) -> str:
    """What came, as it is kept: its keys in order, so that the same is the same."""
    return orjson.dumps(content_of, option=orjson.OPT_SORT_KEYS).decode()
