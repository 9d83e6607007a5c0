"""HTTP of segments: what a workflow makes of one dossier, and an agency that is done with its share."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from routing_service.segment_clock.rules import Segment
from routing_service.segments import rules, usecases
from shared.contracts.fields import Code
from shared.contracts.workflows import MAX_STEPS, CaseSegments, OpenSegmentPage, SegmentFinishIn
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, CaseCode, good
from shared.web.problems import CHANGING, LISTING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/cases", tags=["segments"])
list_router = APIRouter(prefix="/v1/segments", tags=["segments"])

SegmentNo = Annotated[int, Path(ge=1, le=MAX_STEPS, description="Number of the segment", examples=[1])]


@router.get(
    "/{code}/segments",
    operation_id="listSegments",
    summary="Các khâu của một hồ sơ · The segments of a dossier",
    response_model=CaseSegments,
    responses={
        **good(200, "Every segment of the dossier, by step; none where no workflow held. ETag is the case's", ETAG),
        **refusals(*READING),
    },
)
async def listed(code: CaseCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """What each agency was allotted and used, when it got the dossier and was done, and who is late by its own
    allotment; with the receipt's two dates. Empty where no workflow held when the case was opened. The verdict on the
    dossier is intake's: it counts once, by its own date."""
    instant = now()
    return _response(await usecases.shown(connection, reference, code, principal, instant), reference)


@router.post(
    "/{code}/segments/{no}/finish",
    operation_id="finishSegment",
    summary="Cơ quan làm xong phần việc · An agency is done with its share",
    response_model=CaseSegments,
    responses={
        **good(200, "It left, and on paper the next agency has the dossier. ETag is the case's", ETAG),
        **refusals(*CHANGING),
    },
)
async def finish(
    request: Request,
    code: CaseCode,
    no: SegmentNo,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: SegmentFinishIn | None = None,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """By the agency whose share it is (NĐ 61/2018 art. 19(6)–(7)), or, once that has returned the dossier, by whoever
    holds it: what the agency used is then judged as of its return. On paper the dossier is handed over to the next one
    by itself, and after the last to the one-stop where it was filed; an electronic dossier lies open to all of them.
    It does not end the dossier: that is `/finish` of the case. Without a body: now."""
    instant = now()
    found = await usecases.finish(
        connection,
        reference,
        principal,
        code,
        no,
        body or SegmentFinishIn(),
        expected_version=version_of(if_match),
        request=await RequestKey.of(request, principal.subject, key),
        now=instant,
    )
    return _response(found, reference)


@list_router.get(
    "",
    operation_id="listOpenSegments",
    summary="Phần việc đang làm · Shares that an agency has to work on",
    response_description="A page of segments to work on, the first due at the top",
    response_model=OpenSegmentPage,
    responses=refusals(*LISTING),
)
async def listed_open(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None,
        Query(description="Of this agency or one under it. Default: the token's agency", examples=["QT25-D03"]),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """What agencies that take part have to do, whoever holds the dossier: an electronic one lies where it was received,
    and is worked on by all. What runs out first at the top, as it stood when it entered; what has no date at the
    end."""
    instant = now()
    agencies = asked_scope(agency, reference, principal, civil_day(instant))
    pages = Pages(room.settings.cursor_key, f"segments:{agency}", datetime, int, int)
    rows = await usecases.listed(
        connection, reference, sorted(agencies), instant, after=pages.after(cursor), limit=limit
    )
    shown_rows, following = pages.cut(rows, limit, lambda row: (row.entered_late_from, row.dossier_id, row.segment.no))
    items = [{"code": row.code, "version": row.version, **_segment(row.segment, reference)} for row in shown_rows]
    return page_response(items, following)


def _response(found: usecases.Shown, reference: Reference) -> Response:
    headers = {"ETag": f'"{found.case.version}"'}
    return json_answer(_segments(found, reference), 200, headers, replayed=found.replayed)


def _segments(found: usecases.Shown, reference: Reference) -> dict[str, Any]:
    case, track = found.case, found.track
    return {
        "code": case.code,
        "workflow": track.code if track else None,
        "workflow_version": track.version if track else None,
        "workflow_holds": track.holds if track else None,
        "kind": track.kind.value if track else None,
        "mode": ("parallel" if track.parallel else "sequential") if track else None,
        "due_at": shown(case.due_at),
        "receiving_due_at": shown(found.receiving_due_at),
        "late": [reference.agencies.by_id[agency_id].code for agency_id in rules.late_agencies(found.segments)],
        "version": case.version,
        "items": [_segment(segment, reference) for segment in found.segments],
    }


def _segment(segment: Segment, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[segment.agency_id]
    due: datetime | None = segment.due.at if segment.due else None
    return {
        "no": segment.no,
        "agency": agency.code,
        "agency_name": agency.name,
        "desk": segment.desk,
        "role": segment.role.value,
        "task": segment.task,
        "after": list(segment.follows),
        "state": segment.state.value,
        "allotted": {"value": float(segment.allotted.value), "unit": segment.allotted.unit.value},
        "planned_due_at": shown(segment.planned_due_at),
        "entered_at": shown(segment.entered_at),
        "due_at": shown(due),
        "left_at": shown(segment.left_at),
        "left_by": segment.left_by,
        "worked_hours": round(segment.worked.total_seconds() / 3600, 2) if segment.worked is not None else None,
        "late": bool(segment.late),
        "result": segment.result,
        "note": segment.note,
    }
