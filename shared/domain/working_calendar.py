"""The working calendar of public servants, and the sessions in which an agency works.

The calendar is data with provenance: each deviation from "Monday to Friday" is a row with its document. A year
that was not loaded is an error that names the year, never "a year without holidays".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import count

from shared.domain.civil_time import at, civil_day

SATURDAY = 5


class DayKind(StrEnum):
    """Why a day is not what its weekday says."""

    HOLIDAY = "holiday"
    IN_LIEU = "in_lieu"
    SWAP_OFF = "swap_off"
    MAKE_UP_WORK = "make_up_work"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One row of the calendar. `provisional`: announced by nobody yet, an operator is to confirm it."""

    day: date
    kind: DayKind
    name_vi: str
    name_en: str
    provisional: bool = False


class CalendarMissing(Exception):
    """No calendar is loaded for a year that the reckoning needs."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no working calendar is loaded for {year}")
        self.year = year


@dataclass(frozen=True, slots=True)
class Session:
    """One block of working time in a day, e.g. 07:00 to 11:30."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Sessions:
    """An agency's working blocks per weekday (0 Monday … 6 Sunday). Saturday blocks are the agency's own opening."""

    week: Mapping[int, tuple[Session, ...]]

    def closing(self, weekday: int) -> time:
        """When the last block of a worked day closes; a make-up Saturday closes like a Monday, whatever the agency's
        own Saturday opening."""
        blocks = self.week.get(weekday if weekday < SATURDAY else 0) or self.week.get(0, ())
        return blocks[-1].closes if blocks else time(17, 0)


_WORK_DAY = (Session(time(7, 0), time(11, 30)), Session(time(13, 30), time(17, 0)))
#: 07:00-11:30 and 13:30-17:00: the usual hours of the field. No hours are published for Quảng Trị, so this is a
#: setting that an operator replaces per agency (table working_session).
DEFAULT_SESSIONS = Sessions(dict.fromkeys(range(5), _WORK_DAY))


@dataclass(frozen=True)
class WorkingCalendar:
    """Days off and make-up days of the loaded years, ready for fast reckoning.

    working(d) = make-up day, or Monday to Friday and not off.
    """

    years: frozenset[int]
    days: Mapping[date, CalendarDay]
    _working: list[int] = field(repr=False)
    _provisional: list[date] = field(repr=False)

    @classmethod
    def of(cls, days: Iterable[CalendarDay], years: Iterable[int]) -> "WorkingCalendar":
        """A calendar of `years` (each must be complete) with the deviations `days`."""
        by_day = {entry.day: entry for entry in days}
        loaded = frozenset(years)
        working = [
            number
            for year in sorted(loaded)
            for number in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            if _works(day := date.fromordinal(number), by_day.get(day))
        ]
        return cls(loaded, by_day, working, sorted(day for day, entry in by_day.items() if entry.provisional))

    def with_days(self, changes: Mapping[date, CalendarDay | None]) -> "WorkingCalendar":
        """The calendar of the same years with some days set otherwise; None: what its weekday says."""
        days = {**self.days, **changes}
        return WorkingCalendar.of((entry for entry in days.values() if entry is not None), self.years)

    def is_working(self, day: date) -> bool:
        """Whether public servants work on `day`."""
        self._need(day, day)
        return _works(day, self.days.get(day))

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether a day in [first, last] is off or worked only provisionally."""
        following = bisect_left(self._provisional, first)
        return following < len(self._provisional) and self._provisional[following] <= last

    def roll(self, day: date) -> date:
        """`day` itself if worked, else the next working day (Civil Code 2015 art. 148(5))."""
        self._need(day, day)
        return self._nth(bisect_left(self._working, day.toordinal()), day)

    def add_working_days(self, start: date, count: int) -> date:
        """The day on which `count` (>= 1) working days end; the start day is not counted (art. 147(2))."""
        self._need(start, start)
        return self._nth(bisect_right(self._working, start.toordinal()) + count - 1, start)

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days lie in (first, last]: the first day is not counted."""
        self._need(min(first, last), max(first, last))
        return bisect_right(self._working, last.toordinal()) - bisect_right(self._working, first.toordinal())

    def blocks(self, day: date, sessions: Sessions) -> tuple[Session, ...]:
        """The agency's working blocks on `day`: none on a day off, Monday's on a make-up Saturday or Sunday."""
        entry = self.days.get(day)
        if self.is_working(day):
            return sessions.week.get(day.weekday() if day.weekday() < SATURDAY else 0, ())
        if entry is None and day.weekday() == SATURDAY:
            return sessions.week.get(SATURDAY, ())  # the agency's own Saturday opening
        return ()

    def add_working_time(self, start: datetime, span: timedelta, sessions: Sessions) -> datetime:
        """The instant at which `span` of working time after `start` is used up (hour terms run by the instant)."""
        left = span
        day = civil_day(start)
        while True:
            for block in self.blocks(day, sessions):
                opens, closes = max(start, at(day, block.opens)), at(day, block.closes)
                if opens >= closes:
                    continue
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
            day += timedelta(days=1)

    def working_time_between(self, start: datetime, end: datetime, sessions: Sessions) -> timedelta:
        """The working time in [start, end); zero when end is not after start."""
        used = timedelta()
        day, last = civil_day(start), civil_day(end)
        while day <= last:
            for block in self.blocks(day, sessions):
                opens, closes = max(start, at(day, block.opens)), min(end, at(day, block.closes))
                if opens < closes:
                    used += closes - opens
            day += timedelta(days=1)
        return used

    def _need(self, first: date, last: date) -> None:
        for year in range(first.year, last.year + 1):
            if year not in self.years:
                raise CalendarMissing(year)

    def _nth(self, index: int, start: date) -> date:
        if index >= len(self._working):
            raise CalendarMissing(next(year for year in count(start.year) if year not in self.years))
        day = date.fromordinal(self._working[index])
        if day.year != start.year:
            self._need(start, day)
        return day


def _works(day: date, entry: CalendarDay | None) -> bool:
    if entry is not None:
        return entry.kind is DayKind.MAKE_UP_WORK
    return day.weekday() < SATURDAY
