"""HTTP of the index of Decision 766."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.contracts.index_766 import Index766Query, Index766Report
from shared.domain.civil_time import shown
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Awaited, Reading
from shared.web.problems import refusals
from stats_service.exports.usecases import FILE_CONTENT, file_answer
from stats_service.figures.rules import rate
from stats_service.index_766 import usecases
from stats_service.index_766.printing import printed
from stats_service.index_766.rule_file import RuleVersion, rule_versions
from stats_service.index_766.rules import GroupScore, MetricScore, Points, half_up, scope_of, two, year_of
from stats_service.index_766.usecases import Asked, Index, Question, Standing
from stats_service.national_scoring.rules import Average, NationalCounts

router = APIRouter(prefix="/v1", tags=["reports"])


@router.get(
    "/reports/index-766",
    operation_id="index766Report",
    summary="Bộ chỉ số theo Quyết định 766/QĐ-TTg · The index of Decision 766",
    response_description="Groups with their indicators, the units below, and twelve months",
    response_model=Index766Report,
    responses={
        200: {"content": FILE_CONTENT},
        **refusals(
            "unauthenticated",
            "forbidden",
            "agency_out_of_scope",
            "invalid_request",
            "not_acceptable",
            "unavailable",
            "takes_too_long",
        ),
    },
)
async def index_766(
    query: Annotated[Index766Query, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """How an agency stands by the national index, as far as dossiers and the catalogue can tell.

    Each indicator says what it is made of, by which version of the rules it was scored, whether that is confirmed, and
    where there is no number, why: null is never zero. Points are rounded half up to two decimals, each on its own, and
    totals are sums of what was rounded. `max_unavailable` says how many points cannot be computed here.

    CSV, XLSX, DOCX and PDF are one table: groups with their indicators, the units below, the months of the year.
    """
    versions = rule_versions(room.settings.index_766_file)
    question = Question(
        query.agency, query.period, query.first, query.last, query.as_of, query.level, query.rules, query.cut
    )
    asked = usecases.checked(reference, principal.scope, now(), versions, question)
    async with room.pool.acquire(EVERY_ROW) as connection:  # given back before it is printed
        found = await usecases.index(Reading(connection), reference, asked)
    if query.format != "json":
        above = asked.agency.parent_id
        superior = reference.agencies.by_id[above].name if above is not None else None
        return await file_answer(printed(found, superior), query.format)
    return Response(orjson.dumps(_report(found)), media_type="application/json")


def _report(index: Index) -> dict[str, Any]:
    asked, whole = index.asked, index.whole
    return {
        "agency": asked.agency.code,
        "agency_name": asked.agency.name,
        "level": asked.agency.level,
        "scored_as": scope_of(asked.agency),
        "period": {"from": asked.period.first, "to": asked.period.last},
        "as_of": shown(asked.known_at),
        "basis": "as_recorded_then" if asked.as_of else "as_known_now",
        "synthetic": index.synthetic,
        "rules": _rules(asked),
        "total": _points(whole.total),
        "progress": _progress(whole),
        "channels": _channels(whole.counts),
        "groups": [_group(group, asked.rules) for group in whole.groups],
        "children": [_child(child, name) for child, name in zip(index.children, index.printed_names(), strict=True)],
        "months": [
            _month(f"{year_of(asked.period)}-{number:02d}", counts) for number, counts in enumerate(index.months, 1)
        ],
        "contributes_to": [one.model_dump() for one in asked.rules.contributes_to],
    }


def _rules(asked: Asked) -> dict[str, Any]:
    rules = asked.rules
    told = rules.model_dump(include={"version", "title", "source", "confirmed", "note_vi", "note_en"})
    dates = {"valid_from": rules.valid_from, "valid_to": rules.valid_to, "in_force": rules.in_force(asked.period.last)}
    return {**told, **dates}


def _points(points: Points) -> dict[str, Any]:
    return {
        "score": two(points.score),
        "computed": two(points.computed),
        "max": two(points.max),
        "max_computed": two(points.max_computed),
        "max_unavailable": two(points.max - points.max_computed),
        "ratio": two(points.ratio),
    }


def _group_points(group: GroupScore) -> dict[str, Any]:
    rule = group.rule
    return {"code": rule.code, "name_vi": rule.name_vi, "name_en": rule.name_en, **_points(group.points)}


def _group(group: GroupScore, rules: RuleVersion) -> dict[str, Any]:
    told = group.rule.model_dump(include={"formula", "source", "confirmed"})
    return {**_group_points(group), **told, "metrics": [_metric(metric, rules.version) for metric in group.metrics]}


_SAID = {"no", "code", "code_is_ours", "name_vi", "name_en", "scope", "formula", "source", "confirmed"}


def _metric(metric: MetricScore, version: str) -> dict[str, Any]:
    measured, why = metric.measured, metric.unavailable
    return {
        **metric.rule.model_dump(include=_SAID),
        "numerator": measured.numerator if measured else None,
        "denominator": measured.denominator if measured else None,
        "parts": dict(measured.parts) if measured else {},
        "ratio": two(metric.ratio),
        "score": two(metric.score),
        "max": two(metric.rule.max),
        "rule_version": version,
        "unavailable": {"code": why.code, "why_vi": why.why_vi, "why_en": why.why_en} if why else None,
    }


def _progress(standing: Standing) -> dict[str, Any]:
    counts = standing.counts
    return {
        "received": counts.dossiers,
        "on_time": counts.on_time,
        "overdue": counts.overdue,
        "completed": counts.over,
        "ratio": rate(counts.on_time, counts.dossiers),
        "averages": [_average(each) for each in standing.averages],
    }


def _average(each: Average) -> Mapping[str, Any]:
    value: Fraction | None = each.value
    return {
        "unit": each.unit,
        "dossiers": each.dossiers,
        "average": two(half_up(value)) if value is not None else None,
    }


def _channels(counts: NationalCounts) -> dict[str, int]:
    return {"online": counts.received_online, "counter": counts.received_counter, "post": counts.received_post}


def _child(child: Standing, printed_name: str) -> dict[str, Any]:
    unit = child.unit
    return {
        "key": unit.key,
        "name": unit.agency.name,
        "printed_name": printed_name,
        "level": unit.agency.level,
        "scored_as": scope_of(unit.agency),
        "in_force": unit.in_force,
        "own": child.own,
        "progress": _progress(child),
        "channels": _channels(child.counts),
        "total": _points(child.total),
        "groups": [_group_points(group) for group in child.groups],
    }


def _month(name: str, counts: NationalCounts | None) -> dict[str, Any]:
    if counts is None:
        return {"month": name, "received": None, "on_time_rate": None, "overdue_rate": None}
    return {
        "month": name,
        "received": counts.dossiers,
        "on_time_rate": rate(counts.on_time, counts.dossiers),
        "overdue_rate": rate(counts.overdue, counts.dossiers),
    }
