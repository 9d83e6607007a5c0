"""The SQL of what is exchanged with the national portal beside dossiers: one table for both directions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from intake_service.exchange.rules import Kind
from shared.contracts.petitions import PetitionKind
from shared.web.database import Connection, Reading, Writing

# --- what comes in --------------------------------------------------------------------------------------------------


async def inboxes(connection: Connection) -> dict[str, asyncpg.Record]:
    """How each list was read last, by its service."""
    rows = await connection.fetch(
        "SELECT service, tried_at, read_at, error, listed, fresh, unread FROM national_inbox ORDER BY service"
    )
    return {row["service"]: row for row in rows}


async def note_read(connection: Connection, service: str, listed: int, fresh: int, unread: int, now: datetime) -> None:
    """A list was read to its end."""
    await connection.execute(
        "INSERT INTO national_inbox (service, tried_at, read_at, listed, fresh, unread) VALUES ($1, $2, $2, $3, $4, $5)"
        " ON CONFLICT (service) DO UPDATE SET tried_at = $2, read_at = $2, error = NULL, listed = $3, fresh = $4,"
        " unread = $5",
        *(service, now, listed, fresh, unread),
    )


async def note_error(connection: Connection, service: str, error: str, now: datetime) -> None:
    """A list could not be read."""
    await connection.execute(
        "INSERT INTO national_inbox (service, tried_at, error) VALUES ($1, $2, $3)"
        " ON CONFLICT (service) DO UPDATE SET tried_at = $2, error = $3",
        *(service, now, error),
    )


async def known(connection: Connection, kind: Kind, keys: Sequence[str]) -> set[str]:
    """Which of these were taken in before, or cannot be read and were not asked for again."""
    rows = await connection.fetch(
        "SELECT key FROM national_exchange WHERE kind = $1 AND key = ANY($2::text[]) AND state <> 'waiting'",
        kind,
        list(keys),
    )
    return {row[0] for row in rows}


@dataclass(frozen=True, slots=True)
class Come:
    """Something that came in. state: taken, or dead. reasons: JSON."""

    kind: Kind
    key: str
    agency_id: int
    state: str
    unit: str | None = None
    petition_id: int | None = None
    dossier_id: int | None = None
    reasons: str | None = None


async def take(connection: Connection, new: Come, now: datetime) -> bool:
    """Note what came in. Whether it is new: another may have noted it meanwhile."""
    made = await connection.fetchval(
        "INSERT INTO national_exchange AS e (kind, key, agency_id, state, unit, petition_id, dossier_id, reasons,"
        " queued_at, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9,"
        " CASE WHEN $4 = 'taken' THEN $9::timestamptz END)"
        " ON CONFLICT (kind, key) DO UPDATE SET agency_id = excluded.agency_id, state = excluded.state,"
        " unit = excluded.unit, petition_id = excluded.petition_id, dossier_id = excluded.dossier_id,"
        " reasons = excluded.reasons, settled_at = excluded.settled_at WHERE e.state = 'waiting' RETURNING true",
        *(new.kind, new.key, new.agency_id, new.state, new.unit, new.petition_id, new.dossier_id, new.reasons, now),
    )
    return made is True


# --- what goes out --------------------------------------------------------------------------------------------------


async def queue_answers(connection: Connection, question: Kind, answer: Kind, now: datetime) -> None:
    """Queue the answers, and refusals, to what was asked at the portal."""
    await connection.execute(
        "INSERT INTO national_exchange (kind, key, agency_id, unit, petition_id, seq, queued_at, ready_at)"
        " SELECT $2, q.key, e.acting_agency_id, q.unit, q.petition_id, e.seq, $3, $3"
        " FROM national_exchange q JOIN petition_event e ON e.petition_id = q.petition_id"
        " AND e.kind IN ('answered', 'refused')"
        " WHERE q.kind = $1 AND NOT EXISTS (SELECT FROM national_exchange a WHERE a.kind = $2 AND a.key = q.key)"
        " ON CONFLICT (kind, key) DO NOTHING",
        *(question, answer, now),
    )


async def queue_published(connection: Connection, since: datetime | None, now: datetime) -> None:
    """Queue what was published here, and had not come from the portal."""
    await connection.execute(
        "INSERT INTO national_exchange (kind, key, agency_id, petition_id, queued_at, ready_at)"
        " SELECT 'published', 'PA-' || to_char(p.received_day, 'YYMMDD') || '-' || p.petition_id, p.answered_by_id,"
        "  p.petition_id, $2, $2 FROM petition_publication p"
        " WHERE ($1::timestamptz IS NULL OR p.published_at >= $1)"
        " AND NOT EXISTS (SELECT FROM national_exchange q WHERE q.petition_id = p.petition_id"
        "  AND q.kind IN ('question', 'agency_question', 'published'))"
        " ON CONFLICT (kind, key) DO NOTHING",
        *(since, now),
    )


async def queue_ratings(connection: Connection, since: datetime | None, given_by: datetime, now: datetime) -> None:
    """Queue the ratings that were given here by an instant, and so stand, of dossiers that are there."""
    await connection.execute(
        "INSERT INTO national_exchange (kind, key, agency_id, dossier_id, queued_at, ready_at)"
        " SELECT 'rating', d.code, r.agency_id, r.dossier_id, $3, $3"
        " FROM rating r JOIN dossier d ON d.id = r.dossier_id"
        " WHERE r.rated_at < $2 AND ($1::timestamptz IS NULL OR r.rated_at >= $1)"
        " AND NOT EXISTS (SELECT FROM national_exchange q WHERE q.dossier_id = r.dossier_id"
        "  AND q.kind IN ('rating', 'rating_given'))"
        " AND EXISTS (SELECT FROM national_message m WHERE m.dossier_id = r.dossier_id AND m.step = 0"
        "  AND m.state = 'taken')"
        " ON CONFLICT (kind, key) DO NOTHING",
        *(since, given_by, now),
    )


async def ready(connection: Connection, kinds: Sequence[Kind], now: datetime, limit: int) -> list[asyncpg.Record]:
    """What may be sent, the longest ready first, with what it says."""
    return await connection.fetch(
        "SELECT x.id, x.kind, x.key, x.agency_id, x.unit, x.attempts, x.refusals, e.actor, e.occurred_at,"
        " w.words, p.content AS asked, b.content, b.answer, r.level, r.rated_at"
        " FROM national_exchange x"
        " LEFT JOIN petition_event e ON e.petition_id = x.petition_id AND e.seq = x.seq"
        " LEFT JOIN petition_event_words w ON w.petition_id = x.petition_id AND w.seq = x.seq"
        " LEFT JOIN petition_words p ON p.petition_id = x.petition_id"
        " LEFT JOIN petition_publication b ON b.petition_id = x.petition_id AND x.kind = 'published'"
        " LEFT JOIN rating r ON r.dossier_id = x.dossier_id AND x.kind = 'rating'"
        " WHERE x.state = 'waiting' AND x.ready_at <= $2 AND x.kind = ANY($1::text[])"
        " ORDER BY x.ready_at, x.id LIMIT $3",
        list(kinds),
        now,
        limit,
    )


async def note_trying(connection: Connection, message: int, payload: str, now: datetime) -> None:
    """Before something is sent: what (JSON, no words in it), and when."""
    await connection.execute(
        "UPDATE national_exchange SET attempts = attempts + 1, tried_at = $3, payload = $2::jsonb, answer_code = NULL,"
        " answer = NULL WHERE id = $1",
        *(message, payload, now),
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of something that was sent. ready_at: of what waits, when it is tried again. reasons: JSON."""

    id: int
    state: str
    ready_at: datetime | None = None
    answer_code: str | None = None
    answer: str | None = None
    reasons: str | None = None
    refusals: int | None = None


async def settle(connection: Connection, settled: Settled, now: datetime) -> None:
    """Note it."""
    await connection.execute(
        "UPDATE national_exchange SET state = $2, ready_at = $3, answer_code = $4, answer = $5, reasons = $6::jsonb,"
        " refusals = coalesce($7, refusals), settled_at = CASE WHEN $2 = 'taken' THEN $8::timestamptz END"
        " WHERE id = $1",
        *(settled.id, settled.state, settled.ready_at, settled.answer_code, settled.answer, settled.reasons),
        *(settled.refusals, now),
    )


# --- for whoever looks after it -------------------------------------------------------------------------------------


async def counted(connection: Reading, agencies: Sequence[int]) -> list[asyncpg.Record]:
    """kind, state and how many, of these agencies."""
    return await connection.fetch(
        "SELECT kind, state, count(*) AS messages FROM national_exchange WHERE agency_id = ANY($1::int[])"
        " GROUP BY kind, state",
        list(agencies),
    )


_LISTED = """
SELECT x.id, x.kind, x.key, x.agency_id, x.state, x.unit, x.queued_at, x.ready_at, x.attempts, x.tried_at, x.payload,
  x.answer_code, x.answer, x.reasons, x.settled_at, p.id AS petition_id, p.received_day
FROM national_exchange x LEFT JOIN petition p ON p.id = x.petition_id
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to: messages of these kinds, and of petitions of these kinds, of these agencies. state:
    None leaves it open."""

    agencies: Sequence[int]
    kinds: Sequence[Kind]
    petitions: Sequence[PetitionKind]
    state: str | None = None


async def listed(connection: Reading, wanted: Filter, *, after: int, limit: int) -> list[asyncpg.Record]:
    """A page of what was exchanged, the oldest first, behind the id `after`."""
    return await connection.fetch(
        f"{_LISTED} WHERE x.agency_id = ANY($1::int[]) AND x.id > $2 AND x.kind = ANY($3::text[])"
        " AND (p.kind IS NULL OR p.kind = ANY($4::text[])) AND ($5::text IS NULL OR x.state = $5)"
        " ORDER BY x.id LIMIT $6",
        *(list(wanted.agencies), after, list(wanted.kinds), list(wanted.petitions), wanted.state, limit),
    )


async def find(connection: Connection, message: int, agencies: Sequence[int]) -> asyncpg.Record | None:
    """One of them, of these agencies."""
    return await connection.fetchrow(
        f"{_LISTED} WHERE x.id = $1 AND x.agency_id = ANY($2::int[])", message, list(agencies)
    )


async def send_again(connection: Writing, message: int, now: datetime) -> bool:
    """What is stuck waits again. Whether it was."""
    again = await connection.fetchval(
        "UPDATE national_exchange SET state = 'waiting', ready_at = $2, reasons = NULL, refusals = 0"
        " WHERE id = $1 AND state = 'dead' RETURNING true",
        *(message, now),
    )
    return again is True
