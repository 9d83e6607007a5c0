"""The clock of a segment. Pure.

Each segment is reckoned from its own entry, by its own allotment and by the hours of its own agency: whoever is late
before it neither shortens nor lengthens it. While the dossier waits for the applicant no segment's time runs. The
verdict on the dossier is intake's and is untouched: a dossier counts once, however many take part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from routing_service.workflows.rules import StepRole, carrying_on
from shared.domain.civil_time import civil_day
from shared.domain.deadline import judged
from shared.domain.terms import HOURS_PER_WORKING_DAY, Due, Term, TermUnit, due_after, shifted
from shared.domain.working_calendar import CalendarMissing, Sessions, WorkingCalendar
from shared.reference import Reference


class Pause(NamedTuple):
    """A wait for the applicant: the dossier's clock stands still. `until` None: it still does."""

    since: datetime
    until: datetime | None


class State(StrEnum):
    """waiting: it has not entered yet. open: it is being worked on. over: it left, or will never be needed."""

    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"


#: The result of a share that the dossier's end made needless.
NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Segment:
    """An agency's share of one dossier. due: by its own allotment from its entry; None before it, and without a date
    while the dossier's clock stands still. worked, late, result: set when it is over."""

    no: int
    agency_id: int
    desk: str | None
    role: StepRole
    task: str | None
    allotted: Term
    follows: tuple[int, ...]
    planned_due_at: datetime | None = None
    entered_at: datetime | None = None
    due: Due | None = None
    left_at: datetime | None = None
    worked: timedelta | None = None
    late: bool | None = None
    result: str | None = None
    left_by: str | None = None
    note: str | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.result is not None:
            return State.OVER
        return State.OPEN if self.entered_at is not None else State.WAITING


@dataclass(frozen=True, slots=True)
class Clock:
    """What the reckoning needs to know of an agency."""

    calendar: WorkingCalendar
    sessions: Sessions

    @classmethod
    def of(cls, agency_id: int, at: datetime, reference: Reference) -> "Clock":
        """The hours of an agency on the day of `at`."""
        return cls(reference.calendar, reference.sessions_of(agency_id, civil_day(at)))


def pauses_of(events: Iterable[tuple[datetime, bool]]) -> tuple[Pause, ...]:
    """The waits in a dossier's history: (when, whether it waits after it) of each event that leaves it open, in order.
    So a wait that the dossier's end met lasts until it is re-opened."""
    found: list[Pause] = []
    for at, paused in events:
        waiting = bool(found) and found[-1].until is None
        if paused and not waiting:
            found.append(Pause(at, None))
        elif waiting and not paused:
            found[-1] = Pause(found[-1].since, at)
    return tuple(found)


def counted(allotted: Term) -> Term:
    """An allotment as it is reckoned: a part of a day is hours, for a day term ends with the day."""
    if allotted.unit is TermUnit.WORKING_DAY and allotted.value != int(allotted.value):
        return Term(allotted.value * Decimal(HOURS_PER_WORKING_DAY), TermUnit.WORKING_HOUR)
    return allotted


def due_of(allotted: Term, entered_at: datetime, pauses: Iterable[Pause], clock: Clock) -> Due | None:
    """When a segment is due, the waits since its entry added. None while the dossier's clock stands still in time:
    what ran out before the wait stays run out. Raises CalendarMissing."""
    term = counted(allotted)
    due = due_after(entered_at, term, clock.calendar, clock.sessions)
    for since, until in pauses:
        begin = max(since, entered_at)
        if due is None or begin >= due.late_from:
            break
        if until is None:
            return None
        if until > begin:
            due = shifted(due, term, (begin, until), clock.calendar, clock.sessions)
    return due


def worked_between(start: datetime, end: datetime, pauses: Iterable[Pause], clock: Clock) -> timedelta:
    """Working time of the agency in [start, end), waits for the applicant left out."""
    used = clock.calendar.working_time_between(start, end, clock.sessions)
    for since, until in pauses:
        waited = max(since, start), min(until or end, end)
        if waited[0] < waited[1]:
            used -= clock.calendar.working_time_between(*waited, clock.sessions)
    return used


def entered(segment: Segment, at: datetime, pauses: Sequence[Pause], reference: Reference) -> Segment:
    """The segment when its agency gets it: who took over from it, where it has ended since the case was opened. Where
    the calendar of a year is missing it has no date yet."""
    tree = reference.agencies
    unit = carrying_on(tree.by_id[segment.agency_id], tree, civil_day(at))
    agency_id = unit.id if unit is not None else segment.agency_id
    try:
        due = due_of(segment.allotted, at, pauses, Clock.of(agency_id, at, reference))
    except CalendarMissing:
        due = None
    return replace(segment, agency_id=agency_id, entered_at=at, due=due)


def left(segment: Segment, at: datetime, pauses: Sequence[Pause], reference: Reference) -> Segment:
    """The segment when its agency is done: what it used, and whether it was late by its own allotment."""
    assert segment.entered_at is not None, "only what entered leaves"
    clock = Clock.of(segment.agency_id, segment.entered_at, reference)
    known = [Pause(since, min(until or at, at)) for since, until in pauses if since < at]
    due = due_of(segment.allotted, segment.entered_at, known, clock)
    verdict = judged(due, at)
    return replace(
        segment,
        due=due,
        left_at=at,
        worked=worked_between(segment.entered_at, at, known, clock),
        late=due is not None and at >= due.late_from,
        result=verdict.name.lower(),
    )


def as_of(segment: Segment, now: datetime, pauses: Sequence[Pause], reference: Reference) -> Segment:
    """An open segment as it stands now; others are as they are."""
    if segment.state is not State.OPEN or segment.entered_at is None:
        return segment
    clock = Clock.of(segment.agency_id, segment.entered_at, reference)
    try:
        due = due_of(segment.allotted, segment.entered_at, pauses, clock)
        worked = worked_between(segment.entered_at, now, pauses, clock)
    except CalendarMissing:
        return segment
    return replace(segment, due=due, worked=worked, late=due is not None and now >= due.late_from)


def ended(segment: Segment, at: datetime, pauses: Sequence[Pause], reference: Reference) -> Segment:
    """A segment that is not over when the dossier ends: the agency's time ends there, too."""
    if segment.entered_at is None or segment.entered_at > at:
        return replace(segment, result=NOT_NEEDED)
    return left(segment, at, pauses, reference)


def alive_again(segment: Segment) -> Segment:
    """A segment as it stood before the dossier's end closed it: that end was taken back. What ran at the end ran on all
    the time, as the dossier's own clock does. Who said that its share was done stays done with it."""
    if segment.result is None or segment.left_by is not None:
        return segment
    return replace(segment, left_at=None, worked=None, late=None, result=None)
