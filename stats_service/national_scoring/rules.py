"""What the national scoring counts, and the judgement of the few dossiers that need the calendar. Pure.

shared.domain.national judges one dossier. Nearly all are judged by dates alone, and those SQL counts as it reads them
(store.py); it hands over, one by one, only what would be late by its dates and may yet be on time: its one supplement
was answered, so the wait is subtracted, or no date was promised and the procedure has other terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from shared.domain.civil_time import civil_day, end_of
from shared.domain.deadline import due_of
from shared.domain.lifecycle import Channel
from shared.domain.national import Ends, Wait, scored
from shared.domain.terms import DAYS_PER_MONTH, Due, TermUnit, due_after
from shared.domain.working_calendar import CalendarMissing, WorkingCalendar
from shared.reference import ProcedureVersion, Reference

DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


class NationalCounts(NamedTuple):
    """Counts over dossiers, so those of disjoint sets add up. All of them were received by the end of the period and
    not over before it; `dossiers` = `on_time` + `overdue`.

    over: ended within the period. received_*: accepted within the period, by channel. eligible_full, online_full: of
    those, dossiers of procedures that the catalogue calls toàn trình, and which of them came in online. ended_*: both
    accepted and ended within the period, by the unit of the procedure's term; working_days, calendar_days: what these
    took in all (None: a year without a calendar). Terms in months are counted in calendar days.
    """

    dossiers: int = 0
    on_time: int = 0
    over: int = 0
    received_online: int = 0
    received_counter: int = 0
    received_post: int = 0
    eligible_full: int = 0
    online_full: int = 0
    ended_by_working_day: int = 0
    working_days: int | None = 0
    ended_by_calendar_day: int = 0
    calendar_days: int = 0
    ended_by_month: int = 0
    days_of_months: int = 0

    @property
    def overdue(self) -> int:
        """What is late, over or not."""
        return self.dossiers - self.on_time

    @property
    def received(self) -> int:
        """Accepted within the period."""
        return self.received_online + self.received_counter + self.received_post


class Hours(NamedTuple):
    """Dossiers with a term in hours that were accepted and ended within the period, and their working time."""

    ended: int = 0
    worked: timedelta | None = timedelta()


NOTHING = NationalCounts()
NO_HOURS = Hours()


def national_added(parts: Iterable[NationalCounts]) -> NationalCounts:
    """The counts of disjoint sets of dossiers taken together."""
    columns = list(zip(*parts, strict=True))
    return NationalCounts(*map(_sum, columns)) if columns else NOTHING


def _sum(column: Sequence[int | None]) -> int:
    found: int | None = 0
    for value in column:
        found = None if found is None or value is None else found + value
    return found  # type: ignore[return-value]  # None only where the field may be


def hours_added(parts: Iterable[Hours]) -> Hours:
    """The same of terms in hours."""
    found = NO_HOURS
    for ended, worked in parts:
        known = found.worked is not None and worked is not None
        found = Hours(found.ended + ended, found.worked + worked if known else None)  # type: ignore[operator]
    return found


class Average(NamedTuple):
    """How long dossiers took on average, in a unit; None: a year without a calendar."""

    unit: str
    dossiers: int
    value: Fraction | None


def averages(counts: NationalCounts, hours: Hours) -> list[Average]:
    """Indicator 2.2: of what was accepted and ended within the period, in the procedure's own unit. Units without a
    dossier are left out. A month is 30 days (Civil Code 2015 art. 146(1))."""
    worked = Fraction(hours.worked // _INSTANT, _HOUR // _INSTANT) if hours.worked is not None else None
    found = (
        (TermUnit.WORKING_HOUR, hours.ended, worked),
        (TermUnit.WORKING_DAY, counts.ended_by_working_day, counts.working_days),
        (TermUnit.CALENDAR_DAY, counts.ended_by_calendar_day, counts.calendar_days),
        (TermUnit.MONTH, counts.ended_by_month, Fraction(counts.days_of_months, DAYS_PER_MONTH)),
    )
    return [
        Average(unit.value, ended, Fraction(total) / ended if total is not None else None)
        for unit, ended, total in found
        if ended
    ]


class Doubtful(NamedTuple):
    """A dossier that its dates alone do not judge. over_at: None while it is open at the end of the period."""

    agency_id: int
    version_id: int
    channel: int
    case_no: int
    accepted_at: datetime
    original_due_at: datetime | None
    over_at: datetime | None
    asked_at: datetime | None
    answered_at: datetime | None


def on_time(dossier: Doubtful, reference: Reference, until: datetime) -> bool:
    """The judgement of shared.domain.national. Without a calendar of that year, or a term of that channel, there is
    nothing to subtract by: then its date judges it, and it is late."""
    version = reference.versions[dossier.version_id]
    channel, day = Channel(dossier.channel), civil_day(dossier.accepted_at)
    if channel not in version.terms:
        return dossier.original_due_at is None
    clock = reference.clock(version, channel, dossier.agency_id, day, dossier.case_no)
    waits = [Wait(dossier.asked_at, dossier.answered_at)] if dossier.asked_at is not None else []
    try:
        due = due_of(dossier.original_due_at, clock) if dossier.original_due_at is not None else None
        longest: Due | None = None
        if due is None:
            terms = version.cases.get(channel, {}).values()
            dues = (due_after(dossier.accepted_at, term, clock.calendar, clock.sessions) for term in terms)
            longest = max((found for found in dues if found is not None), key=lambda one: one.late_from, default=None)
        ends = Ends(dossier.over_at)
        found = scored(due, waits, ends, clock.term, clock.calendar, clock.sessions, now=until, longest=longest)
    except CalendarMissing:
        return False
    return found.on_time


def versions_with_other_terms(versions: Mapping[int, ProcedureVersion]) -> list[int]:
    """Those of which a dossier may have no date though a case of its procedure has a term: a small part of a catalogue,
    and of them only dossiers without a date."""
    return [
        version.id
        for version in versions.values()
        if any(term.unit is not TermUnit.NONE for by_case in version.cases.values() for term in by_case.values())
    ]


def last_instant(last: date, known_at: datetime) -> datetime:
    """What stands in for the finish of an open dossier: the end of the period, or now while that is to come."""
    return min(end_of(last) - _INSTANT, known_at)


def working_days_through(calendar: WorkingCalendar, first: date, last: date) -> list[int] | None:
    """For each day of the period, how many working days lie after its first day, up to it and with it; None: a year
    without a calendar."""
    try:
        days = (first + DAY * n for n in range((last - first).days + 1))
        return [calendar.working_days_between(first, day) for day in days]
    except CalendarMissing:
        return None
