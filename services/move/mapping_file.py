"""A mapping file: which column of another system is which field of ours, and what its words mean. What is wrong in it
is told before anything of the export is read."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from services.language import said
from services.refusals import Mistyped
from shared.domain.vietnamese import has_letter_or_digit, normalised

FIELDS = (
    *("legacy_code", "code", "procedure", "agency", "channel", "case", "submitted_at", "accepted_at", "due_at"),
    *("finished_at", "returned_at", "outcome", "status", "applicant.kind", "applicant.name", "applicant.id_number"),
    *("applicant.phone", "applicant.email", "applicant.address"),
)
_SUPPLEMENT = re.compile(r"supplements\.\d{1,2}\.(requested_at|answered_at)", re.ASCII)
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
_OUTCOMES = ("granted", "refused", "withdrawn", "stopped")
_CASE = re.compile(r"[1-9]\d?", re.ASCII)
#: All words of a province with their codes fit in a tenth of it.
_MOST_BYTES = 4_194_304
#: Names within names. No field of ours has more than three; the parser's memory grows by the square of how many.
_DEEP = re.compile(r"""(?<![\w."'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){10}""")
#: Places that are told at once, and letters of each: a file of another kind is nothing but mistakes.
_MOST_TOLD = 10
_LONGEST = 80
_DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
#: Two forms that read this day as another one are no two forms of one export. It has an offset, as some forms do.
_PROBE = datetime(2011, 3, 4, 8, 5, 9, tzinfo=UTC)
_Word = Annotated[str, Field(max_length=2000)]


def _day(value: object) -> object:
    """A day and nothing else: numbers are no instants of 1970, and an hour of a cut-over would be passed over."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> object:
    raise PydanticCustomError("day", "no day")


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Annotated[str, Field(min_length=1, max_length=100)]
    encoding: Literal["utf-8", "utf-16", "windows-1258"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    dates: Annotated[tuple[str, ...], Field(min_length=1, max_length=10)] = _DATES
    cutover: Annotated[date, BeforeValidator(_day)] | None = None
    columns: dict[str, _Word]
    fixed: dict[str, _Word] = {}
    agencies: dict[_Word, _Word] | None = None
    procedures: dict[_Word, _Word] | None = None
    channels: dict[_Word, _Word] | None = None
    kinds: dict[_Word, _Word] | None = None
    statuses: dict[_Word, _Word] | None = None


#: What stands above the tables. In TOML a line below a table's name belongs to that table.
_ABOVE = ("system", "encoding", "delimiter", "dates", "cutover")


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping as it was read. digest: of the file. tables: of each field the words there, as they are compared, with
    what they mean; no table: they are ours already. named: the tables that stand in the file, be they empty, with the
    words that they name, be they blank. cutover: what was accepted there from that day on does not go in."""

    system: str
    digest: str
    encoding: str
    delimiter: str | None
    dates: tuple[str, ...]
    cutover: date | None
    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]
    named: Mapping[str, frozenset[str]]


def word_key(text: str) -> str:
    """How words of the other system are compared: spelling, blanks and case are no difference."""
    return normalised(text).casefold()


def is_supplement(name: str) -> bool:
    """Whether a field is an instant of a request to supplement."""
    return _SUPPLEMENT.fullmatch(name) is not None


def is_instant(name: str) -> bool:
    """Whether a field is an instant."""
    return name in _INSTANTS or is_supplement(name)


def shown_part(text: str) -> str:
    """What stands in somebody's file, as it may stand in a message: short, and without what a terminal would obey."""
    seen = "".join(char if char.isprintable() else "\ufffd" for char in text[: _LONGEST + 1])
    return seen if len(seen) <= _LONGEST else f"{seen[:_LONGEST]}…"


def wrong(file: Path, vietnamese: str, english: str) -> Mistyped:
    """What is wrong with a file, and what to do."""
    return Mistyped(said(f"{file.name}: {vietnamese}", f"{file.name}: {english}"))


def _wrong_at(file: Path, places: list[str]) -> Mistyped:
    lines = "\n  ".join(places[:_MOST_TOLD])
    more = len(places) - _MOST_TOLD
    end = said(f"\n  … và {more} chỗ nữa", f"\n  … and {more} more") if more > 0 else ""
    return wrong(file, f"tệp ánh xạ sai ở:\n  {lines}{end}", f"the mapping is wrong at:\n  {lines}{end}")


def read_mapping(file: Path) -> MappingFile:
    """The mapping of a TOML file. Raises Mistyped: what is wrong in it, each in a line."""
    content = _content(file)
    try:
        told = _Told.model_validate(_flattened(file, _toml(file, content)))
    except ValidationError as error:
        raise _wrong_at(file, [_why(one) for one in error.errors(include_url=False)]) from error
    problems = list(_unclear(told))
    if problems:
        raise _wrong_at(file, problems)
    tables: dict[str, Mapping[str, str]] = {}
    named = {}
    for name, (table, allowed) in WORDS.items():
        given = getattr(told, table)
        if given is not None or allowed is not None:
            tables[name] = {word_key(theirs): ours for theirs, ours in (given or {}).items() if ours}
        if given is not None:
            named[name] = frozenset(map(word_key, given))
    columns = {ours: normalised(theirs) for ours, theirs in told.columns.items() if normalised(theirs)}
    digest = hashlib.sha256(content).hexdigest()
    return MappingFile(
        told.system, digest, told.encoding, told.delimiter, told.dates, told.cutover, columns, told.fixed, tables, named
    )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            content = source.read(_MOST_BYTES + 1)
    except OSError as error:
        raise wrong(file, f"không đọc được ({error.strerror})", f"cannot be read ({error.strerror})") from error
    if len(content) > _MOST_BYTES:
        raise wrong(
            file,
            "quá lớn để là tệp ánh xạ; hãy xem lại tên tệp sau --mapping",
            "is too large for a mapping file: mind the name after --mapping",
        )
    return content


def _toml(file: Path, content: bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")
        if deep := _DEEP.search(text):
            raise ValueError(f"too deep (at line {text.count(chr(10), 0, deep.start()) + 1}, column 1)")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise wrong(
            file,
            f"không phải UTF-8 (byte {error.start}); hãy lưu lại tệp ánh xạ theo UTF-8",
            f"is not UTF-8 (byte {error.start}); save the mapping file as UTF-8",
        ) from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is none of tomllib's own errors
        told = str(error)
        place = _place(told)
        why = next((words for pattern, *words in _SYNTAX if re.search(pattern, told)), _OTHERWISE)
        vietnamese, english = (f"{text}{place}" for text in why)
        raise wrong(
            file,
            f"không phải TOML: {vietnamese}. Mẫu ở docs/move.md",
            f"is no TOML: {english}. docs/move.md shows one",
        ) from error


_OTHERWISE = ("sai cú pháp", "it is not written as TOML is")
#: What the parser says → what to look for.
_SYNTAX = (
    (
        r"overwrite a value|twice|[Dd]uplicate|immutable",
        "một tên hoặc một bảng nêu hai lần",
        "a name or a table stands twice",
    ),
    (
        r"Invalid value|Expected newline",
        'giá trị là chữ phải nằm trong dấu nháy thẳng "…", ngày viết 2026-12-01',
        'a text stands in straight quotes "…", a day is written 2026-12-01',
    ),
    (
        r"Invalid statement|key part|Expected '=' after a key",
        'tên có dấu, dấu cách hoặc ký hiệu phải nằm trong dấu nháy thẳng: "Trực tiếp" = "counter"',
        'a name with marks, blanks or signs stands in straight quotes: "Trực tiếp" = "counter"',
    ),
    (r"Unterminated|Illegal character|Unescaped|Expected '\"'", "thiếu dấu nháy đóng", "a quote is not closed"),
    (r"too deep", "quá nhiều tên lồng nhau", "too many names within names"),
    (r"date or datetime", "không có ngày này", "there is no such day"),
)


def _place(told: str) -> str:
    found = re.search(r"\(at line (\d+), column (\d+)\)", told)
    if found is None:
        return said(" (ở cuối tệp)", " (at its end)") if "end of document" in told else ""
    return said(f" (dòng {found[1]}, cột {found[2]})", f" (line {found[1]}, column {found[2]})")


def _flattened(file: Path, told: dict[str, Any]) -> dict[str, Any]:
    """`applicant.name` without quotes is a table in a table to TOML: meant is the field of that name."""
    for table in ("columns", "fixed"):
        given = told.get(table)
        if not isinstance(given, dict):
            continue
        names = [name for name, _ in _flat(given)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            why = said("nêu hai lần", "stands twice")
            raise _wrong_at(file, [f"{table}.{shown_part(name)}: {why}" for name in twice])
        told[table] = dict(_flat(given))
    return told


def _flat(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        whole = f"{before}{name}"
        if isinstance(value, dict) and whole.count(".") < 2:
            yield from _flat(value, f"{whole}.")
        else:
            yield whole, value


def _why(error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    return f"{shown_part('.'.join(path))}: {_said_of(error, path)}"


def _said_of(error: ErrorDetails, path: list[str]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if len(path) > 1 and path[-1] in _ABOVE:
        return _belongs_above()
    match kind:
        case "missing":
            return said("phải nêu", "is required")
        case "extra_forbidden":
            return said("không có mục này", "there is no such entry")
        case "literal_error":
            return said("phải là một trong", "must be one of") + f" {context['expected'].replace(' or ', ', ')}"
        case "string_type":
            return said(
                'phải là chữ trong dấu nháy thẳng: "…" (mã số cũng vậy)',
                'has to be a text in straight quotes: "…" (codes of digits too)',
            )
        case "string_too_short":
            return said("không được để trống", "must not be empty")
        case "string_too_long":
            return said(f"nhiều nhất {context['max_length']} chữ", f"has {context['max_length']} letters at most")
        case "dict_type":
            return said(f"phải là một bảng: [{shown_part(path[-1])}]", f"has to be a table: [{shown_part(path[-1])}]")
        case "tuple_type" | "too_short" | "too_long":
            return said('phải là danh sách 1–10 mẫu: ["%d/%m/%Y"]', 'has to be a list of 1 to 10 forms: ["%d/%m/%Y"]')
        case "day":
            return said("phải là một ngày: 2026-12-01", "has to be a day: 2026-12-01")
    return said("giá trị sai", error["msg"])


def _belongs_above() -> str:
    return said("phải đứng trên bảng đầu tiên, ở đầu tệp", "belongs above the first table, at the head of the file")


def _unclear(told: _Told) -> Iterator[str]:
    """What each part may be, and together is not."""
    if not has_letter_or_digit(told.system):
        yield "system: " + said("phải nêu tên hệ thống cũ", "says what the other system is called")
    yield from _unclear_fields(told)
    for name, (table, allowed) in WORDS.items():
        if allowed is not None and told.fixed.get(name, allowed[0]) not in allowed:
            yield f"fixed.{name}: " + said("phải là một trong", "must be one of") + f" {', '.join(allowed)}"
        seen: dict[str, str] = {}
        for theirs, ours in (getattr(told, table) or {}).items():
            if allowed is not None and ours and ours not in allowed:
                place = f'{table}."{shown_part(theirs)}": '
                yield place + said("phải là một trong", "must be one of") + f" {', '.join(allowed)}"
            if seen.setdefault(word_key(theirs), ours) != ours:
                yield f'{table}."{shown_part(theirs)}": ' + said("hai nghĩa khác nhau", "has two meanings")
    yield from _unclear_dates(told.dates)


def _unclear_fields(told: _Told) -> Iterator[str]:
    for ours in (*told.columns, *told.fixed):
        if ours in _ABOVE:
            yield f"{ours}: " + _belongs_above()
        elif ours not in FIELDS and not is_supplement(ours):
            yield f"{shown_part(ours)}: " + said("không có trường này", "there is no such field")
    columns = {ours for ours, theirs in told.columns.items() if normalised(theirs)}
    given = columns | {ours for ours, value in told.fixed.items() if value}
    for ours in sorted(told.fixed.keys() & columns):
        yield f"{shown_part(ours)}: " + said("nêu cả ở columns lẫn fixed", "stands in columns and in fixed")
    for needed in ("procedure", "agency", "channel", "applicant.kind", "applicant.name", "accepted_at"):
        if needed not in given:
            yield f"columns.{needed}: " + said("phải nêu, ở đây hoặc ở [fixed]", "is required, here or in [fixed]")
    for ours, value in told.fixed.items():
        if value and (why := _not_fixed(ours, value)):
            yield f"fixed.{ours}: {why}"


def _not_fixed(ours: str, value: str) -> str | None:
    """Why a field cannot be this in every line; None: it can."""
    if ours in ("legacy_code", "code"):
        return said("mỗi dòng một khác, không thể nêu ở fixed", "is another in each line and cannot be fixed")
    if ours == "case" and not _CASE.fullmatch(value):
        return said("phải là số từ 1 đến 99", "has to be a number from 1 to 99")
    if ours == "outcome" and value not in _OUTCOMES:
        return said("phải là một trong", "must be one of") + f" {', '.join(_OUTCOMES)}"
    if is_instant(ours):
        try:
            whole = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            whole = False
        if not whole:
            return said("phải dạng 2026-12-01T08:00:00+07:00", "is written 2026-12-01T08:00:00+07:00")
    return None


def _unclear_dates(forms: tuple[str, ...]) -> Iterator[str]:
    readable = [form for form in forms if form != "excel" and _tells_days(form)]
    for form in forms:
        if form != "excel" and form not in readable:
            yield f"dates.{shown_part(form)}: " + said("không đọc ra ngày", "reads no day")
    for one, other in combinations(readable, 2):
        if _disagree(one, other) or _disagree(other, one):
            yield f"dates.{shown_part(one)}, {shown_part(other)}: " + said(
                "hai mẫu đọc cùng một chữ ra hai ngày khác nhau; chỉ giữ một",
                "read one text as two different days; keep one of them",
            )


def _tells_days(form: str) -> bool:
    """Whether what it writes of a day is read as that day. A directive that stands twice is an error of `re`."""
    try:
        return datetime.strptime(_PROBE.strftime(form), form).date() == _PROBE.date()  # noqa: DTZ007
    except (ValueError, re.error):
        return False


def _disagree(one: str, other: str) -> bool:
    try:
        return datetime.strptime(_PROBE.strftime(one), other).date() != _PROBE.date()  # noqa: DTZ007
    except ValueError:
        return False
