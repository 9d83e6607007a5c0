"""The SQL that counts raw events anew, not as the fold does it: not what each event changes, but where it left a
dossier, taken once for the last event that is folded. And what is stored, beside it."""

import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import NamedTuple

import asyncpg

from shared.domain.counts import METRICS
from shared.domain.differences import Span
from shared.web.database import Connection
from stats_service.counts.store import CONSUMER, Position

_PREFETCH = 5000
_METRICS = ", ".join(METRICS)
_SUMS = ", ".join(f"sum({metric})::int AS {metric}" for metric in METRICS)
_NONZERO = " OR ".join(f"{metric} <> 0" for metric in METRICS)


#: PostgreSQL knows days before the first year, and some without end, which whoever changed a row may have put there.
#: They are told as these; no month begins on them.
BEYOND = (date(1, 1, 2), date.max)


def _told(day: str) -> str:
    return f"least(greatest({day}, '{BEYOND[0]}'::date), '{BEYOND[1]}'::date)"


def _adds(**values: str) -> str:
    return ", ".join(f"{values.get(metric, '0')} AS {metric}" for metric in METRICS)


_FINISHED = _adds(
    resolved="by",
    resolved_early="CASE verdict WHEN 1 THEN by ELSE 0 END",
    resolved_on_day="CASE verdict WHEN 2 THEN by ELSE 0 END",
    resolved_without_term="CASE WHEN due_day IS NULL THEN by ELSE 0 END",
)

# An event counts as it left the dossier, unless the next one does: so +1 where it is folded and the next is not. Folded
# is not always a beginning of the history (transaction ids say who began, not who came first): then -1 where the next
# is folded and it is not. Pauses are movements, and stand with the agency and channel of the event that counts.
_COUNTED = f"""
WITH placed AS (
  SELECT dossier_id, seq, agency_id, channel, received_day, due_day, late_day, finished_day, verdict, paused,
    (occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, lag(paused, 1, false) OVER w AS paused_before,
    (txid, id) <= ($3::text::xid8, $4::bigint) AS folded,
    lead((txid, id) <= ($3::text::xid8, $4::bigint), 1, false) OVER w AS next_folded
  FROM dossier_event WHERE dossier_id > $1 AND dossier_id <= $2
  WINDOW w AS (PARTITION BY dossier_id ORDER BY seq)
), standing AS MATERIALIZED (
  SELECT *, folded::int - next_folded::int AS by FROM placed WHERE folded <> next_folded OR paused <> paused_before
), moves AS (
  SELECT agency_id, channel, received_day AS day, {_adds(received="by")} FROM standing
  WHERE by <> 0 AND received_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, late_day, {_adds(fell_late="by")} FROM standing WHERE by <> 0 AND late_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, finished_day, {_FINISHED} FROM standing WHERE by <> 0 AND finished_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, greatest(late_day, finished_day), {_adds(late_settled="by")}
  FROM standing WHERE by <> 0 AND late_day IS NOT NULL AND finished_day IS NOT NULL
  UNION ALL
  SELECT s.agency_id, s.channel, p.day, {_adds(paused_net="CASE WHEN p.paused THEN s.by ELSE -s.by END")}
  FROM standing p JOIN standing s ON s.dossier_id = p.dossier_id AND s.seq >= p.seq
  WHERE p.paused <> p.paused_before AND s.by <> 0
)
SELECT agency_id, channel, {_told("day")} AS told, {_SUMS} FROM moves GROUP BY agency_id, channel, told
"""

# `ahead`: transactions from there on may still be open, so nothing of them is folded.
_POSITION = f"""
SELECT p.txid::text, p.event_id, p.txid >= pg_snapshot_xmin(pg_current_snapshot()) AS ahead,
  (p.txid = '0'::xid8 AND p.event_id = 0)
    OR EXISTS (SELECT FROM dossier_event e WHERE e.txid = p.txid AND e.id = p.event_id) AS on_an_event,
  last.txid::text AS last_txid, last.id AS last_id
FROM (VALUES (1)) one LEFT JOIN stats_position p ON p.consumer = '{CONSUMER}'
LEFT JOIN LATERAL (
  SELECT e.txid, e.id FROM dossier_event e
  WHERE (e.txid, e.id) <= (p.txid, p.event_id) AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY e.txid DESC, e.id DESC LIMIT 1
) last ON true
"""


class Place(NamedTuple):
    """Where the fold stands. at: as stored, None where nothing is. ahead: beyond what can be folded. on_an_event:
    whether it names an event, or the beginning. last: the last event up to it; the beginning where there is none."""

    at: Position | None
    ahead: bool
    on_an_event: bool
    last: Position


BEGINNING = Position("0", 0)


async def place(connection: Connection) -> Place:
    """Where the fold stands."""
    row = await connection.fetchrow(_POSITION)
    assert row is not None
    last = Position(row["last_txid"], row["last_id"]) if row["last_txid"] is not None else BEGINNING
    if row["txid"] is None:
        return Place(None, False, True, BEGINNING)
    return Place(Position(row["txid"], row["event_id"]), row["ahead"], row["on_an_event"], last)


async def foreign_events(connection: Connection) -> int:
    """Events of transactions that this cluster has not begun yet: no consumer will ever reach them."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM dossier_event WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())"
    )
    return found


async def counted(connection: Connection, span: Span, upto: Position) -> Sequence[asyncpg.Record]:
    """The cells (agency_id, channel, day, METRICS) that the dossiers of a range make by the events up to `upto`: some
    thousands, which a cursor would take four times as long to hand over."""
    return await connection.fetch(_COUNTED, span.after, span.upto, upto.txid, upto.event_id)


async def stored_days(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    """Every cell of the histogram: agency_id, channel, day, METRICS."""
    async for row in connection.cursor(
        f"SELECT agency_id, channel, {_told('day')}, {_METRICS} FROM count_day", prefetch=_PREFETCH
    ):
        yield row


async def stored_checkpoints(connection: Connection, months: Sequence[date]) -> AsyncIterator[asyncpg.Record]:
    """The checkpoints of `months`, marks included, by agency and channel: agency_id, channel, month, METRICS."""
    async for row in connection.cursor(
        f"SELECT agency_id, channel, month, {_METRICS} FROM count_checkpoint WHERE month = ANY($1::date[])"
        " ORDER BY agency_id, channel, month",
        months,
        prefetch=_PREFETCH,
    ):
        yield row


async def marked_months(connection: Connection) -> list[date]:
    """The months of which checkpoints are there, in order."""
    rows = await connection.fetch(
        f"SELECT {_told('month')} FROM count_checkpoint WHERE agency_id = 0 AND channel = 0 ORDER BY 1"
    )
    return [row[0] for row in rows]


async def months_with_rows(connection: Connection) -> list[date]:
    """The months of which any checkpoint says something, in order; and those that are marked."""
    rows = await connection.fetch(
        f"SELECT DISTINCT {_told('month')} FROM count_checkpoint"
        f" WHERE {_NONZERO} OR (agency_id = 0 AND channel = 0) ORDER BY 1"
    )
    return [row[0] for row in rows]


async def agency_codes(connection: Connection) -> dict[int, str]:
    """Every agency's code by its id."""
    return {row[0]: row[1] for row in await connection.fetch("SELECT id, code FROM agency")}


@asynccontextmanager
async def writing_alone(url: str) -> AsyncIterator[Connection | None]:
    """A session that nobody shares while it lasts; None where another one has it. It ends with its process, however
    that ends."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "motcua-rebuild", "jit": "off"})
    try:
        alone = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ALONE)
        yield connection if alone else None
    finally:
        await connection.close()


_ALONE = zlib.crc32(b"stats.rebuild")
Columns = Sequence[Sequence[int]]


async def add_to_days(connection: Connection, blocks: Iterable[Columns]) -> None:
    """Add to cells of the histogram. A block has the columns agency_id, number of the day, channel, METRICS."""
    await _add(connection, "count_day", "day", blocks)


async def add_to_checkpoints(connection: Connection, blocks: Iterable[Columns]) -> None:
    """The same to checkpoints."""
    await _add(connection, "count_checkpoint", "month", blocks)


async def _add(connection: Connection, table: str, at: str, blocks: Iterable[Columns]) -> None:
    key = f"agency_id, {at}, channel"
    arrays = ", ".join(["$1::int[]", "$2::date[]", "$3::int2[]", *(f"${n + 4}::int8[]" for n in range(len(METRICS)))])
    given = f"unnest({arrays}) AS n ({key}, {_METRICS})"
    adds = ", ".join(f"{metric} = c.{metric}::int8 + n.{metric}" for metric in METRICS)
    for agencies, days, channels, *metrics in blocks:
        values = [agencies, [date.fromordinal(day) for day in days], channels, *metrics]
        await connection.execute(
            f"INSERT INTO {table} ({key}) SELECT n.agency_id, n.{at}, n.channel FROM {given} ON CONFLICT DO NOTHING",
            *values,
        )
        await connection.execute(
            f"UPDATE {table} c SET {adds} FROM {given}"
            f" WHERE (c.agency_id, c.{at}, c.channel) = (n.agency_id, n.{at}, n.channel)",
            *values,
        )


async def make_months(connection: Connection, months: Sequence[date]) -> None:
    """Make the checkpoints of `months` from the days, and mark them."""
    if not months:
        return
    await connection.execute(
        f"UPDATE count_checkpoint SET {', '.join(f'{metric} = 0' for metric in METRICS)} WHERE month = ANY($1::date[])",
        months,
    )
    await connection.execute(
        f"INSERT INTO count_checkpoint AS c (agency_id, month, channel, {_METRICS})"
        f" SELECT agency_id, m.month, channel, {', '.join(f'sum({metric})' for metric in METRICS)}"
        " FROM count_day JOIN unnest($1::date[]) AS m (month) ON day < m.month GROUP BY 1, 2, 3"
        f" UNION ALL SELECT 0, m.month, 0, {', '.join('0' for _ in METRICS)} FROM unnest($1::date[]) AS m (month)"
        " ORDER BY 1, 2, 3"
        f" ON CONFLICT (agency_id, month, channel) DO UPDATE SET"
        f" {', '.join(f'{metric} = excluded.{metric}' for metric in METRICS)}",
        months,
    )


async def set_position(connection: Connection, position: Position) -> None:
    """Say how far the log is folded."""
    await connection.execute(
        "UPDATE stats_position SET txid = $1::text::xid8, event_id = $2, moved_at = now()"
        f" WHERE consumer = '{CONSUMER}'",
        position.txid,
        position.event_id,
    )
