"""Ngày dân sự: every civil day is a day in Vietnam, wherever the instant was written down."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.civil_time import VIETNAM, civil_day, end_of, local, midnight, shown
from tests.domain.builders import day
from tests.support import at

_offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_instants = st.datetimes(
    datetime.fromisoformat("1900-01-02T00:00"), datetime.fromisoformat("2200-12-30T00:00"), timezones=_offsets
)


@given(_instants)
def test_the_quick_way_is_the_way_of_the_time_zone_database(instant: datetime) -> None:
    assert civil_day(instant) == instant.astimezone(VIETNAM).date()


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2019-07-22T16:59:59Z", "Monday 2019-07-22"),
        ("2019-07-22T17:00:00Z", "Tuesday 2019-07-23"),
        ("2019-12-31T23:59:59+07:00", "Tuesday 2019-12-31"),
        ("2019-12-31T23:59:59-05:00", "Wednesday 2020-01-01"),
    ],
)
def test_the_day_turns_at_midnight_in_vietnam(instant: str, text: str) -> None:
    assert civil_day(datetime.fromisoformat(instant)) == day(text)


def test_an_instant_without_its_offset_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="offset"):
        civil_day(datetime.fromisoformat("2019-07-22T16:00:00"))


@given(_instants.filter(lambda instant: instant.year > 1976))
def test_a_day_holds_its_instants(instant: datetime) -> None:
    assert midnight(civil_day(instant)) <= instant < end_of(civil_day(instant))


def test_instants_go_out_on_the_clocks_of_vietnam() -> None:
    out = shown(at("Monday 2019-07-22 16:29").astimezone(UTC))
    assert out is not None
    assert out.isoformat() == "2019-07-22T16:29:00+07:00"
    assert shown(None) is None


@given(_instants)
def test_the_clocks_of_vietnam_show_the_same_instant(instant: datetime) -> None:
    assert local(instant) == instant
    assert local(instant).utcoffset() == instant.astimezone(VIETNAM).utcoffset()
    assert civil_day(local(instant)) == civil_day(instant)
