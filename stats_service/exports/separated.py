"""The press for CSV: UTF-8, RFC 4180, the names of the JSON as its header. A line says where it comes from: copied into
another sheet it still does. Numbers and days go out plain, and a text that a spreadsheet would take for a formula
begins with an apostrophe."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from shared.press.threads import wanted
from shared.web.streams import csv_lines
from stats_service.exports.table import Filled, Row, Table

#: Made at once.
_LINES = 1000


def printed(filled: Filled, file: IO[bytes]) -> None:
    """The whole table into a file."""
    sheet = Sheet(filled.table, file)
    sheet.write(filled.rows)
    sheet.close()


class Sheet:
    """A CSV that is written row by row."""

    def __init__(self, table: Table, file: IO[bytes]) -> None:
        self._file = file
        self._origin = list(table.origin.values())
        names = [column.name for column in table.columns]
        self._places = [n for n, name in enumerate(names) if name != "key"]  # which every line begins with
        self._put([["row", "key", *(names[n] for n in self._places), *table.origin]])

    def write(self, rows: Iterable[Row]) -> None:
        """The next rows."""
        lines: Iterator[list[object]] = (
            [row.kind, row.key, *(row.values[n] for n in self._places), *self._origin] for row in wanted(rows)
        )
        while some := list(islice(lines, _LINES)):
            self._put(some)

    def close(self) -> None:
        """Nothing stands below the rows."""

    def abandon(self) -> None:
        """Nothing is left of it beside its file."""

    def _put(self, lines: Iterable[list[object]]) -> None:
        self._file.write(csv_lines(lines).encode())
