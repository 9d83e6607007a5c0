"""The SQL of the outbox: where the reader stands in the event log, and what comes next."""

from dataclasses import dataclass

import asyncpg

from shared.web.database import Connection


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to this event is done. Transactions first: ids are not in commit order."""

    txid: str
    event_id: int


async def position(connection: Connection, consumer: str) -> Position:
    """Where a consumer stands; at the beginning if it never read."""
    row = await connection.fetchrow("SELECT txid::text, event_id FROM intake_position WHERE consumer = $1", consumer)
    return Position(row[0], row[1]) if row else Position("0", 0)


async def move(connection: Connection, consumer: str, to: Position) -> None:
    """Note that everything up to `to` is done."""
    await connection.execute(
        "INSERT INTO intake_position (consumer, txid, event_id) VALUES ($1, $2::text::xid8, $3)"
        " ON CONFLICT (consumer) DO UPDATE SET txid = excluded.txid, event_id = excluded.event_id, moved_at = now()",
        consumer,
        to.txid,
        to.event_id,
    )


async def events_after(connection: Connection, at: Position, limit: int) -> list[asyncpg.Record]:
    """The next events of transactions that nothing older can still precede (bounded by the snapshot's xmin).

    `code` is set where a dossier was received, re-opened or its reception corrected: what routing is to be told. Not
    where it ended in the transaction that brought it (an import of what is over); where it ended since then, routing is
    told all the same.
    """
    return await connection.fetch(
        "SELECT e.txid::text AS txid, e.id, d.code, d.id AS dossier_id, e.occurred_at"
        " FROM (SELECT txid, id, dossier_id, kind, occurred_at FROM dossier_event"
        "       WHERE (txid, id) > ($1::text::xid8, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())"
        "       ORDER BY txid, id LIMIT $3) e"
        # For each event by itself: of a window of unknown size the planner expects a tenth of the log, and would read
        # all dossiers for it.
        " LEFT JOIN LATERAL (SELECT d.id, d.code FROM dossier d WHERE d.id = e.dossier_id AND d.accepted_at IS NOT NULL"
        " AND (e.kind = 'reopened' OR e.kind = 'corrected' AND (d.finished_at IS NULL"
        "   OR (SELECT true FROM dossier_case c WHERE c.dossier_id = d.id)) OR e.kind = 'accepted' AND ("
        "   d.finished_at IS NULL OR (SELECT true FROM dossier_event n WHERE n.dossier_id = e.dossier_id"
        "   AND n.txid = e.txid AND n.finished_day IS NOT NULL LIMIT 1) IS NULL)) OFFSET 0) d ON true"
        " ORDER BY e.txid, e.id",
        at.txid,
        at.event_id,
        limit,
    )
