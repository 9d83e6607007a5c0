"""The SQL that passes over a range of dossiers once and keeps back each that might be wrong.

An event passes where the dossier's row is what it says: not only the last of its kind, every one. What passes is
right, then, and needs no second event beside it, no sorting and no join: two fifths of the time of looking closely.
Of a life in which a date was moved, an earlier event does not say what stands there now; it is kept back and looked at
closely (verification/store.py). A test holds the two together: nothing that differs passes.
"""

from typing import NamedTuple

from intake_service.verification.texts import MADE, UNCLEAN, has, has_number, said
from shared.domain.differences import Span
from shared.web.database import Connection


def _local(instant: str) -> str:
    # An offset that is not looked up, half the time. Before 1976 it is not the zone's: what differs by it is kept back.
    return f"{instant} AT TIME ZONE INTERVAL '7 hours'"


def _day(instant: str) -> str:
    return f"({_local(instant)})::date"


def _same(ours: str, theirs: str) -> str:
    return f"{ours} IS NOT DISTINCT FROM {theirs}"


# The last event leaves what the row holds.
_FACTS = ("agency_id", "channel", "received_day", "due_day", "late_day", "finished_day", "verdict", "paused")
_HEAD = " AND ".join(
    [
        "e.hash = d.event_hash AND e.status = d.status",
        *(_same(f"e.{fact}", f"d.{fact}") for fact in _FACTS),
        _same("e.received_day", _day("d.accepted_at")),
        _same("e.finished_day", _day("d.finished_at")),
        f"(d.accepted_at IS NULL OR {_same('e.late_day', _day('d.late_from'))})",
        f"((e.late_day > e.due_day) IS NOT TRUE OR e.late_day::timestamp = {_local('d.late_from')})",
        "(d.returned_at IS NULL OR e.kind = 'returned')",
        "(d.reference IS NULL OR d.accepted_at IS NOT NULL OR d.reference = d.code)",
    ]
)

_PROMISE = '"due_at":"'
# As a payload has it; to the second, as nearly all are.
_DATE_STANDS = f"""d.due_at = d.original_due_at
  AND substr(e.payload, strpos(e.payload, '{_PROMISE}') + {len(_PROMISE)}, 26)
  = replace(({_local("d.due_at")})::text, ' ', 'T') || '+07:00"'"""
_NO_DATE = "strpos(e.payload, '\"due_at\":null') > 0"
_SILENT = f"strpos(e.payload, '{_PROMISE}') = 0"
_AS_RECEIVED = f"""(NOT {has("procedure")} OR ({has_number("version_id", "d.version_id", "e.payload")}
  AND CASE WHEN {has("case")} THEN {has_number("case", "d.case_no", "e.payload")} ELSE d.case_no = 1 END))"""
_CODE_STANDS = f"(e.seq = 1 OR d.reference IS NULL OR {said('code')} IN ('', d.code))"
_OUTCOME_STANDS = f"""{said("outcome")} = CASE d.outcome
  WHEN 1 THEN 'granted' WHEN 2 THEN 'refused' WHEN 3 THEN 'withdrawn' WHEN 4 THEN 'stopped' END"""
#: What the row must hold if the event is right, by its kind. Whatever moves a date or takes something back is not here.
_BY_KIND = {
    "accepted": f"e.occurred_at = d.accepted_at AND {_AS_RECEIVED} AND {_CODE_STANDS} AND ({_DATE_STANDS}"
    f" OR CASE WHEN {_NO_DATE} THEN d.due_at IS NULL AND d.original_due_at IS NULL ELSE {_SILENT} END)",
    "submitted": f"e.occurred_at = d.submitted_at AND {_AS_RECEIVED}",
    "finished": f"e.occurred_at = d.finished_at AND {_OUTCOME_STANDS}",
    "withdrawn": "e.occurred_at = d.finished_at AND d.outcome = 3",
    "stopped": "e.occurred_at = d.finished_at AND d.outcome = 4",
    "returned": "e.occurred_at = d.returned_at",
    **dict.fromkeys(("extended", "rescheduled", "corrected", "reopened"), "false"),
}
_SAYS_SO = " ".join(f"WHEN '{kind}' THEN {stands}" for kind, stands in _BY_KIND.items())

# Each dossier has one event by the number that its row names as the last: where the two counts differ, one lacks it.
_SIFT = f"""
SELECT count(*) AS events, (SELECT count(*) FROM dossier WHERE id > $1 AND id <= $2) AS dossiers,
  count(*) FILTER (WHERE noted) AS noted, count(*) FILTER (WHERE last) AS heads,
  array_agg(DISTINCT dossier_id) FILTER (WHERE (seq = seq_before + 1 AND hash = made AND fits) IS NOT TRUE) AS kept
FROM (
  SELECT e.dossier_id, e.seq, e.hash, lag(e.seq, 1, 0) OVER w AS seq_before, {MADE} AS made,
    e.seq = d.event_seq AS last, {has("note")} AS noted,
    NOT ({UNCLEAN}) AND CASE WHEN e.seq = d.event_seq THEN {_HEAD} ELSE e.seq < d.event_seq END
      AND CASE e.kind {_SAYS_SO} ELSE true END AS fits
  FROM dossier_event e LEFT JOIN dossier d ON d.id = e.dossier_id AND d.id > $1 AND d.id <= $2
  WHERE e.dossier_id > $1 AND e.dossier_id <= $2
  WINDOW w AS (PARTITION BY e.dossier_id ORDER BY e.seq)
) passing
"""


class Sifted(NamedTuple):
    """How many a range has, with words those events that have some; and which dossiers to look at closely, also such as
    are not there. None: at all of the range."""

    events: int
    dossiers: int
    noted: int
    kept: list[int] | None


async def sifted(connection: Connection, span: Span) -> Sifted:
    """A range of dossiers, passed over once."""
    row = await connection.fetchrow(_SIFT, span.after, span.upto)
    assert row is not None
    kept = row["kept"] or [] if row["heads"] == row["dossiers"] else None
    return Sifted(row["events"], row["dossiers"], row["noted"], kept)
