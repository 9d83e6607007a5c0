"""The SQL of proposals, and of the versions that are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from intake_service.catalogue_proposals.rules import Change, Difference
from shared.web.database import Connection, Reading, Writing


async def content(connection: Connection, entry: int) -> Any:
    """What an entry said."""
    return orjson.loads(await connection.fetchval("SELECT content FROM catalogue_entry WHERE id = $1", entry))


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


def told(differences: str) -> list[Difference]:
    """Differences as they are kept."""
    return [Difference(*one) for one in orjson.loads(differences)]
