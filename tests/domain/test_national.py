"""Cách tính quốc gia (Quyết định 766/QĐ-TTg, 2.1): how the national scoring judges a dossier."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.national import Compare, Ends, Scored, Wait, explained_nationally, longest_limit, scored
from shared.domain.terms import Due, Term, TermUnit, due_after
from shared.domain.working_calendar import DEFAULT_SESSIONS
from tests.domain.builders import NO_TERM, a_term, due, instants_within, terms, the_calendar, working_days
from tests.support import at

ACCEPTED = "Monday 2019-07-22 09:00"
FIVE_DAYS = working_days(5)  # due on Monday 29/7 at 17:00
NOW = "Friday 2019-08-30 17:00"
SECOND = timedelta(seconds=1)


def judged(
    *waits: tuple[str, str | None],
    now: str = NOW,
    promised: bool = True,
    longest: datetime | None = None,
    compare: Compare = Compare.INSTANT,
    **ends: str | datetime,
) -> Scored:
    """A dossier accepted on a Monday. ends: fields of Ends."""
    asked = [Wait(at(begin), at(end) if end else None) for begin, end in waits]
    over = Ends(**{name: at(end) if isinstance(end, str) else end for name, end in ends.items()})
    first = due(ACCEPTED, FIVE_DAYS).at if promised else None
    return scored(first, asked, over, accepted_at=at(ACCEPTED), until=at(now), longest=longest, compare=compare)


@pytest.mark.parametrize(
    ("ends", "on_time"),
    [
        ({"finished_at": "Monday 2019-07-29 17:00"}, True),
        ({"finished_at": at("Monday 2019-07-29 17:00") + 0.9 * SECOND}, True),  # told to the second
        ({"finished_at": at("Monday 2019-07-29 17:00") + SECOND}, False),
        ({"stopped_at": "Monday 2019-07-29 10:00"}, True),
        ({"withdrawn_at": "Tuesday 2019-07-30 10:00"}, False),
        ({"returned_at": "Tuesday 2019-07-30 10:00"}, False),  # of a system that knows no finish
        ({"finished_at": "Friday 2019-07-26 10:00", "returned_at": "Friday 2019-08-16 10:00"}, True),
        ({"finished_at": "Tuesday 2019-07-30 10:00", "returned_at": "Friday 2019-07-26 10:00"}, False),
        ({"returned_at": "Tuesday 2019-07-30 10:00", "stopped_at": "Friday 2019-07-26 10:00"}, False),
    ],
)
def test_which_end_goes_before_which(ends: dict[str, Any], on_time: bool) -> None:
    found = judged(**ends)
    assert (found.on_time, found.over) == (on_time, True)


@pytest.mark.parametrize(
    ("finished", "by_instant", "by_date"),
    [
        ("Monday 2019-07-29 16:59", True, True),
        ("Monday 2019-07-29 23:59", False, True),
        ("Tuesday 2019-07-30 00:00", False, False),
    ],
)
def test_the_hour_of_the_day_counts_or_not(finished: str, by_instant: bool, by_date: bool) -> None:
    assert judged(finished_at=finished).on_time is by_instant
    assert judged(finished_at=finished, compare=Compare.DATE).on_time is by_date


@pytest.mark.parametrize(("now", "on_time"), [("Monday 2019-07-29 16:00", True), ("Tuesday 2019-07-30 08:00", False)])
def test_what_is_open_is_judged_by_now(now: str, on_time: bool) -> None:
    found = judged(now=now)
    assert (found.on_time, found.over, found.at) == (on_time, False, at(now))


def test_what_ends_later_is_open() -> None:
    found = judged(finished_at="Tuesday 2019-07-30 10:00", now="Monday 2019-07-29 10:00")
    assert (found.on_time, found.rules) == (True, ("end_of_period", "due_as_sent"))


def test_while_a_supplement_is_open_its_request_is_the_end() -> None:
    in_time = judged(("Friday 2019-07-26 10:00", None))
    assert (in_time.on_time, in_time.at) == (True, at("Friday 2019-07-26 10:00"))
    assert not judged(("Tuesday 2019-07-30 10:00", None)).on_time


@pytest.mark.parametrize(("ended", "on_time"), [("Monday 2019-07-29 10:00", True), ("Friday 2019-08-30 10:00", False)])
def test_what_was_stopped_or_withdrawn_without_an_answer_ended_then(ended: str, on_time: bool) -> None:
    found = judged(("Friday 2019-07-26 10:00", None), stopped_at=ended)
    assert (found.on_time, found.over, found.at) == (on_time, True, at(ended))


def test_once_it_is_answered_the_wait_is_taken_off_as_plain_time_and_nothing_restarts() -> None:
    wait = ("Friday 2019-07-26 16:00", "Monday 2019-07-29 16:00")  # one working day, three days
    assert judged(wait, finished_at="Thursday 2019-08-01 17:00").on_time, "30/7 by working days"
    late = judged(wait, finished_at="Friday 2019-08-02 08:00")
    assert not late.on_time, "five days anew would have been Monday 5/8"
    assert late.at == at("Tuesday 2019-07-30 08:00")
    assert late.rules == ("end_finished", "wait_subtracted", "due_as_sent")


def test_a_request_before_acceptance_is_none() -> None:
    found = judged(("Monday 2019-07-22 08:00", "Monday 2019-07-22 08:30"), finished_at="Friday 2019-07-26 08:00")
    assert (found.requests, found.waited) == (0, ())


@pytest.mark.parametrize("ends", [{"finished_at": "Tuesday 2019-07-23 16:00"}, {}])
def test_a_second_request_is_overdue_whatever_the_dates(ends: dict[str, Any]) -> None:
    first = ("Monday 2019-07-22 10:00", "Monday 2019-07-22 11:00")
    second = ("Monday 2019-07-22 14:00", "Monday 2019-07-22 15:00")
    found = judged(first, second, now="Tuesday 2019-07-23 17:00", **ends)
    assert (found.on_time, found.over, found.rules[-1]) == (False, bool(ends), "second_request")


def test_without_a_date_the_longest_term_judges_and_without_that_nothing() -> None:
    terms = [working_days(3), working_days(10), NO_TERM, a_term(1, TermUnit.SAME_DAY)]
    longest = longest_limit(at(ACCEPTED), terms, the_calendar())
    assert longest == at("Monday 2019-08-05 23:59") + 59 * SECOND, "a day ends with its last second"
    assert judged(finished_at="Monday 2019-08-05 23:59", promised=False, longest=longest).on_time
    assert not judged(finished_at="Tuesday 2019-08-06 00:00", promised=False, longest=longest).on_time
    found = judged(finished_at="Friday 2019-08-30 08:00", promised=False)
    assert (found.on_time, found.against, found.rules) == (True, None, ("end_finished", "no_due"))
    assert longest_limit(at(ACCEPTED), [NO_TERM, a_term(1, TermUnit.SAME_DAY)], the_calendar()) is None


def test_it_is_told_line_by_line() -> None:
    wait = ("Wednesday 2019-07-24 10:00", "Wednesday 2019-07-24 11:30")
    found = judged(wait, finished_at="Monday 2019-07-29 18:31")
    assert [line.en for line in explained_nationally(found)] == [
        "The end: 18:31:00 Monday 29/7/2019 (processing was finished).",
        "Less the wait for a supplement: 1 hour 30 minutes.",
        "So judged: 17:01:00 Monday 29/7/2019.",
        "First promised: 17:00:00 Monday 29/7/2019.",
        "Later by 1 minute.",
        "Late.",
    ]
    again = judged(wait, wait, finished_at="Friday 2019-07-26 10:00")
    assert [line.vi for line in explained_nationally(again)][-3:] == [
        "Không muộn hơn hạn.",
        "Yêu cầu bổ sung 2 lần sau khi tiếp nhận: quá hạn, bất kể ngày nào.",
        "Kết luận: quá hạn.",
    ]


_gaps = st.integers(1, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))


@given(instants_within, terms, _gaps, _gaps, _gaps, st.sampled_from(Compare))
def test_a_wait_never_makes_late_and_time_never_mends(
    accepted: datetime, term: Term, before: timedelta, waited: timedelta, rest: timedelta, compare: Compare
) -> None:
    now = accepted + before + waited + rest
    first = due_at(accepted, term)

    def on_time(waits: list[Wait], finished: datetime | None) -> bool:
        return scored(first.at, waits, Ends(finished), accepted_at=accepted, until=now, compare=compare).on_time

    asked, answered = accepted + before, accepted + before + waited
    assert on_time([], now) == on_time([], None), "an open dossier is judged as if it ended now"
    assert on_time([Wait(asked)], None) == on_time([], asked)
    assert on_time([Wait(asked, answered)], now) >= on_time([], now), "a wait is never the agency's"
    assert on_time([Wait(asked, answered)], answered) >= on_time([Wait(asked, answered)], now)
    assert on_time([Wait(asked, answered)], answered) == on_time([], asked), "a wait is taken off whole"
    assert not on_time([Wait(asked, answered), Wait(answered, now)], now)


def due_at(accepted: datetime, term: Term) -> Due:
    found = due_after(accepted, term, the_calendar(), DEFAULT_SESSIONS)
    assert found is not None
    return found
