"""HTTP of reports: the resolution report, and the list behind each figure."""

import csv
from datetime import date
from io import StringIO
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import SecretStr
from starlette.responses import Response

from shared.contracts.stats import (
    COUNT_NAMES,
    RATE_NAMES,
    FigureList,
    FigureListQuery,
    PeriodQuery,
    ReportQuery,
    ResolutionReport,
)
from shared.domain.agencies import Level
from shared.domain.civil_time import shown
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import Channel, Status
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Principal, Staff
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.paging import Pages, page_response
from shared.web.problems import LISTING, Problem, refusals
from stats_service.definitions.rules import DEFINITION
from stats_service.figures.rules import Figures
from stats_service.on_time.rules import asked_for, by_definition
from stats_service.reports import usecases
from stats_service.reports.usecases import Asked, Opened, Report

router = APIRouter(prefix="/v1", tags=["reports"])

_CHANNEL = {channel.value: channel.name.lower() for channel in Channel}
_STATUS = {status.value: status.name.lower() for status in Status}
_VERDICT = {verdict.value: verdict.name.lower() for verdict in Verdict}
_FIRST = (date.min.isoformat(), 0)
_CSV_PLACE = ("group_by", "key", "name", "level", "parent", "depth", "from", "to")
_CSV_ORIGIN = ("definition", "basis", "as_of", "synthetic")


@router.get(
    "/reports/resolution",
    operation_id="resolutionReport",
    summary="Báo cáo tình hình giải quyết · Resolution report",
    response_description="The figures: in JSON by pages, in CSV all rows at once",
    response_model=ResolutionReport,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **refusals(*LISTING, "not_acceptable", "unavailable"),
    },
)
async def resolution_report(
    query: Annotated[ReportQuery, Query()],
    principal: Staff,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """How the dossiers of an agency and all units under it were resolved in a period.

    The figures hold the moment a dossier changes, without waiting for any nightly run, and every row fulfils
    to_handle = resolved + pending, resolved = early + on_day + late, pending = in_term + overdue. A correction made
    later changes the figures of the days it corrects; `as_of` gives them as they were recorded at an instant.

    `definition` adds to the total and to each row the rates of one of the definitions of "on time" that are in use
    (`GET /v1/definitions`), with what they are made of. Some need figures that are counted from the dossiers (slower).

    CSV: one line a row and a last line `total`, comma-separated, UTF-8; an empty rate means nothing to divide by. What
    a definition adds stands in columns of dotted names: `rates.on_time.value`, `counts.due_in_period`.
    """
    if query.format not in ("json", "csv"):
        raise Problem("not_acceptable")
    asked = _asked(query, reference, principal)
    definition = asked_for(query.definition) if query.definition else None
    report = await usecases.resolution(session, reference, asked, query.group_by, definition)
    if query.format == "csv":
        return Response(_csv(report), media_type="text/csv; charset=utf-8")
    return json_answer(_report_page(report, query, room.settings.cursor_key))


@router.get(
    "/reports/resolution/dossiers",
    operation_id="resolutionReportDossiers",
    summary="Danh sách hồ sơ của một số liệu · The dossiers behind a figure",
    response_description="A page of the dossiers that the figure counts",
    response_model=FigureList,
    responses=refusals(*LISTING, "unavailable"),
)
async def figure_list(
    query: Annotated[FigureListQuery, Query()],
    principal: Staff,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """The dossiers that a figure counts: as many as it says, in order of reception (resolved ones: of finishing).

    Ask with the agency, period and as_of of the report, and narrow to the row: `unit` (a row of group_by=agency with
    scope=own, of tree with scope=tree), `level`, `channel`, `sector` or `procedure`. For a month, give its days as the
    period. Holds no personal data.
    """
    asked = _asked(query, reference, principal)
    opened = Opened(
        figure=query.figure,
        scope=query.scope,
        unit=query.unit,
        level=Level(query.level) if query.level else None,
        channel=Channel[query.channel.upper()] if query.channel else None,
        sector=query.sector,
        procedure=query.procedure,
    )
    pages = Pages(room.settings.cursor_key, _cursor_scope(query), str, int)
    day, number = pages.after(query.cursor) or _FIRST
    after = (date.fromisoformat(day), number)
    rows = await usecases.figure_list(session, reference, asked, opened, after=after, limit=query.limit + 1)
    page, following = pages.cut(rows, query.limit, lambda row: (row["day"].isoformat(), row["id"]))
    return page_response([_item(row, reference) for row in page], following)


def _asked(query: PeriodQuery, reference: Reference, principal: Principal) -> Asked:
    return usecases.checked(
        reference,
        principal.scope,
        now(),
        agency=query.agency,
        first=query.first,
        last=query.last,
        as_of=query.as_of,
    )


def _cursor_scope(query: PeriodQuery) -> str:
    """A cursor is good for the same question only, whatever the size of its pages."""
    return query.model_dump_json(exclude={"cursor", "limit"})


def _report_page(report: Report, query: ReportQuery, key: SecretStr) -> dict[str, Any]:
    pages = Pages(key, _cursor_scope(query), str, int)
    place = {row.key: n for n, row in enumerate(report.rows)}
    # After the row that the last page ended with, wherever it stands now; if it is gone, where it stood.
    last, number = pages.after(query.cursor) or ("", 0)
    begin = place[last] + 1 if last in place else number
    page, following = pages.cut(report.rows[begin:], query.limit, lambda row: (row.key, begin + query.limit - 1))
    return {
        **_head(report),
        "group_by": report.group_by,
        "total": {**report.total.wire(), **by_definition(report.definition, report.total)},
        "rows": [{**row.wire(), **by_definition(report.definition, row.figures)} for row in page],
        "next": following,
    }


def _head(report: Report) -> dict[str, Any]:
    asked = report.asked
    return {
        "agency": asked.agency.code,
        "agency_name": asked.agency.name,
        "period": {"from": asked.period.first, "to": asked.period.last},
        "as_of": shown(asked.known_at),
        "basis": "as_recorded_then" if asked.as_of else "as_known_now",
        "definition": f"{report.definition.id}/{report.definition.version}" if report.definition else DEFINITION,
        "synthetic": report.synthetic,
    }


def _csv(report: Report) -> str:
    """Each line says where it comes from: a line copied into another sheet still does."""
    head = _head(report)
    origin = {
        "definition": head["definition"],
        "basis": head["basis"],
        "as_of": head["as_of"].isoformat(),
        "synthetic": str(head["synthetic"]).lower(),
    }
    total = {"key": "total", "name": report.asked.agency.name, **report.total.wire(), **_defined(report, report.total)}
    common = {"group_by": report.group_by, **head["period"], **origin}
    out = StringIO()
    columns = (*_CSV_PLACE, *COUNT_NAMES, *RATE_NAMES, *_defined(report, report.total), *_CSV_ORIGIN)
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    for row in [*({**row.wire(), **_defined(report, row.figures)} for row in report.rows), total]:
        writer.writerow({name: _cell(value) for name, value in {**common, **row}.items()})
    return out.getvalue()


def _defined(report: Report, row: Figures) -> dict[str, object]:
    """What the definition adds to a row, as columns of dotted names."""
    added: Any = by_definition(report.definition, row)
    rates = {f"rates.{name}.{of}": v for name, rate in added.get("rates", {}).items() for of, v in rate.items()}
    return {**rates, **{f"counts.{name}": count for name, count in added.get("counts", {}).items()}}


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is kept a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _item(row: Any, reference: Reference) -> dict[str, Any]:
    agency = reference.agencies.by_id[row["agency_id"]]
    return {
        "code": row["code"],
        "procedure": row["procedure"],
        "procedure_name": row["procedure_name"],
        "sector": row["sector"],
        "agency": agency.code,
        "agency_name": agency.name,
        "channel": _CHANNEL[row["channel"]],
        "status": _STATUS[row["status"]],
        "received_day": row["received_day"],
        "due_day": row["due_day"],
        "finished_day": row["finished_day"],
        "verdict": _VERDICT.get(row["verdict"]),
    }
