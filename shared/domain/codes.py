"""Codes: of dossiers (Circular 01/2018/TT-VPCP art. 19), and of procedures in the national database."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from shared.domain.civil_time import local

#: 000.00.01.H50-190724-0001, issued since 6/1/2019; the number has four digits at least.
_OLD_AGENCY = r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"
_OLD_STYLE = re.compile(rf"{_OLD_AGENCY}-\d{{6}}-\d{{4,7}}", re.ASCII)
#: H56.14-20260609-0092637: widths as seen in use, not a norm.
_NEW_AGENCY = r"[A-Z]\d{2}(\.\d{2,3}){0,3}"
_NEW_STYLE = re.compile(rf"{_NEW_AGENCY}-(\d{{6}}|\d{{8}})-\d{{4,7}}", re.ASCII)
_IDENTIFICATION = re.compile(rf"{_OLD_AGENCY}|{_NEW_AGENCY}", re.ASCII)
#: An agency whose national identification code is not known yet issues under its local code.
_LOCAL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{1,30}-\d{6}-\d{4,7}", re.ASCII)
_PROCEDURE = re.compile(r"(\d\.\d{6})(?:\.([!-~]+))?", re.ASCII)


@lru_cache(maxsize=16384)
def code_prefix(agency: str, day: date) -> str:
    """`{agency}-{yymmdd}-`, the part of a dossier code before its number."""
    return f"{agency}-{day:%y%m%d}-"


def dossier_code(agency: str, day: date, number: int) -> str:
    """The code of the `number`-th dossier of an agency on a day; the 10,000th keeps its five digits."""
    return f"{code_prefix(agency, day)}{number:04d}"


def is_dossier_code(text: str) -> bool:
    """Whether `text` is a dossier code in one of the forms in use."""
    return len(text) <= 60 and any(form.fullmatch(text) for form in (_OLD_STYLE, _NEW_STYLE, _LOCAL))


def is_national_code(text: str) -> bool:
    """Whether `text` is a dossier code as the national database takes it: of an agency with an identification code."""
    return len(text) <= 60 and any(form.fullmatch(text) for form in (_OLD_STYLE, _NEW_STYLE))


def is_identification_code(text: str) -> bool:
    """Whether `text` is an agency's national identification code, in the old form or the new one."""
    return _IDENTIFICATION.fullmatch(text) is not None


class IssuedCode(NamedTuple):
    """The parts of a dossier code: whose it is, the day as written (yymmdd or yyyymmdd), its number."""

    agency: str
    day: date | None
    number: int

    @property
    def prefix(self) -> str:
        """What the codes of the same agency and day have in common; empty where the day is none."""
        return code_prefix(self.agency, self.day) if self.day else ""


def parts_of(code: str) -> IssuedCode | None:
    """The parts of a dossier code, None for any other text. `day` is None where its digits name no day."""
    if not is_dossier_code(code):
        return None
    agency, digits, number = code.rsplit("-", 2)
    try:
        day = datetime.strptime(digits, "%y%m%d" if len(digits) == 6 else "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        day = None
    return IssuedCode(agency, day, int(number))


def number_under(prefix: str, code: str) -> int | None:
    """The running number in `code` if it was issued under `prefix`, else None."""
    tail = code[len(prefix) :]
    return int(tail) if code.startswith(prefix) and tail.isascii() and tail.isdigit() else None


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """`1.004194.000.00.00.H50`: what is national in a procedure's code, and who published it."""

    national_core: str
    publisher: str | None

    @classmethod
    def parse(cls, text: str) -> "ProcedureCode | None":
        """The two parts, or None when `text` is no procedure code."""
        found = _PROCEDURE.fullmatch(text)
        return cls(found[1], found[2]) if found else None


def micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z, exactly: no float on the way."""
    return (instant - _ANCHOR) // _MICROSECOND + _ANCHOR_MICROS


# An instant on the clocks of Vietnam is subtracted twice as fast from one that is on them too.
_ANCHOR = local(datetime(2000, 1, 1, tzinfo=UTC))
_ANCHOR_MICROS = 946_684_800_000_000
_MICROSECOND = timedelta(microseconds=1)
