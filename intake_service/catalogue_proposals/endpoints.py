"""HTTP of proposals: how ours differs from what is published, and what is decided."""

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from intake_service.catalogue_proposals import store, usecases
from shared.contracts.catalogue import (
    CatalogueApprovalIn,
    CatalogueProposal,
    CatalogueProposalPage,
    CatalogueRejectionIn,
    ChangeName,
    ProposalState,
)
from shared.domain.agencies import Level
from shared.domain.civil_time import shown
from shared.domain.codes import ProcedureCode
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import ETAG, good
from shared.web.problems import BODY, LISTING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/catalogue/proposals", tags=["national catalogue"])

Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its id", examples=[3])]
_LAST = 2**31 - 1


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


@router.get(
    "",
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
    "/{proposal_id}",
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
    "/{proposal_id}/approve",
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
    "/{proposal_id}/reject",
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
