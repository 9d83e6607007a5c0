"""When a dossier can be rated, and until when a rating can be changed. Pure."""

from datetime import datetime, timedelta
from types import MappingProxyType

from shared.contracts.ratings import RatingLevel
from shared.domain.civil_time import civil_day, end_of
from shared.domain.personal import without_numbers
from shared.web.problems import Problem, Reason

#: As they are kept.
LEVELS = MappingProxyType[RatingLevel, int]({"very_satisfied": 1, "satisfied": 2, "unsatisfied": 3})
NAMES = MappingProxyType({number: name for name, number in LEVELS.items()})


def changeable_until(rated_at: datetime, days: int) -> datetime:
    """The instant from which on a rating given at `rated_at` stands: so many whole days after that of giving it."""
    return end_of(civil_day(rated_at) + timedelta(days=days))


def read_by_others(words: str | None) -> str | None:
    """What was said, without the numbers that would tell by whom: of a person, a telephone, a dossier."""
    return without_numbers(words) if words is not None else None


def refused(
    *, finished_at: datetime | None, erased_at: datetime | None, rated_at: datetime | None, now: datetime, days: int
) -> Problem | None:
    """Why a dossier cannot be rated at `now`; `rated_at`: when it was rated first."""
    if finished_at is None:
        return Problem("not_allowed_in_status")
    if erased_at is not None:
        return Problem("conflict", Reason("", "personal_data_erased"))
    if rated_at is not None and now >= changeable_until(rated_at, days):
        return Problem("conflict", Reason("", "rating_stands"))
    return None
