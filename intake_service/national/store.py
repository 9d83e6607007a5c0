"""The SQL of what the national database is told: queued from the event log, sent one behind the other per dossier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from intake_service.outbox.store import Position
from shared.web.database import Connection, Reading, Writing

CONSUMER = "national"
#: In this order the messages of a dossier are sent.
_ORDER = "seq, round, step"


async def events_after(connection: Connection, at: Position, limit: int) -> list[asyncpg.Record]:
    """The next events of transactions that nothing older can still precede."""
    return await connection.fetch(
        # Not ORDER BY txid: that is the text of the answer, in which 1000 comes before 999.
        "SELECT e.txid::text AS txid, e.id, e.dossier_id, e.seq, e.kind, e.agency_id, e.recorded_at"
        " FROM dossier_event e"
        " WHERE (e.txid, e.id) > ($1::text::xid8, $2) AND e.txid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY e.txid, e.id LIMIT $3",
        at.txid,
        at.event_id,
        limit,
    )


async def events_before(connection: Connection, at: Position, seqs: Mapping[int, int]) -> list[asyncpg.Record]:
    """The events past a position that come before an event of their dossier (its id → the seq), though their
    transactions come behind: a transaction may begin first and come to a dossier last."""
    return await connection.fetch(
        "SELECT e.dossier_id, e.seq, e.kind, e.agency_id, e.recorded_at FROM dossier_event e"
        " JOIN unnest($3::bigint[], $4::int[]) AS w (id, seq) ON e.dossier_id = w.id AND e.seq < w.seq"
        " WHERE (e.txid, e.id) > ($1::text::xid8, $2)",
        at.txid,
        at.event_id,
        list(seqs),
        list(seqs.values()),
    )


async def holds_synthetic(connection: Connection) -> bool:
    """Whether there are made-up dossiers."""
    found: bool = await connection.fetchval(
        # One that runs may land some at any moment; one that ended and landed none made none.
        "SELECT EXISTS (SELECT FROM import_run WHERE synthetic AND (created + updated > 0 OR finished_at IS NULL))"
    )
    return found


class Queued(NamedTuple):
    """A message as it is queued."""

    dossier_id: int
    seq: int
    round: int
    step: int
    agency_id: int


async def queue(connection: Connection, messages: Sequence[Queued], now: datetime) -> None:
    """Queue messages; those that are there already stay as they are."""
    await connection.execute(
        "INSERT INTO national_message (dossier_id, seq, round, step, agency_id, queued_at)"
        " SELECT *, $6::timestamptz FROM unnest($1::bigint[], $2::int[], $3::int2[], $4::int2[], $5::int[])"
        " ON CONFLICT ON CONSTRAINT uq_national_message_tells DO NOTHING",
        *([message[n] for message in messages] for n in range(5)),
        now,
    )


async def release(connection: Connection, dossiers: Sequence[int], now: datetime) -> None:
    """What was blocked of these dossiers is looked at again: something of them changed."""
    await connection.execute(
        "UPDATE national_message SET state = 'waiting', ready_at = $2, reasons = NULL"
        " WHERE dossier_id = ANY($1::bigint[]) AND state = 'blocked'",
        list(dossiers),
        now,
    )


async def make_ready(connection: Connection, dossiers: Sequence[int], now: datetime) -> None:
    """Of each of these dossiers the first message that is not taken may be sent, unless it waits or is stuck."""
    await connection.execute(
        f"UPDATE national_message m SET ready_at = $2 FROM unnest($1::bigint[]) AS d (id)"
        " CROSS JOIN LATERAL (SELECT id FROM national_message o WHERE o.dossier_id = d.id AND o.state <> 'taken'"
        f"  ORDER BY {_ORDER} LIMIT 1) head"
        " WHERE m.id = head.id AND m.state = 'waiting' AND m.ready_at IS NULL",
        sorted(set(dossiers)),
        now,
    )


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may be sent. known: whether the national side took this dossier before."""

    id: int
    dossier_id: int
    seq: int
    step: int
    attempts: int
    refusals: int
    known: bool


async def ready(connection: Connection, now: datetime, limit: int, *, abandoned: bool = True) -> list[Ready]:
    """The messages that may be sent, the longest ready first: one of each dossier. abandoned: also those that somebody
    sent of whom nothing more was heard."""
    rows = await connection.fetch(
        # Not by EXISTS, which is taken for a look through all that was ever told: 390 ms of 800,000 messages.
        "SELECT m.id, m.dossier_id, m.seq, m.step, m.attempts, m.refusals,"
        " coalesce((SELECT true FROM national_message s"
        "  WHERE s.dossier_id = m.dossier_id AND s.step = 0 AND s.state = 'taken' LIMIT 1), false) AS known"
        " FROM national_message m WHERE m.state = 'waiting' AND m.ready_at <= $1"
        " AND ($3 OR m.tried_at IS NULL OR m.tried_at < m.ready_at) ORDER BY m.ready_at, m.id LIMIT $2",
        now,
        limit,
        abandoned,
    )
    return [Ready(*row) for row in rows]


async def subjects(connection: Connection, dossiers: Sequence[int]) -> dict[int, asyncpg.Record]:
    """Dossiers with their applicants, by id."""
    rows = await connection.fetch(
        "SELECT d.id, d.code, d.version_id, d.agency_id, d.channel, d.case_no,"
        " d.received_day, d.accepted_at, d.submitted_at, d.return_channel, d.summary, d.documents, d.event_seq,"
        " d.status, d.outcome, a.kind, a.name AS applicant,"
        " a.id_number, a.phone, a.email, a.erased_at"
        " FROM dossier d JOIN applicant a ON a.dossier_id = d.id WHERE d.id = ANY($1::bigint[])",
        list(dossiers),
    )
    return {row["id"]: row for row in rows}


async def histories(connection: Connection, dossiers: Sequence[int]) -> dict[int, list[asyncpg.Record]]:
    """The events of dossiers in order, each with its reason in words: (kind, occurred_at, payload) first."""
    found: dict[int, list[asyncpg.Record]] = {dossier: [] for dossier in dossiers}
    for row in await connection.fetch(
        "SELECT e.kind, e.occurred_at, e.payload, e.actor, e.acting_agency_id, n.reason, e.dossier_id"
        " FROM dossier_event e LEFT JOIN event_note n USING (dossier_id, seq)"
        " WHERE e.dossier_id = ANY($1::bigint[]) ORDER BY e.dossier_id, e.seq",
        list(dossiers),
    ):
        found[row["dossier_id"]].append(row)
    return found


async def note_trying(connection: Connection, payloads: Mapping[int, str], now: datetime) -> None:
    """Before messages are sent: what is sent (JSON, nothing personal in it), and when."""
    await connection.execute(
        "UPDATE national_message m SET attempts = attempts + 1, tried_at = $3, payload = n.payload::jsonb,"
        " answer_code = NULL, answer = NULL FROM unnest($1::bigint[], $2::text[]) AS n (id, payload)"
        " WHERE m.id = n.id",
        list(payloads),
        list(payloads.values()),
        now,
    )


class Settled(NamedTuple):
    """What became of a message. ready_at: of one that waits, when it is tried again; None: when the dossier is there
    again that it tells of. reasons: JSON. refusals: how often it was refused so far; None: as often as before."""

    id: int
    state: str
    ready_at: datetime | None = None
    answer_code: str | None = None
    answer: str | None = None
    reasons: str | None = None
    refusals: int | None = None


async def settle(connection: Connection, settled: Sequence[Settled], now: datetime) -> None:
    """Note what became of messages."""
    await connection.execute(
        "UPDATE national_message m SET state = n.state, ready_at = n.ready_at, answer_code = n.answer_code,"
        " answer = n.answer, reasons = n.reasons::jsonb, refusals = coalesce(n.refusals, m.refusals),"
        " settled_at = CASE WHEN n.state = 'taken' THEN $8::timestamptz END"
        " FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::int[])"
        " AS n (id, state, ready_at, answer_code, answer, reasons, refusals) WHERE m.id = n.id",
        *([one[n] for one in settled] for n in range(7)),
        now,
    )


async def tell_anew(connection: Connection, messages: Sequence[int], now: datetime) -> None:
    """Of these lines of courses the national side has the dossier no more: it goes again before them."""
    await connection.execute(
        "UPDATE national_message d SET state = 'waiting', ready_at = $2, settled_at = NULL FROM national_message l"
        " WHERE l.id = ANY($1::bigint[])"
        " AND (d.dossier_id, d.seq, d.round, d.step) = (l.dossier_id, l.seq, l.round, 0)",
        list(messages),
        now,
    )


async def counted(connection: Reading, agencies: Sequence[int]) -> dict[str, int]:
    """How many messages are in each state, of dossiers that these agencies received."""
    rows = await connection.fetch(
        "SELECT state, count(*) FROM national_message WHERE agency_id = ANY($1::int[]) GROUP BY state", list(agencies)
    )
    return {row[0]: row[1] for row in rows}


async def waiting_since(connection: Reading, agencies: Sequence[int]) -> datetime | None:
    """When the oldest message was queued that is not taken yet."""
    since: datetime | None = await connection.fetchval(
        "SELECT min(queued_at) FROM national_message WHERE state <> 'taken' AND agency_id = ANY($1::int[])",
        list(agencies),
    )
    return since


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of messages is narrowed to; None leaves a side open."""

    agencies: Sequence[int]
    state: str | None = None
    dossier_id: int | None = None


_LISTED = """
SELECT m.id, d.code, m.seq, m.round, m.step, m.agency_id, m.state, m.queued_at, m.ready_at, m.attempts, m.tried_at,
  m.payload, m.answer_code, m.answer, m.reasons, m.settled_at
FROM national_message m JOIN dossier d ON d.id = m.dossier_id
"""


async def listed(connection: Reading, wanted: Filter, *, after: int, limit: int) -> list[asyncpg.Record]:
    """A page of messages, the oldest first, behind the id `after`."""
    values: list[Any] = [list(wanted.agencies), after]
    conditions = ["m.agency_id = ANY($1::int[])", "m.id > $2"]
    for condition, value in (("m.state = ?", wanted.state), ("m.dossier_id = ?", wanted.dossier_id)):
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("?", f"${len(values)}"))
    values.append(limit)
    return await connection.fetch(
        f"{_LISTED} WHERE {' AND '.join(conditions)} ORDER BY m.id LIMIT ${len(values)}", *values
    )


async def find(connection: Connection, message_id: int, agencies: Sequence[int]) -> asyncpg.Record | None:
    """A message of a dossier that one of these agencies received."""
    return await connection.fetchrow(
        f"{_LISTED} WHERE m.id = $1 AND m.agency_id = ANY($2::int[])", message_id, list(agencies)
    )


async def lock(connection: Writing, message_id: int) -> None:
    """Nobody else changes a message until the transaction ends."""
    await connection.execute("SELECT FROM national_message WHERE id = $1 FOR NO KEY UPDATE", message_id)


async def send_again(connection: Connection, message_id: int, now: datetime) -> None:
    """A message that is stuck waits again."""
    await connection.execute(
        "UPDATE national_message SET state = 'waiting', ready_at = $2, reasons = NULL, refusals = 0"
        " WHERE id = $1 AND state IN ('blocked', 'dead')",
        message_id,
        now,
    )


async def send_all_again(
    connection: Connection, agencies: Sequence[int], state: str, answer_code: str | None, now: datetime
) -> int:
    """All that is stuck in a state waits again; of one answer only, if it is given. How many."""
    count: int = await connection.fetchval(
        "WITH again AS (UPDATE national_message SET state = 'waiting', ready_at = $4, reasons = NULL, refusals = 0"
        " WHERE state = $2 AND state IN ('blocked', 'dead') AND agency_id = ANY($1::int[])"
        " AND ($3::text IS NULL OR answer_code = $3) RETURNING 1) SELECT count(*) FROM again",
        list(agencies),
        state,
        answer_code,
        now,
    )
    return count


_ONCE_MORE = """
INSERT INTO national_message (dossier_id, seq, round, step, agency_id, queued_at)
SELECT d.id, d.event_seq, coalesce(max(m.round), -1) + 1, 0, d.agency_id, $1
FROM dossier d LEFT JOIN national_message m ON m.dossier_id = d.id AND m.seq = d.event_seq
WHERE {which}
  AND NOT EXISTS (SELECT FROM national_message o WHERE o.dossier_id = d.id AND o.state <> 'taken')
  AND NOT EXISTS (SELECT FROM applicant a WHERE a.dossier_id = d.id AND a.erased_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM dossier_event e LEFT JOIN intake_position p ON p.consumer = $2
    WHERE e.dossier_id = d.id AND (p.consumer IS NULL OR (e.txid, e.id) > (p.txid, p.event_id)))
GROUP BY d.id ON CONFLICT ON CONSTRAINT uq_national_message_tells DO NOTHING RETURNING dossier_id
"""


async def tell_once_more(
    connection: Connection, agencies: Sequence[int], first: date, last: date, now: datetime
) -> list[int]:
    """Queue each dossier that these agencies received in a period (days, both included) as it stands now, once more;
    not one whose last message waits yet, or of which something is still to be queued: that would be told behind it; nor
    one whose data were erased: it stands there as it was told. Returns their ids."""
    which = "d.agency_id = ANY($3::int[]) AND d.received_day BETWEEN $4 AND $5"
    rows = await connection.fetch(_ONCE_MORE.format(which=which), now, CONSUMER, list(agencies), first, last)
    return [row[0] for row in rows]


async def tell_these_once_more(connection: Connection, dossiers: Sequence[int], now: datetime) -> list[int]:
    """The same of these dossiers."""
    which = "d.id = ANY($3::bigint[])"
    rows = await connection.fetch(_ONCE_MORE.format(which=which), now, CONSUMER, list(dossiers))
    return [row[0] for row in rows]
