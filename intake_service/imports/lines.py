"""A body as a stream of records: NDJSON or CSV, split without ever holding more than one line too many."""

import csv
import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol

from shared.contracts.intake import ApplicantIn, ImportRecord
from shared.web.problems import Problem, Reason

MAX_LINE_BYTES = 1_048_576
#: Columns without which no record of a CSV can land.
REQUIRED = frozenset({"procedure", "agency", "channel", "applicant.kind", "applicant.name", "accepted_at"})
_MOST_PLACES = 20  # told of the columns that are wrong
_SUPPLEMENT = re.compile(r"\d{1,2}\.(requested_at|answered_at)", re.ASCII)
#: Columns that are numbers in JSON: a cell is always text.
_NUMBERS = frozenset({"case"})
_DIGITS = re.compile(r"\d{1,4}", re.ASCII)
csv.field_size_limit(MAX_LINE_BYTES)
_BOM = b"\xef\xbb\xbf"


class RawRecord(NamedTuple):
    """A record before anybody looked at what it says: JSON text or a dict of cells, or why it is neither."""

    line: int
    content: bytes | dict[str, Any] | Reason
    #: The line that it ends on, where that is another: quotes hold lines together.
    last: int | None = None


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
_NOT_UTF8 = Reason("", "not_utf8")
_WRONG_COLUMNS = Reason("", "wrong_columns")


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


class _Quotes(Enum):
    BALANCED = auto()  #: the record ends with the line
    OPEN = auto()  #: it goes on in the next one
    BROKEN = auto()  #: a quoted cell goes on behind its closing quote


class CsvReader:
    """RFC 4180 with a header of dotted names; comma or semicolon; quoted cells may hold newlines.

    A quote opens a cell only where the cell begins; elsewhere it is a letter. One that opened a cell closes it, so
    behind it stands the end of the cell or the file is broken there. An empty cell is an absent field. A record begins
    at the line that its first cell stands on.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._header: list[str] | None = None
        self._delimiter = ","
        self._open: list[str] = []
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
            yield self._broken(self._begins + len(self._open) - 1)

    def _records(self, lines: Iterator[tuple[int, bytes | None]]) -> Iterator[RawRecord]:
        for number, line in lines:
            text = _TOO_LONG if line is None else _decoded(line)
            if isinstance(text, Reason):
                if self._open:
                    yield self._broken(number - 1)
                yield RawRecord(number, text)
                continue
            if self._open:
                state = self._scanned(text, number, quoted=True)
                if state is _Quotes.BROKEN and self._quote_line < number:
                    # What opened long before ends in the middle of a cell: this line is one of its own.
                    yield self._broken(number - 1)
                else:
                    self._open.append(text)
                    self._open_bytes += len(text) + 1
                    if state is _Quotes.BALANCED:
                        yield self._of_lines(number)
                    elif state is _Quotes.BROKEN or self._open_bytes > MAX_LINE_BYTES:
                        yield self._broken(number)
                    continue
            record = self._of_line(text, number)
            if record is not None:
                yield record

    def _of_line(self, text: str, number: int) -> RawRecord | None:
        """The record on a line at which none is open; None: nothing stands there, or it is the header, or goes on."""
        if self._header is None:
            self._header = self._checked_header(text)
            return None
        if not text.strip():
            return None
        cells = self._cells(text)
        if cells is not None:
            record = self._record(cells)
            return RawRecord(number, _WRONG_COLUMNS if record is None else record)
        self._begins = number
        match self._scanned(text, number, quoted=False):
            case _Quotes.BALANCED:
                return RawRecord(number, _WRONG_COLUMNS)
            case _Quotes.BROKEN:
                return self._broken(number)
            case _Quotes.OPEN:
                self._open.append(text)
                self._open_bytes = len(text)
                return None

    def _of_lines(self, last: int) -> RawRecord:
        begins, cells = self._begins, self._cells("\n".join(self._open))
        self._open.clear()
        record = self._record(cells) if cells is not None else None
        return RawRecord(begins, lines_as_one(begins, last) if record is None else record, last)

    def _broken(self, last: int) -> RawRecord:
        begins = self._begins
        self._open.clear()
        return RawRecord(
            begins, Reason("", "quote_not_closed", {"line": self._quote_line, "first": begins, "last": last}), last
        )

    def _scanned(self, text: str, number: int, *, quoted: bool) -> _Quotes:
        """How the quotes stand at the end of a line."""
        opening = self._delimiter + '"'
        at = 0
        if not quoted and text.startswith('"'):
            quoted, at, self._quote_line = True, 1, number
        while True:
            if not quoted:
                found = text.find(opening, at)
                if found < 0:
                    return _Quotes.BALANCED
                at, self._quote_line = found + 2, number
            end = text.find('"', at)
            while end >= 0 and text.startswith('"', end + 1):
                end = text.find('"', end + 2)
            if end < 0:
                return _Quotes.OPEN
            at = end + 1
            if at == len(text):
                return _Quotes.BALANCED
            if text[at] != self._delimiter:
                return _Quotes.BROKEN
            quoted = False

    def _checked_header(self, text: str) -> list[str]:
        self._delimiter = ";" if text.count(";") > text.count(",") else ","
        header = [name.strip() for name in self._cells(text) or ()]
        if wrong := list(_header_refused(header)):
            # Every record would be refused for it, so it is said once, before any of them.
            raise Problem("invalid_request", *wrong)
        return header

    def _record(self, cells: list[str]) -> dict[str, Any] | None:
        """What the cells say; None: they are not as many as the header's."""
        assert self._header is not None, "the first line is the header"
        if len(cells) != len(self._header):
            return None
        return nested({name: cell for name, cell in zip(self._header, cells, strict=True) if cell.strip()})

    def _cells(self, text: str) -> list[str] | None:
        """The cells of a whole record; None: it is not whole, or broken."""
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return None


def lines_as_one(first: int, last: int) -> Reason:
    """Of a record that cannot land: which lines went with it."""
    return Reason("", "lines_as_one", {"first": first, "last": last})


def _decoded(line: bytes) -> str | Reason:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return _NOT_UTF8


def _header_refused(header: list[str]) -> Iterator[Reason]:
    """All that is wrong with a header. A column of the client's is told by its place: its name may be anything, even a
    person's, where the file has no header at all."""
    if missing := sorted(REQUIRED - set(header)):
        yield Reason("header", "missing_columns", {"columns": ", ".join(f'"{name}"' for name in missing)})
    if unknown := [place for place, name in enumerate(header, 1) if not _known(name)]:
        yield Reason("header", "unknown_columns", {"positions": _places(unknown)})
    if repeated := [place for place, name in enumerate(header, 1) if name in header[: place - 1] and _known(name)]:
        yield Reason("header", "repeated_columns", {"positions": _places(repeated)})


def _places(places: list[int]) -> str:
    more = " …" if len(places) > _MOST_PLACES else ""
    return ", ".join(map(str, places[:_MOST_PLACES])) + more


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
        place[last] = int(cell) if name in _NUMBERS and _DIGITS.fullmatch(cell.strip()) else cell
    supplements = record.get("supplements")
    if isinstance(supplements, dict) and all(key.isascii() and key.isdigit() for key in supplements):
        record["supplements"] = [supplements[key] for key in sorted(supplements, key=int)]
    return record
