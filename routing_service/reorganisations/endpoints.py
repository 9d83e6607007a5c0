"""HTTP of reorganisations: see what would move, decide it, follow it."""

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from routing_service.reorganisations import usecases
from shared.contracts.reorganisations import (
    LeftOverPage,
    Reorganisation,
    ReorganisationIn,
    ReorganisationPage,
    ReorganisationPreview,
)
from shared.domain.civil_time import shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import KEYED, LOCKED, READING, refusals

router = APIRouter(prefix="/v1/reorganisations", tags=["reorganisations"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number", examples=[3])]


@router.post(
    "",
    status_code=202,
    operation_id="reorganise",
    summary="Chuyển hồ sơ khi sắp xếp đơn vị · Move units' open dossiers to their successors",
    response_model=Reorganisation,
    responses={
        200: {"model": ReorganisationPreview, "description": "A dry run: what would move; nothing was written"},
        202: {"description": "Decided: it is carried out in the background, see `Location`"},
        **refusals(*LOCKED, *KEYED),
    },
)
async def reorganise(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: ReorganisationIn,
    key: IdempotencyKey = None,
) -> Response:
    """Open dossiers of the named units go to those that take over, each with a movement of its own. The holder changes;
    the agency that received a dossier stays as of then, so no report of a past period changes, and succession makes
    both meet. No clock moves and no date. What no rule covers is listed (`/left-over`), not guessed.

    A receiver is in force on the effective day and succeeds the unit that held the dossier, unless it is said why it
    need not. The caller's token covers them all."""
    if body.dry_run:
        seen = await usecases.preview(connection, reference, principal, body)
        return json_answer(_preview(seen, reference))
    wanted = await RequestKey.of(request, principal.subject, key)
    row, replayed = await usecases.decide(connection, reference, principal, body, wanted, now())
    headers = {"Location": f"/v1/reorganisations/{row['id']}"}
    return json_answer(_reorganisation(row), 202, headers, replayed=replayed)


@router.get(
    "",
    operation_id="listReorganisations",
    summary="Các lần sắp xếp đơn vị · Reorganisations",
    response_description="A page of reorganisations, the newest first",
    response_model=ReorganisationPage,
    responses=refusals(*LOCKED, "invalid_request"),
)
async def listed(
    room: RoomOf, principal: Caller, connection: ReadingSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Response:
    """Reorganisations that the caller's agency, or one under it, decided, the newest first."""
    pages = Pages(room.settings.cursor_key, "reorganisations", int)
    (before,) = pages.after(cursor) or (2**31 - 1,)
    rows = await usecases.page(connection, sorted(principal.scope), before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_reorganisation(row) for row in rows], following)


@router.get(
    "/{reorganisation_id}",
    operation_id="readReorganisation",
    summary="Một lần sắp xếp đơn vị · One reorganisation, and how far it has come",
    response_description="The reorganisation as far as it has come",
    response_model=Reorganisation,
    responses=refusals(*READING, "invalid_request"),
)
async def read(reorganisation_id: Number, principal: Caller, connection: ReadingSession) -> Response:
    """How many dossiers were looked at, moved, and left where they were."""
    row = await usecases.one(connection, reorganisation_id, principal)
    return json_answer(_reorganisation(row))


@router.get(
    "/{reorganisation_id}/left-over",
    operation_id="listLeftOver",
    summary="Hồ sơ chưa chuyển · Dossiers that no rule covers",
    response_description="A page of the dossiers that stayed, each with why",
    response_model=LeftOverPage,
    responses=refusals(*READING, "invalid_request"),
)
async def left_over(
    reorganisation_id: Number,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Dossiers that stayed with the unit that held them, and why. Another reorganisation, with rules for them, or
    with their codes, moves them."""
    pages = Pages(room.settings.cursor_key, f"left-over:{reorganisation_id}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.left_over(connection, reorganisation_id, principal, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["dossier_id"],))
    agencies = reference.agencies.by_id
    items = [
        {
            "code": row["code"],
            "holder": agencies[row["holder_id"]].code,
            "holder_name": agencies[row["holder_id"]].name,
            "reason": row["reason"],
        }
        for row in rows
    ]
    return page_response(items, following)


def _reorganisation(row: asyncpg.Record) -> dict[str, Any]:
    begun = row["looked_at"] or row["finished_at"]
    return {
        "id": row["id"],
        "name": row["name"],
        "decision_number": row["decision_number"],
        "reason": row["reason"],
        "effective_day": row["effective_day"],
        "beyond_succession": row["beyond_succession"],
        "state": "finished" if row["finished_at"] else "under_way" if begun else "waiting",
        "looked_at": row["looked_at"],
        "moved": row["moved"],
        "left_over": row["left_over"],
        "actor": row["actor"],
        "created_at": shown(row["created_at"]),
        "finished_at": shown(row["finished_at"]),
    }


def _preview(seen: usecases.Preview, reference: Reference) -> dict[str, Any]:
    agencies = reference.agencies.by_id
    moves = [
        {
            "from": agencies[old].code,
            "from_name": agencies[old].name,
            "to": agencies[new].code,
            "to_name": agencies[new].name,
            "dossiers": count,
        }
        for (old, new), count in sorted(seen.moves.items())
    ]
    return {
        "looked_at": seen.looked_at,
        "moved": seen.moved,
        "left_over": len(seen.left_over),
        "moves": moves,
        "left_over_examples": seen.left_over[: usecases.EXAMPLES],
    }
