"""HTTP of webhooks: who is told of what, and with which secret."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from routing_service.webhooks import rules, usecases
from routing_service.webhooks.rules import WebhookRow
from shared.contracts.fields import Code
from shared.contracts.webhooks import Rotation, Webhook, WebhookChange, WebhookIn, WebhookPage, WebhookWithSecret
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, good
from shared.web.problems import BODY, KEYED, LISTING, LOCKED, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number", examples=[3])]


@router.post(
    "",
    status_code=201,
    operation_id="createWebhook",
    summary="Đăng ký nơi nhận thông báo · Have an address told of what happens",
    response_model=WebhookWithSecret,
    responses={
        **good(201, "It is told from now on. Its secret is shown here and never again", ETAG, LOCATION),
        **refusals(*LOCKED, "agency_out_of_scope", "conflict", *KEYED),
    },
)
async def create(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: WebhookIn,
    key: IdempotencyKey = None,
) -> Response:
    """Of each event of these kinds, of a dossier that the agency or one under it received or has in hands, the address
    gets a message: which dossier, what, when, and no word of its applicant. Messages are signed after Standard Webhooks
    and come at least once, those of one dossier in order ([docs/webhooks.md]). Refused: an address that is no public
    host by https, unless the operator has allowed it; it is looked at again at each sending."""
    made = await usecases.create(
        connection,
        reference,
        principal,
        body,
        allowed=room.settings.webhook_targets,
        ring=room.keyring,
        request=await RequestKey.of(request, principal.subject, key),
        now=now(),
    )
    return _with_secret(made, reference, 201)


@router.get(
    "",
    operation_id="listWebhooks",
    summary="Các nơi nhận thông báo · Who is told",
    response_description="A page of webhooks, the oldest first",
    response_model=WebhookPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None, Query(description="Of this agency or one under it. Default: the token's agency")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Those that are told of the dossiers of an agency and of all under it; what was deleted is not among them."""
    scope = asked_scope(agency, reference, principal, civil_day(now()))
    pages = Pages(room.settings.cursor_key, f"webhooks:{agency}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.listed(connection, sorted(scope), after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row.id,))
    return page_response([_webhook(row, reference) for row in rows], following)


@router.get(
    "/{webhook_id}",
    operation_id="readWebhook",
    summary="Một nơi nhận thông báo · One webhook",
    response_model=Webhook,
    responses={**good(200, "The webhook, without its secret", ETAG), **refusals(*READING, "invalid_request")},
)
async def read(webhook_id: Number, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """What it is told of, where, and how well that went."""
    return _answer(await usecases.one(connection, webhook_id, principal), reference)


@router.put(
    "/{webhook_id}",
    operation_id="changeWebhook",
    summary="Sửa nơi nhận thông báo · Change a webhook",
    response_model=Webhook,
    responses={
        **good(200, "The webhook as it is now", ETAG),
        **refusals(*READING, "version_changed", *BODY),
    },
)
async def change(
    webhook_id: Number,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: WebhookChange,
    if_match: IfMatch = None,
) -> Response:
    """All that it is to be. Messages that wait go to the new address; its agency and its secret stay."""
    changed = await usecases.change(
        connection,
        principal,
        webhook_id,
        body,
        allowed=room.settings.webhook_targets,
        expected_version=version_of(if_match),
        now=now(),
    )
    return _answer(changed, reference)


_STATE = refusals(*READING, "version_changed", "invalid_request")


@router.post(
    "/{webhook_id}/pause",
    operation_id="pauseWebhook",
    summary="Tạm ngừng gửi · Send nothing for a while",
    response_model=Webhook,
    responses={**good(200, "Messages wait from now on, for a month at most", ETAG), **_STATE},
)
async def pause(
    webhook_id: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    if_match: IfMatch = None,
) -> Response:
    """What happens meanwhile is sent when it goes on. Repeating it changes nothing."""
    return await _put(rules.PAUSED, webhook_id, reference, principal, connection, if_match)


@router.post(
    "/{webhook_id}/resume",
    operation_id="resumeWebhook",
    summary="Gửi tiếp · Go on sending",
    response_model=Webhook,
    responses={**good(200, "What waits is sent, the oldest first", ETAG), **_STATE},
)
async def resume(
    webhook_id: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    if_match: IfMatch = None,
) -> Response:
    """After a pause, after the target has said that it is gone, or at once where it rests after failures."""
    return await _put(rules.ACTIVE, webhook_id, reference, principal, connection, if_match)


@router.delete(
    "/{webhook_id}",
    operation_id="deleteWebhook",
    summary="Xóa nơi nhận thông báo · Delete a webhook",
    response_model=Webhook,
    responses={**good(200, "Deleted: its secrets are gone, and nothing is sent any more", ETAG), **_STATE},
)
async def delete(
    webhook_id: Number,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    if_match: IfMatch = None,
) -> Response:
    """What waits is given up. A message that is on its way may still arrive."""
    gone = await usecases.delete(connection, principal, webhook_id, expected_version=version_of(if_match), now=now())
    return _answer(gone, reference)


@router.post(
    "/{webhook_id}/rotations",
    operation_id="rotateWebhookSecret",
    summary="Đổi mã ký · Another secret",
    response_model=WebhookWithSecret,
    responses={
        **good(200, "The new secret, shown here and never again", ETAG),
        **refusals(*READING, "conflict", "version_changed", *KEYED),
    },
)
async def rotate(
    webhook_id: Number,
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: Rotation,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Until the overlap is over messages carry two signatures, of the new secret and of the one before, so that a
    target can change without losing any. A secret before that one ends at once."""
    made = await usecases.rotate(
        connection,
        principal,
        webhook_id,
        timedelta(hours=body.overlap_hours),
        ring=room.keyring,
        expected_version=version_of(if_match),
        request=await RequestKey.of(request, principal.subject, key),
        now=now(),
    )
    return _with_secret(made, reference, 200)


async def _put(
    state: str,
    webhook_id: int,
    reference: Reference,
    principal: Caller,
    connection: WritingSession,
    if_match: str | None,
) -> Response:
    row = await usecases.put_state(
        connection, principal, webhook_id, state, expected_version=version_of(if_match), now=now()
    )
    return _answer(row, reference)


def _answer(row: WebhookRow, reference: Reference) -> Response:
    return json_answer(_webhook(row, reference), 200, {"ETag": f'"{row.version}"'})


def _with_secret(made: usecases.Shown, reference: Reference, status: int) -> Response:
    headers = {"ETag": f'"{made.row.version}"'}
    if status == 201:
        headers["Location"] = f"/v1/webhooks/{made.row.id}"
    body = {**_webhook(made.row, reference), "secret": made.secret}
    return json_answer(body, status, headers, replayed=made.replayed)


def _webhook(row: WebhookRow, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row.agency_id]
    at = now()
    return {
        "id": row.id,
        "agency": agency.code,
        "agency_name": agency.name,
        "url": row.url,
        "kinds": row.kinds,
        "due_soon_days": row.due_soon_days,
        "description": row.description,
        "state": row.state,
        "disabled_reason": row.disabled_reason,
        "resting_until": shown(row.resting_until) if row.resting_until and row.resting_until > at else None,
        "previous_secret_until": shown(row.previous_until) if row.previous_until and row.previous_until > at else None,
        "delivered": row.delivered,
        "failed": row.failed,
        "dead": row.dead,
        "created_at": shown(row.created_at),
        "created_by": row.created_by,
        "version": row.version,
    }
