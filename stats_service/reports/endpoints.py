"""HTTP of the resolution report."""

from functools import partial
from itertools import chain, islice
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import SecretStr
from starlette.responses import Response

from shared.contracts.stats import COUNT_NAMES, RATE_NAMES, DaysQuery, PeriodQuery, ReportQuery, ResolutionReport
from shared.domain.civil_time import shown
from shared.press.threads import wanted, worked_out
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, Principal
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Awaited, Reading
from shared.web.paging import Pages
from shared.web.problems import LISTING, invalid, refusals
from shared.web.streams import csv_lines
from stats_service.definitions.rules import DEFINITION
from stats_service.exports.rules import Provenance
from stats_service.exports.usecases import FILE_CONTENT, MEDIA_TYPES, file_answer, written_answer
from stats_service.figures.rules import Figures
from stats_service.groupings.rules import MAX_DEPTH, Row
from stats_service.on_time.rules import asked_for, by_definition
from stats_service.periods.rules import PeriodAsked
from stats_service.reports import usecases
from stats_service.reports.printing import printed
from stats_service.reports.usecases import Asked, Report, superior

router = APIRouter(prefix="/v1", tags=["reports"])

_WITHIN = tuple(f"within_{n}" for n in range(1, MAX_DEPTH))
_CSV_PLACE = ("group_by", "key", "name", "level", "parent", "depth", "from", "to")
#: Of a CSV, made at once.
_LINES = 1000
_CSV_ORIGIN = ("definition", "basis", "as_of", "synthetic", "units", "divided", "by", *_WITHIN)


@router.get(
    "/reports/resolution",
    operation_id="resolutionReport",
    summary="Báo cáo tình hình giải quyết · Resolution report",
    response_description="The figures: in JSON by pages, in CSV all rows at once",
    response_model=ResolutionReport,
    responses={
        200: {"content": FILE_CONTENT},
        **refusals(*LISTING, "not_acceptable", "unavailable", "takes_too_long"),
    },
)
async def resolution_report(
    query: Annotated[ReportQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    _: Awaited,
) -> Response:
    """How the dossiers of an agency and all units under it were resolved in a period.

    The figures hold the moment a dossier changes, without waiting for any nightly run, and every row fulfils
    to_handle = resolved + pending, resolved = early + on_day + late, pending = in_term + overdue. A correction made
    later changes the figures of the days it corrects; `as_of` gives them as they were recorded at an instant.

    Several groupings stand one within another (`group_by=level,agency,month`): rows come in pre-order, each the
    subtotal of those below it, `within` naming the rows it stands in. Each row's dossiers can be listed by its own key
    and those keys.

    `definition` adds to the total and to each row the rates of one of the definitions of "on time" that are in use
    (`GET /v1/definitions`), with what they are made of. Some need figures that are counted from the dossiers (slower).

    CSV: one line a row and a last line `total`, comma-separated, UTF-8; an empty rate means nothing to divide by. What
    a definition adds stands in columns of dotted names: `rates.on_time.value`, `counts.due_in_period`.

    XLSX, DOCX and PDF are the same table to be printed, in A4 landscape; of more than 2,000 rows print is refused.
    """
    paged_in_json_only(query.cursor, query.format)
    asked = asked_of(query, reference, principal)
    definition = asked_for(query.definition) if query.definition else None
    async with room.pool.acquire(EVERY_ROW) as connection:  # given back before a report is made of it
        counted = await usecases.counted(Reading(connection), reference, asked, query.groupings, definition)
    report = await usecases.made(counted)
    if query.format == "csv":
        return await written_answer(partial(_csv, report), MEDIA_TYPES["csv"], {})
    if query.format != "json":
        table = partial(printed, report, superior(reference, asked), _provenance(report))
        return await file_answer(await worked_out(table, of=len(report.rows)), query.format)
    page = partial(_report_page, report, query, room.settings.cursor_key)
    return json_answer(await worked_out(page, of=len(report.rows)))


def _provenance(report: Report) -> Provenance:
    asked, head = report.asked, _head(report)
    period = asked.period
    return Provenance(
        *(asked.agency.code, period.first, period.last, asked.as_of, asked.known_at, head["definition"]),
        *(report.synthetic, asked.restated_on),
    )


def asked_of(query: PeriodQuery, reference: Reference, principal: Principal) -> Asked:
    """The question that a query asks, or the Problem that says what is wrong with it."""
    return usecases.checked(
        reference,
        principal.scope,
        now(),
        agency=query.agency,
        period=PeriodAsked(query.first, query.last, query.period, query.cut),
        as_of=query.as_of,
        units=query.units,
    )


def paged_in_json_only(cursor: str | None, form: str) -> None:
    """Raises the Problem if a page is asked of what has none: the whole would be taken for it."""
    if cursor is not None and form != "json":
        raise invalid("cursor", "pages_in_json_only")


def cursor_scope(query: DaysQuery) -> str:
    """A cursor is good for the same question only, whatever the size of its pages."""
    return query.model_dump_json(exclude={"cursor", "limit"})


def _report_page(report: Report, query: ReportQuery, key: SecretStr) -> dict[str, Any]:
    pages = Pages(key, cursor_scope(query), str, int)
    places = {row.place: n for n, row in enumerate(report.rows)}
    # After the row that the last page ended with, wherever it stands now; if it is gone, where it stood.
    last, number = pages.after(query.cursor) or ("", 0)
    begin = places[last] + 1 if last in places else number
    upto = begin + query.limit + 1
    page, following = pages.cut(
        list(zip(report.rows[begin:upto], report.printed_names()[begin:upto], strict=True)),
        query.limit,
        lambda last: (last[0].place, begin + query.limit - 1),
    )
    return {
        **_head(report),
        "total": {**report.total.wire(), **by_definition(report.definition, report.total)},
        "rows": [
            {
                **{"key": row.key, "name": row.name, "printed_name": name},
                **row.wire(),
                **by_definition(report.definition, row.figures),
            }
            for row, name in page
        ],
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
        "units": asked.units,
        "group_by": ",".join(report.group_by) or "none",
    }


def _csv(report: Report, file: IO[bytes]) -> None:
    """Each line says where it comes from: a line copied into another sheet still does."""
    head = _head(report)
    common = {**head, **head["period"]}
    columns = (*_CSV_PLACE, *COUNT_NAMES, *RATE_NAMES, *_defined(report, report.total), *_CSV_ORIGIN)
    total = {"key": "total", "name": report.asked.agency.name, **report.total.wire(), **_defined(report, report.total)}
    rows = (
        {**_csv_row(row), "name": name, **_defined(report, row.figures)}
        for row, name in zip(report.rows, report.printed_names(), strict=True)
    )
    lines = ({**common, **row} for row in chain(wanted(rows), [total]))
    cells = chain([columns], ([line.get(name) for name in columns] for line in lines))
    while some := list(islice(cells, _LINES)):
        file.write(csv_lines(some).encode())


def _csv_row(row: Row) -> dict[str, object]:
    return {**row.wire(), **dict(zip(_WITHIN, row.within, strict=False))}


def _defined(report: Report, row: Figures) -> dict[str, object]:
    """What the definition adds to a row, as columns of dotted names."""
    added: Any = by_definition(report.definition, row)
    rates = {f"rates.{name}.{of}": v for name, rate in added.get("rates", {}).items() for of, v in rate.items()}
    return {**rates, **{f"counts.{name}": count for name, count in added.get("counts", {}).items()}}
