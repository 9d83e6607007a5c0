"""A body as a stream of records: NDJSON or CSV, split without ever holding more than one line too many."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from shared.contracts.intake import ApplicantIn, ImportRecord
from shared.web.problems import Reason, invalid

MAX_LINE_BYTES = 1_048_576
#: Columns without which no record of a CSV can land.
REQUIRED = frozenset({"procedure", "agency", "channel", "applicant.kind", "applicant.name", "accepted_at"})
_SUPPLEMENT = re.compile(r"\d{1,2}\.(requested_at|answered_at)", re.ASCII)
csv.field_size_limit(MAX_LINE_BYTES)
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
        self._quoted = False
        self._open_bytes = 0
        self._begins = 0
        self._quote_line = 0

    def feed(self, block: bytes) -> Iterator[RawRecord]:
        """The records that `block` completes."""
        return self._records(self._lines.feed(block))

    def close(self) -> Iterator[RawRecord]:
        """The last record, where the body does not end with a newline, or ends inside a quoted cell."""
        yield from self._records(self._lines.close())
        if self._open:
            yield RawRecord(self._begins, self._unclosed())

    def _records(self, lines: Iterator[tuple[int, bytes | None]]) -> Iterator[RawRecord]:
        for number, line in lines:
            if line is None or self._open_bytes > MAX_LINE_BYTES:
                # Lines that add up to one too long are one record only because a quote is open.
                yield RawRecord(self._begins, self._unclosed()) if self._open else RawRecord(number, _TOO_LONG)
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
            self._open_bytes += len(line) + 1
            # A record is complete when its quotes are balanced: an escaped quote counts twice.
            quotes = text.count('"')
            self._quoted ^= quotes % 2 == 1
            if self._quoted and quotes:
                self._quote_line = number
            if not self._quoted:
                record = self._record("\n".join(self._open))
                begins = self._begins
                self._drop()
                if record is not None:
                    yield RawRecord(begins, record)

    def _unclosed(self) -> Reason:
        return Reason("", "quote_not_closed", {"line": self._quote_line})

    def _drop(self) -> None:
        self._open.clear()
        self._open_bytes = 0
        self._quoted = False

    def _record(self, text: str) -> dict[str, Any] | Reason | None:
        if self._header is None:
            self._delimiter = ";" if text.count(";") > text.count(",") else ","
            self._header = [name.strip() for name in self._cells(text) or ()]
            names = set(self._header)
            if len(names) < len(self._header) or not names >= REQUIRED or not all(map(_known, names)):
                # Every record would be refused for it, so it is said once, before any of them.
                raise invalid("header", "unknown_columns", expected=", ".join(sorted(REQUIRED)))
            return None
        if not text.strip():
            return None
        cells = self._cells(text)
        if cells is None or len(cells) != len(self._header):
            return Reason("", "wrong_columns")
        return nested({name: cell for name, cell in zip(self._header, cells, strict=True) if cell.strip()})

    def _cells(self, text: str) -> list[str] | None:
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=False), [])
        except csv.Error:
            return None


def _known(column: str) -> bool:
    first, _, rest = column.partition(".")
    if first == "supplements":
        return _SUPPLEMENT.fullmatch(rest) is not None
    if first == "applicant":
        return rest in ApplicantIn.model_fields
    return not rest and first in ImportRecord.model_fields


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
    if isinstance(supplements, dict) and all(key.isascii() and key.isdigit() for key in supplements):
        record["supplements"] = [supplements[key] for key in sorted(supplements, key=int)]
    return record
