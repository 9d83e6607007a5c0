"""HTTP of agencies: which units were in force on a day, and what became of them. Public: names of authorities."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from routing_service.agencies import usecases
from shared.contracts.agencies import AgencyDetail, AgencyPage, LevelName
from shared.contracts.fields import Code, Day, InstantIn, ShortLine
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.civil_time import civil_day
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.clock import now
from shared.web.kept import Kept
from shared.web.paging import Pages, page_response
from shared.web.places import AgencyCode
from shared.web.problems import Problem, reasons_of, refusals

router = APIRouter(prefix="/v1/agencies", tags=["agencies"], route_class=Kept)

#: A province has fewer than 600 units, so a client that asks for no limit gets them all in one page.
MAX_UNITS = 1_000

OnDay = Annotated[
    str | None,
    Query(
        max_length=40,
        description="The civil day (2019-06-30), or an instant with its offset, whose day in Vietnam counts. "
        "Default: today. Days to come are allowed: a reorganisation is decided before it takes effect",
        examples=["2019-06-30"],
    ),
]

_DAY: TypeAdapter[date] = TypeAdapter(Day)
_INSTANT: TypeAdapter[datetime] = TypeAdapter(InstantIn)
_DAY_LENGTH = len("2019-06-30")


@router.get(
    "",
    operation_id="listAgencies",
    summary="Danh sách cơ quan · Agencies in force on a day",
    response_description="A page of the units in force on that day",
    response_model=AgencyPage,
    responses=refusals("invalid_request"),
)
async def listed(
    room: RoomOf,
    reference: ReferenceOf,
    as_of: OnDay = None,
    level: Annotated[LevelName | None, Query(description="Only of this administrative level")] = None,
    parent: Annotated[
        Code | None, Query(description="Only directly under this unit, in force that day", examples=["44"])
    ] = None,
    q: Annotated[
        ShortLine | None,
        Query(description="Part of a name, diacritics or not, or how a code begins", examples=["dong ha"]),
    ] = None,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_UNITS, description="Units on a page", examples=[50])] = MAX_UNITS,
) -> Response:
    """The units in force on a day, in Vietnamese order of their names. Codes are reused, so a code means a unit only
    together with a day."""
    day = _day(as_of)
    tree = reference.agencies
    pages = Pages(room.settings.cursor_key, f"agencies:{day}:{level}:{parent}:{q}", str, str)
    found = usecases.in_force(
        tree,
        day,
        level=Level(level) if level else None,
        parent=parent,
        q=q,
        after=pages.after(cursor),
    )
    shown, following = pages.cut(found, limit, lambda agency: (agency.sort_key, agency.code))
    return page_response([_summary(agency, tree) for agency in shown], following)


@router.get(
    "/{code}",
    operation_id="readAgency",
    summary="Một cơ quan · One agency",
    response_description="The unit in its period, with predecessors and successors",
    response_model=AgencyDetail,
    responses=refusals("not_found", "invalid_request"),
)
async def read(code: AgencyCode, reference: ReferenceOf, as_of: OnDay = None) -> Response:
    """The unit that carries a code on a day, with its period and with whom it came from and went into. A code that
    was in force on other days only is not found, and the reason names who took over."""
    tree = reference.agencies
    agency = usecases.one(tree, code, _day(as_of))
    body = _summary(agency, tree)
    body["predecessors"] = [_ref(tree.by_id[old]) for old in tree.predecessors.get(agency.id, ())]
    body["successors"] = [_ref(tree.by_id[new]) for new in tree.successors.get(agency.id, ())]
    return json_answer(body)


def _day(text: str | None) -> date:
    if text is None:
        return civil_day(now())
    try:
        return _DAY.validate_python(text) if len(text) <= _DAY_LENGTH else civil_day(_INSTANT.validate_python(text))
    except ValidationError as error:
        found = [{**entry, "loc": ("as_of",)} for entry in error.errors()]
        raise Problem("invalid_request", *reasons_of(found)) from error


def _summary(agency: Agency, tree: AgencyTree) -> dict[str, Any]:
    above = tree.by_id[agency.parent_id] if agency.parent_id is not None else None
    return {
        "code": agency.code,
        "name": agency.name,
        "level": agency.level.value,
        "kind": agency.kind,
        "parent": above.code if above else None,
        "parent_name": above.name if above else None,
        "identification_code": agency.identification_code,
        "valid_from": agency.valid_from,
        "valid_to": agency.valid_to,
        "confirmed": agency.confirmed,
    }


def _ref(agency: Agency) -> dict[str, Any]:
    return {"code": agency.code, "name": agency.name, "valid_from": agency.valid_from, "valid_to": agency.valid_to}
