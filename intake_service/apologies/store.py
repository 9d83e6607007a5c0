"""The SQL of apologies. A dossier's row is locked by whoever writes here, so numbers within a dossier have no gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.domain.lifecycle import ApologyKind
from shared.web.database import Connection, Reading, Writing


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal about to be written."""

    dossier_id: int
    n: int
    proposed_at: datetime
    proposed_by: str
    agency_id: int
    new_due_at: datetime
    reason: str
    apology: str
    number: str
    signed_by: str


async def holder(connection: Writing, dossier_id: int) -> int | None:
    """The agency that holds a dossier; None where no case was opened yet."""
    held: int | None = await connection.fetchval("SELECT holder_id FROM dossier_case WHERE dossier_id = $1", dossier_id)
    return held


async def proposals(connection: Connection | Reading, dossier_id: int) -> list[asyncpg.Record]:
    """All proposals of a dossier, in order."""
    return await connection.fetch("SELECT * FROM extension_proposal WHERE dossier_id = $1 ORDER BY n", dossier_id)


async def propose(connection: Writing, new: Proposal) -> None:
    """Write a proposal."""
    await connection.execute(
        "INSERT INTO extension_proposal (dossier_id, n, proposed_at, proposed_by, agency_id, new_due_at, reason,"
        " apology, number, signed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.dossier_id,
        new.n,
        new.proposed_at,
        new.proposed_by,
        new.agency_id,
        new.new_due_at,
        new.reason,
        new.apology,
        new.number,
        new.signed_by,
    )


async def decide(
    connection: Writing, dossier_id: int, n: int, *, accepted: bool, at: datetime, actor: str, rejection: str | None
) -> None:
    """Write what the one-stop decided of a proposal."""
    await connection.execute(
        "UPDATE extension_proposal SET accepted = $3, decided_at = $4, decided_by = $5, rejection = $6"
        " WHERE dossier_id = $1 AND n = $2",
        dossier_id,
        n,
        accepted,
        at,
        actor,
        rejection,
    )


async def open_proposals(
    connection: Reading, agencies: Sequence[int], *, after: int, limit: int
) -> list[asyncpg.Record]:
    """Proposals that wait, of dossiers that these agencies received and that are open, after a dossier's id."""
    return await connection.fetch(
        "SELECT d.id, d.code, d.agency_id, d.due_at, p.n, p.proposed_at, p.new_due_at"
        " FROM extension_proposal p JOIN dossier d ON d.id = p.dossier_id"
        " WHERE p.accepted IS NULL AND p.dossier_id > $2 AND d.agency_id = ANY($1::int[]) AND d.finished_at IS NULL"
        " ORDER BY p.dossier_id LIMIT $3",
        agencies,
        after,
        limit,
    )


async def enter(
    connection: Writing, dossier_id: int, seq: int, kind: ApologyKind, made_at: datetime, new_due_at: datetime | None
) -> None:
    """Enter an apology into the register, beside its event."""
    await connection.execute(
        "INSERT INTO apology (dossier_id, n, seq, kind, made_at, new_due_at)"
        " SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5 FROM apology WHERE dossier_id = $1",
        dossier_id,
        seq,
        int(kind),
        made_at,
        new_due_at,
    )


async def apologies(connection: Connection | Reading, dossier_id: int) -> list[asyncpg.Record]:
    """All apologies of a dossier with what they say, in order."""
    return await connection.fetch(
        "SELECT a.*, e.reason, e.detail FROM apology a"
        " LEFT JOIN event_note e ON e.dossier_id = a.dossier_id AND e.seq = a.seq"
        " WHERE a.dossier_id = $1 ORDER BY a.n",
        dossier_id,
    )


async def deliveries(connection: Connection | Reading, dossier_id: int) -> list[asyncpg.Record]:
    """Every sending and receipt of a dossier's apologies, as recorded."""
    return await connection.fetch("SELECT * FROM apology_delivery WHERE dossier_id = $1 ORDER BY n, k", dossier_id)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A sending (with its channel) or a receipt about to be written."""

    dossier_id: int
    n: int
    received: bool
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_agency_id: int
    channel: str | None
    words: str | None


async def deliver(connection: Writing, new: Delivery) -> None:
    """Write a sending or a receipt, and on the apology when the first was."""
    await connection.execute(
        "INSERT INTO apology_delivery (dossier_id, n, k, received, occurred_at, recorded_at, actor, acting_agency_id,"
        " channel, words)"
        " SELECT $1, $2, coalesce(max(k), 0) + 1, $3, $4, $5, $6, $7, $8, $9 FROM apology_delivery"
        " WHERE dossier_id = $1 AND n = $2",
        new.dossier_id,
        new.n,
        new.received,
        new.occurred_at,
        new.recorded_at,
        new.actor,
        new.acting_agency_id,
        new.channel,
        new.words,
    )
    first = "received_at" if new.received else "sent_at"
    await connection.execute(
        f"UPDATE apology SET {first} = least({first}, $3) WHERE dossier_id = $1 AND n = $2",
        new.dossier_id,
        new.n,
        new.occurred_at,
    )


async def unsent(
    connection: Reading, agencies: Sequence[int], *, after: tuple[datetime, int, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Apologies that nobody has sent, of dossiers that these agencies received, the oldest first."""
    begin = "" if after is None else " AND (a.made_at, a.dossier_id, a.n) > ($3, $4, $5)"
    return await connection.fetch(
        "SELECT d.code, d.agency_id, a.made_at, a.dossier_id, a.n, a.kind, a.new_due_at"
        " FROM apology a JOIN dossier d ON d.id = a.dossier_id"
        f" WHERE a.sent_at IS NULL AND d.agency_id = ANY($1::int[]){begin}"
        " ORDER BY a.made_at, a.dossier_id, a.n LIMIT $2",
        agencies,
        limit,
        *(after or ()),
    )
