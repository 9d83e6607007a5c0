"""What the national scoring counts, and the judgement of the few dossiers that need the calendar. Pure.

shared.domain.national judges one dossier. Nearly all are judged by dates alone, and those SQL counts as it reads them
(store.py); it hands over, one by one, only those of which no date was promised though the procedure has terms.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from shared.domain.civil_time import end_of
from shared.domain.national import Ends, Wait, longest_limit, scored
from shared.domain.terms import DAYS_PER_MONTH, TermUnit
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

    version_id: int
    accepted_at: datetime
    over_at: datetime | None
    asked_at: datetime | None
    answered_at: datetime | None


def longest_of(dossier: Doubtful, reference: Reference) -> datetime | None:
    """By when the procedure's longest term has it done. Raises CalendarMissing."""
    terms = reference.versions[dossier.version_id].all_terms
    return longest_limit(dossier.accepted_at, terms, reference.calendar)


def on_time(dossier: Doubtful, reference: Reference, until: datetime) -> bool:
    """The judgement of shared.domain.national. Without a calendar of that year nobody can say that it was, and it is
    late."""
    waits = [Wait(dossier.asked_at, dossier.answered_at)] if dossier.asked_at is not None else []
    try:
        longest = longest_of(dossier, reference)
    except CalendarMissing:
        return False
    found = scored(
        None,
        waits,
        Ends(dossier.over_at),
        accepted_at=dossier.accepted_at,
        until=until,
        longest=longest,
        compare=reference.national,
    )
    return found.on_time


def versions_with_other_terms(versions: Mapping[int, ProcedureVersion]) -> list[int]:
    """Those of which a dossier may have no date though a case of its procedure has a term: a small part of a catalogue,
    and of them only dossiers without a date."""
    return [
        version.id for version in versions.values() if any(term.unit is not TermUnit.NONE for term in version.all_terms)
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
