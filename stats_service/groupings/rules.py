"""From sums by cell to rows, one grouping within another. Pure.

A grouping splits a part into groups, each a part again; so the figures of a row are those of its part, and the rows
below it are its part split by the next grouping. What must be there with zeros (units, levels, channels, months) is
there in every part, and what may be there (procedures, sectors, officers) where there is anything to show.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.stats import GroupingName
from shared.domain.agencies import Level, told_apart
from shared.domain.lifecycle import Channel
from shared.domain.vietnamese import sort_key
from shared.web.problems import invalid
from stats_service.figures.rules import NOTHING, Figures, Sums, added, figures
from stats_service.periods.rules import Period
from stats_service.units.rules import Unit

LEVEL_VI = MappingProxyType(
    {
        Level.MINISTRY: "Bộ, ngành Trung ương",
        Level.PROVINCE: "Cấp tỉnh",
        Level.DISTRICT: "Cấp huyện",
        Level.COMMUNE: "Cấp xã",
    }
)
CHANNEL_VI = MappingProxyType(
    {Channel.COUNTER: "Trực tiếp", Channel.ONLINE: "Trực tuyến", Channel.POST: "Bưu chính công ích"}
)
#: The key of the row of dossiers that are in nobody's hands.
UNASSIGNED = "unassigned"
UNASSIGNED_VI = "Chưa phân công"
#: The groupings whose rows are units.
_OF_UNITS: frozenset[GroupingName] = frozenset({"agency", "tree"})
#: What is counted and shown at once; every unit by every procedure of the catalogue is less.
MAX_ROWS = 50_000
MAX_DEPTH = 3
#: grouping → those within which it says nothing: one row of theirs has one of it.
_SAYS_NOTHING_WITHIN: Mapping[str, frozenset[str]] = MappingProxyType(
    {"level": frozenset({"agency"}), "sector": frozenset({"procedure"})}
)
#: … and those that belong outside it: an officer works in a unit, and every unit would be listed for every officer.
_BELONGS_OUTSIDE: Mapping[str, frozenset[str]] = MappingProxyType(
    {"agency": frozenset({"officer"}), "level": frozenset({"officer"})}
)


class Cell(NamedTuple):
    """What sums are kept by. A side that nobody asked for is the same in all."""

    agency: int = 0
    channel: int = 0
    version: int = 0
    officer: str = ""


#: grouping → the side of a cell that it looks at.
SIDE_OF: Mapping[GroupingName, str | None] = MappingProxyType(
    {
        "agency": "agency",
        "tree": "agency",
        "level": "agency",
        "sector": "version",
        "procedure": "version",
        "channel": "channel",
        "officer": "officer",
        "month": None,
    }
)


def checked_nesting(names: Sequence[GroupingName]) -> None:
    """Raises the Problem that says why these groupings make no report together."""
    if len(names) > MAX_DEPTH:
        raise invalid("group_by", "groupings_too_many", limit=MAX_DEPTH)
    if len(set(names)) < len(names):
        raise invalid("group_by", "grouping_repeated")
    if {"agency", "tree"} <= set(names):
        raise invalid("group_by", "agency_or_tree")
    if "tree" in names[1:]:
        raise invalid("group_by", "tree_is_outermost")
    for n, inner in enumerate(names):
        for outer in names[:n]:
            if outer in _SAYS_NOTHING_WITHIN.get(inner, ()):
                raise invalid("group_by", "grouping_says_nothing", inner=inner, outer=outer)
            if outer in _BELONGS_OUTSIDE.get(inner, ()):
                raise invalid("group_by", "grouping_the_other_way", inner=inner, outer=outer)


@dataclass(frozen=True, slots=True)
class Named:
    """A procedure in one of its versions."""

    code: str
    name: str
    sector: str
    valid_from: date | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some cells, each with its sums before every boundary, between two of the boundaries; and the units whose rows
    are due in it. `demanded`: what was counted on demand between two boundaries, by cell."""

    cells: Mapping[Cell, Sequence[Sums]]
    units: Sequence[Unit]
    begins: int
    ends: int
    demanded: Mapping[tuple[int, int], Mapping[Cell, Figures]] = field(default_factory=dict)

    def figures(self) -> Figures:
        """What the cells add up to."""
        standing = figures(self._sums(self.begins), self._sums(self.ends))
        counted = self.demanded.get((self.begins, self.ends))
        return added([standing, *(counted[cell] for cell in self.cells if cell in counted)]) if counted else standing

    def of(self, cells: Mapping[Cell, Sequence[Sums]], units: Sequence[Unit] | None = None) -> "Part":
        """The same with other cells, and with the rows of other units."""
        return replace(self, cells=cells, units=self.units if units is None else units)

    def by(self, key: Callable[[Cell], object]) -> dict[object, dict[Cell, Sequence[Sums]]]:
        """The cells by a key of theirs."""
        found: dict[object, dict[Cell, Sequence[Sums]]] = defaultdict(dict)
        for cell, sums in self.cells.items():
            found[key(cell)][cell] = sums
        return found

    def _sums(self, boundary: int) -> Sums:
        found = [sums[boundary] for sums in self.cells.values()]
        return Sums(*map(sum, zip(*found, strict=True))) if found else NOTHING


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a report. `more` is what only rows of its grouping carry. `within`: the keys of the rows it stands in,
    outermost first. `nested`: whether the report has several groupings, so that the row says which one is its own."""

    key: str
    name: str
    figures: Figures
    more: Mapping[str, object]
    by: GroupingName
    depth: int = 0
    within: tuple[str, ...] = ()
    nested: bool = False

    @property
    def place(self) -> str:
        """Which row of its report it is."""
        return "\n".join((*self.within, self.key))

    def wire(self) -> dict[str, object]:
        """As it goes out."""
        place = {"by": self.by, "depth": self.depth, "within": list(self.within)} if self.nested else {}
        return {"key": self.key, "name": self.name, **self.more, **place, **self.figures.wire()}


def printed_names(rows: Sequence[Row], units: Iterable[Unit]) -> list[str]:
    """The name of each row as every table prints it: of units that share a name, one that tells them apart."""
    names = {unit.key: (unit.agency.name, unit.parent) for unit in units}
    above = {key: names[parent][0] if parent else None for key, (_, parent) in names.items()}
    apart = told_apart({row.key: (row.name, above[row.key]) for row in rows if row.by in _OF_UNITS})
    return [apart[row.key] if row.by in _OF_UNITS else row.name for row in rows]


@dataclass(frozen=True, slots=True)
class Splitter:
    """What groupings need to know beside the cells."""

    months: Sequence[Period]
    versions: Mapping[int, Named]

    def rows(
        self, part: Part, names: Sequence[GroupingName], each: Callable[[Iterable[Row]], Iterator[Row]] = iter
    ) -> list[Row]:
        """All rows in pre-order; a Problem if there are too many. each: through which they come, one after the other;
        it may end it."""
        found = list(islice(each(self._rows(part, names, 0, (), nested=len(names) > 1)), MAX_ROWS + 1))
        if len(found) > MAX_ROWS:
            raise invalid("group_by", "too_many_rows", limit=MAX_ROWS)
        return found

    def _rows(
        self, part: Part, names: Sequence[GroupingName], depth: int, within: tuple[str, ...], *, nested: bool
    ) -> Iterator[Row]:
        if not names:
            return
        by, inner = names[0], names[1:]
        for key, name, more, group, shown in _SPLITS[by](self, part):
            at = depth + int(str(more.get("depth", 0)))
            yield Row(key, name, shown, more, by, at, within, nested)
            yield from self._rows(group, inner, at + 1, (*within, key), nested=nested)


#: key, name, what else the row carries, the part below it, its figures.
_Group = tuple[str, str, Mapping[str, object], Part, Figures]


def _agencies(_: Splitter, part: Part) -> Iterator[_Group]:
    """Each unit's own figures: zeros too for those in force at the end, the others only where they have figures."""
    own = part.by(lambda cell: cell.agency)
    for unit in part.units:
        group = part.of(own.get(unit.agency.id, {}), [unit])
        shown = group.figures()
        if unit.in_force or any(shown):
            yield unit.key, unit.agency.name, _place(unit), group, shown


def _tree(_: Splitter, part: Part) -> Iterator[_Group]:
    """One row a unit: its figures with all units under it, and its own within."""
    own = part.by(lambda cell: cell.agency)
    for unit in part.units:
        cells = {cell: sums for one in unit.under for cell, sums in own.get(one, {}).items()}
        below = [one for one in part.units if one.agency.id in unit.under]
        group = part.of(cells, below)
        shown = group.figures()
        if unit.in_force or any(shown):
            mine = part.of(own.get(unit.agency.id, {})).figures()
            more = {**_place(unit, depth=unit.depth), "own": mine.wire()}
            yield unit.key, unit.agency.name, more, group, shown


def _place(unit: Unit, **more: object) -> dict[str, object]:
    told = {} if unit.divided is None else {"divided": unit.divided}
    return {"level": unit.agency.level, "parent": unit.parent, **more, "in_force": unit.in_force, **told}


def _levels(_: Splitter, part: Part) -> Iterator[_Group]:
    """The levels that have units in force at the end, or figures."""
    of = {unit.agency.id: unit.agency.level for unit in part.units}
    cells = part.by(lambda cell: of[cell.agency])
    for level in Level:
        units = [unit for unit in part.units if unit.agency.level is level]
        group = part.of(cells.get(level, {}), units)
        shown = group.figures()
        if any(unit.in_force for unit in units) or any(shown):
            yield level.value, LEVEL_VI[level], {}, group, shown


def _channels(_: Splitter, part: Part) -> Iterator[_Group]:
    """All three channels, zeros included."""
    cells = part.by(lambda cell: cell.channel)
    for channel in Channel:
        group = part.of(cells.get(channel.value, {}))
        yield channel.name.lower(), CHANNEL_VI[channel], {}, group, group.figures()


def _months(splitter: Splitter, part: Part) -> Iterator[_Group]:
    """Each month with what it began and ended with: the pending of one is the carried over of the next."""
    for n, month in enumerate(splitter.months):
        group = replace(part, begins=n, ends=n + 1)
        yield *_month_told(month), group, group.figures()


@lru_cache(maxsize=256)  # a row of each stands in every part, and may as well share its words
def _month_told(month: Period) -> tuple[str, str, Mapping[str, object]]:
    more = MappingProxyType({"from": month.first, "to": month.last})
    return f"{month.month:%Y-%m}", f"Tháng {month.month:%m/%Y}", more


def _procedures(splitter: Splitter, part: Part) -> Iterator[_Group]:
    """One row a procedure, named as in its latest version that occurs, where there is anything to show."""
    return _by_version(splitter, part, lambda named: (named.code, named.name), lambda key: (key,))


def _sectors(splitter: Splitter, part: Part) -> Iterator[_Group]:
    return _by_version(splitter, part, lambda named: (named.sector, named.sector), lambda key: (sort_key(key), key))


def _by_version(
    splitter: Splitter, part: Part, told: Callable[[Named], tuple[str, str]], order: Callable[[str], tuple[str, ...]]
) -> Iterator[_Group]:
    found: dict[str, dict[Cell, Sequence[Sums]]] = defaultdict(dict)
    names: dict[str, str] = {}
    by_version = part.by(lambda cell: cell.version)
    known = [one for one in by_version if isinstance(one, int) and one in splitter.versions]
    for version in sorted(known, key=lambda one: (splitter.versions[one].valid_from or date.min, one)):
        cells = by_version[version]
        if any(part.of(cells).figures()):
            key, name = told(splitter.versions[version])
            found[key].update(cells)
            names[key] = name
    for key in sorted(found, key=order):
        group = part.of(found[key])
        yield key, names[key], {}, group, group.figures()


def _officers(_: Splitter, part: Part) -> Iterator[_Group]:
    """Each officer who has any dossier of it, by id, and last what is in nobody's hands."""
    found = part.by(lambda cell: cell.officer)
    for officer in sorted(map(str, found), key=lambda one: (one == UNASSIGNED, one)):
        group = part.of(found[officer])
        shown = group.figures()
        if any(shown):
            yield officer, UNASSIGNED_VI if officer == UNASSIGNED else officer, {}, group, shown


_SPLITS: Mapping[GroupingName, Callable[[Splitter, Part], Iterable[_Group]]] = MappingProxyType(
    {
        "agency": _agencies,
        "tree": _tree,
        "level": _levels,
        "channel": _channels,
        "month": _months,
        "procedure": _procedures,
        "sector": _sectors,
        "officer": _officers,
    }
)
