"""A workbook or a document opened again: what stands in its cells, and what its formulas come to."""

import re
from io import BytesIO
from typing import Any

from docx.table import Table
from openpyxl import load_workbook
from openpyxl.utils import coordinate_to_tuple


class Sheet:
    """The rows below the heading, as they are cached, and their formulas."""

    def __init__(self, content: bytes) -> None:
        self.cached: Any = load_workbook(BytesIO(content), data_only=True).worksheets[0]
        self.written: Any = load_workbook(BytesIO(content)).worksheets[0]
        titles = (self.written.print_title_rows or "").replace("$", "")
        self.first = int(titles.split(":")[1]) + 1
        width = self.written.max_column
        self.rows: list[list[Any]] = []
        for line in self.cached.iter_rows(min_row=self.first, max_col=width, values_only=True):
            if all(value is None for value in line):  # a line is left empty before the notes
                break
            self.rows.append(list(line))

    def said(self, text: str) -> bool:
        """Whether a cell says it."""
        return any(text in str(value) for line in self.cached.iter_rows(values_only=True) for value in line if value)

    def formula(self, row: int, column: int) -> str:
        """The formula of a cell; "" where it has none."""
        value = self.written.cell(self.first + row, column + 1).value
        return value if isinstance(value, str) and value.startswith("=") else ""

    def worked_out(self, row: int, column: int) -> Any:
        """What a formula comes to, reckoned from the cached values of the cells that it names."""
        return self._worth(self.formula(row, column))

    def _worth(self, formula: str) -> Any:
        if match := re.fullmatch(r'=IF\((\w+)=0,"–",ROUND\((\w+)/(\w+),4\)\)', formula):
            part, whole = self._at(match[2]), self._at(match[3])
            assert match[1] == match[3]
            return "–" if whole == 0 else (20_000 * part + whole) // (2 * whole) / 10_000
        if match := re.fullmatch(r"=SUM\((.*)\)", formula):
            return sum(self._at(cell) for span in match[1].split(",") for cell in self._cells(span))
        assert re.fullmatch(r"=\w+(\+\w+)+", formula), formula
        return sum(self._at(cell) for cell in formula[1:].split("+"))

    def _cells(self, span: str) -> list[str]:
        first, _, last = span.partition(":")
        if not last:
            return [first]
        letters = re.sub(r"\d", "", first)
        (a, _), (b, _) = coordinate_to_tuple(first), coordinate_to_tuple(last)
        return [f"{letters}{n}" for n in range(a, b + 1)]

    def _at(self, cell: str) -> int:
        value = self.cached[cell].value
        assert isinstance(value, int), (cell, value)
        return value


def sheet_of(content: bytes) -> Sheet:
    """The sheet of a workbook."""
    return Sheet(content)


def cells_of_word(document: Any, columns: int) -> list[list[str]]:
    """The lines of the table with so many columns, read from the file's own elements: python-docx takes seconds."""
    table: Table = next(one for one in document.tables if len(one.columns) == columns)
    space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    return [
        ["".join(text.text or "" for text in cell.iter(f"{space}t")).strip() for cell in line.findall(f"{space}tc")]
        for line in table._tbl.findall(f"{space}tr")
    ]
