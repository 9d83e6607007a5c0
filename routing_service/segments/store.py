"""The SQL of segments. Set-wise where cases open by the thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from routing_service.cases.store import OPEN
from routing_service.segment_clock.rules import Pause, Segment, pauses_of
from routing_service.segment_corrections.rules import Reception
from routing_service.segments.rules import Holding, Track, side_by_side
from routing_service.workflows.rules import Kind, StepRole
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.domain.terms import Due, Term, TermUnit
from shared.web.database import Connection

# Most installations' cases open without a workflow: then the first condition alone is asked. The nearest one holds: a
# linked one before an internal one, the agency's own before its level's, that before everybody's.
_OF_THE_PLACE = "(w.agency_id = d.agency_id OR (w.agency_id IS NULL AND (w.level IS NULL OR w.level = a.level)))"
_HOLDING = f"""
SELECT DISTINCT ON (d.id) d.id AS dossier_id, d.code, d.agency_id, d.channel, d.received_day, c.opened_at,
  w.id AS workflow_id, w.code AS workflow, w.kind
FROM dossier d
JOIN dossier_case c ON c.dossier_id = d.id
JOIN procedure_version v ON v.id = d.version_id
JOIN procedure p ON p.id = v.procedure_id
JOIN agency a ON a.id = d.agency_id
JOIN workflow w ON w.adopted AND w.procedure IN (p.national_core, p.code) AND w.period @> d.received_day
  AND {_OF_THE_PLACE}
WHERE EXISTS (SELECT FROM workflow WHERE adopted) AND d.code = ANY($1) AND d.finished_at IS NULL
ORDER BY d.id, w.kind = 'linked' DESC, w.agency_id IS NULL, w.level IS NULL
"""

_BEGIN = """
INSERT INTO case_segment (dossier_id, no, workflow_id, agency_id, desk, role, task, value, unit, follows,
  planned_due_at, entered_at, due_at, late_from)
SELECT g.dossier_id, g.no, g.workflow_id, g.agency_id, g.desk, g.role, g.task, g.value, g.unit, g.follows::smallint[],
  g.planned_due_at, g.entered_at, g.due_at, g.late_from
FROM unnest($1::bigint[], $2::smallint[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::numeric[],
  $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
  AS g (dossier_id, no, workflow_id, agency_id, desk, role, task, value, unit, follows, planned_due_at, entered_at,
    due_at, late_from)
"""

_COLUMNS = """
  s.no, s.agency_id, s.desk, s.role, s.task, s.value, s.unit, s.follows, s.planned_due_at, s.entered_at, s.due_at,
  s.late_from, s.left_at, s.worked, s.late, s.result, s.left_by, s.note
"""

_OPEN = f"""
SELECT d.id AS dossier_id, d.code, c.version, {_COLUMNS}
FROM case_segment s JOIN dossier d ON d.id = s.dossier_id JOIN dossier_case c ON c.dossier_id = d.id
WHERE s.result IS NULL AND s.entered_at IS NOT NULL AND {OPEN}
  AND s.agency_id = ANY($1)
"""


async def holding(connection: Connection, codes: Sequence[str]) -> list[Holding]:
    """The workflows that hold for dossiers whose cases have just been opened; none for most."""
    return [
        Holding(
            dossier_id=row["dossier_id"],
            code=row["code"],
            agency_id=row["agency_id"],
            online=row["channel"] == Channel.ONLINE,
            received_day=row["received_day"],
            opened_at=row["opened_at"],
            workflow_id=row["workflow_id"],
            workflow=row["workflow"],
            kind=Kind(row["kind"]),
        )
        for row in await connection.fetch(_HOLDING, list(codes))
    ]


async def begin(connection: Connection, segments: Sequence[tuple[Holding, Segment]]) -> None:
    """Write the segments of many dossiers, in one statement."""
    await connection.execute(
        _BEGIN,
        [holding.dossier_id for holding, _ in segments],
        [segment.no for _, segment in segments],
        [holding.workflow_id for holding, _ in segments],
        [segment.agency_id for _, segment in segments],
        [segment.desk for _, segment in segments],
        [segment.role for _, segment in segments],
        [segment.task for _, segment in segments],
        [segment.allotted.value for _, segment in segments],
        [segment.allotted.unit for _, segment in segments],
        # Arrays of arrays are flattened on their way: each goes as PostgreSQL writes it.
        ["{" + ",".join(map(str, segment.follows)) + "}" for _, segment in segments],
        [segment.planned_due_at for _, segment in segments],
        [segment.entered_at for _, segment in segments],
        [segment.due.at if segment.due else None for _, segment in segments],
        [segment.due.late_from if segment.due else None for _, segment in segments],
    )


async def track(connection: Connection, dossier_id: int) -> Track | None:
    """The workflow that a dossier began with; None where none held."""
    return (await tracks(connection, [dossier_id])).get(dossier_id)


async def tracks(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, Track]:
    """The workflows that dossiers began with; without those for which none held."""
    found = {}
    for row in await connection.fetch(
        "SELECT d.id, w.id AS workflow_id, w.code, w.version, w.kind, d.channel,"
        f" w.procedure IN (p.national_core, p.code) AND {_OF_THE_PLACE} AS holds"
        " FROM dossier d JOIN workflow w ON w.id ="
        " (SELECT workflow_id FROM case_segment WHERE dossier_id = d.id LIMIT 1)"
        " JOIN procedure_version v ON v.id = d.version_id JOIN procedure p ON p.id = v.procedure_id"
        " JOIN agency a ON a.id = d.agency_id WHERE d.id = ANY($1)",
        dossier_ids,
    ):
        kind, online = Kind(row["kind"]), row["channel"] == Channel.ONLINE
        parallel = side_by_side(kind, online)
        found[row["id"]] = Track(
            row["workflow_id"], row["holds"], row["code"], row["version"], kind, parallel=parallel, paper=not online
        )
    return found


async def of(connection: Connection, dossier_id: int) -> dict[int, Segment]:
    """The segments of a dossier, by number."""
    return (await of_all(connection, [dossier_id]))[dossier_id]


async def of_all(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, dict[int, Segment]]:
    """The segments of dossiers, by number."""
    found: dict[int, dict[int, Segment]] = {dossier_id: {} for dossier_id in dossier_ids}
    for row in await connection.fetch(
        f"SELECT s.dossier_id, {_COLUMNS} FROM case_segment s WHERE s.dossier_id = ANY($1) ORDER BY s.dossier_id, s.no",
        list(found),
    ):
        found[row["dossier_id"]][row["no"]] = _segment(row)
    return found


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A share that an agency has to work on, its dossier and the version of its case. entered_late_from: the first
    instant that was to be late when it entered, by which the list is in order."""

    dossier_id: int
    code: str
    version: int
    segment: Segment
    entered_late_from: datetime | None


async def listed(
    connection: Connection, agencies: list[int], *, after: tuple[datetime | None, int, int] | None, limit: int
) -> list[OpenRow]:
    """Shares that `agencies` have to work on, by the first instant that is late; those without one at the end.

    `after`: (late_from, dossier id, number) of the last row of the page before; None for the first page.
    """
    late_from, dossier_id, no = after or (None, None, None)
    if after is None:
        further = "$2::timestamptz IS NULL AND $3::bigint IS NULL AND $4::smallint IS NULL"
    elif late_from is None:
        further = "$2::timestamptz IS NULL AND s.late_from IS NULL AND (s.dossier_id, s.no) > ($3, $4::smallint)"
    else:
        further = "((s.late_from, s.dossier_id, s.no) > ($2, $3, $4::smallint) OR s.late_from IS NULL)"
    rows = await connection.fetch(
        f"{_OPEN} AND {further} ORDER BY s.late_from, s.dossier_id, s.no LIMIT $5",
        agencies,
        late_from,
        dossier_id,
        no,
        limit,
    )
    return [OpenRow(row["dossier_id"], row["code"], row["version"], _segment(row), row["late_from"]) for row in rows]


async def pauses(connection: Connection, dossier_id: int) -> tuple[Pause, ...]:
    """When a dossier waited for its applicant, by intake's log."""
    return (await pauses_of_all(connection, [dossier_id]))[dossier_id]


async def pauses_of_all(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, tuple[Pause, ...]]:
    """When dossiers waited for their applicants."""
    events: dict[int, list[tuple[datetime, bool]]] = {dossier_id: [] for dossier_id in dossier_ids}
    for dossier_id, at, paused in await connection.fetch(
        "SELECT dossier_id, occurred_at, paused FROM dossier_event"
        " WHERE dossier_id = ANY($1) AND finished_day IS NULL ORDER BY dossier_id, seq",
        list(events),
    ):
        events[dossier_id].append((at, paused))
    return {dossier_id: pauses_of(happened) for dossier_id, happened in events.items()}


async def write(connection: Connection, dossier_id: int, segments: Sequence[Segment], *, recorded_at: datetime) -> None:
    """Bring segments to what was decided: they entered, or are over."""
    await connection.executemany(
        "UPDATE case_segment SET entered_at = $3, due_at = $4, late_from = $5, left_at = $6, worked = $7, late = $8,"
        " result = $9, left_by = $10, note = $11, recorded_at = $12, agency_id = $13, desk = $14, planned_due_at = $15"
        " WHERE dossier_id = $1 AND no = $2",
        [
            (
                dossier_id,
                segment.no,
                segment.entered_at,
                segment.due.at if segment.due else None,
                segment.due.late_from if segment.due else None,
                segment.left_at,
                segment.worked,
                segment.late,
                segment.result,
                segment.left_by,
                segment.note,
                recorded_at,
                segment.agency_id,
                segment.desk,
                segment.planned_due_at,
            )
            for segment in segments
        ],
    )


async def touch(connection: Connection, dossier_id: int) -> None:
    """The case has another version: something of it changed that is not who holds it."""
    await connection.execute("UPDATE dossier_case SET version = version + 1 WHERE dossier_id = $1", dossier_id)


async def ended_at(connection: Connection, dossier_id: int) -> datetime | None:
    """When a dossier ended, by what is committed now; None while it goes on."""
    at: datetime | None = await connection.fetchval("SELECT finished_at FROM dossier WHERE id = $1", dossier_id)
    return at


# What a case began with is corrected where intake's log says that it was what the dossier's acceptance had been.
_CORRECTED = """
SELECT d.code, CASE WHEN c.opened_at < d.accepted_at OR c.opened_at = ANY(e.were_accepted_at) THEN d.accepted_at
  ELSE c.opened_at END AS opened_at, coalesce(e.elsewhere, false) AS elsewhere
FROM dossier d JOIN dossier_case c ON c.dossier_id = d.id CROSS JOIN LATERAL (
  SELECT array_agg((p ->> 'was_accepted_at')::timestamptz) FILTER (WHERE kind = 'corrected') AS were_accepted_at,
    bool_or((p ->> 'was_procedure', p ->> 'was_agency', p ->> 'was_channel', left(p ->> 'was_accepted_at', 10))
      IS DISTINCT FROM (p ->> 'procedure', p ->> 'agency', p ->> 'channel', left(p ->> 'accepted_at', 10)))
      FILTER (WHERE kind = 'corrected') AS elsewhere,
    count(*) AS events
  FROM (SELECT kind, payload::jsonb AS p FROM dossier_event
    WHERE dossier_id = d.id AND kind IN ('corrected', 'reopened')) happened
) e
WHERE d.code = ANY($1) AND e.events > 0 ORDER BY d.id
"""


async def corrected(connection: Connection, codes: Sequence[str]) -> list[Reception]:
    """Of dossiers by their codes those whose reception was corrected, or that were re-opened."""
    rows = await connection.fetch(_CORRECTED, list(codes))
    return [Reception(row["code"], row["opened_at"], row["elsewhere"]) for row in rows]


async def begin_otherwise(
    connection: Connection, dossier_id: int, holding: Holding | None, segments: Sequence[Segment]
) -> None:
    """Other segments in the place of those with which a dossier began, none of which was done. None: there are none."""
    await connection.execute("DELETE FROM case_segment WHERE dossier_id = $1", dossier_id)
    if holding is not None:
        await begin(connection, [(holding, segment) for segment in segments])


async def open_at(connection: Connection, dossier_id: int, opened_at: datetime) -> None:
    """The case began then."""
    await connection.execute("UPDATE dossier_case SET opened_at = $2 WHERE dossier_id = $1", dossier_id, opened_at)


async def over_with_segments(connection: Connection, *, limit: int) -> Mapping[int, datetime]:
    """Dossiers that have ended while some of their segments are not over: id → when."""
    rows = await connection.fetch(
        "SELECT d.id, d.finished_at FROM dossier d WHERE d.finished_at IS NOT NULL AND d.id IN"
        " (SELECT dossier_id FROM case_segment WHERE result IS NULL) ORDER BY d.id LIMIT $1",
        limit,
    )
    return {row[0]: row[1] for row in rows}


def _segment(row: asyncpg.Record) -> Segment:
    due = None
    if row["due_at"] is not None:
        due = Due(row["due_at"], civil_day(row["due_at"]), row["late_from"])
    return Segment(
        no=row["no"],
        agency_id=row["agency_id"],
        desk=row["desk"],
        role=StepRole(row["role"]),
        task=row["task"],
        allotted=Term(row["value"], TermUnit(row["unit"])),
        follows=tuple(row["follows"]),
        planned_due_at=row["planned_due_at"],
        entered_at=row["entered_at"],
        due=due,
        left_at=row["left_at"],
        worked=row["worked"],
        late=row["late"],
        result=row["result"],
        left_by=row["left_by"],
        note=row["note"],
    )
