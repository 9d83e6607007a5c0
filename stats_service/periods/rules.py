"""Which days a report is about. Pure.

In practice a month need not be one of the calendar: units send their figures up on the 15th or the 21st, and theirs
ends on the 14th or the 20th. A quarter, half or year then begins and ends on the same day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from shared.contracts.stats import CutName
from shared.web.problems import Problem, Reason, invalid

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2100, 12, 31)
DAY = timedelta(days=1)
#: cut → the day of the month before on which a month begins; 1: it is one of the calendar.
BEGINS_ON = MappingProxyType[CutName, int]({"calendar": 1, "15-14": 15, "21-20": 21})
_BY_NAME = ("period", "period")
_LIMIT = f"{FIRST_DAY} … {LAST_DAY}"
_NAMED = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """The days [first, last], both included. `begins_on`: the day on which its months begin. `named`: it was asked for
    by its name, so that is what a refusal blames."""

    first: date
    last: date
    begins_on: int = 1
    named: bool = field(default=False, compare=False)

    @property
    def end_field(self) -> str:
        """What was asked with that says its last day."""
        return "period" if self.named else "to"

    @property
    def after(self) -> date:
        """The day after the last."""
        return self.last + DAY

    def months(self) -> Iterator["Period"]:
        """The period cut at the beginnings of months."""
        first = self.first
        while first <= self.last:
            following = _beginning(*_next_month(*_month_of(first, self.begins_on)), self.begins_on)
            yield Period(first, min(self.last, following - DAY), self.begins_on, self.named)
            first = following

    def of_month(self, key: str) -> "Period":
        """The month of a key (2019-03) within it, or the Problem that says which there are."""
        months = {f"{each.month:%Y-%m}": each for each in self.months()}
        if key not in months:
            raise invalid("month", "month_not_within", expected=f"{min(months)} … {max(months)}")
        return months[key]

    @property
    def month(self) -> date:
        """The first calendar day of the month that its first day counts to: of 21/12 to 20/1 that is January."""
        return date(*_month_of(self.first, self.begins_on), 1)


@dataclass(frozen=True, slots=True)
class PeriodAsked:
    """A period as it was asked for: by its days, or by its name."""

    first: date | None
    last: date | None
    name: str | None = None
    cut: CutName = "calendar"


def period_of(asked: PeriodAsked, today: date) -> Period:
    """The period, or the Problem that says what is wrong with it. What has not happened yet is not reported."""
    begins_on = BEGINS_ON[asked.cut]
    if asked.name is not None:
        if asked.first or asked.last:
            raise invalid("period", "period_or_days_only")
        first, last = days_of(asked.name, begins_on)
        return checked_period(first, last, today, begins_on, fields=_BY_NAME)
    if asked.first is None and asked.last is None:
        raise invalid("period", "period_or_days")
    if asked.first is None or asked.last is None:
        raise invalid("to" if asked.first else "from", "required")
    return checked_period(asked.first, asked.last, today, begins_on)


def checked_period(
    first: date, last: date, today: date, begins_on: int = 1, *, fields: tuple[str, str] = ("from", "to")
) -> Period:
    """These days, or the Problem that says what is wrong with them. `fields`: that name the first and the last."""
    reasons = []
    for at, day in zip(fields, (first, last), strict=True):
        if not FIRST_DAY <= day <= LAST_DAY:
            reasons.append(Reason(at, "period_absurd", {"limit": _LIMIT}))
        elif day > today:
            reasons.append(Reason(at, "period_in_future", {"day": today.isoformat()}))
    if not reasons and first > last:
        reasons.append(Reason("from", "period_reversed"))
    if reasons:
        raise Problem("invalid_request", *{reason.field: reason for reason in reasons}.values())
    return Period(first, last, begins_on, fields == _BY_NAME)


def checked_as_of(as_of: datetime | None, now: datetime) -> None:
    """Nobody knows yet what will be recorded."""
    if as_of is not None and as_of > now:
        raise invalid("as_of", "as_of_in_future")
    if as_of is not None and as_of.year < FIRST_DAY.year:
        raise invalid("as_of", "period_absurd", limit=_LIMIT)


def days_of(name: str, begins_on: int = 1) -> tuple[date, date]:
    """First and last day of 2019, 2019-H1, 2019-Q2 or 2019-06, or the Problem that says what a name looks like."""
    found = _NAMED.fullmatch(name)
    if found is None:
        raise invalid("period", "malformed", expected="2019, 2019-H1, 2019-Q2, 2019-06")
    year, half, quarter, month = (int(part) if part else None for part in found.groups())
    assert year is not None
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise invalid("period", "period_absurd", limit=_LIMIT)
    months = (6, half) if half else (3, quarter) if quarter else (1, month) if month else (12, 1)
    length, which = months[0], months[1] or 1
    begin, end = 1 + length * (which - 1), length * which
    return _beginning(year, begin, begins_on), _beginning(*_next_month(year, end), begins_on) - DAY


def _beginning(year: int, month: int, begins_on: int) -> date:
    """The day on which a month begins: the 1st, or a day of the calendar month before."""
    if begins_on == 1:
        return date(year, month, 1)
    return (date(year, month, 1) - DAY).replace(day=begins_on)


def _month_of(day: date, begins_on: int) -> tuple[int, int]:
    """The month that a day counts to."""
    if begins_on == 1 or day.day < begins_on:
        return day.year, day.month
    return _next_month(day.year, day.month)


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)
