"""HTTP of cases: open, read, list, report the finish; and the worklist of an agency."""

from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter, Query
from starlette.responses import Response

from routing_service.cases import rules, store, usecases
from shared.contracts.cases import Case, CaseFinishIn, CaseOpened, CaseOpening, CaseOpenings, CasePage, CasesOpened
from shared.contracts.fields import Code, Subject
from shared.contracts.intake import IntakeClient
from shared.contracts.overdue import WorklistPage
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, CaseCode, good
from shared.web.problems import BODY, LISTING, LOCKED, READING, Problem, invalid, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/cases", tags=["cases"])
worklist_router = APIRouter(prefix="/v1/worklist", tags=["cases"])


@router.post(
    "",
    status_code=201,
    operation_id="openCase",
    summary="Mở việc xử lý · Open the case of a dossier",
    response_model=Case,
    responses={
        200: {**good(200, "The case was open before: nothing changed", ETAG, LOCATION)[200], "model": Case},
        **good(201, "The case is open, its holder is the agency that received the dossier", ETAG, LOCATION),
        **refusals(*READING, *BODY),
    },
)
async def open_one(
    reference: ReferenceOf, principal: Caller, connection: WritingSession, opening: CaseOpening
) -> Response:
    """Open the case of a dossier that was received. Idempotent by the dossier's code, so it needs no key: opening
    again gives the same case, unchanged."""
    ((_, found, opened),) = await usecases.open_cases(connection, reference, principal, [opening], now(), place="")
    if not found:
        raise Problem("not_found")
    case = await usecases.one(connection, opening.code, principal)
    return _case_response(case, reference, 201 if opened else 200, {"Location": f"/v1/cases/{case.code}"})


@router.post(
    "/bulk",
    operation_id="openCases",
    summary="Mở nhiều việc xử lý · Open up to 1,000 cases",
    response_description="What became of each, in order",
    responses=refusals(*LOCKED, *BODY),
)
async def open_many(
    reference: ReferenceOf, principal: Caller, connection: WritingSession, body: CaseOpenings
) -> CasesOpened:
    """Open many cases in one statement, each with its own result. Idempotent by the dossiers' codes: what is open
    already stays as it is, what names no dossier holds up no other."""
    results = [
        CaseOpened(code=code, result="opened" if opened else "existing" if found else "not_found")
        for code, found, opened in await usecases.open_cases(connection, reference, principal, body.items, now())
    ]
    tally = {name: sum(item.result == name for item in results) for name in ("opened", "existing", "not_found")}
    return CasesOpened(**tally, items=results)


@router.get(
    "",
    operation_id="listCases",
    summary="Danh sách việc xử lý · List cases",
    response_description="A page of cases",
    response_model=CasePage,
    responses=refusals(*LISTING),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None, Query(description="Received by this agency or one under it", examples=["19333"])
    ] = None,
    holder: Annotated[
        Code | None, Query(description="Held by this agency or one under it", examples=["QT25-D03"])
    ] = None,
    state: Annotated[
        Literal["open", "refused", "untold"],
        Query(
            description="open: still to be handled. refused: intake did not take the finish reported last, somebody "
            "has to correct it. untold: the finish is recorded and intake does not know it yet"
        ),
    ] = "open",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Cases that the caller's agency, or one under it, received or holds, in the order in which their dossiers were
    received. Others do not exist for the caller."""
    day = civil_day(now())
    wanted = store.CaseFilter(sorted(principal.scope), state)
    if agency is not None:
        wanted = store.CaseFilter(wanted.scope, state, sorted(asked_scope(agency, reference, principal, day)))
    if holder is not None:
        unit = reference.agencies.latest(holder, day)
        if unit is None:
            raise invalid("holder", "unknown_agency")
        wanted = store.CaseFilter(wanted.scope, state, wanted.openers, sorted(reference.agencies.scope(unit.id)))
    pages = Pages(room.settings.cursor_key, f"cases:{agency}:{holder}:{state}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await usecases.listed(connection, wanted, after=after, limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row.dossier_id,))
    return page_response([_case(row, reference) for row in rows], following)


@router.get(
    "/{code}",
    operation_id="readCase",
    summary="Một việc xử lý · One case",
    response_model=Case,
    responses={**good(200, "The case as it stands", ETAG), **refusals(*READING)},
)
async def read(code: CaseCode, reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """Who holds a dossier now, and until when; by the dossier's code, or by the code it had in another system."""
    return _case_response(await usecases.one(connection, code, principal), reference)


@router.post(
    "/{code}/finish",
    operation_id="reportFinish",
    summary="Báo xử lý xong · Report that the holder is done",
    response_model=Case,
    responses={
        **good(200, "The dossier is finished: intake has taken it, or had it so already", ETAG),
        202: {
            **good(202, "Recorded (`told` is false); intake does not answer and is told later", ETAG)[202],
            "model": Case,
        },
        **refusals(*READING, "not_allowed_in_status", "conflict", "version_changed", *BODY),
    },
)
async def finish(
    code: CaseCode,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    body: CaseFinishIn | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Processing ends here, not at collection. The finish is recorded and committed first, then intake is told over
    HTTP. A neighbour that is down delays and loses nothing: the answer is 202, and intake is told as soon as it
    answers. If intake refuses for good, so does this, with the same code where the holder can act on it; the case is
    open again and shows the code in `refused`.

    A finish has one truth, intake's log, wherever it was reported. The same finish again (at the one-stop or here)
    changes nothing; without `occurred_at` any instant is the same. Another is refused, and the reasons say what holds.
    Without a body: granted, now.
    """
    case = await usecases.finish(
        room.pool,
        IntakeClient(room.http, room.settings.intake_url),
        reference,
        principal,
        code,
        body or CaseFinishIn(),
        expected_version=version_of(if_match),
        now=now(),
    )
    return _case_response(case, reference, 200 if case.ended else 202)


@worklist_router.get(
    "",
    operation_id="readWorklist",
    summary="Hồ sơ đang giữ · What an agency has to do",
    response_description="A page of open dossiers, the first due at the top",
    response_model=WorklistPage,
    responses=refusals(*LISTING),
)
async def worklist(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Annotated[
        Code | None,
        Query(description="Held by this agency or one under it. Default: the token's agency", examples=["19333"]),
    ] = None,
    assignee: Annotated[
        Subject | None, Query(description="In the hands of this officer only", examples=["an@19333"])
    ] = None,
    received: Annotated[
        bool | None,
        Query(
            description="false: only what was handed over and not received yet; true: only the rest", examples=[False]
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Open dossiers that the agency and those under it hold: what runs out first at the top; what has no date (no term,
    or the applicant is waited for) at the end."""
    instant = now()
    holders = asked_scope(agency, reference, principal, civil_day(instant))
    pages = Pages(room.settings.cursor_key, f"worklist:{agency}:{assignee}:{received}", datetime, int)
    wanted = store.WorklistFilter(sorted(holders), assignee, received)
    rows = await usecases.worklist(connection, wanted, after=pages.after(cursor), limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row["late_from"], row["id"]))
    return page_response([_worklist_item(row, reference, instant) for row in rows], following)


def _case_response(
    case: rules.CaseRow, reference: Reference, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return json_answer(_case(case, reference), status, {"ETag": f'"{case.version}"', **(headers or {})})


def _case(case: rules.CaseRow, reference: Reference) -> dict[str, Any]:
    version = reference.versions[case.version_id]
    agency, holder = reference.agencies.by_id[case.agency_id], reference.agencies.by_id[case.holder_id]
    status, status_name = rules.STATUS_SHOWN[case.status]
    to_reach = rules.hand_over_due_of(case, reference)
    given = case.first_given_at
    return {
        "code": case.code,
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": holder.code,
        "holder_name": holder.name,
        "desk": case.desk,
        "assignee": case.assignee,
        "received": case.received,
        "procedure": version.code,
        "procedure_name": version.name,
        "sector": version.sector,
        "status": status,
        "status_code": case.status,
        "status_name": status_name,
        "opened_at": shown(case.opened_at),
        "accepted_at": shown(case.accepted_at),
        "original_due_at": shown(case.original_due_at),
        "due_at": shown(case.due_at),
        "finished_at": shown(case.finish.at),
        "finished_by": case.finish.by,
        "outcome": case.finish.outcome,
        "told": case.ended is not None,
        "told_at": shown(case.finish.told_at),
        "refused": case.refused,
        "hand_overs": case.hand_overs,
        "hand_over_due_at": shown(to_reach.at) if to_reach else None,
        "handed_over_in_time": given < to_reach.late_from if given and to_reach else None,
        "version": case.version,
    }


def _worklist_item(row: asyncpg.Record, reference: Reference, instant: datetime) -> dict[str, Any]:
    item = rules.dossier_fields(row, reference)
    item["desk"] = row["desk"]
    item["assignee"] = row["assignee"]
    item["received"] = row["received"]
    item["overdue"] = row["late_from"] is not None and row["late_from"] <= instant
    item["refused"] = row["refused"]
    item["version"] = row["version"]
    return item
