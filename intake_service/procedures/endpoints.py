"""HTTP of procedures: public."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from intake_service.procedures import store
from shared.contracts.fields import Day, Name, SearchText
from shared.contracts.intake import ChannelName, Procedure, ProcedurePage
from shared.domain.agencies import Level
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.domain.vietnamese import search_key
from shared.reference import ProcedureVersion
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.kept import Kept
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ProcedureCode
from shared.web.problems import Problem, invalid, refusals

router = APIRouter(prefix="/v1/procedures", tags=["procedures"], route_class=Kept)

AsOf = Annotated[Day | None, Query(description="The day on which they are in force; today unless given")]


@router.get(
    "",
    operation_id="listProcedures",
    summary="Thủ tục hành chính · Administrative procedures in force",
    response_description="A page of procedures in the order of their codes",
    response_model=ProcedurePage,
    responses=refusals("invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    q: Annotated[SearchText | None, Query(description="Part of code or name, diacritics or not")] = None,
    level: Annotated[Level | None, Query(description="Handled at this administrative level")] = None,
    sector: Annotated[Name | None, Query(description="Lĩnh vực, as spelled in the catalogue")] = None,
    channel: Annotated[ChannelName | None, Query(description="Offered through this channel")] = None,
    as_of: AsOf = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Public. By code; a procedure has terms per channel, see one of them."""
    if sector is not None and sector not in reference.sectors:
        raise invalid("sector", "unknown_sector")
    day = as_of or civil_day(now())
    pages = Pages(room.settings.cursor_key, f"procedures {(q, level, sector, channel, as_of)}", str)
    (after,) = pages.after(cursor) or ("",)
    sought = search_key(q) if q else None
    found = []
    for code in sorted(code for code in reference.procedures if code > after):
        version = reference.procedure_on(code, day)
        if version is None or (level is not None and not version.offered_at(level, day)):
            continue
        if sector is not None and version.sector != sector:
            continue
        if channel is not None and Channel[channel.upper()] not in version.terms:
            continue
        if sought is not None and sought not in code and sought not in search_key(version.name):
            continue
        found.append(version)
        if len(found) > limit:
            break
    shown, following = pages.cut(found, limit, lambda version: (version.code,))
    return page_response([_summary(version, day) for version in shown], following)


@router.get(
    "/{code}",
    operation_id="readProcedure",
    summary="Một thủ tục · One procedure with its terms per channel",
    response_description="The version in force on that day",
    response_model=Procedure,
    responses=refusals("not_found", "invalid_request"),
)
async def read(code: ProcedureCode, reference: ReferenceOf, connection: ReadingSession, as_of: AsOf = None) -> Response:
    """Public. The version in force on the day, with the terms of every channel and case."""
    day = as_of or civil_day(now())
    version = reference.procedure_on(code, day)
    if version is None:
        raise Problem("not_found")
    detail = await store.version_detail(connection, version.id)
    terms = await store.version_terms(connection, version.id)
    body = {
        **_summary(version, day),
        "issuer": detail["issuer"],
        "decision": detail["decision"],
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "basis": version.basis,
        "terms": [
            {
                "channel": Channel(row["channel"]).name.lower(),
                "case": row["case_no"],
                "value": float(row["value"]),
                "unit": row["unit"],
                "cutoff": row["cutoff"].isoformat("minutes") if row["cutoff"] else None,
                "verbatim": row["verbatim"],
            }
            for row in terms
        ],
    }
    return json_answer(body)


def _summary(version: ProcedureVersion, day: date) -> dict[str, object]:
    return {
        "code": version.code,
        "name": version.name,
        "sector": version.sector,
        "levels": [level.value for level in Level if version.offered_at(level, day)],
        "channels": [channel.name.lower() for channel in sorted(version.terms)],
    }
