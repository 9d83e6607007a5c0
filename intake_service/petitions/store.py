"""The SQL of petitions. A petition's row is locked by whoever writes here, so its events have no gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from intake_service.petitions.rules import Bound, Term
from shared.contracts.petitions import (
    Petitioner,
    PetitionEventKind,
    PetitionKind,
    PetitionState,
    PetitionTermIn,
    PublicationIn,
)
from shared.web.database import Connection, Reading, Writing

_PETITION = (
    "p.id, p.agency_id, p.holder_id, p.giver_agency_id, p.dossier_id, p.kind, p.channel, p.state, p.received_at,"
    " p.received_day, p.since_day, p.version"
)
_TERM = "id, step, measure, working_days, valid_from, valid_to, citation, basis, confirmed, decision, reason"


# --- terms ----------------------------------------------------------------------------------------------------------


async def terms(connection: Connection) -> list[Term]:
    """All terms that hold for any day."""
    rows = await connection.fetch(
        "SELECT step, measure, working_days, valid_from, valid_to, citation, confirmed FROM petition_term"
        " WHERE NOT replaced ORDER BY step, measure, id"
    )
    return [Term(*row) for row in rows]


async def told_terms(connection: Connection, day: date | None) -> list[asyncpg.Record]:
    """The terms for what is received on a day; None: all that ever were."""
    return await connection.fetch(
        f"SELECT {_TERM} FROM petition_term WHERE $1::date IS NULL OR (period @> $1::date AND NOT replaced)"
        " ORDER BY step, measure, id",
        day,
    )


async def told_term(connection: Connection, term_id: int) -> asyncpg.Record | None:
    """One of them."""
    return await connection.fetchrow(f"SELECT {_TERM} FROM petition_term WHERE id = $1", term_id)


async def enter_term(connection: Writing, new: PetitionTermIn, subject: str, now: datetime) -> int:
    """Enter a term from its first day on: what began then or later never holds again, what held before ends."""
    await connection.execute("LOCK TABLE petition_term IN SHARE ROW EXCLUSIVE MODE")
    by = (new.step, new.measure, new.valid_from, new.decision, new.reason, subject, now)
    said = "decision = $4, reason = $5, entered_by = $6, entered_at = $7"
    await connection.execute(
        f"UPDATE petition_term SET replaced = true, {said} WHERE step = $1 AND measure = $2 AND valid_from >= $3::date"
        " AND NOT replaced",
        *by,
    )
    await connection.execute(
        f"UPDATE petition_term SET valid_to = $3::date - 1, {said} WHERE step = $1 AND measure = $2 AND NOT replaced"
        " AND coalesce(valid_to, 'infinity') >= $3::date",
        *by,
    )
    made: int = await connection.fetchval(
        "INSERT INTO petition_term (step, measure, valid_from, decision, reason, entered_by, entered_at, working_days,"
        " citation, basis, confirmed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        *by,
        *(new.working_days, new.citation, new.basis, new.confirmed),
    )
    return made


# --- petitions ------------------------------------------------------------------------------------------------------


async def dossier_named(connection: Connection, code: str) -> int | None:
    """The dossier of a code, or of a reference."""
    found: int | None = await connection.fetchval(
        "SELECT id FROM dossier_key WHERE code = $1 OR reference = $1 LIMIT 1", code
    )
    return found


async def dossier_code(connection: Connection, dossier_id: int) -> str | None:
    """Its code: a petition is read by whoever it is about a dossier of, or not."""
    found: str | None = await connection.fetchval("SELECT code FROM dossier_key WHERE id = $1", dossier_id)
    return found


@dataclass(frozen=True, slots=True)
class Sender:
    """Who has something to say, as far as they said it."""

    name: str | None
    address: str | None
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """A petition about to be written."""

    agency_id: int
    dossier_id: int | None
    kind: PetitionKind
    channel: str
    received_at: datetime
    received_day: date
    title: str
    content: str
    petitioner: Petitioner | Sender


async def receive(connection: Connection, new: Received) -> asyncpg.Record:
    """Write a petition."""
    row = await connection.fetchrow(
        "INSERT INTO petition AS p (agency_id, holder_id, dossier_id, kind, channel, state, received_at, received_day,"
        f" since_day) VALUES ($1, $1, $2, $3, $4, 'received', $5, $6, $6) RETURNING {_PETITION}",
        *(new.agency_id, new.dossier_id, new.kind, new.channel, new.received_at, new.received_day),
    )
    assert row is not None, "a row was added"
    who = new.petitioner
    await connection.execute(
        "INSERT INTO petition_words (petition_id, name, address, phone, email, title, content)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(row["id"], who.name, who.address, who.phone, who.email, new.title, new.content),
    )
    return row


async def one(connection: Connection, petition_id: int) -> asyncpg.Record | None:
    """A petition."""
    return await connection.fetchrow(f"SELECT {_PETITION} FROM petition p WHERE p.id = $1", petition_id)


async def locked(connection: Connection, petition_id: int) -> asyncpg.Record | None:
    """A petition, kept until the transaction ends."""
    return await connection.fetchrow(
        f"SELECT {_PETITION} FROM petition p WHERE p.id = $1 FOR NO KEY UPDATE", petition_id
    )


async def words(connection: Connection, petition_id: int) -> asyncpg.Record | None:
    """Whose a petition is and what it says; None: erased."""
    return await connection.fetchrow("SELECT * FROM petition_words WHERE petition_id = $1", petition_id)


async def events(connection: Connection, petition_id: int) -> list[asyncpg.Record]:
    """What became of it, in order."""
    return await connection.fetch(
        "SELECT e.*, w.words FROM petition_event e LEFT JOIN petition_event_words w USING (petition_id, seq)"
        " WHERE e.petition_id = $1 ORDER BY e.seq",
        petition_id,
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """An event about to be written, and how the petition stands after it."""

    petition_id: int
    kind: PetitionEventKind
    state: PetitionState
    at: datetime
    actor: str
    acting_agency_id: int
    words: str | None = None
    to_agency_id: int | None = None
    since_day: date | None = None
    in_time_by_law: bool | None = None
    in_time_by_scoring: bool | None = None


async def happen(connection: Connection, new: Happened) -> None:
    """Write an event of a petition, and how it stands then."""
    seq = await connection.fetchval(
        "INSERT INTO petition_event (petition_id, seq, kind, state, occurred_at, actor, acting_agency_id, to_agency_id,"
        " in_time_by_law, in_time_by_scoring)"
        " SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9 FROM petition_event"
        " WHERE petition_id = $1 RETURNING seq",
        *(new.petition_id, new.kind, new.state, new.at, new.actor, new.acting_agency_id, new.to_agency_id),
        *(new.in_time_by_law, new.in_time_by_scoring),
    )
    if new.words is not None:
        await connection.execute(
            "INSERT INTO petition_event_words (petition_id, seq, words) VALUES ($1, $2, $3)",
            *(new.petition_id, seq, new.words),
        )
    if seq > 1:
        # A giver goes on seeing what he gave away: the tables ask for it of whoever writes.
        await connection.execute(
            "UPDATE petition SET state = $2, since_day = coalesce($3, since_day), version = version + 1,"
            " giver_agency_id = CASE WHEN $4::int IS NULL THEN giver_agency_id ELSE holder_id END,"
            " holder_id = coalesce($4, holder_id) WHERE id = $1",
            *(new.petition_id, new.state, new.since_day, new.to_agency_id),
        )


async def publish(connection: Writing, row: asyncpg.Record, told: PublicationIn, now: datetime) -> None:
    """Write what everybody may read."""
    await connection.execute(
        "INSERT INTO petition_publication (petition_id, published_at, answered_by_id, kind, received_day, title,"
        " content, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *(row["id"], now, row["holder_id"], row["kind"], row["received_day"], told.title, told.content, told.answer),
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which petitions: of these agencies and kinds. ended: only those whose term makes one of these bounds."""

    agencies: Sequence[int]
    kinds: Sequence[PetitionKind]
    state: PetitionState | None
    ended: Sequence[Bound] | None


async def page(
    connection: Reading, wanted: Filter, *, after: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Petitions that these agencies received or are to deal with, after an instant of reception and an id."""
    flat = [(state, one.first, one.last, one.since) for one in wanted.ended or () for state in one.states]
    begin = "" if after is None else " AND (p.received_at, p.id) > ($9, $10)"
    return await connection.fetch(
        f"SELECT {_PETITION} FROM petition p"
        " WHERE (p.holder_id = ANY($1::int[]) OR p.agency_id = ANY($1::int[])) AND p.kind = ANY($2::text[])"
        " AND ($3::text IS NULL OR p.state = $3) AND ($4::boolean OR EXISTS ("
        "  SELECT FROM unnest($5::text[], $6::date[], $7::date[], $8::date[]) AS b (state, first, last, since)"
        "  WHERE p.state = b.state AND p.received_day BETWEEN b.first AND b.last AND p.since_day <= b.since))"
        f"{begin} ORDER BY p.received_at, p.id LIMIT {int(limit)}",
        *(wanted.agencies, wanted.kinds, wanted.state, wanted.ended is None),
        *([one[n] for one in flat] for n in range(4)),
        *(after or ()),
    )


async def published(
    connection: Connection, agencies: Sequence[int] | None, *, before: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """What everybody may read, the latest first; agencies: of these only."""
    begin = "" if before is None else " AND (published_at, petition_id) < ($3, $4)"
    return await connection.fetch(
        "SELECT * FROM petition_publication WHERE ($1::int[] IS NULL OR answered_by_id = ANY($1::int[]))"
        f"{begin} ORDER BY published_at DESC, petition_id DESC LIMIT $2",
        *(agencies, limit),
        *(before or ()),
    )
