"""Builders of what the law reckons with: the real calendar, terms, clocks, small agency trees."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from services.reference import CALENDAR_YEARS, calendar_days, regimes
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.counts import Facts
from shared.domain.deadline import Clock
from shared.domain.regimes import SupplementEffect, SupplementRule
from shared.domain.terms import Due, Term, TermUnit, due_after
from shared.domain.working_calendar import (
    DEFAULT_SESSIONS,
    CalendarDay,
    DayKind,
    Sessions,
    WorkingCalendar,
)
from tests.support import at


@cache
def the_calendar() -> WorkingCalendar:
    """The calendar that comes with the product, read from its file: 2018 to 2027."""
    rows = calendar_days()
    days = [CalendarDay(row.day, row.kind, row.name_vi, row.name_en, row.status == "provisional") for row in rows]
    return WorkingCalendar.of(days, CALENDAR_YEARS)


def the_rule(received: str, procedure: str | None = None) -> SupplementRule:
    """The supplement rule that comes with the product, for what is received on a day."""
    return regimes().on(procedure, day(received))


def a_calendar_off_all(*years: int) -> WorkingCalendar:
    """A calendar of years in which nobody ever works."""
    days = (date(year, 1, 1) + timedelta(days=n) for year in years for n in range(366))
    return WorkingCalendar.of([CalendarDay(day, DayKind.HOLIDAY, "nghỉ", "off") for day in days], years)


def day(text: str) -> date:
    """`day("Monday 2019-07-22")`: a civil day; a wrong weekday is an error of the test."""
    return at(f"{text} 00:00").date()


def a_term(value: str | int, unit: TermUnit, *, cutoff: str | None = None) -> Term:
    """A term, e.g. `a_term("1.5", TermUnit.WORKING_DAY)`; `cutoff` as on the clock, "15:00"."""
    hour = at(f"Monday 2019-07-22 {cutoff}").time() if cutoff else None
    return Term(Decimal(value), unit, hour)


def working_days(number: str | int) -> Term:
    """A term in working days."""
    return a_term(number, TermUnit.WORKING_DAY)


NO_TERM = a_term(0, TermUnit.NONE)


def due(accepted: str, term: Term, *, sessions: Sessions = DEFAULT_SESSIONS) -> Due:
    """When a dossier accepted at `accepted` is due, by the real calendar; the term must not be none."""
    found = due_after(at(accepted), term, the_calendar(), sessions)
    assert found is not None
    return found


def a_clock(
    term: Term,
    *,
    effect: SupplementEffect | None = None,
    rule: SupplementRule | None = None,
    calendar: WorkingCalendar | None = None,
    sessions: Sessions = DEFAULT_SESSIONS,
) -> Clock:
    """What an account needs beside its events: under Decree 61/2018 unless a `rule`, or another `effect`, is given."""
    law = rule or the_rule("Monday 2019-07-22")
    return Clock(term, calendar or the_calendar(), sessions, replace(law, effect=effect) if effect else law)


def a_unit(
    number: int, code: str, *, under: int | None = None, since: str | None = None, until: str | None = None
) -> Agency:
    """A unit in force from `since` to `until`, ISO days, both included."""
    return Agency(
        id=number,
        code=code,
        name=f"Đơn vị {number}",
        level=Level.COMMUNE,
        kind="test",
        parent_id=under,
        valid_from=date.fromisoformat(since) if since else None,
        valid_to=date.fromisoformat(until) if until else None,
    )


def a_tree(*units: Agency, successions: Iterable[tuple[int, int]] = ()) -> AgencyTree:
    """A tree of units; successions are (old, new)."""
    return AgencyTree.of(units, successions)


#: Days and instants well within the loaded years, so that no term runs over their end.
days_within = st.dates(date(2018, 1, 2), date(2023, 12, 31))
instants_within = st.datetimes(
    at("Tuesday 2018-01-02 00:00").replace(tzinfo=None), at("Sunday 2023-12-31 00:00").replace(tzinfo=None)
).map(lambda instant: instant.replace(tzinfo=at("Tuesday 2018-01-02 00:00").tzinfo))
terms = st.one_of(
    st.builds(Term, st.decimals("0.5", 60, places=1), st.just(TermUnit.WORKING_DAY)),
    st.builds(Term, st.decimals("0.5", 90, places=1), st.just(TermUnit.CALENDAR_DAY)),
    st.builds(Term, st.decimals("0.5", 80, places=1), st.just(TermUnit.WORKING_HOUR)),
    st.builds(Term, st.decimals("0.5", 12, places=1), st.just(TermUnit.MONTH)),
    st.builds(
        Term,
        st.just(Decimal(1)),
        st.just(TermUnit.SAME_DAY),
        st.sampled_from([None, at("Monday 2019-07-22 15:00").time()]),
    ),
)


def _facts(agency: int, channel: int, received: date, offsets: tuple[int | None, ...], paused: bool) -> Facts:
    term, finished = offsets
    due_day = received + timedelta(days=term) if term is not None else None
    late_day = due_day + timedelta(days=1) if due_day and not paused else None
    finished_day = received + timedelta(days=finished) if finished is not None else None
    verdict = None
    if finished_day is not None:
        verdict = 2 if due_day is None or finished_day == due_day else 1 if finished_day < due_day else 3
    return Facts(
        agency, channel, received, due_day, late_day, finished_day, verdict, paused=paused and finished_day is None
    )


_offset = st.none() | st.integers(0, 40)
#: What may stand in an event: any agency, channel and due date, finished or not, paused or not.
facts = st.builds(
    _facts,
    st.integers(1, 3),
    st.integers(1, 3),
    st.dates(date(2019, 1, 1), date(2019, 2, 28)),
    st.tuples(_offset, _offset),
    st.booleans(),
)
