"""The SQL that looks at dossiers for all that does not fit: chains hashed anew set by set, as shared.domain.chain says
it event by event, and the cached state of each dossier beside its events. A test holds the two together."""

from collections.abc import AsyncIterator, Sequence

import asyncpg

from intake_service.verification.texts import (
    MADE,
    UNCLEAN,
    day,
    exactly,
    has,
    has_number,
    number,
    said,
    said_or_none,
    stamp,
)
from shared.domain.differences import Span
from shared.web.database import Connection

_FACTS = ("agency_id", "channel", "received_day", "due_day", "late_day", "finished_day", "verdict", "paused")
#: What a dossier's row holds of its last event, in the order in which `dossiers` gives it.
CACHED = ("event_seq", "event_hash", "status", *_FACTS)
#: What it holds in instants of which the events name the day, and the dates that an event says.
DERIVED = (
    *("accepted_at", "late_from", "finished_at", "original_due_at", "due_at", "code", "submitted_at", "returned_at"),
    *("version_id", "case_no", "outcome"),
)

_PREFETCH = 1000


# What moves the applicant's date. Where it was moved last the payload says to when, or nothing can be said of it here.
_MOVES = """('accepted', 'extended', 'rescheduled', 'corrected', 'supplement_requested', 'supplemented',
  'payment_requested', 'paid', 'apologised', 'reopened')"""
_PROMISED = f"""CASE
  WHEN e.kind IN ('accepted', 'extended') THEN {said_or_none("due_at")}
  WHEN e.kind IN ('rescheduled', 'corrected') THEN CASE WHEN {has("stopped")} THEN '-'
    WHEN {has("promised_at")} THEN {said_or_none("promised_at")} ELSE {said_or_none("due_at")} END
  END"""
_FIRST_PROMISED = f"""CASE WHEN e.kind = 'accepted' THEN {said_or_none("due_at")}
  WHEN e.kind IN ('rescheduled', 'corrected') THEN {said_or_none("original_due_at")} END"""


def _known(said: str, instant: str) -> str:
    """The date that events say, or the one that stands there where they say none."""
    return f"CASE WHEN {said} = '-' THEN NULL WHEN length({said}) = 25 THEN {said} ELSE {stamp(instant)} END"


def _texts(of: str) -> str:
    return ", ".join(f"{of}.{fact}::text" for fact in _FACTS)


# A submission has no clock but the one-stop's until it is accepted: nothing of it counts.
_ACCEPTED = "d.accepted_at IS NOT NULL"
# What events say of the row in so many words, or by when they happened. NULL: nothing, and the row is not asked.
_TOLD = said("accepted_at", "placed.payload")
_CORRECTED_TO = f"CASE WHEN placed.kind = 'corrected' AND length({_TOLD}) IN (25, 32) THEN {_TOLD} END"
_ACCEPTED_THEN = """CASE WHEN placed.kind = 'accepted' THEN placed.occurred_at
  WHEN placed.kind = 'submitted' THEN online.accepted_at END"""
_FINISHED_THEN = "CASE WHEN h.finished_day IS NOT NULL AND ended.kind <> 'reopened' THEN ended.occurred_at END"
# Terms in days are late from a midnight on; of those in hours no event says the instant (shared/domain/terms.py).
_LATE_THEN = "CASE WHEN h.late_day > h.due_day THEN h.late_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' END"
_HANDED_IN_THEN = "CASE WHEN placed.kind = 'submitted' THEN placed.occurred_at END"
_RETURNED_THEN = "CASE WHEN returned.kind = 'returned' THEN returned.occurred_at END"
_OUTCOME = """CASE ended.kind WHEN 'withdrawn' THEN 3 WHEN 'stopped' THEN 4 WHEN 'finished' THEN CASE ended.outcome
  WHEN 'granted' THEN 1 WHEN 'refused' THEN 2 WHEN 'withdrawn' THEN 3 WHEN 'stopped' THEN 4 ELSE d.outcome END END"""
# The reference is the code until the acceptance says another. One that was written before acceptances said it binds
# none; what was received at once is chained to its code.
_CODE = f"CASE WHEN {_ACCEPTED} THEN coalesce(nullif(online.code, ''), d.code) ELSE coalesce(d.reference, d.code) END"
# What corrections were written first say the procedure, and no version of it.
_PROCEDURE = """(SELECT p.code FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
  WHERE v.id = d.version_id)"""
_HAS_VERSION = has("version_id", "placed.payload")


def _or_day(known: str, by_day: str) -> str:
    return f"coalesce({exactly(f'({known})')}, {by_day})"


#: In the order of DERIVED: what must stand there, and what does.
_DERIVED = [
    (
        f"coalesce({_CORRECTED_TO}, {_or_day(_ACCEPTED_THEN, 'h.received_day::text')})",
        f"CASE WHEN coalesce({_CORRECTED_TO}, ({_ACCEPTED_THEN})::text) IS NULL THEN {day('d.accepted_at')}::text"
        f" ELSE {exactly('d.accepted_at')} END",
    ),
    (
        f"CASE WHEN {_ACCEPTED} THEN {_or_day(_LATE_THEN, 'h.late_day::text')} ELSE {day('d.late_from')}::text END",
        f"CASE WHEN {_ACCEPTED} AND {_LATE_THEN} IS NOT NULL THEN {exactly('d.late_from')}"
        f" ELSE {day('d.late_from')}::text END",
    ),
    (
        _or_day(_FINISHED_THEN, "h.finished_day::text"),
        f"CASE WHEN {_FINISHED_THEN} IS NULL THEN {day('d.finished_at')}::text ELSE {exactly('d.finished_at')} END",
    ),
    (_known("first_dated.first_promised", "d.original_due_at"), stamp("d.original_due_at")),
    (
        f"CASE WHEN {_ACCEPTED} THEN {_known('dated.promised', 'd.due_at')} ELSE {stamp('d.due_at')} END",
        stamp("d.due_at"),
    ),
    (_CODE, "d.code"),
    (_or_day(_HANDED_IN_THEN, exactly("d.submitted_at")), exactly("d.submitted_at")),
    (exactly(f"({_RETURNED_THEN})"), exactly("d.returned_at")),
    (
        f"CASE WHEN coalesce(placed.payload, '') = '' THEN d.version_id::text WHEN {_HAS_VERSION}"
        f" THEN {number('version_id', 'placed.payload')} ELSE {said('procedure', 'placed.payload')} END",
        f"CASE WHEN coalesce(placed.payload, '') = '' OR {_HAS_VERSION} THEN d.version_id::text ELSE {_PROCEDURE} END",
    ),
    (
        "CASE WHEN coalesce(placed.payload, '') = '' THEN d.case_no::text"
        f" WHEN {has('case', 'placed.payload')} THEN {number('case', 'placed.payload')} ELSE '1' END",
        "d.case_no::text",
    ),
    (f"CASE WHEN ended.dossier_id IS NULL THEN d.outcome::text ELSE ({_OUTCOME})::text END", "d.outcome::text"),
]
_OF_EVENTS = ", ".join(expected for expected, _ in _DERIVED)
_OF_ROW = ", ".join(found for _, found in _DERIVED)
# The same in a quarter of the time: nearly all rows are as they must be, and need not be written out.
_PAIRS = [("h.seq", "d.event_seq"), ("h.hash", "d.event_hash"), ("h.status", "d.status")]
_PAIRS += [(f"h.{fact}", f"d.{fact}") for fact in _FACTS]
_PAIRS += [("h.received_day", day("d.accepted_at")), ("h.finished_day", day("d.finished_at"))]
_PAIRS += [(_RETURNED_THEN, "d.returned_at")]
# What is asked only where events say it.
_INSTANTS = [(_ACCEPTED_THEN, "d.accepted_at"), (_FINISHED_THEN, "d.finished_at"), (_LATE_THEN, "d.late_from")]
_INSTANTS += [(_HANDED_IN_THEN, "d.submitted_at")]
_DIFFERS = f"""h.seq IS NULL OR {" OR ".join(f"{ours} IS DISTINCT FROM {theirs}" for ours, theirs in _PAIRS)}
    OR ({_ACCEPTED} AND h.late_day IS DISTINCT FROM {day("d.late_from")})
    OR (length(first_dated.first_promised) = 25
      AND first_dated.first_promised IS DISTINCT FROM {stamp("d.original_due_at")})
    OR (first_dated.first_promised = '-' AND d.original_due_at IS NOT NULL)
    OR ({_ACCEPTED} AND length(dated.promised) = 25 AND dated.promised IS DISTINCT FROM {stamp("d.due_at")})
    OR ({_ACCEPTED} AND dated.promised = '-' AND d.due_at IS NOT NULL)
    OR {" OR ".join(f"({then}) <> {instant}" for then, instant in _INSTANTS)}
    OR (placed.kind = 'corrected' AND {_CORRECTED_TO} <> {exactly("d.accepted_at")})
    OR (placed.payload <> '' AND NOT {has_number("version_id", "d.version_id")} AND ({_HAS_VERSION}
      OR {said("procedure", "placed.payload")} IS DISTINCT FROM {_PROCEDURE}))
    OR (placed.payload <> '' AND NOT {has_number("case", "d.case_no")}
      AND (d.case_no <> 1 OR {has("case", "placed.payload")}))
    OR (ended.dossier_id IS NOT NULL AND ({_OUTCOME}) IS DISTINCT FROM d.outcome)
    OR (d.reference IS NOT NULL AND {_CODE} <> d.code)"""

# Of nearly all the first event says what stands there: its payload is not carried on, which is half of what this costs.
_AS_RECEIVED = f"""{has_number("version_id", "d.version_id", "e.payload")} AND CASE WHEN {has("case")}
  THEN {has_number("case", "d.case_no", "e.payload")} ELSE d.case_no = 1 END"""

_LOOK = f"""
WITH chained AS MATERIALIZED (
  SELECT e.dossier_id, e.seq, e.hash, e.status, {", ".join(f"e.{fact}" for fact in _FACTS)},
    coalesce(d.reference, d.code) AS name, lag(e.seq, 1, 0) OVER w AS seq_before, lead(e.seq) OVER w IS NULL AS last,
    {UNCLEAN} AS unclean,
    {MADE} AS made,
    e.kind, e.occurred_at,
    CASE WHEN e.kind IN ('accepted', 'submitted', 'corrected') AND {has("procedure")} THEN
      CASE WHEN e.kind <> 'corrected' AND {_AS_RECEIVED} THEN '' ELSE e.payload END END AS payload,
    CASE e.kind WHEN 'finished' THEN {said("outcome")} WHEN 'accepted' THEN {said("code")} END AS told,
    e.kind IN {_MOVES} AS moves, {_PROMISED} AS promised, {_FIRST_PROMISED} AS first_promised
  FROM dossier_event e LEFT JOIN dossier d ON d.id = e.dossier_id AND d.id > $1 AND d.id <= $2
  WHERE e.dossier_id > $1 AND e.dossier_id <= $2 AND ($3::bigint[] IS NULL OR e.dossier_id = ANY($3))
  WINDOW w AS (PARTITION BY e.dossier_id ORDER BY e.seq)
), dated AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, promised FROM chained WHERE moves ORDER BY dossier_id, seq DESC
), first_dated AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, first_promised FROM chained WHERE first_promised <> ''
  ORDER BY dossier_id, seq DESC
), placed AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, kind, occurred_at, payload FROM chained WHERE payload IS NOT NULL
  ORDER BY dossier_id, seq DESC
), online AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, occurred_at AS accepted_at, told AS code FROM chained
  WHERE kind = 'accepted' AND seq > 1 ORDER BY dossier_id, seq DESC
), ended AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, kind, occurred_at, told AS outcome FROM chained
  WHERE kind IN ('finished', 'withdrawn', 'stopped', 'reopened') ORDER BY dossier_id, seq DESC
), returned AS (
  SELECT DISTINCT ON (dossier_id) dossier_id, kind, occurred_at FROM chained
  WHERE kind IN ('returned', 'reopened') ORDER BY dossier_id, seq DESC
), compared AS (
  SELECT d.id, coalesce(d.reference, d.code) AS name, h.seq,
    ARRAY[h.seq::text, encode(h.hash, 'hex'), h.status::text, {_texts("h")}, {_OF_EVENTS}] AS expected,
    ARRAY[d.event_seq::text, encode(d.event_hash, 'hex'), d.status::text, {_texts("d")}, {_OF_ROW}] AS found
  FROM dossier d LEFT JOIN chained h ON h.dossier_id = d.id AND h.last
    LEFT JOIN dated ON dated.dossier_id = d.id LEFT JOIN first_dated ON first_dated.dossier_id = d.id
    LEFT JOIN placed ON placed.dossier_id = d.id LEFT JOIN online ON online.dossier_id = d.id
    LEFT JOIN ended ON ended.dossier_id = d.id LEFT JOIN returned ON returned.dossier_id = d.id
  WHERE d.id > $1 AND d.id <= $2 AND ($3::bigint[] IS NULL OR d.id = ANY($3)) AND ({_DIFFERS})
)
SELECT 'event' AS part, dossier_id, name, seq,
  ARRAY[(seq_before + 1)::text, CASE WHEN NOT unclean THEN encode(made, 'hex') END] AS expected,
  ARRAY[seq::text, encode(hash, 'hex')] AS found
FROM chained WHERE name IS NULL OR unclean OR seq <> seq_before + 1 OR hash <> made
UNION ALL
SELECT 'dossier', id, name, seq, expected, found FROM compared
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


async def looked_at(connection: Connection, span: Span, only: Sequence[int] | None) -> AsyncIterator[asyncpg.Record]:
    """What does not fit in a range, or of `only` these dossiers of it: (part, dossier_id, name, seq, expected, found).
    part: `event` (sequence number, hash), `dossier` (CACHED, then DERIVED)."""
    async for row in connection.cursor(_LOOK, span.after, span.upto, only, prefetch=_PREFETCH):
        yield row


async def notes(connection: Connection, span: Span) -> AsyncIterator[asyncpg.Record]:
    """The words of a range without the words: their hash made anew, and the one that the chain holds."""
    async for row in connection.cursor(_NOTES, span.after, span.upto, prefetch=_PREFETCH):
        yield row


async def below_all_ranges(connection: Connection) -> int | None:
    """The lowest number that there is, where a dossier or an event has it: no range of numbers begins before it."""
    lowest = -(2**63)
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM dossier WHERE id = $1) OR EXISTS (SELECT FROM dossier_event WHERE dossier_id = $1)"
        " OR EXISTS (SELECT FROM event_note WHERE dossier_id = $1)",
        lowest,
    )
    return lowest if found else None


async def agency_codes(connection: Connection) -> dict[int, str]:
    """Every agency's code by its id."""
    return {row[0]: row[1] for row in await connection.fetch("SELECT id, code FROM agency")}
