"""What one can do with calendars."""

from collections.abc import Collection, Sequence

from routing_service.agencies.store import Connection, bump_revision
from routing_service.calendars import store
from routing_service.calendars.rules import DEFAULT_SESSION_ROWS, CalendarLoaded, DayRow, need_whole


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
