"""Fields as they may come in: text in one spelling without control characters, instants of our times with offset."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from shared.domain.civil_time import local
from shared.domain.vietnamese import has_control_characters, normalised


def _clean(text: str) -> str:
    if has_control_characters(text):
        raise PydanticCustomError("motcua", "control characters", {"code": "control_characters"})
    text = text if text.isascii() and text == text.strip() and "  " not in text else normalised(text)
    if not text:
        raise PydanticCustomError("motcua", "empty", {"code": "required"})
    return text


Code = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_clean)]
ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
LongLine = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_clean)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]


def _rfc3339(value: object) -> object:
    """Text only: a bare number is no instant. A "+" that a query string turned into a blank is put back."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) < 10 or value[4:5] != "-":
        raise PydanticCustomError(
            "motcua",
            "malformed instant",
            {"code": "malformed", "params": {"expected": "RFC 3339, 2019-07-24T08:00:00+07:00"}},
        )
    return f"{value[:-6]}+{value[-5:]}" if value[-6:-5] == " " and value[-3:-2] == ":" and "T" in value else value


def _of_our_times(value: datetime) -> datetime:
    if not 1900 <= value.year <= 2200:
        raise PydanticCustomError("motcua", "out of range", {"code": "out_of_range", "params": {"limit": "1900–2200"}})
    return local(value)


#: An instant as it may come in: RFC 3339 with its offset, in a year that a calendar can have.
InstantIn = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_of_our_times)]
