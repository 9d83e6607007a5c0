"""HTTP of assignments: say who in the holder works on a dossier, and read who was."""

from typing import Any

import asyncpg
from fastapi import APIRouter, Request
from starlette.responses import Response

from routing_service.assignments import usecases
from routing_service.hand_overs.usecases import Asked
from shared.contracts.assignments import Assignment, AssignmentIn, Assignments
from shared.domain.civil_time import shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.places import ETAG, LOCATION, CaseCode, good
from shared.web.problems import CHANGING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/cases", tags=["assignments"])


@router.post(
    "/{code}/assignments",
    status_code=201,
    operation_id="assignCase",
    summary="Phân công giải quyết · Say who in the holder works on it",
    response_model=Assignment,
    responses={**good(201, "Assigned. ETag is the case's", ETAG, LOCATION), **refusals(*CHANGING)},
)
async def assign(
    request: Request,
    code: CaseCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: AssignmentIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Assign a dossier to an officer, or move it to another desk of its holder: by a leader of the holder, or by
    somebody to whom one has delegated it (NĐ 61/2018 art. 19(1)). Assigned again, it passes on. Handed over, it is
    nobody's until the receiver assigns it."""
    wanted = await RequestKey.of(request, principal.subject, key)
    asked = Asked(principal, reference, wanted, version_of(if_match), now())
    case, made, replayed = await usecases.assign(connection, asked, code, body)
    headers = {"ETag": f'"{case.version}"', "Location": f"/v1/cases/{case.code}/assignments"}
    return json_answer(_assignment(made, reference), 201, headers, replayed=replayed)


@router.get(
    "/{code}/assignments",
    operation_id="listAssignments",
    summary="Quá trình phân công · The assignments of a dossier",
    response_description="Every assignment, the first at the top",
    response_model=Assignments,
    responses=refusals(*READING),
)
async def listed(code: CaseCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """Who worked on it, and where, from the first to the last. Nothing in it is ever changed."""
    rows = await usecases.log_of(connection, code, principal)
    return json_answer({"items": [_assignment(row, reference) for row in rows]})


def _assignment(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    agencies = reference.agencies.by_id
    return {
        "seq": row["seq"],
        "agency": agencies[row["agency_id"]].code,
        "desk": row["desk"],
        "assignee": row["assignee"],
        "occurred_at": shown(row["occurred_at"]),
        "recorded_at": shown(row["recorded_at"]),
        "actor": row["actor"],
        "for_agency": agencies[row["acting_agency_id"]].code,
        "delegator": row["delegator"],
        "note": row["note"],
    }
