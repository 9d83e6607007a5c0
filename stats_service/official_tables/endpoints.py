"""HTTP of official tables, and of the forms under which they are sent."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from shared.contracts import official_tables as contracts
from shared.contracts.official_tables import FormTableQuery, LateListQuery, OfficialFormIn, OfficialQuery
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller
from shared.web.database import EVERY_ROW, Awaited, Reading, ReadingSession, WritingSession
from shared.web.kept import Kept
from shared.web.paging import Pages
from shared.web.places import ETAG, good
from shared.web.problems import Problem, Reason, invalid, refusals
from shared.web.versions import tag_of
from stats_service.exports.table import Filled, Row, Table
from stats_service.exports.usecases import FILE_CONTENT, file_answer, need_room, stream_answer
from stats_service.official_tables import rules, usecases
from stats_service.reports.endpoints import asked_of, cursor_scope, paged_in_json_only
from stats_service.reports.usecases import Asked

router = APIRouter(prefix="/v1/reports/official-tables", tags=["official tables"], route_class=Kept)

FormName = Annotated[
    str, Path(max_length=60, description="How it is asked for: a-z, 0-9 and hyphens", examples=["07a-btp"])
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=40, description="The ETag of the form as read", examples=['"3f1c0a2e7b1d4d6b"']
    ),
]
_FORM = re.compile("[a-z0-9][a-z0-9-]{0,39}")
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": FILE_CONTENT},
    **refusals("unauthenticated", "forbidden", "agency_out_of_scope", "not_acceptable", "invalid_request"),
    **refusals("unavailable", "takes_too_long"),
}


@router.get(
    "/forms",
    operation_id="listOfficialForms",
    summary="Các biểu mẫu báo cáo · The forms of official tables",
    response_description="All of them, with what is known of each",
    response_model=contracts.OfficialForms,
)
async def listed(connection: ReadingSession) -> Response:
    """Public. Under which forms the table of 13 columns can be sent. `confirmed` is false where the columns were not
    read, and `basis` says what is known."""
    return json_answer({"items": [_form(one) for one in await usecases.forms(connection)]})


@router.get(
    "/forms/{form}",
    operation_id="readOfficialForm",
    summary="Một biểu mẫu báo cáo · A form",
    response_model=contracts.OfficialForm,
    responses={**good(200, "The form as it is now", ETAG), **refusals("not_found")},
)
async def read(form: FormName, connection: ReadingSession) -> Response:
    """Public. The words of a form, and which version of them holds."""
    forms = await usecases.forms(connection)
    found = next((one for one in forms if one.form == form), None)
    if found is None:
        raise Problem("not_found", Reason("form", "unknown_form", {"expected": ", ".join(one.form for one in forms)}))
    return _answer(found)


@router.put(
    "/forms/{form}",
    operation_id="enterOfficialForm",
    summary="Nhập một biểu mẫu báo cáo · Enter a form",
    response_model=contracts.OfficialForm,
    responses={
        **good(200, "The form as it is now", ETAG),
        **refusals(
            *("malformed_json", "unauthenticated", "forbidden", "agency_out_of_scope", "not_found", "version_changed"),
            *("body_too_large", "unsupported_media_type", "invalid_request"),
        ),
    },
)
async def enter(
    form: FormName,
    principal: Caller,
    connection: WritingSession,
    draft: OfficialFormIn,
    if_match: IfMatch = None,
) -> Response:
    """Enter a form, or replace the one of that name; the same again changes nothing. Headings are the words over the 13
    columns: what is counted in each does not change."""
    if not _FORM.fullmatch(form):
        raise invalid("form", "malformed", expected="1-40 of a-z, 0-9 and -")
    entered = rules.OfficialForm(form=form, **draft.model_dump())
    await usecases.enter_form(connection, principal, entered, tag_of(if_match), must_stand=if_match is not None)
    return _answer(entered)


@router.get(
    "/ii-06a",
    operation_id="tableII06a",
    summary="Biểu II.06a/VPCP/KSTT · The table of 13 columns",
    response_description="The table: in JSON with the same figures as on paper",
    response_model=contracts.FormTable,
    responses=_FILES,
)
async def ii_06a(
    query: Annotated[FormTableQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """How administrative procedures were resolved, in the 13 columns of the form. In every row 3 = 4 + 5 + 6,
    7 = 8 + 9 + 10, 11 = 12 + 13 and 3 = 7 + 11. Its figures are those of the resolution report, unless
    `awaiting_supplement_column=9` counts as resolved what waits for its applicant."""
    asked = asked_of(query, reference, principal)
    async with room.pool.acquire(EVERY_ROW) as connection:  # given back before it is printed
        made = await usecases.ii_06a(
            Reading(connection),
            reference,
            asked,
            form=query.form,
            receiver=query.receiver,
            awaiting_column=query.awaiting_supplement_column or int(room.settings.awaiting_supplement_column),
            by_sector=query.rows == "sector",
        )
    header = made.header
    assert header is not None
    if query.format != "json":
        return await file_answer(made.filled, query.format)
    return json_answer(
        {
            **_head("ii-06a", made.filled.table, made.provenance, asked),
            "units": asked.units,
            "form": _form(header.form),
            "receiver": header.receiver,
            "unit": rules.II_UNIT,
            "awaiting_supplement_column": header.awaiting_column,
            "moved_to_column_9": sum(one.awaiting for one in made.subjects),
            "rows": _rows(made.filled),
        }
    )


@router.get(
    "/annex",
    operation_id="letterAnnex",
    summary="Phụ lục tổng hợp theo đơn vị · The annex of the letter",
    response_description="The table: in JSON with the same figures as on paper",
    response_model=contracts.Annex,
    responses=_FILES,
)
async def annex(
    query: Annotated[OfficialQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """The annex of letter 3322/UBND-NC: to handle, resolved, on time, late, the rates and the share received online, of
    each unit and each level; and the units for which the period has nothing at all."""
    asked = asked_of(query, reference, principal)
    async with room.pool.acquire(EVERY_ROW) as connection:
        made = await usecases.annex(Reading(connection), reference, asked)
    if query.format != "json":
        return await file_answer(made.filled, query.format)
    idle = rules.non_users(made.subjects)
    return json_answer(
        {
            **_head("annex", made.filled.table, made.provenance, asked),
            "units": asked.units,
            "rows": _rows(made.filled),
            "non_users": [{"key": one.key, "name": one.name, "level": one.level} for one in idle],
        }
    )


@router.get(
    "/late-list",
    operation_id="lateList",
    summary="Phụ lục I: đơn vị chậm trễ và hồ sơ quá hạn · Late units and dossiers",
    response_description="A page in JSON; in the other formats the whole list",
    response_model=contracts.LateList,
    responses=_FILES,
)
async def late_list(
    query: Annotated[LateListQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """The dossiers that were resolved late in the period, and those that were overdue and unresolved at its end, unit
    by unit in order of reception: as many as resolved_late + pending_overdue. Holds no personal data."""
    paged_in_json_only(query.cursor, query.format)
    asked = asked_of(query, reference, principal)
    async with (
        room.pool.acquire(EVERY_ROW) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        reading = Reading(connection)
        made = await usecases.late_list(reading, reference, asked)
        if query.format == "json":
            return await _late_page(reading, made, asked, query, reference, room)
        need_room(query.format, made.dossiers)
        rows = usecases.late_rows(reading, reference, asked, made)
        if query.format in ("csv", "xlsx"):
            return await stream_answer(made.table, rows, query.format)
        filled = Filled(made.table, [row async for some in rows for row in some])
    return await file_answer(filled, query.format)


async def _late_page(
    connection: Reading,
    made: usecases.LateList,
    asked: Asked,
    query: LateListQuery,
    reference: Reference,
    room: Room,
) -> Response:
    # A number in the list goes with the cursor: place of the unit, day, id, how many went before.
    pages = Pages(room.settings.cursor_key, cursor_scope(query), int, str, int, int)
    place, day, number, before = pages.after(query.cursor) or (-1, date.min.isoformat(), 0, 0)
    records = await usecases.late_page(connection, asked, (place, date.fromisoformat(day), number), query.limit + 1)
    numbered = list(enumerate(records, start=before + 1))
    page, following = pages.cut(
        numbered,
        query.limit,
        lambda one: (one[1]["place"], one[1]["received_day"].isoformat(), one[1]["id"], one[0]),
    )
    liner = usecases.Liner(reference, asked, made)
    return json_answer(
        {
            **_head("late-list", made.table, made.provenance, asked),
            "dossiers": made.dossiers,
            "units": [
                {
                    "key": unit.key,
                    "name": unit.name,
                    "resolved_late": unit.figures.resolved_late,
                    "pending_overdue": unit.figures.pending_overdue,
                }
                for unit in made.units
            ],
            "items": _rows(Filled(made.table, [liner.row(n, record) for n, record in page])),
            "next": following,
        }
    )


def _head(name: str, table: Table, provenance: Any, asked: Asked) -> dict[str, Any]:
    return {
        "table": name,
        "agency": asked.agency.code,
        "agency_name": asked.agency.name,
        **provenance.wire(),
        "columns": [
            {"name": column.name, "number": column.number, "heading": list(column.heading)} for column in table.columns
        ],
        "notes": list(table.notes),
    }


def _rows(filled: Filled) -> Sequence[dict[str, Any]]:
    names = [column.name for column in filled.table.columns]

    def wire(row: Row) -> dict[str, Any]:
        return {"row": row.kind, "key": row.key, **dict(zip(names, row.values, strict=True))}

    return [wire(row) for row in filled.rows]


def _answer(form: rules.OfficialForm) -> Response:
    return json_answer(_form(form), headers={"ETag": f'"{form.tag}"'})


def _form(form: rules.OfficialForm) -> dict[str, Any]:
    return asdict(form)
