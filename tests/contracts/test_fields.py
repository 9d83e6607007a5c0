"""What may come in: days as they are written, names that can be read, searches that look for something."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.fields import FIRST_YEAR, LAST_YEAR, Code, Day, InstantIn, LongLine, Name, SearchText, ShortLine
from shared.domain.vietnamese import search_key
from shared.web.problems import reasons_of
from tests.domain.test_vietnamese import NOTHING_TO_READ


def refused(kind: Any, value: object) -> str | None:
    """The code of the reason for which a value is not of a kind."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        (reason,) = reasons_of(error.errors())
        return reason.code
    return None


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)))
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert TypeAdapter(Day).validate_python(day.isoformat()) == day
    assert TypeAdapter(Day).validate_json(f'"{day}"') == day
    assert TypeAdapter(Day).validate_python(day) == day


@pytest.mark.parametrize(
    "value",
    [
        "1546300800",
        1546300800,
        1546300800.0,
        True,
        None,
        b"2019-06-30",
        datetime(2019, 6, 30),  # noqa: DTZ001
        "2019-W26-7",
        "20190630",
        "2019-181",
        "2019-6-30",
        "2019-06-30 ",
        " 2019-06-30",
        "2019-06-30\n",
        "2019-06-30T00:00:00",
        "2019-06-30T00:00:00+07:00",
        "30/06/2019",
        "2019-02-29",
        "2019-13-01",
        "2019-00-10",
        "0000-01-01",
        "-019-01-01",
        "２０１９-06-30",
        "٢٠١٩-06-30",
        "x" * 100_000,
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_nothing_else_is_a_day(value: object) -> None:
    assert refused(Day, value) == "malformed"


@pytest.mark.parametrize("year", ["0001", f"{FIRST_YEAR - 1:04}", f"{LAST_YEAR + 1}", "9999"])
def test_days_and_instants_are_of_our_times(year: str) -> None:
    assert refused(Day, f"{year}-06-30") == "out_of_range"
    assert refused(InstantIn, f"{year}-06-30T08:00:00+07:00") == "out_of_range"


def test_a_day_says_in_the_contract_what_it_is() -> None:
    assert TypeAdapter(Day).json_schema() == {"type": "string", "format": "date", "examples": ["2019-06-30"]}


@pytest.mark.parametrize("text", [*filter(str.strip, NOTHING_TO_READ), "123", "..."], ids=ascii)
def test_a_name_can_be_read(text: str) -> None:
    assert refused(Name, text) == "no_letter"


@pytest.mark.parametrize("text", ["Đào", "Nguyễn Thị Đào", "Công ty TNHH 1-2", "李小龍", "Y"])
def test_names_are_names(text: str) -> None:
    assert TypeAdapter(Name).validate_python(f" {text}  ") == text


@pytest.mark.parametrize("kind", [Code, Name, ShortLine, LongLine])
def test_blanks_alone_are_nothing(kind: Any) -> None:
    for text in (" ", "\u00a0\u2003"):
        assert refused(kind, text) == "required"


@pytest.mark.parametrize("text", ["  ", "\u3164\u3164", "\u0301\u0301", "--", "%%", "__"], ids=ascii)
def test_a_search_looks_for_something(text: str) -> None:
    assert refused(SearchText, text) == "nothing_to_search"


@pytest.mark.parametrize(
    ("text", "code"), [("a", "too_short"), (" a", "too_short"), ("a\u0301", "too_short")], ids=ascii
)
def test_one_letter_is_too_little_to_search_by(text: str, code: str) -> None:
    assert refused(SearchText, text) == code


def test_a_search_has_no_control_characters_and_an_end() -> None:
    assert refused(SearchText, "dao\t1") == "control_characters"
    assert refused(SearchText, "a" * 101) == "too_long"


@given(st.text(min_size=2, max_size=100))
def test_what_is_searched_by_has_a_key(text: str) -> None:
    try:
        taken = TypeAdapter(SearchText).validate_python(text)
    except ValidationError:
        return
    assert len(search_key(taken)) >= 2


def test_a_day_may_lie_in_the_future() -> None:
    assert refused(Day, f"{LAST_YEAR}-12-31") is None
