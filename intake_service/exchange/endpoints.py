"""HTTP of the exchange with the national portal: for whoever sees that nothing sticks."""

from typing import Annotated, Any, get_args

import asyncpg
import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.exchange import usecases
from intake_service.exchange.rules import kept
from intake_service.petitions.rules import code_of
from shared.contracts.exchange import ExchangeKind, ExchangeMessage, ExchangePage, ExchangeStanding, ExchangeState
from shared.contracts.fields import Code
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages
from shared.web.problems import LISTING, READING, in_its_language, kept_reasons, language_of, refusals

router = APIRouter(prefix="/v1/national/exchange", tags=["national database"])

Agency = Annotated[Code | None, Query(description="An agency, with all under it. Default: the token's")]
Id = Annotated[int, Path(ge=1, le=2**53 - 1, description="Its id", examples=[4711])]


@router.get(
    "/standing",
    operation_id="readExchangeStanding",
    summary="Tình hình trao đổi với cổng quốc gia · How the exchange with the national portal stands",
    response_description="Counts by kind, and how each list was read last",
    response_model=ExchangeStanding,
    responses=refusals(*LISTING),
)
async def standing(
    reference: ReferenceOf, principal: Caller, connection: ReadingSession, agency: Agency = None
) -> Response:
    """Questions and feedback that came in, answers and ratings that went out, and what is stuck of them."""
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    rows, inboxes = await usecases.standing(connection, scope)
    counts = {(row["kind"], row["state"]): row["messages"] for row in rows}
    return json_answer(
        {
            "agency": agency or principal.agency.code,
            "counts": [
                {"kind": kind, **{state: counts.get((kind, state), 0) for state in get_args(ExchangeState)}}
                for kind in get_args(ExchangeKind)
            ],
            "inboxes": [
                {**dict(row), "tried_at": shown(row["tried_at"]), "read_at": shown(row["read_at"])}
                for row in inboxes.values()
            ],
        }
    )


@router.get(
    "",
    operation_id="listExchange",
    summary="Thông điệp trao đổi với cổng quốc gia · What is exchanged with the national portal",
    response_description="A page of messages, the oldest first",
    response_model=ExchangePage,
    responses=refusals(*LISTING),
)
async def listed(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    kind: Annotated[ExchangeKind | None, Query(description="Of this kind only")] = None,
    state: Annotated[ExchangeState | None, Query(description="In this state only")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """`state=dead` is for somebody to look at. What was asked and answered stands with its petition. A machine is shown
    none of ratings, and none of petitions on officers' behaviour."""
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    pages = Pages(room.settings.cursor_key, f"national exchange {(agency, kind, state)}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.page(connection, principal, scope, kind, state, after=after, limit=limit)
    page, following = pages.cut(rows, limit, lambda row: (row["id"],))
    items = [_message(row, reference, language_of(request)) for row in page]
    return json_answer({"items": items, "next": following}, headers=in_its_language(request))


@router.post(
    "/{message_id}/resend",
    operation_id="resendExchange",
    summary="Gửi lại, đọc lại · Send again what is stuck",
    response_description="It waits again",
    response_model=ExchangeMessage,
    responses=refusals(*READING, "conflict", "invalid_request"),
)
async def resend(
    request: Request, message_id: Id, reference: ReferenceOf, principal: Caller, connection: WritingSession
) -> Response:
    """Of what goes out: it is sent again. Of what came in and could not be read: it is read again with the next list.
    One that is not stuck is refused."""
    row = await usecases.resend(connection, principal, message_id, now())
    return json_answer(_message(row, reference, language_of(request)), headers=in_its_language(request))


def _message(row: asyncpg.Record, reference: Reference, language: str) -> dict[str, Any]:
    reasons = kept_reasons(row["reasons"])
    petition = row["petition_id"]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "key": row["key"],
        "agency": reference.agencies.by_id[row["agency_id"]].code,
        "petition": code_of(petition, row["received_day"]) if petition is not None and row["received_day"] else None,
        "state": row["state"],
        "queued_at": shown(row["queued_at"]),
        "next_at": shown(row["ready_at"]) if row["state"] == "waiting" else None,
        "attempts": row["attempts"],
        "tried_at": shown(row["tried_at"]),
        "taken_at": shown(row["settled_at"]),
        "payload": kept(orjson.loads(row["payload"])) if row["payload"] else None,
        "answer_code": row["answer_code"],
        "answer": row["answer"],
        "reasons": [each.wire(language) for each in reasons],
    }
