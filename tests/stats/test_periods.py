"""Kỳ báo cáo: presets on the calendar and as units report (from the 15th or the 21st), beside any two days."""

from datetime import date, timedelta

import pytest

from shared.contracts.stats import CutName
from shared.web.problems import Problem
from shared.web.words import TERMS
from stats_service.periods.rules import BEGINS_ON, Period, PeriodAsked, days_of, period_of

TODAY = date(2026, 11, 26)  # Thursday


def named(name: str, cut: CutName = "calendar") -> tuple[str, str]:
    found = period_of(PeriodAsked(None, None, name, cut), TODAY)
    return f"{found.first:%A %Y-%m-%d}", f"{found.last:%A %Y-%m-%d}"


@pytest.mark.parametrize(
    ("name", "cut", "first", "last"),
    [
        ("2019", "calendar", "Tuesday 2019-01-01", "Tuesday 2019-12-31"),
        ("2019-H1", "calendar", "Tuesday 2019-01-01", "Sunday 2019-06-30"),
        ("2019-H2", "calendar", "Monday 2019-07-01", "Tuesday 2019-12-31"),
        ("2019-Q2", "calendar", "Monday 2019-04-01", "Sunday 2019-06-30"),
        ("2019-06", "calendar", "Saturday 2019-06-01", "Sunday 2019-06-30"),
        ("2020-02", "calendar", "Saturday 2020-02-01", "Saturday 2020-02-29"),
        ("2019", "15-14", "Saturday 2018-12-15", "Saturday 2019-12-14"),
        ("2019-H2", "15-14", "Saturday 2019-06-15", "Saturday 2019-12-14"),
        ("2019-Q1", "21-20", "Friday 2018-12-21", "Wednesday 2019-03-20"),
        ("2019-08", "21-20", "Sunday 2019-07-21", "Tuesday 2019-08-20"),
        ("2019-03", "15-14", "Friday 2019-02-15", "Thursday 2019-03-14"),
        ("2019-01", "21-20", "Friday 2018-12-21", "Sunday 2019-01-20"),
    ],
)
def test_a_name_is_these_days(name: str, cut: CutName, first: str, last: str) -> None:
    assert named(name, cut) == (first, last)


@pytest.mark.parametrize("cut", ["calendar", "15-14", "21-20"])
def test_the_months_of_a_year_are_its_quarters_its_halves_and_itself(cut: CutName) -> None:
    def of(name: str) -> Period:
        return period_of(PeriodAsked(None, None, name, cut), TODAY)

    months = [of(f"2019-{n:02d}") for n in range(1, 13)]
    assert [month.first for month in months[1:]] == [month.after for month in months[:-1]]
    for parts in (["2019"], ["2019-H1", "2019-H2"], [f"2019-Q{n}" for n in range(1, 5)]):
        length = 12 // len(parts)
        for n, part in enumerate(map(of, parts)):
            assert (part.first, part.last) == (months[n * length].first, months[(n + 1) * length - 1].last)
    assert list(of("2019").months()) == months
    assert [f"{month.month:%Y-%m}" for month in months] == [f"2019-{n:02d}" for n in range(1, 13)]


def test_any_days_are_cut_where_months_are() -> None:
    asked = PeriodAsked(date(2019, 7, 24), date(2019, 9, 30), None, "21-20")
    months = [(month.first, month.last, f"{month.month:%m}") for month in period_of(asked, TODAY).months()]
    assert months == [
        (date(2019, 7, 24), date(2019, 8, 20), "08"),
        (date(2019, 8, 21), date(2019, 9, 20), "09"),
        (date(2019, 9, 21), date(2019, 9, 30), "10"),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("2019-Q5", "malformed"),
        ("2019-13", "malformed"),
        ("2019-00", "malformed"),
        ("2019-H3", "malformed"),
        ("2019-6", "malformed"),
        ("19", "malformed"),
        ("２０１９", "malformed"),
        ("2019-06-01", "malformed"),
        ("năm 2019", "malformed"),
        ("0000", "period_absurd"),
        ("1989", "period_absurd"),
        ("9999-12", "period_absurd"),
        ("2100", "period_in_future"),
        ("2026-11", "period_in_future"),
        ("2027-01", "period_in_future"),
    ],
)
def test_nonsense_is_named(name: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        named(name)
    assert [(reason.field, reason.code) for reason in refused.value.reasons] == [("period", code)]


def test_a_year_that_would_begin_before_all_years_is_absurd() -> None:
    with pytest.raises(Problem) as refused:
        named("1990", "21-20")
    assert refused.value.reasons[0].code == "period_absurd"


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        (PeriodAsked(date(2019, 1, 1), None, "2019"), "period", "period_or_days_only"),
        (PeriodAsked(None, date(2019, 1, 1), "2019"), "period", "period_or_days_only"),
        (PeriodAsked(None, None), "period", "period_or_days"),
        (PeriodAsked(date(2019, 1, 1), None), "to", "required"),
        (PeriodAsked(None, date(2019, 1, 1)), "from", "required"),
        (PeriodAsked(date(2019, 1, 2), date(2019, 1, 1)), "from", "period_reversed"),
    ],
)
def test_one_of_the_two_is_needed_and_one_only(asked: PeriodAsked, field: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        period_of(asked, TODAY)
    assert [(reason.field, reason.code) for reason in refused.value.reasons] == [(field, code)]


def test_the_future_is_refused_with_the_last_day_that_is_not() -> None:
    with pytest.raises(Problem) as refused:
        period_of(PeriodAsked(TODAY, TODAY + timedelta(days=1)), TODAY)
    assert refused.value.reasons[0].params == {"day": "2026-11-26"}
    assert period_of(PeriodAsked(TODAY, TODAY), TODAY).last == TODAY


@pytest.mark.parametrize("cut", [cut for cut, day in BEGINS_ON.items() if day != 1])
def test_a_cut_is_called_by_the_days_between_which_a_month_lies(cut: CutName) -> None:
    first, last = days_of("2019-08", BEGINS_ON[cut])
    assert (first.month, last.month) == (7, 8)
    assert TERMS[cut] == f"từ ngày {first.day} tháng trước đến ngày {last.day}"
