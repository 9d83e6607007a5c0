"""What the national catalogue says, and what is wrong with that. Pure. Shapes and keys are those that the portal's
services answer with (OpenCPS)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from intake_service.procedures.rules import PublishedLine
from shared.domain.codes import ProcedureCode
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit
from shared.domain.vietnamese import has_control_characters, normalised
from shared.web.problems import Reason


class Kind(StrEnum):
    """What is published."""

    FIELDS = "fields"
    AGENCIES = "agencies"
    PROCEDURES = "procedures"


#: By which service each is listed, and under which keys its code and its name stand.
SERVICES: Mapping[Kind, tuple[str, str, str]] = MappingProxyType(
    {
        Kind.FIELDS: ("LayDanhMucLinhVuc", "MALINHVUC", "TENLINHVUC"),
        Kind.AGENCIES: ("LayDanhMucCoQuan", "MADONVI", "TENDONVI"),
        Kind.PROCEDURES: ("LayDanhSachTTHC", "MATTHC", "TENTTHC"),
    }
)
DETAIL = "LayThuTuc"
#: In this order a pull goes.
STAGES = (Kind.FIELDS, Kind.AGENCIES, Kind.PROCEDURES)
#: The longest name that is published has 1,094 letters.
LONGEST_CODE, LONGEST_NAME = 60, 4000
#: A list that lost more than this share of what it had was cut off somewhere: then nothing of it is gone.
MOST_GONE, FEW = 0.1, 5
_PUBLIC = ("1", "")
_UNITS = {
    "ngày làm việc": TermUnit.WORKING_DAY,
    "ngày": TermUnit.CALENDAR_DAY,
    "giờ": TermUnit.WORKING_HOUR,
    "giờ làm việc": TermUnit.WORKING_HOUR,
    "tháng": TermUnit.MONTH,
}
_LONGEST_LIMIT = Decimal(10_000)
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Finding(NamedTuple):
    """What is wrong with what is published."""

    kind: Kind
    code: str
    reason: Reason


class Listed(NamedTuple):
    """An entry of a list. content: as it came."""

    code: str
    name: str
    content: Mapping[str, Any]


def read_list(kind: Kind, items: Sequence[Any]) -> tuple[list[Listed], list[Finding]]:
    """The entries of a list, each code once, and what is wrong with the others."""
    _, code_key, name_key = SERVICES[kind]
    found: dict[str, Listed] = {}
    wrong: list[Finding] = []
    for place, item in enumerate(items, 1):
        if not isinstance(item, dict):
            wrong.append(Finding(kind, f"#{place}", Reason("", "catalogue_not_an_object")))
            continue
        code, name = _text(item.get(code_key)), _text(item.get(name_key))
        shown = code[:LONGEST_CODE] or f"#{place}"
        if not code or len(code) > LONGEST_CODE or (kind is Kind.PROCEDURES and ProcedureCode.parse(code) is None):
            wrong.append(Finding(kind, shown, Reason(code_key, "catalogue_code")))
        elif not name or len(name) > LONGEST_NAME:
            wrong.append(Finding(kind, shown, Reason(name_key, "catalogue_name")))
        elif code in found:
            same = found[code].name == name
            if not same:
                wrong.append(Finding(kind, shown, Reason(code_key, "catalogue_code_twice")))
        else:
            found[code] = Listed(code, name, item)
    return list(found.values()), wrong


def shrunk(known: int, gone: int) -> bool:
    """Whether a list lost so much at once that it was cut off rather than changed."""
    return gone > FEW and gone > known * MOST_GONE


@dataclass(frozen=True, slots=True)
class Published:
    """A procedure as it is published. sector, issuer: empty where it says none. lines: of each way to hand in."""

    code: str
    core: str
    publisher: str | None
    name: str
    sector: str
    issuer: str
    public: bool
    channels: frozenset[Channel]
    lines: tuple[PublishedLine, ...]


def read_procedure(code: str, result: Sequence[Any]) -> tuple[Published | None, list[Finding]]:
    """What LayThuTuc says of a procedure, and what is wrong with that. None: nothing that could be used."""

    def wrong(field: str, reason: str) -> Finding:
        return Finding(Kind.PROCEDURES, code, Reason(field, reason))

    shape = result[0] if result else None
    if not isinstance(shape, dict):
        return None, [wrong("", "catalogue_not_found")]
    parsed = ProcedureCode.parse(code)
    given = ProcedureCode.parse(_text(shape.get("MATTHC")))
    if parsed is None or given is None or given.national_core != parsed.national_core:
        return None, [wrong("MATTHC", "catalogue_other_procedure")]
    name = _text(shape.get("TENTTHC"))
    if not name or len(name) > LONGEST_NAME:
        return None, [wrong("TENTTHC", "catalogue_name")]
    sectors = [_text(one.get("TENLINHVUC")) for one in _objects(shape.get("LINHVUCTHUCHIEN"))]
    channels, lines, findings = _ways(code, shape)
    published = Published(
        code,
        given.national_core,
        given.publisher,
        name,
        next(filter(None, sectors), ""),
        _text(shape.get("MACOQUANCONGBO")),
        _text(shape.get("TRANGTHAI")) in _PUBLIC,
        channels,
        lines,
    )
    return published, findings


def _ways(code: str, shape: Mapping[str, Any]) -> tuple[frozenset[Channel], tuple[PublishedLine, ...], list[Finding]]:
    channels: set[Channel] = set()
    lines: list[PublishedLine] = []
    findings: list[Finding] = []
    for place, way in enumerate(_objects(shape.get("CACHTHUCTHUCHIEN"))):
        number = _text(way.get("KENH"))
        if number not in ("1", "2", "3"):
            reason = Reason(f"CACHTHUCTHUCHIEN.{place}.KENH", "catalogue_channel")
            findings.append(Finding(Kind.PROCEDURES, code, reason))
            continue
        channel = Channel(int(number))
        channels.add(channel)
        for at, line in enumerate(_objects(way.get("THOIGIAN"))):
            limit = _limit(line)
            if isinstance(limit, str):
                field = f"CACHTHUCTHUCHIEN.{place}.THOIGIAN.{at}.{limit}"
                findings.append(Finding(Kind.PROCEDURES, code, Reason(field, "catalogue_term")))
            else:
                lines.append(PublishedLine(channel, limit, _text(line.get("MOTA"))))
    return frozenset(channels), tuple(lines), findings


def _limit(line: Mapping[str, Any]) -> Term | str | None:
    """The limit of a line; None: it names no unit; a field: what it names there is none."""
    unit_text = _text(line.get("DONVITINH"))
    if not unit_text:
        return None
    unit = _UNITS.get(unit_text.casefold())
    if unit is None:
        return "DONVITINH"
    written = _text(line.get("THOIGIANGIAIQUYET"))
    if _NUMBER.fullmatch(written) is None:
        return "THOIGIANGIAIQUYET"
    value = Decimal(written)
    if not 0 < value < _LONGEST_LIMIT or value != round(value, 2):
        return "THOIGIANGIAIQUYET"
    return Term(value.normalize() if value % 1 else value.quantize(Decimal(1)), unit)


def _text(value: object) -> str:
    """A text in one spelling; a number as it is written; whatever else: nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = normalised(str(value))
    return "" if has_control_characters(text) else text


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
