"""HTTP of what is late and what will be late soon: pages for screens, whole lists for scripts."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

import asyncpg
import orjson
from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from routing_service.cases.rules import dossier_fields
from routing_service.overdue import rules, usecases
from routing_service.overdue.rules import Asked
from shared.contracts.fields import Code, Day, InstantIn, LongLine
from shared.contracts.overdue import DueSoonItem, DueSoonPage, OverdueItem, OverduePage, OwedCount, OwedItem, OwedPage
from shared.domain.civil_time import civil_day, shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller, Principal
from shared.web.clock import now
from shared.web.database import ReadingSession, Rows
from shared.web.paging import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Pages, page_response
from shared.web.problems import LISTING, Problem, refusals
from shared.web.streams import MEDIA_TYPES, Streamed, csv_lines, header, lines

router = APIRouter(prefix="/v1", tags=["overdue"])

AgencyAsked = Annotated[
    Code | None,
    Query(
        description="A code in force at `as_of`, or the last to carry it; covers its subtree and whatever the units in "
        "it succeeded. Default: the token's agency",
        examples=["44"],
    ),
]
AsOf = Annotated[
    InstantIn | None,
    Query(
        description="An instant with its offset, not in the future. Default: now. An instant in the past is answered "
        "from the dossiers as they are known now: a due date that was moved since counts as moved",
        examples=["2019-06-30T17:00:00+07:00"],
    ),
]
Sector = Annotated[
    LongLine | None, Query(description="Only of this sector (lĩnh vực), as written", examples=["Hộ tịch"])
]
Limit = Annotated[
    int | None,
    Query(
        ge=1,
        le=MAX_LIMIT,
        description=f"Items on a page. Default: {DEFAULT_LIMIT} in JSON, the whole list in CSV and NDJSON",
        examples=[DEFAULT_LIMIT],
    ),
]
Format = Annotated[
    Literal["json", "csv", "ndjson"] | None,
    Query(description="Default: what Accept prefers, else JSON", examples=["json"]),
]
Accept = Annotated[str | None, Header(max_length=1000, description="application/json, text/csv, application/x-ndjson")]

_NEXT_HEADER = "Next-Cursor"
_REFUSALS = refusals(*LISTING, "not_acceptable", "unavailable")

#: Makes the item of a row.
Item = Callable[[asyncpg.Record], dict[str, Any]]


def _responses(fields: Sequence[str], item: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The three formats of a list, beside its refusals."""
    cells = csv_lines([list(fields), [item.get(name) for name in fields]])
    header = {
        "description": "CSV and NDJSON with a `limit`: cursor of the next page, absent at the end",
        "schema": {"type": "string"},
    }
    return {
        200: {
            "description": "A page in JSON; in CSV and NDJSON a page, or without a `limit` the whole list as a stream",
            "headers": {_NEXT_HEADER: header},
            "content": {
                "application/json": {"example": {"items": [item], "next": "9Xk2c1ZbMTc2MzYx"}},
                "text/csv": {"schema": {"type": "string"}, "example": cells},
                "application/x-ndjson": {"schema": {"type": "string"}, "example": orjson.dumps(item).decode() + "\n"},
            },
        },
        **_REFUSALS,
    }


_OVERDUE_FIELDS = tuple(OverdueItem.model_fields)
_DUE_SOON_FIELDS = tuple(DueSoonItem.model_fields)
_OWED_FIELDS = tuple(OwedItem.model_fields)
_SENT = {"none": False, "sent": True, "any": None}


def _example(model: type[OverdueItem] | type[DueSoonItem] | type[OwedItem], **other: object) -> dict[str, Any]:
    return {name: (field.examples or [None])[0] for name, field in model.model_fields.items()} | other


_ENDED = {"status": "finished", "status_code": 9, "status_name": "Đã xử lý xong"}


@router.get(
    "/overdue",
    operation_id="listOverdue",
    summary="Hồ sơ quá hạn · What is overdue",
    response_model=OverduePage,
    responses=_responses(_OVERDUE_FIELDS, _example(OverdueItem)),
)
async def overdue(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: AgencyAsked = None,
    as_of: AsOf = None,
    min_days: Annotated[
        int, Query(ge=0, le=1000, description="Late by so many working days or more", examples=[1])
    ] = 0,
    sector: Sector = None,
    apology: Annotated[
        Literal["none", "sent", "any"],
        Query(description="Only those whose applicant was sent no apology for the lateness, or was sent one"),
    ] = "any",
    cursor: Cursor = None,
    limit: Limit = None,
    format: Format = None,
    accept: Accept = None,
) -> Response:
    """Dossiers accepted by `as_of`, late by then and not finished by then; the one that became late first at the top.

    Day terms are late from the end of the due day, hour terms right after their instant. `days_overdue` counts working
    days after the due day, up to and with the day of `as_of`: 0 is late without a working day gone by. CSV is UTF-8
    without a byte order mark, with these names as its header; a cell that a spreadsheet would take for a formula begins
    with an apostrophe.
    """
    asked = usecases.asked_overdue(
        reference,
        principal,
        agency=agency,
        as_of=as_of,
        min_days=min_days,
        sector=sector,
        apology_sent=_SENT[apology],
        now=now(),
    )
    days_overdue = rules.days_overdue(reference.calendar, civil_day(asked.as_of))

    def item(row: asyncpg.Record) -> dict[str, Any]:
        fields = dossier_fields(row, reference)
        fields["days_overdue"] = days_overdue[row["due_day"]]
        sent = row["apology_sent"]
        fields["apology_sent"], fields["apology_recorded"] = sent is True, sent is not None
        return fields

    scope = f"overdue:{agency}:{as_of}:{min_days}:{sector}:{apology}"
    return await _answer(
        room, principal, connection, asked, item, _OVERDUE_FIELDS, scope, cursor, limit, _format(format, accept)
    )


@router.get(
    "/due-soon",
    operation_id="listDueSoon",
    summary="Hồ sơ sắp đến hạn · What is due soon",
    response_model=DueSoonPage,
    responses=_responses(_DUE_SOON_FIELDS, _example(DueSoonItem)),
)
async def due_soon(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: AgencyAsked = None,
    as_of: AsOf = None,
    min_days: Annotated[
        int, Query(ge=0, le=250, description="With so many working days left or more", examples=[0])
    ] = 0,
    max_days: Annotated[
        int, Query(ge=0, le=250, description="With so many working days left or fewer", examples=[3])
    ] = 3,
    sector: Sector = None,
    cursor: Cursor = None,
    limit: Limit = None,
    format: Format = None,
    accept: Accept = None,
) -> Response:
    """Dossiers in term at `as_of` that are due within `max_days` working days; the first due at the top. At the latest
    a day before the term ends the handling agency tells the one-stop and sends the apology (NĐ 61/2018 art. 19(9)):
    `max_days=1` is what is left to do for that."""
    asked = usecases.asked_due_soon(
        reference,
        principal,
        agency=agency,
        as_of=as_of,
        min_days=min_days,
        max_days=max_days,
        sector=sector,
        now=now(),
    )
    today = civil_day(asked.as_of)

    @cache
    def days_left(due_day: date) -> int | None:
        return rules.working_days(reference.calendar, today, due_day)

    def item(row: asyncpg.Record) -> dict[str, Any]:
        fields = dossier_fields(row, reference)
        fields["days_left"] = days_left(row["due_day"])
        return fields

    scope = f"due-soon:{agency}:{as_of}:{min_days}:{max_days}:{sector}"
    return await _answer(
        room, principal, connection, asked, item, _DUE_SOON_FIELDS, scope, cursor, limit, _format(format, accept)
    )


From = Annotated[
    Day | None, Query(alias="from", description="Became late on this day or after it", examples=["2019-01-01"])
]
To = Annotated[
    Day | None, Query(description="Became late on this day or before it. Default: today", examples=["2019-06-30"])
]


@router.get(
    "/apologies/owed",
    operation_id="listOwedApologies",
    summary="Hồ sơ quá hạn chưa gửi thư xin lỗi · Late dossiers without an apology",
    response_model=OwedPage,
    responses=_responses(_OWED_FIELDS, _example(OwedItem, **_ENDED)),
)
async def owed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: AgencyAsked = None,
    from_: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
    format: Format = None,
    accept: Accept = None,
) -> Response:
    """Dossiers that became late in the period, open still or ended late, and whose applicant was sent no apology for it
    (NĐ 61/2018 art. 12(5), 19(9)); the one that became late first at the top. A dossier becomes late on the day after
    its due day; of a term in hours, on the due day itself."""
    instant = now()
    asked = usecases.asked_owed(reference, principal, agency=agency, first=from_, last=to, now=instant)

    @cache
    def days(due_day: date, until: date) -> int | None:
        return rules.working_days(reference.calendar, due_day, until)

    def item(row: asyncpg.Record) -> dict[str, Any]:
        fields = dossier_fields(row, reference)
        fields["finished_at"] = shown(row["finished_at"])
        fields["days_overdue"] = days(row["due_day"], civil_day(row["finished_at"] or instant))
        fields["apology_recorded"] = row["apology_sent"] is not None
        return fields

    scope = f"owed:{agency}:{from_}:{to}"
    return await _answer(
        room, principal, connection, asked, item, _OWED_FIELDS, scope, cursor, limit, _format(format, accept)
    )


@router.get(
    "/apologies/owed/count",
    operation_id="countOwedApologies",
    summary="Số hồ sơ quá hạn chưa gửi thư xin lỗi · How many late dossiers are without an apology",
    response_description="The length of the list, and what is in it",
    response_model=OwedCount,
    responses=refusals(*LISTING),
)
async def count_owed(
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: AgencyAsked = None,
    from_: From = None,
    to: To = None,
) -> Response:
    """How long the list is, and what is in it."""
    asked = usecases.asked_owed(reference, principal, agency=agency, first=from_, last=to, now=now())
    row = await usecases.counted(connection, asked)
    return json_answer({"total": row["open"] + row["ended"], **row})


def _format(asked: str | None, accept: str | None) -> str:
    found = rules.format_of(asked, accept)
    if found is None:
        raise Problem("not_acceptable")
    return found


async def _answer(
    room: Room,
    principal: Principal,
    connection: ReadingSession,
    asked: Asked,
    item: Item,
    fields: Sequence[str],
    scope: str,
    cursor: str | None,
    limit: int | None,
    form: str,
) -> Response:
    pages = Pages(room.settings.cursor_key, scope, datetime, int)
    after = pages.after(cursor)
    media = MEDIA_TYPES[form]
    if form != "json" and limit is None and after is None:
        return Streamed(room, _stream(room, principal.rows, asked, item, fields, form), media)
    size = limit or DEFAULT_LIMIT
    rows = await usecases.page(connection, asked, after=after, limit=size)
    rows, following = pages.cut(rows, size, lambda row: (row["late_from"], row["id"]))
    items = [item(row) for row in rows]
    if form == "json":
        return page_response(items, following)
    headers = {_NEXT_HEADER: following} if following else None
    return Response(header(fields, form) + lines(items, fields, form), 200, headers, media)


async def _stream(
    room: Room, seen: Rows, asked: Asked, item: Item, fields: Sequence[str], form: str
) -> AsyncGenerator[bytes, None]:
    yield header(fields, form)
    async with aclosing(usecases.everything(room.pool, seen, asked)) as chunks:
        async for rows in chunks:
            yield lines([item(row) for row in rows], fields, form)
