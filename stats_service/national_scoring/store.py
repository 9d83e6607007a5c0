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

from shared.domain.national import Compare
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
    " original_due_at, due_day, late_day, verdict"
)
# The same as recorded by $4, each of the procedure and the case that it was taken for then. The date first promised
# moves with a correction of the reception alone, whose event carries it; the instant of the end is that of the last
# event that ended it.
_THEN = f"""
facts AS MATERIALIZED (
  SELECT e.id, e.agency_id, e.channel, CASE WHEN e.seq = d.event_seq THEN d.case_no ELSE {CASE_THEN} END AS case_no,
    CASE WHEN e.seq = d.event_seq THEN d.version_id ELSE {VERSION_THEN} END AS version_id, promised.accepted_at,
    e.received_day, e.finished_day, ended.occurred_at AS over_at, promised.original_due_at, e.due_day, e.late_day,
    e.verdict
  FROM (
    SELECT DISTINCT ON (dossier_id) dossier_id AS id, seq, agency_id, channel, received_day, finished_day, due_day,
      late_day, verdict
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

# $5: the instant that stands in for the end of what is open. What was asked for before acceptance counts nothing; the
# national side tells the one from the other by their instants, to the second.
_KNOWN = "h.occurred_at <= $5::timestamptz AND h.recorded_at <= coalesce($4::timestamptz, 'infinity')"
WAITS = f"""
asked AS MATERIALIZED (
  SELECT h.dossier_id, count(*) AS requests, max(h.seq) AS seq, max(h.occurred_at) AS asked_at
  FROM facts f JOIN dossier_event h ON h.dossier_id = f.id
  WHERE h.kind = 'supplement_requested' AND {_KNOWN}
    AND date_trunc('second', h.occurred_at) >= date_trunc('second', f.accepted_at)
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

# A case that a channel does not list is what holds when nobody names one (ProcedureVersion.term).
_TERMS = """
LEFT JOIN procedure_term own ON (own.version_id, own.channel, own.case_no) = (f.version_id, f.channel, f.case_no)
LEFT JOIN procedure_term usual ON (usual.version_id, usual.channel, usual.case_no) = (f.version_id, f.channel, 1)
"""
_UNIT = "coalesce(own.unit, usual.unit)"
_DAY = "({} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
# The seconds of a wait: as an interval of days it would be as long as the days of some zone.
_WAITED = (
    "make_interval(secs => extract(epoch FROM date_trunc('second', answered_at) - date_trunc('second', asked_at)))"
)

# $6: versions with other terms than none. $7: the working days up to each day of the period, null where there is no
# calendar. $8: what the catalogue calls an online service from the first step to the last. $9: what is compared.
_JUDGED = f"""
placed AS (
  SELECT f.id, f.agency_id, f.channel, f.case_no, f.version_id, f.accepted_at, f.received_day, f.original_due_at,
    CASE WHEN f.finished_day <= $3::date THEN f.over_at END AS over_at,
    CASE WHEN f.finished_day <= $3::date THEN f.finished_day END AS over_day,
    f.received_day >= $2::date AS new, {_UNIT} AS unit, v.online_level = $8::text AS full_online,
    w.requests, w.asked_at, w.answered_at, f.due_day, f.late_day, f.verdict
  FROM facts f JOIN procedure_version v ON v.id = f.version_id {_TERMS}
  LEFT JOIN waits w ON w.dossier_id = f.id
), timed AS (
  SELECT *, coalesce(requests, 0) > 1 AS asked_again,
    date_trunc('second', coalesce(over_at, CASE WHEN answered_at IS NULL THEN asked_at END, $5::timestamptz))
      - CASE WHEN answered_at IS NOT NULL THEN {_WAITED} ELSE interval '0' END AS judged_at,
    date_trunc('second', original_due_at) AS promised_at
  FROM placed
), dated AS (
  SELECT *, CASE $9::text WHEN '{Compare.INSTANT}' THEN judged_at > promised_at
    ELSE {_DAY.format("judged_at")} > {_DAY.format("promised_at")} END AS past
  FROM timed
), judged AS (
  SELECT *, new AND over_at IS NOT NULL AS done,
    CASE WHEN NOT asked_again AND past IS NULL AND version_id = ANY($6::int[]) THEN id END AS sole
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
  min(version_id) AS version_id, min(accepted_at) AS accepted_at, min(over_at) AS over_at, min(asked_at) AS asked_at,
  min(answered_at) AS answered_at
FROM judged GROUP BY agency_id, sole
"""
# What is late, and what may be. $7 is of the counts. Of what is judged here nothing more is told than its id: there may
# be a hundred thousand.
_OVERDUE = f"""{_JUDGED}
SELECT j.id, j.sole, doubt.* FROM judged j LEFT JOIN LATERAL (
  SELECT j.version_id, j.accepted_at, j.over_at, j.asked_at, j.answered_at
) doubt ON j.sole IS NOT NULL
WHERE (j.sole IS NOT NULL OR j.asked_again OR j.past) AND $7::int[] IS NULL
"""

_DOUBTFUL = f"""{_JUDGED}
SELECT id, version_id, accepted_at, over_at, asked_at, answered_at FROM judged
WHERE sole IS NOT NULL AND $7::int[] IS NULL
"""

_BY_HOUR = f"""
SELECT f.agency_id, f.accepted_at, f.over_at FROM facts f {_TERMS}
WHERE f.received_day >= $2::date AND f.finished_day <= $3::date AND {_UNIT} = 'working_hour'
"""

# Beside the verdict of the national rule that of the law, as the resolution report counts it. $10: the day of
# knowledge, null for now. $11: which of those that their dates do not judge are late. Where the two part, the first
# thing that explains it is named.
_LATE_BY_LAW = """CASE WHEN over_at IS NOT NULL THEN verdict NOT IN (1, 2)
    ELSE coalesce(late_day <= least($3::date, $10::date), false) END"""
_PAID_FOR = f"""EXISTS (SELECT FROM dossier_event h WHERE h.dossier_id = b.id AND h.kind = 'payment_requested'
      AND h.received_day IS NOT NULL AND {_KNOWN})"""
COMPARED = f"""{_JUDGED}, both_ways AS (
  SELECT *, {_LATE_BY_LAW} AS late_by_law,
    asked_again OR coalesce(past, false) OR id = ANY($11::bigint[]) AS late_nationally,
    {_DAY.format("judged_at")} AS judged_day, {_DAY.format("promised_at")} AS promised_day
  FROM judged WHERE $7::int[] IS NULL
), compared AS (
  SELECT *, CASE
    WHEN late_by_law = late_nationally THEN NULL
    WHEN late_nationally AND asked_again THEN 'second_request'
    WHEN promised_at IS NULL THEN 'no_date'
    WHEN judged_day = promised_day AND (judged_at > promised_at OR answered_at IS NULL) THEN 'hour_of_the_day'
    WHEN over_at IS NULL AND asked_at IS NOT NULL AND answered_at IS NULL THEN 'supplement_awaited'
    WHEN answered_at IS NOT NULL THEN 'supplement_wait'
    WHEN {_PAID_FOR} THEN 'payment_wait'
    ELSE 'other_date' END AS kind
  FROM both_ways b
)
"""
_TALLIED = f"""{COMPARED}
SELECT over_at IS NOT NULL AS over, late_by_law, late_nationally, kind, count(*) AS dossiers
FROM compared GROUP BY 1, 2, 3, 4
"""
# $12: differing, late or all; $13: a kind, or null. $14, $15: after which day and id. $16: how many.
_SIDE_BY_SIDE = f"""{COMPARED}, page AS (
  SELECT * FROM compared
  WHERE CASE $12::text WHEN 'differing' THEN kind IS NOT NULL WHEN 'late' THEN late_nationally ELSE true END
    AND ($13::text IS NULL OR kind = $13) AND (received_day, id) > ($14::date, $15::bigint)
  ORDER BY received_day, id LIMIT $16
)
SELECT c.id, d.code, p.code AS procedure, v.name AS procedure_name, v.sector, c.agency_id, c.channel, d.status,
  c.received_day, c.due_day, c.over_day AS finished_day, CASE WHEN c.over_at IS NOT NULL THEN c.verdict END AS verdict,
  c.late_day, c.version_id, c.accepted_at, c.original_due_at, c.over_at, c.late_by_law, c.late_nationally, c.kind
FROM page c JOIN dossier d ON d.id = c.id JOIN procedure_version v ON v.id = c.version_id
JOIN procedure p ON p.id = v.procedure_id ORDER BY c.received_day, c.id
"""
_COURSE = """
SELECT h.dossier_id, h.kind, h.occurred_at FROM dossier_event h
WHERE h.dossier_id = ANY($1::bigint[]) AND h.occurred_at <= $2::timestamptz
  AND h.recorded_at <= coalesce($3::timestamptz, 'infinity')
  AND h.kind IN ('supplement_requested', 'supplemented', 'finished', 'withdrawn', 'stopped')
ORDER BY h.dossier_id, h.seq
"""

FactsOf = Literal["now", "then"]
_FACTS = MappingProxyType({"now": _NOW, "then": _THEN})


@dataclass(frozen=True, slots=True)
class NationalQuestion:
    """Whose dossiers, in which period, as recorded by when (None: as known now), and the instant that stands in for
    the end of what is open. compare: what of an end is held against a date."""

    agencies: Sequence[int]
    first: date
    last: date
    as_of: datetime | None
    until: datetime
    compare: Compare = Compare.INSTANT

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
    sql = f"WITH {asked.facts}, {WAITS}, {_COUNTED}"
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
        asked.compare.value,
    )


async def nationally_overdue(
    connection: Reading, asked: NationalQuestion, *, with_other_terms: Sequence[int], full_online: str
) -> list[asyncpg.Record]:
    """The dossiers of the period that are late: id, `sole` and the fields of Doubtful. Where `sole` is set, the dates
    do not judge it, and it may be on time."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.facts}, {WAITS}, {_OVERDUE}"
    period = (asked.first, asked.last, asked.as_of, asked.until)
    others = (list(with_other_terms), None, full_online, asked.compare.value)
    return await connection.fetch(sql, list(asked.agencies), *period, *others)


async def ended_by_hour(connection: Reading, asked: NationalQuestion) -> list[asyncpg.Record]:
    """agency_id, accepted_at, over_at of what has a term in hours and was accepted and ended within the period."""
    unused = "AND ($4::timestamptz) IS NOT DISTINCT FROM ($4)"
    return await connection.fetch(
        f"WITH {asked.facts} {_BY_HOUR} {unused}", list(asked.agencies), asked.first, asked.last, asked.as_of
    )


async def doubtful(
    connection: Reading, asked: NationalQuestion, *, with_other_terms: Sequence[int], full_online: str
) -> list[asyncpg.Record]:
    """The dossiers of the period that their dates do not judge: id and the fields of Doubtful."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.facts}, {WAITS}, {_DOUBTFUL}"
    period = (asked.first, asked.last, asked.as_of, asked.until)
    others = (list(with_other_terms), None, full_online, asked.compare.value)
    return await connection.fetch(sql, list(asked.agencies), *period, *others)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question of both verdicts. day_of_knowledge: of as_of, null for now. late: ids of the dossiers that their dates
    do not judge and that are late."""

    asked: NationalQuestion
    with_other_terms: Sequence[int]
    full_online: str
    day_of_knowledge: date | None
    late: Sequence[int]

    @property
    def values(self) -> list[object]:
        """$1 to $11."""
        asked = self.asked
        period = [asked.first, asked.last, asked.as_of, asked.until]
        others = [list(self.with_other_terms), None, self.full_online, asked.compare.value, self.day_of_knowledge]
        return [list(asked.agencies), *period, *others, list(self.late)]


async def tallied(connection: Reading, comparison: Comparison) -> list[asyncpg.Record]:
    """over, late_by_law, late_nationally, kind (null: they agree), dossiers: of what the period sees."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return await connection.fetch(f"WITH {comparison.asked.facts}, {WAITS}, {_TALLIED}", *comparison.values)


async def side_by_side(
    connection: Reading,
    comparison: Comparison,
    *,
    verdicts: str,
    kind: str | None,
    after: tuple[date, int],
    limit: int,
) -> list[asyncpg.Record]:
    """The dossiers with both verdicts, by the day of reception and id, after a day and an id."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {comparison.asked.facts}, {WAITS}, {_SIDE_BY_SIDE}"
    return await connection.fetch(sql, *comparison.values, verdicts, kind, *after, limit)


async def courses(
    connection: Reading, dossiers: Sequence[int], until: datetime, as_of: datetime | None
) -> list[asyncpg.Record]:
    """dossier_id, kind, occurred_at: supplements and ends of dossiers by an instant, in order."""
    return await connection.fetch(_COURSE, list(dossiers), until, as_of)
