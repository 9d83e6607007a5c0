"""The press for XLSX: real numbers, formulas with the figures they give, a page set-up that prints as it is.

XlsxWriter in constant memory: a row goes to the disk when the next one begins, so a hundred thousand rows take no more
than one. It demands that rows are written in their order, each from the left.

Numbers carry the format `[$-42A]#,##0`: LibreOffice then writes 136.583 and 97,51% on any machine. Excel takes the two
separators from the settings of the machine, Vietnamese ones in a Vietnamese office; a format that spells them out
(`#\\.000`) exists for counts, but none for a percentage that stays a number, and one sheet must not mix both ways.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import ceil
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from shared.domain.civil_time import local
from shared.press.threads import wanted
from stats_service.exports.table import (
    ALIGNED,
    DASHED,
    Column,
    Filled,
    Kind,
    Line,
    Row,
    Share,
    Sum,
    Table,
    Value,
    heading,
)

_FONT = "Times New Roman"
_A4 = 9
#: A column's width is in characters of the usual font: so many mm each.
_MM = 2.0
_POINTS_PER_LINE = 15.0
#: No row of a sheet is taller, in points.
_TALLEST = 409.0
#: What a function takes, and what a cell holds of a formula (with room for the program's own prefixes).
_MOST_ARGUMENTS = 255
_LONGEST_FORMULA = 8000
#: Of the width that the usual font's digit takes, what a letter of a text takes on average.
_LETTER = 0.77
_NUMBERS = {
    Kind.COUNT: "[$-42A]#,##0",
    Kind.PERCENT: "[$-42A]0.00%",
    Kind.POINTS: "[$-42A]#,##0.00",
    Kind.DAY: "dd/mm/yyyy",
}


def printed(filled: Filled, file: IO[bytes]) -> None:
    """The whole table into a file."""
    sheet = Sheet(filled.table, file)
    try:
        sheet.write(filled.rows)
        sheet.close()
    finally:
        sheet.abandon()


class _Worksheet(Worksheet):  # type: ignore[misc]  # which has no types
    """Its formulas are SUM, IF and ROUND. XlsxWriter looks in each for thirty functions of later programs: a third of
    the time that a file took."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


class Sheet:
    """A workbook of one sheet that is written row by row."""

    def __init__(self, table: Table, file: IO[bytes]) -> None:
        self._table, self._named = table, table.named
        # Where the rows lie until the file is made of them. XlsxWriter leaves them there if it is not.
        self._scratch = TemporaryDirectory(prefix="motcua-xlsx-", ignore_cleanup_errors=True)
        self._book = xlsxwriter.Workbook(
            file,
            {"constant_memory": True, "default_date_format": "dd/mm/yyyy", "tmpdir": self._scratch.name},
        )
        self._book.set_properties({"title": table.title, "author": "", "created": _naive(table.dated)})
        self._book.set_size(2400, 1400)
        self._sheet = self._book.add_worksheet(table.name[:31], _Worksheet)
        self._cell_formats: dict[tuple[Kind, bool, int], Any] = {}
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._letters = [xl_col_to_name(n) for n in range(len(table.columns))]
        self._place = {column.name: n for n, column in enumerate(table.columns)}
        self._next = 0
        self._set_up()
        self._head()
        self._first = self._next

    def write(self, rows: Iterable[Row]) -> None:
        """The next rows."""
        for row in wanted(rows):
            self._room(row)
            for n, (column, value) in enumerate(zip(self._table.columns, row.values, strict=True)):
                self._cell(n, column, value, row)
            self._next += 1

    def close(self) -> None:
        """The notes, the places to sign, and the end of the file."""
        self._feet()
        self._book.close()
        self._scratch.cleanup()

    def abandon(self) -> None:
        """Leave nothing behind, finished or not."""
        self._scratch.cleanup()

    def _set_up(self) -> None:
        sheet = self._sheet
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&9Trang &P/&N")
        for n, column in enumerate(self._table.columns):
            sheet.set_column(n, n, column.width / _MM)

    def _head(self) -> None:
        table, last = self._table, len(self._table.columns) - 1
        half = _half(table.columns)
        for n in range(max(len(table.left), len(table.right))):
            for (a, b), side in (((0, half), table.left), ((half + 1, last), table.right)):
                said = side[n] if n < len(side) else Line("")
                self._across(a, b, said.text, bold=said.bold, italic=said.italic)
            self._next += 1
        if self._next:
            self._next += 1
        self._title(table.title, bold=True, font_size=14)
        for subtitle in table.subtitles:
            self._title(subtitle, italic=True)
        if table.warning:
            self._title(table.warning, bold=True, font_color="#C00000")
        if table.unit:
            self._across(0, last, f"Đơn vị tính: {table.unit}", italic=True, align="right")
        self._next += 1
        first, lines = self._next, heading(table.columns)
        numbered = any(column.number for column in table.columns)
        for number, line in enumerate(lines):
            small = numbered and number == len(lines) - 1
            look = {"font_size": 9, "italic": True} if small else {"bold": True}
            format = self._format(border=1, align="center", text_wrap=True, bg_color="#E7EDF5", **look)
            texts = {cell.column: cell for cell in line}
            for n in range(len(table.columns)):
                if n in texts:
                    self._sheet.write_string(self._next, n, texts[n].text, format)
                else:
                    self._sheet.write_blank(self._next, n, None, format)
            # merge_range() goes back to rows that are written already; what is merged is only noted here.
            self._sheet.merge.extend(
                [self._next, cell.column, self._next + cell.down - 1, cell.column + cell.across - 1]
                for cell in line
                if cell.across > 1 or cell.down > 1
            )
            self._sheet.set_row(self._next, 13 if small else _lines(line, table.columns) * _POINTS_PER_LINE)
            self._next += 1
        self._sheet.repeat_rows(first, self._next - 1)
        self._sheet.freeze_panes(self._next, min(2, last))

    def _cell(self, n: int, column: Column, value: Value, row: Row) -> None:
        depth, at = row.depth if column is self._named else 0, (self._next, n)
        format = self._cell_format(column.kind, row.kind != "line", depth)
        formula = self._formula(n, column, row)
        if formula:
            self._sheet.write_formula(*at, formula, format, "–" if value is None else _number(value))
        elif value is None:
            self._sheet.write(*at, "–" if column.kind in DASHED else None, format)
        elif isinstance(value, date):
            self._sheet.write_datetime(*at, datetime.combine(value, time.min), format)
        elif column.kind is Kind.ORDINAL and str(value).isdecimal():
            self._sheet.write_number(*at, int(value), format)
        elif column.kind is Kind.POINTS:
            self._sheet.write_number(*at, float(value), format)
        elif isinstance(value, int) or column.kind is Kind.PERCENT:
            self._sheet.write_number(*at, _number(value), format)
        else:
            self._sheet.write_string(*at, value, format)

    def _cell_format(self, kind: Kind, bold: bool, depth: int) -> Any:
        known = self._cell_formats.get((kind, bold, depth))
        if known is None:
            look: dict[str, Any] = {"border": 1, "align": ALIGNED[kind], "text_wrap": kind is Kind.TEXT}
            if bold:
                look |= {"bold": True, "bg_color": "#F2F2F2"}
            if depth:
                look["indent"] = depth
            if kind in _NUMBERS:
                look["num_format"] = _NUMBERS[kind]
            known = self._cell_formats[kind, bold, depth] = self._format(**look)
        return known

    def _room(self, row: Row) -> None:
        """Height for the longest text: not every program finds it by itself."""
        texts = zip(self._table.columns, row.values, strict=True)
        needed = (
            ceil(_LETTER * (len(value) + 3 * row.depth * (column is self._named)) / (column.width / _MM))
            for column, value in texts
            if column.kind is Kind.TEXT and isinstance(value, str)
        )
        if (lines := max(needed, default=1)) > 1:
            self._sheet.set_row(self._next, min(lines * _POINTS_PER_LINE, _TALLEST))

    def _formula(self, n: int, column: Column, row: Row) -> str:
        line, made = self._next + 1, column.made
        if isinstance(made, Share):
            part, whole = (f"{self._letters[self._place[name]]}{line}" for name in [made.part, made.whole])
            return f'=IF({whole}=0,"–",ROUND({part}/{whole},4))'
        if row.of and column.kind is Kind.COUNT:
            return _sum(self._spans(self._letters[n], row.of))
        if isinstance(made, Sum):
            return "=" + "+".join(f"{self._letters[self._place[name]]}{line}" for name in made.of)
        return ""

    def _spans(self, letter: str, places: Sequence[int]) -> list[str]:
        """Cells of a column as spans: D12:D33, D35."""
        spans: list[list[int]] = []
        for place in places:
            if spans and place == spans[-1][1] + 1:
                spans[-1][1] = place
            else:
                spans.append([place, place])
        lines = [(first + self._first + 1, last + self._first + 1) for first, last in spans]
        return [f"{letter}{a}" if a == b else f"{letter}{a}:{letter}{b}" for a, b in lines]

    def _feet(self) -> None:
        table, last = self._table, len(self._table.columns) - 1
        characters = sum(column.width for column in table.columns) / _MM * 1.3
        self._next += 1
        for note in table.notes:
            self._across(0, last, note, align="left", text_wrap=True, font_size=10, valign="top")
            self._sheet.set_row(self._next, min(ceil(len(note) / characters) * 13.5 + 1, _TALLEST))
            self._next += 1
        if table.signatures:
            self._next += 1
            half = _half(table.columns)
            places = [(0, half), (half + 1, last)] if len(table.signatures) > 1 else [(half + 1, last)]
            for (a, b), each in zip(places, table.signatures, strict=True):
                self._across(a, b, each.title, bold=True)
            self._next += 1
            for (a, b), each in zip(places, table.signatures, strict=True):
                self._across(a, b, each.hint, italic=True)

    def _title(self, text: str, **look: Any) -> None:
        size = look.get("font_size", 11)
        characters = sum(column.width for column in self._table.columns) / _MM * 11 / size
        self._across(0, len(self._table.columns) - 1, text, text_wrap=True, **look)
        self._sheet.set_row(self._next, ceil(len(text) / characters) * (size + 5))
        self._next += 1

    def _across(self, first: int, last: int, text: str, **look: Any) -> None:
        """A text over columns of one row."""
        format = self._format(**{"align": "center", **look})
        self._sheet.write_string(self._next, first, text, format)
        for n in range(first + 1, last + 1):
            self._sheet.write_blank(self._next, n, None, format)
        if last > first:
            self._sheet.merge.append([self._next, first, self._next, last])

    def _format(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            usual = {"font_name": _FONT, "font_size": 11, "valign": "vcenter"}
            self._formats[key] = self._book.add_format({**usual, **look})
        return self._formats[key]


def _sum(spans: Sequence[str]) -> str:
    """The formula that adds spans of cells; none where it would be longer than a cell holds: then the value stands."""
    parts = [spans[at : at + _MOST_ARGUMENTS] for at in range(0, len(spans), _MOST_ARGUMENTS)]
    formula = "=" + "+".join(f"SUM({','.join(part)})" for part in parts)
    return formula if len(formula) <= _LONGEST_FORMULA else ""


def _half(columns: Sequence[Column]) -> int:
    """The last column of the left half of the paper; both halves have one at least."""
    whole = sum(column.width for column in columns)
    passed = 0.0
    for n, column in enumerate(columns):
        passed += column.width
        if passed >= whole / 2:
            return min(max(n - 1, 0), len(columns) - 2)
    return len(columns) - 2


def _lines(cells: Sequence[Any], columns: Sequence[Column]) -> int:
    """Lines of text that the tallest cell of a line of the heading takes, those apart that reach down."""
    tallest = 1
    for cell in cells:
        width = sum(column.width for column in columns[cell.column : cell.column + cell.across]) / _MM
        tallest = max(tallest, ceil(ceil(1.1 * len(cell.text) / width) / cell.down))
    return tallest


def _number(value: Value) -> Any:
    """A count as it is, "97.51" as the 0.9751 that its format shows as a percentage."""
    return value if isinstance(value, int) else float(Decimal(str(value)) / 100)


def _naive(instant: datetime) -> datetime:
    return local(instant).replace(tzinfo=None, microsecond=0)
