"""Ngày làm việc: Civil Code 2015 art. 147(2) and 148(5), with the days off that the Prime Minister sets each year.

The calendar is the one that comes with the product, read from its file.
"""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.working_calendar import (
    DEFAULT_SESSIONS,
    CalendarDay,
    CalendarMissing,
    DayKind,
    Session,
    Sessions,
    WorkingCalendar,
)
from tests.domain.builders import a_calendar_off_all, day, days_within, instants_within, the_calendar
from tests.support import at

#: An agency that also opens on Saturday morning, as its own custom.
WITH_SATURDAY = Sessions({**DEFAULT_SESSIONS.week, 5: (Session(time(7, 0), time(11, 30)),)})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("accepted", "term", "due"),
    [
        ("Wednesday 2019-07-24", 15, "Wednesday 2019-08-14"),
        ("Friday 2019-04-26", 5, "Tuesday 2019-05-07"),  # off 29/4 to 1/5, make-up Saturday 4/5
        ("Thursday 2019-01-31", 3, "Tuesday 2019-02-12"),  # Tết
        ("Wednesday 2020-01-22", 1, "Thursday 2020-01-30"),  # Tết with two days in lieu
        ("Friday 2019-04-12", 1, "Tuesday 2019-04-16"),  # Giỗ Tổ on a Sunday, Monday in lieu
        ("Friday 2019-08-30", 2, "Wednesday 2019-09-04"),  # 2/9
        ("Friday 2018-12-28", 5, "Monday 2019-01-07"),  # 31/12 swapped for Saturday 5/1
        ("Monday 2020-01-20", 10, "Monday 2020-02-10"),
    ],
)
def test_the_eight_vectors(accepted: str, term: int, due: str) -> None:
    assert the_calendar().add_working_days(day(accepted), term) == day(due)


@pytest.mark.parametrize("text", ["Saturday 2019-01-05", "Saturday 2019-05-04"])
def test_a_make_up_saturday_is_worked_like_a_monday(text: str) -> None:
    calendar, saturday = the_calendar(), day(text)
    assert calendar.is_working(saturday)
    assert calendar.roll(saturday) == saturday
    assert calendar.add_working_days(saturday - timedelta(days=1), 1) == saturday
    assert calendar.blocks(saturday, DEFAULT_SESSIONS) == DEFAULT_SESSIONS.week[0]


def test_an_ordinary_saturday_is_off() -> None:
    assert not the_calendar().is_working(day("Saturday 2019-07-20"))
    assert the_calendar().roll(day("Saturday 2019-07-20")) == day("Monday 2019-07-22")


def test_a_make_up_saturday_closes_like_a_monday_also_where_saturdays_are_half_days() -> None:
    saturday = day("Saturday 2019-05-04")
    assert the_calendar().blocks(saturday, WITH_SATURDAY)[-1].closes == time(17, 0)
    assert WITH_SATURDAY.closing(saturday.weekday()) == time(17, 0)


@pytest.mark.parametrize("year", [2017, 2028])
def test_a_year_without_calendar_is_named(year: int) -> None:
    for ask in (
        lambda: the_calendar().is_working(date(year, 6, 1)),
        lambda: the_calendar().roll(date(year, 6, 1)),
        lambda: the_calendar().add_working_days(date(year, 6, 1), 1),
        lambda: the_calendar().blocks(date(year, 6, 1), DEFAULT_SESSIONS),
    ):
        with pytest.raises(CalendarMissing, match=str(year)) as missing:
            ask()
        assert missing.value.year == year


def test_a_term_that_runs_over_the_end_of_the_loaded_years_names_the_next() -> None:
    calendar = the_calendar()
    with pytest.raises(CalendarMissing, match="2028"):
        calendar.add_working_days(day("Friday 2027-12-31"), 1)
    with pytest.raises(CalendarMissing, match="2028"):
        calendar.working_days_between(day("Friday 2027-12-31"), day("Monday 2028-01-03"))
    with pytest.raises(CalendarMissing, match="2028"):
        calendar.add_working_time(at("Friday 2027-12-31 16:30"), HOUR, DEFAULT_SESSIONS)
    with pytest.raises(CalendarMissing, match="2028"):
        calendar.working_time_between(at("Friday 2027-12-31 16:30"), at("Monday 2028-01-03 08:00"), DEFAULT_SESSIONS)


def test_a_gap_in_the_years_is_named_not_leapt_over() -> None:
    calendar = WorkingCalendar.of([], [2019, 2021])
    with pytest.raises(CalendarMissing, match="2020"):
        calendar.add_working_days(day("Tuesday 2019-12-31"), 1)
    with pytest.raises(CalendarMissing, match="2020"):
        calendar.add_working_days(day("Monday 2019-12-30"), 600)
    with pytest.raises(CalendarMissing, match="2020"):
        calendar.working_days_between(day("Tuesday 2019-12-31"), day("Friday 2021-01-01"))


def test_a_calendar_in_which_no_day_works_ends_in_an_error() -> None:
    calendar = a_calendar_off_all(2019)
    for reckon in (
        lambda: calendar.add_working_days(day("Monday 2019-07-22"), 1),
        lambda: calendar.roll(day("Monday 2019-07-22")),
        lambda: calendar.add_working_time(at("Monday 2019-07-22 08:00"), HOUR, DEFAULT_SESSIONS),
    ):
        with pytest.raises(CalendarMissing, match="2020"):
            reckon()


def test_an_agency_that_never_opens_ends_in_an_error() -> None:
    with pytest.raises(CalendarMissing, match="2028"):
        the_calendar().add_working_time(at("Monday 2019-07-22 08:00"), HOUR, Sessions({}))


def test_an_empty_calendar_names_the_year_that_was_asked_for() -> None:
    with pytest.raises(CalendarMissing, match="2019"):
        WorkingCalendar.of([], []).roll(day("Monday 2019-07-22"))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("Monday 2019-07-22 08:00", 1, "Monday 2019-07-22 09:00"),
        ("Monday 2019-07-22 10:30", 2, "Monday 2019-07-22 14:30"),  # lunch is not worked
        ("Monday 2019-07-22 12:00", 1, "Monday 2019-07-22 14:30"),  # received at lunch: from 13:30
        ("Monday 2019-07-22 05:00", 1, "Monday 2019-07-22 08:00"),  # before opening: from 07:00
        ("Monday 2019-07-22 18:00", 1, "Tuesday 2019-07-23 08:00"),  # after closing: from the next morning
        ("Monday 2019-07-22 07:00", 8, "Monday 2019-07-22 17:00"),  # a whole day is eight hours
        ("Monday 2019-07-22 07:00", 4.5, "Monday 2019-07-22 11:30"),  # used up at lunch, not after it
        ("Friday 2019-07-19 16:00", 2, "Monday 2019-07-22 08:00"),  # over the weekend
        ("Friday 2019-02-01 16:00", 2, "Monday 2019-02-11 08:00"),  # over Tết
        ("Friday 2019-05-03 16:00", 2, "Saturday 2019-05-04 08:00"),  # into a make-up Saturday
    ],
)
def test_hours_run_in_the_sessions_only(start: str, hours: float, end: str) -> None:
    assert the_calendar().add_working_time(at(start), HOUR * hours, DEFAULT_SESSIONS) == at(end)


def test_a_saturday_opening_counts_for_the_agency_that_has_it() -> None:
    friday = at("Friday 2019-07-19 16:00")
    assert the_calendar().add_working_time(friday, 2 * HOUR, WITH_SATURDAY) == at("Saturday 2019-07-20 08:00")
    assert the_calendar().add_working_time(friday, 6 * HOUR, WITH_SATURDAY) == at("Monday 2019-07-22 07:30")


def test_a_saturday_opening_does_not_open_on_a_holiday() -> None:
    tet = day("Saturday 2018-02-17")
    assert the_calendar().days[tet].kind is DayKind.HOLIDAY
    assert the_calendar().blocks(tet, WITH_SATURDAY) == ()


def test_no_working_time_lies_between_an_instant_and_an_earlier_one() -> None:
    late, early = at("Tuesday 2019-07-23 09:00"), at("Monday 2019-07-22 09:00")
    assert the_calendar().working_time_between(late, early, DEFAULT_SESSIONS) == timedelta()
    assert the_calendar().working_time_between(early, late, DEFAULT_SESSIONS) == 8 * HOUR


def test_a_due_date_that_rests_on_an_unannounced_day_is_known_as_such() -> None:
    provisional = CalendarDay(day("Monday 2019-04-29"), DayKind.SWAP_OFF, "nghỉ", "off", provisional=True)
    calendar = WorkingCalendar.of([provisional], [2019])
    assert calendar.is_provisional(day("Friday 2019-04-26"), day("Tuesday 2019-04-30"))
    assert calendar.is_provisional(provisional.day, provisional.day)
    assert not calendar.is_provisional(day("Tuesday 2019-04-30"), day("Friday 2019-05-03"))
    assert not calendar.is_provisional(day("Friday 2019-04-26"), day("Sunday 2019-04-28"))


def test_the_calendar_is_whole_every_day_off_has_a_name() -> None:
    assert the_calendar().years == set(range(2018, 2028))
    for entry in the_calendar().days.values():
        assert entry.name_vi
        assert entry.name_en
        assert (entry.kind is DayKind.MAKE_UP_WORK) <= (entry.day.weekday() >= 5), f"{entry.day} is worked anyhow"


@given(days_within, st.integers(1, 250))
def test_adding_days_is_counting_them(start: date, count: int) -> None:
    calendar = the_calendar()
    end = calendar.add_working_days(start, count)
    assert calendar.is_working(end)
    assert calendar.working_days_between(start, end) == count
    assert count == sum(calendar.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


@given(days_within, st.integers(1, 100), st.integers(1, 100))
def test_two_terms_in_a_row_are_their_sum(start: date, first: int, second: int) -> None:
    calendar = the_calendar()
    in_steps = calendar.add_working_days(calendar.add_working_days(start, first), second)
    assert in_steps == calendar.add_working_days(start, first + second)


@given(days_within)
def test_rolling_gives_the_first_worked_day_and_is_done_once(start: date) -> None:
    calendar = the_calendar()
    rolled = calendar.roll(start)
    assert calendar.is_working(rolled)
    assert calendar.roll(rolled) == rolled
    assert not any(calendar.is_working(start + timedelta(days=n)) for n in range((rolled - start).days))


@given(instants_within, st.integers(1, 60 * 100), st.integers(1, 60 * 100))
def test_working_time_adds_up(start, first: int, second: int) -> None:
    calendar = the_calendar()

    def after(begin, minutes: int):
        return calendar.add_working_time(begin, timedelta(minutes=minutes), WITH_SATURDAY)

    end = after(start, first)
    assert calendar.working_time_between(start, end, WITH_SATURDAY) == timedelta(minutes=first)
    assert after(end, second) == after(start, first + second)
