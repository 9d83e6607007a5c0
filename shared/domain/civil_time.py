"""Instants and civil days. Every civil day in the system is a day in Vietnam, made here and nowhere else."""

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# Vietnam has kept UTC+7 without summer time since 1975, so one constant offset does (0.2 µs instead of 2).
_OFFSET = timedelta(hours=7)
_FIXED = timezone(_OFFSET)
_STEADY_SINCE = 1976


def civil_day(instant: datetime) -> date:
    """The Vietnamese civil day of an aware instant. A naive datetime is a mistake of the caller: ValueError."""
    offset = instant.utcoffset()
    if offset is None:
        raise ValueError("an instant must carry its offset")
    if instant.year < _STEADY_SINCE:
        return instant.astimezone(VIETNAM).date()
    return instant.date() if offset == _OFFSET else (instant + (_OFFSET - offset)).date()


def at(day: date, clock: time) -> datetime:
    """The instant at which the clocks of Vietnam show `clock` on `day`."""
    return datetime.combine(day, clock, VIETNAM)


@lru_cache(maxsize=8192)
def midnight(day: date) -> datetime:
    """The first instant of a civil day."""
    return datetime.combine(day, time.min, VIETNAM)


def end_of(day: date) -> datetime:
    """The first instant after a civil day: what happened on the day happened before it."""
    return midnight(day + timedelta(days=1))


def shown(instant: datetime | None) -> datetime | None:
    """An instant as it goes out: on the clocks of Vietnam, +07:00."""
    return instant.astimezone(_FIXED) if instant is not None else None
