"""HTTP of messages to webhooks: see what became of them, try a target out, send one again."""

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from routing_service.webhook_deliveries import usecases
from routing_service.webhooks.endpoints import Number
from shared.contracts.webhooks import Delivery, DeliveryPage, DeliveryState
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import READING, refusals

router = APIRouter(prefix="/v1/webhooks/{webhook_id}", tags=["webhooks"])
MessageId = Annotated[
    str,
    Path(
        pattern="^[a-z0-9_]{1,60}$",
        description="Its `webhook-id`",
        examples=["msg_3f1c0a2e7b1d4d6b9a530d7f8f2f6a10"],
    ),
]
_LAST = 2**63 - 1


@router.post(
    "/tests",
    status_code=202,
    operation_id="testWebhook",
    summary="Gửi thông báo thử · Send a test message",
    response_model=Delivery,
    responses={
        202: {"description": "It is sent in a moment: the list of deliveries tells what came of it"},
        **refusals(*READING, "conflict", "invalid_request", "idempotency_key_reused"),
    },
)
async def try_out(
    webhook_id: Number,
    request: Request,
    principal: Caller,
    connection: WritingSession,
    key: IdempotencyKey = None,
) -> Response:
    """A message of type `webhook.test` that tells of nothing, signed and sent like any other. One at a time."""
    wanted = await RequestKey.of(request, principal.subject, key)
    made, replayed = await usecases.try_out(connection, principal, webhook_id, request=wanted, now=now())
    return json_answer(_delivery(made), 202, replayed=replayed)


@router.get(
    "/deliveries",
    operation_id="listWebhookDeliveries",
    summary="Các thông báo đã gửi, chờ gửi · What became of messages",
    response_description="A page of messages, the newest first",
    response_model=DeliveryPage,
    responses=refusals(*READING, "invalid_request"),
)
async def listed(
    webhook_id: Number,
    room: RoomOf,
    principal: Caller,
    connection: ReadingSession,
    state: Annotated[DeliveryState | None, Query(description="Only those that wait, were taken, or given up")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Messages of the last 30 days, with what the target answered last: its status, nothing else of it."""
    pages = Pages(room.settings.cursor_key, f"deliveries:{webhook_id}:{state}", int)
    (before,) = pages.after(cursor) or (_LAST,)
    rows = await usecases.listed(connection, principal, webhook_id, state, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_delivery(row) for row in rows], following)


@router.post(
    "/deliveries/{message_id}/resend",
    status_code=202,
    operation_id="resendWebhookDelivery",
    summary="Gửi lại thông báo · Send a message again",
    response_model=Delivery,
    responses={
        202: {"description": "It waits again, with all its attempts before it"},
        **refusals(*READING, "conflict", "invalid_request"),
    },
)
async def send_again(
    webhook_id: Number, message_id: MessageId, principal: Caller, connection: WritingSession
) -> Response:
    """A message that was given up, with the same `webhook-id`. It may come after what its dossier was told of since."""
    return json_answer(_delivery(await usecases.send_again(connection, principal, webhook_id, message_id, now())), 202)


def _delivery(row: asyncpg.Record) -> dict[str, Any]:
    waits, taken = row["state"] == "waiting", row["state"] == "delivered"
    return {
        "id": row["message_id"],
        "kind": row["kind"],
        "code": row["code"],
        "state": row["state"],
        "attempts": row["attempts"],
        "next_attempt_at": shown(row["next_at"]) if waits else None,
        "last_attempt_at": shown(row["last_at"]),
        "last_status": row["last_status"],
        "last_error": row["last_error"],
        "created_at": shown(row["created_at"]),
        "delivered_at": shown(row["ended_at"]) if taken else None,
    }
