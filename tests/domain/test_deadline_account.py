"""Tính thời hạn: Decree 61/2018 art. 19(4), 19(8) and 19(9): restart, pause, late stays late, no term."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.civil_time import civil_day
from shared.domain.deadline import Account, Clock, Verdict, folded, judged, moved, opened
from shared.domain.lifecycle import EventKind
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due, Term, TermUnit
from shared.domain.working_calendar import DEFAULT_SESSIONS
from tests.domain.builders import NO_TERM, a_clock, a_term, day, instants_within, terms, working_days
from tests.support import at

REQUESTED, SUPPLEMENTED = EventKind.SUPPLEMENT_REQUESTED, EventKind.SUPPLEMENTED
PAYMENT_REQUESTED, PAID, FINISHED = EventKind.PAYMENT_REQUESTED, EventKind.PAID, EventKind.FINISHED
RESTART, PAUSE, CONTINUE = SupplementEffect
ACCEPTED = "Monday 2019-07-22 09:00"


def an_account(clock: Clock, *events: tuple[EventKind, str], accepted: str = ACCEPTED) -> Account:
    """The account of a dossier accepted on a Monday, after what happened."""
    return folded(opened(at(accepted), clock), [(kind, at(text)) for kind, text in events], clock)


def due_of(account: Account) -> datetime:
    assert account.due is not None
    return account.due.at


# --- what is due when nothing happens -------------------------------------------------------------------------------


def test_reception_promises_a_date_and_keeps_it() -> None:
    account = an_account(a_clock(working_days(5)))
    assert account.original_due == account.due == account.promised
    assert due_of(account) == at("Monday 2019-07-29 17:00")
    assert account.late_day == day("Tuesday 2019-07-30")
    assert (account.paused, account.verdict, account.finished_at) == (False, None, None)


@pytest.mark.parametrize(
    ("finished", "verdict"),
    [
        ("Friday 2019-07-26 16:00", Verdict.EARLY),
        ("Sunday 2019-07-28 23:59", Verdict.EARLY),
        ("Monday 2019-07-29 00:00", Verdict.ON_DAY),
        ("Monday 2019-07-29 17:00", Verdict.ON_DAY),
        ("Monday 2019-07-29 23:59", Verdict.ON_DAY),  # day terms are judged by date, not by closing time
        ("Tuesday 2019-07-30 00:00", Verdict.LATE),
    ],
)
def test_a_day_term_is_early_on_the_day_or_late_by_date(finished: str, verdict: Verdict) -> None:
    assert an_account(a_clock(working_days(5)), (FINISHED, finished)).verdict is verdict


@pytest.mark.parametrize(
    ("finished", "verdict"),
    [
        ("Monday 2019-07-22 10:59", Verdict.ON_DAY),
        ("Monday 2019-07-22 11:00", Verdict.ON_DAY),
        ("Monday 2019-07-22 11:01", Verdict.LATE),
    ],
)
def test_an_hour_term_is_judged_by_the_instant(finished: str, verdict: Verdict) -> None:
    account = an_account(a_clock(a_term(2, TermUnit.WORKING_HOUR)), (FINISHED, finished))
    assert account.verdict is verdict


def test_the_late_day_of_an_hour_term_is_the_due_day_itself() -> None:
    account = an_account(a_clock(a_term(2, TermUnit.WORKING_HOUR)))
    assert account.late_day == day("Monday 2019-07-22")


# --- no term --------------------------------------------------------------------------------------------------------


def test_without_a_term_nothing_is_due_and_nothing_is_late() -> None:
    account = an_account(a_clock(NO_TERM), (FINISHED, "Wednesday 2025-12-31 09:00"))
    assert (account.original_due, account.due, account.promised, account.late_day) == (None, None, None, None)
    assert account.verdict is Verdict.ON_DAY


@pytest.mark.parametrize("effect", SupplementEffect)
def test_without_a_term_a_supplement_makes_none(effect: SupplementEffect) -> None:
    events = [(REQUESTED, "Tuesday 2019-07-23 09:00"), (SUPPLEMENTED, "Friday 2019-07-26 09:00")]
    account = an_account(a_clock(NO_TERM, effect=effect), *events)
    assert (account.due, account.paused, account.supplement_requests) == (None, False, 1)


@pytest.mark.parametrize("effect", SupplementEffect)
def test_a_date_promised_elsewhere_outlives_a_supplement(effect: SupplementEffect) -> None:
    """An imported dossier of a procedure whose term nobody knows must not slip out of the late ones."""
    clock = a_clock(NO_TERM, effect=effect)
    promised = Due.on_day(day("Monday 2019-07-29"), DEFAULT_SESSIONS)
    account = opened(at(ACCEPTED), clock, given_due=promised)
    account = moved(account, REQUESTED, at("Tuesday 2019-07-23 09:00"), clock)
    account = moved(account, SUPPLEMENTED, at("Thursday 2019-07-25 09:00"), clock)
    expected = {
        RESTART: "Thursday 2019-08-01 17:00",  # five working days anew
        PAUSE: "Wednesday 2019-07-31 17:00",  # two more
        CONTINUE: "Monday 2019-07-29 17:00",
    }
    assert due_of(account) == at(expected[effect])
    assert moved(account, FINISHED, at("Monday 2019-08-05 09:00"), clock).verdict is Verdict.LATE


# --- art. 19(4): the term is counted again from the beginning -------------------------------------------------------


def test_a_supplement_restarts_the_term_from_the_complete_dossier() -> None:
    clock = a_clock(working_days(5))
    waiting = an_account(clock, (REQUESTED, "Wednesday 2019-07-24 10:00"))
    assert waiting.paused
    assert (waiting.due, waiting.late_day) == (None, None)
    assert waiting.original_due == waiting.promised
    again = moved(waiting, SUPPLEMENTED, at("Thursday 2019-08-01 15:00"), clock)
    assert due_of(again) == at("Thursday 2019-08-08 17:00")
    assert again.promised == again.due
    assert again.original_due is not None
    assert again.original_due.at == at("Monday 2019-07-29 17:00")


def test_waiting_time_is_nobodys_lateness() -> None:
    events = [(REQUESTED, "Wednesday 2019-07-24 10:00"), (SUPPLEMENTED, "Monday 2019-12-02 09:00")]
    account = an_account(a_clock(working_days(5)), *events, (FINISHED, "Monday 2019-12-09 16:00"))
    assert account.verdict is Verdict.ON_DAY


def test_every_request_is_counted_though_only_one_is_lawful() -> None:
    """Art. 11(2)c allows one; more is late by the national rule, which needs the number."""
    events = [(REQUESTED, "Tuesday 2019-07-23 10:00"), (SUPPLEMENTED, "Wednesday 2019-07-24 10:00")]
    more = [(REQUESTED, "Thursday 2019-07-25 10:00"), (SUPPLEMENTED, "Friday 2019-07-26 10:00")]
    account = an_account(a_clock(working_days(5)), *events, *more)
    assert account.supplement_requests == 2
    assert due_of(account) == at("Friday 2019-08-02 17:00")


def test_a_restarted_hour_term_runs_from_the_hour_of_the_supplement() -> None:
    events = [(REQUESTED, "Monday 2019-07-22 09:30"), (SUPPLEMENTED, "Tuesday 2019-07-23 16:00")]
    account = an_account(a_clock(a_term(2, TermUnit.WORKING_HOUR)), *events)
    assert due_of(account) == at("Wednesday 2019-07-24 08:00")


# --- where a special law pauses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "requested", "supplemented", "expected"),
    [
        (working_days(5), "Tuesday 2019-07-23 10:00", "Thursday 2019-07-25 10:00", "Wednesday 2019-07-31 17:00"),
        (working_days(5), "Friday 2019-07-26 10:00", "Sunday 2019-07-28 10:00", "Monday 2019-07-29 17:00"),
        (working_days(5), "Tuesday 2019-07-23 08:00", "Tuesday 2019-07-23 16:00", "Monday 2019-07-29 17:00"),
        (
            a_term(10, TermUnit.CALENDAR_DAY),
            "Tuesday 2019-07-23 10:00",
            "Thursday 2019-07-25 10:00",
            "Monday 2019-08-05 17:00",  # 1/8 and two days is Saturday 3/8
        ),
        (
            a_term(1, TermUnit.MONTH),
            "Tuesday 2019-07-23 10:00",
            "Thursday 2019-07-25 10:00",
            "Monday 2019-08-26 17:00",
        ),
        (
            a_term(8, TermUnit.WORKING_HOUR),
            "Monday 2019-07-22 10:00",
            "Monday 2019-07-22 14:30",  # 1.5 h and 1 h of the wait were working time
            "Tuesday 2019-07-23 11:30",
        ),
        (
            a_term(8, TermUnit.WORKING_HOUR),
            "Monday 2019-07-22 12:00",
            "Monday 2019-07-22 13:00",  # none of the wait was working time
            "Tuesday 2019-07-23 09:00",
        ),
    ],
)
def test_a_pause_moves_the_date_by_the_time_waited(
    term: Term, requested: str, supplemented: str, expected: str
) -> None:
    account = an_account(a_clock(term, effect=PAUSE), (REQUESTED, requested), (SUPPLEMENTED, supplemented))
    assert due_of(account) == at(expected)


@pytest.mark.parametrize(
    ("term", "requested", "paid", "expected"),
    [
        # due on Tuesday 23/7, asked on that day, paid on a day off
        (working_days(1), "Tuesday 2019-07-23 10:00", "Saturday 2019-07-27 10:00", "Monday 2019-07-29 17:00"),
        (working_days(4), "Friday 2019-07-26 10:00", "Saturday 2019-07-27 10:00", "Monday 2019-07-29 17:00"),
        (a_term(1, TermUnit.SAME_DAY), "Monday 2019-07-22 10:00", "Sunday 2019-07-28 10:00", "Monday 2019-07-29 17:00"),
        # the hours ran out as the session closed, to the minute
        (
            a_term("2.5", TermUnit.WORKING_HOUR),
            "Monday 2019-07-22 11:30",
            "Monday 2019-07-22 13:00",
            "Monday 2019-07-22 13:30",
        ),
        (
            a_term(6, TermUnit.WORKING_HOUR),
            "Monday 2019-07-22 17:00",
            "Sunday 2019-07-28 10:00",
            "Monday 2019-07-29 07:00",
        ),
    ],
)
def test_whoever_pays_on_a_day_off_makes_nobody_late(term: Term, requested: str, paid: str, expected: str) -> None:
    account = an_account(a_clock(term), (PAYMENT_REQUESTED, requested), (PAID, paid))
    assert due_of(account) == at(expected)


@pytest.mark.parametrize("effect", SupplementEffect)
def test_waiting_for_payment_pauses_whatever_a_supplement_does(effect: SupplementEffect) -> None:
    events = [(PAYMENT_REQUESTED, "Tuesday 2019-07-23 10:00"), (PAID, "Thursday 2019-07-25 10:00")]
    account = an_account(a_clock(working_days(5), effect=effect), *events)
    assert due_of(account) == at("Wednesday 2019-07-31 17:00")
    assert account.supplement_requests == 0


def test_two_pauses_add_up() -> None:
    first = [(REQUESTED, "Tuesday 2019-07-23 10:00"), (SUPPLEMENTED, "Wednesday 2019-07-24 10:00")]
    second = [(PAYMENT_REQUESTED, "Thursday 2019-07-25 10:00"), (PAID, "Friday 2019-07-26 10:00")]
    account = an_account(a_clock(working_days(5), effect=PAUSE), *first, *second)
    assert due_of(account) == at("Wednesday 2019-07-31 17:00")


# --- late stays late ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", SupplementEffect)
def test_a_request_after_the_term_ran_out_cures_nothing(effect: SupplementEffect) -> None:
    clock = a_clock(working_days(1), effect=effect)
    late = an_account(clock, (REQUESTED, "Wednesday 2019-07-24 00:00"))
    assert late.paused
    assert due_of(late) == at("Tuesday 2019-07-23 17:00")
    assert late.late_day == day("Wednesday 2019-07-24")
    again = moved(late, SUPPLEMENTED, at("Friday 2019-07-26 09:00"), clock)
    assert (again.due, again.paused) == (late.due, False)
    assert moved(again, FINISHED, at("Friday 2019-07-26 10:00"), clock).verdict is Verdict.LATE


def test_a_request_on_the_last_evening_still_stops_the_clock() -> None:
    account = an_account(a_clock(working_days(1)), (REQUESTED, "Tuesday 2019-07-23 23:59"))
    assert account.due is None


# --- ended while waiting --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("withdrawn", "verdict"),
    [("Thursday 2019-07-25 09:00", Verdict.EARLY), ("Monday 2019-09-30 09:00", Verdict.ON_DAY)],
)
def test_withdrawn_while_the_clock_stood_still_is_never_late(withdrawn: str, verdict: Verdict) -> None:
    events = [(REQUESTED, "Wednesday 2019-07-24 10:00"), (FINISHED, withdrawn)]
    account = an_account(a_clock(working_days(5)), *events)
    assert account.verdict is verdict
    assert account.late_day is None
    assert not account.paused


def test_withdrawn_while_waiting_after_the_term_ran_out_is_late() -> None:
    events = [(REQUESTED, "Wednesday 2019-07-24 10:00"), (FINISHED, "Thursday 2019-07-25 09:00")]
    assert an_account(a_clock(working_days(1)), *events).verdict is Verdict.LATE


# --- what always holds ----------------------------------------------------------------------------------------------

_pairs = st.sampled_from([(REQUESTED, SUPPLEMENTED), (PAYMENT_REQUESTED, PAID)])
_gap = st.integers(0, 60 * 24 * 30).map(lambda minutes: timedelta(minutes=minutes))


@given(
    instants_within,
    terms,
    st.sampled_from(SupplementEffect),
    st.lists(st.tuples(_pairs, _gap, _gap), max_size=3),
    _gap,
)
def test_an_account_keeps_its_word(accepted, term, effect, waits, last) -> None:
    clock = a_clock(term, effect=effect)
    account = opened(accepted, clock)
    first, instant, events = account.original_due, accepted, []
    ever_late = False
    for (stop, go), before, waited in waits:
        instant += before
        ever_late |= account.due is not None and instant >= account.due.late_from
        account = moved(account, stop, instant, clock)
        events.append((stop, instant))
        assert account.paused
        runs_on = effect is CONTINUE and stop is REQUESTED
        assert (account.due is not None) == (ever_late or runs_on)
        instant += waited
        account = moved(account, go, instant, clock)
        events.append((go, instant))
        assert not account.paused
        assert account.due is not None
        if not ever_late and not runs_on:
            assert account.due.late_from > instant, "the clock starts again, so there is time left"
            assert account.due == account.promised
    ended = moved(account, FINISHED, instant + last, clock)
    assert ended.original_due == first, "what was first promised is never rewritten"
    assert folded(opened(accepted, clock), events, clock) == account, "the fold is the steps one by one"
    assert ended.verdict is judged(account.due, instant + last)
    if ever_late:
        assert ended.verdict is Verdict.LATE
    assert ended.late_day is not None
    assert (ended.verdict is Verdict.LATE) >= (civil_day(instant + last) > ended.late_day)


# --- an apology ---------------------------------------------------------------------------------------------------


def test_an_apology_moves_nothing_unless_it_names_a_time() -> None:
    clock = a_clock(working_days(5))
    account = an_account(clock)
    assert moved(account, EventKind.APOLOGISED, at("Wednesday 2019-07-31 10:00"), clock) == account


def test_a_time_named_too_late_is_the_one_re_appointment_and_late_stays_late() -> None:
    clock = a_clock(working_days(5))
    new = Due.on_day(day("Monday 2019-08-05"), DEFAULT_SESSIONS)
    account = moved(an_account(clock), EventKind.APOLOGISED, at("Wednesday 2019-07-31 10:00"), clock, given_due=new)
    assert (account.promised, account.extensions) == (new, 1)
    assert account.late_day == day("Tuesday 2019-07-30")
    assert moved(account, FINISHED, at("Friday 2019-08-02 10:00"), clock).verdict is Verdict.LATE


def test_an_apology_after_an_extension_leaves_the_date_of_the_extension() -> None:
    clock = a_clock(working_days(5))
    new = Due.on_day(day("Monday 2019-08-05"), DEFAULT_SESSIONS)
    account = moved(an_account(clock), EventKind.EXTENDED, at("Thursday 2019-07-25 10:00"), clock, given_due=new)
    assert moved(account, EventKind.APOLOGISED, at("Wednesday 2019-07-31 10:00"), clock) == account
