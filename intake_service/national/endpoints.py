"""HTTP of what the national database is told: for whoever sees that it is, and that nothing sticks."""

from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.national import rules, usecases
from shared.contracts.fields import Code
from shared.contracts.national import (
    MessageState,
    NationalMessage,
    NationalMessagePage,
    NationalStanding,
    Resends,
    ResendsIn,
    Resync,
    ResyncIn,
)
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages
from shared.web.problems import (
    BODY,
    KEYED,
    LISTING,
    READING,
    in_its_language,
    kept_reasons,
    language_of,
    refusals,
)

router = APIRouter(prefix="/v1/national", tags=["national database"])

Agency = Annotated[Code | None, Query(description="Receiving agency, with all under it. Default: the token's")]
MessageId = Annotated[int, Path(ge=1, le=2**53 - 1, description="Its id", examples=[4711])]


@router.get(
    "/standing",
    operation_id="readNationalStanding",
    summary="Tình hình đồng bộ · How far the national database is told",
    response_description="How many messages are in each state",
    response_model=NationalStanding,
    responses=refusals(*LISTING),
)
async def standing(
    reference: ReferenceOf, principal: Caller, connection: ReadingSession, agency: Agency = None
) -> Response:
    """How many messages wait, are stuck, and are there, of the dossiers that an agency received. Where there is no
    national database to be told, nothing is queued."""
    scope = asked_scope(agency, reference, principal, civil_day(now()))
    counts, since = await usecases.standing(connection, sorted(scope))
    said = {state: counts.get(state, 0) for state in ("waiting", "blocked", "dead", "taken")}
    return json_answer({"agency": agency or principal.agency.code, **said, "waiting_since": shown(since)})


@router.get(
    "/messages",
    operation_id="listNationalMessages",
    summary="Thông điệp đồng bộ · What the national database is told",
    response_description="A page of messages, the oldest first",
    response_model=NationalMessagePage,
    responses=refusals(*LISTING),
)
async def listed(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    state: Annotated[MessageState | None, Query(description="In this state only")] = None,
    code: Annotated[Code | None, Query(description="Of one dossier, by any of its codes")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """What was told, is to be told, and is stuck, message by message: `state=dead` and `state=blocked` are for somebody
    to look at."""
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    pages = Pages(room.settings.cursor_key, f"national-messages {(agency, state, code)}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.page(connection, scope, state, code, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    items = [_message(row, reference, language_of(request)) for row in rows]
    return json_answer({"items": items, "next": following}, headers=in_its_language(request))


@router.get(
    "/messages/{message_id}",
    operation_id="readNationalMessage",
    summary="Một thông điệp đồng bộ · One message",
    response_description="The message",
    response_model=NationalMessage,
    responses=refusals(*READING, "invalid_request"),
)
async def read(
    request: Request, message_id: MessageId, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """One message with what was sent and answered."""
    row = await usecases.one(connection, principal, message_id)
    return json_answer(_message(row, reference, language_of(request)), headers=in_its_language(request))


@router.post(
    "/messages/{message_id}/resend",
    operation_id="resendNationalMessage",
    summary="Gửi lại thông điệp · Send a message again that is stuck",
    response_description="The message: it waits again",
    response_model=NationalMessage,
    responses=refusals(*READING, "conflict", "invalid_request"),
)
async def resend(
    request: Request, message_id: MessageId, reference: ReferenceOf, principal: Caller, connection: WritingSession
) -> Response:
    """Once what was wrong is put right: the dossier by a correction, the agency's code by its keeper. It is written
    anew from what the dossier says then. One that is not stuck is refused."""
    row = await usecases.resend(connection, principal, message_id, now())
    return json_answer(_message(row, reference, language_of(request)), headers=in_its_language(request))


@router.post(
    "/resends",
    operation_id="resendNationalMessages",
    summary="Gửi lại mọi thông điệp bị kẹt · Send all stuck messages again",
    response_description="How many wait again",
    response_model=Resends,
    responses=refusals(*READING, "agency_out_of_scope", *BODY),
)
async def resend_all(
    reference: ReferenceOf, principal: Caller, connection: WritingSession, body: ResendsIn
) -> Response:
    """Once what was wrong with all of them is put right, or was not of ours. Those that are not stuck in that state
    stay as they are."""
    scope = sorted(asked_scope(body.agency, reference, principal, civil_day(now())))
    count = await usecases.resend_all(connection, scope, body.state, body.answer_code, now())
    return json_answer({"waiting": count})


@router.post(
    "/resyncs",
    status_code=201,
    operation_id="resyncNational",
    summary="Đồng bộ lại một kỳ · Tell the dossiers of a period once more",
    response_description="How many are told once more",
    response_model=Resync,
    responses=refusals(*READING, "agency_out_of_scope", *KEYED),
)
async def resync(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: ResyncIn,
    key: IdempotencyKey = None,
) -> Response:
    """Every dossier that the agency received in the period is told as it stands now. Those that are there already are
    updated; those of which something waits or is stuck are left to that."""
    wanted = await RequestKey.of(request, principal.subject, key)
    scope = sorted(asked_scope(body.agency, reference, principal, civil_day(now())))
    queued, replayed = await usecases.resync(connection, scope, body.from_, body.to, wanted, now())
    return json_answer({"queued": queued}, 201, replayed=replayed)


def _message(row: asyncpg.Record, reference: Reference, language: str) -> dict[str, Any]:
    reasons = kept_reasons(row["reasons"])
    return {
        "id": row["id"],
        "dossier": row["code"],
        "agency": reference.agencies.by_id[row["agency_id"]].code,
        "seq": row["seq"],
        "service": (rules.ITEM, rules.PROGRESS)[row["step"]],
        "round": row["round"],
        "state": row["state"],
        "queued_at": shown(row["queued_at"]),
        "next_at": shown(row["ready_at"]) if row["state"] == "waiting" else None,
        "attempts": row["attempts"],
        "tried_at": shown(row["tried_at"]),
        "taken_at": shown(row["settled_at"]),
        "payload": orjson.loads(row["payload"]) if row["payload"] else None,
        "answer_code": row["answer_code"],
        "answer": row["answer"],
        "reasons": [each.wire(language) for each in reasons],
    }
