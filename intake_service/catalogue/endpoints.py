"""HTTP of the national catalogue: read it, see how ours differs, take it over or leave it, say what ours is called."""

from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.catalogue import store, usecases
from intake_service.catalogue.rules import Kind
from shared.contracts.catalogue import (
    CatalogueApprovalIn,
    CatalogueEntries,
    CatalogueFindingPage,
    CatalogueMapping,
    CatalogueMappingIn,
    CatalogueMappingPage,
    CatalogueProposal,
    CatalogueProposalPage,
    CataloguePull,
    CataloguePullPage,
    CatalogueRejectionIn,
    ChangeName,
    ProposalState,
)
from shared.contracts.fields import Code
from shared.domain.agencies import Level
from shared.domain.civil_time import shown
from shared.domain.codes import ProcedureCode
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, LOCATION, good
from shared.web.problems import BODY, LISTING, READING, Problem, Reason, in_its_language, language_of, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/catalogue", tags=["national catalogue"])

Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its id", examples=[3])]
KindOf = Annotated[Kind, Path(description="Of what", examples=["agencies"])]
_LAST = 2**31 - 1
_VERSIONS = 50
#: What fields are called to whoever decides.
_LABELS = {
    "name": "Tên thủ tục",
    "sector": "Lĩnh vực",
    "issuer": "Cơ quan công bố",
    "publisher": "Đơn vị công bố (phần sau của mã)",
    "public": "Đang được công bố",
    "terms.counter": "Thời hạn giải quyết (trực tiếp)",
    "terms.online": "Thời hạn giải quyết (trực tuyến)",
    "terms.post": "Thời hạn giải quyết (bưu chính)",
}


@router.post(
    "/pulls",
    status_code=201,
    operation_id="beginCataloguePull",
    summary="Đọc danh mục quốc gia · Read the national catalogue",
    response_model=CataloguePull,
    responses={
        **good(201, "It has begun; read how far it is at its address", LOCATION),
        **refusals(*READING, "agency_out_of_scope", "conflict"),
    },
)
async def begin(room: RoomOf, principal: Caller, connection: WritingSession) -> Response:
    """One at a time; it goes on behind this answer, step by step. It changes nothing of ours: it makes proposals."""
    to_be_read = room.settings.national_place is not None
    row = await usecases.begin(connection, principal, to_be_read=to_be_read, at=now())
    return json_answer(_pull(row, 0), 201, {"Location": f"/v1/catalogue/pulls/{row['id']}"})


@router.get(
    "/pulls",
    operation_id="listCataloguePulls",
    summary="Các lần đọc danh mục quốc gia · Readings of the national catalogue",
    response_description="A page of readings, the latest first",
    response_model=CataloguePullPage,
    responses=refusals(*LISTING),
)
async def pulls(
    room: RoomOf, principal: Caller, connection: ReadingSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Response:
    """By hand and by themselves (`MOTCUA_NATIONAL_CATALOGUE_HOURS`)."""
    pages = Pages(room.settings.cursor_key, "catalogue pulls", int)
    (before,) = pages.after(cursor) or (_LAST,)
    rows, following = pages.cut(await store.pulls(connection, before, limit + 1), limit, lambda row: (row["id"],))
    counts = await store.finding_counts(connection, [row["id"] for row in rows])
    return page_response([_pull(row, counts.get(row["id"], 0)) for row in rows], following)


@router.get(
    "/pulls/{pull_id}",
    operation_id="readCataloguePull",
    summary="Một lần đọc danh mục quốc gia · One reading",
    response_description="How far it is",
    response_model=CataloguePull,
    responses=refusals(*READING, "invalid_request"),
)
async def pull(pull_id: Id, principal: Caller, connection: ReadingSession) -> Response:
    """While it runs and after."""
    row = await usecases.one_pull(connection, pull_id)
    return json_answer(_pull(row, (await store.finding_counts(connection, [pull_id])).get(pull_id, 0)))


@router.get(
    "/pulls/{pull_id}/findings",
    operation_id="listCatalogueFindings",
    summary="Điều bất thường trong danh mục quốc gia · What is wrong with what is published",
    response_description="A page of findings",
    response_model=CatalogueFindingPage,
    responses=refusals(*READING, *LISTING),
)
async def findings(
    request: Request,
    room: RoomOf,
    pull_id: Id,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """What was passed over, and why; the rest was read all the same."""
    await usecases.one_pull(connection, pull_id)
    pages = Pages(room.settings.cursor_key, f"catalogue findings {pull_id}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await store.findings(connection, pull_id, after, limit + 1)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    items = [_finding(row, language_of(request)) for row in rows]
    return json_answer({"items": items, "next": following}, headers=in_its_language(request))


@router.get(
    "/proposals",
    operation_id="listCatalogueProposals",
    summary="Đề xuất thay đổi danh mục · What the national catalogue would have us change",
    response_description="A page of proposals, the latest first",
    response_model=CatalogueProposalPage,
    responses=refusals(*LISTING),
)
async def proposals(
    room: RoomOf,
    principal: Caller,
    connection: ReadingSession,
    state: Annotated[ProposalState | None, Query(description="In this state only")] = None,
    change: Annotated[ChangeName | None, Query(description="Of this kind only")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """`state=waiting` is for somebody to decide."""
    pages = Pages(room.settings.cursor_key, f"catalogue proposals {(state, change)}", int)
    (before,) = pages.after(cursor) or (_LAST,)
    rows = await store.proposals(connection, state, change, before, limit + 1)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_proposal(row) for row in rows], following)


@router.get(
    "/proposals/{proposal_id}",
    operation_id="readCatalogueProposal",
    summary="Một đề xuất · One proposal",
    response_model=CatalogueProposal,
    responses={
        **good(200, "Field by field, ours and what is published", ETAG),
        **refusals(*READING, "invalid_request"),
    },
)
async def proposal(proposal_id: Id, principal: Caller, connection: ReadingSession) -> Response:
    """With the ETag that its decision takes."""
    return _answer(await usecases.one_proposal(connection, proposal_id))


@router.post(
    "/proposals/{proposal_id}/approve",
    operation_id="approveCatalogueProposal",
    summary="Phê duyệt đề xuất · Have it hold here",
    response_model=CatalogueProposal,
    responses={
        **good(200, "It holds from its first day on", ETAG),
        **refusals(*READING, "agency_out_of_scope", "conflict", "version_changed", *BODY),
    },
)
async def approve(
    proposal_id: Id,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: CatalogueApprovalIn,
    if_match: IfMatch = None,
) -> Response:
    """As a version of the procedure that begins on that day; the one before ends the day before. What was received
    earlier keeps the version that it began with."""
    approval = usecases.Approval(
        body.valid_from,
        body.decision,
        body.reason,
        [Level(level) for level in body.levels],
        body.retroactive,
        version_of(if_match),
        now(),
    )
    return _answer(await usecases.approve(connection, reference, principal, proposal_id, approval))


@router.post(
    "/proposals/{proposal_id}/reject",
    operation_id="rejectCatalogueProposal",
    summary="Không áp dụng đề xuất · Leave ours as it is",
    response_model=CatalogueProposal,
    responses={
        **good(200, "Nothing changes here", ETAG),
        **refusals(*READING, "agency_out_of_scope", "conflict", "version_changed", *BODY),
    },
)
async def reject(
    proposal_id: Id, principal: Caller, connection: WritingSession, body: CatalogueRejectionIn, if_match: IfMatch = None
) -> Response:
    """The same is not proposed again; when something else is published, that is."""
    row = await usecases.reject(connection, principal, proposal_id, body.reason, version_of(if_match), now())
    return _answer(row)


@router.get(
    "/mappings/{kind}",
    operation_id="listCatalogueMappings",
    summary="Bảng đối chiếu mã · What ours is called in the national catalogue",
    response_description="A page of ours, each with its national code or what looks alike",
    response_model=CatalogueMappingPage,
    responses=refusals(*READING, *LISTING),
)
async def mappings(
    room: RoomOf,
    reference: ReferenceOf,
    kind: KindOf,
    principal: Caller,
    connection: ReadingSession,
    unmapped: Annotated[bool, Query(description="Only what nobody has said yet")] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=50, description="How many, at most")] = 20,
) -> Response:
    """Names that look alike are suggestions: nothing is taken for the same until somebody says so."""
    pages = Pages(room.settings.cursor_key, f"catalogue mappings {(kind, unmapped)}", str)
    (after,) = pages.after(cursor) or ("",)
    found = await usecases.mapped(connection, reference, kind, unmapped=unmapped, after=after, limit=limit)
    shown_ones, following = pages.cut(found, limit, lambda one: (one.local,))
    return page_response([_mapping(kind, one) for one in shown_ones], following)


@router.put(
    "/mappings/{kind}",
    operation_id="setCatalogueMapping",
    summary="Nhập mã quốc gia tương ứng · Say what one of ours is called",
    response_model=CatalogueMapping,
    responses={
        **good(200, "It is called so from now on", ETAG),
        **refusals(*READING, "agency_out_of_scope", "version_changed", *BODY),
    },
)
async def say(
    kind: KindOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: CatalogueMappingIn,
    if_match: IfMatch = None,
) -> Response:
    """Repeating it changes nothing. `If-Match: "0"` is of one that nobody has said."""
    made = await usecases.say(
        connection,
        reference,
        principal,
        kind,
        body.local_code,
        body.national_code,
        body.reason,
        tag=version_of(if_match),
        at=now(),
    )
    assert made.row is not None, "it was said just now"
    return json_answer(_mapping(kind, made), headers={"ETag": f'"{made.row["version"]}"'})


@router.get(
    "/entries/{kind}/{code}",
    operation_id="readCatalogueEntries",
    summary="Một mục của danh mục quốc gia qua các lần đọc · What was published under a code",
    response_description="As it came, version by version",
    response_model=CatalogueEntries,
    responses=refusals(*READING, "invalid_request"),
)
async def entries(
    kind: KindOf,
    code: Annotated[Code, Path(description="As published", examples=["1.004194"])],
    principal: Caller,
    connection: ReadingSession,
) -> Response:
    """The latest first."""
    rows = await store.history(connection, kind, code, _VERSIONS)
    if not rows:
        raise Problem("not_found")
    return json_answer({"kind": kind, "code": code, "entries": [_entry(row) for row in rows]})


def _pull(row: asyncpg.Record, found: int) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": row["state"],
        "stage": row["stage"],
        "begun_at": shown(row["begun_at"]),
        "begun_by": row["begun_by"],
        "ended_at": shown(row["ended_at"]),
        "listed": row["listed"],
        "procedures": len(row["codes"]) if row["codes"] is not None else None,
        "read": row["done"],
        "proposed": row["proposed"],
        "findings": found,
        "error": row["error"],
    }


def _finding(row: asyncpg.Record, language: str) -> dict[str, Any]:
    wire = Reason(**orjson.loads(row["reason"])).wire(language)
    return {
        "kind": row["kind"],
        "code": row["code"],
        "field": wire["field"],
        "reason_code": wire["code"],
        "reason": wire["reason"],
    }


def _answer(row: asyncpg.Record) -> Response:
    return json_answer(_proposal(row), headers={"ETag": f'"{row["version"]}"'})


def _proposal(row: asyncpg.Record) -> dict[str, Any]:
    parsed = ProcedureCode.parse(row["code"])
    return {
        "id": row["id"],
        "pull": row["pull_id"],
        "change": row["change"],
        "code": row["code"],
        "core": parsed.national_core if parsed else None,
        "publisher": parsed.publisher if parsed else None,
        "procedure": row["ours"],
        "name": row["published_name"],
        "differences": [
            {"field": each.field, "label": _LABELS[each.field], "ours": each.ours, "published": each.published}
            for each in store.told(row["differences"])
        ],
        "state": row["state"],
        "made_at": shown(row["made_at"]),
        "decided_at": shown(row["decided_at"]),
        "decided_by": row["decided_by"],
        "decision": row["decision"],
        "reason": row["reason"],
        "valid_from": row["valid_from"],
    }


def _mapping(kind: Kind, one: usecases.Mapped) -> dict[str, Any]:
    row = one.row
    return {
        "kind": kind,
        "local_code": one.local,
        "name": one.name,
        "national_code": row["national_code"] if row else None,
        "reason": row["reason"] if row else None,
        "entered_by": row["entered_by"] if row else None,
        "entered_at": shown(row["entered_at"]) if row else None,
        "suggestions": [{"code": each.code, "name": each.name, "score": each.score} for each in one.suggested],
    }


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "name": row["name"],
        "core": row["core"],
        "publisher": row["publisher"],
        "seen_at": shown(row["seen_at"]),
        "pull": row["pull_id"],
        "content": orjson.loads(row["content"]) if row["content"] else None,
    }
