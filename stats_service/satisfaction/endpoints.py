"""HTTP of satisfaction: the report and its lists, and what is published."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.contracts.fields import Code
from shared.contracts.satisfaction import (
    PublicSatisfaction,
    SatisfactionListQuery,
    SatisfactionQuery,
    SatisfactionReport,
)
from shared.contracts.stats import DaysQuery, FigureList
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, Principal
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Reading, ReadingSession
from shared.web.kept import Kept
from shared.web.paging import Pages, page_response
from shared.web.problems import LISTING, refusals
from stats_service.figure_lists.endpoints import listed_dossier
from stats_service.periods.rules import Period, PeriodAsked
from stats_service.reports.endpoints import cursor_scope
from stats_service.reports.usecases import Asked, checked
from stats_service.satisfaction import rules, usecases
from stats_service.satisfaction.rules import Ratings

public_router = APIRouter(prefix="/v1", tags=["satisfaction"], route_class=Kept)
router = APIRouter(prefix="/v1", tags=["satisfaction"])


@router.get(
    "/reports/satisfaction",
    operation_id="satisfactionReport",
    summary="Báo cáo mức độ hài lòng · Satisfaction report",
    response_description="The figures",
    response_model=SatisfactionReport,
    responses=refusals(*LISTING, "unavailable", "takes_too_long"),
)
async def report(
    query: Annotated[SatisfactionQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """How the applicants of an agency and all units under it rated what was done, by the day on which they first did.

    Counts always; shares and means from `minimum` ratings on (`MOTCUA_SATISFACTION_MINIMUM`). For leaders, supervisors
    and admins: who rated is not for those who were rated (NĐ 61/2018 art. 27(3)). What everybody may know:
    `GET /v1/public/satisfaction`.
    """
    asked = _asked(query, reference, principal)
    found = await usecases.report(session, asked, query.group_by)
    minimum = room.settings.satisfaction_minimum
    return json_answer(
        {
            "agency": asked.agency.code,
            "agency_name": asked.agency.name,
            "period": _days(asked.period),
            "minimum": minimum,
            "group_by": query.group_by,
            "total": _figures(found.total, minimum),
            "rows": [{**_place(row), **_figures(row.ratings, minimum)} for row in found.rows],
        }
    )


@router.get(
    "/reports/satisfaction/dossiers",
    operation_id="satisfactionReportDossiers",
    summary="Danh sách hồ sơ được đánh giá · The dossiers behind a figure of satisfaction",
    response_description="A page of the dossiers that the figure counts, in the order in which they were rated",
    response_model=FigureList,
    responses=refusals(*LISTING, "unavailable", "takes_too_long"),
)
async def figure_list(
    query: Annotated[SatisfactionListQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """The dossiers that a figure counts, as many as it says. For supervisors and admins only: a list of the
    dissatisfied is not for those with whom they were. Holds no personal data of applicants."""
    wanted = usecases.checked_list(reference, principal.scope, _asked(query, reference, principal), query)
    pages = Pages(room.settings.cursor_key, cursor_scope(query), str, int)
    last = pages.after(query.cursor)
    after = (date.fromisoformat(last[0]), last[1]) if last else None
    rows = await usecases.page(session, wanted, after=after, limit=query.limit)
    page, following = pages.cut(rows, query.limit, lambda row: (row["day"].isoformat(), row["id"]))
    return page_response([listed_dossier(row, reference) for row in page], following)


@public_router.get(
    "/public/satisfaction",
    operation_id="publicSatisfaction",
    summary="Công khai mức độ hài lòng · Satisfaction, for everybody",
    response_description="The figures of the quarter",
    response_model=PublicSatisfaction,
    responses=refusals("invalid_request", "not_found", "unavailable"),
)
async def published(
    reference: ReferenceOf,
    room: RoomOf,
    quarter: Annotated[
        Code | None,
        Query(description="A quarter that is over; the latest published unless given", examples=["2026-Q3"]),
    ] = None,
) -> Response:
    """Public. A quarter is published once no rating of it can be changed any more (`MOTCUA_RATING_CHANGE_DAYS`).

    Of fewer than `minimum` ratings nothing is shown but their number. Where that would still be told by the rest of the
    total, the unit with the fewest ratings of the others is hidden too. There is one answer a quarter, so that no two
    can be held against each other.
    """
    settings = room.settings
    days, minimum = settings.rating_change_days, settings.satisfaction_minimum
    async with room.pool.acquire(EVERY_ROW) as connection:
        found = await usecases.published(Reading(connection), reference, quarter, now(), days=days, minimum=minimum)
    return json_answer(
        {
            "quarter": found.quarter,
            "period": _days(found.period),
            "minimum": minimum,
            "total": found.total,
            "rows": [
                {"key": key, "name": unit.name, "level": unit.level, **figures} for unit, key, figures in found.rows
            ],
        }
    )


def _asked(query: DaysQuery, reference: Reference, principal: Principal) -> Asked:
    period = PeriodAsked(query.first, query.last, query.period, query.cut)
    return checked(reference, principal.scope, now(), agency=query.agency, period=period)


def _days(period: Period) -> dict[str, date]:
    return {"from": period.first, "to": period.last}


def _figures(ratings: Ratings, minimum: int) -> dict[str, Any]:
    return {**rules.figures(ratings, minimum), "criteria": rules.criteria(ratings, minimum)}


def _place(row: usecases.Row) -> dict[str, Any]:
    if row.unit is not None:
        unit = row.unit
        return {
            "key": unit.key,
            "name": unit.agency.name,
            "level": unit.agency.level,
            "parent": unit.parent,
            "depth": unit.depth,
        }
    assert row.month is not None, "a row is a unit or a month"
    key, period = row.month
    return {"key": key, "name": key, **_days(period)}
