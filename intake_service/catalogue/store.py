"""The SQL of the national catalogue: readings of it, what it said, what is proposed of it, what ours is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from intake_service.catalogue.rules import Change, Difference, Finding, Kind
from shared.web.database import Connection, Reading, Writing

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


async def content(connection: Connection, entry: int) -> Any:
    """What an entry said."""
    return orjson.loads(await connection.fetchval("SELECT content FROM catalogue_entry WHERE id = $1", entry))


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


# --- proposals -------------------------------------------------------------------------------------------------------


class Proposed(NamedTuple):
    """What a reading would have us change."""

    change: Change
    code: str
    ours: str | None
    entry_id: int | None
    differences: Sequence[Difference]
    digest: bytes


_PROPOSAL = (
    "SELECT p.id, p.pull_id, p.change, p.code, p.ours, p.entry_id, p.differences, p.digest, p.state, p.made_at,"
    " p.decided_at, p.decided_by, p.decision, p.reason, p.valid_from, p.version_id, p.version, e.name AS published_name"
    " FROM catalogue_proposal p LEFT JOIN catalogue_entry e ON e.id = p.entry_id"
)


async def last_proposals(connection: Connection, codes: Sequence[str]) -> dict[str, asyncpg.Record]:
    """The last proposals of these codes that were not superseded."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (code) id, code, state, digest, valid_from FROM catalogue_proposal"
        " WHERE code = ANY($1::text[]) AND state <> 'superseded' ORDER BY code, id DESC",
        list(codes),
    )
    return {row["code"]: row for row in rows}


async def supersede(connection: Connection, codes: Sequence[str], now: datetime) -> None:
    """What waits for these codes is no more what is published, or no difference any more."""
    await connection.execute(
        "UPDATE catalogue_proposal SET state = 'superseded', decided_at = $2, version = version + 1"
        " WHERE code = ANY($1::text[]) AND state = 'waiting'",
        list(codes),
        now,
    )


async def propose(connection: Connection, pull: int, proposed: Sequence[Proposed], now: datetime) -> None:
    """Make proposals."""
    await connection.execute(
        "INSERT INTO catalogue_proposal (pull_id, change, code, ours, entry_id, differences, digest, made_at)"
        " SELECT $1, g.change, g.code, g.ours, g.entry_id, g.differences::jsonb, g.digest, $8"
        " FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[])"
        " AS g (change, code, ours, entry_id, differences, digest)",
        pull,
        [one.change for one in proposed],
        [one.code for one in proposed],
        [one.ours for one in proposed],
        [one.entry_id for one in proposed],
        [orjson.dumps([list(each) for each in one.differences]).decode() for one in proposed],
        [one.digest for one in proposed],
        now,
    )


async def proposal(connection: Connection, proposal_id: int) -> asyncpg.Record | None:
    """One proposal."""
    return await connection.fetchrow(f"{_PROPOSAL} WHERE p.id = $1", proposal_id)


async def proposals(
    connection: Reading, state: str | None, change: str | None, before: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of proposals, the latest first."""
    return await connection.fetch(
        f"{_PROPOSAL} WHERE p.id < $1 AND ($2::text IS NULL OR p.state = $2) AND ($3::text IS NULL OR p.change = $3)"
        " ORDER BY p.id DESC LIMIT $4",
        before,
        state,
        change,
        limit,
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided what, when and why. version_id: what was made of it."""

    state: str
    by: str
    at: datetime
    reason: str
    decision: str | None = None
    valid_from: date | None = None
    version_id: int | None = None


async def decide(connection: Writing, proposal_id: int, decided: Decided) -> None:
    """Note what was decided of a proposal."""
    await connection.execute(
        "UPDATE catalogue_proposal SET state = $2, decided_by = $3, decided_at = $4, reason = $5, decision = $6,"
        " valid_from = $7, version_id = $8, version = version + 1 WHERE id = $1",
        proposal_id,
        decided.state,
        decided.by,
        decided.at,
        decided.reason,
        decided.decision,
        decided.valid_from,
        decided.version_id,
    )


# --- our procedures --------------------------------------------------------------------------------------------------


async def about_ours(connection: Connection) -> dict[int, asyncpg.Record]:
    """Core, publisher and scope of our procedures and the issuer of each version, by version id."""
    rows = await connection.fetch(
        "SELECT v.id, p.code, p.national_core, p.publisher, p.scope, v.issuer, v.decision, v.online_level, v.basis"
        " FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id"
    )
    return {row["id"]: row for row in rows}


async def offers(connection: Connection, version_id: int) -> Sequence[asyncpg.Record]:
    """At which levels a version is handled."""
    return await connection.fetch(
        "SELECT level, valid_to, basis FROM procedure_offer WHERE version_id = $1 ORDER BY level", version_id
    )


async def end_version(connection: Writing, version_id: int, last: date) -> None:
    """The last day on which a version is in force."""
    await connection.execute("UPDATE procedure_version SET valid_to = $2 WHERE id = $1", version_id, last)


async def version_from(connection: Writing, code: str, begin: date) -> int:
    """The version of a procedure that begins on a day."""
    found: int = await connection.fetchval(
        "SELECT v.id FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id"
        " WHERE p.code = $1 AND v.valid_from = $2",
        code,
        begin,
    )
    return found


# --- mappings --------------------------------------------------------------------------------------------------------


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


def told(differences: str) -> list[Difference]:
    """Differences as they are kept."""
    return [Difference(*one) for one in orjson.loads(differences)]


def kept(content_of: Mapping[str, Any]) -> str:
    """What came, as it is kept: its keys in order, so that the same is the same."""
    return orjson.dumps(content_of, option=orjson.OPT_SORT_KEYS).decode()
