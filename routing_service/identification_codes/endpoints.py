"""HTTP of identification codes: enter them, and see what was entered."""

from collections.abc import Mapping
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from routing_service.identification_codes import usecases
from shared.contracts.fields import Code
from shared.contracts.identification_codes import (
    IdentificationCodesEntered,
    IdentificationCodesIn,
    IdentificationEntryPage,
)
from shared.domain.agencies import Agency
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import KEYED, LOCKED, refusals

router = APIRouter(prefix="/v1/identification-codes", tags=["agencies"])


@router.post(
    "",
    operation_id="enterIdentificationCodes",
    summary="Nhập mã định danh điện tử của cơ quan · Enter the identification codes of agencies",
    response_description="How many agencies have another code from now on",
    response_model=IdentificationCodesEntered,
    responses=refusals(*LOCKED, "agency_out_of_scope", *KEYED),
)
async def enter(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: IdentificationCodesIn,
    key: IdempotencyKey = None,
) -> Response:
    """All go in, or none; each that cannot is told with its field: an agency that is not in force today or stands
    twice, what is no identification code, a code that two agencies in force would bear. What an agency had before is
    kept on record, with the decision. A dossier keeps the code that it has; the services issue under the new ones as
    soon as they have read them, in some two seconds. Repeating it changes nothing."""
    wanted = await RequestKey.of(request, principal.subject, key)
    done, replayed = await usecases.enter(connection, reference, principal, body, wanted)
    return json_answer(done._asdict(), replayed=replayed)


@router.get(
    "",
    operation_id="listIdentificationCodes",
    summary="Các lần nhập mã định danh điện tử · Identification codes that were entered",
    response_description="A page of what was entered, the latest first",
    response_model=IdentificationEntryPage,
    responses=refusals(*LOCKED, "invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None, Query(description="Of the units that carry this code, or carried it once", examples=["19333"])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Which code was entered for which agency, what it had before, by which decision, who and when. The code that an
    agency has now stands in `/v1/agencies`."""
    pages = Pages(room.settings.cursor_key, f"identification codes:{agency}", int)
    (before,) = pages.after(cursor) or (2**31 - 1,)
    rows = await usecases.page(connection, reference, agency, before=before, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_entry(row, reference.agencies.by_id) for row in rows], following)


def _entry(row: asyncpg.Record, agencies: Mapping[int, Agency]) -> dict[str, Any]:
    unit = agencies[row["agency_id"]]
    return {
        "id": row["id"],
        "agency": unit.code,
        "agency_name": unit.name,
        "identification_code": row["identification_code"],
        "before": row["before"],
        "decision": row["decision"],
        "reason": row["reason"],
        "actor": row["actor"],
        "for_agency": agencies[row["acting_agency_id"]].code,
        "recorded_at": shown(row["recorded_at"]),
    }
