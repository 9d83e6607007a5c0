"""HTTP of an agency's working hours. Reading is public: a due date can be checked by whoever holds the receipt."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from routing_service.sessions import usecases
from routing_service.sessions.rules import Block
from shared.contracts.fields import Day
from shared.contracts.sessions import AgencySessions, AgencySessionsIn
from shared.domain.civil_time import civil_day
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.kept import Kept
from shared.web.places import ETAG, AgencyCode, good
from shared.web.problems import BODY, READING, refusals
from shared.web.versions import tag_of

router = APIRouter(prefix="/v1/agencies", tags=["agencies"], route_class=Kept)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=40, description="The ETag of the hours as read", examples=['"3f1c0a2e7b1d4d6b"']
    ),
]


@router.get(
    "/{code}/sessions",
    operation_id="readAgencySessions",
    summary="Giờ làm việc của cơ quan · The working hours of an agency",
    response_model=AgencySessions,
    responses={**good(200, "The hours that hold on that day", ETAG), **refusals("not_found", "invalid_request")},
)
async def read(
    code: AgencyCode,
    reference: ReferenceOf,
    connection: ReadingSession,
    as_of: Annotated[Day | None, Query(description="The day; today unless given")] = None,
) -> Response:
    """The blocks that hold on a day: the agency's own, or the installation's where it has set none."""
    return _answer(await usecases.hours(connection, reference, code, as_of or civil_day(now())))


@router.put(
    "/{code}/sessions",
    operation_id="setAgencySessions",
    summary="Đặt giờ làm việc của cơ quan · Set the working hours of an agency",
    response_model=AgencySessions,
    responses={
        **good(200, "The hours as they were set", ETAG),
        **refusals(*READING, "agency_out_of_scope", "version_changed", *BODY),
    },
)
async def put(
    code: AgencyCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: AgencySessionsIn,
    if_match: IfMatch = None,
) -> Response:
    """From `valid_from` on, tomorrow at the earliest, in place of whatever was to hold then. Dossiers received before
    keep their dates, and so do shares begun before. Repeating it changes nothing."""
    found = await usecases.set_hours(
        connection,
        reference,
        principal,
        code,
        begin=body.valid_from,
        blocks=[Block(block.weekday, block.opens, block.closes) for block in body.blocks],
        basis=body.basis,
        tag=tag_of(if_match),
        now=now(),
    )
    return _answer(found)


def _answer(found: usecases.Hours) -> Response:
    body: dict[str, Any] = {
        "agency": found.agency,
        "as_of": found.as_of,
        "own": found.own,
        "blocks": [
            {
                "weekday": row.block.weekday,
                "opens": row.block.opens.isoformat("minutes"),
                "closes": row.block.closes.isoformat("minutes"),
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
                "basis": row.basis,
            }
            for row in found.rows
        ],
        "changes_on": found.to_come,
    }
    return json_answer(body, 200, {"ETag": found.etag})
