"""The agency tree. Codes are reused with a new meaning (44 was Quảng Bình and is the merged Quảng Trị), so the key
is (code, day): a unit is a row with the period in which it was in force."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Level(StrEnum):
    """Administrative level. A department (sở) is an agency of level province."""

    MINISTRY = "ministry"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


@dataclass(frozen=True, slots=True)
class Agency:
    """A unit in the period [valid_from, valid_to] in which it was in force; None is an open end."""

    id: int
    code: str
    name: str
    level: Level
    kind: str
    parent_id: int | None
    valid_from: date | None
    valid_to: date | None
    identification_code: str | None = None
    sort_key: str = ""
    confirmed: bool = True

    def in_force(self, day: date) -> bool:
        """Whether the unit was in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def issuing_code(self) -> str:
        """What its dossier codes begin with: the identification code, or the local code while that is not known."""
        return self.identification_code or self.code

    @property
    def issued_under(self) -> tuple[str, ...]:
        """All that its dossier codes may begin with: those from before its identification code was known too."""
        return (self.code, self.identification_code) if self.identification_code else (self.code,)


def told_apart(units: Mapping[K, tuple[str, str | None]]) -> dict[K, str]:
    """The name that each unit of one table is printed with, of its name and that of the unit above. Communes that share
    a name carry the name of the unit above, or, where this does not tell them apart (a merged unit that kept name and
    place; a province within its successor of the same name), their key: a code that may carry a last day."""
    names = Counter(name for name, _ in units.values())
    longer = {
        key: _with(name, str(key) if above == name else above) if names[name] > 1 else name
        for key, (name, above) in units.items()
    }
    still = Counter(longer.values())
    return {key: name if still[name] == 1 else _with(units[key][0], str(key)) for key, name in longer.items()}


def _with(name: str, what: str | None) -> str:
    return f"{name} ({what})" if what else name


@dataclass(frozen=True)
class AgencyTree:
    """All units of all times, and who succeeded whom."""

    by_id: Mapping[int, Agency]
    predecessors: Mapping[int, tuple[int, ...]]
    successors: Mapping[int, tuple[int, ...]]
    _by_code: Mapping[str, tuple[Agency, ...]] = field(repr=False)
    _children: Mapping[int, tuple[int, ...]] = field(repr=False)

    @classmethod
    def of(cls, agencies: Iterable[Agency], successions: Iterable[tuple[int, int]]) -> "AgencyTree":
        """The tree of `agencies`; `successions` are (predecessor_id, successor_id) pairs, many-to-many."""
        by_id = {agency.id: agency for agency in agencies}
        by_code: dict[str, list[Agency]] = defaultdict(list)
        children: dict[int, list[int]] = defaultdict(list)
        before: dict[int, list[int]] = defaultdict(list)
        after: dict[int, list[int]] = defaultdict(list)
        for agency in by_id.values():
            by_code[agency.code].append(agency)
            if agency.parent_id is not None:
                children[agency.parent_id].append(agency.id)
        for old, new in successions:
            before[new].append(old)
            after[old].append(new)
        return cls(by_id, _frozen(before), _frozen(after), _frozen(by_code), _frozen(children))

    def on(self, code: str, day: date) -> Agency | None:
        """The unit that carried `code` on `day`."""
        return next((agency for agency in self._by_code.get(code, ()) if agency.in_force(day)), None)

    def known(self, code: str) -> tuple[Agency, ...]:
        """Every unit that ever carried `code`."""
        return self._by_code.get(code, ())

    def latest(self, code: str, day: date) -> Agency | None:
        """The unit that carries `code` on `day`, or the last that did: the agency of a token. A unit that is yet to
        begin stands behind all that have been."""

        def recency(agency: Agency) -> tuple[bool, date]:
            return agency.valid_from is None or agency.valid_from <= day, agency.valid_to or date.max

        return self.on(code, day) or max(self.known(code), key=recency, default=None)

    def subtree(self, agency_id: int) -> frozenset[int]:
        """The unit and all that ever stood under it."""
        found, waiting = set(), [agency_id]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self._children.get(current, ()))
        return frozenset(found)

    def scope(self, agency_id: int) -> frozenset[int]:
        """What an agency may see: its subtree, and what the units in it succeeded, however long ago."""
        found: set[int] = set()
        waiting = [agency_id]
        while waiting:
            for unit in self.subtree(waiting.pop()) - found:
                found.add(unit)
                waiting.extend(old for old in self.predecessors.get(unit, ()) if old not in found)
        return frozenset(found)

    def line(self, agency_id: int) -> frozenset[int]:
        """The unit and all that it succeeded, however long ago: whose business became its own."""
        found, waiting = set(), [agency_id]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self.predecessors.get(current, ()))
        return frozenset(found)

    def in_force(self, day: date) -> list[Agency]:
        """The units in force on `day`, in Vietnamese order of their names."""
        return sorted((a for a in self.by_id.values() if a.in_force(day)), key=lambda a: (a.sort_key, a.code))


def _frozen(lists: Mapping[K, list[V]]) -> dict[K, tuple[V, ...]]:
    return {key: tuple(values) for key, values in lists.items()}
