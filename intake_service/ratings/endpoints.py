"""HTTP of ratings: the applicant's own, public and counted by client; and what was said, for whoever watches."""

from datetime import datetime
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from intake_service.ratings import rules, usecases
from intake_service.tracking.usecases import of_its_holder
from shared.contracts.fields import Code, Day
from shared.contracts.ratings import Rating, RatingIn, RatingLevel, RatingPage
from shared.domain.civil_time import civil_day, shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.counted import RATE_LIMIT, Counted
from shared.web.database import EVERY_ROW, Connection, ReadingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ReceiptSecret, Secret, TrackedCode
from shared.web.problems import BODY, LISTING, refusals

#: What an applicant does from outside.
public_router = APIRouter(prefix="/v1", tags=["ratings"], route_class=Counted)
router = APIRouter(prefix="/v1", tags=["ratings"])

_FROM_OUTSIDE = ("unauthenticated", "not_found", "too_many_requests")


@public_router.put(
    "/track/{code}/rating",
    operation_id="rateDossier",
    summary="Đánh giá mức độ hài lòng · Rate a dossier",
    response_model=Rating,
    responses={
        200: {"description": "The rating as it stands now", "headers": RATE_LIMIT},
        **refusals(*_FROM_OUTSIDE, "not_allowed_in_status", "conflict", *BODY),
    },
)
async def rate(
    request: Request,
    room: RoomOf,
    code: TrackedCode,
    given: RatingIn,
    secret: Secret = None,
    receipt_secret: ReceiptSecret = None,
) -> Response:
    """One rating of a dossier that has ended, by the secret on its receipt or the token of the citizen whose dossier it
    is; to anybody else there is no such dossier (404).

    It can be changed until `changeable_until`, the end of the last of `MOTCUA_RATING_CHANGE_DAYS` (7) days after the
    day on which it was first given; then it stands, and is among the figures that are published.
    """
    citizen = await room.authenticator.identity(request)
    async with room.pool.acquire(EVERY_ROW) as connection, connection.transaction():
        found = await _held(connection, room, code, secret, receipt_secret, citizen)
        row = await usecases.rate(connection, found["id"], given, now(), room.settings.rating_change_days)
    return json_answer(_own(row, found["code"], room))


@public_router.get(
    "/track/{code}/rating",
    operation_id="readRating",
    summary="Đánh giá đã gửi · The rating that was given",
    response_model=Rating,
    responses={
        200: {"description": "The rating as it stands", "headers": RATE_LIMIT},
        **refusals(*_FROM_OUTSIDE, "invalid_request"),
    },
)
async def read(
    request: Request,
    room: RoomOf,
    code: TrackedCode,
    secret: Secret = None,
    receipt_secret: ReceiptSecret = None,
) -> Response:
    """What the holder of the receipt, or the citizen whose dossier it is, has said of it. 404 where nothing was."""
    citizen = await room.authenticator.identity(request)
    async with room.pool.acquire(EVERY_ROW) as connection:
        found = await _held(connection, room, code, secret, receipt_secret, citizen)
        row = await usecases.one(connection, found["id"])
    return json_answer(_own(row, found["code"], room))


@router.get(
    "/ratings",
    operation_id="listRatings",
    summary="Ý kiến đánh giá của người nộp hồ sơ · What applicants said",
    response_description="A page of ratings, the latest first",
    response_model=RatingPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[Code | None, Query(description="Rated agency, with all under it. Default: the token's")] = None,
    first: Annotated[Day | None, Query(alias="from", description="Given on this day or later")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Given on this day or earlier")] = None,
    level: Annotated[RatingLevel | None, Query(description="Only such")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """For whoever watches over the agencies, with the words and without the dossier, numbers in them hidden: who rated
    is nobody's to know (NĐ 61/2018 art. 27(3))."""
    pages = Pages(room.settings.cursor_key, f"ratings:{(agency, first, last, level)}", datetime, int)
    before = pages.after(cursor)
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    number = rules.LEVELS[level] if level else None
    rows = await usecases.page(connection, scope, first, last, number, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["rated_at"], row["dossier_id"]))
    units = reference.agencies.by_id
    items = [
        {
            **_rated(row),
            "words": rules.read_by_others(row["words"]),
            "agency": units[row["agency_id"]].code,
            "agency_name": units[row["agency_id"]].name,
        }
        for row in rows
    ]
    return page_response(items, following)


async def _held(
    connection: Connection, room: Room, code: str, secret: str | None, header: str | None, citizen: str | None
) -> asyncpg.Record:
    return await of_its_holder(
        connection,
        room.settings.tracking_key.get_secret_value(),
        room.keyring,
        code,
        secret=secret if header is None else header,
        citizen=citizen,
        wrong=lambda: room.limits.guess(code, now().timestamp()),
    )


def _own(row: asyncpg.Record, code: str, room: Room) -> dict[str, Any]:
    until = rules.changeable_until(row["rated_at"], room.settings.rating_change_days)
    return {"code": code, **_rated(row), "changeable_until": shown(until)}


def _rated(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "level": rules.NAMES[row["level"]],
        "criteria": orjson.loads(row["criteria"]),
        "words": row["words"],
        "rated_at": shown(row["rated_at"]),
        "changed_at": shown(row["changed_at"]),
    }
