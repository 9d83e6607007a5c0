"""The SQL that verifies a range of dossiers: chains hashed anew set by set, as shared.domain.chain says it event by
event, and the cached state of each dossier beside its last event. A test holds the two together."""

from collections.abc import AsyncIterator

import asyncpg

from shared.domain.differences import Span
from shared.web.database import Connection

_FACTS = ("agency_id", "channel", "received_day", "due_day", "late_day", "finished_day", "verdict", "paused")
#: What a dossier's row holds of its last event, in the order in which `dossiers` gives it.
CACHED = ("event_seq", "event_hash", "status", *_FACTS)
#: What it holds in instants of which the events name the day, and the dates that an event says.
DERIVED = ("accepted_at", "late_from", "finished_at", "original_due_at", "due_at")

_PREFETCH = 1000


def _micros(instant: str) -> str:
    # As a float: to the microsecond until 2105, and three times as fast as numeric. An instant without end has none.
    return f"CASE WHEN isfinite({instant}) THEN round(date_part('epoch', {instant}) * 1000000)::bigint END"


def _day(instant: str) -> str:
    return f"({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"


def _stamp(instant: str) -> str:
    """An instant as a payload has it."""
    return f"to_char({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '+07:00'"


def _said(name: str) -> str:
    """A date in a payload. Never read as JSON: whoever changed an event may have broken it."""
    return f"split_part(split_part(e.payload, '\"{name}\":\"', 2), '\"', 1)"


def _has(name: str) -> str:
    return f"strpos(e.payload, '\"{name}\":') > 0"


# What moves the applicant's date. Where it was moved last the payload says to when, or nothing can be said of it here.
_MOVES = """('accepted', 'extended', 'rescheduled', 'corrected', 'supplement_requested', 'supplemented',
  'payment_requested', 'paid', 'apologised', 'reopened')"""
_PROMISED = f"""CASE
  WHEN e.kind IN ('accepted', 'extended') THEN {_said("due_at")}
  WHEN e.kind IN ('rescheduled', 'corrected') THEN CASE WHEN {_has("stopped")} THEN '-'
    WHEN {_has("promised_at")} THEN {_said("promised_at")} ELSE {_said("due_at")} END
  END"""
_FIRST_PROMISED = f"""CASE WHEN e.kind = 'accepted' THEN {_said("due_at")}
  WHEN e.kind IN ('rescheduled', 'corrected') THEN {_said("original_due_at")} END"""


def _known(said: str, instant: str) -> str:
    """The date that events say, or the one that stands there where they say none."""
    return f"CASE WHEN {said} = '-' THEN NULL WHEN length({said}) = 25 THEN {said} ELSE {_stamp(instant)} END"


def _texts(of: str) -> str:
    return ", ".join(f"{of}.{fact}::text" for fact in _FACTS)


# A submission has no clock but the one-stop's until it is accepted: nothing of it counts.
_ACCEPTED = "d.accepted_at IS NOT NULL"
_OF_EVENTS = f"""h.received_day::text, CASE WHEN {_ACCEPTED} THEN h.late_day::text ELSE {_day("d.late_from")}::text END,
  h.finished_day::text, {_known("first_dated.first_promised", "d.original_due_at")},
  CASE WHEN {_ACCEPTED} THEN {_known("dated.promised", "d.due_at")} ELSE {_stamp("d.due_at")} END"""
_OF_ROW = ", ".join(
    [*(f"{_day(f'd.{instant}')}::text" for instant in DERIVED[:3]), *(_stamp(f"d.{date}") for date in DERIVED[3:])]
)
# The same in a quarter of the time: nearly all rows are as they must be, and need not be written out.
_PAIRS = [("h.seq", "d.event_seq"), ("h.hash", "d.event_hash"), ("h.status", "d.status")]
_PAIRS += [(f"h.{fact}", f"d.{fact}") for fact in _FACTS]
_PAIRS += [("h.received_day", _day("d.accepted_at")), ("h.finished_day", _day("d.finished_at"))]
_DIFFERS = f"""h.seq IS NULL OR {" OR ".join(f"{ours} IS DISTINCT FROM {theirs}" for ours, theirs in _PAIRS)}
    OR ({_ACCEPTED} AND h.late_day IS DISTINCT FROM {_day("d.late_from")})
    OR (length(first_dated.first_promised) = 25
      AND first_dated.first_promised IS DISTINCT FROM {_stamp("d.original_due_at")})
    OR ({_ACCEPTED} AND length(dated.promised) = 25 AND dated.promised IS DISTINCT FROM {_stamp("d.due_at")})
    OR ({_ACCEPTED} AND dated.promised = '-' AND d.due_at IS NOT NULL)"""

_LOOK = f"""
WITH chained AS MATERIALIZED (
  SELECT e.dossier_id, e.seq, e.hash, e.status, {", ".join(f"e.{fact}" for fact in _FACTS)},
    coalesce(d.reference, d.code) AS name, lag(e.seq, 1, 0) OVER w AS seq_before, lead(e.seq) OVER w IS NULL AS last,
    strpos(e.kind, E'\\n') > 0 OR strpos(e.actor, E'\\n') > 0 AS unclean,
    sha256(lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER w || convert_to(concat(coalesce(d.reference, d.code),
      E'\\n', e.seq, E'\\n', e.kind, E'\\n', e.status, E'\\n', {_micros("e.occurred_at")}, E'\\n',
      {_micros("e.recorded_at")}, E'\\n', e.actor, E'\\n', e.acting_agency_id, E'\\n', e.agency_id, ',', e.channel, ',',
      e.received_day, ',', e.due_day, ',', e.late_day, ',', e.finished_day, ',', e.verdict, ',', e.paused::int,
      E'\\n', e.payload), 'UTF8')) AS made,
    e.kind IN {_MOVES} AS moves, {_PROMISED} AS promised, {_FIRST_PROMISED} AS first_promised, {_has("note")} AS noted
  FROM dossier_event e LEFT JOIN dossier d ON d.id = e.dossier_id AND d.id > $1 AND d.id <= $2
  WHERE e.dossier_id > $1 AND e.dossier_id <= $2
  WINDOW w AS (PARTITION BY e.dossier_id ORDER BY e.seq)
), dated AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, promised FROM chained WHERE moves ORDER BY dossier_id, seq DESC
), first_dated AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, first_promised FROM chained WHERE first_promised <> ''
  ORDER BY dossier_id, seq DESC
), compared AS (
  SELECT d.id, coalesce(d.reference, d.code) AS name, h.seq,
    ARRAY[h.seq::text, encode(h.hash, 'hex'), h.status::text, {_texts("h")}, {_OF_EVENTS}] AS expected,
    ARRAY[d.event_seq::text, encode(d.event_hash, 'hex'), d.status::text, {_texts("d")}, {_OF_ROW}] AS found
  FROM dossier d LEFT JOIN chained h ON h.dossier_id = d.id AND h.last
    LEFT JOIN dated ON dated.dossier_id = d.id LEFT JOIN first_dated ON first_dated.dossier_id = d.id
  WHERE d.id > $1 AND d.id <= $2 AND ({_DIFFERS})
)
SELECT 'event' AS part, dossier_id, name, seq,
  ARRAY[(seq_before + 1)::text, CASE WHEN NOT unclean THEN encode(made, 'hex') END] AS expected,
  ARRAY[seq::text, encode(hash, 'hex')] AS found
FROM chained WHERE name IS NULL OR unclean OR seq <> seq_before + 1 OR hash <> made
UNION ALL
SELECT 'dossier', id, name, seq, expected, found FROM compared
UNION ALL
SELECT 'seen', NULL, NULL, NULL, ARRAY[(SELECT count(*) FROM chained)::text,
  (SELECT count(*) FROM dossier WHERE id > $1 AND id <= $2)::text,
  (SELECT count(*) FROM chained WHERE noted)::text], NULL
"""

_NOTES = """
SELECT n.dossier_id, n.seq, coalesce(d.reference, d.code) AS name, e.dossier_id IS NULL AS eventless, made.hash,
  nullif(split_part(split_part(e.payload, '"note":"', 2), '"', 1), '') AS chained
FROM event_note n
LEFT JOIN dossier_event e ON e.dossier_id = n.dossier_id AND e.seq = n.seq AND e.dossier_id > $1 AND e.dossier_id <= $2
LEFT JOIN dossier d ON d.id = n.dossier_id AND d.id > $1 AND d.id <= $2
CROSS JOIN LATERAL (
  SELECT encode(sha256(n.salt || convert_to(concat(n.reason, E'\\n', n.detail), 'UTF8')), 'hex') AS hash
) made
WHERE n.dossier_id > $1 AND n.dossier_id <= $2
"""


async def looked_at(connection: Connection, span: Span) -> AsyncIterator[asyncpg.Record]:
    """What does not fit in a range: (part, dossier_id, name, seq, expected, found). part: `event` (sequence number,
    hash), `dossier` (CACHED, then DERIVED), and once `seen` (how many events, dossiers, events with words)."""
    async for row in connection.cursor(_LOOK, span.after, span.upto, prefetch=_PREFETCH):
        yield row


async def notes(connection: Connection, span: Span) -> AsyncIterator[asyncpg.Record]:
    """The words of a range without the words: their hash made anew, and the one that the chain holds."""
    async for row in connection.cursor(_NOTES, span.after, span.upto, prefetch=_PREFETCH):
        yield row


async def agency_codes(connection: Connection) -> dict[int, str]:
    """Every agency's code by its id."""
    return {row[0]: row[1] for row in await connection.fetch("SELECT id, code FROM agency")}
