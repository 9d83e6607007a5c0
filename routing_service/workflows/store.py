"""The SQL of workflows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import asyncpg

from routing_service.workflows.rules import Definition, Kind, Relation, Step, StepRole, WorkflowRow
from shared.domain.agencies import Level
from shared.domain.terms import Term, TermUnit
from shared.web.database import Connection

_WORKFLOW = """
SELECT w.id, w.version, w.code, w.kind, w.name, w.procedure, w.agency_id, w.level, w.decision, w.decided_on, w.basis,
  w.confirmed, w.adopted, w.valid_from, w.valid_to
FROM workflow w
"""


async def lock(connection: Connection) -> None:
    """Definitions queue up: a version ends the one before, and two may not hold at one place."""
    await connection.execute("LOCK TABLE workflow IN SHARE ROW EXCLUSIVE MODE")


async def latest(connection: Connection, code: str) -> WorkflowRow | None:
    """The newest version of a workflow, without its steps."""
    row = await connection.fetchrow(f"{_WORKFLOW} WHERE w.code = $1 ORDER BY w.version DESC LIMIT 1", code)
    return _row(row, ()) if row is not None else None


async def end(connection: Connection, workflow_id: int, last_day: date) -> None:
    """A version holds no longer than `last_day`. Nothing else of it ever changes."""
    await connection.execute(
        "UPDATE workflow SET valid_to = $2 WHERE id = $1 AND (valid_to IS NULL OR valid_to > $2)", workflow_id, last_day
    )


async def beside(connection: Connection, new: Definition) -> str | None:
    """The code of another workflow that holds for the same procedure at the same place on a day of `new`'s period."""
    code: str | None = await connection.fetchval(
        "SELECT code FROM workflow WHERE adopted AND kind = $1 AND procedure = $2 AND agency_id IS NOT DISTINCT FROM $3"
        " AND level IS NOT DISTINCT FROM $4 AND period && daterange($5, $6, '[]') AND code <> $7 LIMIT 1",
        new.kind,
        new.procedure,
        new.agency_id,
        new.level,
        new.valid_from,
        new.valid_to,
        new.code,
    )
    return code


async def add(connection: Connection, new: Definition, version: int, *, actor: str) -> int:
    """Write a version with its steps; its id."""
    workflow_id: int = await connection.fetchval(
        "INSERT INTO workflow (code, version, kind, name, procedure, agency_id, level, decision, decided_on, basis,"
        " confirmed, adopted, valid_from, valid_to, created_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id",
        new.code,
        version,
        new.kind,
        new.name,
        new.procedure,
        new.agency_id,
        new.level,
        new.decision,
        new.decided_on,
        new.basis,
        new.confirmed,
        new.adopted,
        new.valid_from,
        new.valid_to,
        actor,
    )
    await connection.executemany(
        "INSERT INTO workflow_step (workflow_id, no, agency_id, relation, department, desk, role, task, value, unit,"
        " follows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            (
                workflow_id,
                step.no,
                step.agency_id,
                step.relation,
                step.department,
                step.desk,
                step.role,
                step.task,
                step.allotted.value,
                step.allotted.unit,
                list(step.follows),
            )
            for step in new.steps
        ],
    )
    return workflow_id


async def on(connection: Connection, code: str, day: date) -> WorkflowRow | None:
    """The version of a workflow that holds on `day`, with its steps."""
    row = await connection.fetchrow(f"{_WORKFLOW} WHERE w.code = $1 AND w.period @> $2::date", code, day)
    return _row(row, (await steps_of(connection, [row["id"]]))[row["id"]]) if row is not None else None


async def version(connection: Connection, code: str, number: int) -> WorkflowRow | None:
    """A version of a workflow by its number, with its steps."""
    row = await connection.fetchrow(f"{_WORKFLOW} WHERE w.code = $1 AND w.version = $2", code, number)
    return _row(row, (await steps_of(connection, [row["id"]]))[row["id"]]) if row is not None else None


async def versions(connection: Connection, code: str) -> list[int]:
    """The numbers of all versions of a workflow."""
    rows = await connection.fetch("SELECT version FROM workflow WHERE code = $1 ORDER BY version", code)
    return [row[0] for row in rows]


async def listed(
    connection: Connection,
    day: date,
    *,
    procedure: str | None,
    place: tuple[int, str] | None,
    kind: str | None,
    after: str,
    limit: int,
) -> list[WorkflowRow]:
    """Workflows of `day` by code, without their steps. `place`: those that hold for an agency (id, level)."""
    rows = await connection.fetch(
        f"{_WORKFLOW} WHERE w.period @> $1::date AND ($2::text IS NULL OR w.procedure = $2)"
        " AND ($3::text IS NULL OR w.kind = $3) AND ($4::int IS NULL OR (w.adopted AND (w.agency_id = $4"
        " OR (w.agency_id IS NULL AND (w.level IS NULL OR w.level = $5))))) AND w.code > $6 ORDER BY w.code LIMIT $7",
        day,
        procedure,
        kind,
        place[0] if place else None,
        place[1] if place else None,
        after,
        limit,
    )
    return [_row(row, ()) for row in rows]


async def steps_of(connection: Connection, workflow_ids: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    """The steps of workflows, in order."""
    found: dict[int, list[Step]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT workflow_id, no, agency_id, relation, department, desk, role, task, value, unit, follows"
        " FROM workflow_step WHERE workflow_id = ANY($1) ORDER BY workflow_id, no",
        list(workflow_ids),
    ):
        found[row["workflow_id"]].append(
            Step(
                no=row["no"],
                agency_id=row["agency_id"],
                relation=Relation(row["relation"]) if row["relation"] else None,
                department=row["department"],
                desk=row["desk"],
                role=StepRole(row["role"]),
                task=row["task"],
                allotted=Term(row["value"], TermUnit(row["unit"])),
                follows=tuple(row["follows"]),
            )
        )
    return {workflow_id: tuple(found[workflow_id]) for workflow_id in workflow_ids}


def _row(row: asyncpg.Record, steps: tuple[Step, ...]) -> WorkflowRow:
    defined = Definition(
        code=row["code"],
        kind=Kind(row["kind"]),
        name=row["name"],
        procedure=row["procedure"],
        agency_id=row["agency_id"],
        level=Level(row["level"]) if row["level"] else None,
        decision=row["decision"],
        decided_on=row["decided_on"],
        basis=row["basis"],
        confirmed=row["confirmed"],
        adopted=row["adopted"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        steps=steps,
    )
    return WorkflowRow(row["id"], row["version"], defined)
