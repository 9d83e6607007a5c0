"""HTTP of what ours is called in the national catalogue."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from intake_service.catalogue.rules import Kind
from intake_service.catalogue_mappings import usecases
from shared.contracts.catalogue import (
    CatalogueMapping,
    CatalogueMappingIn,
    CatalogueMappingPage,
)
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import Cursor, Pages, page_response
from shared.web.places import ETAG, good
from shared.web.problems import BODY, LISTING, READING, refusals
from shared.web.versions import IfMatch, version_of

router = APIRouter(prefix="/v1/catalogue/mappings", tags=["national catalogue"])

KindOf = Annotated[Kind, Path(description="Of what", examples=["agencies"])]


@router.get(
    "/{kind}",
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
    "/{kind}",
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
