"""HTTP of the lists behind the figures: pages for screens, whole lists for files."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.contracts.stats import FigureList, FigureListQuery, ListedDossier
from shared.domain.agencies import Level
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import Channel, Status
from shared.reference import Reference
from shared.web.app import ReferenceOf, Room, RoomOf
from shared.web.auth import Caller
from shared.web.database import ReadingSession
from shared.web.paging import Pages, page_response
from shared.web.problems import LISTING, refusals
from shared.web.streams import MEDIA_TYPES, Streamed, header, lines
from stats_service.figure_lists import usecases
from stats_service.figure_lists.store import Wanted
from stats_service.figure_lists.usecases import Opened
from stats_service.reports.endpoints import asked_of, cursor_scope, paged_in_json_only
from stats_service.reports.usecases import Asked

router = APIRouter(prefix="/v1", tags=["reports"])

_CHANNEL = {channel.value: channel.name.lower() for channel in Channel}
_STATUS = {status.value: status.name.lower() for status in Status}
_VERDICT = {verdict.value: verdict.name.lower() for verdict in Verdict}
#: The columns of a list, in their order.
FIELDS = tuple(ListedDossier.model_fields)


@router.get(
    "/reports/resolution/dossiers",
    operation_id="resolutionReportDossiers",
    summary="Danh sách hồ sơ của một số liệu · The dossiers behind a figure",
    response_description="A page of the dossiers that the figure counts; in CSV and NDJSON all of them",
    response_model=FigureList,
    responses={
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            }
        },
        **refusals(*LISTING, "unavailable", "takes_too_long"),
    },
)
async def figure_list(
    query: Annotated[FigureListQuery, Query()],
    principal: Caller,
    reference: ReferenceOf,
    room: RoomOf,
    session: ReadingSession,
) -> Response:
    """The dossiers that a figure counts: as many as it says, in order of reception (resolved ones: of finishing).

    Ask with the agency, period, units and as_of of the report, and narrow to the row by its key, and by the keys of the
    rows it stands in: `unit` (a row of group_by=agency with scope=own, of tree with scope=tree), `level`, `channel`,
    `sector`, `procedure`, `officer`, `month`. Holds no personal data of applicants.

    CSV and NDJSON: the whole list as it is read, of one snapshot of the database. CSV is UTF-8 with the names of the
    fields as its header.
    """
    paged_in_json_only(query.cursor, query.format)
    asked = asked_of(query, reference, principal)
    opened = Opened(
        figure=query.figure,
        scope=query.scope,
        unit=query.unit,
        level=Level(query.level) if query.level else None,
        channel=Channel[query.channel.upper()] if query.channel else None,
        sector=query.sector,
        procedure=query.procedure,
        officer=query.officer,
        month=query.month,
    )
    wanted = usecases.checked_list(reference, principal.scope, asked, opened)
    await usecases.need_row(session, reference, principal.scope, asked, opened)
    if query.format != "json":
        return Streamed(room, _stream(room, reference, asked, wanted, query.format), MEDIA_TYPES[query.format])
    pages = Pages(room.settings.cursor_key, cursor_scope(query), str, int)
    last = pages.after(query.cursor)
    after = (date.fromisoformat(last[0]), last[1]) if last else None
    rows = await usecases.page(session, reference, asked, wanted, after=after, limit=query.limit + 1)
    page, following = pages.cut(rows, query.limit, lambda row: (row["day"].isoformat(), row["id"]))
    return page_response([listed_dossier(row, reference) for row in page], following)


async def _stream(
    room: Room, reference: Reference, asked: Asked, wanted: Wanted, form: str
) -> AsyncGenerator[bytes, None]:
    yield header(FIELDS, form)
    async with aclosing(usecases.everything(room.pool, reference, asked, wanted)) as chunks:
        async for rows in chunks:
            yield lines((listed_dossier(row, reference) for row in rows), FIELDS, form)


def listed_dossier(row: Any, reference: Reference) -> dict[str, Any]:
    """A dossier as every list shows it."""
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
