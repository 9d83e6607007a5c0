"""The SQL of cases, and of what changes them. Dossiers are read, never written: they are intake's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from routing_service.cases.rules import (
    RECEIVED_BY_SAYING,
    CaseRow,
    Change,
    Finish,
    LastStep,
    Movement,
)
from shared.domain.lifecycle import Outcome
from shared.web.database import Connection

# The statement sees the state before it, so a case that another process opens at the same moment is not in `before`;
# ON CONFLICT then leaves it alone, and it counts as existing. Where the dossier was re-opened, the finish that intake
# was told of is cleared: it holds no more, and the case stands in the index of what is open again.
_OPEN = """
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS g (code, desk, opened_at, n)
), found AS (
  SELECT g.n, d.id, d.agency_id, d.finished_at IS NULL AS going_on, g.desk,
    greatest(coalesce(g.opened_at, d.accepted_at), d.accepted_at) AS opened_at,
    row_number() OVER (PARTITION BY d.id ORDER BY g.n) = 1 AS first
  FROM given g JOIN dossier d ON d.code = g.code
  WHERE d.agency_id = ANY($4) AND d.accepted_at IS NOT NULL
), made AS (
  INSERT INTO dossier_case (dossier_id, agency_id, holder_id, desk, opened_at)
  SELECT id, agency_id, agency_id, desk, opened_at FROM found WHERE first ORDER BY id
  ON CONFLICT (dossier_id) DO NOTHING RETURNING dossier_id
), void AS (
  SELECT c.dossier_id FROM dossier_case c JOIN found f ON f.id = c.dossier_id
  WHERE f.first AND f.going_on AND c.told_at IS NOT NULL ORDER BY c.dossier_id FOR UPDATE OF c
), cleared AS (
  UPDATE dossier_case c SET finished_at = NULL, finished_by = NULL, outcome = NULL, told_at = NULL,
    version = c.version + 1
  FROM void v WHERE c.dossier_id = v.dossier_id AND c.told_at IS NOT NULL
)
SELECT g.code, f.id IS NOT NULL AS found, m.dossier_id IS NOT NULL AS opened
FROM given g LEFT JOIN found f ON f.n = g.n LEFT JOIN made m ON f.first AND m.dossier_id = f.id
ORDER BY g.n
"""

# How a dossier ended is read from intake's log and never kept here: a finish has one truth.
_CASE = """
SELECT c.dossier_id, d.code, d.agency_id, c.holder_id, c.desk, c.assignee, c.received, c.opened_at,
  c.finished_at AS reported_at, c.finished_by AS reported_by, c.outcome AS reported_outcome, c.told_at, c.refused,
  c.version, d.version_id, d.status, d.accepted_at, d.original_due_at, d.due_at, d.finished_at AS ended_at,
  d.outcome AS ended_outcome, e.actor AS ended_by, e.recorded_at AS ended_recorded_at,
  h.seq, h.kind, h.from_agency_id, h.from_desk, h.occurred_at AS handed_over_at, r.occurred_at AS received_at,
  f.occurred_at AS first_given_at, coalesce(a.seq, 0) AS assignments,
  a.occurred_at AS assigned_at,
  ARRAY(SELECT agency_id FROM case_segment WHERE dossier_id = c.dossier_id
    UNION SELECT to_agency_id FROM opinion WHERE dossier_id = c.dossier_id) AS taking_part,
  (SELECT max(left_at) FROM case_segment WHERE dossier_id = c.dossier_id AND left_by IS NOT NULL) AS share_done_at
FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id
LEFT JOIN LATERAL (
  SELECT seq, kind, from_agency_id, from_desk, occurred_at FROM hand_over WHERE dossier_id = c.dossier_id
  ORDER BY seq DESC LIMIT 1
) h ON true
LEFT JOIN LATERAL (
  SELECT seq, occurred_at FROM assignment WHERE dossier_id = c.dossier_id ORDER BY seq DESC LIMIT 1
) a ON true
LEFT JOIN hand_over_receipt r ON r.dossier_id = c.dossier_id AND r.seq = h.seq
LEFT JOIN hand_over f ON f.dossier_id = c.dossier_id AND f.seq = 1 AND f.kind = 'hand_over'
LEFT JOIN LATERAL (
  SELECT actor, recorded_at FROM dossier_event
  WHERE dossier_id = d.id AND kind IN ('finished', 'withdrawn', 'stopped') AND d.finished_at IS NOT NULL
  ORDER BY seq DESC LIMIT 1
) e ON true
"""

# A dossier is found by its code, or by the code it had in another system.
_BY_CODE = """
WHERE c.dossier_id = (
  SELECT id FROM dossier WHERE code = $1 UNION ALL SELECT id FROM dossier WHERE legacy_code = $1 LIMIT 1
)
"""


async def open_cases(
    connection: Connection,
    codes: Sequence[str],
    desks: Sequence[str | None],
    opened_at: Sequence[datetime | None],
    scope: Sequence[int],
) -> list[tuple[str, bool, bool]]:
    """Open the cases of dossiers that an agency in `scope` received: (code, found, opened) each, in order."""
    rows = await connection.fetch(_OPEN, list(codes), list(desks), list(opened_at), list(scope))
    return [(row[0], row[1], row[2]) for row in rows]


async def find(connection: Connection, code: str) -> CaseRow | None:
    """A case."""
    row = await connection.fetchrow(_CASE + _BY_CODE, code)
    return _case(row) if row is not None else None


_LOCK = """
SELECT g.code, c.dossier_id
FROM unnest($1::text[]) AS g (code)
CROSS JOIN LATERAL (
  -- In a subselect: else coalesce() would stand where under the policies it leads into no index.
  SELECT coalesce((SELECT id FROM dossier_key WHERE code = g.code),
    (SELECT id FROM dossier_key WHERE legacy_code = g.code)) AS id OFFSET 0
) named
JOIN dossier_case c ON c.dossier_id = named.id
ORDER BY c.dossier_id FOR UPDATE OF c
"""


async def locked(connection: Connection, codes: Sequence[str]) -> dict[str, CaseRow]:
    """Cases by the codes that they were asked for, locked until the transaction ends: what changes one dossier queues
    up here. In the order of dossiers, so that no two callers wait for each other."""
    by_code = {row["code"]: row["dossier_id"] for row in await connection.fetch(_LOCK, codes)}
    by_id = {case.dossier_id: case for case in await _read(connection, list(set(by_code.values())))}
    return {code: by_id[dossier_id] for code, dossier_id in by_code.items()}


async def locked_in_order(connection: Connection, dossier_ids: Sequence[int]) -> list[CaseRow]:
    """Cases by the ids of their dossiers, in that order, locked like `locked`."""
    await connection.execute(
        "SELECT FROM dossier_case WHERE dossier_id = ANY($1) ORDER BY dossier_id FOR UPDATE", dossier_ids
    )
    return await _read(connection, dossier_ids)


async def _read(connection: Connection, dossier_ids: Sequence[int]) -> list[CaseRow]:
    """Cases as they stand: read after the locks are held, so that what the holder before us committed is seen."""
    rows = await connection.fetch(f"{_CASE} WHERE c.dossier_id = ANY($1) ORDER BY c.dossier_id", dossier_ids)
    return [_case(row) for row in rows]


_TAKES_PART = """(
  EXISTS (SELECT FROM case_segment s WHERE s.dossier_id = c.dossier_id AND s.agency_id = ANY($1))
  OR EXISTS (SELECT FROM opinion o WHERE o.dossier_id = c.dossier_id AND o.to_agency_id = ANY($1)))
"""
#: A finish that intake was told of counts only as long as intake has it: see `CaseRow.finish`.
OPEN = "(c.finished_at IS NULL OR c.told_at IS NOT NULL) AND d.finished_at IS NULL"
#: The same in two shares, each read by an index of its own: nearly all; and what was re-opened since intake was told.
OPEN_SHARES = (
    "c.finished_at IS NULL AND d.finished_at IS NULL",
    "c.finished_at IS NOT NULL AND c.told_at IS NOT NULL AND d.finished_at IS NULL"
    " AND c.dossier_id IN (SELECT dossier_id FROM dossier_event WHERE kind = 'reopened')",
)
_STATES = {
    "open": OPEN,
    "refused": "c.finished_at IS NULL AND c.refused IS NOT NULL",
    "untold": "c.finished_at IS NOT NULL AND c.told_at IS NULL AND c.refused IS NULL AND d.finished_at IS NULL",
}


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are asked for. `scope`: what the caller may see; `openers`, `holders`: None for all of them."""

    scope: list[int]
    state: str
    openers: list[int] | None = None
    holders: list[int] | None = None


async def listed(connection: Connection, wanted: CaseFilter, *, after: int, limit: int) -> list[CaseRow]:
    """Cases in the order in which their dossiers were received, after dossier id `after`."""
    rows = await connection.fetch(
        f"{_CASE} WHERE {_STATES[wanted.state]} AND (c.holder_id = ANY($1) OR d.agency_id = ANY($1) OR {_TAKES_PART})"
        " AND ($2::int[] IS NULL OR d.agency_id = ANY($2)) AND ($3::int[] IS NULL OR c.holder_id = ANY($3))"
        " AND c.dossier_id > $4 ORDER BY c.dossier_id LIMIT $5",
        wanted.scope,
        wanted.openers,
        wanted.holders,
        after,
        limit,
    )
    return [_case(row) for row in rows]


_RECEIVE = """
INSERT INTO hand_over_receipt (dossier_id, seq, occurred_at, implied, actor, acting_agency_id, recorded_at)
SELECT n.*, $5, $6, $7 FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::bool[]) AS n
"""
_MOVE = """
INSERT INTO hand_over (dossier_id, seq, kind, from_agency_id, from_desk, to_agency_id, to_desk, occurred_at, note,
  answers, delegation_id, reorganisation_id, actor, acting_agency_id, recorded_at)
SELECT n.*, $13, $14, $15 FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::text[], $6::int[],
  $7::text[], $8::timestamptz[], $9::text[], $10::int[], $11::int[], $12::int[]) AS n
"""
_ASSIGN = """
INSERT INTO assignment (dossier_id, seq, agency_id, desk, assignee, occurred_at, note, delegation_id, actor,
  acting_agency_id, recorded_at)
SELECT n.*, $9, $10, $11 FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[],
  $7::text[], $8::int[]) AS n
"""
_FOLLOW = """
UPDATE dossier_case c SET holder_id = n.holder_id, desk = n.desk, assignee = n.assignee, received = n.received,
  version = c.version + 1
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::bool[])
  AS n (id, holder_id, desk, assignee, received)
WHERE c.dossier_id = n.id
"""
_FINISH = """
UPDATE dossier_case c SET finished_at = n.finished_at, finished_by = $4, outcome = n.outcome, told_at = NULL,
  refused = NULL
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS n (id, finished_at, outcome) WHERE c.dossier_id = n.id
"""
_REASON = """
INSERT INTO finish_reason (dossier_id, reason) SELECT * FROM unnest($1::bigint[], $2::text[])
ON CONFLICT (dossier_id) DO UPDATE SET reason = excluded.reason
"""


async def apply(
    connection: Connection, changes: Sequence[Change], *, actor: str, acting_agency_id: int, recorded_at: datetime
) -> None:
    """Write what was decided of locked cases, each of another dossier: the rows of their logs, and the cases as they
    stand after it. However many they are, it takes as many statements as there are kinds of rows."""
    who = (actor, acting_agency_id, recorded_at)
    received = [
        (c.case.dossier_id, c.case.hand_overs, c.received.occurred_at, c.received.implied)
        for c in changes
        if c.received is not None
    ]
    moved = [_moved(c) for c in changes if c.moved is not None]
    assigned = [_assigned(c) for c in changes if c.assigned is not None]
    finished = [
        (c.case.dossier_id, c.finished.occurred_at, c.finished.outcome) for c in changes if c.finished is not None
    ]
    reasons = [(c.case.dossier_id, c.finished.reason) for c in changes if c.finished is not None and c.finished.reason]
    for statement, rows, last in (
        (_RECEIVE, received, who),
        (_MOVE, moved, who),
        (_ASSIGN, assigned, who),
        (_FOLLOW, [_followed(c) for c in changes], ()),
        (_FINISH, finished, (actor,)),
        (_REASON, reasons, ()),
    ):
        if rows:
            await connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)), *last)


def _moved(change: Change) -> tuple[object, ...]:
    case, moved = change.case, change.moved
    assert moved is not None, "asked for those that move"
    return (
        case.dossier_id,
        case.hand_overs + 1,
        moved.kind.value,
        case.holder_id,
        case.desk,
        moved.to_agency_id,
        moved.to_desk,
        moved.occurred_at,
        moved.note,
        moved.answers,
        change.delegation_id,
        moved.reorganisation_id,
    )


def _assigned(change: Change) -> tuple[object, ...]:
    case, assigned = change.case, change.assigned
    assert assigned is not None, "asked for those that are assigned"
    where = (case.dossier_id, case.assignments + 1, case.holder_id, assigned.desk, assigned.assignee)
    return (*where, assigned.occurred_at, assigned.note, change.delegation_id)


def _followed(change: Change) -> tuple[object, ...]:
    case, moved, assigned = change.case, change.moved, change.assigned
    if moved is not None:
        # Whoever had it at the giver does not have it at the receiver.
        return (case.dossier_id, moved.to_agency_id, moved.to_desk, None, moved.kind not in RECEIVED_BY_SAYING)
    received = case.received or change.received is not None
    if assigned is not None:
        return (case.dossier_id, case.holder_id, assigned.desk, assigned.assignee, received)
    return (case.dossier_id, case.holder_id, case.desk, case.assignee, received)


async def mark_told(connection: Connection, case: CaseRow, *, told_at: datetime) -> None:
    """Intake has taken this finish; the words of a refusal are kept there from now on."""
    await connection.execute(
        "WITH told AS (UPDATE dossier_case SET told_at = $3, version = version + 1"
        " WHERE dossier_id = $1 AND finished_at = $2 AND told_at IS NULL RETURNING dossier_id)"
        " DELETE FROM finish_reason r USING told WHERE r.dossier_id = told.dossier_id",
        case.dossier_id,
        case.reported.at,
        told_at,
    )


async def mark_refused(connection: Connection, case: CaseRow, *, code: str) -> None:
    """Intake does not take this finish: the case is open again and says why. Who reported what stays readable."""
    await connection.execute(
        "WITH refused AS (UPDATE dossier_case SET finished_at = NULL, refused = $3, version = version + 1"
        " WHERE dossier_id = $1 AND finished_at = $2 AND told_at IS NULL RETURNING dossier_id)"
        " DELETE FROM finish_reason r USING refused WHERE r.dossier_id = refused.dossier_id",
        case.dossier_id,
        case.reported.at,
        code,
    )


async def reason_of(connection: Connection, dossier_id: int) -> str | None:
    """Why a finish that intake does not know yet is a refusal."""
    reason: str | None = await connection.fetchval("SELECT reason FROM finish_reason WHERE dossier_id = $1", dossier_id)
    return reason


async def settle(connection: Connection, case: CaseRow) -> None:
    """The holder of a refused report agrees with the finish that holds: nothing is left to correct."""
    await connection.execute(
        "UPDATE dossier_case SET refused = NULL, version = version + 1 WHERE dossier_id = $1 AND refused IS NOT NULL",
        case.dossier_id,
    )


#: Before every finish: where a round through the untold cases begins.
BEGINNING = (datetime(1900, 1, 1, tzinfo=UTC), 0)


async def untold(connection: Connection, *, after: tuple[datetime, int], limit: int) -> list[CaseRow]:
    """Cases whose finish intake does not know yet, from (finished_at, dossier id) `after` on, oldest first."""
    rows = await connection.fetch(
        f"{_CASE} WHERE c.finished_at IS NOT NULL AND c.told_at IS NULL AND c.refused IS NULL"
        " AND (c.finished_at, c.dossier_id) > ($1, $2) ORDER BY c.finished_at, c.dossier_id LIMIT $3",
        *after,
        limit,
    )
    return [_case(row) for row in rows]


# First what every list says of a dossier, in the order in which `rules.dossier_fields` takes it.
_WORKLIST = """(
SELECT d.code, d.version_id, d.agency_id, c.holder_id, d.status, d.accepted_at, d.original_due_at, d.due_at,
  d.id, d.late_from, c.desk, c.assignee, c.received, c.refused, c.version
FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id
WHERE c.holder_id = ANY($1) AND {share}
  AND ($3::text IS NULL OR c.assignee = $3) AND ($4::bool IS NULL OR c.received = $4) AND {further}
ORDER BY d.late_from, d.id LIMIT $2
)"""


@dataclass(frozen=True, slots=True)
class WorklistFilter:
    """Whose work is asked for. assignee, received: None for any."""

    holders: list[int]
    assignee: str | None = None
    received: bool | None = None


async def worklist(
    connection: Connection, wanted: WorklistFilter, *, after: tuple[datetime | None, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Open dossiers that the holders hold, by the first instant that is late; those without one at the end.

    `after`: (late_from, dossier id) of the last row of the page before; None for the first page.
    """
    asked = (wanted.holders, limit, wanted.assignee, wanted.received)
    if after is None:
        return await connection.fetch(_worklist("true"), *asked)
    late_from, last = after
    if late_from is None:
        further = "d.late_from IS NULL AND d.id > $5"
        return await connection.fetch(_worklist(further), *asked, last)
    further = "((d.late_from, d.id) > ($5, $6) OR d.late_from IS NULL)"
    return await connection.fetch(_worklist(further), *asked, late_from, last)


def _worklist(further: str) -> str:
    shares = " UNION ALL ".join(_WORKLIST.format(share=share, further=further) for share in OPEN_SHARES)
    return f"{shares} ORDER BY late_from, id LIMIT $2"


def _case(row: asyncpg.Record) -> CaseRow:
    ended = None
    if row["ended_at"] is not None:
        outcome = Outcome(row["ended_outcome"]).name.lower()
        ended = Finish(row["ended_at"], row["ended_by"], outcome, row["ended_recorded_at"])
    last = None
    if row["seq"] is not None:
        came = (row["from_agency_id"], row["from_desk"], row["handed_over_at"], row["received_at"])
        last = LastStep(row["seq"], Movement(row["kind"]), *came)
    return CaseRow(
        dossier_id=row["dossier_id"],
        code=row["code"],
        agency_id=row["agency_id"],
        holder_id=row["holder_id"],
        desk=row["desk"],
        assignee=row["assignee"],
        received=row["received"],
        opened_at=row["opened_at"],
        reported=Finish(row["reported_at"], row["reported_by"], row["reported_outcome"], row["told_at"]),
        refused=row["refused"],
        version=row["version"],
        version_id=row["version_id"],
        status=row["status"],
        accepted_at=row["accepted_at"],
        original_due_at=row["original_due_at"],
        due_at=row["due_at"],
        ended=ended,
        last=last,
        assignments=row["assignments"],
        assigned_at=row["assigned_at"],
        first_given_at=row["first_given_at"],
        taking_part=frozenset(row["taking_part"]),
        share_done_at=row["share_done_at"],
    )
