"""The SQL that counts as the national scoring does: one pass over the dossiers of a period, judged by their dates.

shared.domain.national says how one dossier is judged; here it is said set-wise for all that need no calendar, and a
test holds the two together over random histories. What needs one comes out as a row of its own (`sole`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

import asyncpg

from shared.web.database import Reading
from stats_service.facts.store import CASE_THEN, VERSION_THEN

# The dossiers that were received by the end of the period [$2, $3] and not over before it, of the agencies $1.
_NOW = """
facts AS MATERIALIZED (
  SELECT id, {what} FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_at IS NULL
  UNION ALL
  SELECT id, {what} FROM dossier
  WHERE agency_id = ANY($1::int[]) AND received_day <= $3::date AND finished_day >= $2::date
)
""".format(
    what="agency_id, channel, case_no, version_id, accepted_at, received_day, finished_day, finished_at AS over_at,"
    " original_due_at"
)
# The same as recorded by $4, each of the procedure and the case that it was taken for then. The date first promised
# moves with a correction of the reception alone, whose event carries it; the instant of the end is that of the last
# event that ended it.
_THEN = f"""
facts AS MATERIALIZED (
  SELECT e.id, e.agency_id, e.channel, CASE WHEN e.seq = d.event_seq THEN d.case_no ELSE {CASE_THEN} END AS case_no,
    CASE WHEN e.seq = d.event_seq THEN d.version_id ELSE {VERSION_THEN} END AS version_id, promised.accepted_at,
    e.received_day, e.finished_day, ended.occurred_at AS over_at, promised.original_due_at
  FROM (
    SELECT DISTINCT ON (dossier_id) dossier_id AS id, seq, agency_id, channel, received_day, finished_day
    FROM dossier_event WHERE recorded_at <= $4::timestamptz ORDER BY dossier_id, seq DESC
  ) e JOIN dossier d ON d.id = e.id
  CROSS JOIN LATERAL (
    SELECT CASE h.kind WHEN 'accepted' THEN h.occurred_at ELSE (h.payload::json ->> 'accepted_at')::timestamptz END
        AS accepted_at,
      (h.payload::json ->> CASE h.kind WHEN 'accepted' THEN 'due_at' ELSE 'original_due_at' END)::timestamptz
        AS original_due_at
    FROM dossier_event h
    WHERE h.dossier_id = e.id AND h.recorded_at <= $4::timestamptz
      AND (h.kind = 'accepted' OR h.kind IN ('corrected', 'rescheduled') AND h.payload LIKE '%"promised_at"%')
    ORDER BY h.seq DESC LIMIT 1
  ) promised
  LEFT JOIN LATERAL (
    SELECT h.occurred_at FROM dossier_event h
    WHERE h.dossier_id = e.id AND h.recorded_at <= $4::timestamptz AND h.kind IN ('finished', 'withdrawn', 'stopped')
    ORDER BY h.seq DESC LIMIT 1
  ) ended ON e.finished_day IS NOT NULL
  WHERE e.agency_id = ANY($1::int[]) AND e.received_day <= $3::date
    AND (e.finished_day IS NULL OR e.finished_day >= $2::date)
)
"""

# $5: the instant that stands in for the end of what is open. A supplement is asked for after acceptance: before it,
# nothing counts.
_KNOWN = "h.occurred_at <= $5::timestamptz AND h.recorded_at <= coalesce($4::timestamptz, 'infinity')"
_WAITS = f"""
asked AS MATERIALIZED (
  SELECT h.dossier_id, count(*) AS requests, max(h.seq) AS seq, max(h.occurred_at) AS asked_at
  FROM facts f JOIN dossier_event h ON h.dossier_id = f.id
  WHERE h.kind = 'supplement_requested' AND h.received_day IS NOT NULL AND {_KNOWN}
  GROUP BY h.dossier_id
), waits AS (
  SELECT a.dossier_id, a.requests, a.asked_at, (
    SELECT h.occurred_at FROM dossier_event h
    WHERE h.dossier_id = a.dossier_id AND h.seq > a.seq AND h.kind = 'supplemented' AND {_KNOWN}
    ORDER BY h.seq LIMIT 1
  ) AS answered_at
  FROM asked a
)
"""

# A term in hours is judged by the instant, every other by the day (terms.Due). A case that a channel does not list is
# what holds when nobody names one (ProcedureVersion.term).
_TERMS = """
LEFT JOIN procedure_term own ON (own.version_id, own.channel, own.case_no) = (f.version_id, f.channel, f.case_no)
LEFT JOIN procedure_term usual ON (usual.version_id, usual.channel, usual.case_no) = (f.version_id, f.channel, 1)
"""
_UNIT = "coalesce(own.unit, usual.unit)"
_DAY_AFTER = (
    "(((original_due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')"
)

# $6: versions with other terms than none. $7: the working days up to each day of the period, null where there is no
# calendar. $8: what the catalogue calls an online service from the first step to the last.
_JUDGED = f"""
placed AS (
  SELECT f.id, f.agency_id, f.channel, f.case_no, f.version_id, f.accepted_at, f.received_day, f.original_due_at,
    CASE WHEN f.finished_day <= $3::date THEN f.over_at END AS over_at,
    CASE WHEN f.finished_day <= $3::date THEN f.finished_day END AS over_day,
    f.received_day >= $2::date AS new, {_UNIT} AS unit, v.online_level = $8::text AS full_online,
    w.requests, w.asked_at, w.answered_at
  FROM facts f JOIN procedure_version v ON v.id = f.version_id {_TERMS}
  LEFT JOIN waits w ON w.dossier_id = f.id
), dated AS (
  SELECT *, coalesce(requests, 0) > 1 AS asked_again,
    coalesce(over_at, CASE WHEN answered_at IS NULL THEN asked_at END, $5::timestamptz) >=
      CASE unit WHEN 'working_hour' THEN original_due_at + interval '1 microsecond' ELSE {_DAY_AFTER} END AS past
  FROM placed
), judged AS (
  SELECT *, new AND over_at IS NOT NULL AS done,
    CASE WHEN NOT asked_again AND (past AND answered_at IS NOT NULL OR past IS NULL AND version_id = ANY($6::int[]))
      THEN id END AS sole
  FROM dated
)
"""
_COUNTED = f"""{_JUDGED}
SELECT agency_id, sole, count(*),
  count(*) FILTER (WHERE sole IS NULL AND NOT asked_again AND past IS NOT TRUE),
  count(*) FILTER (WHERE over_at IS NOT NULL),
  count(*) FILTER (WHERE new AND channel = 2),
  count(*) FILTER (WHERE new AND channel = 1),
  count(*) FILTER (WHERE new AND channel = 3),
  count(*) FILTER (WHERE new AND full_online),
  count(*) FILTER (WHERE new AND full_online AND channel = 2),
  count(*) FILTER (WHERE done AND unit IN ('working_day', 'same_day')),
  CASE WHEN $7::int[] IS NOT NULL THEN coalesce(sum(
    ($7::int[])[over_day - $2::date + 1] - ($7::int[])[received_day - $2::date + 1]
  ) FILTER (WHERE done AND unit IN ('working_day', 'same_day')), 0)::bigint END,
  count(*) FILTER (WHERE done AND unit = 'calendar_day'),
  coalesce(sum(over_day - received_day) FILTER (WHERE done AND unit = 'calendar_day'), 0)::bigint,
  count(*) FILTER (WHERE done AND unit = 'month'),
  coalesce(sum(over_day - received_day) FILTER (WHERE done AND unit = 'month'), 0)::bigint,
  min(version_id) AS version_id, min(channel) AS channel, min(case_no) AS case_no, min(accepted_at) AS accepted_at,
  min(original_due_at) AS original_due_at, min(over_at) AS over_at, min(asked_at) AS asked_at,
  min(answered_at) AS answered_at
FROM judged GROUP BY agency_id, sole
"""
# What is late, and what may be. $7 is of the counts. Of what is judged here nothing more is told than its id: there may
# be a hundred thousand.
_OVERDUE = f"""{_JUDGED}
SELECT j.id, j.sole, doubt.* FROM judged j LEFT JOIN LATERAL (
  SELECT j.agency_id, j.version_id, j.channel, j.case_no, j.accepted_at, j.original_due_at, j.over_at, j.asked_at,
    j.answered_at
) doubt ON j.sole IS NOT NULL
WHERE (j.sole IS NOT NULL OR j.asked_again OR j.past) AND $7::int[] IS NULL
"""

_BY_HOUR = f"""
SELECT f.agency_id, f.accepted_at, f.over_at FROM facts f {_TERMS}
WHERE f.received_day >= $2::date AND f.finished_day <= $3::date AND {_UNIT} = 'working_hour'
"""

FactsOf = Literal["now", "then"]
_FACTS = MappingProxyType({"now": _NOW, "then": _THEN})


@dataclass(frozen=True, slots=True)
class NationalQuestion:
    """Whose dossiers, in which period, as recorded by when (None: as known now), and the instant that stands in for
    the end of what is open."""

    agencies: Sequence[int]
    first: date
    last: date
    as_of: datetime | None
    until: datetime

    @property
    def facts(self) -> str:
        """The dossiers that the period sees."""
        return _FACTS["then" if self.as_of else "now"]


async def national_counts(
    connection: Reading,
    asked: NationalQuestion,
    *,
    with_other_terms: Sequence[int],
    working_days: Sequence[int] | None,
    full_online: str,
) -> list[asyncpg.Record]:
    """One row an agency with `sole` null: the fields of NationalCounts after agency_id and sole. One row for each
    dossier that its dates do not judge: the same counts, it not among those on time, and the fields of Doubtful."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.facts}, {_WAITS}, {_COUNTED}"
    return await connection.fetch(
        sql,
        list(asked.agencies),
        asked.first,
        asked.last,
        asked.as_of,
        asked.until,
        list(with_other_terms),
        list(working_days) if working_days is not None else None,
        full_online,
    )


async def nationally_overdue(
    connection: Reading, asked: NationalQuestion, *, with_other_terms: Sequence[int], full_online: str
) -> list[asyncpg.Record]:
    """The dossiers of the period that are late: id, `sole` and the fields of Doubtful. Where `sole` is set, the dates
    do not judge it, and it may be on time."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.facts}, {_WAITS}, {_OVERDUE}"
    period = (asked.first, asked.last, asked.as_of, asked.until)
    return await connection.fetch(sql, list(asked.agencies), *period, list(with_other_terms), None, full_online)


async def ended_by_hour(connection: Reading, asked: NationalQuestion) -> list[asyncpg.Record]:
    """agency_id, accepted_at, over_at of what has a term in hours and was accepted and ended within the period."""
    unused = "AND ($4::timestamptz) IS NOT DISTINCT FROM ($4)"
    return await connection.fetch(
        f"WITH {asked.facts} {_BY_HOUR} {unused}", list(asked.agencies), asked.first, asked.last, asked.as_of
    )
