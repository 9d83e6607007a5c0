"""Which first late instants a list covers, how many days late a dossier is, and how a list looks in each format."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.civil_time import civil_day, end_of, midnight
from shared.domain.working_calendar import CalendarMissing, WorkingCalendar
from shared.web.streams import MEDIA_TYPES

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The dossiers whose `late_from` lies in (after, until]; `after` None: from the beginning."""

    after: datetime | None
    until: datetime


def overdue_window(calendar: WorkingCalendar, as_of: datetime, min_days: int) -> Window:
    """What is late at `as_of` by `min_days` working days or more. CalendarMissing when the calendar does not reach.

    Late by n days means that n working days lie in (due day, day of as_of]: the due day is before the n-th last working
    day w. Day terms are late from the midnight after the due day and hour terms right after their instant, so for both
    that is exactly `late_from <= midnight(w)`: a bound on the index, no reckoning row by row.
    """
    if min_days <= 0:
        return Window(None, as_of)
    return Window(None, min(as_of, midnight(_last_working_day(calendar, civil_day(as_of), min_days))))


def due_soon_window(calendar: WorkingCalendar, as_of: datetime, min_days: int, max_days: int) -> Window:
    """What is not late at `as_of` and has between `min_days` and `max_days` working days left; the same equivalence."""
    today = civil_day(as_of)
    after = max(as_of, midnight(calendar.add_working_days(today, min_days))) if min_days > 0 else as_of
    return Window(after, midnight(calendar.add_working_days(today, max_days + 1)))


def owed_window(first: date | None, last: date, now: datetime) -> Window:
    """What became late on a day of [first, last], and by now."""
    return Window(midnight(first) - _INSTANT if first else None, min(now, end_of(last) - _INSTANT))


def working_days(calendar: WorkingCalendar, first: date, last: date) -> int | None:
    """Working days in (first, last]; None where a year between them has no calendar: one old dossier must not make
    the list of all others fail, and is not given an invented number."""
    try:
        return calendar.working_days_between(first, last)
    except CalendarMissing:
        return None


class DaysOverdue(dict[date, int | None]):
    """The working days after a due day, up to and with `today`, by due day. Each is reckoned once: the due days of a
    page of 200 would take half the time of the page."""

    def __init__(self, calendar: WorkingCalendar, today: date) -> None:
        self._calendar = calendar
        self._today = today

    def __missing__(self, due_day: date) -> int | None:
        days = self[due_day] = working_days(self._calendar, due_day, self._today)
        return days


#: By calendar (which its value holds, so that no other can get its id) and day.
_reckoned: dict[tuple[int, date], DaysOverdue] = {}
_RECKONED_DAYS = 16


def days_overdue(calendar: WorkingCalendar, today: date) -> DaysOverdue:
    """What has been reckoned for a day, by whichever request."""
    found = _reckoned.get((id(calendar), today))
    if found is None:
        if len(_reckoned) >= _RECKONED_DAYS:
            _reckoned.clear()
        found = _reckoned[id(calendar), today] = DaysOverdue(calendar, today)
    return found


def _last_working_day(calendar: WorkingCalendar, day: date, count: int) -> date:
    """The `count`-th working day back from `day`, which counts itself if worked."""
    while True:
        count -= calendar.is_working(day)
        if count == 0:
            return day
        day -= timedelta(days=1)


def format_of(asked: str | None, accept: str | None) -> str | None:
    """The format that `format=` names, else the one that Accept prefers, else JSON. None: Accept takes none of ours."""
    if asked is not None:
        return asked
    if not accept:
        return "json"
    best: tuple[float, str] | None = None
    for offered in accept.split(","):
        media, *params = (part.strip().lower() for part in offered.split(";"))
        quality = next((_quality(param) for param in params if param.startswith("q=")), 1.0)
        name = next((name for name, own in MEDIA_TYPES.items() if media == own), None)
        if name is None and media in ("*/*", "application/*"):
            name = "json"
        elif name is None and media == "text/*":
            name = "csv"
        elif name is None and media in ("application/ndjson", "application/jsonl"):
            name = "ndjson"
        if name is not None and quality > 0 and (best is None or quality > best[0]):
            best = (quality, name)
    return best[1] if best else None


def _quality(param: str) -> float:
    try:
        return float(param[2:])
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A list that is asked for. Days and instants as the caller gave them; `historic`: as of an instant in the past.

    agencies: ids, sorted; `whole` when these are all there are. versions: procedure versions of the asked sector, or
    None for all. apology_sent: only those whose applicant was sent an apology, or was not; None for all. ended: what
    ended late as well as what is late.
    """

    agencies: list[int]
    whole: bool
    versions: list[int] | None
    window: Window
    as_of: datetime
    historic: bool
    apology_sent: bool | None = None
    ended: bool = False
