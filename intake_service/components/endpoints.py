"""HTTP of the papers that a procedure asks for. Reading is public: who prepares a dossier has to know them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from intake_service.components import usecases
from shared.contracts.components import Components, ComponentsIn
from shared.contracts.fields import Day
from shared.domain.civil_time import civil_day
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.kept import Kept
from shared.web.places import ETAG, ProcedureCode, good
from shared.web.problems import BODY, READING, refusals
from shared.web.versions import tag_of

router = APIRouter(prefix="/v1/procedures", tags=["procedures"], route_class=Kept)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=40, description="The ETag of the lists as read", examples=['"3f1c0a2e7b1d4d6b"']
    ),
]


@router.get(
    "/{code}/components",
    operation_id="readComponents",
    summary="Thành phần hồ sơ của thủ tục · The papers that a procedure asks for",
    response_model=Components,
    responses={**good(200, "The list that holds on that day", ETAG), **refusals("not_found", "invalid_request")},
)
async def read(
    code: ProcedureCode,
    reference: ReferenceOf,
    connection: ReadingSession,
    as_of: Annotated[Day | None, Query(description="Handed in on this day; today unless given")] = None,
) -> Response:
    """Public. What is handed in on a day is held against this list, whatever is entered later. No published catalogue
    comes with the product: until somebody enters a list, `entered` is false."""
    return _answer(await usecases.asked_on(connection, reference, code, as_of or civil_day(now())))


@router.put(
    "/{code}/components",
    operation_id="setComponents",
    summary="Nhập thành phần hồ sơ của thủ tục · Enter the papers that a procedure asks for",
    response_model=Components,
    responses={
        **good(200, "The list as it was entered", ETAG),
        **refusals(*READING, "agency_out_of_scope", "version_changed", *BODY),
    },
)
async def put(
    code: ProcedureCode,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: ComponentsIn,
    if_match: IfMatch = None,
) -> Response:
    """From `valid_from` on, in place of whatever was to hold then. What was handed in before keeps the list of its day.
    Repeating it changes nothing."""
    change = usecases.Change(
        begin=body.valid_from,
        decision=body.decision,
        reason=body.reason,
        retroactive=body.retroactive,
        tag=tag_of(if_match),
        now=now(),
    )
    components = [component.model_dump() for component in body.components]
    return _answer(await usecases.enter(connection, reference, principal, code, components, change))


def _answer(asked: usecases.Asked) -> Response:
    held = asked.held
    body: dict[str, Any] = {
        "procedure": asked.procedure,
        "as_of": asked.as_of,
        "entered": held is not None,
        "components": list(held.row.components) if held else [],
        "valid_from": held.row.valid_from if held else None,
        "valid_to": held.valid_to if held else None,
        "decision": held.row.decision if held else None,
        "reason": held.row.reason if held else None,
        "changes_on": asked.to_come,
    }
    return json_answer(body, 200, {"ETag": asked.etag})
