"""Instants and civil days. Every civil day in the system is a day in Vietnam, made here and nowhere else."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# Vietnam has kept UTC+7 without summer time since 1975. Instants on one constant offset compare and show their day
# many times faster than on a zone that is looked up: an import gains a third by it.
_OFFSET = timedelta(hours=7)
_STEADY = timezone(_OFFSET)
_STEADY_SINCE = 1976


def _zone(year: int) -> tzinfo:
    return _STEADY if year >= _STEADY_SINCE else VIETNAM


# One instant by two clocks. What has gone by since then is the same by both, and to add it on takes a quarter of the
# time of `astimezone`: a page of dossiers has hundreds of instants.
_ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)
_ANCHOR_HERE = _ANCHOR.astimezone(_STEADY)


def local(instant: datetime) -> datetime:
    """The same aware instant on the clocks of Vietnam."""
    if instant.tzinfo is _STEADY:
        return instant
    if instant.year >= _STEADY_SINCE:
        return _ANCHOR_HERE + (instant - _ANCHOR)
    return instant.astimezone(VIETNAM)


def civil_day(instant: datetime) -> date:
    """The Vietnamese civil day of an aware instant. A naive datetime is a mistake of the caller: ValueError."""
    if instant.tzinfo is _STEADY:  # most are: an import asks ten times a record
        return instant.date()
    if instant.tzinfo is None:
        raise ValueError("an instant must carry its offset")
    return local(instant).date()


@lru_cache(maxsize=65536)
def at(day: date, clock: time) -> datetime:
    """The instant at which the clocks of Vietnam show `clock` on `day`."""
    return datetime.combine(day, clock, _zone(day.year))


@lru_cache(maxsize=8192)
def midnight(day: date) -> datetime:
    """The first instant of a civil day."""
    return at(day, time.min)


@lru_cache(maxsize=8192)
def end_of(day: date) -> datetime:
    """The first instant after a civil day: what happened on the day happened before it."""
    return midnight(day + timedelta(days=1))


def shown(instant: datetime | None) -> datetime | None:
    """An instant as it goes out: on the clocks of Vietnam, +07:00."""
    if instant is None:
        return None
    if instant.year >= _STEADY_SINCE:  # local(), without the call: a page shows 1,200 of them
        return _ANCHOR_HERE + (instant - _ANCHOR)
    return local(instant)
