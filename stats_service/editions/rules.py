"""What a sealed edition says, byte for byte; what it was made from; and what differs between two of them. Pure.

The bytes are JSON in the canonical form of RFC 8785: names in order, no blanks, no fractions (rates are texts). Whoever
doubts an edition can take them apart and hash them with any library that knows the form.

A format (`resolution/1`) is for good. Whatever makes other bytes of the same figures is a new format beside the old
one: a test holds each to the bytes that it made when it was new.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from shared.contracts.editions import EditionIn, FindingName, SealedReport, groupings_of
from shared.contracts.stats import CutName, GroupingName
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.civil_time import shown
from shared.domain.differences import Span
from shared.web.problems import Problem, invalid
from stats_service.figures.rules import Figures, Sums
from stats_service.groupings.rules import SIDE_OF, Cell, Named, Part, Row, Splitter
from stats_service.periods.rules import BEGINS_ON, Period
from stats_service.units.rules import Landscape, as_they_were

RESOLUTION_1 = "resolution/1"
#: The figures of resolution/1, whatever later reports carry beside them.
FIGURES_1 = (
    *("carried_over", "received", "received_online", "received_counter", "received_post", "to_handle"),
    *("resolved", "resolved_early", "resolved_on_day", "resolved_late", "resolved_on_time", "resolved_without_term"),
    *("pending", "pending_in_term", "pending_overdue", "pending_paused"),
    *("on_time_rate", "late_rate", "received_on_time_rate", "national_on_time_rate"),
)
#: What a row of resolution/1 may carry beside its figures.
_PLACE = ("key", "name", "level", "parent", "in_force", "by", "depth", "within", "from", "to")
#: What says which row it is; the rest of it may have changed.
_IDENTITY = ("key", "by", "within")


class Position(NamedTuple):
    """Which events an edition knows: those that `snapshot` (of PostgreSQL) sees. txid, event_id: the last of them in
    the order of the log; None before the first."""

    snapshot: str
    txid: str | None
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked, with nothing left to be chosen. cut: how months are cut, where months are rows."""

    agency: str
    first: date
    last: date
    cut: CutName
    group_by: str

    def wire(self) -> dict[str, str]:
        """By the names of the interface."""
        return {
            "agency": self.agency,
            "cut": self.cut,
            "from": self.first.isoformat(),
            "group_by": self.group_by,
            "to": self.last.isoformat(),
            "units": "then",
        }

    @property
    def groupings(self) -> tuple[GroupingName, ...]:
        """What group_by names, outermost first."""
        return groupings_of(self.group_by)

    @property
    def stored(self) -> str:
        """As it is kept: the same report has the same text."""
        return canonical(self.wire()).decode()

    @classmethod
    def read(cls, text: str) -> "Parameters":
        """As they are stored; what is none names no agency, and no edition can be computed by it."""
        try:
            told = json.loads(text)
            first, last = date.fromisoformat(told["from"]), date.fromisoformat(told["to"])
            return cls(told["agency"], first, last, told["cut"], told["group_by"])
        except (ValueError, KeyError, TypeError):
            return cls("", date.min, date.min, "calendar", "none")


@dataclass(frozen=True, slots=True)
class Sealing:
    """An edition without its figures: all that it says of itself. corrected: the hash of the edition it corrects."""

    report: SealedReport
    format: str
    number: int
    parameters: Parameters
    sealed_at: datetime
    position: Position
    picture: bytes
    synthetic: bool
    note: str | None
    reason: str | None
    corrected: bytes | None


class Finding(NamedTuple):
    """What is wrong with an edition: what must stand there, and what does. None stands for nothing."""

    name: FindingName
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition as it is kept, without its bytes."""

    id: int
    agency_id: int
    sealed_by: str
    sealing: Sealing
    sha256: bytes
    size: int
    corrects: int | None
    corrected_by: int | None

    @property
    def etag(self) -> str:
        """Of its bytes, which never change."""
        return f'"{self.sha256.hex()}"'


def canonical(value: object) -> bytes:
    """RFC 8785: of names that are ASCII, and of numbers that are whole."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> bytes:
    """What an edition or a picture is known by."""
    return sha256(content).digest()


def resolution_1(sealing: Sealing, agency_name: str, total: Figures, rows: Iterable[Row]) -> bytes:
    """The bytes of a resolution report. For good: see the top of this file."""
    return canonical(
        {
            "agency_name": agency_name,
            "corrects": sealing.corrected.hex() if sealing.corrected else None,
            "edition": sealing.number,
            "format": RESOLUTION_1,
            "note": sealing.note,
            "parameters": sealing.parameters.wire(),
            "picture": sealing.picture.hex(),
            "position": sealing.position._asdict(),
            "reason": sealing.reason,
            "report": sealing.report,
            "rows": [_row_1(row.wire()) for row in rows],
            "sealed_at": _instant(sealing.sealed_at),
            "synthetic": sealing.synthetic,
            "total": _figures_1(total.wire()),
        }
    )


def _row_1(wire: Mapping[str, Any]) -> dict[str, object]:
    place = {name: _plain(wire[name]) for name in _PLACE if name in wire}
    own = {"own": _figures_1(wire["own"])} if "own" in wire else {}
    return {**place, **own, **_figures_1(wire)}


def _figures_1(wire: Mapping[str, Any]) -> dict[str, int | str | None]:
    return {name: wire[name] for name in FIGURES_1}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value.value if isinstance(value, Level) else value


def _instant(instant: datetime) -> str:
    """To the microsecond, always: an instant without any would be written shorter."""
    local = shown(instant)
    assert local is not None
    return local.isoformat(timespec="microseconds")


# What a report says of its units and procedures may be corrected later: an edition keeps what it was made from.


@dataclass(frozen=True, slots=True)
class Procedure(Named):
    """A version of a procedure. valid_to: its last day; None while it holds."""

    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether it held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Picture:
    """The reference data of an edition. `procedures`: by the id of the version; empty where no row is of one."""

    agencies: AgencyTree
    procedures: Mapping[int, Procedure]


def picture_of(tree: AgencyTree, root: Agency, procedures: Mapping[int, Procedure]) -> bytes:
    """The units that the agency's report counts, and who succeeded whom among them; versions of procedures."""
    units = tree.scope(root.id)
    successions = [[old, new] for new in units for old in tree.predecessors.get(new, ()) if old in units]
    return canonical(
        {
            "agencies": [_agency_told(tree.by_id[unit]) for unit in sorted(units)],
            "procedures": [
                [number, one.code, one.name, one.sector, _day_told(one.valid_from), _day_told(one.valid_to)]
                for number, one in sorted(procedures.items())
            ],
            "successions": sorted(successions),
        }
    )


def read_picture(content: bytes) -> Picture:
    """The other way."""
    told = json.loads(content)
    units = [
        Agency(
            number,
            code,
            name,
            Level(level),
            "",
            parent,
            _day_read(first),
            _day_read(last),
            None,
            sort_key,
            confirmed=True,
        )
        for number, code, name, level, parent, first, last, sort_key in told["agencies"]
    ]
    procedures = {
        number: Procedure(code, name, sector, _day_read(first), _day_read(last))
        for number, code, name, sector, first, last in told["procedures"]
    }
    return Picture(AgencyTree.of(units, [(old, new) for old, new in told["successions"]]), procedures)


def _agency_told(unit: Agency) -> list[object]:
    days = (_day_told(unit.valid_from), _day_told(unit.valid_to))
    return [unit.id, unit.code, unit.name, unit.level.value, unit.parent_id, *days, unit.sort_key]


def _day_told(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day_read(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# An edition is computed again from its picture and the events that its position knows.


@dataclass(frozen=True)
class Plan:
    """What to count for an edition, and how to make its rows of it. `boundaries`: the first day of the period, days
    within it, and the day after it. `sides`: of a cell, those that its groupings look at."""

    agency: Agency
    landscape: Landscape
    months: Sequence[Period]
    boundaries: Sequence[date]
    sides: Sequence[str]
    picture: Picture

    def content(self, sealing: Sealing, cells: Mapping[Cell, Sequence[Sums]]) -> bytes:
        """The bytes, of each cell's sums before each boundary."""
        whole = Part(cells, self.landscape.units, 0, len(self.boundaries) - 1)
        rows = Splitter(self.months, self.picture.procedures).rows(whole, sealing.parameters.groupings)
        return resolution_1(sealing, self.agency.name, whole.figures(), rows)


def plan_of(edition: Edition, picture: Picture) -> Plan | None:
    """None: its parameters cannot be those by which it was sealed."""
    told, tree = edition.sealing.parameters, picture.agencies
    agency = tree.on(told.agency, told.last)
    known = told.cut in BEGINS_ON and set(told.groupings) <= set(SIDE_OF) and told.first <= told.last
    if agency is None or agency.id != edition.agency_id or not known or edition.sealing.format != RESOLUTION_1:
        return None
    period = Period(told.first, told.last, BEGINS_ON[told.cut])
    months = list(period.months()) if "month" in told.groupings else []
    boundaries = [*(month.first for month in months or [period]), period.after]
    return Plan(agency, as_they_were(tree, agency, told.last), months, boundaries, sides_of(told.groupings), picture)


def sides_of(groupings: Iterable[GroupingName]) -> list[str]:
    """The sides of a cell that groupings look at, in order."""
    return sorted({side for name in groupings if (side := SIDE_OF[name])})


class Moved:
    """What moved in each cell, by metric, between boundaries; it may come in any order and in any parts."""

    def __init__(self, boundaries: int) -> None:
        self._boundaries = boundaries
        self._by_cell: dict[Cell, dict[str, list[int]]] = {}

    def add(self, cell: Cell, metric: str, bucket: int, by: int) -> None:
        """`bucket`: how many boundaries are not after the day."""
        by_metric = self._by_cell.setdefault(cell, {})
        by_metric.setdefault(metric, [0] * (self._boundaries + 1))[bucket] += by

    def sums(self) -> dict[Cell, list[Sums]]:
        """What happened before a boundary, counted from 1, lies in the buckets below its number."""
        marks = range(1, self._boundaries + 1)
        return {
            cell: [Sums(**{metric: sum(moved[:mark]) for metric, moved in by_metric.items()}) for mark in marks]
            for cell, by_metric in self._by_cell.items()
        }


def spans(last: int, size: int) -> Iterator[Span]:
    """All dossiers there may be, those up to `last` in ranges of `size`: one statement over a long log would take more
    memory and time than a statement is given."""
    edges = [-(2**63), *range(size, last, size), 2**63 - 1]
    return (Span(after, upto) for after, upto in pairwise(edges))


_SNAPSHOT = re.compile(r"(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)", re.ASCII)


def is_snapshot(text: str) -> bool:
    """Whether PostgreSQL takes it for a pg_snapshot: what it does not would end the transaction that asks."""
    found = _SNAPSHOT.fullmatch(text)
    if found is None:
        return False
    lowest, next_one = int(found[1]), int(found[2])
    still_open = [int(number) for number in found[3].split(",") if number]
    in_order = still_open == sorted(still_open)
    return 0 < lowest <= next_one < 2**63 and in_order and all(lowest <= one < next_one for one in still_open)


# A correction says what it changed.


@dataclass(frozen=True, slots=True)
class Change:
    """What two editions say differently. kind: came or gone (a whole row), or changed: `figure` of a row, or of the
    total, where `key` is None. `figure` may be something else that a row says: its name."""

    kind: str
    key: str | None
    name: str | None
    within: Sequence[str]
    figure: str | None
    before: object
    after: object


def changes(before: bytes, after: bytes) -> list[Change]:
    """Of the total first, then row by row as they stand in `after`, then the rows that are gone."""
    old, new = json.loads(before), json.loads(after)
    found = [
        Change("changed", None, None, (), name, old[name], new[name])
        for name in ("agency_name", "synthetic")
        if old[name] != new[name]
    ]
    found += _changed(None, None, (), old["total"], new["total"])
    rows = {_identity(row): row for row in old["rows"]}
    for row in new["rows"]:
        known = rows.pop(_identity(row), None)
        if known is None:
            found.append(_whole("came", row))
        else:
            found += _changed(row["key"], row["name"], row.get("within", ()), _flat(known), _flat(row))
    return [*found, *(_whole("gone", row) for row in rows.values())]


def _identity(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(tuple(part) if isinstance(part := row.get(name), list) else part for name in _IDENTITY)


def _whole(kind: str, row: Mapping[str, Any]) -> Change:
    return Change(kind, row["key"], row["name"], row.get("within", ()), None, None, None)


def _flat(row: Mapping[str, Any]) -> dict[str, object]:
    """A row without what says which it is; the figures that a unit has of its own as own.received."""
    own = {f"own.{name}": value for name, value in row.get("own", {}).items()}
    return {**{name: value for name, value in row.items() if name not in (*_IDENTITY, "own")}, **own}


def _changed(
    key: str | None, name: str | None, within: Sequence[str], old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Change]:
    told = [*(each for each in new if each not in FIGURES_1), *FIGURES_1]
    for figure in told:
        if old.get(figure) != new.get(figure):
            yield Change("changed", key, name, within, figure, old.get(figure), new.get(figure))


# What may be sealed, and corrected.


def checked_request(asked: EditionIn) -> None:
    """Raises the Problem of what does not go together, whatever is stored."""
    if asked.corrects is not None and asked.reason is None:
        raise invalid("reason", "required")
    if asked.corrects is None and asked.reason is not None:
        raise invalid("reason", "only_with_correction")
    if "officer" in asked.parameters.groupings:
        raise invalid("parameters.group_by", "not_sealable_by_officer")


def checked_correction(corrected: Edition | None, report: str, parameters: Parameters) -> Edition:
    """The edition that a new one corrects, or the Problem that says why it cannot."""
    if corrected is None:
        raise invalid("corrects", "unknown_edition")
    if (corrected.sealing.report, corrected.sealing.parameters) != (report, parameters):
        raise invalid("corrects", "edition_of_another_report")
    if corrected.corrected_by is not None:
        raise already_corrected(corrected.corrected_by)
    return corrected


def already_corrected(by: int) -> Problem:
    """Only the newest edition is corrected: otherwise there would be two that hold."""
    return Problem("conflict", *invalid("corrects", "corrected_by_edition", number=by).reasons)


def already_sealed(newest: int) -> Problem:
    """The same report is sealed again only as a correction, with its reason."""
    return Problem("conflict", *invalid("corrects", "sealed_as_edition", number=newest).reasons)
