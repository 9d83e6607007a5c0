"""A body as a stream of records: NDJSON or CSV, split without ever holding more than one line too many."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from shared.web.problems import Reason

MAX_LINE_BYTES = 1_048_576
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record before anybody looked at what it says: JSON text or a dict of cells, or why it is neither."""

    line: int
    content: bytes | dict[str, Any] | Reason


class Reader(Protocol):
    """Takes the body as it arrives, gives records as they become complete."""

    def feed(self, block: bytes) -> Iterator[RawRecord]:
        """The records that `block` completes."""

    def close(self) -> Iterator[RawRecord]:
        """The record that the end of the body completes, if any."""


class LineSplitter:
    """Physical lines out of blocks. A line longer than MAX_LINE_BYTES is given as None, its bytes are let go."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False
        self._line = 0

    def feed(self, block: bytes) -> Iterator[tuple[int, bytes | None]]:
        """(line number from 1, line without its end or None)."""
        *whole, rest = block.split(b"\n")
        for part in whole:
            yield self._complete(part)
        if self._skipping:
            return
        self._rest += rest
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest.clear()
            self._skipping = True

    def close(self) -> Iterator[tuple[int, bytes | None]]:
        """The last line, where the body does not end with a newline."""
        if self._rest or self._skipping:
            yield self._complete(b"")

    def _complete(self, part: bytes) -> tuple[int, bytes | None]:
        self._line += 1
        too_long = self._skipping or len(self._rest) + len(part) > MAX_LINE_BYTES
        line = None if too_long else bytes(self._rest + part)
        self._rest.clear()
        self._skipping = False
        if line is not None and self._line == 1 and line.startswith(_BOM):
            line = line[len(_BOM) :]
        return self._line, line.rstrip(b"\r") if line is not None else None


_TOO_LONG = Reason("", "line_too_long", {"limit": MAX_LINE_BYTES})


class NdjsonReader:
    """One JSON object a line; blank lines are passed over."""

    def __init__(self) -> None:
        self._lines = LineSplitter()

    def feed(self, block: bytes) -> Iterator[RawRecord]:
        """The records that `block` completes."""
        return self._records(self._lines.feed(block))

    def close(self) -> Iterator[RawRecord]:
        """The last record, where the body does not end with a newline."""
        return self._records(self._lines.close())

    @staticmethod
    def _records(lines: Iterator[tuple[int, bytes | None]]) -> Iterator[RawRecord]:
        for number, line in lines:
            if line is None:
                yield RawRecord(number, _TOO_LONG)
            elif line.strip():
                yield RawRecord(number, line)


class CsvReader:
    """RFC 4180 with a header of dotted names; comma or semicolon; quoted cells may hold newlines.

    An empty cell is an absent field. A record begins at the line that its first cell stands on.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._header: list[str] | None = None
        self._delimiter = ","
        self._open: list[str] = []
        self._open_bytes = 0
        self._begins = 0

    def feed(self, block: bytes) -> Iterator[RawRecord]:
        """The records that `block` completes."""
        return self._records(self._lines.feed(block))

    def close(self) -> Iterator[RawRecord]:
        """The last record, where the body does not end with a newline, or ends inside a quoted cell."""
        yield from self._records(self._lines.close())
        if self._open:
            yield RawRecord(self._begins, Reason("", "wrong_columns"))

    def _records(self, lines: Iterator[tuple[int, bytes | None]]) -> Iterator[RawRecord]:
        for number, line in lines:
            if line is None or self._open_bytes > MAX_LINE_BYTES:
                yield RawRecord(self._begins if self._open else number, _TOO_LONG)
                self._drop()
                continue
            try:
                text = line.decode()
            except UnicodeDecodeError:
                yield RawRecord(number, Reason("", "not_utf8"))
                self._drop()
                continue
            if not self._open:
                self._begins = number
            self._open.append(text)
            self._open_bytes += len(line)
            # A record is complete when its quotes are balanced: an escaped quote counts twice.
            if sum(part.count('"') for part in self._open) % 2 == 0:
                record = self._record("\n".join(self._open))
                begins = self._begins
                self._drop()
                if record is not None:
                    yield RawRecord(begins, record)

    def _drop(self) -> None:
        self._open.clear()
        self._open_bytes = 0

    def _record(self, text: str) -> dict[str, Any] | Reason | None:
        if self._header is None:
            self._delimiter = ";" if text.count(";") > text.count(",") else ","
            self._header = [name.strip() for name in self._cells(text)]
            return None
        if not text.strip():
            return None
        cells = self._cells(text)
        if len(cells) != len(self._header):
            return Reason("", "wrong_columns")
        return nested({name: cell for name, cell in zip(self._header, cells, strict=True) if cell.strip()})

    def _cells(self, text: str) -> list[str]:
        return next(csv.reader([text], delimiter=self._delimiter, strict=False), [])


def nested(cells: dict[str, str]) -> dict[str, Any]:
    """`{"applicant.name": …, "supplements.0.requested_at": …}` as the JSON record would have it."""
    record: dict[str, Any] = {}
    for name, cell in cells.items():
        *path, last = name.split(".")
        place = record
        for part in path:
            found = place.setdefault(part, {})
            place = found if isinstance(found, dict) else {}
        place[last] = cell
    supplements = record.get("supplements")
    if isinstance(supplements, dict) and all(key.isdigit() for key in supplements):
        record["supplements"] = [supplements[key] for key in sorted(supplements, key=int)]
    return record
