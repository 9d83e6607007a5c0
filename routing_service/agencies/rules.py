"""What a list of agencies says, and where each unit of it stands."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.domain.agencies import Level


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


def _covers(above: UnitRow, below: UnitRow) -> bool:
    begins = above.valid_from is None or (below.valid_from is not None and above.valid_from <= below.valid_from)
    ends = above.valid_to is None or (below.valid_to is not None and above.valid_to >= below.valid_to)
    return begins and ends
