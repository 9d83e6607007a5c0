"""The SQL that reports and lists begin with: every dossier that a question can see, with its facts.

$1: ids of agencies. [$2, $3]: the period. $4: as_of, null for now. What was finished before the period cancels out of
every figure, so it is not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.web.database import Reading
from stats_service.groupings.rules import UNASSIGNED
from stats_service.periods.rules import Period

FACTS = "agency_id, channel, status, received_day, due_day, late_day, finished_day, verdict"
_NOW = f"""
facts AS (
  SELECT id, {FACTS}, version_id, code FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_at IS NULL
  UNION ALL
  SELECT id, {FACTS}, version_id, code FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_day >= $2::date
)
"""
#: No payload is read as JSON here: whoever changed an event may have broken it.
#: In which version of which procedure dossier `d` was after its event `e`: the first correction behind it says what it
#: corrected. Older corrections say the procedure only, and the version that held on the day of reception stands for it:
#: mostly it was that one, unless the dossier was handed in before, or the version was entered later.
VERSION_THEN = """coalesce((
  SELECT coalesce(was.version, (
    SELECT v.id FROM procedure p JOIN procedure_version v ON v.procedure_id = p.id
    WHERE p.code = was.code
      AND e.received_day BETWEEN coalesce(v.valid_from, '-infinity') AND coalesce(v.valid_to, 'infinity') LIMIT 1
  )) FROM (
    SELECT substring(c.payload FROM '"was_procedure": ?"([^"]*)"') AS code,
      left(substring(c.payload FROM '"was_version_id": ?([0-9]+)'), 9)::int AS version FROM dossier_event c
    WHERE c.dossier_id = e.id AND c.seq > e.seq AND c.kind = 'corrected' ORDER BY c.seq LIMIT 1
  ) was
), d.version_id)"""
#: Which case of it, likewise.
CASE_THEN = """coalesce((
  SELECT substring(c.payload FROM '"was_case": ?([0-9]{1,4})[,}]')::int FROM dossier_event c
  WHERE c.dossier_id = e.id AND c.seq > e.seq AND c.kind = 'corrected' ORDER BY c.seq LIMIT 1
), d.case_no)"""
# The facts of each dossier after the last event recorded by $4.
_THEN = f"""
facts AS (
  SELECT e.*, CASE WHEN e.seq = d.event_seq THEN d.version_id ELSE {VERSION_THEN} END AS version_id, d.code
  FROM (
    SELECT DISTINCT ON (dossier_id) dossier_id AS id, seq, {FACTS} FROM dossier_event
    WHERE recorded_at <= $4::timestamptz ORDER BY dossier_id, seq DESC
  ) e JOIN dossier d ON d.id = e.id
  WHERE e.agency_id = ANY($1::int[]) AND e.received_day <= $3::date
    AND (e.finished_day IS NULL OR e.finished_day >= $2::date)
)
"""

#: Every parameter has its type here, whichever of them a condition needs. $5: the day of knowledge, null for now.
TYPED = "($2::date, $3::date, $4::timestamptz, $5::date) IS NOT DISTINCT FROM ($2, $3, $4, $5)"

_CIVIL_DAY = "(h.occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"

# In whose hands dossier `f` is: its case says so, finished or not. Then: the last assignment recorded by $4, unless it
# was handed on since, for whoever had it at the giver does not have it at the receiver. A dossier that has no case (it
# was imported) is in nobody's.
_OFFICER_NOW = f"""coalesce((SELECT c.assignee FROM dossier_case c WHERE c.dossier_id = f.id), '{UNASSIGNED}')"""
_OFFICER_THEN = f"""coalesce((
  SELECT told.assignee FROM (
    (SELECT a.recorded_at, a.assignee FROM assignment a
     WHERE a.dossier_id = f.id AND a.recorded_at <= $4::timestamptz ORDER BY a.seq DESC LIMIT 1)
    UNION ALL
    (SELECT m.recorded_at, NULL FROM hand_over m
     WHERE m.dossier_id = f.id AND m.recorded_at <= $4::timestamptz ORDER BY m.seq DESC LIMIT 1)
  ) told ORDER BY told.recorded_at DESC LIMIT 1), '{UNASSIGNED}')"""

# Where the last reorganisation that took dossier `f` out of its own agency's hands moved its case; null if none did.
MOVED_TO = """(SELECT m.to_agency_id FROM hand_over m WHERE m.dossier_id = f.id AND m.kind = 'reorganisation'
  AND m.from_agency_id = f.agency_id AND m.recorded_at <= coalesce($4::timestamptz, 'infinity')
  ORDER BY m.seq DESC LIMIT 1)"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose dossiers, in which period, as recorded by when (None: as known now)."""

    agencies: Sequence[int]
    period: Period
    as_of: datetime | None
    day_of_knowledge: date | None

    @property
    def values(self) -> list[object]:
        """$1 to $4."""
        return [list(self.agencies), self.period.first, self.period.last, self.as_of]

    @property
    def facts(self) -> str:
        """The CTE `facts`."""
        return _THEN if self.as_of else _NOW

    @property
    def officer(self) -> str:
        """In whose hands dossier `f` is: an expression."""
        return _OFFICER_THEN if self.as_of else _OFFICER_NOW


def paused(at_the_end_of: str) -> str:
    """Whether dossier `f` was waiting for its applicant at the end of a day. A dossier's events follow each other in
    time, so that is the flag of its last event by then."""
    return (
        f"coalesce((SELECT h.paused FROM dossier_event h WHERE h.dossier_id = f.id AND {_CIVIL_DAY} <= {at_the_end_of}"
        f" AND h.recorded_at <= coalesce($4::timestamptz, 'infinity') ORDER BY h.seq DESC LIMIT 1), false)"
    )


async def plan_for_these_values(connection: Reading) -> None:
    """A day and the whole, a ward and the province want different plans: one for all of them takes minutes."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
