"""HTTP of anchors: read them, hand them over with the stamp of the authority and the events that they bind."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from intake_service.access_records.rules import Entry
from intake_service.anchors import usecases
from intake_service.anchors.store import Kept
from shared.contracts.anchors import Anchor, AnchorPage
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import Room, RoomOf
from shared.web.auth import Caller
from shared.web.database import ReadingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import LISTING, READING, refusals
from shared.web.streams import MEDIA_TYPES, Streamed

router = APIRouter(prefix="/v1/anchors", tags=["anchors"])
Number = Annotated[int, Path(ge=1, le=2**53 - 1, description="Its number", examples=[12])]
#: What the lines of events begin with, so that whoever reads them knows what they are.
BUNDLE = "motcua-events/2"
_LINES_A_CHUNK = 500


@router.get(
    "",
    operation_id="listAnchors",
    summary="Danh sách mốc neo · Anchors of the event log",
    response_description="A page of anchors, the last one first",
    response_model=AnchorPage,
    responses=refusals(*LISTING),
)
async def listed(
    principal: Caller, room: RoomOf, session: ReadingSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Response:
    """One a day. Hand the text of the last one to somebody outside, with its stamp: nothing before it can then be
    changed, taken away or put in between unseen."""
    pages = Pages(room.settings.cursor_key, "anchors", int)
    (before,) = pages.after(cursor) or (None,)
    rows = await usecases.page(session, principal, before, limit + 1)
    shown_rows, following = pages.cut(rows, limit, lambda kept: (kept.anchor.number,))
    return page_response([_shown(kept) for kept in shown_rows], following)


@router.get(
    "/{number}",
    operation_id="readAnchor",
    summary="Một mốc neo · One anchor",
    response_description="The anchor, with its text",
    response_model=Anchor,
    responses=refusals(*READING, "agency_out_of_scope", "invalid_request"),
)
async def read(number: Number, principal: Caller, session: ReadingSession) -> Response:
    """An anchor by its number."""
    return json_answer(_shown(await usecases.one(session, principal, number)))


@router.get(
    "/{number}/stamp",
    operation_id="readAnchorStamp",
    summary="Dấu thời gian của mốc neo · The stamp of the authority",
    response_class=Response,
    responses={
        200: {
            "description": "What the authority answered, as RFC 3161 has it: `openssl ts -verify -data anchor-12.txt "
            "-in anchor-12.tsr -CAfile …`",
            "content": {"application/timestamp-reply": {"schema": {"type": "string", "format": "binary"}}},
        },
        **refusals(*READING, "agency_out_of_scope", "invalid_request"),
    },
)
async def stamp(number: Number, principal: Caller, session: ReadingSession) -> Response:
    """Not found, too, while it is not stamped."""
    found = await usecases.stamp_of(session, principal, number)
    return Response(found, media_type="application/timestamp-reply")


@router.get(
    "/{number}/events",
    operation_id="readAnchoredEvents",
    summary="Sự kiện giữa hai mốc neo · The events between two anchors",
    response_class=Response,
    responses={
        200: {
            "description": "Lines of JSON: what it is, with the ends of the chains of records of readings at the "
            "anchor `after`; then the events of each anchor in their order, the records of readings, and behind them "
            "the anchor. Each is what its hash was taken of, with the hash before it; none names an applicant",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **refusals(*READING, "agency_out_of_scope", "invalid_request", "unavailable"),
    },
)
async def events(
    number: Number,
    principal: Caller,
    room: RoomOf,
    session: ReadingSession,
    after: Annotated[
        int,
        Query(ge=0, le=2**53 - 1, description="The anchor from which on; 0: from the beginning", examples=[11]),
    ] = 0,
) -> Response:
    """What `verify_anchors.py` reads: whoever holds the two anchors proves with it, without this system, that nothing
    between them was changed."""
    anchors = await usecases.between(session, principal, after, number)
    ends = await usecases.ends_of(session, after)
    return Streamed(room, _stream(room, after, ends, anchors), MEDIA_TYPES["ndjson"])


async def _stream(room: Room, after: int, ends: str, anchors: list[Kept]) -> AsyncGenerator[bytes, None]:
    yield _line({"format": BUNDLE, "after": after, "upto": anchors[-1].anchor.number, "ends": ends})
    chunk: list[bytes] = []
    async with aclosing(usecases.bound(room.pool, after, anchors)) as found:
        async for one in found:
            if isinstance(one, Kept):
                chunk.append(_line({"anchor": one.anchor.text}))
            elif isinstance(one, Entry):
                said = {"before": one.before.hex(), "text": one.text, "hash": one.hash.hex()}
                chunk.append(_line({"agency": one.agency_id, **said}))
            else:
                chunk.append(_line({"before": one.before.hex(), "text": one.text, "hash": one.hash.hex()}))
            if len(chunk) == _LINES_A_CHUNK:
                yield b"".join(chunk)
                chunk.clear()
    yield b"".join(chunk)


def _line(of: dict[str, Any]) -> bytes:
    return orjson.dumps(of, option=orjson.OPT_APPEND_NEWLINE)


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "number": kept.anchor.number,
        "taken_at": shown(kept.anchor.taken_at),
        "events": kept.anchor.events,
        "root": kept.root.hex(),
        "text": kept.anchor.text,
        "stamped_at": shown(kept.stamped_at) if kept.stamped_at else None,
    }
