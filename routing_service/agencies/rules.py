"""What a list of agencies says, where each unit of it stands, and which unit a code means on a day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.vietnamese import search_key
from shared.web.problems import Reason


class UnitKey(NamedTuple):
    """A code means a unit only together with its period: codes are reused with a new meaning."""

    code: str
    valid_from: date | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the period [valid_from, valid_to]; None is an open end. `confirmed`: not general knowledge only."""

    code: str
    identification_code: str | None
    name: str
    level: Level
    kind: str
    parent_code: str | None
    valid_from: date | None
    valid_to: date | None
    confirmed: bool

    @property
    def key(self) -> UnitKey:
        """What the unit is known by."""
        return UnitKey(self.code, self.valid_from)


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """One unit took over from another, wholly or in part (the note says so). Many-to-many."""

    predecessor: UnitKey
    successor: UnitKey
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AgenciesLoaded:
    """What a load changed: units new, units changed, links (parent or succession) that are new or moved."""

    added: int
    changed: int
    linked: int

    @property
    def anything(self) -> bool:
        """Whether readers have to read again."""
        return bool(self.added or self.changed or self.linked)


class BrokenAgencies(ValueError):
    """The list contradicts itself: a unit twice, or a parent or successor that is not in it."""


def parents(units: Sequence[UnitRow]) -> dict[UnitKey, UnitKey | None]:
    """Under which row each unit stands: the one of its parent's code that is in force as long as the unit is."""
    by_code: dict[str, list[UnitRow]] = defaultdict(list)
    for unit in units:
        if any(other.valid_from == unit.valid_from for other in by_code[unit.code]):
            raise BrokenAgencies(f"{unit.code} from {unit.valid_from} is listed twice")
        by_code[unit.code].append(unit)
    found: dict[UnitKey, UnitKey | None] = {}
    for unit in units:
        if unit.parent_code is None:
            found[unit.key] = None
            continue
        above = next((row for row in by_code[unit.parent_code] if _covers(row, unit)), None)
        if above is None:
            raise BrokenAgencies(f"{unit.code} {unit.name}: no unit {unit.parent_code} in force over its whole period")
        found[unit.key] = above.key
    return found


def need_known(units: Sequence[UnitRow], successions: Sequence[SuccessionRow]) -> None:
    """Raise BrokenAgencies when a succession names a unit that is not in the list."""
    known = {unit.key for unit in units}
    for link in successions:
        for end in (link.predecessor, link.successor):
            if end not in known:
                raise BrokenAgencies(f"a succession names {end.code} from {end.valid_from}, which is not in the list")


@dataclass(frozen=True, slots=True)
class AgencyFilter:
    """Which units are asked for. `parent_id`: directly under that unit. `q`: part of a name, or how a code begins."""

    level: Level | None = None
    parent_id: int | None = None
    q: str | None = None


def listed(tree: AgencyTree, day: date, wanted: AgencyFilter, after: tuple[str, str] | None) -> list[Agency]:
    """The units in force on `day` that `wanted` names, in Vietnamese order, from the (sort key, code) `after` on."""
    sought = search_key(wanted.q) if wanted.q else None
    return [
        agency
        for agency in tree.in_force(day)
        if (after is None or (agency.sort_key, agency.code) > after)
        and (wanted.level is None or agency.level is wanted.level)
        and (wanted.parent_id is None or agency.parent_id == wanted.parent_id)
        and (sought is None or sought in search_key(agency.name) or agency.code.lower().startswith(sought))
    ]


def heirs(tree: AgencyTree, code: str, day: date) -> list[Agency]:
    """The units in force on `day` that took over, in one step or several, from those that carried `code` before."""
    found: dict[int, Agency] = {}
    seen: set[int] = set()
    waiting = [unit.id for unit in tree.known(code) if unit.valid_to is not None and unit.valid_to < day]
    while waiting:
        current = waiting.pop()
        for heir in tree.successors.get(current, ()):
            if heir in seen:
                continue
            seen.add(heir)
            if tree.by_id[heir].in_force(day):
                found[heir] = tree.by_id[heir]
            else:
                waiting.append(heir)
    return sorted(found.values(), key=lambda unit: (unit.sort_key, unit.code))


def absence(field: str, tree: AgencyTree, code: str, day: date) -> Reason:
    """Why no unit carries `code` on `day`; a code of other days names who took over."""
    if not tree.known(code):
        return Reason(field, "unknown_agency")
    named = ", ".join(f"{unit.code} {unit.name}" for unit in heirs(tree, code, day))
    params: dict[str, object] = {
        "day": day.isoformat(),
        "successor_vi": f"; đơn vị kế thừa: {named}" if named else "",
        "successor_en": f"; successor: {named}" if named else "",
    }
    return Reason(field, "agency_not_in_force", params)


def _covers(above: UnitRow, below: UnitRow) -> bool:
    begins = above.valid_from is None or (below.valid_from is not None and above.valid_from <= below.valid_from)
    ends = above.valid_to is None or (below.valid_to is not None and above.valid_to >= below.valid_to)
    return begins and ends
