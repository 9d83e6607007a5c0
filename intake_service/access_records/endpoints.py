"""HTTP of records of readings: for whoever watches over who reads personal data."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from intake_service.access_records import usecases
from intake_service.access_records.store import Filter
from shared.contracts.access_records import AccessRecord, AccessRecordPage
from shared.contracts.fields import Code, Day, Subject
from shared.domain.civil_time import civil_day, midnight, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import LISTING, READING, invalid, refusals

router = APIRouter(prefix="/v1/access-records", tags=["access records"])
#: Of a ledger there may be two thousand; one record by itself names them all.
_CODES_IN_A_LIST = 20


@router.get(
    "",
    operation_id="listAccessRecords",
    summary="Nhật ký xem dữ liệu cá nhân · Who read personal data",
    response_description="A page of records, the newest first",
    response_model=AccessRecordPage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[Code | None, Query(description="Of readers of this agency, and of all under it")] = None,
    code: Annotated[Code | None, Query(description="Of one dossier, by any of its codes")] = None,
    subject: Annotated[Subject | None, Query(description="Of one reader: the token's subject")] = None,
    first: Annotated[Day | None, Query(alias="from", description="First day")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Every reading that showed an identity number, a phone, an e-mail or an address unmasked, by readers of the
    agencies that the token covers. What was shown masked is not recorded, and an act's answer shows nothing else."""
    if first and last and first > last:
        raise invalid("to", "period_reversed")
    wanted = Filter(
        sorted(asked_scope(agency, reference, principal, civil_day(now()))),
        subject=subject,
        since=midnight(first) if first else None,
        before=midnight(last + timedelta(days=1)) if last else None,
    )
    pages = Pages(room.settings.cursor_key, f"access-records {(agency, code, subject, first, last)}", int)
    (below,) = pages.after(cursor) or (None,)
    rows = await usecases.page(connection, wanted, code, below=below, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    first_of = [row["dossiers"][:_CODES_IN_A_LIST] for row in rows]
    named = await usecases.codes(connection, [one for some in first_of for one in some])
    items = [_shown(row, some, named, reference) for row, some in zip(rows, first_of, strict=True)]
    return page_response(items, following)


@router.get(
    "/{record_id}",
    operation_id="readAccessRecord",
    summary="Một lần xem dữ liệu cá nhân · One reading, with all its dossiers",
    response_description="The record",
    response_model=AccessRecord,
    responses=refusals(*READING, "invalid_request"),
)
async def read(
    record_id: Annotated[int, Path(ge=1, le=2**53 - 1, description="Its id", examples=[4711])],
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
) -> Response:
    """One record, with the codes of all dossiers of which something was shown."""
    row = await usecases.one(connection, principal, record_id)
    named = await usecases.codes(connection, row["dossiers"])
    return json_answer(_shown(row, row["dossiers"], named, reference))


def _shown(row: asyncpg.Record, dossiers: Sequence[int], codes: dict[int, str], reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row["agency_id"]]
    return {
        "id": row["id"],
        "number": row["number"],
        "at": shown(row["at"]),
        "subject": row["subject"],
        "role": row["role"],
        "agency": agency.code,
        "agency_name": agency.name,
        "operation": row["operation"],
        "fields": row["fields"],
        "dossier_count": len(row["dossiers"]),
        "codes": [codes.get(one, f"#{one}") for one in dossiers],
        "reason": row["reason"],
        "hash": row["hash"].hex(),
    }
