"""HTTP of the local rate and the national rate over the same dossiers."""

from datetime import date
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.contracts.rates import RatesList, RatesListQuery, RatesQuery, RatesReport
from shared.domain.civil_time import shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, Principal
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Awaited, Reading, ReadingSession
from shared.web.paging import Pages, page_response
from shared.web.problems import LISTING, READING, refusals
from stats_service.figure_lists.endpoints import listed_dossier
from stats_service.figures.rules import rate
from stats_service.national_verdicts.usecases import BEGINNING
from stats_service.periods.rules import PeriodAsked
from stats_service.rates import usecases
from stats_service.rates.rules import TITLES
from stats_service.reports.endpoints import cursor_scope
from stats_service.reports.usecases import Asked, checked

router = APIRouter(prefix="/v1", tags=["reports"])


@router.get(
    "/reports/rates",
    operation_id="ratesReport",
    summary="Từ tỷ lệ đúng hạn của tỉnh đến tỷ lệ ở cổng quốc gia · From the local rate to the national one",
    response_description="Both rates, and the lines between them",
    response_model=RatesReport,
    responses=refusals(*READING, "agency_out_of_scope", "invalid_request", "unavailable", "takes_too_long"),
)
async def report(
    query: Annotated[RatesQuery, Query()], principal: Caller, reference: ReferenceOf, room: RoomOf, _: Awaited
) -> Response:
    """How an agency stands at 99 % here and at 73 % there, over the very same dossiers: so many are not there, so many
    stand there with other dates, so many the national rule judges otherwise. `local.on_time` and the `effect` of all
    lines add up to `national.on_time`.

    What stands there is as the last reconciliation found it; what was never compared is a line of its own. Each line
    opens its list: `GET /v1/reports/rates/dossiers`.
    """
    asked = _asked(query, reference, principal)
    async with room.pool.acquire(EVERY_ROW) as connection:
        found = await usecases.rates(Reading(connection), reference, asked, open_too=query.of == "to_handle")
    return json_answer(_report(found, asked, query, reference))


@router.get(
    "/reports/rates/dossiers",
    operation_id="ratesReportDossiers",
    summary="Hồ sơ khác nhau giữa tỉnh và cổng · Dossiers that stand otherwise at the portal",
    response_description="A page of dossiers, each with the line that it stands in",
    response_model=RatesList,
    responses=refusals(*LISTING, "unavailable", "takes_too_long"),
)
async def dossiers(
    query: Annotated[RatesListQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """The dossiers behind the lines. Holds no personal data of applicants."""
    asked = _asked(query, reference, principal)
    pages = Pages(room.settings.cursor_key, cursor_scope(query), str, int)
    last = pages.after(query.cursor)
    rows = await usecases.page(
        session,
        reference,
        asked,
        open_too=query.of == "to_handle",
        line=query.line,
        after=(date.fromisoformat(last[0]), last[1]) if last else BEGINNING,
        limit=query.limit + 1,
    )
    page, following = pages.cut(rows, query.limit, lambda row: (row["received_day"].isoformat(), row["id"]))
    return page_response([_dossier(row, reference) for row in page], following)


def _asked(query: RatesQuery, reference: Reference, principal: Principal) -> Asked:
    period = PeriodAsked(query.first, query.last, query.period, query.cut)
    return checked(reference, principal.scope, now(), agency=query.agency, period=period, units="then")


def _report(found: usecases.Rates, asked: Asked, query: RatesQuery, reference: Reference) -> dict[str, Any]:
    bridge = found.bridge
    return {
        "agency": asked.agency.code,
        "agency_name": asked.agency.name,
        "period": {"from": asked.period.first, "to": asked.period.last},
        "of": query.of,
        "as_of": shown(asked.known_at),
        "synthetic": found.synthetic,
        "compare": reference.national.value,
        "compared": {
            "dossiers": found.looked_at,
            "first_at": shown(found.first_at),
            "last_at": shown(found.last_at),
        },
        "dossiers": bridge.dossiers,
        "local": {"on_time": bridge.on_time_here, "rate": rate(bridge.on_time_here, bridge.dossiers)},
        "lines": [
            {
                "line": step.line,
                "title_vi": TITLES[step.line].vi,
                "title_en": TITLES[step.line].en,
                "here": _verdict(late=step.late_here),
                "dossiers": step.dossiers,
                "effect": step.effect,
            }
            for step in bridge.steps
        ],
        "national": {
            "there": bridge.there,
            "on_time": bridge.on_time_there,
            "rate": rate(bridge.on_time_there, bridge.dossiers),
            "rate_of_there": rate(bridge.on_time_there, bridge.there),
        },
    }


def _dossier(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    there = row["on_time_there"]
    return {
        **listed_dossier(row, reference),
        "line": row["line"],
        "here": _verdict(late=row["late_by_law"]),
        "there": None if there is None else _verdict(late=not there),
        "compared_at": shown(row["compared_at"]),
    }


def _verdict(*, late: bool) -> str:
    return "overdue" if late else "on_time"
