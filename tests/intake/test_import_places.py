"""Nơi tiếp nhận: an import checks a place once for all days between two turning days, on which nothing may change."""

from bisect import bisect_right
from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from intake_service.dossiers.rules import checked_place
from intake_service.imports.rules import turning_days
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.lifecycle import Channel
from shared.domain.regimes import Regime, Regimes, SupplementEffect, SupplementRule
from shared.domain.terms import Term, TermUnit
from shared.domain.working_calendar import Session, WorkingCalendar
from shared.reference import ProcedureVersion, Reference
from shared.reference.snapshot import DatedSessions

FIRST = date(2018, 6, 1)
#: Few days, so that ends and beginnings often fall together; the change of law on 21/6/2018 is among them.
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))
bounds = st.none() | days
periods = st.tuples(bounds, bounds)
TERM = Term(Decimal(3), TermUnit.WORKING_DAY)


@st.composite
def references(draw: st.DrawFn) -> Reference:
    """A few units, versions and hours that begin and end on any days, overlapping or with gaps."""
    units = [
        Agency(number, "19333", "Phường Một", Level.COMMUNE, "ward", None, *period)
        for number, period in enumerate(draw(st.lists(periods, min_size=1, max_size=3)), 1)
    ]
    versions = [
        ProcedureVersion(
            number,
            "1.001193",
            "Khai sinh",
            "Hộ tịch",
            *period,
            {Level.COMMUNE: until},
            {Channel.POST: TERM},
            core="1.001193",
        )
        for number, (period, until) in enumerate(draw(st.lists(st.tuples(periods, bounds), min_size=1, max_size=3)), 1)
    ]
    hours = [
        DatedSessions(owner, 0, Session(time(7), time(11)), *period)
        for owner, period in draw(st.lists(st.tuples(st.sampled_from([None, 1]), periods), max_size=3))
    ]
    regimes = [
        Regime(SupplementRule(SupplementEffect.RESTART, regime=str(number)), *period, procedure)
        for number, (period, procedure) in enumerate(
            draw(st.lists(st.tuples(periods, st.sampled_from([None, "1.001193"])), max_size=3))
        )
    ]
    return Reference(
        agencies=AgencyTree.of(units, []),
        calendar=WorkingCalendar.of([], [2018]),
        procedures={"1.001193": tuple(versions)},
        regimes=Regimes(regimes),
        sessions={owner: tuple(row for row in hours if row.agency_id == owner) for owner in (None, 1)},
    )


@given(references(), days, days)
def test_between_two_turning_days_a_place_stays_what_it_is(reference: Reference, one: date, other: date) -> None:
    turns = turning_days(reference)
    if bisect_right(turns, one) == bisect_right(turns, other):
        first, last = [checked_place(reference, "1.001193", "19333", Channel.POST, day) for day in (one, other)]
        assert first[0] == last[0]
        assert [reason.code for reason in first[1]] == [reason.code for reason in last[1]]
