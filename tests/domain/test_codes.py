"""Mã hồ sơ: Circular 01/2018/TT-VPCP art. 19; mã thủ tục of the national database."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.codes import ProcedureCode, code_prefix, dossier_code, is_dossier_code, micros, number_under
from tests.domain.builders import day, days_within

AGENCY, DAY = "000.00.01.H50", day("Wednesday 2019-07-24")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "000.00.01.H50-190724-0001"),
        (9_999, "000.00.01.H50-190724-9999"),
        (10_000, "000.00.01.H50-190724-10000"),
        (123_456, "000.00.01.H50-190724-123456"),
    ],
)
def test_a_number_has_four_digits_at_least_and_loses_none(number: int, code: str) -> None:
    assert dossier_code(AGENCY, DAY, number) == code
    assert is_dossier_code(code)
    assert number_under(code_prefix(AGENCY, DAY), code) == number


def test_the_first_days_of_a_century_keep_two_digits() -> None:
    assert code_prefix("H50", date(2009, 1, 5)) == "H50-090105-"


@pytest.mark.parametrize(
    "code",
    [
        "000.00.01.H50-190724-0001",  # issued since 6/1/2019
        "000.00.00.G09-251231-10000",
        "H56.14-190724-0001",  # QĐ 20/2020/QĐ-TTg
        "G09.20-20260609-0092637",  # with an eight-digit date, as the ministry's portal issues
        "H50-260101-0001",
        "19333-261123-0001",  # under the local code, while the national one is not known
        "QT25-D03-261123-0001",
    ],
)
def test_old_and_new_forms_are_accepted(code: str) -> None:
    assert is_dossier_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "190724-0001",
        "000.00.01.H50-190724-001",
        "000.00.01.H50-190724",
        "000.00.01.H50-190724-0001 ",
        "000.00.01.H50-190724-0001\n",
        "000.00.01.h50-190724-0001",
        "000.00.01.H50-190724-000\u0661",  # an Arabic-Indic one
        "Ư9333-261123-0001",
        "19333-261123-0001; DROP TABLE dossier",
        "19333-261123-" + "1" * 60,
    ],
)
def test_what_is_no_dossier_code(text: str) -> None:
    assert not is_dossier_code(text)


@pytest.mark.parametrize("code", ["H50-190724-0001x", "H50-190724-", "H50-190725-0001", "H50-190724-²", ""])
def test_a_number_is_only_read_under_its_own_prefix(code: str) -> None:
    assert number_under("H50-190724-", code) is None


@given(st.sampled_from([AGENCY, "H50", "H56.14", "19333", "QT25-D03"]), days_within, st.integers(1, 9_999_999))
def test_a_code_is_accepted_and_its_number_read_back(agency: str, on: date, number: int) -> None:
    code = dossier_code(agency, on, number)
    assert is_dossier_code(code)
    assert number_under(code_prefix(agency, on), code) == number


@pytest.mark.parametrize(
    ("text", "core", "publisher"),
    [
        ("1.004194.000.00.00.H50", "1.004194", "000.00.00.H50"),
        ("1.000948.H38", "1.000948", "H38"),
        ("2.000635", "2.000635", None),
    ],
)
def test_procedure_codes_are_a_national_core_and_a_publisher(text: str, core: str, publisher: str | None) -> None:
    assert ProcedureCode.parse(text) == ProcedureCode(core, publisher)


@pytest.mark.parametrize(
    "text", ["", "2.00635", "2.000635.", "2000635", "2.000635\n", "x2.000635", "\u0661.000635", "2.000635.H 38"]
)
def test_what_is_no_procedure_code(text: str) -> None:
    assert ProcedureCode.parse(text) is None


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_microseconds_are_exact_in_every_zone(naive: datetime, minutes: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros(instant)) == instant
