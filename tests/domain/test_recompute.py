"""Reckoning anew: by the same calendar nothing moves, by another only what was reckoned over the changed days."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deadline import Anew, Clock
from shared.domain.life import Happened, Life, decided, lived, told
from shared.domain.lifecycle import EventKind, allowed_events
from shared.domain.recompute import recomputed, rescheduled, standing
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due, TermUnit
from shared.domain.working_calendar import CalendarDay, DayKind, WorkingCalendar
from tests.domain.builders import a_clock, a_term, day, instants_within, terms, the_calendar, working_days
from tests.support import at

NOW = at("Thursday 2019-07-25 09:00")
DECISION = "1/QĐ-UBND"


def with_off(*days: str, calendar: WorkingCalendar | None = None) -> WorkingCalendar:
    """The calendar with these days off."""
    return (calendar or the_calendar()).with_days(
        {day(text): CalendarDay(day(text), DayKind.HOLIDAY, "nghỉ đột xuất", "sudden day off") for text in days}
    )


def a_history(clock: Clock, *events: tuple[EventKind, str], given_due: Due | None = None) -> list[Happened]:
    """What happened, reckoned as it came; `given_due`: of the last event."""
    life: Life | None = None
    log: list[Happened] = []
    for kind, text in events:
        last = (kind, text) == events[-1]
        happened = decided(life, kind, at(text), clock, given_due=given_due if last else None)
        assert happened is not None, f"{kind} is not allowed"
        log.append(happened)
        life = lived(life, happened)
    return log


def moved_by(history: list[Happened], clock: Clock, after: WorkingCalendar) -> Happened | None:
    """The event that a change of calendar to `after` makes of a history reckoned by `clock`."""
    return rescheduled(history, clock.by(after), clock.calendar, NOW, DECISION)


def dates(event: Happened | None) -> tuple[Any, Any, Any]:
    """(original, judged by, promised) as instants."""
    assert event is not None
    assert event.anew is not None
    anew = event.anew
    return tuple(due.at if due else None for due in (anew.original_due, anew.judged, anew.promised))  # type: ignore[return-value]


FIVE_DAYS = a_clock(working_days(5))
FIRST = at("Monday 2019-07-29 17:00")
ACCEPTED = (EventKind.ACCEPTED, "Monday 2019-07-22 09:00")


def test_a_sudden_day_off_moves_what_it_is_judged_by_and_what_is_promised_and_keeps_the_original() -> None:
    log = a_history(FIVE_DAYS, ACCEPTED)
    event = moved_by(log, FIVE_DAYS, with_off("Friday 2019-07-26"))
    assert dates(event) == (FIRST, at("Tuesday 2019-07-30 17:00"), at("Tuesday 2019-07-30 17:00"))
    assert event is not None
    life = told([*log, event])
    assert life is not None
    assert life.account is not None
    assert life.account.original_due is not None
    assert life.account.original_due.at == FIRST


@pytest.mark.parametrize(
    ("accepted", "days", "was", "will_be"),
    [
        ("Friday 2018-12-28", 1, "Monday 2018-12-31", "Wednesday 2019-01-02"),
        ("Friday 2018-12-28", 5, "Monday 2019-01-07", None),  # the make-up Saturday brings back what the swap took
        ("Friday 2019-04-26", 1, "Monday 2019-04-29", "Thursday 2019-05-02"),
        ("Friday 2019-04-26", 3, "Friday 2019-05-03", "Saturday 2019-05-04"),
        ("Friday 2019-04-26", 5, "Tuesday 2019-05-07", None),
    ],
)
def test_the_swapped_days_of_2019_announced_while_dossiers_run(
    accepted: str, days: int, was: str, will_be: str | None
) -> None:
    """31/12/2018 off and 5/1/2019 worked; 29/4 off and 4/5 worked (6519/VPCP-KGVX of 11/7/2018)."""
    swapped = ("Monday 2018-12-31", "Saturday 2019-01-05", "Monday 2019-04-29", "Saturday 2019-05-04")
    unannounced = the_calendar().with_days(dict.fromkeys(map(day, swapped)))
    clock = a_clock(working_days(days), calendar=unannounced)
    log = a_history(clock, (EventKind.ACCEPTED, f"{accepted} 09:00"))
    assert log[0].due is not None
    assert log[0].due.day == day(was)
    event = moved_by(log, clock, the_calendar())
    assert (event.due.day if event and event.due else None) == (day(will_be) if will_be else None)


@pytest.mark.parametrize("off", ["Monday 2019-07-22", "Saturday 2019-07-27", "Tuesday 2019-07-30"])
def test_a_day_outside_the_term_moves_nothing(off: str) -> None:
    assert moved_by(a_history(FIVE_DAYS, ACCEPTED), FIVE_DAYS, with_off(off)) is None


def test_what_ran_out_before_the_day_stays_late() -> None:
    log = a_history(a_clock(working_days(1)), ACCEPTED)
    assert moved_by(log, a_clock(working_days(1)), with_off("Wednesday 2019-07-24")) is None


def test_an_extension_stands_and_only_what_it_is_judged_by_moves() -> None:
    appointed = Due.on_day(date(2019, 8, 9), FIVE_DAYS.sessions)
    log = a_history(FIVE_DAYS, ACCEPTED, (EventKind.EXTENDED, "Tuesday 2019-07-23 09:00"), given_due=appointed)
    event = moved_by(log, FIVE_DAYS, with_off("Friday 2019-07-26"))
    assert dates(event) == (FIRST, at("Tuesday 2019-07-30 17:00"), appointed.at)


def test_a_date_that_another_system_promised_stands() -> None:
    promised = Due.on_day(date(2019, 7, 29), FIVE_DAYS.sessions)
    log = a_history(FIVE_DAYS, ACCEPTED, given_due=promised)
    assert log[0].given
    assert moved_by(log, FIVE_DAYS, with_off("Friday 2019-07-26")) is None


def test_a_wait_keeps_the_clock_still_and_what_it_goes_on_from_moves() -> None:
    clock = a_clock(working_days(5), effect=SupplementEffect.PAUSE)
    log = a_history(clock, ACCEPTED, (EventKind.SUPPLEMENT_REQUESTED, "Wednesday 2019-07-24 09:00"))
    event = moved_by(log, clock, with_off("Friday 2019-07-26"))
    moved = at("Tuesday 2019-07-30 17:00")
    assert dates(event) == (FIRST, moved, moved)
    assert event is not None
    assert event.due is None
    life = told([*log, event])
    assert life is not None
    assert life.account is not None
    assert life.account.paused
    assert life.account.appointment is None


def test_a_term_that_began_again_is_counted_from_there() -> None:
    log = a_history(
        FIVE_DAYS,
        ACCEPTED,
        (EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 09:00"),
        (EventKind.SUPPLEMENTED, "Wednesday 2019-07-24 09:00"),
    )
    assert moved_by(log, FIVE_DAYS, with_off("Tuesday 2019-07-23")) is None, "before the term began again"
    assert dates(moved_by(log, FIVE_DAYS, with_off("Friday 2019-07-26")))[1] == at("Thursday 2019-08-01 17:00")


def test_a_term_in_hours_moves_to_the_hour() -> None:
    clock = a_clock(a_term(16, TermUnit.WORKING_HOUR))
    log = a_history(clock, ACCEPTED)
    assert dates(moved_by(log, clock, with_off("Tuesday 2019-07-23")))[1] == at("Thursday 2019-07-25 09:00")


@pytest.mark.parametrize(
    ("off", "due"),
    [("Wednesday 2019-07-24", None), ("Monday 2019-08-05", "Tuesday 2019-08-06 17:00")],
)
def test_of_a_term_in_calendar_days_only_the_end_matters(off: str, due: str | None) -> None:
    clock = a_clock(a_term(14, TermUnit.CALENDAR_DAY))
    event = moved_by(a_history(clock, ACCEPTED), clock, with_off(off))
    assert (dates(event)[1] if event else None) == (at(due) if due else None)


def test_the_reception_clock_of_a_submission_moves_too() -> None:
    log = a_history(FIVE_DAYS, (EventKind.SUBMITTED, "Friday 2019-07-26 16:00"))
    event = moved_by(log, FIVE_DAYS, with_off("Monday 2019-07-29"))
    assert event is not None
    assert (event.anew, event.due and event.due.at) == (None, at("Tuesday 2019-07-30 16:00"))
    life = told([*log, event])
    assert life is not None
    assert life.reception is not None
    assert life.reception.due == event.due


def test_what_another_change_would_move_is_not_this_ones() -> None:
    """The term was shortened since: a day off next month does not bring that to light."""
    shorter = a_clock(working_days(3), calendar=with_off("Monday 2019-08-26"))
    assert rescheduled(a_history(FIVE_DAYS, ACCEPTED), shorter, the_calendar(), NOW, DECISION) is None


def test_a_change_taken_back_leads_back() -> None:
    log = a_history(FIVE_DAYS, ACCEPTED)
    off = with_off("Friday 2019-07-26")
    away = moved_by(log, FIVE_DAYS, off)
    assert away is not None
    back = rescheduled([*log, away], FIVE_DAYS, off, NOW, DECISION)
    assert dates(back) == (FIRST, FIRST, FIRST)
    again = rescheduled([*log, away], FIVE_DAYS.by(off), the_calendar(), NOW, DECISION)
    assert again is None, "it stands where it should"


@given(
    instants_within,
    terms,
    st.sampled_from(SupplementEffect),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 60 * 24 * 20)), max_size=12),
    st.booleans(),
    st.integers(0, 30),
)
def test_by_the_same_calendar_nothing_moves(accepted, term, effect, choices, promised_elsewhere, later) -> None:
    """Over random histories, extensions, decisions and promises of other systems among them; and by another calendar
    what is moved once stands."""
    clock = a_clock(term, effect=effect)
    life: Life | None = None
    log: list[Happened] = []
    instant = accepted
    for choice, minutes in choices:
        allowed = [kind for kind in allowed_events(life.state if life else None) if kind is not EventKind.CORRECTED]
        kind = allowed[choice % len(allowed)]
        instant += timedelta(minutes=minutes)
        promised = life.account.promised if life and life.account else None
        named = promised and Due.on_day(promised.day + timedelta(days=3), clock.sessions)
        elsewhere = kind is EventKind.ACCEPTED and promised_elsewhere
        if elsewhere:
            named = Due.on_day(instant.date() + timedelta(days=9), clock.sessions)
        names = elsewhere or kind in (EventKind.EXTENDED, EventKind.RESCHEDULED)
        happened = decided(life, kind, instant, clock, given_due=named if names else None)
        assert happened is not None
        log.append(happened)
        life = lived(life, happened)
    assert recomputed(log, clock) == life
    if life is not None and life.account is not None:
        account = life.account
        dates = account.original_due, account.judged, account.promised, account.stopped
        again = Anew(account.accepted_at, *dates)
        same = Happened(EventKind.CORRECTED, instant, life.account.due, anew=again)
        assert lived(life, same) == life, "a correction that corrects nothing moves nothing"
        assert recomputed([*log, same], clock) == life
    assert rescheduled(log, clock, clock.calendar, instant, DECISION) is None
    off = accepted.date() + timedelta(days=later)
    other = a_clock(
        term,
        effect=effect,
        calendar=the_calendar().with_days({off: CalendarDay(off, DayKind.HOLIDAY, "nghỉ", "off")}),
    )
    event = rescheduled(log, other, the_calendar(), instant, DECISION)
    if event is not None and life is not None:
        moved = lived(life, event)
        assert standing(moved) == standing(recomputed(log, other))
        assert rescheduled([*log, event], other, the_calendar(), instant, DECISION) is None
        if moved.account is not None and life.account is not None:
            assert isinstance(event.anew, Anew)
            assert moved.account.original_due == life.account.original_due
