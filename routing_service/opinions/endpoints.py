"""HTTP of opinions: ask another unit, answer, and the list of what is open, silent or answered."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from routing_service.opinions import rules, store, usecases
from shared.contracts.fields import Code
from shared.contracts.workflows import Opinion, OpinionAnswerIn, OpinionIn, OpinionPage, Opinions, OpinionState
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, CaseCode, good
from shared.web.problems import CHANGING, LISTING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/cases", tags=["opinions"])
list_router = APIRouter(prefix="/v1/opinions", tags=["opinions"])

OpinionNo = Annotated[int, Path(ge=1, le=10_000, description="Number of the opinion", examples=[1])]


@router.post(
    "/{code}/opinions",
    status_code=201,
    operation_id="askOpinion",
    summary="Lấy ý kiến đơn vị khác · Ask another unit for its opinion",
    response_model=Opinion,
    responses={
        **good(201, "Asked: the unit sees the case from now on. ETag is the case's", ETAG, LOCATION),
        **refusals(*CHANGING),
    },
)
async def ask(
    request: Request,
    code: CaseCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: OpinionIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """By whoever holds the dossier or has a share of it to work on, with what is asked and until when (NĐ 61/2018 art.
    19(5)). It stops no clock. If the unit is silent when the term is over, the head of the one-stop is told."""
    found = await usecases.ask(
        connection,
        reference,
        principal,
        code,
        body,
        expected_version=version_of(if_match),
        request=await RequestKey.of(request, principal.subject, key),
        now=now(),
    )
    return _one(found, reference, 201, {"Location": f"/v1/cases/{found.opinion.code}/opinions"})


@router.get(
    "/{code}/opinions",
    operation_id="readOpinions",
    summary="Ý kiến về một hồ sơ · The opinions asked on a dossier",
    response_description="Every opinion asked on the dossier, in order",
    response_model=Opinions,
    responses=refusals(*READING),
)
async def of_case(code: CaseCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """What other units were asked, and what they answered, in order."""
    instant = now()
    rows = await usecases.of_case(connection, code, principal)
    return Response(
        orjson.dumps({"items": [_opinion(row, reference, instant) for row in rows]}), media_type="application/json"
    )


@router.post(
    "/{code}/opinions/{no}/answer",
    operation_id="answerOpinion",
    summary="Trả lời ý kiến · Answer",
    response_model=Opinion,
    responses={**good(200, "Answered. ETag is the case's", ETAG), **refusals(*CHANGING)},
)
async def answer(
    request: Request,
    code: CaseCode,
    no: OpinionNo,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: OpinionAnswerIn,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """By the unit that was asked, once. A late answer is taken, too, and is shown as late."""
    found = await usecases.answer(
        connection,
        principal,
        code,
        no,
        body,
        expected_version=version_of(if_match),
        request=await RequestKey.of(request, principal.subject, key),
        now=now(),
    )
    return _one(found, reference, 200, {})


@list_router.get(
    "",
    operation_id="listOpinions",
    summary="Danh sách lấy ý kiến · Opinions that are open, silent or answered",
    response_description="A page of opinions, the first due at the top",
    response_model=OpinionPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    state: Annotated[
        OpinionState,
        Query(
            description="open: within its term. escalated: the term is over and nobody answered; the head of the "
            "one-stop is to act. answered. What was asked on a dossier that has ended is only shown when answered",
            examples=["escalated"],
        ),
    ] = "open",
    agency: Annotated[
        Code | None,
        Query(
            description="Asked of this agency or one under it, or on dossiers that these received", examples=["19333"]
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """For the head of the one-stop and for supervisors: on dossiers that the caller's agency received, and asked by it
    or of it. The first due at the top."""
    instant = now()
    wanted = store.OpinionFilter(sorted(principal.scope), state)
    if agency is not None:
        concerned = asked_scope(agency, reference, principal, civil_day(instant))
        wanted = store.OpinionFilter(wanted.scope, state, sorted(concerned))
    pages = Pages(room.settings.cursor_key, f"opinions:{state}:{agency}", datetime, int, int)
    rows = await usecases.listed(connection, wanted, after=pages.after(cursor), limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row.due_at, row.dossier_id, row.no))
    return page_response([_opinion(row, reference, instant) for row in rows], following)


def _one(found: usecases.Shown, reference: Reference, status: int, headers: dict[str, str]) -> Response:
    told = {"ETag": f'"{found.version}"', **headers}
    return json_answer(_opinion(found.opinion, reference, now()), status, told, replayed=found.replayed)


def _opinion(row: rules.OpinionRow, reference: Reference, instant: datetime) -> dict[str, Any]:
    asker, unit = reference.agencies.by_id[row.from_agency_id], reference.agencies.by_id[row.to_agency_id]
    return {
        "code": row.code,
        "no": row.no,
        "state": row.state.value,
        "from_agency": asker.code,
        "from_agency_name": asker.name,
        "to_agency": unit.code,
        "to_agency_name": unit.name,
        "content": row.content,
        "asked_at": shown(row.asked_at),
        "asked_by": row.asked_by,
        "due_at": shown(row.due_at),
        "answered_at": shown(row.answered_at),
        "answered_by": row.answered_by,
        "answer": row.answer,
        "late": row.late(instant),
        "escalated_at": shown(row.escalated_at),
    }
