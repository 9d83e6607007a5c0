"""HTTP of the working calendar. Public: a due date can be checked by whoever holds the receipt."""

from typing import Annotated

from fastapi import APIRouter, Query

from routing_service.calendars import usecases
from shared.contracts.calendars import CalendarDayItem, CalendarOfYear, SessionItem
from shared.domain.civil_time import civil_day
from shared.web.app import ReferenceOf
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.kept import Kept
from shared.web.problems import refusals

router = APIRouter(prefix="/v1/calendar", tags=["calendar"], route_class=Kept)


@router.get(
    "",
    operation_id="readCalendar",
    summary="Lịch làm việc của một năm · The working calendar of a year",
    response_description="The year: what is not as its weekday says, and the default hours",
    responses=refusals("not_found", "invalid_request"),
)
async def read(
    reference: ReferenceOf,
    connection: ReadingSession,
    year: Annotated[
        int | None, Query(ge=1900, le=2200, description="The year. Default: this year", examples=[2026])
    ] = None,
) -> CalendarOfYear:
    """Days off, in-lieu days, swapped days and make-up days, each with the document that makes it, and the default
    working hours. `provisional` days are announced by nobody yet. A year that is not loaded is not found
    (`calendar_missing`): it is never taken for a year without days off."""
    asked = year if year is not None else civil_day(now()).year
    found = await usecases.year_shown(connection, reference.calendar, asked)
    return CalendarOfYear(
        year=asked,
        working_days=found.working_days,
        provisional=found.provisional,
        days=[CalendarDayItem.model_validate(row, from_attributes=True) for row in found.days],
        sessions=[SessionItem.model_validate(row, from_attributes=True) for row in found.sessions],
    )
