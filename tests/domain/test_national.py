"""Cách tính quốc gia (Quyết định 766/QĐ-TTg, 2.1): how the national scoring judges a dossier."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.national import Ends, Scored, Wait, scored
from shared.domain.terms import Due, Term, TermUnit, due_after
from shared.domain.working_calendar import DEFAULT_SESSIONS
from tests.domain.builders import a_term, due, instants_within, terms, the_calendar, working_days
from tests.support import at

ACCEPTED = "Monday 2019-07-22 09:00"
FIVE_DAYS = working_days(5)  # due on Monday 29/7
NOW = "Friday 2019-08-30 17:00"


def judged(
    *waits: tuple[str, str | None],
    finished: str | None = None,
    ended: str | None = None,
    returned: str | None = None,
    now: str = NOW,
    term: Term = FIVE_DAYS,
    promised: bool = True,
    longest: Due | None = None,
) -> Scored:
    """A dossier accepted on a Monday."""
    asked = [Wait(at(begin), at(end) if end else None) for begin, end in waits]
    ends = Ends(*(at(text) if text else None for text in (finished, ended, returned)))
    first = due(ACCEPTED, term) if promised else None
    calendar = the_calendar()
    return scored(first, asked, ends, term, calendar, DEFAULT_SESSIONS, now=at(now), longest=longest)


@pytest.mark.parametrize(
    ("ends", "on_time"),
    [
        ({"finished": "Monday 2019-07-29 23:59"}, True),
        ({"finished": "Tuesday 2019-07-30 00:00"}, False),
        ({"ended": "Monday 2019-07-29 10:00"}, True),  # refused, stopped, withdrawn
        ({"ended": "Tuesday 2019-07-30 10:00"}, False),
        ({"returned": "Tuesday 2019-07-30 10:00"}, False),  # of a system that knows no finish
        ({"finished": "Friday 2019-07-26 10:00", "returned": "Friday 2019-08-16 10:00"}, True),  # collected late
        ({"finished": "Tuesday 2019-07-30 10:00", "returned": "Friday 2019-07-26 10:00"}, False),
    ],
)
def test_the_finish_goes_before_the_hand_out(ends: dict[str, Any], on_time: bool) -> None:
    found = judged(**ends)
    assert (found.on_time, found.ended) == (on_time, True)


@pytest.mark.parametrize(("now", "on_time"), [("Monday 2019-07-29 18:00", True), ("Tuesday 2019-07-30 08:00", False)])
def test_what_is_open_is_judged_by_now(now: str, on_time: bool) -> None:
    found = judged(now=now)
    assert (found.on_time, found.ended, found.at) == (on_time, False, at(now))


def test_while_a_supplement_is_open_its_request_is_the_end() -> None:
    in_time = judged(("Friday 2019-07-26 10:00", None))
    assert (in_time.on_time, in_time.at) == (True, at("Friday 2019-07-26 10:00"))
    assert not judged(("Tuesday 2019-07-30 10:00", None)).on_time


@pytest.mark.parametrize(("ended", "on_time"), [("Monday 2019-07-29 10:00", True), ("Friday 2019-08-30 10:00", False)])
def test_what_was_stopped_or_withdrawn_without_an_answer_ended_then(ended: str, on_time: bool) -> None:
    found = judged(("Friday 2019-07-26 10:00", None), ended=ended)
    assert (found.on_time, found.ended, found.at) == (on_time, True, at(ended))


def test_once_it_is_answered_the_wait_is_subtracted_and_nothing_restarts() -> None:
    wait = ("Wednesday 2019-07-24 10:00", "Friday 2019-07-26 10:00")  # two working days
    assert judged(wait, finished="Wednesday 2019-07-31 16:00").on_time
    late = judged(wait, finished="Thursday 2019-08-01 08:00")
    assert not late.on_time, "five days anew would have been Friday 2/8"
    assert late.against is not None
    assert late.against.at == at("Wednesday 2019-07-31 17:00")


def test_the_wait_of_an_hour_term_is_subtracted_by_the_hour() -> None:
    hours = a_term(8, TermUnit.WORKING_HOUR)  # due on Tuesday 23/7 at 09:00
    wait = ("Monday 2019-07-22 10:00", "Monday 2019-07-22 14:30")
    assert judged(wait, finished="Tuesday 2019-07-23 11:30", term=hours).on_time
    assert not judged(wait, finished="Tuesday 2019-07-23 13:31", term=hours).on_time


@pytest.mark.parametrize("finished", ["Tuesday 2019-07-23 16:00", None])
def test_a_second_request_is_overdue_whatever_the_dates(finished: str | None) -> None:
    first = ("Monday 2019-07-22 10:00", "Monday 2019-07-22 11:00")
    second = ("Monday 2019-07-22 14:00", "Monday 2019-07-22 15:00")
    found = judged(first, second, finished=finished, now="Tuesday 2019-07-23 17:00")
    assert (found.on_time, found.ended) == (False, finished is not None)


def test_without_a_date_the_longest_term_judges_and_without_that_nothing() -> None:
    longest = due(ACCEPTED, working_days(10))
    assert judged(finished="Monday 2019-08-05 16:00", promised=False, longest=longest).on_time
    assert not judged(finished="Tuesday 2019-08-06 08:00", promised=False, longest=longest).on_time
    assert judged(finished="Friday 2019-08-30 08:00", promised=False) == Scored(
        True, True, at("Friday 2019-08-30 08:00"), None
    )


_gaps = st.integers(1, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))


@given(instants_within, terms, _gaps, _gaps, _gaps)
def test_a_wait_never_makes_late_and_time_never_mends(
    accepted: datetime, term: Term, before: timedelta, waited: timedelta, rest: timedelta
) -> None:
    calendar, now = the_calendar(), accepted + before + waited + rest
    first = due_at(accepted, term)

    def on_time(waits: list[Wait], finished: datetime | None) -> bool:
        return scored(first, waits, Ends(finished), term, calendar, DEFAULT_SESSIONS, now=now).on_time

    asked, answered = accepted + before, accepted + before + waited
    assert on_time([], now) == on_time([], None), "an open dossier is judged as if it ended now"
    assert on_time([Wait(asked)], None) == on_time([], asked)
    assert on_time([Wait(asked, answered)], now) >= on_time([], now), "a wait is never the agency's"
    assert on_time([Wait(asked, answered)], answered) >= on_time([Wait(asked, answered)], now)
    assert not on_time([Wait(asked, answered), Wait(answered, now)], now)


def due_at(accepted: datetime, term: Term) -> Due:
    found = due_after(accepted, term, the_calendar(), DEFAULT_SESSIONS)
    assert found is not None
    return found
