"""Instants as the protocol writes them (`yyyyMMddHHmmss`, Asia/Ho_Chi_Minh), and working days. Written apart from the
product's own calendar, so that the two can be held against each other."""

import csv
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DATA = Path(__file__).parents[2] / "services" / "reference_data"
_DAY = timedelta(days=1)
#: Working sessions: nobody publishes them; the usual ones of the field, eight hours.
_SESSIONS = ((time(7), time(11, 30)), (time(13, 30), time(17)))


@lru_cache(maxsize=65536)
def moment(text: str) -> datetime | None:
    """The instant that fourteen digits name; None where there is none."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:]),
            tzinfo=VIETNAM,
        )
    except ValueError:
        return None


def written(at: datetime) -> str:
    """The fourteen digits of an instant."""
    return at.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")


def last_second(day: date) -> datetime:
    """The end of a civil day, as far as the protocol can say it."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=VIETNAM)


class YearUnknownError(LookupError):
    """No calendar of a year: it is not a year without holidays."""


class WorkDays:
    """Which days are worked, from the calendar of public servants."""

    def __init__(self) -> None:
        self._years: set[int] = set()
        self._off: set[date] = set()
        self._made_up: set[date] = set()
        with (DATA / "calendar_vn.csv").open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                day = date.fromisoformat(line["date"])
                self._years.add(day.year)
                (self._made_up if line["kind"] == "make_up_work" else self._off).add(day)

    def worked(self, day: date) -> bool:
        """Whether public servants work on a day."""
        if day.year not in self._years:
            raise YearUnknownError(f"no calendar of {day.year}")
        return day in self._made_up or (day.weekday() < 5 and day not in self._off)

    def from_on(self, day: date) -> date:
        """The day itself, or the next that is worked."""
        while not self.worked(day):
            day += _DAY
        return day

    def after(self, day: date, count: int) -> date:
        """The count-th working day after a day, which is not counted itself."""
        for _ in range(count):
            day = self.from_on(day + _DAY)
        return day

    def hours_after(self, at: datetime, hours: float) -> datetime:
        """The instant at which so many working hours are over."""
        left, day = timedelta(hours=hours), at.astimezone(VIETNAM).date()
        while True:
            if self.worked(day):
                for opens, closes in _SESSIONS:
                    begin = max(at, datetime.combine(day, opens, VIETNAM))
                    end = datetime.combine(day, closes, VIETNAM)
                    if begin < end:
                        if left <= end - begin:
                            return begin + left
                        left -= end - begin
            day += _DAY

    def due(self, received: datetime, value: float, unit: str) -> datetime | None:
        """When a term is over that begins at an instant; None for a unit that nobody named."""
        start = received.astimezone(VIETNAM).date()
        if unit == "hour":
            return self.hours_after(received, value)
        if unit == "working_day":
            whole = int(-(-value // 1))
            return last_second(self.after(start, whole))
        if unit == "day":
            return last_second(self.from_on(start + timedelta(days=int(-(-value // 1)))))
        if unit == "month":
            years, month = divmod(start.month - 1 + int(value), 12)
            year = start.year + years
            day = min(start.day, monthrange(year, month + 1)[1])
            return last_second(self.from_on(date(year, month + 1, day)))
        return None
