"""The SQL of messages to webhooks: what happened that is to be told, and what became of each message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from routing_service.webhook_deliveries.rules import Answer, Happened, Verdict
from shared.web.database import Connection, Reading


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to here is done. Transactions first: ids are not in commit order."""

    txid: str
    event_id: int


async def position(connection: Connection, consumer: str) -> Position:
    """Where a consumer stands; at the beginning if it never read."""
    row = await connection.fetchrow("SELECT txid::text, event_id FROM routing_position WHERE consumer = $1", consumer)
    return Position(row[0], row[1]) if row else Position("0", 0)


async def move(connection: Connection, consumer: str, to: Position) -> None:
    """Note that everything up to `to` is done."""
    await connection.execute(
        "INSERT INTO routing_position (consumer, txid, event_id) VALUES ($1, $2::text::xid8, $3)"
        " ON CONFLICT (consumer) DO UPDATE SET txid = excluded.txid, event_id = excluded.event_id, moved_at = now()",
        consumer,
        to.txid,
        to.event_id,
    )


_OVER = "txid < pg_snapshot_xmin(pg_current_snapshot())"
_LAST_EVENT = (
    f"SELECT txid::text, id FROM dossier_event WHERE {_OVER} ORDER BY dossier_event.txid DESC, id DESC LIMIT 1"
)
_LAST_MOVEMENT = f"SELECT txid::text, 0 FROM hand_over WHERE {_OVER} ORDER BY hand_over.txid DESC LIMIT 1"


async def last_event(connection: Connection) -> Position | None:
    """The end of the log of events, as far as nothing can still precede it."""
    row = await connection.fetchrow(_LAST_EVENT)
    return Position(row[0], row[1]) if row else None


async def last_movement(connection: Connection) -> Position | None:
    """The end of the log of movements."""
    row = await connection.fetchrow(_LAST_MOVEMENT)
    return Position(row[0], row[1]) if row else None


# A transaction may take its number, then wait for one that began later and wrote to the same dossier first. So what
# stands before an event in its dossier's own order, and behind it in the log's, is read with it; when its turn comes
# it has been told. Each row is looked up by itself: of a window of unknown size the planner expects a tenth of the log,
# and would read whole tables for it.
_EVENTS = f"""
WITH batch AS MATERIALIZED (
  SELECT txid, id, dossier_id, seq FROM dossier_event
  WHERE (txid, id) > ($1::text::xid8, $2::bigint) AND {_OVER} ORDER BY txid, id LIMIT $3
), last AS (
  SELECT txid, id FROM batch ORDER BY txid DESC, id DESC LIMIT 1
), wanted AS (
  SELECT dossier_id, seq FROM batch
  UNION
  SELECT e.dossier_id, e.seq FROM (SELECT dossier_id, max(seq) AS upto FROM batch GROUP BY dossier_id) b
  CROSS JOIN last CROSS JOIN LATERAL (SELECT dossier_id, seq FROM dossier_event e WHERE e.dossier_id = b.dossier_id
    AND e.seq < b.upto AND (e.txid, e.id) > (last.txid, last.id) OFFSET 0) e
)
SELECT last.txid::text AS last_txid, last.id AS last_id, e.dossier_id, e.seq, e.kind, e.occurred_at, e.recorded_at,
  d.code, d.agency_id, coalesce(c.holder_id, d.agency_id) AS holder_id
FROM last CROSS JOIN wanted w
CROSS JOIN LATERAL (SELECT dossier_id, seq, kind, occurred_at, recorded_at FROM dossier_event
  WHERE dossier_id = w.dossier_id AND seq = w.seq OFFSET 0) e
LEFT JOIN LATERAL (SELECT code, agency_id FROM dossier WHERE id = w.dossier_id OFFSET 0) d ON true
LEFT JOIN LATERAL (SELECT holder_id FROM dossier_case WHERE dossier_id = w.dossier_id OFFSET 0) c ON true
ORDER BY e.dossier_id, e.seq
"""

# The same of movements. Those of one transaction are read together: its number is all that is kept of how far it went.
_MOVEMENTS = f"""
WITH batch AS MATERIALIZED (
  SELECT txid, dossier_id, seq FROM hand_over
  WHERE txid > $1::text::xid8 AND {_OVER} ORDER BY txid FETCH FIRST $2 ROWS WITH TIES
), last AS (
  SELECT txid FROM batch ORDER BY txid DESC LIMIT 1
), wanted AS (
  SELECT dossier_id, seq FROM batch
  UNION
  SELECT h.dossier_id, h.seq FROM (SELECT dossier_id, max(seq) AS upto FROM batch GROUP BY dossier_id) b
  CROSS JOIN last CROSS JOIN LATERAL (SELECT dossier_id, seq FROM hand_over h WHERE h.dossier_id = b.dossier_id
    AND h.seq < b.upto AND h.txid > last.txid OFFSET 0) h
)
SELECT last.txid::text AS last_txid, h.dossier_id, h.seq, h.from_agency_id, h.to_agency_id, h.occurred_at,
  h.recorded_at, d.code, d.agency_id
FROM last CROSS JOIN wanted w
CROSS JOIN LATERAL (SELECT dossier_id, seq, from_agency_id, to_agency_id, occurred_at, recorded_at FROM hand_over
  WHERE dossier_id = w.dossier_id AND seq = w.seq OFFSET 0) h
CROSS JOIN LATERAL (SELECT code, agency_id FROM dossier WHERE id = w.dossier_id OFFSET 0) d
ORDER BY h.dossier_id, h.seq
"""


async def events_after(connection: Connection, at: Position, limit: int) -> list[asyncpg.Record]:
    """The next events, in the order of each dossier; with how far the log was read."""
    return await connection.fetch(_EVENTS, at.txid, at.event_id, limit)


async def movements_after(connection: Connection, at: Position, limit: int) -> list[asyncpg.Record]:
    """The next movements, in the order of each dossier; with how far their log was read."""
    return await connection.fetch(_MOVEMENTS, at.txid, limit)


_COMING = """
SELECT d.id, d.code, d.agency_id, coalesce(c.holder_id, d.agency_id) AS holder_id, d.late_from
FROM dossier d LEFT JOIN dossier_case c ON c.dossier_id = d.id
WHERE d.finished_at IS NULL AND d.accepted_at IS NOT NULL AND d.late_from > $3 AND d.late_from <= $4
  AND (d.agency_id = ANY($2::int[]) OR c.holder_id = ANY($2::int[]))
  AND NOT EXISTS (SELECT FROM webhook_message m WHERE m.webhook_id = $1
    AND m.event = d.code || '/' || $5 || '/' || to_char(d.late_from AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'))
ORDER BY d.late_from, d.id LIMIT $6
"""


async def coming(
    connection: Connection,
    webhook_id: int,
    scope: Sequence[int],
    after: datetime,
    until: datetime,
    kind: str,
    limit: int,
) -> list[asyncpg.Record]:
    """Open dossiers of agencies whose first late instant lies in (after, until], and of which a webhook was not told
    that yet."""
    return await connection.fetch(_COMING, webhook_id, list(scope), after, until, kind, limit)


async def add(connection: Connection, messages: Sequence[tuple[int, Happened, str]], at: datetime) -> int:
    """Write messages (webhook, what happened, what it says) in their order; what was told before is left as it is. How
    many are new."""
    done = await connection.execute(
        "INSERT INTO webhook_message (message_id, webhook_id, event, kind, dossier_id, code, body, next_at, created_at)"
        " SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), n.webhook_id, n.event, n.kind, n.dossier_id,"
        " n.code, n.body, $7, $7 FROM unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])"
        " WITH ORDINALITY AS n (webhook_id, event, kind, dossier_id, code, body, place) ORDER BY n.place"
        " ON CONFLICT (webhook_id, event) DO NOTHING",
        [webhook for webhook, _, _ in messages],
        [happened.event for _, happened, _ in messages],
        [happened.kind for _, happened, _ in messages],
        [happened.dossier_id for _, happened, _ in messages],
        [happened.code for _, happened, _ in messages],
        [body for _, _, body in messages],
        at,
    )
    return int(done.rpartition(" ")[2])


_COLUMNS = (
    "id, message_id, webhook_id, kind, code, state, attempts, next_at, last_at, last_status, last_error, created_at,"
    " ended_at"
)


async def add_test(connection: Connection, webhook_id: int, message_id: str, body: str, at: datetime) -> asyncpg.Record:
    """Write a test message."""
    row = await connection.fetchrow(
        "INSERT INTO webhook_message (message_id, webhook_id, event, kind, body, next_at, created_at)"
        f" VALUES ($1, $2, $1, 'test', $3, $4, $4) RETURNING {_COLUMNS}",
        message_id,
        webhook_id,
        body,
        at,
    )
    assert row is not None, "RETURNING gives the row"
    return row


async def test_waits(connection: Connection, webhook_id: int) -> bool:
    """Whether a test message is still to be sent."""
    waits: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM webhook_message WHERE webhook_id = $1 AND dossier_id IS NULL"
        " AND state = 'waiting')",
        webhook_id,
    )
    return waits


async def find(
    connection: Connection | Reading, webhook_id: int, message_id: str, *, lock: bool = False
) -> asyncpg.Record | None:
    """A message of a webhook."""
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM webhook_message WHERE webhook_id = $1 AND message_id = $2"
        f"{' FOR UPDATE' if lock else ''}",
        webhook_id,
        message_id,
    )


async def listed(
    connection: Reading, webhook_id: int, state: str | None, *, before: int, limit: int
) -> list[asyncpg.Record]:
    """Messages of a webhook, the newest first, below the number `before`."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM webhook_message WHERE webhook_id = $1 AND ($2::text IS NULL OR state = $2) AND id < $3"
        " ORDER BY id DESC LIMIT $4",
        webhook_id,
        state,
        before,
        limit,
    )


async def revive(connection: Connection, number: int, at: datetime) -> asyncpg.Record:
    """Let a locked message that was given up wait again, as if it were new."""
    row = await connection.fetchrow(
        "UPDATE webhook_message SET state = 'waiting', attempts = 0, next_at = $2, ended_at = NULL WHERE id = $1"
        f" RETURNING {_COLUMNS}",
        number,
        at,
    )
    assert row is not None, "RETURNING gives the row"
    return row


# Of each target that is not at rest, as many as its lane has room for; one alone of a target that failed, to see how it
# is. Of a dossier only the first that waits. Whatever another process has claimed is passed over, until its time is up.
_CLAIM = """
WITH lane AS (
  SELECT w.id, w.url, w.secret, w.previous_secret, w.previous_until, w.failures,
    CASE WHEN w.failures >= $4 THEN 1 ELSE $3 END - (SELECT count(*) FROM webhook_message b
      WHERE b.webhook_id = w.id AND b.state = 'waiting' AND b.claimed_until > $1) AS room
  FROM webhook w WHERE w.state = 'active' AND (w.resting_until IS NULL OR w.resting_until <= $1)
), due AS (
  SELECT m.id, lane.url, lane.secret, lane.failures,
    CASE WHEN lane.previous_until > $1 THEN lane.previous_secret END AS previous_secret
  FROM lane CROSS JOIN LATERAL (
    SELECT m.id FROM webhook_message m
    WHERE m.webhook_id = lane.id AND m.state = 'waiting' AND m.next_at <= $1
      AND (m.claimed_until IS NULL OR m.claimed_until <= $1)
      AND NOT EXISTS (SELECT FROM webhook_message e WHERE e.webhook_id = m.webhook_id AND e.dossier_id = m.dossier_id
        AND e.state = 'waiting' AND e.id < m.id)
    ORDER BY m.next_at, m.id LIMIT greatest(lane.room, 0) FOR UPDATE SKIP LOCKED
  ) m
)
UPDATE webhook_message m SET claimed_until = $2 FROM due WHERE m.id = due.id
RETURNING m.id, m.message_id, m.webhook_id, m.kind, m.body, m.attempts, due.url, due.secret, due.previous_secret
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until its claim ends."""

    id: int
    message_id: str
    webhook_id: int
    kind: str
    body: str
    attempts: int
    url: str
    secret: str | None
    previous_secret: str | None


async def claim(connection: Connection, now: datetime, lease: timedelta, *, lane: int, ill: int) -> list[Claimed]:
    """Take what is due, so many at a time of each target, one of a target that failed `ill` times in a row."""
    rows = await connection.fetch(_CLAIM, now, now + lease, lane, ill)
    return [Claimed(**row) for row in rows]


async def hand_back(connection: Connection, claims: Mapping[int, datetime]) -> None:
    """Leave messages to whoever comes next, by id and the end of the claim that is ours."""
    await connection.execute(
        "UPDATE webhook_message m SET claimed_until = NULL"
        " FROM unnest($1::bigint[], $2::timestamptz[]) AS ours (id, until)"
        " WHERE m.id = ours.id AND m.state = 'waiting' AND m.claimed_until = ours.until",
        list(claims),
        list(claims.values()),
    )


async def failures(connection: Connection, webhook_id: int) -> int:
    """How often a target has failed in a row; it is locked until the transaction ends."""
    found: int = await connection.fetchval("SELECT failures FROM webhook WHERE id = $1 FOR UPDATE", webhook_id)
    return found


async def finish(
    connection: Connection, message: Claimed, claimed_until: datetime, answer: Answer, verdict: Verdict, at: datetime
) -> None:
    """Note what came of an attempt, on the message and on its locked webhook. What was taken was taken, whoever else
    has claimed it since; a failure counts only while the claim is ours."""
    done = await connection.execute(
        "UPDATE webhook_message SET state = $3, attempts = attempts + 1, next_at = coalesce($4, next_at),"
        " claimed_until = NULL, last_at = $5, last_status = $6, last_error = $7,"
        " ended_at = CASE WHEN $3 <> 'waiting' THEN $5::timestamptz END"
        " WHERE id = $1 AND state = 'waiting' AND ($3 = 'delivered' OR claimed_until = $2)",
        message.id,
        claimed_until,
        verdict.state,
        verdict.next_at,
        at,
        answer.status,
        verdict.error,
    )
    if done != "UPDATE 1":
        return
    await connection.execute(
        "UPDATE webhook SET failures = $2, resting_until = $3, delivered = delivered + $4, failed = failed + $5,"
        " dead = dead + $6 WHERE id = $1",
        message.webhook_id,
        verdict.failures,
        verdict.resting_until,
        int(verdict.state == "delivered"),
        int(verdict.error is not None),
        int(verdict.state == "dead"),
    )
    if verdict.disables is not None:
        await connection.execute(
            "UPDATE webhook SET state = 'disabled', disabled_reason = $2, version = version + 1"
            " WHERE id = $1 AND state IN ('active', 'paused')",
            message.webhook_id,
            verdict.disables,
        )


async def give_up(connection: Connection, before: datetime, at: datetime, limit: int) -> int:
    """Give up what has waited since before then and nobody is sending; how many."""
    given: int = await connection.fetchval(
        "WITH old AS (SELECT id FROM webhook_message WHERE state = 'waiting' AND created_at < $1"
        " AND (claimed_until IS NULL OR claimed_until < $2) ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED"
        "), gone AS (UPDATE webhook_message m SET state = 'dead', ended_at = $2, last_error = 'too_old' FROM old"
        " WHERE m.id = old.id RETURNING m.webhook_id"
        "), told AS (UPDATE webhook w SET dead = w.dead + g.times FROM (SELECT webhook_id, count(*) AS times FROM gone"
        " GROUP BY webhook_id) g WHERE w.id = g.webhook_id)"
        " SELECT count(*) FROM gone",
        before,
        at,
        limit,
    )
    return given


async def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Let go what was over before then; how many."""
    gone = await connection.fetch(
        "DELETE FROM webhook_message WHERE ctid = ANY(ARRAY(SELECT ctid FROM webhook_message WHERE ended_at < $1"
        " LIMIT $2)) RETURNING 1",
        before,
        limit,
    )
    return len(gone)
