"""An export of another system as records of ours, by a mapping file: which of its columns is which field of ours, and
what its words mean. Nothing is guessed: a word that the file does not map is told, and its line does not go in.

The line of a record is the line on which it begins in the export, so that whatever is refused is found there.
"""

import csv
import hashlib
import io
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.language import said
from services.refusals import Mistyped
from shared.domain.civil_time import VIETNAM
from shared.domain.vietnamese import normalised

FIELDS = (
    *("legacy_code", "code", "procedure", "agency", "channel", "case", "submitted_at", "accepted_at", "due_at"),
    *("finished_at", "returned_at", "outcome", "status", "applicant.kind", "applicant.name", "applicant.id_number"),
    *("applicant.phone", "applicant.email", "applicant.address"),
)
_SUPPLEMENT = re.compile(r"supplements\.\d{1,2}\.(requested_at|answered_at)", re.ASCII)
#: What is over with a day where no hour is named; the others begin with it.
_ENDS = ("due_at", "finished_at", "returned_at", "answered_at")
_INSTANTS = ("submitted_at", "accepted_at", "due_at", "finished_at", "returned_at")
#: What a status there may say of a dossier.
Standing = Literal["open", "granted", "refused", "withdrawn", "stopped"]
#: Field → the table of the mapping that says what its words mean, and what they may mean.
WORDS: Mapping[str, tuple[str, tuple[str, ...] | None]] = {
    "agency": ("agencies", None),
    "procedure": ("procedures", None),
    "channel": ("channels", ("counter", "online", "post")),
    "applicant.kind": ("kinds", ("person", "business", "agency", "organisation")),
    "status": ("statuses", ("open", "granted", "refused", "withdrawn", "stopped")),
}
#: The serial number of a day in a spreadsheet: 1 is 1/1/1900, and 29/2/1900, which never was, is counted.
_SHEET_ZERO = date(1899, 12, 30)
_MOST_DAYS = 200_000
_HOURS = re.compile(r"%[HIcXsT]")
_MOST_LINES = 3  # told of a word
_BLOCK = 1 << 20
csv.field_size_limit(1_048_576)

_DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
_Word = Annotated[str, Field(max_length=2000)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Annotated[str, Field(min_length=1, max_length=100)]
    encoding: Literal["utf-8", "utf-16", "windows-1258"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    dates: Annotated[tuple[str, ...], Field(min_length=1, max_length=10)] = _DATES
    cutover: date | None = None
    columns: dict[str, _Word]
    fixed: dict[str, _Word] = {}
    agencies: dict[_Word, _Word] | None = None
    procedures: dict[_Word, _Word] | None = None
    channels: dict[_Word, _Word] = {}
    kinds: dict[_Word, _Word] = {}
    statuses: dict[_Word, _Word] = {}


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping as it was read. digest: of the file. tables: of each field the words there, as they are compared, with
    what they mean; no table: they are ours already. cutover: what was accepted there from that day on does not go
    in."""

    system: str
    digest: str
    encoding: str
    delimiter: str | None
    dates: tuple[str, ...]
    cutover: date | None
    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]


def word_key(text: str) -> str:
    """How words of the other system are compared: spelling, blanks and case are no difference."""
    return normalised(text).casefold()


def read_mapping(file: Path) -> MappingFile:
    """The mapping of a TOML file. Raises Mistyped: what is wrong in it, each in a line."""
    content = file.read_bytes()
    try:
        told = _Told.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise _wrong(file, f"không phải UTF-8 (byte {error.start})", f"is not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise _wrong(file, f"không phải TOML: {error}", f"is no TOML: {error}") from error
    except ValidationError as error:
        places = [".".join(map(str, one["loc"])) + f": {one['msg']}" for one in error.errors(include_url=False)[:10]]
        lines = "\n  ".join(places)
        raise _wrong(file, f"sai ở:\n  {lines}", f"is wrong at:\n  {lines}") from error
    problems = list(_unclear(told))
    if problems:
        lines = "\n  ".join(problems)
        raise _wrong(file, f"sai ở:\n  {lines}", f"is wrong at:\n  {lines}")
    tables = {}
    for name, (table, _) in WORDS.items():
        given = getattr(told, table)
        if given is not None:
            tables[name] = {word_key(theirs): ours for theirs, ours in given.items() if ours}
    columns = {ours: theirs for ours, theirs in told.columns.items() if theirs}
    digest = hashlib.sha256(content).hexdigest()
    return MappingFile(
        told.system, digest, told.encoding, told.delimiter, told.dates, told.cutover, columns, told.fixed, tables
    )


def _unclear(told: _Told) -> Iterator[str]:
    for ours in (*told.columns, *told.fixed):
        if ours not in FIELDS and not _SUPPLEMENT.fullmatch(ours):
            yield f"{ours}: " + said("không có trường này", "there is no such field")
    given = {ours for ours, theirs in (*told.columns.items(), *told.fixed.items()) if theirs}
    for ours in sorted(told.fixed.keys() & {ours for ours, theirs in told.columns.items() if theirs}):
        yield f"{ours}: " + said("nêu cả ở columns lẫn fixed", "stands in columns and in fixed")
    for needed in ("procedure", "agency", "channel", "applicant.kind", "applicant.name", "accepted_at"):
        if needed not in given:
            yield f"columns.{needed}: " + said("phải nêu", "is required")
    for name, (table, allowed) in WORDS.items():
        if allowed is not None and told.fixed.get(name, allowed[0]) not in allowed:
            yield f"fixed.{name}: " + said("phải là một trong", "must be one of") + f" {', '.join(allowed)}"
        seen: dict[str, str] = {}
        for theirs, ours in (getattr(told, table) or {}).items():
            if allowed is not None and ours and ours not in allowed:
                yield f'{table}."{theirs}": ' + said("phải là một trong", "must be one of") + f" {', '.join(allowed)}"
            if seen.setdefault(word_key(theirs), ours) != ours:
                yield f'{table}."{theirs}": ' + said("hai nghĩa khác nhau", "has two meanings")
    for form in told.dates:
        if form != "excel" and not _tells_days(form):
            yield f"dates.{form}: " + said("không đọc ra ngày", "reads no day")


def _tells_days(form: str) -> bool:
    day = datetime(2019, 7, 24, 8, 5, 9)  # noqa: DTZ001 (a form is tried)
    try:
        return datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007
    except ValueError:
        return False


def _wrong(file: Path, vietnamese: str, english: str) -> Mistyped:
    return Mistyped(said(f"{file.name} {vietnamese}", f"{file.name} {english}"))


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
    """What an export holds. unmapped: (field, word) → how often, and on which lines first."""

    lines: int = 0
    records: int = 0
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    unmapped_lines: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    months: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    without_code: int = 0

    def cells(self) -> dict[tuple[str, str], Cell]:
        """Sums by agency and month, YYYY-MM."""
        return {key: Cell(*sums) for key, sums in sorted(self.months.items())}

    def note(self, problem: Problem) -> None:
        """One more line that does not go in."""
        key = (problem.field, problem.code)
        self.problems[key] += 1
        if len(self.first[key]) < _MOST_LINES:
            self.first[key].append(problem.line)


class Export:
    """An export of the other system, read by a mapping. Raises Mistyped: it cannot be read."""

    def __init__(self, file: Path, mapping: MappingFile) -> None:
        self.file = file
        self.mapping = mapping
        self._header = self._read_header()

    def records(self, seen: Seen) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Each line with its record, or why it has none."""
        places = {ours: self._header.index(theirs) for ours, theirs in self.mapping.columns.items()}
        for line, row in self._rows():
            seen.lines += 1
            cells = {ours: row[place].strip() if place < len(row) else "" for ours, place in places.items()}
            for name in WORDS.keys() & cells.keys():
                seen.words[name][cells[name]] += 1
            made = self._record(line, cells, seen, ragged=len(row) > len(self._header))
            if isinstance(made, Problem):
                seen.note(made)
            else:
                seen.records += 1
                _count(seen, made)
            yield line, made

    def _record(self, line: int, cells: Mapping[str, str], seen: Seen, *, ragged: bool) -> dict[str, Any] | Problem:
        if ragged:
            return Problem(line, "", "too_many_cells")
        record: dict[str, Any] = {}
        for name, ours in self.mapping.fixed.items():
            _put(record, name, ours)
        unknown: Problem | None = None
        for name, value in cells.items():
            if not value:
                continue
            if name in WORDS:
                meant = self._meant(name, value)
                if meant is None:
                    key = (name, normalised(value))
                    seen.unmapped[key] += 1
                    if len(seen.unmapped_lines[key]) < _MOST_LINES:
                        seen.unmapped_lines[key].append(line)
                    unknown = unknown or Problem(line, name, "unmapped")
                    continue
                value = meant
            elif name in _INSTANTS or _SUPPLEMENT.fullmatch(name):
                at = self._instant(value, ends=name.endswith(_ENDS))
                if at is None:
                    return Problem(line, name, "not_a_date")
                value = at.isoformat()
            _put(record, name, int(value) if name == "case" and value.isdigit() and value.isascii() else value)
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
        """ends: a day without an hour is meant to its end: a date promised for a day is kept on that day."""
        for form in self.mapping.dates:
            try:
                at = _of_a_sheet(value) if form == "excel" else datetime.strptime(value, form)  # noqa: DTZ007 (below)
            except ValueError:
                continue
            if at is None:
                continue
            if ends and ((form != "excel" and not _HOURS.search(form)) or (form == "excel" and at.time() == time.min)):
                at = at.replace(hour=23, minute=59, second=59)
            return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)
        return None

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line on which it begins, cells); blank lines are passed over."""
        with self._open() as text:
            reader = csv.reader(text, delimiter=self._delimiter(), strict=True)
            before = 0
            try:
                for place, row in enumerate(reader):
                    line, before = before + 1, reader.line_num
                    if place and any(cell.strip() for cell in row):
                        yield line, row
            except csv.Error as error:
                raise _wrong(
                    self.file, f"dòng {reader.line_num}: {error}", f"line {reader.line_num}: {error}"
                ) from error
            except UnicodeError as error:
                form = self.mapping.encoding
                raise _wrong(
                    self.file,
                    f"sau dòng {reader.line_num}: không phải {form}",
                    f"after line {reader.line_num}: is not {form}",
                ) from error

    def _read_header(self) -> list[str]:
        try:
            with self._open() as text:
                header = next(csv.reader(text, delimiter=self._delimiter(), strict=True), [])
        except (csv.Error, UnicodeError) as error:
            form = self.mapping.encoding
            raise _wrong(self.file, f"không đọc được như {form}", f"cannot be read as {form}") from error
        names = [normalised(name) for name in header]
        if not any(names):
            raise _wrong(self.file, "không có cột nào", "has no columns")
        wanted = {theirs: normalised(theirs) for theirs in self.mapping.columns.values()}
        missing = [theirs for theirs, name in wanted.items() if name not in names]
        twice = [theirs for theirs, name in wanted.items() if names.count(name) > 1]
        if missing:
            listed = ", ".join(missing[:10])
            there = ", ".join(names[:40])
            raise _wrong(
                self.file, f"thiếu cột: {listed}\n  có: {there}", f"has no column: {listed}\n  it has: {there}"
            )
        if twice:
            listed = ", ".join(twice[:10])
            raise _wrong(self.file, f"có hai cột cùng tên: {listed}", f"has two columns of one name: {listed}")
        back = {name: theirs for theirs, name in wanted.items()}
        return [back.get(name, name) for name in names]

    def _open(self) -> io.TextIOWrapper:
        encoding = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1258": "cp1258"}[self.mapping.encoding]
        return self.file.open(encoding=encoding, newline="")

    def _delimiter(self) -> str:
        if self.mapping.delimiter is not None:
            return self.mapping.delimiter
        with self._open() as text:
            head = text.readline()
        return max(",;\t|", key=head.count)


def _of_a_sheet(value: str) -> datetime | None:
    days = float(value.replace(",", "."))
    if not 1 <= days < _MOST_DAYS:
        return None
    return datetime.combine(_SHEET_ZERO, time.min) + timedelta(seconds=round(days * 86_400))


def lines_of(export: Export, seen: Seen) -> Iterator[bytes]:
    """The records as NDJSON, each on the line on which it stands in the export; lines that do not go in are blank."""
    at = 0
    for line, made in export.records(seen):
        if isinstance(made, Problem):
            continue
        yield b"\n" * (line - 1 - at) + orjson.dumps(made) + b"\n"
        at = line


def digest_of(file: Path) -> str:
    """SHA-256 of a file."""
    made = hashlib.sha256()
    with file.open("rb") as source:
        while block := source.read(_BLOCK):
            made.update(block)
    return made.hexdigest()


def header_of(file: Path, encoding: str, delimiter: str | None) -> list[str]:
    """The columns of an export."""
    nothing = MappingFile("", "", encoding, delimiter, (), None, {}, {}, {})
    return Export(file, nothing)._header


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    outer, _, rest = name.partition(".")
    if not rest:
        record[name] = value
    elif outer == "applicant":
        record.setdefault("applicant", {})[rest] = value
    else:
        place, _, inner = rest.partition(".")
        record.setdefault("supplements", {}).setdefault(int(place), {})[inner] = value


def _count(seen: Seen, record: dict[str, Any]) -> None:
    if isinstance(record.get("supplements"), dict):
        record["supplements"] = [one for _, one in sorted(record["supplements"].items())]
    seen.without_code += "legacy_code" not in record
    key = (str(record.get("agency", "")), str(record.get("accepted_at", ""))[:7])
    sums = seen.months.setdefault(key, [0, 0, 0, 0])
    sums[0] += 1
    finished, due = record.get("finished_at"), record.get("due_at")
    sums[1] += finished is not None
    if finished is not None and due is not None:
        on_time = datetime.fromisoformat(finished) <= datetime.fromisoformat(due)
        sums[2 if on_time else 3] += 1
