"""HTTP of workflows: an operator defines them, the staff reads them."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from routing_service.workflows import rules, usecases
from shared.contracts.fields import Code, Day
from shared.contracts.workflows import KindName, Workflow, WorkflowIn, WorkflowPage
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import WorkflowCode
from shared.web.problems import KEYED, LISTING, LOCKED, READING, refusals

router = APIRouter(prefix="/v1/workflows", tags=["workflows"])

OnDay = Annotated[Day | None, Query(description="As it holds on this day. Default: today", examples=["2026-12-01"])]


@router.post(
    "",
    status_code=201,
    operation_id="defineWorkflow",
    summary="Lập quy trình hoặc phiên bản mới · Define a workflow, or a new version of one",
    response_model=Workflow,
    responses={
        201: {"description": "It holds from `valid_from` on; the version before ends on the day before"},
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def define(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: WorkflowIn,
    key: IdempotencyKey = None,
) -> Response:
    """Define a linked procedure or an internal process. Refused, each with its field: an agency that is unknown or not
    in force, a level of which none is, two leads, a step that waits for itself or that nothing leads to, and steps
    whose sum along a path exceeds the procedure's term, with the numbers. A new version that ends another begins
    tomorrow at the earliest: what held on a day stays so. Nothing of a version changes later but its end; a dossier
    keeps the version with which it began."""
    shown = await usecases.define(
        connection,
        reference,
        principal,
        body,
        request=await RequestKey.of(request, principal.subject, key),
        now=now(),
    )
    headers = {"Location": f"/v1/workflows/{body.code}?as_of={shown.workflow.defined.valid_from}"}
    return json_answer(_workflow(shown, reference), 201, headers, replayed=shown.replayed)


@router.get(
    "",
    operation_id="listWorkflows",
    summary="Danh sách quy trình · Workflows that hold on a day",
    response_description="A page of workflows",
    response_model=WorkflowPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    as_of: OnDay = None,
    procedure: Annotated[
        Code | None, Query(description="Of this procedure, by its national core", examples=["2.000908"])
    ] = None,
    agency: Annotated[
        Code | None, Query(description="Those that open a case at this agency", examples=["19333"])
    ] = None,
    kind: Annotated[KindName | None, Query(description="Only linked, or only internal")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Linked procedures and internal processes, by code, in the version that holds on the day. An example
    (`adopted` false) holds for no agency."""
    day = _day(as_of)
    pages = Pages(room.settings.cursor_key, f"workflows:{day}:{procedure}:{agency}:{kind}", str)
    (after,) = pages.after(cursor) or ("",)
    rows = await usecases.listed(
        connection,
        reference,
        principal,
        day=day,
        procedure=procedure,
        agency=agency,
        kind=kind,
        after=after,
        limit=limit,
    )
    rows, following = pages.cut(rows, limit, lambda row: (row.defined.code,))
    return page_response([_summary(row, reference) for row in rows], following)


@router.get(
    "/{code}",
    operation_id="readWorkflow",
    summary="Một quy trình · One workflow",
    response_description="The version that holds on that day, with its steps",
    response_model=Workflow,
    responses=refusals(*READING, "invalid_request"),
)
async def read(
    code: WorkflowCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession, as_of: OnDay = None
) -> Response:
    """The version of a workflow that holds on a day, with its steps, and which other versions there are."""
    return json_answer(_workflow(await usecases.one(connection, code, _day(as_of)), reference))


def _day(as_of: date | None) -> date:
    return as_of if as_of is not None else civil_day(now())


def _summary(row: rules.WorkflowRow, reference: Reference) -> dict[str, Any]:
    defined = row.defined
    return {
        "code": defined.code,
        "version": row.version,
        "kind": defined.kind.value,
        "name": defined.name,
        "procedure": defined.procedure,
        "agency": reference.agencies.by_id[defined.agency_id].code if defined.agency_id is not None else None,
        "level": defined.level.value if defined.level else None,
        "decision": defined.decision,
        "decided_on": defined.decided_on,
        "basis": defined.basis,
        "confirmed": defined.confirmed,
        "adopted": defined.adopted,
        "valid_from": defined.valid_from,
        "valid_to": defined.valid_to,
    }


def _workflow(shown: usecases.Shown, reference: Reference) -> dict[str, Any]:
    defined = shown.workflow.defined
    total, _ = rules.path_of(defined.steps)
    steps = [_step(step, reference) for step in defined.steps]
    summary = _summary(shown.workflow, reference)
    return summary | {"longest_path_hours": float(total), "versions": shown.versions, "steps": steps}


def _step(step: rules.Step, reference: Reference) -> dict[str, Any]:
    unit = reference.agencies.by_id[step.agency_id] if step.agency_id is not None else None
    return {
        "no": step.no,
        "agency": unit.code if unit else None,
        "agency_name": unit.name if unit else None,
        "relation": step.relation.value if step.relation else None,
        "department": step.department,
        "desk": step.desk,
        "role": step.role.value,
        "task": step.task,
        "allotted": {"value": float(step.allotted.value), "unit": step.allotted.unit.value},
        "after": list(step.follows),
    }
