"""HTTP of the national verdicts beside those of the law."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.contracts.national_verdicts import (
    NationalVerdictsList,
    NationalVerdictsListQuery,
    NationalVerdictsQuery,
    NationalVerdictsReport,
    NationalVerdictsReportQuery,
)
from shared.domain.civil_time import shown
from shared.domain.explanation import Line
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
from stats_service.index_766.rule_file import rule_versions
from stats_service.index_766.rules import two
from stats_service.national_verdicts import usecases
from stats_service.national_verdicts.rules import TITLES, Sums
from stats_service.national_verdicts.usecases import BEGINNING, Compared, Side
from stats_service.periods.rules import PeriodAsked
from stats_service.reports.endpoints import cursor_scope
from stats_service.reports.usecases import Asked, checked

router = APIRouter(prefix="/v1", tags=["reports"])


@router.get(
    "/reports/national-verdicts",
    operation_id="nationalVerdictsReport",
    summary="Kết luận theo cách tính quốc gia và theo pháp luật · What the portal would say, beside the law",
    response_description="Both counts, the score, and the differences by kind",
    response_model=NationalVerdictsReport,
    responses=refusals(*READING, "agency_out_of_scope", "invalid_request", "unavailable", "takes_too_long"),
)
async def report(
    query: Annotated[NationalVerdictsReportQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """What the national portal would say of an agency's dossiers of a period, before it says so: every dossier judged
    by the national rule from what the portal is told of it, and the points for progress.

    Beside it the same dossiers by this system's own verdicts, and on how many the two part, by the reason. Each is the
    length of a list: `GET /v1/reports/national-verdicts/dossiers`.
    """
    asked = _asked(query, reference, principal)
    rules = usecases.score_rules(rule_versions(room.settings.index_766_file), asked, query.rules)
    async with room.pool.acquire(EVERY_ROW) as connection:
        found = await usecases.compared(Reading(connection), reference, asked, rules)
    return json_answer(
        {
            "agency": asked.agency.code,
            "agency_name": asked.agency.name,
            "period": {"from": asked.period.first, "to": asked.period.last},
            "as_of": shown(asked.known_at),
            "basis": "as_recorded_then" if asked.as_of else "as_known_now",
            "synthetic": found.synthetic,
            "compare": reference.national.value,
            "law": _by_law(found.sums),
            "national": _nationally(found),
            "agreeing": {
                "on_time": found.sums.of(law=False, national=False),
                "overdue": found.sums.of(law=True, national=True),
            },
            "differences": [
                {
                    "kind": kind,
                    "title_vi": TITLES[kind].vi,
                    "title_en": TITLES[kind].en,
                    "law": _verdict(late=late),
                    "national": _verdict(late=not late),
                    "dossiers": dossiers,
                }
                for kind, late, dossiers in found.sums.differences()
            ],
        }
    )


@router.get(
    "/reports/national-verdicts/dossiers",
    operation_id="nationalVerdictsDossiers",
    summary="Hồ sơ với hai kết luận, có diễn giải · Dossiers with both verdicts, explained",
    response_description="A page of dossiers, each with both verdicts line by line",
    response_model=NationalVerdictsList,
    responses=refusals(*LISTING, "unavailable", "takes_too_long"),
)
async def dossiers(
    query: Annotated[NationalVerdictsListQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """The dossiers behind the differences, or all that are late by the national rule: what was judged, against what,
    and what counts against each. Holds no personal data of applicants. The account of a dossier
    (`GET /v1/dossiers/{code}/deadline` of intake) tells the law's side step by step."""
    asked = _asked(query, reference, principal)
    pages = Pages(room.settings.cursor_key, cursor_scope(query), str, int)
    last = pages.after(query.cursor)
    after = (date.fromisoformat(last[0]), last[1]) if last else BEGINNING
    sides = await usecases.page(
        session,
        reference,
        asked,
        verdicts=query.verdicts,
        kind=query.kind,
        after=after,
        limit=query.limit + 1,
    )
    page, following = pages.cut(sides, query.limit, lambda side: (side.row["received_day"].isoformat(), side.row["id"]))
    return page_response([_side(side, reference) for side in page], following)


def _asked(query: NationalVerdictsQuery, reference: Reference, principal: Principal) -> Asked:
    period = PeriodAsked(query.first, query.last, query.period, query.cut)
    return checked(
        reference, principal.scope, now(), agency=query.agency, period=period, as_of=query.as_of, units="then"
    )


def _by_law(sums: Sums) -> dict[str, Any]:
    resolved, on_time, in_term = sums.of(over=True), sums.of(over=True, law=False), sums.of(over=False, law=False)
    return {
        "to_handle": sums.of(),
        "resolved": resolved,
        "resolved_on_time": on_time,
        "resolved_late": sums.of(over=True, law=True),
        "pending_in_term": in_term,
        "pending_overdue": sums.of(over=False, law=True),
        "on_time_rate": rate(on_time, resolved),
        "national_on_time_rate": rate(on_time + in_term, sums.of()),
    }


def _nationally(found: Compared) -> dict[str, Any]:
    received, on_time = found.sums.of(), found.sums.of(national=False)
    return {
        "received": received,
        "on_time": on_time,
        "overdue": received - on_time,
        "ratio": rate(on_time, received),
        "score": two(found.metric.score) if found.metric else None,
        "max": two(found.metric.rule.max) if found.metric else None,
        "rule_version": found.rules.version if found.rules and found.metric else None,
    }


def _side(side: Side, reference: Reference) -> dict[str, Any]:
    row, found = side.row, side.national
    return {
        **listed_dossier(row, reference),
        "kind": side.kind,
        "law": {"verdict": _verdict(late=row["late_by_law"]), "explanation": _lines(side.law)},
        "national": {
            "verdict": _verdict(late=row["late_nationally"]),
            "explanation": _lines(side.told),
            "rules": list(found.rules) if found else [],
            "judged_at": shown(found.at) if found else None,
            "against": shown(found.against) if found else None,
        },
    }


def _lines(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [line._asdict() for line in lines]


def _verdict(*, late: bool) -> str:
    return "overdue" if late else "on_time"
