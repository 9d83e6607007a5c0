"""Quá hạn vẫn là quá hạn: no apology moves what a dossier is judged by (Decree 61/2018 art. 19(9))."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deadline import Account, Clock, Verdict, moved, opened
from shared.domain.explanation import Told, explained
from shared.domain.life import Life, decided, lived
from shared.domain.lifecycle import EventKind, next_state
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due
from tests.domain.builders import a_clock, day, working_days
from tests.support import at

PAUSE = a_clock(working_days(5), effect=SupplementEffect.PAUSE)
RESTART = a_clock(working_days(5))
ACCEPTED = at("Monday 2019-07-22 09:00")
NEW = Due.on_day(day("Monday 2019-09-30"), PAUSE.sessions)


def an_account(clock: Clock, *events: tuple[EventKind, str]) -> Account:
    """Accepted on a Monday, due on the next; what is extended, is extended to the end of September."""
    account = opened(ACCEPTED, clock)
    for kind, text in events:
        account = moved(account, kind, at(text), clock, given_due=NEW if kind is EventKind.EXTENDED else None)
    return account


EXTENDED = (EventKind.EXTENDED, "Wednesday 2019-07-24 09:00")


def test_a_payment_after_an_extension_moves_the_date_of_the_law_and_no_further() -> None:
    account = an_account(
        PAUSE,
        EXTENDED,
        (EventKind.PAYMENT_REQUESTED, "Thursday 2019-07-25 09:00"),
        (EventKind.PAID, "Friday 2019-07-26 09:00"),
    )
    assert account.due is not None
    assert account.due.day == day("Tuesday 2019-07-30")
    assert account.promised == NEW, "the applicant keeps the later date"
    assert moved(account, EventKind.FINISHED, at("Friday 2019-08-02 09:00"), PAUSE).verdict is Verdict.LATE


def test_a_supplement_after_an_extension_takes_no_later_date_back() -> None:
    account = an_account(
        RESTART,
        EXTENDED,
        (EventKind.SUPPLEMENT_REQUESTED, "Wednesday 2019-07-24 10:00"),
        (EventKind.SUPPLEMENTED, "Thursday 2019-07-25 09:00"),
    )
    assert account.due is not None
    assert account.due.day == day("Thursday 2019-08-01")
    assert account.promised == NEW


def test_what_ends_while_it_waits_is_judged_by_the_date_of_the_law() -> None:
    waiting = (EventKind.PAYMENT_REQUESTED, "Thursday 2019-07-25 09:00")
    account = an_account(PAUSE, EXTENDED, waiting, (EventKind.WITHDRAWN, "Thursday 2019-08-15 09:00"))
    assert account.verdict is Verdict.ON_DAY, "no lateness of the agency, and not early by a date it gave itself"


def test_reopened_after_an_end_while_it_waited_the_wait_is_given_back() -> None:
    account = an_account(
        PAUSE,
        (EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 09:00"),
        (EventKind.STOPPED, "Thursday 2019-08-15 09:00"),
        (EventKind.REOPENED, "Friday 2019-08-16 09:00"),
    )
    assert account.due is not None
    assert account.due.day == day("Thursday 2019-08-22"), "four of five days were left on 23/7"
    assert not account.paused


def test_reopened_after_a_finish_the_clock_had_run_on() -> None:
    account = an_account(
        PAUSE, (EventKind.FINISHED, "Wednesday 2019-07-24 09:00"), (EventKind.REOPENED, "Friday 2019-08-16 09:00")
    )
    assert account.due is not None
    assert account.due.day == day("Monday 2019-07-29")


def test_paid_when_the_desk_has_closed_on_the_due_day_leaves_the_next_working_day() -> None:
    asked = (EventKind.PAYMENT_REQUESTED, "Monday 2019-07-29 09:00")
    evening = an_account(PAUSE, asked, (EventKind.PAID, "Monday 2019-07-29 22:00"))
    noon = an_account(PAUSE, asked, (EventKind.PAID, "Monday 2019-07-29 12:00"))
    assert evening.due is not None
    assert noon.due is not None
    assert (evening.due.day, noon.due.day) == (day("Tuesday 2019-07-30"), day("Monday 2019-07-29"))


OPEN = [
    EventKind.PAYMENT_REQUESTED,
    EventKind.PAID,
    EventKind.SUPPLEMENT_REQUESTED,
    EventKind.SUPPLEMENTED,
    EventKind.STOPPED,
    EventKind.REOPENED,
]


@given(st.lists(st.tuples(st.sampled_from(OPEN), st.integers(1, 60)), max_size=12), st.integers(0, 12))
def test_an_extension_anywhere_in_a_history_changes_no_date_it_is_judged_by(
    steps: list[tuple[EventKind, int]], place: int
) -> None:
    def judged_by(*, extended: bool) -> tuple[Due | None, Verdict | None]:
        life: Life | None = lived(None, decided(None, EventKind.ACCEPTED, ACCEPTED, PAUSE))  # type: ignore[arg-type]
        instant = ACCEPTED
        for n, (kind, hours) in enumerate(steps):
            instant += timedelta(hours=hours)
            if n == place and extended and next_state(life.state, EventKind.EXTENDED) and not life.account.extensions:  # type: ignore[union-attr]
                life = lived(life, decided(life, EventKind.EXTENDED, instant, PAUSE, given_due=NEW))  # type: ignore[arg-type]
            event = decided(life, kind, instant, PAUSE)
            life = lived(life, event) if event is not None else life
        assert life is not None
        assert life.account is not None
        return life.account.judged, life.account.verdict

    assert judged_by(extended=True) == judged_by(extended=False)


def test_a_date_that_was_promised_elsewhere_is_told_as_that() -> None:
    given_due = Due.on_day(day("Sunday 2019-08-11"), PAUSE.sessions)
    event = decided(None, EventKind.ACCEPTED, ACCEPTED, PAUSE, given_due=given_due)
    assert event is not None
    lines = [line.vi for line in explained([Told(None, event, lived(None, event))], PAUSE)]
    assert lines[-1] == ("Hẹn trả kết quả: 17:00 Chủ Nhật 11/8/2019, theo ngày đã hẹn khi đó.")
    assert not any("không tính (" in line or "cuối tuần" in line for line in lines)
