"""A printed table as a value: what stands on it, and nothing of how any program writes it. Pure.

The heading of a column is a path, `("Đã giải quyết", "Trước hạn")`: neighbours that begin alike share a merged cell. A
figure that is made of others in its row says of which, and a subtotal of which rows: a spreadsheet gets the formula and
the figure, print gets the figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Literal, TypeAlias, overload

from shared.domain.vietnamese import printed_count, printed_decimal


class Kind(StrEnum):
    """What the values of a column are. PERCENT, POINTS: a text of two decimals as in JSON, "97.51". CODE: a text that
    is not read as words; ORDINAL: the number of a line, as a text."""

    TEXT = "text"
    CODE = "code"
    ORDINAL = "ordinal"
    COUNT = "count"
    PERCENT = "percent"
    POINTS = "points"
    DAY = "day"


#: What there is none of is a dash in these: it is not zero.
DASHED = frozenset({Kind.COUNT, Kind.PERCENT, Kind.POINTS})
#: Where the values of a column stand in it.
ALIGNED: Mapping[Kind, str] = {
    Kind.TEXT: "left",
    Kind.CODE: "left",
    Kind.ORDINAL: "center",
    Kind.COUNT: "right",
    Kind.PERCENT: "right",
    Kind.POINTS: "right",
    Kind.DAY: "center",
}


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of other columns of the row, by name."""

    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """`part` in percent of `whole`, two decimals, half up; nothing where `whole` is 0."""

    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column. name: as in JSON and CSV; width: mm on the paper; number: what stands under its heading, "3=4+5+6"."""

    name: str
    heading: tuple[str, ...]
    kind: Kind
    width: float
    number: str = ""
    made: Sum | Share | None = None


Value: TypeAlias = str | int | date | None
RowKind = Literal["line", "group", "total"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row. key: of what it is about, for JSON and CSV. of: the places, in the table, of the rows that its counts are
    the sums of; () where they are no sum of rows. depth: how far its name is indented."""

    key: str
    values: tuple[Value, ...]
    kind: RowKind = "line"
    of: Sequence[int] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a letterhead."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A place to sign."""

    title: str
    hint: str = "(Ký, ghi rõ họ tên)"


@dataclass(frozen=True, slots=True)
class Table:
    """A table without its rows, which may come as a stream. name: of its file and sheet; warning: what nobody may
    overlook; origin: what a line of CSV says of where it comes from; dated: two prints of one content are the same
    bytes, so this is the only date in a file."""

    name: str
    title: str
    columns: Sequence[Column]
    dated: datetime
    left: Sequence[Line] = ()
    right: Sequence[Line] = ()
    subtitles: Sequence[str] = ()
    warning: str = ""
    unit: str = ""
    notes: Sequence[str] = ()
    signatures: Sequence[Signature] = ()
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> Column | None:
        """The column whose cells are indented by the depth of their rows: the first of text."""
        return next((column for column in self.columns if column.kind is Kind.TEXT), None)


@dataclass(frozen=True, slots=True)
class Filled:
    """A table with all its rows."""

    table: Table
    rows: Sequence[Row]


class Laid(Sequence[Row]):
    """Rows that are made as they are read, each time anew: of a long table only those at hand are there."""

    def __init__(self, length: int, laid: Callable[[int], Row]) -> None:
        self._length, self._laid = length, laid

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self._laid(n) for n in range(self._length)[place]]
        return self._laid(range(self._length)[place])


@dataclass(frozen=True, slots=True)
class HeadCell:
    """A cell of the heading, and how many columns and lines it takes."""

    text: str
    column: int
    across: int
    down: int


def heading(columns: Sequence[Column]) -> list[list[HeadCell]]:
    """The lines of a heading. The last word of a path reaches down to the bottom."""
    depth = max(len(column.heading) for column in columns)
    lines: list[list[HeadCell]] = []
    for level in range(depth):
        line = []
        reaching = [n for n, column in enumerate(columns) if len(column.heading) > level]
        for path, found in groupby(reaching, key=lambda n: columns[n].heading[: level + 1]):
            places = list(found)
            last = level + 1 == len(columns[places[0]].heading)
            line.append(HeadCell(path[-1], places[0], len(places), depth - level if last else 1))
        lines.append(line)
    if any(column.number for column in columns):
        lines.append([HeadCell(column.number, n, 1, 1) for n, column in enumerate(columns)])
    return lines


def printed(kind: Kind, value: Value) -> str:
    """A value as Vietnamese print writes it: 136.583 · 97,51% · 22/07/2019; what there is none of is a dash."""
    if value is None:
        return "–" if kind in DASHED else ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if kind is Kind.PERCENT:
        return f"{printed_decimal(str(value))}%"
    if kind is Kind.POINTS:
        return printed_decimal(str(value))
    return printed_count(value) if isinstance(value, int) else value
