"""An export of another system as records of ours, by a mapping file. Nothing is guessed: a word that the file does not
map is told, and its line does not go in.

The line of a record is the line on which it begins in the export, so that whatever is refused is found there.
"""

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from services.mapping_file import WORDS, MappingFile, is_instant, shown_part, word_key, wrong
from services.refusals import Mistyped
from shared.domain.civil_time import VIETNAM
from shared.domain.vietnamese import normalised

#: What is over with a day where no hour is named; the others begin with it.
_ENDS = ("due_at", "finished_at", "returned_at", "answered_at")
#: The serial number of a day in a spreadsheet: 1 is 1/1/1900, and 29/2/1900, which never was, is counted.
_SHEET_ZERO = date(1899, 12, 30)
_MOST_DAYS = 200_000
_SHEET_NUMBER = re.compile(r"\d{1,6}([.,]\d{1,20})?", re.ASCII)
_HOURS = re.compile(r"%[HIcXsT]")
_HALVES = re.compile(r"\b(SA|CH)\b", re.IGNORECASE)
#: What a spreadsheet leaves of a value that it lost: an error, a column too narrow, the first digits of a long number.
_SPOILT = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)|#{3,}|\d([.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
_MAY_BE_SPOILT = frozenset("=#0123456789")
#: And how it is made to keep the zeros before a number: a formula that is nothing but a text.
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_CASE = re.compile(r"\d{1,4}", re.ASCII)
_MOST_LINES = 3  # told of a word
_MOST_KEPT = 10_000  # line numbers of what does not go in, of each kind
#: Of one column that has words. More are no words: it is another column.
_MOST_DIFFERENT = 20_000
_MOST_NAMED = 40
_BLOCK = 1 << 20
#: Letters of a line. No record of ours is a quarter of it, and a file without lines is not read into memory.
_LONGEST_LINE = 4_194_304
csv.field_size_limit(1_048_576)

_ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1258": "cp1258"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
#: The first line with which some programs say how cells are parted.
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)


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
        return {key: Cell(*sums) for key, sums in sorted(self.months.items())}

    def to_compare(self) -> dict[tuple[str, str], Cell]:
        """The same of what can be held against what is here."""
        return {key: Cell(*sums) for key, sums in sorted(self.compared.items())}

    def note(self, problem: Problem) -> None:
        """One more line that does not go in."""
        key = (problem.field, problem.code)
        self.problems[key] += 1
        if len(self.first[key]) < _MOST_KEPT:
            self.first[key].append(problem.line)


class Export:
    """An export of the other system, read by a mapping, several times. Raises Mistyped: it cannot be read, or was
    changed meanwhile."""

    def __init__(self, file: Path, mapping: MappingFile) -> None:
        self.file = file
        self.mapping = mapping
        if not file.is_file():
            raise wrong(
                file,
                "phải là một tệp thường: nó được đọc nhiều lần",
                "has to be a regular file: it is read more than once",
            )
        self._instants = frozenset(filter(is_instant, mapping.columns))
        self._state = self._now()
        self._need_text()
        self._announced = self._separator_line()
        self.header = self._read_header()

    def records(self, seen: Seen) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Each line with its record, or why it has none."""
        places = {ours: self.header.index(theirs) for ours, theirs in self.mapping.columns.items()}
        last = max(places.values(), default=0)
        for line, row in self._rows():
            seen.lines += 1
            cells = {ours: row[place].strip() if place < len(row) else "" for ours, place in places.items()}
            for name in WORDS.keys() & cells.keys():
                self._note_word(seen.words[name], name, cells[name])
            made: dict[str, Any] | Problem
            if last >= len(row):
                made = Problem(line, "", "too_few_cells")
            elif len(row) > len(self.header):
                made = Problem(line, "", "too_many_cells")
            else:
                made = _once(seen, line, self._record(line, cells, seen))
            if isinstance(made, Problem):
                seen.note(made)
            else:
                seen.records += 1
                _count(seen, made)
            yield line, made
        self.need_unchanged()

    def need_unchanged(self) -> None:
        """Nobody wrote into it since it was opened. Raises Mistyped."""
        if self._now() != self._state:
            raise wrong(
                self.file,
                "bị thay đổi trong khi đọc; hãy chạy lại khi không còn ai ghi vào tệp",
                "was changed while it was read; run this again when nobody writes into it",
            )

    def _now(self) -> tuple[int, int, int]:
        with _readable(self.file):
            found = self.file.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _note_word(self, words: Counter[str], name: str, word: str) -> None:
        if word not in words and len(words) >= _MOST_DIFFERENT:
            column = shown_part(self.mapping.columns[name])
            raise wrong(
                self.file,
                f"cột {column} có hơn {_MOST_DIFFERENT} giá trị khác nhau; hãy xem lại columns.{name} ở tệp ánh xạ",
                f"column {column} holds more than {_MOST_DIFFERENT} words; mind columns.{name} in the mapping",
            )
        words[word] += 1

    def _record(self, line: int, cells: Mapping[str, str], seen: Seen) -> dict[str, Any] | Problem:
        record: dict[str, Any] = {}
        for name, ours in self.mapping.fixed.items():
            if ours:
                _put(record, name, ours)
        unknown: Problem | None = None
        for name, given in cells.items():
            value = _unwrapped(given) if given[:2] == '="' else given
            if name in WORDS:
                if not value and "" not in self.mapping.tables.get(name, {}):
                    continue
                meant = self._meant(name, value)
                if meant is None:
                    key = (name, normalised(value))
                    seen.unmapped[key] += 1
                    if len(seen.unmapped_lines[key]) < _MOST_LINES:
                        seen.unmapped_lines[key].append(line)
                    unknown = unknown or Problem(line, name, "unmapped")
                    continue
                value = meant
            elif not value:
                continue
            elif value[0] in _MAY_BE_SPOILT and (value[0] == "=" or _SPOILT.fullmatch(value)):
                return Problem(line, name, "spoilt")
            elif name in self._instants:
                at = self._instant(value, ends=name.endswith(_ENDS))
                if at is None:
                    return Problem(line, name, "not_a_date")
                value = at.isoformat()
            _put(record, name, value)
        if unknown is not None:
            return unknown
        return self._stood(line, record)

    def _stood(self, line: int, record: dict[str, Any]) -> dict[str, Any] | Problem:
        """The record with what its status says, if that goes with its dates."""
        status, finished = record.pop("status", None), "finished_at" in record
        if status == "open" and finished:
            return Problem(line, "status", "open_with_an_end")
        if status not in (None, "open"):
            if not finished:
                return Problem(line, "finished_at", "ended_without_a_date")
            record.setdefault("outcome", status)
        accepted = record.get("accepted_at")
        if self.mapping.cutover is not None and accepted and accepted[:10] >= self.mapping.cutover.isoformat():
            return Problem(line, "accepted_at", "after_the_cutover")
        return record

    def _meant(self, name: str, value: str) -> str | None:
        table = self.mapping.tables.get(name)
        if table is None:
            return value
        return table.get(word_key(value))

    def _instant(self, value: str, *, ends: bool) -> datetime | None:
        """On the clocks of Vietnam. ends: a day without an hour is meant to its end: a date promised for a day is kept
        on that day."""
        for form in self.mapping.dates:
            try:
                at = _of_a_sheet(value) if form == "excel" else _written_as(value, form)
            except ValueError:
                continue
            if at is None:
                continue
            if ends and ((form != "excel" and not _HOURS.search(form)) or (form == "excel" and at.time() == time.min)):
                at = at.replace(hour=23, minute=59, second=59)
            try:
                return at.replace(tzinfo=VIETNAM) if at.tzinfo is None else at.astimezone(VIETNAM)
            except OverflowError:  # the first or last hours that there are
                return None
        return None

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line on which it begins, cells); blank lines are passed over."""
        with _readable(self.file), self._open() as text:
            ahead = 0
            if self._announced:
                text.readline(_LONGEST_LINE)
                ahead = 1
            reader = csv.reader(self._lines(text, ahead), delimiter=self._delimiter(), strict=True)
            line, before = ahead + 1, ahead
            try:
                for place, row in enumerate(reader):
                    line, before = before + 1, ahead + reader.line_num
                    if place and any(cell.strip() for cell in row):
                        yield line, row
            except csv.Error as error:
                raise _broken(self.file, before + 1, error) from error
            except UnicodeError as error:
                raise self._not_in_its_encoding(ahead + reader.line_num) from error

    def _lines(self, text: io.TextIOWrapper, ahead: int) -> Iterator[str]:
        number = ahead
        while line := text.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
                raise wrong(
                    self.file,
                    f"dòng {number} dài hơn {_LONGEST_LINE} chữ; hãy xem tệp có đúng là CSV không",
                    f"line {number} is longer than {_LONGEST_LINE} letters; see whether it is CSV at all",
                )
            yield line

    def _not_in_its_encoding(self, line: int) -> Mistyped:
        form = self.mapping.encoding
        return wrong(
            self.file,
            f"sau dòng {line}: không phải {form}; hãy xem lại encoding, hoặc xuất lại tệp nếu tệp bị cắt",
            f"after line {line}: is not {form}; mind the encoding, or export it again if it was cut off",
        )

    def _read_header(self) -> list[str]:
        with _readable(self.file), self._open() as text:
            try:
                if self._announced:
                    text.readline(_LONGEST_LINE)
                ahead = int(self._announced is not None)
                header = next(csv.reader(self._lines(text, ahead), delimiter=self._delimiter(), strict=True), [])
            except csv.Error as error:
                raise _broken(self.file, 1, error) from error
            except UnicodeError as error:
                raise self._not_in_its_encoding(0) from error
        names = [normalised(name) for name in header]
        if not any(names):
            raise wrong(
                self.file,
                "không có cột nào; dòng đầu phải là tên các cột",
                "has no columns; its first line has to name them",
            )
        wanted = dict.fromkeys(self.mapping.columns.values())
        missing = [name for name in wanted if name not in names]
        twice = [name for name in wanted if names.count(name) > 1]
        if missing:
            listed, there = ", ".join(map(shown_part, missing[:10])), ", ".join(map(shown_part, names[:_MOST_NAMED]))
            raise wrong(
                self.file,
                f"thiếu cột: {listed}\n  có: {there}\n  Tên cột hiện sai chữ hay dính liền thì sửa encoding, delimiter"
                " trong tệp ánh xạ.",
                f"has no column: {listed}\n  it has: {there}\n  Where these look broken or stick together, mind"
                " encoding and delimiter in the mapping.",
            )
        if twice:
            listed = ", ".join(map(shown_part, twice[:10]))
            raise wrong(
                self.file,
                f"có hai cột cùng tên: {listed}; hãy đổi tên một cột trong tệp xuất",
                f"has two columns of one name: {listed}; rename one of them in the export",
            )
        return names

    def _need_text(self) -> None:
        """What is plainly something else than the mapping says is told as that, before it is read as garbage."""
        with _readable(self.file), self.file.open("rb") as source:
            head = source.read(65_536)
        form = self.mapping.encoding
        if head.startswith(_WORKBOOKS):
            raise wrong(
                self.file,
                "là tệp bảng tính; hãy lưu thành CSV UTF-8 rồi chạy lại",
                "is a workbook; save it as CSV UTF-8, and run this again",
            )
        if head.startswith(_PACKED):
            raise wrong(self.file, "là tệp nén; hãy giải nén trước", "is packed; unpack it first")
        is_it = None
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            is_it = "utf-16"
        elif head.startswith(b"\xef\xbb\xbf") or (form == "windows-1258" and _is_utf_8(head)):
            is_it = "utf-8"
        if is_it is not None and is_it != form:
            raise wrong(
                self.file,
                f'là {is_it}, không phải {form}; hãy ghi encoding = "{is_it}" (với draft: --encoding {is_it})',
                f'is {is_it} and not {form}; write encoding = "{is_it}" (for draft: --encoding {is_it})',
            )

    def _separator_line(self) -> str | None:
        with _readable(self.file), self._open() as text:
            try:
                found = _SEPARATOR.fullmatch(text.readline(_LONGEST_LINE).rstrip("\r\n"))
            except UnicodeError:  # told with its line when the header is read
                return None
        return found[1] if found else None

    def _open(self) -> io.TextIOWrapper:
        return self.file.open(encoding=_ENCODINGS[self.mapping.encoding], newline="")

    def _delimiter(self) -> str:
        given = self.mapping.delimiter or self._announced
        if given is not None:
            return given
        with self._open() as text:
            head = text.readline(_LONGEST_LINE)
        return max(",;\t|", key=head.count)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """What the file system refuses is told with the file's name."""
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise wrong(file, f"không đọc được ({why})", f"cannot be read ({why})") from error


def _is_utf_8(head: bytes) -> bool:
    """Whether there are letters of more than one byte in it, and all of them are such: by chance they never are."""
    if head.isascii():
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        cut_within = error.reason == "unexpected end of data" and error.start > len(head) - 4
        return cut_within and not head[: error.start].isascii()
    return True


def _broken(file: Path, line: int, error: csv.Error) -> Mistyped:
    """What the reader of CSV says, with the line on which the record begins: an open quote runs on to the end."""
    told = str(error)
    if "field limit" in told:
        why = ("một ô quá dài, thường do thiếu dấu nháy đóng", "a cell is too long, mostly as a quote is not closed")
    elif "expected after" in told:
        why = (
            "sau dấu nháy đóng còn chữ; dấu nháy trong ô phải viết hai lần",
            "text follows a closing quote; a quote within a cell is written twice",
        )
    elif "end of data" in told:
        why = ("dấu nháy mở mà không đóng, hoặc tệp bị cắt", "a quote is not closed, or the file was cut off")
    else:
        why = (told, told)
    return wrong(file, f"bản ghi bắt đầu ở dòng {line}: {why[0]}", f"the record that begins on line {line}: {why[1]}")


def _unwrapped(value: str) -> str:
    """A text that a spreadsheet was kept from taking for a number: ="0123"."""
    found = _AS_TEXT.fullmatch(value)
    return found[1].replace('""', '"').strip() if found else value


def _written_as(value: str, form: str) -> datetime:
    """Raises ValueError. Halves of the day in Vietnamese too: 8:10 SA, 2:30 CH."""
    if "%p" in form:
        value = _HALVES.sub(lambda half: "AM" if half[0].upper() == "SA" else "PM", value)
    return datetime.strptime(value, form)  # noqa: DTZ007 (the clocks of Vietnam, unless it says others)


def _of_a_sheet(value: str) -> datetime | None:
    if not _SHEET_NUMBER.fullmatch(value):
        return None
    days = float(value.replace(",", "."))
    if not 1 <= days < _MOST_DAYS:
        return None
    return datetime.combine(_SHEET_ZERO, time.min) + timedelta(seconds=round(days * 86_400))


def lines_of(export: Export, seen: Seen) -> Iterator[bytes]:
    """The records as NDJSON, each on the line on which it stands in the export; lines that do not go in are blank, and
    sent as such: an upload that is silent for long is given up."""
    at = 0
    for line, made in export.records(seen):
        blank = b"\n" * (line - 1 - at)
        yield blank if isinstance(made, Problem) else blank + orjson.dumps(made) + b"\n"
        at = line - 1 if isinstance(made, Problem) else line


def digest_of(file: Path) -> str:
    """SHA-256 of a file."""
    made = hashlib.sha256()
    with _readable(file), file.open("rb") as source:
        while block := source.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def header_of(file: Path, encoding: str, delimiter: str | None) -> list[str]:
    """The columns of an export."""
    return Export(file, MappingFile("", "", encoding, delimiter, (), None, {}, {}, {}, {})).header


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    outer, _, rest = name.partition(".")
    if not rest:
        record[name] = int(value) if name == "case" and _CASE.fullmatch(value) else value
    elif outer == "applicant":
        record.setdefault("applicant", {})[rest] = value
    else:
        place, _, inner = rest.partition(".")
        record.setdefault("supplements", {}).setdefault(int(place), {})[inner] = value


def _once(seen: Seen, line: int, made: dict[str, Any] | Problem) -> dict[str, Any] | Problem:
    """Each code there is one dossier: of several lines the first that can goes in."""
    if isinstance(made, Problem) or "legacy_code" not in made:
        return made
    name = made["legacy_code"]
    code = hash(name if name.isascii() and name.isprintable() and "  " not in name else normalised(name))
    if code in seen.codes:
        return Problem(line, "legacy_code", "repeated")
    seen.codes.add(code)
    return made


def _count(seen: Seen, record: dict[str, Any]) -> None:
    if isinstance(record.get("supplements"), dict):
        record["supplements"] = [one for _, one in sorted(record["supplements"].items())]
    key = (str(record.get("agency", "")), str(record.get("accepted_at", ""))[:7])
    finished, due = record.get("finished_at"), record.get("due_at")
    sums = [1, int(finished is not None), 0, 0]
    if finished is not None and due is not None:
        on_time = datetime.fromisoformat(finished) <= datetime.fromisoformat(due)
        sums[2 if on_time else 3] = 1
    _add(seen.months, key, sums)
    if "legacy_code" in record:
        _add(seen.compared, key, sums)
    else:
        seen.without_code += 1


def _add(months: dict[tuple[str, str], list[int]], key: tuple[str, str], sums: list[int]) -> None:
    there = months.setdefault(key, [0, 0, 0, 0])
    for place, one in enumerate(sums):
        there[place] += one
