"""The counts as they must be, in memory by month, and what is said where what is stored is something else."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from shared.domain.counts import METRICS
from shared.domain.differences import Difference
from shared.domain.lifecycle import Channel

POSITION, DAY, CHECKPOINT = "position", "day", "checkpoint"

_WIDTH = len(METRICS)
NOTHING = (0,) * _WIDTH
Values = tuple[int, ...]


class Wrong(NamedTuple):
    """A cell that is stored wrong. day: of the histogram, or the month of a checkpoint. found: None where no row is."""

    agency_id: int
    channel: int
    day: date
    expected: Values
    found: Values | None


class Cells:
    """A day histogram. A month of an agency and channel takes one kilobyte, however many dossiers there are; a day far
    off takes no more than its month."""

    def __init__(self) -> None:
        self._months: defaultdict[tuple[int, int, int], array[int]] = defaultdict(
            lambda: array("i", bytes(array("i").itemsize * 31 * _WIDTH))
        )

    def add(self, agency_id: int, channel: int, day: date, values: Iterable[int]) -> None:
        """Add to a cell."""
        month = self._months[agency_id, channel, _month(day)]
        at = (day.day - 1) * _WIDTH
        for value in values:
            if value:
                month[at] += value
            at += 1

    def taken(self, agency_id: int, channel: int, day: date) -> Values:
        """What is in a cell, which is empty then."""
        month = self._months.get((agency_id, channel, _month(day)))
        if month is None:
            return NOTHING
        at = (day.day - 1) * _WIDTH
        values = tuple(month[at : at + _WIDTH])
        if values != NOTHING:
            month[at : at + _WIDTH] = array("i", NOTHING)
        return values

    def left(self) -> Iterator[tuple[int, int, date, Values]]:
        """Every cell that is not empty, in order."""
        for (agency_id, channel, month), held in sorted(self._months.items()):
            for n in range(31):
                values = tuple(held[n * _WIDTH : (n + 1) * _WIDTH])
                if values != NOTHING:
                    yield agency_id, channel, _first_of(month) + timedelta(days=n), values

    def by_month(self) -> dict[tuple[int, int], dict[int, Values]]:
        """The sums of each month, by agency and channel."""
        found: dict[tuple[int, int], dict[int, Values]] = {}
        for (agency_id, channel, month), held in self._months.items():
            found.setdefault((agency_id, channel), {})[month] = tuple(sum(held[n::_WIDTH]) for n in range(_WIDTH))
        return found


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def checkpoints(sums: Mapping[int, Values], months: Sequence[date]) -> dict[date, Values]:
    """The checkpoints of one agency and channel: the sums over all days before each of `months`, which are in order."""
    found: dict[date, Values] = {}
    waiting, so_far = sorted(sums.items()), NOTHING
    at = 0
    for month in months:
        while at < len(waiting) and waiting[at][0] < _month(month):
            so_far = tuple(a + b for a, b in zip(so_far, waiting[at][1], strict=True))
            at += 1
        found[month] = so_far
    return found


def unmarked(marks: Sequence[date], with_rows: Iterable[date]) -> list[date]:
    """The months whose mark is missing: between two that are there, since all are made in one go, and where there are
    rows. Months before the first mark may be waiting for theirs: old years have just arrived."""
    there = _whole(marks)
    return sorted((_whole(with_rows) | _between(there)) - there)


def to_make(marks: Sequence[date], unmarked_before: Iterable[date], marked_now: Iterable[date]) -> list[date]:
    """The months to make anew from the days: those without a mark, those made meanwhile from days that were wrong, and
    all that lie between, for months are there without a gap."""
    all_of_them = _whole(marks) | _whole(unmarked_before) | _whole(marked_now)
    return sorted((all_of_them | _between(all_of_them)) - _whole(marks))


def _whole(months: Iterable[date]) -> set[date]:
    return {month for month in months if month.day == 1}


def _between(months: set[date]) -> set[date]:
    return {_first_of(n) for n in range(_month(min(months)), _month(max(months)))} if months else set()


def of_cell(check: str, wrong: Wrong, codes: Mapping[int, str]) -> Iterator[Difference]:
    """A wrong cell, metric by metric."""
    what = "cell" if wrong.found is not None else "missing"
    if wrong.expected == NOTHING:
        what = "extra"
    place = f"{_agency(codes, wrong.agency_id)} · {wrong.day} · {_channel(wrong.channel)}"
    for metric, expected, found in zip(METRICS, wrong.expected, wrong.found or NOTHING, strict=True):
        if expected != found:
            shown = str(found) if wrong.found is not None else None
            yield Difference(check, what, f"{place} · {metric}", str(expected), shown)


def of_mark(month: date) -> Difference:
    """A month whose checkpoints nobody reads, since nothing says that they are there."""
    return Difference(CHECKPOINT, "mark", month.isoformat(), month.isoformat(), None)


def of_odd_month(month: date) -> Difference:
    """A checkpoint on another day than the first of a month: the fold does not keep it up."""
    return Difference(CHECKPOINT, "odd_month", month.isoformat(), month.replace(day=1).isoformat(), month.isoformat())


def _agency(codes: Mapping[int, str], agency_id: int) -> str:
    return f"{codes.get(agency_id, '?')} (#{agency_id})"


def _channel(number: int) -> str:
    return Channel(number).name.lower() if number in Channel._value2member_map_ else f"#{number}"
