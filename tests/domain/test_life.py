"""The engine: what is decided now and what is read back from the log make the same dossier."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.life import Happened, Life, decided, lived, told
from shared.domain.lifecycle import EventKind, State, Status, allowed_events
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due
from tests.domain.builders import a_clock, instants_within, terms, working_days
from tests.support import at

FIVE_DAYS = a_clock(working_days(5))


def a_life(*events: tuple[EventKind, str]) -> Life:
    """A dossier after what happened to it."""
    life: Life | None = None
    for kind, text in events:
        happened = decided(life, kind, at(text), FIVE_DAYS)
        assert happened is not None, f"{kind} is not allowed"
        life = lived(life, happened)
    assert life is not None
    return life


def test_a_submission_has_eight_working_hours_and_no_term_yet() -> None:
    life = a_life((EventKind.SUBMITTED, "Friday 2019-07-26 16:00"))
    assert life.account is None
    assert life.reception is not None
    assert life.reception.due is not None
    assert life.reception.due.at == at("Monday 2019-07-29 16:00")


def test_the_term_runs_from_acceptance() -> None:
    life = a_life((EventKind.SUBMITTED, "Friday 2019-07-26 16:00"), (EventKind.ACCEPTED, "Monday 2019-07-29 08:00"))
    assert life.account is not None
    assert life.account.original_due is not None
    assert life.account.original_due.at == at("Monday 2019-08-05 17:00")


def test_the_reception_clock_stands_still_while_the_applicant_completes() -> None:
    asked = a_life(
        (EventKind.SUBMITTED, "Friday 2019-07-26 16:00"), (EventKind.SUPPLEMENT_REQUESTED, "Monday 2019-07-29 08:00")
    )
    assert asked.reception is not None
    assert (asked.reception.due, asked.reception.supplement_requests) == (None, 1)
    assert asked.state == State(Status.SUPPLEMENT_AWAITED, accepted=False)
    back = lived(asked, decided(asked, EventKind.SUPPLEMENTED, at("Thursday 2019-08-01 07:00"), FIVE_DAYS) or _never())
    assert back.reception is not None
    assert back.reception.due is not None
    assert back.reception.due.at == at("Thursday 2019-08-01 17:00")


def test_a_supplement_before_acceptance_is_none_of_the_one_that_the_law_allows() -> None:
    life = a_life(
        (EventKind.SUBMITTED, "Friday 2019-07-26 08:00"),
        (EventKind.SUPPLEMENT_REQUESTED, "Friday 2019-07-26 09:00"),
        (EventKind.SUPPLEMENTED, "Friday 2019-07-26 10:00"),
        (EventKind.ACCEPTED, "Friday 2019-07-26 11:00"),
    )
    assert life.account is not None
    assert life.account.supplement_requests == 0


def test_what_is_not_allowed_is_not_decided() -> None:
    life = a_life((EventKind.ACCEPTED, "Monday 2019-07-22 09:00"))
    assert decided(life, EventKind.RETURNED, at("Monday 2019-07-22 10:00"), FIVE_DAYS) is None
    with pytest.raises(KeyError):
        lived(life, Happened(EventKind.RETURNED, at("Monday 2019-07-22 10:00")))


def _never() -> Happened:
    raise AssertionError


@given(
    instants_within,
    terms,
    st.sampled_from(SupplementEffect),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 60 * 24 * 20)), max_size=12),
)
def test_a_history_read_back_is_the_dossier_that_made_it(accepted, term, effect, choices) -> None:
    """Whatever clock reads it: the dates are those that were recorded."""
    clock = a_clock(term, effect=effect)
    life: Life | None = None
    log: list[Happened] = []
    instant = accepted
    for choice, minutes in choices:
        allowed = allowed_events(life.state if life else None)
        kind = allowed[choice % len(allowed)]
        instant += timedelta(minutes=minutes)
        promised = life.account.promised if life and life.account else None
        named = promised and Due(promised.at + timedelta(days=3), promised.day + timedelta(days=3), promised.late_from)
        given_due = named if kind in (EventKind.EXTENDED, EventKind.RESCHEDULED) else None
        happened = decided(life, kind, instant, clock, given_due=given_due)
        assert happened is not None
        log.append(happened)
        life = lived(life, happened)
        assert life.state.accepted == (life.account is not None)
        if life.account is not None:
            _holds(life)
    assert told(log) == life


def _holds(life: Life) -> None:
    """What holds of every account, whatever happened."""
    account = life.account
    assert account is not None
    ended = life.status in (Status.FINISHED, Status.RETURNED, Status.WITHDRAWN, Status.STOPPED)
    assert (account.finished_at is not None) == (account.verdict is not None) == ended
    waiting = life.status in (Status.SUPPLEMENT_AWAITED, Status.PAYMENT_AWAITED)
    assert account.paused == waiting
    assert account.original_due is not None
    if life.status in (Status.ACCEPTED, Status.IN_PROCESS):
        assert account.due is not None, "a running clock has its date"
        assert account.appointment == account.promised
