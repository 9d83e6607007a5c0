"""What moved in the cells of all editions at once, and from which position on it is known. Pure.

The events are read once, however many editions there are. A dossier stands where an event left it from the first
position that knows the event until the first that knows the next one: there its movements are taken back, and those of
the next begin. So the sums of a position are those of the one before it, and what changes from it on.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from shared.domain.lifecycle import Channel
from stats_service.editions.positions import Order
from stats_service.editions.recounting import Plan
from stats_service.figures.rules import Sums
from stats_service.groupings.rules import Cell

#: What moves on a day. A finish is of its verdict (0: neither early nor on the day), with a term or without.
RECEIVED, FELL_LATE, LATE_SETTLED, PAUSED, PAUSED_OVERDUE = range(1, 6)
FINISHED = 8
#: Not a movement: transactions that the events of some dossier name are in another order than the events.
DISORDER = 0


class Side(NamedTuple):
    """What is told apart. version: of the procedure as the dossier had it then, 0 where nobody asks. was: the code of
    the procedure that it had then, where a later correction says no version, and received: the day on which it was
    received; `version` is that of now."""

    agency: int
    channel: int
    version: int = 0
    was: str | None = None
    received: str | None = None


#: As it is read: kind; agency, channel, version, was, received: of its side; how many boundaries are not after its day;
#: from which position on it is known, and from which it is taken back; how often.
Movement = Iterable[Any]


@dataclass(frozen=True)
class Question:
    """What is asked of the events: by the positions of an order, of agencies, between the first boundary and the last.
    by_version: agencies whose procedures are told apart; alike: versions of procedures that no edition tells from
    another, each with the one that stands for them; awaiting: agencies whose overdue dossiers that wait are."""

    order: Order
    boundaries: Sequence[date]
    agencies: Sequence[int]
    by_version: Sequence[int]
    alike: Mapping[int, int]
    awaiting: Sequence[int]

    @classmethod
    def of(cls, order: Order, plans: Iterable[Plan]) -> "Question":
        """What some editions, one at least, need together."""
        plans = list(plans)
        of_versions = [plan for plan in plans if "version" in plan.sides]
        return cls(
            order,
            sorted({day for plan in plans for day in plan.boundaries}),
            _agencies(plans),
            _agencies(of_versions),
            _alike(of_versions),
            _agencies(plan for plan in plans if plan.paused_overdue),
        )

    @property
    def last(self) -> date:
        """The last day that any of them counts."""
        return date.fromordinal(self.boundaries[-1].toordinal() - 1)


def _agencies(plans: Iterable[Plan]) -> list[int]:
    return sorted({agency for plan in plans for agency in plan.landscape.agencies})


def _alike(plans: Sequence[Plan]) -> dict[int, int]:
    """Of thousands of versions there are some dozens of sectors, which is all that most editions ask for."""
    if any(plan.by_procedure for plan in plans):
        return {}
    pictures = [plan.picture.procedures for plan in plans]
    stands: dict[tuple[str | None, ...], int] = {}
    found: dict[int, int] = {}
    for version in sorted({number for picture in pictures for number in picture}):
        sectors = tuple(picture[version].sector if version in picture else None for picture in pictures)
        found[version] = stands.setdefault(sectors, version)
    return found


class Movements:
    """All movements of a question, added in any order and in any parts; then read position by position. A dossier makes
    three or four, so each is added with as little ado as can be."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._buckets = len(question.boundaries) + 1
        #: position → side → kind and bucket in one number → how often
        self._from: list[dict[tuple[Any, ...], dict[int, int]]] = [{} for _ in question.order.snapshots]

    def add(self, movements: Iterable[Movement]) -> None:
        """What a range of dossiers moved."""
        known, last, buckets = self._from, len(self._from), self._buckets
        for kind, agency, channel, version, was, received, bucket, born, gone, by in movements:
            side, at = (agency, channel, version, was, received), kind * buckets + bucket
            counts = known[born].get(side)
            if counts is None:
                counts = known[born][side] = {}
            counts[at] = counts.get(at, 0) + by
            if gone < last:
                counts = known[gone].setdefault(side, {})
                counts[at] = counts.get(at, 0) - by

    def add_alone(self, number: int, movements: Iterable[Movement]) -> None:
        """What a range moved as one position alone knows it, the one of this number in the order."""
        self.add((*told, number, number + 1, by) for *told, _, _, by in movements)

    def standing(self) -> Iterator["Standing"]:
        """What each position of the order knows, from the first on. Each is good until the next is asked for."""
        standing = Standing(self.question)
        for known in self._from:
            for side, counts in known.items():
                for at, by in sorted(counts.items()):
                    standing.move(Side(*side), *divmod(at, self._buckets), by)
            yield standing


class Running:
    """Counts by bucket, read as sums up to a bucket. It holds those buckets in which anything moved: of years of days
    there are thousands, of which a small office uses a few. What is added last mostly moves in the last ones."""

    __slots__ = ("_buckets", "_sums")

    def __init__(self) -> None:
        self._buckets = array("l")
        self._sums = array("q")

    def add(self, bucket: int, by: int) -> None:
        """More, or less, in a bucket."""
        at = bisect_left(self._buckets, bucket)
        if at == len(self._buckets) or self._buckets[at] != bucket:
            self._buckets.insert(at, bucket)
            self._sums.insert(at, self._sums[at - 1] if at else 0)
        for n in range(at, len(self._sums)):
            self._sums[n] += by

    def upto(self, bucket: int) -> int:
        """All in the buckets up to this one."""
        at = bisect_right(self._buckets, bucket)
        return self._sums[at - 1] if at else 0


#: Of a side, by kind.
_Moved = dict[int, Running]


class Standing:
    """What moved until now, by agency and side: with the procedures, where any edition asks for them, and without, for
    those that do not."""

    def __init__(self, question: Question) -> None:
        self._number = {day: n for n, day in enumerate(question.boundaries)}
        self._by_version: defaultdict[int, dict[Side, _Moved]] = defaultdict(dict)
        self._plain: defaultdict[int, dict[Side, _Moved]] = (
            defaultdict(dict) if question.by_version else self._by_version
        )

    def move(self, side: Side, kind: int, bucket: int, by: int) -> None:
        """What else is known."""
        _running(self._by_version[side.agency], side, kind).add(bucket, by)
        if self._plain is not self._by_version:
            _running(self._plain[side.agency], Side(side.agency, side.channel), kind).add(bucket, by)

    def of(self, plan: Plan) -> tuple[dict[Cell, list[Sums]], dict[Cell, int]]:
        """The sums of an edition before each of its boundaries, by cell; and what waits at its end and is overdue."""
        marks = [self._number[day] for day in plan.boundaries]
        cells: dict[Cell, list[Sums]] = {}
        waiting: dict[Cell, int] = {}
        agencies = self._by_version if "version" in plan.sides else self._plain
        for agency in plan.landscape.agencies:
            for side, moved in agencies.get(agency, {}).items():
                cell = _cell(side, plan)
                mine = [_sums(side.channel, moved, mark) for mark in marks]
                held = cells.get(cell)
                cells[cell] = [_added(*both) for both in zip(held, mine, strict=True)] if held else mine
                if PAUSED_OVERDUE in moved:
                    waiting[cell] = waiting.get(cell, 0) + moved[PAUSED_OVERDUE].upto(marks[-1])
        return cells, waiting


def _running(sides: dict[Side, _Moved], side: Side, kind: int) -> Running:
    moved = sides.setdefault(side, {})
    found = moved.get(kind)
    if found is None:
        found = moved[kind] = Running()
    return found


def _cell(side: Side, plan: Plan) -> Cell:
    told: dict[str, int] = {"agency": side.agency, "channel": side.channel}
    if "version" in plan.sides:
        told["version"] = _version_then(side, plan) or side.version
    return Cell(**{name: told[name] for name in plan.sides})  # type: ignore[arg-type]


def _version_then(side: Side, plan: Plan) -> int | None:
    """The version that held on the day on which the dossier was received, of the procedure that it had then."""
    if side.was is None or side.received is None:
        return None
    try:
        day = date.fromisoformat(side.received)
    except ValueError:
        return None
    held = (n for n, one in plan.picture.procedures.items() if one.code == side.was and one.in_force(day))
    return next(held, None)


def _sums(channel: int, moved: _Moved, mark: int) -> Sums:
    """What happened before a boundary lies in the buckets up to its number."""

    def told(kind: int) -> int:
        found = moved.get(kind)
        return found.upto(mark) if found is not None else 0

    received = told(RECEIVED)
    otherwise, otherwise_termless, early, early_termless, on_day, on_day_termless = (
        told(FINISHED + n) for n in range(6)
    )
    return Sums(
        received=received,
        resolved=otherwise + otherwise_termless + early + early_termless + on_day + on_day_termless,
        resolved_early=early + early_termless,
        resolved_on_day=on_day + on_day_termless,
        resolved_without_term=otherwise_termless + early_termless + on_day_termless,
        fell_late=told(FELL_LATE),
        late_settled=told(LATE_SETTLED),
        paused_net=told(PAUSED),
        received_online=received if channel == Channel.ONLINE.value else 0,
        received_post=received if channel == Channel.POST.value else 0,
    )


def _added(one: Sums, other: Sums) -> Sums:
    return Sums(*map(int.__add__, one, other))
