"""The SQL of anchors: how far the log is settled, the hashes in it, and what was anchored."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import NamedTuple

import asyncpg

from intake_service.anchors.rules import Anchor, End
from intake_service.verification.texts import CHAINED
from shared.domain.differences import Span
from shared.web.database import Connection

#: Whoever takes an anchor holds this until it is committed.
_ALONE = 7_366_022
_PAGE = 50_000
_PREFETCH = 1000

_HASHES = "SELECT hash FROM dossier_event WHERE txid >= $1::text::xid8 AND id > $2 AND id <= $3 ORDER BY id"
_EVENTS = f"""
SELECT coalesce(before.hash, decode(repeat('00', 32), 'hex')), {CHAINED}, e.hash
FROM dossier_event e LEFT JOIN dossier d ON d.id = e.dossier_id
LEFT JOIN dossier_event before ON before.dossier_id = e.dossier_id AND before.seq = e.seq - 1
WHERE e.txid >= $1::text::xid8 AND e.id > $2 AND e.id <= $3 ORDER BY e.id
"""
# What is after the last anchor is of its floor or later; without one everything is. A transaction gets its number
# before its events get their ids: whoever has drawn an id up to the one that is seen has a smaller number than ours.
# The snapshot's xmax would not do: the last transactions that run are above it.
_REACH = """
SELECT coalesce((SELECT max(id) FROM dossier_event
    WHERE txid >= (SELECT CASE WHEN EXISTS (SELECT FROM dossier_event WHERE txid = '0') THEN '0'::xid8
      ELSE coalesce((SELECT floor FROM anchor ORDER BY number DESC LIMIT 1), '0') END)),
  (SELECT last_event_id FROM anchor ORDER BY number DESC LIMIT 1), 0),
  pg_current_xact_id()::text, pg_snapshot_xmin(pg_current_snapshot())::text
"""
_ADD = """
INSERT INTO anchor (number, taken_at, last_event_id, events, digest, edition, seal, previous, ends, root, floor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::xid8)
"""
_KEPT = """
SELECT number, taken_at, last_event_id, events, digest, edition, seal, previous, ends, root, floor::text, stamped_at
FROM anchor LEFT JOIN anchor_stamp USING (number)
"""


class Reach(NamedTuple):
    """How far the log has been written. last_event_id: nothing up to it is to come once all transactions before
    `settles_with` are over. floor: every event after it is of this transaction or a later one."""

    last_event_id: int
    settles_with: str
    floor: str


class Kept(NamedTuple):
    """An anchor as it is kept. floor: the transaction from which on the events after it are found."""

    anchor: Anchor
    root: bytes
    floor: str
    stamped_at: datetime | None


class Event(NamedTuple):
    """before: the hash of the dossier's event before it. text: what is hashed behind that."""

    before: bytes
    text: str
    hash: bytes


async def alone(connection: Connection) -> None:
    """Nobody else takes an anchor before the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _ALONE)


async def reach(connection: Connection) -> Reach:
    """How far the log has been written now. Not within a transaction: it would wait for itself."""
    row = await connection.fetchrow(_REACH)
    assert row is not None, "it asks for no row that must be there"
    return Reach(*row)


async def is_settled(connection: Connection, found: Reach) -> bool:
    """Whether all transactions that were open then are over, and with them ours."""
    settled: bool = await connection.fetchval(
        "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8", found.settles_with
    )
    return settled


async def hashes(connection: Connection, span: Span, floor: str) -> AsyncIterator[tuple[int, bytes]]:
    """The hashes of a range of events in the order of their ids, joined some at a time, each time with how many."""
    cursor = await connection.cursor(_HASHES, floor, span.after, span.upto)
    while rows := await cursor.fetch(_PAGE):
        yield len(rows), b"".join(row[0] for row in rows)


async def events(connection: Connection, span: Span, floor: str) -> AsyncIterator[Event]:
    """A range of events in the order of their ids."""
    async for row in connection.cursor(_EVENTS, floor, span.after, span.upto, prefetch=_PREFETCH):
        yield Event(*row)


async def is_restored(connection: Connection) -> bool:
    """Whether the log came from another cluster, its transactions set to 0 (decision 0001, Costs)."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM dossier_event WHERE txid = '0')")
    return found


async def last_link(connection: Connection) -> tuple[int, bytes] | None:
    """The end of the chain of editions."""
    row = await connection.fetchrow("SELECT number, seal FROM edition_link ORDER BY number DESC LIMIT 1")
    return (row[0], row[1]) if row else None


async def ends(connection: Connection) -> dict[int, End]:
    """The last record of readings of each agency. A chain's records are committed one behind the other."""
    rows = await connection.fetch(
        "SELECT a.id, last.number, last.hash FROM agency a CROSS JOIN LATERAL"
        " (SELECT number, hash FROM access_record r WHERE r.agency_id = a.id ORDER BY number DESC LIMIT 1) last"
    )
    return {row[0]: End(row[1], row[2]) for row in rows}


async def records_at(connection: Connection, ends: Mapping[int, End]) -> dict[int, End]:
    """What stands in those places of the chains, by the ids of agencies."""
    rows = await connection.fetch(
        "SELECT r.agency_id, r.number, r.hash FROM access_record r"
        " JOIN unnest($1::int[], $2::bigint[]) AS t (agency_id, number) USING (agency_id, number)",
        list(ends),
        [end.number for end in ends.values()],
    )
    return {row[0]: End(row[1], row[2]) for row in rows}


async def agency_codes(connection: Connection) -> dict[int, str]:
    """Every agency's code by its id."""
    return {row[0]: row[1] for row in await connection.fetch("SELECT id, code FROM agency")}


async def add(connection: Connection, anchor: Anchor, floor: str) -> None:
    """Keep an anchor."""
    await connection.execute(_ADD, *anchor, anchor.root, floor)


async def stamp(connection: Connection, number: int, stamped_at: datetime, token: bytes) -> None:
    """Keep what an authority said of an anchor; the first that is kept stands."""
    await connection.execute(
        "INSERT INTO anchor_stamp (number, stamped_at, response) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        number,
        stamped_at,
        token,
    )


async def last(connection: Connection) -> Kept | None:
    """The last anchor."""
    row = await connection.fetchrow(f"{_KEPT} ORDER BY number DESC LIMIT 1")
    return _kept(row) if row else None


async def one(connection: Connection, number: int) -> Kept | None:
    """An anchor by its number."""
    row = await connection.fetchrow(f"{_KEPT} WHERE number = $1", number)
    return _kept(row) if row else None


async def page(connection: Connection, before: int | None, limit: int) -> list[Kept]:
    """Anchors, the last first."""
    rows = await connection.fetch(f"{_KEPT} WHERE number < $1 ORDER BY number DESC LIMIT $2", before or 2**62, limit)
    return [_kept(row) for row in rows]


async def every(connection: Connection) -> list[Kept]:
    """All anchors, in order."""
    return [_kept(row) for row in await connection.fetch(f"{_KEPT} ORDER BY number")]


async def unstamped(connection: Connection, limit: int) -> list[Kept]:
    """Anchors that no authority has stamped yet, in order."""
    rows = await connection.fetch(f"{_KEPT} WHERE stamped_at IS NULL ORDER BY number LIMIT $1", limit)
    return [_kept(row) for row in rows]


async def response(connection: Connection, number: int) -> bytes | None:
    """What the authority answered for an anchor."""
    found: bytes | None = await connection.fetchval("SELECT response FROM anchor_stamp WHERE number = $1", number)
    return found


def _kept(row: asyncpg.Record) -> Kept:
    *said, root, floor, stamped_at = row
    return Kept(Anchor(*said), root, floor, stamped_at)
