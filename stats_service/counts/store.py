"""The SQL of the counts: what events change, the fold into days and checkpoints, and the sums that come out.

shared.domain.counts says what a dossier adds; here it is said again set-wise, and a test holds the two together over
random histories. All of it is additive, so it matters neither in which order events are folded nor in what batches.

The row (agency 0, month, channel 0) of count_checkpoint says that the checkpoint of `month` is there: for any agency
and channel a missing row then means zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

import asyncpg

from shared.domain.counts import METRICS
from shared.web.database import Connection, Reading

CONSUMER = "counts"


def _all(form: str, *, by: str = ", ") -> str:
    return by.join(form.format(metric) for metric in METRICS)


def _adds(**values: str) -> str:
    """The columns of METRICS: each as given, the rest zero."""
    return ", ".join(f"{values.get(metric, '0')} AS {metric}" for metric in METRICS)


_FINISHED = _adds(
    resolved="by",
    resolved_early="CASE verdict WHEN 1 THEN by ELSE 0 END",
    resolved_on_day="CASE verdict WHEN 2 THEN by ELSE 0 END",
    resolved_without_term="CASE WHEN due_day IS NULL THEN by ELSE 0 END",
)
_FACTS = "agency_id, channel, received_day, due_day, late_day, finished_day, verdict"
_FACTS_BEFORE = ", ".join(f"e.{name} AS {name}_before" for name in _FACTS.split(", "))
_EVENT = f"e.dossier_id, e.seq, e.txid, e.id, e.occurred_at, e.paused, e.{_FACTS.replace(', ', ', e.')}"
#: Not folded yet.
_BEHIND = f"""(e.txid, e.id) > (
    coalesce((SELECT p.txid FROM stats_position p WHERE p.consumer = '{CONSUMER}'), '0'::xid8),
    coalesce((SELECT p.event_id FROM stats_position p WHERE p.consumer = '{CONSUMER}'), 0))"""
_CIVIL_DAY = "(occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"

# What the events in `batch` change, as `deltas`: agency_id, channel, day, METRICS.
#
# An event takes away what the facts before it added and adds what its own add. Where a batch holds several events of
# a dossier in a row, all between the first and the last cancels out: only the ends of such a run are looked at.
# Pauses belong to days of their own, so each change of the flag counts; when an event corrects the agency or the
# channel, the earlier changes follow (`followed_over`), read from the dossier's history: rare, and a few rows each.
#
# The facts before are looked up row by row (LATERAL … LIMIT 1): a hash join would read the whole log.
DELTAS = f"""
placed AS (
  SELECT b.*, lag(seq) OVER w IS NOT DISTINCT FROM seq - 1 AS follows,
    lead(seq) OVER w IS NOT DISTINCT FROM seq + 1 AS followed,
    lag(agency_id) OVER w AS last_agency, lag(channel) OVER w AS last_channel, lag(paused) OVER w AS last_paused
  FROM batch b
  WINDOW w AS (PARTITION BY dossier_id ORDER BY seq)
), known AS (
  SELECT p.*, before.* FROM placed p LEFT JOIN LATERAL (
    SELECT true AS led, e.paused AS paused_before, {_FACTS_BEFORE} FROM dossier_event e
    WHERE NOT p.follows AND p.seq > 1 AND e.dossier_id = p.dossier_id AND e.seq = p.seq - 1 LIMIT 1
  ) before ON true
), sides AS (
  SELECT {_FACTS}, 1 AS by FROM known WHERE NOT followed
  UNION ALL SELECT {_FACTS.replace(",", "_before,")}_before, -1 FROM known WHERE led
), steps AS (
  SELECT dossier_id, seq, agency_id, channel, {_CIVIL_DAY} AS day, paused,
    CASE WHEN follows THEN last_agency ELSE agency_id_before END AS agency_before,
    CASE WHEN follows THEN last_channel ELSE channel_before END AS channel_before,
    coalesce(CASE WHEN follows THEN last_paused ELSE paused_before END, false) AS paused_before
  FROM known
), followed_over AS (
  SELECT side.agency_id, side.channel, h.day, CASE WHEN h.paused THEN side.by ELSE -side.by END AS by
  FROM steps s
  CROSS JOIN LATERAL (
    SELECT {_CIVIL_DAY} AS day, paused, lag(paused, 1, false) OVER (ORDER BY seq) AS paused_before
    FROM dossier_event h WHERE h.dossier_id = s.dossier_id AND h.seq < s.seq
  ) h
  CROSS JOIN LATERAL (VALUES (s.agency_before, s.channel_before, -1), (s.agency_id, s.channel, 1))
    AS side (agency_id, channel, by)
  WHERE s.seq > 1 AND (s.agency_before, s.channel_before) <> (s.agency_id, s.channel) AND h.paused <> h.paused_before
), moves AS (
  SELECT agency_id, channel, received_day AS day, {_adds(received="by")} FROM sides WHERE received_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, late_day, {_adds(fell_late="by")} FROM sides WHERE late_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, finished_day, {_FINISHED} FROM sides WHERE finished_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, greatest(late_day, finished_day), {_adds(late_settled="by")}
  FROM sides WHERE finished_day IS NOT NULL AND late_day IS NOT NULL
  UNION ALL
  SELECT agency_id, channel, day, {_adds(paused_net="CASE WHEN paused THEN 1 ELSE -1 END")}
  FROM steps WHERE paused <> paused_before
  UNION ALL
  SELECT agency_id, channel, day, {_adds(paused_net="by")} FROM followed_over
), deltas AS MATERIALIZED (
  SELECT agency_id, channel, day, {_all("sum({0})::int AS {0}")} FROM moves
  GROUP BY agency_id, channel, day HAVING {_all("sum({0}) <> 0", by=" OR ")}
)
"""

# One statement: what is folded and how far is never apart. A transaction that is still open may yet commit events
# with a lower txid, so nothing from the oldest open one on is folded: those events are the tail that reports add.
#: A day that whoever changed an event put before all days that can be told.
_FIRST = "CASE WHEN min(day) IS NOT NULL THEN greatest(min(day), '0001-01-01') END"

_FOLD = f"""
WITH batch AS (
  SELECT {_EVENT} FROM dossier_event e
  WHERE (e.txid, e.id) > ($1::text::xid8, $2::bigint) AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY e.txid, e.id LIMIT $3
), {DELTAS}, days AS (
  INSERT INTO count_day AS c (agency_id, day, channel, {_all("{0}")})
  SELECT agency_id, day, channel, {_all("{0}")} FROM deltas ORDER BY agency_id, day, channel
  ON CONFLICT (agency_id, day, channel) DO UPDATE SET {_all("{0} = c.{0} + excluded.{0}")}
), made AS (
  SELECT month FROM count_checkpoint WHERE agency_id = 0 AND channel = 0
), by_month AS (
  SELECT agency_id, channel, (date_trunc('month', day::timestamp) + interval '1 month')::date AS month,
    {_all("sum({0})::bigint AS {0}")}
  FROM deltas WHERE day < (SELECT max(month) FROM made) GROUP BY 1, 2, 3
), spans AS (
  SELECT agency_id, channel, min(month) AS first FROM by_month GROUP BY 1, 2
), steps_up AS (
  SELECT agency_id, channel, month, {_all("0::bigint AS {0}")}, true AS made FROM spans JOIN made ON month >= first
  UNION ALL SELECT agency_id, channel, month, {_all("{0}")}, false FROM by_month
), sums AS (
  SELECT agency_id, channel, month, made, {_all("(sum({0}) OVER w)::bigint AS {0}")} FROM steps_up
  WINDOW w AS (PARTITION BY agency_id, channel ORDER BY month)
), checkpoints AS (
  INSERT INTO count_checkpoint AS c (agency_id, month, channel, {_all("{0}")})
  SELECT agency_id, month, channel, {_all("{0}")} FROM sums WHERE made AND ({_all("{0} <> 0", by=" OR ")})
  ORDER BY agency_id, month, channel
  ON CONFLICT (agency_id, month, channel) DO UPDATE SET {_all("{0} = c.{0} + excluded.{0}")}
), last AS (
  SELECT txid, id FROM batch ORDER BY txid DESC, id DESC LIMIT 1
), position AS (
  UPDATE stats_position p SET txid = last.txid, event_id = last.id, moved_at = now()
  FROM last WHERE p.consumer = '{CONSUMER}'
)
SELECT (SELECT count(*) FROM batch), (SELECT {_FIRST} FROM deltas)
"""

# Asked several times a second, mostly in vain: it reads one index page, locks no row and writes nothing. Ordered, or
# the planner walks the whole log when there is nothing to be found.
_WAITING = f"""
SELECT count(*) FROM (
  SELECT FROM dossier_event e WHERE {_BEHIND} AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY e.txid, e.id LIMIT $1
) waiting
"""

# Every month from the one after the first counted day on, unless it is there already. Rare (a new month; old years
# imported), so it is made from the days alone: one pass, exact by construction.
# No report asks for days before 1990 (stats_service.periods): what was counted before is in the first checkpoint, so
# one wrong day of long ago does not make months without number.
_CHECKPOINT = f"""
WITH wanted AS (
  SELECT due.month::date AS month FROM generate_series(
    (SELECT least(greatest(date_trunc('month', min(day)::timestamp) + interval '1 month', '1990-01-01'),
      $1::date::timestamp) FROM count_day),
    $1::date::timestamp, interval '1 month') AS due (month)
  WHERE NOT EXISTS (
    SELECT FROM count_checkpoint c WHERE c.agency_id = 0 AND c.channel = 0 AND c.month = due.month::date)
), by_month AS (
  SELECT agency_id, channel, (date_trunc('month', day::timestamp) + interval '1 month')::date AS month,
    {_all("sum({0})::bigint AS {0}")}
  FROM count_day WHERE day < $1 AND EXISTS (SELECT FROM wanted) GROUP BY 1, 2, 3
), steps AS (
  SELECT agency_id, channel, wanted.month, {_all("0::bigint AS {0}")}, true AS wanted
  FROM (SELECT agency_id, channel, min(month) AS first FROM by_month GROUP BY 1, 2) s
  JOIN wanted ON wanted.month >= first
  UNION ALL SELECT agency_id, channel, month, {_all("{0}")}, false FROM by_month
), sums AS (
  SELECT agency_id, channel, month, wanted, {_all("(sum({0}) OVER w)::bigint AS {0}")} FROM steps
  WINDOW w AS (PARTITION BY agency_id, channel ORDER BY month)
), made AS (
  INSERT INTO count_checkpoint (agency_id, month, channel, {_all("{0}")})
  SELECT agency_id, month, channel, {_all("{0}")} FROM sums WHERE wanted
  UNION ALL SELECT 0, month, 0, {_all("0", by=", ")} FROM wanted
  ORDER BY 1, 2, 3
)
SELECT count(*) FROM wanted
"""

# The sums over all days before each boundary: the checkpoint next to it, the days between the two (added after a
# checkpoint, taken away before one), and the events not folded yet, all of one snapshot. Days are summed as the
# integers they are before they meet the rest: sums of bigint are numeric, and three times as dear.
_SUMS = f"""
WITH batch AS (
  SELECT {_EVENT} FROM dossier_event e WHERE {_BEHIND}
  ORDER BY e.txid, e.id  -- not for the order: without it the planner walks the whole log by another index (8 s at 10 M)
), {DELTAS}, bounds AS MATERIALIZED (
  SELECT mark, until,
    (SELECT max(month) FROM count_checkpoint WHERE agency_id = 0 AND channel = 0 AND month <= until) AS below,
    (SELECT min(month) FROM count_checkpoint WHERE agency_id = 0 AND channel = 0 AND month > until) AS above
  FROM unnest($2::date[]) WITH ORDINALITY AS m (until, mark)
), marks AS MATERIALIZED (
  SELECT mark, until, coalesce(CASE WHEN above - until < until - below THEN above ELSE below END, '-infinity') AS month
  FROM bounds
)
SELECT mark, part, {_all("sum({0})::bigint")}, sum(received_online)::bigint, sum(received_post)::bigint
FROM marks CROSS JOIN LATERAL (
  SELECT {{part}} AS part, {_all("{0}")}, CASE channel WHEN 2 THEN received ELSE 0 END AS received_online,
    CASE channel WHEN 3 THEN received ELSE 0 END AS received_post
  FROM count_checkpoint c WHERE c.agency_id = ANY($1::int[]) AND c.month = marks.month
  UNION ALL
  SELECT part, {_all("{0} * side")}, online * side, post * side
  FROM (
    SELECT {{part}} AS part, {_all("sum({0}) AS {0}")}, coalesce(sum(received) FILTER (WHERE channel = 2), 0) AS online,
      coalesce(sum(received) FILTER (WHERE channel = 3), 0) AS post,
      CASE WHEN marks.month > marks.until THEN -1 ELSE 1 END AS side
    FROM count_day d
    WHERE d.agency_id = ANY($1::int[])
      AND d.day >= least(marks.month, marks.until) AND d.day < greatest(marks.month, marks.until)
    GROUP BY 1
  ) days
  UNION ALL
  SELECT {{part}}, {_all("{0}")}, CASE channel WHEN 2 THEN received ELSE 0 END,
    CASE channel WHEN 3 THEN received ELSE 0 END
  FROM deltas WHERE deltas.agency_id = ANY($1::int[]) AND deltas.day < marks.until
) counted
GROUP BY mark, part
"""

PartBy = Literal["none", "agency", "channel", "agency_channel"]
_SUMS_BY: Mapping[PartBy, str] = MappingProxyType(
    {
        "none": _SUMS.format(part="0"),
        "agency": _SUMS.format(part="agency_id"),
        "channel": _SUMS.format(part="channel::int"),
        "agency_channel": _SUMS.format(part="ARRAY[agency_id, channel::int]"),
    }
)


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log is folded: everything up to (txid, event_id)."""

    txid: str
    event_id: int


class Folded(NamedTuple):
    """What a fold took: how many events, and the earliest day whose counts they changed."""

    events: int
    first_day: date | None


async def locked_position(connection: Connection) -> Position:
    """The position, locked until the transaction ends: two processes that both believe to lead take turns."""
    await connection.execute(
        f"INSERT INTO stats_position (consumer, txid, event_id) VALUES ('{CONSUMER}', '0', 0) ON CONFLICT DO NOTHING"
    )
    row = await connection.fetchrow(
        f"SELECT txid::text, event_id FROM stats_position WHERE consumer = '{CONSUMER}' FOR UPDATE"
    )
    assert row is not None
    return Position(row[0], row[1])


async def waiting(connection: Connection, upto: int) -> int:
    """How many events could be folded now; `upto` may be more."""
    found: int = await connection.fetchval(_WAITING, upto)
    return found


async def fold(connection: Connection, position: Position, limit: int) -> Folded:
    """Fold up to `limit` events after `position`."""
    await _plan_for_the_tail(connection)
    # The sorts of a full batch fit, which in 4 MB go to the disk: 600 MB of it per million dossiers.
    await connection.execute("SET LOCAL work_mem = '64MB'")
    row = await connection.fetchrow(_FOLD, position.txid, position.event_id, limit)
    assert row is not None
    return Folded(row[0], row[1])


async def make_checkpoints(connection: Connection, until: date) -> int:
    """Make the checkpoints that are missing up to the month that begins on `until`; how many."""
    made: int = await connection.fetchval(_CHECKPOINT, until)
    return made


async def first_day(connection: Connection) -> date | None:
    """The earliest day that is counted."""
    found: date | None = await connection.fetchval(f"SELECT {_FIRST} FROM count_day")
    return found


async def sums_before(
    connection: Reading, agencies: Sequence[int], boundaries: Sequence[date], by: PartBy
) -> list[asyncpg.Record]:
    """(mark from 1, part, sums over all days before that boundary: METRICS, received online, received by post). The
    part by several is a list.

    Must run in a transaction.
    """
    await _plan_for_the_tail(connection)
    return await connection.fetch(_SUMS_BY[by], list(agencies), list(boundaries))


async def _plan_for_the_tail(connection: Connection) -> None:
    """The planner takes "after the position" for a third of the log. It is its end, and an index leads there."""
    await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0")
