"""HTTP of delegations: give one, end it early, and see which hold on a day."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from routing_service.delegations import usecases
from routing_service.delegations.rules import DelegationRow
from shared.contracts.delegations import Delegation, DelegationIn, DelegationPage
from shared.contracts.fields import Code, Day
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, good
from shared.web.problems import KEYED, LISTING, LOCKED, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/delegations", tags=["delegations"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number", examples=[7])]


@router.post(
    "",
    status_code=201,
    operation_id="delegate",
    summary="Ủy quyền · Let somebody decide in the own place",
    response_model=Delegation,
    responses={
        **good(201, "It holds from its first day to its last", ETAG),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def delegate(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: DelegationIn,
    key: IdempotencyKey = None,
) -> Response:
    """A leader lets an officer assign, decline and return dossiers in the own place, from a day to a day. The
    delegate needs a token of role counter or handler of that agency; what is done by it is recorded with both names."""
    wanted = await RequestKey.of(request, principal.subject, key)
    made, replayed = await usecases.delegate(connection, reference, principal, body, wanted, now())
    return _response(made, reference, 201, replayed=replayed)


@router.post(
    "/{delegation_id}/end",
    operation_id="endDelegation",
    summary="Chấm dứt ủy quyền · End a delegation early",
    response_model=Delegation,
    responses={
        **good(200, "Ended: from now on nobody acts by it", ETAG),
        **refusals(*READING, "conflict", "version_changed", "invalid_request"),
    },
)
async def end(
    delegation_id: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    if_match: IfMatch = None,
) -> Response:
    """By any leader or admin of the agency. What was done by it stays done."""
    ended = await usecases.end(connection, principal, delegation_id, expected_version=version_of(if_match), now=now())
    return _response(ended, reference)


@router.get(
    "",
    operation_id="listDelegations",
    summary="Danh sách ủy quyền · Who decides in whose place",
    response_description="A page of delegations, the oldest first",
    response_model=DelegationPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None, Query(description="Given by this agency or one under it. Default: the token's agency")
    ] = None,
    as_of: Annotated[Day | None, Query(description="On which day they hold. Default: today")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Delegations that hold on a day, in the order in which they were given. What was ended early held until then."""
    day = as_of or civil_day(now())
    scope = asked_scope(agency, reference, principal, day)
    pages = Pages(room.settings.cursor_key, f"delegations:{agency}:{day}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.listed(connection, sorted(scope), day, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row.id,))
    return page_response([_delegation(row, reference) for row in rows], following)


def _response(row: DelegationRow, reference: Reference, status: int = 200, *, replayed: bool = False) -> Response:
    return json_answer(_delegation(row, reference), status, {"ETag": f'"{row.version}"'}, replayed=replayed)


def _delegation(row: DelegationRow, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row.agency_id]
    return {
        "id": row.id,
        "agency": agency.code,
        "agency_name": agency.name,
        "delegator": row.delegator,
        "delegate": row.delegate,
        "from": row.valid_from,
        "to": row.valid_to,
        "sectors": row.sectors,
        "actions": row.actions,
        "reason": row.reason,
        "created_at": shown(row.created_at),
        "ended_at": shown(row.ended_at),
        "ended_by": row.ended_by,
        "version": row.version,
    }
