"""What an export holds, counted while it is read: its lines, its words, what does not go in, and the sums that are held
against what came."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.vietnamese import normalised

_MOST_LINES = 3  # told of a word
_MOST_KEPT = 10_000  # line numbers of what does not go in, of each kind


class Problem(NamedTuple):
    """Why a line of the export does not go in. code: unmapped, not_a_date, …"""

    line: int
    field: str
    code: str


class Cell(NamedTuple):
    """Sums of one agency and month of acceptance."""

    received: int
    finished: int
    on_time: int
    late: int


@dataclass(slots=True)
class Seen:
    """What an export holds. unmapped: (field, word) → how often, and on which lines first. months: of all that goes in;
    compared: of what has a code of the other system. codes: hashes of those, 70 bytes each."""

    lines: int = 0
    records: int = 0
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped_lines: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    months: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    compared: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    without_code: int = 0
    codes: set[int] = field(default_factory=set)

    def cells(self) -> dict[tuple[str, str], Cell]:
        """Sums by agency and month, YYYY-MM."""
        return {key: Cell(*sums) for key, sums in sorted(self.months.items()) if sums[0]}

    def to_compare(self) -> dict[tuple[str, str], Cell]:
        """The same of what can be held against what is here."""
        return {key: Cell(*sums) for key, sums in sorted(self.compared.items())}

    def left_out(self, problem: Problem) -> None:
        """One more line that does not go in."""
        key = (problem.field, problem.code)
        self.problems[key] += 1
        if len(self.first[key]) < _MOST_KEPT:
            self.first[key].append(problem.line)

    def not_mapped(self, line: int, name: str, word: str) -> None:
        """A word of a field that the mapping does not have."""
        key = (name, normalised(word))
        self.unmapped[key] += 1
        if len(self.unmapped_lines[key]) < _MOST_LINES:
            self.unmapped_lines[key].append(line)

    def is_repeated(self, legacy_code: str) -> bool:
        """Whether a line before has this code: each code there is one dossier, and the first that can goes in."""
        plain = legacy_code.isascii() and legacy_code.isprintable() and "  " not in legacy_code
        code = hash(legacy_code if plain else normalised(legacy_code))
        if code in self.codes:
            return True
        self.codes.add(code)
        return False

    def goes_in(self, record: dict[str, Any]) -> None:
        """One more record."""
        self._count(record, 1)

    def stays_out(self, record: dict[str, Any]) -> None:
        """One record less: it was counted, and does not go in."""
        self._count(record, -1)

    def _count(self, record: dict[str, Any], one: int) -> None:
        self.records += one
        key = (str(record.get("agency", "")), str(record.get("accepted_at", ""))[:7])
        finished, due = record.get("finished_at"), record.get("due_at")
        sums = [one, one * (finished is not None), 0, 0]
        if finished is not None and due is not None:
            on_time = datetime.fromisoformat(finished) <= datetime.fromisoformat(due)
            sums[2 if on_time else 3] = one
        _add(self.months, key, sums)
        if "legacy_code" in record:
            _add(self.compared, key, sums)
        else:
            self.without_code += one


def _add(months: dict[tuple[str, str], list[int]], key: tuple[str, str], sums: list[int]) -> None:
    there = months.setdefault(key, [0, 0, 0, 0])
    for place, count in enumerate(sums):
        there[place] += count
