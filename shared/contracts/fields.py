"""Fields as they may come in: text in one spelling without control characters, days and instants of our times."""

import re
from datetime import date, datetime, time
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from shared.domain.civil_time import local
from shared.domain.vietnamese import (
    has_control_characters,
    has_letter,
    has_letter_or_digit,
    normalised,
    search_key,
)

#: What a calendar can have.
FIRST_YEAR, LAST_YEAR = 1900, 2200
_SHORTEST_SEARCH = 2


class Incoming(BaseModel):
    """A body, or a part of one, as it may come in: what the interface does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def refused(code: str, **params: object) -> PydanticCustomError:
    """The refusal of a field, by the code of its reason."""
    return PydanticCustomError("motcua", "refused", {"code": code, "params": params})


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip() and text:
        return text  # codes, numbers, kinds: five of the six texts of an imported record
    if has_control_characters(text):
        raise refused("control_characters")
    text = normalised(text)
    if not text:
        raise refused("required")
    return text


def _readable(text: str) -> str:
    if not has_letter(text):
        raise refused("no_letter")
    return text


def _searchable(text: str) -> str:
    if has_control_characters(text):
        raise refused("control_characters")
    if not has_letter_or_digit(text):
        raise refused("nothing_to_search")
    if len(search_key(text)) < _SHORTEST_SEARCH:
        raise refused("too_short", limit=_SHORTEST_SEARCH)
    return normalised(text)


def _clean_lines(text: str) -> str:
    """Line by line as _clean has it; empty ones at its ends are left out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_clean(line) if line.strip() else "" for line in lines).strip("\n")


Code = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
#: Of a person, an organisation, a document: something that can be read aloud.
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=300), AfterValidator(_clean), AfterValidator(_readable)
]
ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
LongLine = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_clean)]
#: Why something is done: something that can be read.
Reasoning = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_clean), AfterValidator(_readable)
]
#: What somebody has to say, in as many lines as it takes.
Prose = Annotated[
    str, StringConstraints(min_length=1, max_length=5000), AfterValidator(_clean_lines), AfterValidator(_readable)
]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]
#: What is typed into a search box. Its search key is never empty: an empty one would find everything.
SearchText = Annotated[str, StringConstraints(min_length=_SHORTEST_SEARCH, max_length=100), AfterValidator(_searchable)]


def _bare_address(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """EmailStr also takes `Name <address>`, and lets go of the name; what it refuses it tells in English."""
    if not isinstance(value, str):
        return read(value)
    try:
        if "<" not in value:
            return read(value)
    except ValidationError:
        pass
    raise refused("malformed", expected="e-mail address")


Email = Annotated[EmailStr, WrapValidator(_bare_address)]

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _written_day(value: object) -> object:
    """YYYY-MM-DD only: pydantic alone takes a bare number for seconds since 1970."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise refused("malformed", expected="YYYY-MM-DD")
    return _day_that_is(value, value)


def _day_that_is(day: str, value: str) -> str:
    """`value`, unless its day, written as it should be, is in no calendar: then not its form is to blame."""
    try:
        date.fromisoformat(day)
    except ValueError:
        raise refused("malformed", expected="a day of the calendar") from None
    return value


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _written_time(value: object) -> object:
    """HH:MM only: pydantic alone takes a number for seconds since midnight, and an offset."""
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        raise refused("malformed", expected="HH:MM")
    return value


#: Between day and time: RFC 3339 5.6 lets applications read a blank there, no more than that. A day alone lacks more.
_SEPARATORS = ("T", "t", " ", "")


def _rfc3339(value: object) -> object:
    """Text only: a bare number is no instant. A "+" that a query string turned into a blank is put back."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or value[4:5] != "-" or value[10:11] not in _SEPARATORS or "," in value:
        raise refused("malformed", expected="RFC 3339, 2019-07-24T08:00:00+07:00")
    if _DAY.fullmatch(value[:10]) is not None:
        _day_that_is(value[:10], value)
    return f"{value[:-6]}+{value[-5:]}" if value[-6:-5] == " " and value[-3:-2] == ":" and "T" in value else value


_TIMES = f"{FIRST_YEAR}-01-01 … {LAST_YEAR}-12-31"


def _day_of_our_times(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise refused("out_of_range", limit=_TIMES)
    return value


def _of_our_times(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise refused("out_of_range", limit=_TIMES)
    return local(value)


#: A civil day as it may come in, in a body or a query.
Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_day_of_our_times), Field(examples=["2019-06-30"])]
#: An hour of the day as it may come in, by the clocks of Vietnam.
TimeOfDay = Annotated[
    time, BeforeValidator(_written_time), WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$"})
]
#: An instant as it may come in: RFC 3339 with its offset, in a year that a calendar can have.
InstantIn = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_of_our_times)]
