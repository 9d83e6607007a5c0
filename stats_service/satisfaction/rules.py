"""What is made of ratings, and what of it everybody may know. Pure.

Who rated how is nobody's to know (Decree 61/2018 art. 27(3)). A figure of few ratings would tell it, and so would two
figures of which one holds the other. So what is published is one answer a quarter, the same for everybody, of ratings
that change no more; and where what is hidden in it could be told from its total, the least of the others is hidden too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from shared.contracts.ratings import CRITERION_NAMES, CriterionName
from shared.web.problems import invalid
from stats_service.figures.rules import rate
from stats_service.periods.rules import Period, checked_period, days_of

CRITERIA = MappingProxyType[CriterionName, str](
    dict(
        zip(
            CRITERION_NAMES,
            (
                "Thời gian giải quyết",
                "Thời gian của từng cơ quan",
                "Số lần liên hệ để hoàn thiện hồ sơ",
                "Số cơ quan phải liên hệ",
                "Tổ chức tại Bộ phận Một cửa",
                "Công khai thủ tục hành chính",
                "Thái độ của công chức",
                "Xử lý phản ánh, kiến nghị",
                "Cung cấp dịch vụ trực tuyến",
            ),
            strict=True,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Ratings:
    """How many rated, and how. points: of each index, how many gave points, and their sum."""

    very_satisfied: int = 0
    satisfied: int = 0
    unsatisfied: int = 0
    points: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def rated(self) -> int:
        """All of them."""
        return self.very_satisfied + self.satisfied + self.unsatisfied


def added(several: Iterable[Ratings]) -> Ratings:
    """The sum of several."""
    each = list(several)
    points = {
        name: (
            sum(one.points.get(name, (0, 0))[0] for one in each),
            sum(one.points.get(name, (0, 0))[1] for one in each),
        )
        for name in CRITERIA
    }
    return Ratings(
        sum(one.very_satisfied for one in each),
        sum(one.satisfied for one in each),
        sum(one.unsatisfied for one in each),
        {name: counted for name, counted in points.items() if counted[0]},
    )


def figures(ratings: Ratings, minimum: int, *, hidden: bool = False) -> dict[str, Any]:
    """As they are shown: shares from `minimum` ratings on; hidden: nothing but how many rated."""
    rated, shown = ratings.rated, ratings.rated >= minimum and not hidden
    levels = {
        "very_satisfied": ratings.very_satisfied,
        "satisfied": ratings.satisfied,
        "unsatisfied": ratings.unsatisfied,
    }
    satisfied = ratings.very_satisfied + ratings.satisfied
    return {
        "rated": rated,
        **{name: None if hidden else count for name, count in levels.items()},
        **{f"{name}_share": rate(count, rated) if shown else None for name, count in levels.items()},
        "satisfaction_share": rate(satisfied, rated) if shown else None,
    }


def criteria(ratings: Ratings, minimum: int) -> list[dict[str, Any]]:
    """The nine indices: how many gave points for each, and their mean from `minimum` of them on."""
    told = []
    for name, vietnamese in CRITERIA.items():
        rated, total = ratings.points.get(name, (0, 0))
        mean = _tenths(total, rated) if rated >= minimum else None
        told.append({"criterion": name, "name": vietnamese, "rated": rated, "mean": mean})
    return told


def _tenths(total: int, of: int) -> str:
    """A mean with one decimal, rounded half up."""
    tenths = (total * 20 + of) // (2 * of)
    return f"{tenths // 10}.{tenths % 10}"


def hidden(total: int, rated: Sequence[int], minimum: int) -> frozenset[int]:
    """Which of the parts of a total, by their places in `rated`, are not shown to everybody: those of few ratings, and
    where all that is hidden would still be too few, the least of the others, for the rest of the total tells it."""
    few = {place for place, count in enumerate(rated) if 0 < count < minimum}
    if total < minimum:
        return frozenset(range(len(rated)))
    others = sorted((count, place) for place, count in enumerate(rated) if count >= minimum)
    while 0 < sum(rated[place] for place in few) < minimum and others:
        few.add(others.pop(0)[1])
    return frozenset(few)


_MONTHS = 3


def quarter_of(name: str | None, today: date, days: int) -> tuple[str, Period]:
    """The quarter of a name, or the latest that is published; a Problem where it is none, or is not published yet.
    days: for which a rating can be changed: so long after its end a quarter waits."""
    settled = today - timedelta(days=days + 1)  # ratings of this day are the last that stand
    if name is None:
        begun = settled + timedelta(days=1)  # a quarter that ended with that day is published
        year, before = begun.year, (begun.month - 1) // _MONTHS
        name = f"{year}-Q{before}" if before else f"{year - 1}-Q4"
    if "-Q" not in name:
        raise invalid("quarter", "malformed", expected="2026-Q3")
    first, last = days_of(name)
    if last > settled:
        raise invalid("quarter", "not_published_yet", day=(last + timedelta(days=days + 1)).isoformat())
    return name, checked_period(first, last, today)
