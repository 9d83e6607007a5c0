"""What this system says that the portal would say is what the portal's double says: of each dossier, by which rules, as
of which instant, and of the score. The double shares no rule with the product; it is given what the product sends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_service.deadlines.rules import history, national_score
from intake_service.national.rules import Step, item
from shared.domain.civil_time import VIETNAM, civil_day, end_of
from shared.domain.deadline import Clock
from shared.domain.explanation import Told
from shared.domain.life import Happened, Life, decided, lived
from shared.domain.lifecycle import EventKind, allowed_events
from shared.domain.national import Compare, Scored, to_the_second
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due, Term, TermUnit
from shared.web.settings import Settings
from stats_service.index_766.rule_file import rule_versions
from stats_service.index_766.rules import share_scored
from tests.domain.builders import NO_TERM, a_clock, a_term, instants_within, terms, working_days
from tests.national.test_telling_rules import SUBJECT
from tests.national_portal.moments import WorkDays
from tests.national_portal.scoring import Period, Record, Verdict, in_period, judged, period_of, scores
from tests.support import at

DAYS = WorkDays()
SECOND = timedelta(seconds=1)
#: What the catalogue says of a term, by its unit; of a same-day one it has no number.
_UNITS = {
    TermUnit.WORKING_DAY: "working_day",
    TermUnit.CALENDAR_DAY: "day",
    TermUnit.WORKING_HOUR: "hour",
    TermUnit.MONTH: "month",
}
#: No correction: it comes from another engine, and is told by tests/stats/test_national_verdicts.py.
_NOT_HERE = {EventKind.CORRECTED}


class Lived(NamedTuple):
    """A dossier: its history, its clock, and all terms of its procedure."""

    told: list[Told]
    clock: Clock
    terms: tuple[Term, ...]

    @property
    def returned_at(self) -> datetime | None:
        """As the row has it: of what was not opened again since."""
        last = self.told[-1]
        if last.after.account is None or last.after.account.finished_at is None:
            return None
        return next((one.event.at for one in reversed(self.told) if one.event.kind is EventKind.RETURNED), None)

    def sent(self, number: int = 1) -> Record:
        """As the portal has it."""
        subject = replace(SUBJECT, code=f"000.15.27.H50-261127-{number:04d}")
        told = item(subject, [Step(one, "lan", "UBND phường", "Thiếu giấy tờ") for one in self.told])
        limits = [(float(term.value), _UNITS[term.unit]) for term in self.terms if term.unit in _UNITS]
        return Record(told, [], limits)

    def ours(self, period: Period, compare: Compare) -> Scored | None:
        """As this system says; None: it is not of the period, by the seconds that the portal is told."""
        account = self.told[-1].after.account
        if account is None or (accepted := to_the_second(account.accepted_at)) > period.until:
            return None
        if civil_day(accepted) > period.last:
            return None
        if account.finished_at is not None and civil_day(account.finished_at) < period.first:
            return None
        return national_score(
            self.told, self.clock, period.until, returned_at=self.returned_at, terms=self.terms, by=compare
        )


def held_together(dossiers: Sequence[Lived], period: Period, compare: Compare) -> list[Verdict]:
    """Each dossier of the period is judged alike; the score of all of them too."""
    theirs: list[Verdict] = []
    ours: list[Scored] = []
    for number, dossier in enumerate(dossiers, 1):
        record, said = dossier.sent(number), dossier.ours(period, compare)
        assert in_period(record, period) == (said is not None), record.item
        if said is not None:
            verdict = judged(record, period, DAYS, compare=compare.value)
            assert (said.on_time, said.at, said.against) == (verdict.on_time, verdict.judged_at, verdict.against)
            assert said.rules == verdict.rules, verdict.why
            theirs.append(verdict)
            ours.append(said)
    total = scores(theirs, ())["total"]
    (progress,) = (m for g in rule_versions(None)[-1].groups for m in g.metrics if m.data == "progress")
    assert progress.max is not None
    on_time = sum(said.on_time for said in ours)
    ratio, points = share_scored(progress.rule, progress.max, on_time, len(ours))
    assert (str(ratio or "0.00"), str(points)) == (total["ratio"], total["score"])
    return theirs


class Choice(NamedTuple):
    """What happens next: which of the events that are allowed, after how long; aim: instead of that, so long after the
    date that was promised."""

    which: int
    after: timedelta
    aim: timedelta | None


_choices = st.builds(
    Choice,
    st.integers(0, 1000),
    st.one_of(
        st.just(timedelta()),
        st.integers(0, 3 * 10**6).map(lambda milliseconds: timedelta(milliseconds=milliseconds)),
        st.integers(0, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes)),
    ),
    st.one_of(st.none(), st.none(), st.sampled_from([-SECOND, timedelta(), 0.4 * SECOND, SECOND, 3600 * SECOND])),
)
_terms = st.one_of(terms.filter(lambda term: term.unit is not TermUnit.MONTH), st.just(NO_TERM))
_published = st.lists(
    st.one_of(
        terms.filter(lambda term: term.unit is not TermUnit.MONTH),
        st.builds(a_term, st.integers(1, 12), st.just(TermUnit.MONTH)),
        st.just(NO_TERM),
    ),
    max_size=3,
)


@st.composite
def lives(draw: st.DrawFn) -> Lived:
    """Whatever the lifecycle allows, step by step."""
    term = draw(_terms)
    clock = a_clock(term, effect=draw(st.sampled_from(SupplementEffect)))
    instant: datetime = draw(instants_within)
    life: Life | None = None
    happened: list[Happened] = []
    for choice in draw(st.lists(_choices, min_size=1, max_size=10)):
        allowed = [kind for kind in allowed_events(life.state if life else None) if kind not in _NOT_HERE]
        kind = allowed[choice.which % len(allowed)]
        account = life.account if life else None
        promised = account.promised if account else None
        aimed = promised.at + choice.aim if promised and choice.aim is not None else None
        instant = aimed if aimed is not None and aimed >= instant else instant + choice.after
        named = promised and Due(promised.at + timedelta(days=3), promised.day + timedelta(days=3), promised.late_from)
        given_due = named if kind in (EventKind.EXTENDED, EventKind.RESCHEDULED) else None
        if kind is EventKind.RESCHEDULED and given_due is None:
            continue
        event = decided(life, kind, instant, clock, given_due=given_due)
        assert event is not None
        happened.append(event)
        life = lived(life, event)
    if not happened:
        happened = [decided(None, EventKind.ACCEPTED, instant, clock) or _never()]
    return Lived(history(happened), clock, (term, *draw(_published)))


@st.composite
def periods(draw: st.DrawFn, around: datetime) -> Period:
    """A period that may see a dossier, ended or running."""
    first = civil_day(around) + timedelta(days=draw(st.integers(-40, 40)))
    last = first + timedelta(days=draw(st.integers(0, 90)))
    now = draw(
        st.one_of(
            st.just(end_of(last) + timedelta(days=400)),
            st.integers(0, 90 * 86400).map(
                lambda seconds: datetime.combine(first, time(), VIETNAM) + timedelta(seconds=seconds, milliseconds=700)
            ),
        )
    )
    return period_of(first, last, now)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_dossiers_are_judged_and_scored_alike(data: st.DataObject) -> None:
    dossiers = data.draw(st.lists(lives(), min_size=1, max_size=4))
    period = data.draw(periods(dossiers[0].told[-1].event.at))
    held_together(dossiers, period, data.draw(st.sampled_from(Compare)))


SUBMITTED, ACCEPTED, NOT_ACCEPTED, STARTED, ASKED, ANSWERED, PAY, PAID = (
    *(EventKind.SUBMITTED, EventKind.ACCEPTED, EventKind.NOT_ACCEPTED, EventKind.PROCESSING_STARTED),
    *(EventKind.SUPPLEMENT_REQUESTED, EventKind.SUPPLEMENTED, EventKind.PAYMENT_REQUESTED, EventKind.PAID),
)
WITHDRAWN, STOPPED, FINISHED, RETURNED, REOPENED = (
    *(EventKind.WITHDRAWN, EventKind.STOPPED, EventKind.FINISHED, EventKind.RETURNED),
    EventKind.REOPENED,
)
JULY = period_of(date(2019, 7, 1), date(2019, 7, 31), at("Sunday 2019-09-01 08:00"))
#: Five working days: due on Monday 29/7 at 17:00.
IN = (ACCEPTED, "Monday 2019-07-22 09:00")
WAIT = ((ASKED, "Wednesday 2019-07-24 10:00"), (ANSWERED, "Friday 2019-07-26 10:00"))


def a_life(
    *events: tuple[EventKind, str],
    term: Term | None = None,
    published: Sequence[Term] = (),
    late: timedelta | None = None,
) -> Lived:
    """A dossier to which this happened. late: so much later the last of it."""
    clock = a_clock(term or working_days(5), effect=SupplementEffect.PAUSE)
    happened: list[Happened] = []
    life: Life | None = None
    for number, (kind, text) in enumerate(events, 1):
        instant = at(text) + (late or timedelta()) * (number == len(events))
        event = decided(life, kind, instant, clock) or _never()
        happened.append(event)
        life = lived(life, event)
    return Lived(history(happened), clock, (clock.term, *published))


def _never() -> Happened:
    raise AssertionError


#: (a dossier, whether it is on time or None: of no period, the rules)
CASES: dict[str, tuple[Lived, bool | None, tuple[str, ...]]] = {
    "in the very second": (a_life(IN, (FINISHED, "Monday 2019-07-29 17:00")), True, ("end_finished", "due_as_sent")),
    "within that second": (
        a_life(IN, (FINISHED, "Monday 2019-07-29 17:00"), late=0.999 * SECOND),
        True,
        ("end_finished", "due_as_sent"),
    ),
    "a second later": (
        a_life(IN, (FINISHED, "Monday 2019-07-29 17:00"), late=SECOND),
        False,
        ("end_finished", "due_as_sent"),
    ),
    "collected late": (
        a_life(IN, (FINISHED, "Friday 2019-07-26 10:00"), (RETURNED, "Wednesday 2019-07-31 10:00")),
        True,
        ("end_finished", "due_as_sent"),
    ),
    "opened again, and open": (
        a_life(IN, (FINISHED, "Friday 2019-07-26 10:00"), (REOPENED, "Friday 2019-07-26 11:00")),
        False,
        ("end_of_period", "due_as_sent"),
    ),
    "handed out, opened again, and late": (
        a_life(
            IN,
            (FINISHED, "Thursday 2019-07-25 10:00"),
            (RETURNED, "Thursday 2019-07-25 11:00"),
            (REOPENED, "Friday 2019-07-26 11:00"),
            (FINISHED, "Tuesday 2019-07-30 10:00"),
        ),
        False,
        ("end_finished", "due_as_sent"),
    ),
    "stopped while awaited, and opened again": (
        a_life(IN, WAIT[0], (STOPPED, "Thursday 2019-07-25 10:00"), (REOPENED, "Friday 2019-07-26 11:00")),
        True,
        ("end_supplement_request", "due_as_sent"),
    ),
    "asked once, answered, finished in the very second": (
        a_life(IN, *WAIT, (FINISHED, "Wednesday 2019-07-31 17:00")),
        True,
        ("end_finished", "wait_subtracted", "due_as_sent"),
    ),
    "and a second later": (
        a_life(IN, *WAIT, (FINISHED, "Wednesday 2019-07-31 17:00"), late=SECOND),
        False,
        ("end_finished", "wait_subtracted", "due_as_sent"),
    ),
    "asked three times": (
        a_life(
            IN,
            *((kind, f"Monday 2019-07-22 {hour}:00") for hour in (10, 12, 14) for kind in (ASKED, ANSWERED)),
            (FINISHED, "Tuesday 2019-07-23 10:00"),
        ),
        False,
        ("end_finished", *("wait_subtracted",) * 3, "due_as_sent", "second_request"),
    ),
    "awaited since the very second": (
        a_life(IN, (ASKED, "Monday 2019-07-29 17:00")),
        True,
        ("end_supplement_request", "due_as_sent"),
    ),
    "asked before it was received": (
        a_life(
            (SUBMITTED, "Friday 2019-07-19 09:00"),
            (ASKED, "Friday 2019-07-19 10:00"),
            (ANSWERED, "Monday 2019-07-22 08:00"),
            IN,
            *WAIT,
            (FINISHED, "Wednesday 2019-07-31 10:00"),
        ),
        True,
        ("end_finished", "wait_subtracted", "due_as_sent"),
    ),
    "a payment is nobody's": (
        a_life(
            IN,
            (PAY, "Wednesday 2019-07-24 10:00"),
            (PAID, "Friday 2019-07-26 10:00"),
            (FINISHED, "Tuesday 2019-07-30 10:00"),
        ),
        False,
        ("end_finished", "due_as_sent"),
    ),
    "withdrawn": (a_life(IN, (WITHDRAWN, "Monday 2019-07-29 17:00")), True, ("end_withdrawn", "due_as_sent")),
    "stopped late": (a_life(IN, (STOPPED, "Tuesday 2019-07-30 08:00")), False, ("end_stopped", "due_as_sent")),
    "withdrawn before it was received": (
        a_life((SUBMITTED, "Friday 2019-07-19 09:00"), (WITHDRAWN, "Friday 2019-07-19 10:00")),
        None,
        (),
    ),
    "not accepted": (
        a_life((SUBMITTED, "Friday 2019-07-19 09:00"), (NOT_ACCEPTED, "Friday 2019-07-19 10:00")),
        None,
        (),
    ),
    "handed in, and nobody looked": (a_life((SUBMITTED, "Friday 2019-07-19 09:00")), None, ()),
    "no date, and no term anywhere": (
        a_life(IN, (FINISHED, "Wednesday 2019-07-31 10:00"), term=NO_TERM),
        True,
        ("end_finished", "no_due"),
    ),
    "no date, by the longest term": (
        a_life(
            IN,
            (FINISHED, "Tuesday 2019-07-30 23:59"),
            term=NO_TERM,
            published=[working_days(2), working_days(6), a_term(8, TermUnit.WORKING_HOUR)],
        ),
        True,
        ("end_finished", "due_by_longest_term"),
    ),
    "no date, later than the longest term": (
        a_life(IN, (FINISHED, "Wednesday 2019-07-31 00:00"), term=NO_TERM, published=[working_days(6)]),
        False,
        ("end_finished", "due_by_longest_term"),
    ),
    "finished after the period": (
        a_life(IN, (FINISHED, "Thursday 2019-08-01 00:00")),
        False,
        ("end_of_period", "due_as_sent"),
    ),
    "in the last second of the period": (
        a_life(IN, (FINISHED, "Wednesday 2019-07-31 23:59"), late=59.5 * SECOND),
        False,
        ("end_finished", "due_as_sent"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_by_example(name: str) -> None:
    dossier, on_time, rules = CASES[name]
    found = held_together([dossier], JULY, Compare.INSTANT)
    assert [(one.on_time, one.rules) for one in found] == ([] if on_time is None else [(on_time, rules)])
    held_together([dossier], JULY, Compare.DATE)


def test_what_came_within_the_second_of_the_looking_is_of_the_period() -> None:
    """The portal is told seconds, and looks at a second."""
    came = a_life(IN, late=timedelta(microseconds=1))
    now = period_of(date(2019, 7, 22), date(2019, 7, 31), at("Monday 2019-07-22 09:00"))
    assert len(held_together([came], now, Compare.INSTANT)) == 1
    before = period_of(date(2019, 7, 22), date(2019, 7, 31), at("Monday 2019-07-22 09:00") - SECOND)
    assert held_together([came], before, Compare.INSTANT) == []


def test_the_score_of_them_all() -> None:
    found = held_together([dossier for dossier, _, _ in CASES.values()], JULY, Compare.INSTANT)
    assert 0 < sum(one.on_time for one in found) < len(found)
    assert held_together([], JULY, Compare.INSTANT) == []


def test_what_is_compared_is_one_setting_with_one_default() -> None:
    assert Settings.model_fields["national_compare"].default is Compare.INSTANT
    from tests.national_portal.settings import Settings as Portal

    assert Portal().compare == Compare.INSTANT.value
