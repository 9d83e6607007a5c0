"""HTTP of calendar changes: preview, change, follow."""

from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from routing_service.calendar_changes import usecases
from routing_service.calendar_changes.rules import Figures, Move, Tally
from shared.contracts.calendar_changes import (
    CalendarChange,
    CalendarChangeIn,
    CalendarChangePage,
    CalendarPreview,
    CalendarPreviewIn,
)
from shared.domain.civil_time import shown
from shared.domain.terms import Due
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import BODY, KEYED, LOCKED, READING, refusals

router = APIRouter(prefix="/v1/calendar/changes", tags=["calendar"])


@router.post(
    "/preview",
    operation_id="previewCalendarChange",
    summary="Xem trước thay đổi lịch · What a change of the calendar would move",
    response_description="What would move; nothing was written",
    response_model=CalendarPreview,
    responses=refusals(*LOCKED, "agency_out_of_scope", *BODY),
)
async def preview(
    reference: ReferenceOf, principal: Caller, connection: ReadingSession, asked: CalendarPreviewIn
) -> Response:
    """How many open dossiers would get another date, where, and which would become late or would be so no longer.
    Reckoned by the engine on what is there now; nothing is written. The answer comes in bounded time: with `complete`
    false there is more than could be looked at."""
    at = now()
    tally, complete = await usecases.preview(
        connection, reference, principal, asked.days, examples=asked.examples, now=at
    )
    body = {
        "as_of": shown(at),
        "complete": complete,
        "looked_at": tally.looked_at,
        **_figures(tally.whole),
        "unreckoned": tally.unreckoned,
        "by_agency": _by_agency(tally, reference),
        "examples": [_example(code, reference.agencies.by_id[unit].code, move) for code, unit, move in tally.examples],
    }
    return json_answer(body)


@router.post(
    "",
    status_code=201,
    operation_id="changeCalendar",
    summary="Thay đổi lịch làm việc · Change the working calendar",
    response_model=CalendarChange,
    responses={
        201: {"description": "The calendar is changed, and kept on record; open dossiers are reckoned anew"},
        **refusals(*LOCKED, "agency_out_of_scope", *KEYED),
    },
)
async def change(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    asked: CalendarChangeIn,
    key: IdempotencyKey = None,
) -> Response:
    """Announce, change or take back days off and make-up days, with the reason and the number of the decision.

    What was before is kept. Open dossiers whose term rests on the days are then reckoned anew in the background, with
    an event each (`rescheduled`) that names the change and its decision: the date that they are judged by and the date
    promised move, the original date stays as it was first promised, and a date that a letter of apology or another
    system named stands.
    """
    wanted = await RequestKey.of(request, principal.subject, key)
    row, replayed = await usecases.change(connection, reference, principal, asked, wanted, now())
    headers = {"Location": f"/v1/calendar/changes/{row['id']}"}
    return json_answer(_change(row, reference), 201, headers, replayed=replayed)


@router.get(
    "",
    operation_id="listCalendarChanges",
    summary="Các lần thay đổi lịch · Changes of the calendar",
    response_description="A page of changes, the newest first",
    response_model=CalendarChangePage,
    responses=refusals(*LOCKED, "invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Changes of the calendar, newest first, each with how far dossiers are reckoned anew."""
    pages = Pages(room.settings.cursor_key, "calendar changes", int)
    (before,) = pages.after(cursor) or (None,)
    rows, following = pages.cut(
        await usecases.page(connection, before=before, limit=limit), limit, lambda row: (row["id"],)
    )
    return page_response([_change(row, reference) for row in rows], following)


@router.get(
    "/{number}",
    operation_id="readCalendarChange",
    summary="Một lần thay đổi lịch · One change of the calendar",
    response_description="The change, and how far the recompute has come",
    response_model=CalendarChange,
    responses=refusals(*READING, "invalid_request"),
)
async def read(
    number: Annotated[int, Path(ge=1, le=2**31, description="The change's number", examples=[7])],
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
) -> Response:
    """A change of the calendar: what was before and is since, and how many dossiers were looked at and moved, and are
    left."""
    row = await usecases.one(connection, number)
    return json_answer(_change(row, reference))


def _figures(figures: Figures) -> dict[str, int]:
    return {
        "moved": figures.moved,
        "newly_late": figures.newly_late,
        "no_longer_late": figures.no_longer_late,
    }


def _by_agency(tally: Tally, reference: Reference) -> list[dict[str, Any]]:
    units = [(reference.agencies.by_id[unit], figures) for unit, figures in tally.by_agency.items()]
    return [
        {"agency": unit.code, "agency_name": unit.name, **_figures(figures)}
        for unit, figures in sorted(units, key=lambda pair: (pair[0].code, pair[0].id))
    ]


def _example(code: str, agency: str, move: Move) -> dict[str, Any]:
    return {
        "code": code,
        "agency": agency,
        "due_before": _at(move.due_before),
        "due_after": _at(move.due_after),
        "late_before": move.late_before,
        "late_after": move.late_after,
    }


def _at(due: Due | None) -> Any:
    return shown(due.at) if due is not None else None


_NORMAL = {"kind": "normal", "name_vi": None, "name_en": None, "status": None, "source": None}


def _change(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    to_look_at, looked_at = row["to_look_at"] or 0, row["looked_at"] or 0
    return {
        "id": row["id"],
        "recorded_at": shown(row["recorded_at"]),
        "actor": row["actor"],
        "for_agency": reference.agencies.by_id[row["agency_id"]].code,
        "decision": row["decision"],
        "reason": row["reason"],
        "days": [
            {"day": each["day"], "before": _as(each["before"]), "after": _as(each["after"])}
            for each in orjson.loads(row["days"])
        ],
        "progress": {
            "state": row["state"],
            "to_look_at": to_look_at,
            "looked_at": looked_at,
            "left": to_look_at - looked_at,
            "moved": row["moved"] or 0,
            "unreckoned": row["unreckoned"] or 0,
            "started_at": shown(row["started_at"]),
            "finished_at": shown(row["finished_at"]),
        },
    }


def _as(kept: dict[str, Any] | None) -> dict[str, Any]:
    return {name: kept[name] for name in _NORMAL} if kept is not None else _NORMAL
