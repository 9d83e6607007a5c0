"""What a cell of an export says: a text, an instant, or what a spreadsheet left of it."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from shared.domain.civil_time import VIETNAM

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


def text_of(cell: str) -> str:
    """Its text, too where a spreadsheet was kept from taking it for a number: ="0123"."""
    found = _AS_TEXT.fullmatch(cell) if cell[:2] == '="' else None
    return found[1].replace('""', '"').strip() if found else cell


def is_spoilt(text: str) -> bool:
    """Whether a spreadsheet lost the value. text: not empty."""
    return text[0] in _MAY_BE_SPOILT and (text[0] == "=" or _SPOILT.fullmatch(text) is not None)


def instant_of(text: str, forms: Sequence[str], *, ends: bool) -> datetime | None:
    """On the clocks of Vietnam, by the first form that reads it; None: none does. ends: a day without an hour is meant
    to its end: a date promised for a day is kept on that day."""
    for form in forms:
        try:
            at = _of_a_sheet(text) if form == "excel" else _written_as(text, form)
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


def on_our_clocks(text: str) -> str:
    """An instant with an offset, on the clocks of Vietnam: months and the cut-over are told from its text."""
    return datetime.fromisoformat(text).astimezone(VIETNAM).isoformat()


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
