"""Terms of procedures, and the due date that a term gives to a dossier accepted at an instant."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from shared.domain.civil_time import at, civil_day, end_of
from shared.domain.working_calendar import Sessions, WorkingCalendar

HOURS_PER_WORKING_DAY = 8  # practice of the field, not law: NĐ 61/2018 defines no working hour
DAYS_PER_MONTH = 30  # of a part of a month: half a month is fifteen days (Civil Code 2015 art. 146(1))
SAME_DAY_CUTOFF = time(15, 0)
HALF = Decimal("0.5")
_INSTANT = timedelta(microseconds=1)


class TermUnit(StrEnum):
    """In what a term is counted."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    WORKING_HOUR = "working_hour"
    MONTH = "month"
    SAME_DAY = "same_day"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Term:
    """How long an agency has. `cutoff`: a same-day procedure accepted from then on is due the next working day; so is
    one accepted when the agency has closed, with or without a cutoff."""

    value: Decimal
    unit: TermUnit
    cutoff: time | None = None


#: Practice since 2025 (8 working hours, a working day): no decree that was read says so, so it is a setting.
RECEPTION_TERM = Term(Decimal(8), TermUnit.WORKING_HOUR)


class Due(NamedTuple):
    """A deadline. `at` is what the receipt shows; `day` its civil day; `late_from` the first instant that is late.

    Day terms are judged by date: late from the midnight after the due day. Hour terms by the instant: late right
    after `at`.
    """

    at: datetime
    day: date
    late_from: datetime

    @classmethod
    def on_day(cls, day: date, sessions: Sessions) -> "Due":
        """A due date judged by its date, shown with the hour at which the agency closes."""
        return _due_on(day, sessions.closing(day.weekday()))

    @classmethod
    def at_noon(cls, day: date, calendar: WorkingCalendar, sessions: Sessions) -> "Due":
        """A due date at the end of the first of the day's blocks of work, where it has more than one. It is judged by
        its date all the same: a term in days ends with a day (Civil Code 2015 art. 148(1))."""
        blocks = calendar.blocks(day, sessions)
        return _due_on(day, blocks[0].closes if len(blocks) > 1 else sessions.closing(day.weekday()))

    @classmethod
    def at_instant(cls, instant: datetime) -> "Due":
        """A due date judged to the instant."""
        return cls(instant, civil_day(instant), instant + _INSTANT)


@lru_cache(maxsize=8192)
def _due_on(day: date, closing: time) -> Due:
    """One value for all that is due then: days are few, dossiers are many."""
    return Due(at(day, closing), day, end_of(day))


def due_after(start: datetime, term: Term, calendar: WorkingCalendar, sessions: Sessions) -> Due | None:
    """When a dossier whose clock starts at `start` is due; None for a procedure without a term.

    Raises CalendarMissing when a needed year has no calendar.
    """
    day = civil_day(start)
    match term.unit:
        case TermUnit.WORKING_DAY:
            return _in_working_days(calendar.add_working_days(day, max(1, ceil(term.value))), term, calendar, sessions)
        case TermUnit.CALENDAR_DAY | TermUnit.MONTH:
            return Due.on_day(calendar.roll(nominal_end(day, term)), sessions)
        case TermUnit.SAME_DAY:
            closing = sessions.closing(day.weekday())
            too_late = start >= at(day, min(term.cutoff or closing, closing))
            due = calendar.add_working_days(day, 1) if too_late else calendar.roll(day)
            return Due.on_day(due, sessions)
        case TermUnit.WORKING_HOUR:
            span = timedelta(minutes=float(term.value) * 60)
            return Due.at_instant(calendar.add_working_time(start, span, sessions))
        case TermUnit.NONE:
            return None


def ends_at_noon(term: Term) -> bool:
    """Whether a term ends with half a working day, or less: 0.5, 1.5 days. More than half a day is a day."""
    # Nearly all terms are whole days, and an import reckons them by the million.
    return term.unit is TermUnit.WORKING_DAY and term.value != int(term.value) and term.value % 1 <= HALF


def _in_working_days(day: date, term: Term, calendar: WorkingCalendar, sessions: Sessions) -> Due:
    return Due.at_noon(day, calendar, sessions) if ends_at_noon(term) else Due.on_day(day, sessions)


def hand_over_due(accepted_at: datetime, calendar: WorkingCalendar, sessions: Sessions) -> Due:
    """Until when a dossier is to reach the unit that handles it (Decree 61/2018 art. 18(1)): the same working day; what
    came in after 15:00, or on a day off, at the start of the next working day.

    How long a start is, no law says: it is judged by the half day, so it is late after the first block of work.
    Raises CalendarMissing.
    """
    day = civil_day(accepted_at)
    if calendar.is_working(day) and accepted_at < at(day, SAME_DAY_CUTOFF):
        return Due.on_day(day, sessions)
    following = calendar.add_working_days(day, 1)
    blocks = calendar.blocks(following, sessions)
    if not blocks:
        return Due.on_day(following, sessions)
    return Due(at(following, blocks[0].opens), following, at(following, blocks[0].closes) + _INSTANT)


def nominal_end(start: date, term: Term) -> date:
    """The day on which a term in calendar days or months ends, worked or not."""
    if term.unit is TermUnit.CALENDAR_DAY:
        return start + timedelta(days=ceil(term.value))
    months = int(term.value)
    return _add_months(start, months) + timedelta(days=ceil((term.value - months) * DAYS_PER_MONTH))


def shifted(
    due: Due, term: Term, paused: tuple[datetime, datetime], calendar: WorkingCalendar, sessions: Sessions
) -> Due:
    """`due` moved on by the time that the clock stood still, counted in the term's own unit.

    Never before the first working time after the pause: whoever answers on a Sunday a request of the due day makes
    nobody late.
    """
    since, until = paused
    if term.unit is TermUnit.WORKING_HOUR:
        waited = calendar.working_time_between(since, until, sessions)
        instant = calendar.add_working_time(due.at, waited, sessions) if waited else due.at
        if instant < until:
            instant = calendar.add_working_time(until, timedelta(), sessions)
        return due if instant == due.at else Due.at_instant(instant)
    first, last = civil_day(since), civil_day(until)
    if term.unit in (TermUnit.CALENDAR_DAY, TermUnit.MONTH):
        day = calendar.roll(due.day + (last - first))
    else:
        waited_days = calendar.working_days_between(first, last)
        day = calendar.add_working_days(due.day, waited_days) if waited_days else due.day
    # Whoever pays when the desk has closed gives the agency nothing of that day.
    day = max(day, calendar.roll(civil_day(calendar.add_working_time(until, timedelta(), sessions))))
    return due if day == due.day else _in_working_days(day, term, calendar, sessions)


def _add_months(day: date, months: int) -> date:
    """The corresponding day, or the month's last day (Civil Code 2015 art. 148(3))."""
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    month += 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))
