"""Thời hạn giải quyết: Civil Code 2015 art. 146 to 148, same-day procedures with the 15:00 rule of their decisions."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.civil_time import civil_day, end_of
from shared.domain.terms import Term, TermUnit, due_after, ends_at_noon, shifted
from shared.domain.working_calendar import DEFAULT_SESSIONS, CalendarMissing, Session, Sessions
from tests.domain.builders import NO_TERM, a_term, day, due, instants_within, terms, the_calendar, working_days
from tests.support import at

WORKING_DAY, CALENDAR_DAY, WORKING_HOUR = TermUnit.WORKING_DAY, TermUnit.CALENDAR_DAY, TermUnit.WORKING_HOUR
MONTH, SAME_DAY = TermUnit.MONTH, TermUnit.SAME_DAY


@pytest.mark.parametrize(
    ("accepted", "value", "unit", "expected"),
    [
        # the start day is not counted (art. 147(2)), whatever the hour
        ("Monday 2019-07-22 07:00", 1, WORKING_DAY, "Tuesday 2019-07-23 17:00"),
        ("Monday 2019-07-22 23:59", 1, WORKING_DAY, "Tuesday 2019-07-23 17:00"),
        ("Saturday 2019-07-20 09:00", 1, WORKING_DAY, "Monday 2019-07-22 17:00"),
        # halves: half a day is a session, so the receipt shows the end of the first one of the last day
        ("Monday 2019-07-22 08:00", "0.5", WORKING_DAY, "Tuesday 2019-07-23 11:30"),
        ("Monday 2019-07-22 16:00", "1.5", WORKING_DAY, "Wednesday 2019-07-24 11:30"),
        ("Friday 2019-05-03 08:00", "0.5", WORKING_DAY, "Saturday 2019-05-04 11:30"),  # a make-up Saturday
        ("Monday 2019-07-22 08:00", "1.7", WORKING_DAY, "Wednesday 2019-07-24 17:00"),  # more than half a day is a day
        ("Monday 2019-07-22 08:00", "2.5", CALENDAR_DAY, "Thursday 2019-07-25 17:00"),
        ("Monday 2019-07-22 08:00", "0.5", WORKING_HOUR, "Monday 2019-07-22 08:30"),
        ("Monday 2019-07-22 08:00", "1.5", MONTH, "Friday 2019-09-06 17:00"),  # 22/8 and half a month, 15 days
        ("Thursday 2019-01-31 08:00", "0.5", MONTH, "Friday 2019-02-15 17:00"),
        # calendar days run through days off, and end on none
        ("Monday 2019-07-22 08:00", 5, CALENDAR_DAY, "Monday 2019-07-29 17:00"),  # Saturday 27/7
        ("Saturday 2019-02-02 08:00", 3, CALENDAR_DAY, "Monday 2019-02-11 17:00"),  # mùng 1 Tết
        ("Friday 2018-12-28 08:00", 8, CALENDAR_DAY, "Saturday 2019-01-05 17:00"),  # a make-up Saturday is worked
        # months: the corresponding day, or the last of the month (art. 148(3)), then never on a day off
        ("Thursday 2019-01-31 08:00", 1, MONTH, "Thursday 2019-02-28 17:00"),
        ("Friday 2020-01-31 08:00", 1, MONTH, "Monday 2020-03-02 17:00"),  # Saturday 29/2
        ("Thursday 2018-11-29 08:00", 3, MONTH, "Thursday 2019-02-28 17:00"),
        ("Monday 2018-12-31 08:00", 2, MONTH, "Thursday 2019-02-28 17:00"),
        ("Monday 2019-12-30 08:00", 12, MONTH, "Wednesday 2020-12-30 17:00"),
        ("Friday 2019-03-15 08:00", 1, MONTH, "Tuesday 2019-04-16 17:00"),  # 15/4 in lieu of Giỗ Tổ
        # hours exclude no day, and run in the sessions
        ("Monday 2019-07-22 10:30", 2, WORKING_HOUR, "Monday 2019-07-22 14:30"),
        ("Friday 2019-07-19 15:00", 4, WORKING_HOUR, "Monday 2019-07-22 09:00"),
        ("Friday 2019-02-01 16:00", 16, WORKING_HOUR, "Tuesday 2019-02-12 16:00"),
    ],
)
def test_every_unit(accepted: str, value: str | int, unit: TermUnit, expected: str) -> None:
    assert due(accepted, a_term(value, unit)).at == at(expected)


@pytest.mark.parametrize(
    ("accepted", "cutoff", "expected"),
    [
        ("Monday 2019-07-22 08:00", "15:00", "Monday 2019-07-22 17:00"),
        ("Monday 2019-07-22 14:59", "15:00", "Monday 2019-07-22 17:00"),
        ("Monday 2019-07-22 15:00", "15:00", "Tuesday 2019-07-23 17:00"),
        ("Monday 2019-07-22 15:00", None, "Monday 2019-07-22 17:00"),
        ("Friday 2019-02-01 15:30", "15:00", "Monday 2019-02-11 17:00"),  # Tết
        ("Friday 2019-05-03 15:30", "15:00", "Saturday 2019-05-04 17:00"),  # a make-up Saturday
        ("Saturday 2019-07-20 09:00", "15:00", "Monday 2019-07-22 17:00"),  # taken in on a day off
        ("Saturday 2019-07-20 16:00", "15:00", "Monday 2019-07-22 17:00"),
        # nobody can finish today what comes in when the office has closed
        ("Monday 2019-07-22 17:00", None, "Tuesday 2019-07-23 17:00"),
        ("Monday 2019-07-22 18:00", None, "Tuesday 2019-07-23 17:00"),
    ],
)
def test_same_day_and_its_fifteen_o_clock(accepted: str, cutoff: str | None, expected: str) -> None:
    assert due(accepted, a_term(1, SAME_DAY, cutoff=cutoff)).at == at(expected)


def test_same_day_where_the_office_closes_before_fifteen_o_clock() -> None:
    mornings = Sessions({weekday: (Session(time(7, 0), time(11, 30)),) for weekday in range(5)})
    term = a_term(1, SAME_DAY, cutoff="15:00")
    assert due("Monday 2019-07-22 11:00", term, sessions=mornings).at == at("Monday 2019-07-22 11:30")
    assert due("Monday 2019-07-22 14:00", term, sessions=mornings).at == at("Tuesday 2019-07-23 11:30")


def test_a_day_term_is_judged_by_its_date() -> None:
    found = due("Monday 2019-07-22 08:00", working_days(1))
    assert found.at == at("Tuesday 2019-07-23 17:00")
    assert found.late_from == at("Wednesday 2019-07-24 00:00")
    assert found.day == day("Tuesday 2019-07-23")


def test_half_a_day_is_judged_by_its_date_all_the_same() -> None:
    """A term in days ends with a day (Civil Code 2015 art. 148(1))."""
    found = due("Monday 2019-07-22 08:00", working_days("1.5"))
    assert (found.day, found.late_from) == (day("Wednesday 2019-07-24"), at("Thursday 2019-07-25 00:00"))


def test_half_a_day_where_the_agency_works_in_one_block() -> None:
    through = Sessions({weekday: (Session(time(7, 0), time(15, 0)),) for weekday in range(5)})
    assert due("Monday 2019-07-22 08:00", working_days("0.5"), sessions=through).at == at("Tuesday 2019-07-23 15:00")


def test_a_wait_moves_a_half_day_to_another_noon() -> None:
    paused = at("Tuesday 2019-07-23 10:00"), at("Thursday 2019-07-25 10:00")
    first, term = due("Monday 2019-07-22 08:00", working_days("1.5")), working_days("1.5")
    moved = shifted(first, term, paused, the_calendar(), DEFAULT_SESSIONS)
    assert moved.at == at("Friday 2019-07-26 11:30")


def test_an_hour_term_is_judged_to_the_instant() -> None:
    found = due("Monday 2019-07-22 08:00", a_term(2, WORKING_HOUR))
    assert found.at == at("Monday 2019-07-22 10:00")
    assert found.late_from == at("Monday 2019-07-22 10:00") + timedelta(microseconds=1)
    assert found.day == day("Monday 2019-07-22")


def test_without_a_term_there_is_no_due_date() -> None:
    assert due_after(at("Monday 2019-07-22 08:00"), NO_TERM, the_calendar(), DEFAULT_SESSIONS) is None


@pytest.mark.parametrize(
    ("value", "unit"), [(300, WORKING_DAY), (400, CALENDAR_DAY), (3000, WORKING_HOUR), (14, MONTH)]
)
def test_a_term_beyond_the_loaded_calendar_names_the_missing_year(value: int, unit: TermUnit) -> None:
    with pytest.raises(CalendarMissing, match="2028"):
        due("Friday 2026-12-11 08:00", a_term(value, unit))


@given(instants_within, terms)
def test_a_due_date_is_never_before_its_acceptance_and_never_on_a_day_off(accepted: datetime, term: Term) -> None:
    found = due_after(accepted, term, the_calendar(), DEFAULT_SESSIONS)
    assert found is not None
    assert accepted < found.at < found.late_from
    assert civil_day(found.at) == found.day
    assert the_calendar().is_working(found.day)
    if term.unit is WORKING_HOUR:
        assert any(block.opens < found.at.time() <= block.closes for block in DEFAULT_SESSIONS.week[0])
    else:
        assert found.late_from == end_of(found.day)
        assert found.at.time() == (time(11, 30) if ends_at_noon(term) else time(17, 0))


@given(instants_within, instants_within, terms)
def test_whoever_hands_in_later_is_not_due_earlier(one: datetime, other: datetime, term: Term) -> None:
    first, second = sorted((one, other))
    due_first = due_after(first, term, the_calendar(), DEFAULT_SESSIONS)
    due_second = due_after(second, term, the_calendar(), DEFAULT_SESSIONS)
    assert due_first is not None
    assert due_second is not None
    assert due_first.late_from <= due_second.late_from


@given(instants_within, terms, st.decimals(0, 3, places=1))
def test_a_longer_term_is_not_due_earlier(accepted: datetime, term: Term, more: Decimal) -> None:
    first = due_after(accepted, term, the_calendar(), DEFAULT_SESSIONS)
    second = due_after(accepted, Term(term.value + more, term.unit, term.cutoff), the_calendar(), DEFAULT_SESSIONS)
    assert first is not None
    assert second is not None
    assert first.late_from <= second.late_from
