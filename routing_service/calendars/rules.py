"""What a calendar of days off says, and the hours that hold until an agency sets its own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time

from shared.domain.working_calendar import DEFAULT_SESSIONS, CalendarDay, DayKind, WorkingCalendar


@dataclass(frozen=True, slots=True)
class DayRow:
    """One deviation from "Monday to Friday", with the document that makes it."""

    day: date
    kind: DayKind
    name_vi: str
    name_en: str
    status: str
    source: str
    confidence: str

    @property
    def entry(self) -> CalendarDay:
        """The day as the reckoning knows it."""
        return CalendarDay(self.day, self.kind, self.name_vi, self.name_en, provisional=self.status == "provisional")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One block of working time of an agency (of the installation by default) on a weekday, 0 Monday … 6 Sunday."""

    weekday: int
    opens: time
    closes: time
    basis: str


#: No hours are published for Quảng Trị: an operator sets them, and a load never overwrites what was set.
DEFAULT_SESSION_ROWS = tuple(
    SessionRow(
        weekday,
        block.opens,
        block.closes,
        "usual hours of the field, unconfirmed for Quảng Trị: a setting of the operator",
    )
    for weekday, blocks in DEFAULT_SESSIONS.week.items()
    for block in blocks
)


@dataclass(frozen=True, slots=True)
class CalendarLoaded:
    """What a load changed."""

    added: int
    changed: int
    years: int
    sessions: int

    @property
    def anything(self) -> bool:
        """Whether readers have to read again."""
        return bool(self.added or self.changed or self.years or self.sessions)


class BrokenCalendar(ValueError):
    """The list contradicts itself: a day twice, or a day in a year that is not said to be complete."""


def need_whole(days: Sequence[DayRow], years: Collection[int]) -> None:
    """Raise BrokenCalendar unless each day stands once, and in one of `years`."""
    seen: set[date] = set()
    for row in days:
        if row.day in seen:
            raise BrokenCalendar(f"{row.day} is listed twice")
        if row.day.year not in years:
            raise BrokenCalendar(f"{row.day} lies in a year that is not loaded")
        seen.add(row.day)


def working_calendar(days: Iterable[DayRow], years: Iterable[int]) -> WorkingCalendar:
    """The rows as the reckoning uses them."""
    return WorkingCalendar.of((row.entry for row in days), years)
