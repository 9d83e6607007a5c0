"""The SQL of cases and hand-overs. Dossiers are read, never written: they are intake's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from routing_service.cases.rules import CaseRow, Finish, Moved
from shared.domain.lifecycle import Outcome
from shared.web.database import Connection

# The statement sees the state before it, so a case that another process opens at the same moment is not in `before`;
# ON CONFLICT then leaves it alone, and it counts as existing.
_OPEN = """
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS g (code, desk, opened_at, n)
), found AS (
  SELECT g.n, d.id, d.agency_id, g.desk, greatest(coalesce(g.opened_at, d.accepted_at), d.accepted_at) AS opened_at,
    row_number() OVER (PARTITION BY d.id ORDER BY g.n) = 1 AS first
  FROM given g JOIN dossier d ON d.code = g.code WHERE d.agency_id = ANY($4)
), made AS (
  INSERT INTO dossier_case (dossier_id, agency_id, holder_id, desk, opened_at)
  SELECT id, agency_id, agency_id, desk, opened_at FROM found WHERE first ORDER BY id
  ON CONFLICT (dossier_id) DO NOTHING RETURNING dossier_id
)
SELECT g.code, f.id IS NOT NULL AS found, m.dossier_id IS NOT NULL AS opened
FROM given g LEFT JOIN found f ON f.n = g.n LEFT JOIN made m ON f.first AND m.dossier_id = f.id
ORDER BY g.n
"""

# How a dossier ended is read from intake's log and never kept here: a finish has one truth.
_CASE = """
SELECT c.dossier_id, d.code, c.agency_id, c.holder_id, c.desk, c.opened_at, c.finished_at AS reported_at,
  c.finished_by AS reported_by, c.outcome AS reported_outcome, c.told_at, c.refused, c.version, d.version_id, d.status,
  d.accepted_at, d.original_due_at, d.due_at, d.finished_at AS ended_at, d.outcome AS ended_outcome,
  e.actor AS ended_by, e.recorded_at AS ended_recorded_at, coalesce(h.seq, 0) AS hand_overs,
  h.occurred_at AS last_handed_over_at
FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id
LEFT JOIN LATERAL (
  SELECT seq, occurred_at FROM hand_over WHERE dossier_id = c.dossier_id ORDER BY seq DESC LIMIT 1
) h ON true
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


async def find_locked(connection: Connection, code: str) -> CaseRow | None:
    """A case, locked until the transaction ends: hand-overs of one dossier queue up here."""
    locked = await connection.fetchval(f"SELECT c.dossier_id FROM dossier_case c {_BY_CODE} FOR UPDATE", code)
    if locked is None:
        return None
    # Read after the lock is held, so that what the holder before us committed is seen.
    row = await connection.fetchrow(f"{_CASE} WHERE c.dossier_id = $1", locked)
    return _case(row) if row is not None else None


_STATES = {
    "open": "c.finished_at IS NULL AND d.finished_at IS NULL",
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
        f"{_CASE} WHERE {_STATES[wanted.state]} AND (c.holder_id = ANY($1) OR c.agency_id = ANY($1))"
        " AND ($2::int[] IS NULL OR c.agency_id = ANY($2)) AND ($3::int[] IS NULL OR c.holder_id = ANY($3))"
        " AND c.dossier_id > $4 ORDER BY c.dossier_id LIMIT $5",
        wanted.scope,
        wanted.openers,
        wanted.holders,
        after,
        limit,
    )
    return [_case(row) for row in rows]


async def append_hand_over(
    connection: Connection, case: CaseRow, moved: Moved, *, seq: int, actor: str, recorded_at: datetime
) -> None:
    """Write the hand-over and move the holder of a locked case."""
    await connection.execute(
        "WITH given AS (INSERT INTO hand_over (dossier_id, seq, from_agency_id, from_desk, to_agency_id, to_desk,"
        " occurred_at, recorded_at, actor, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))"
        " UPDATE dossier_case SET holder_id = $5, desk = $6, version = version + 1 WHERE dossier_id = $1",
        case.dossier_id,
        seq,
        case.holder_id,
        case.desk,
        moved.to_agency_id,
        moved.to_desk,
        moved.occurred_at,
        recorded_at,
        actor,
        moved.note,
    )


async def hand_overs(connection: Connection, dossier_id: int) -> Sequence[asyncpg.Record]:
    """All hand-overs of a case, in order."""
    return await connection.fetch(
        "SELECT seq, from_agency_id, from_desk, to_agency_id, to_desk, occurred_at, recorded_at, actor, note"
        " FROM hand_over WHERE dossier_id = $1 ORDER BY seq",
        dossier_id,
    )


async def record_finish(
    connection: Connection, dossier_id: int, *, finished_at: datetime, finished_by: str, outcome: str
) -> None:
    """Record what the holder reports. Intake does not know it yet."""
    await connection.execute(
        "UPDATE dossier_case SET finished_at = $2, finished_by = $3, outcome = $4, told_at = NULL, refused = NULL,"
        " version = version + 1 WHERE dossier_id = $1",
        dossier_id,
        finished_at,
        finished_by,
        outcome,
    )


async def mark_told(connection: Connection, case: CaseRow, *, told_at: datetime) -> None:
    """Intake has taken this finish."""
    await connection.execute(
        "UPDATE dossier_case SET told_at = $3, version = version + 1"
        " WHERE dossier_id = $1 AND finished_at = $2 AND told_at IS NULL",
        case.dossier_id,
        case.reported.at,
        told_at,
    )


async def mark_refused(connection: Connection, case: CaseRow, *, code: str) -> None:
    """Intake does not take this finish: the case is open again and says why. Who reported what stays readable."""
    await connection.execute(
        "UPDATE dossier_case SET finished_at = NULL, refused = $3, version = version + 1"
        " WHERE dossier_id = $1 AND finished_at = $2 AND told_at IS NULL",
        case.dossier_id,
        case.reported.at,
        code,
    )


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
_WORKLIST = """
SELECT d.code, d.version_id, d.agency_id, c.holder_id, d.status, d.accepted_at, d.original_due_at, d.due_at,
  d.id, d.late_from, c.desk, c.refused, c.version
FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id
WHERE c.holder_id = ANY($1) AND c.finished_at IS NULL AND d.finished_at IS NULL AND {further}
ORDER BY d.late_from, d.id LIMIT $2
"""


async def worklist(
    connection: Connection, holders: list[int], *, after: tuple[datetime | None, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Open dossiers that `holders` hold, by the first instant that is late; those without one at the end.

    `after`: (late_from, dossier id) of the last row of the page before; None for the first page.
    """
    if after is None:
        return await connection.fetch(_WORKLIST.format(further="true"), holders, limit)
    late_from, last = after
    if late_from is None:
        further = "d.late_from IS NULL AND d.id > $3"
        return await connection.fetch(_WORKLIST.format(further=further), holders, limit, last)
    further = "((d.late_from, d.id) > ($3, $4) OR d.late_from IS NULL)"
    return await connection.fetch(_WORKLIST.format(further=further), holders, limit, late_from, last)


def _case(row: asyncpg.Record) -> CaseRow:
    ended = None
    if row["ended_at"] is not None:
        outcome = Outcome(row["ended_outcome"]).name.lower()
        ended = Finish(row["ended_at"], row["ended_by"], outcome, row["ended_recorded_at"])
    return CaseRow(
        dossier_id=row["dossier_id"],
        code=row["code"],
        agency_id=row["agency_id"],
        holder_id=row["holder_id"],
        desk=row["desk"],
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
        hand_overs=row["hand_overs"],
        last_handed_over_at=row["last_handed_over_at"],
    )
