"""Lịch làm việc, từng ngày: the calendar that comes with the product, held against the `holidays` library over all its
years. Dates, not counts: two of the differences lie in one month and cancel each other."""

from datetime import date, timedelta

import holidays

from services.reference import CALENDAR_YEARS
from tests.domain.builders import day, the_calendar

LIBRARY = holidays.country_holidays("VN", years=CALENDAR_YEARS)
#: Swapped by official letter 12729/VPCP-KGVX of 25/12/2025, a week before the day.
OFF, WORKED = day("Friday 2026-01-02"), day("Saturday 2026-01-10")


def every_day() -> list[date]:
    first = date(min(CALENDAR_YEARS), 1, 1)
    return [first + timedelta(days=n) for n in range((date(max(CALENDAR_YEARS) + 1, 1, 1) - first).days)]


def test_the_library_differs_on_two_days_and_on_no_other() -> None:
    calendar = the_calendar()
    differing = {each: calendar.is_working(each) for each in every_day() if calendar.is_working(each) != works(each)}
    assert differing == {OFF: False, WORKED: True}


def test_every_day_off_of_the_library_is_ours_but_for_a_saturday_that_is_none() -> None:
    calendar = the_calendar()
    assert {each for each in every_day() if each in LIBRARY and each not in calendar.days} == {
        day("Saturday 2025-02-01")
    }
    assert calendar.is_provisional(date(2027, 1, 1), date(2027, 12, 31)), "what nobody announced says so"


def works(each: date) -> bool:
    """What the library says."""
    return bool(LIBRARY.is_working_day(each))
