"""What one can do with calendars."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from routing_service.agencies.store import Connection, bump_revision
from routing_service.calendars import store
from routing_service.calendars.rules import DEFAULT_SESSION_ROWS, CalendarLoaded, DayRow, SessionRow, need_whole
from shared.domain.working_calendar import WorkingCalendar
from shared.web.database import Reading
from shared.web.problems import Problem, Reason


async def load_calendar(connection: Connection, days: Sequence[DayRow], years: Collection[int]) -> CalendarLoaded:
    """Bring the calendar of `years`, and the default hours, to what is given, in one transaction.

    The same list twice changes nothing; days that the list does not name stay. Raises BrokenCalendar before anything
    is written.
    """
    need_whole(days, years)
    async with connection.transaction():
        await store.lock(connection)
        changed = await store.change_days(connection, days)
        added = await store.add_days(connection, days)
        new_years = await store.add_years(connection, years)
        sessions = await store.add_default_sessions(connection, DEFAULT_SESSION_ROWS)
        loaded = CalendarLoaded(added, changed, new_years, sessions)
        if loaded.anything:
            await bump_revision(connection)
    return loaded


@dataclass(frozen=True, slots=True)
class YearShown:
    """The calendar of a year, for reading."""

    working_days: int
    provisional: bool
    days: list[DayRow]
    sessions: list[SessionRow]


async def year_shown(connection: Reading, calendar: WorkingCalendar, year: int) -> YearShown:
    """The deviations of `year` with their documents, and the default hours. A year that is not loaded is a Problem."""
    if year not in calendar.years:
        raise Problem("not_found", Reason("year", "calendar_missing", {"year": year}))
    first, last = date(year, 1, 1), date(year, 12, 31)
    working = calendar.working_days_between(first, last) + calendar.is_working(first)
    days = await store.days_of(connection, year)
    sessions = await store.default_sessions(connection, year)
    return YearShown(working, calendar.is_provisional(first, last), days, sessions)
