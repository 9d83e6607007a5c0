"""The verbs of assignments: assign, and read who was."""

from collections.abc import Sequence

import asyncpg

from routing_service.assignments import rules, store
from routing_service.cases.rules import CaseRow
from routing_service.cases.usecases import one
from routing_service.hand_overs.usecases import Asked, changed
from shared.contracts.assignments import AssignmentIn
from shared.web.auth import Principal
from shared.web.database import Reading, Writing


async def assign(
    connection: Writing, asked: Asked, code: str, given: AssignmentIn
) -> tuple[CaseRow, asyncpg.Record, bool]:
    """Say who works on it: (the case after it, what was recorded, whether an earlier request had done it)."""
    made = await changed(
        connection,
        asked,
        code,
        lambda scene: rules.assign(scene, given),
        resource=lambda case: f"{case.code}/{case.assignments + 1}",
        status=201,
    )
    log = await store.log(connection, made.case.dossier_id)
    return made.case, log[int(made.resource.rpartition("/")[2]) - 1], made.replayed


async def log_of(connection: Reading, code: str, principal: Principal) -> Sequence[asyncpg.Record]:
    """The assignments of a case, in order."""
    case = await one(connection, code, principal)
    return await store.log(connection, case.dossier_id)
