"""The clock of a segment, and what follows when an agency is done with its share.

Each segment is reckoned from its own entry, by its own allotment and by the hours of its own agency: whoever is late
before it neither shortens nor lengthens it. While the dossier waits for the applicant no segment's time runs. The
verdict on the dossier is intake's and is untouched: a dossier counts once, however many take part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from routing_service.cases.rules import CaseRow, Change, Moved, Movement, gone_on_with, impossible
from routing_service.workflows.rules import Kind, Step, StepRole, carrying_on, in_order, unit_of
from shared.domain.agencies import AgencyTree
from shared.domain.civil_time import civil_day
from shared.domain.deadline import judged
from shared.domain.terms import HOURS_PER_WORKING_DAY, Due, Term, TermUnit, due_after, shifted
from shared.domain.working_calendar import CalendarMissing, Sessions, WorkingCalendar
from shared.reference import Reference
from shared.web.problems import Problem, Reason


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
class Holding:
    """The workflow that holds for a dossier whose case has just been opened."""

    dossier_id: int
    code: str
    agency_id: int
    online: bool
    received_day: date
    opened_at: datetime
    workflow_id: int
    workflow: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Track:
    """The workflow that a dossier began with, whether its segments run side by side, and whether it is on paper. holds:
    False where it is that of another procedure or place, since the reception was corrected when a share was done."""

    workflow_id: int
    holds: bool
    code: str
    version: int
    kind: Kind
    parallel: bool
    paper: bool


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


# --- the clock ------------------------------------------------------------------------------------------------------


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


# --- a reception that was corrected -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reception:
    """What routing has to know of a reception that was corrected, or of a dossier that was re-opened. opened_at: when
    its segments begin. elsewhere: the procedure, the agency, the channel or the day was corrected."""

    code: str
    opened_at: datetime
    elsewhere: bool


def started_at(
    segments: Mapping[int, Segment],
    was: datetime,
    opened_at: datetime,
    pauses: Sequence[Pause],
    reference: Reference,
    *,
    paper: bool,
) -> dict[int, Segment]:
    """The segments of a dossier that was received at `opened_at`, not at `was`: the first ones begin there, and what is
    over is judged again. None begins before. Raises CalendarMissing."""
    found = {}
    for no, segment in planned(segments, opened_at, paper=paper, reference=reference).items():
        since = segment.entered_at
        if since is not None and (since == was or since < opened_at):
            if segment.left_at is None:
                segment = entered(segment, opened_at, pauses, reference)
            else:
                since = min(opened_at, segment.left_at)
                segment = left(replace(segment, entered_at=since), segment.left_at, pauses, reference)
        found[no] = segment
    return found


def same_way(
    track: Track | None, segments: Mapping[int, Segment], was: datetime, other: Holding | None, begun: Sequence[Segment]
) -> bool:
    """Whether segments are those that the workflow of the corrected reception makes. What entered since went its own
    way: to an heir, or back to a giver."""
    if track is None or other is None:
        return track is None and other is None
    shape = {segment.no: segment for segment in begun}
    return (
        track.workflow_id == other.workflow_id
        and segments.keys() == shape.keys()
        and all(
            segment.follows == shape[no].follows
            and (segment.agency_id == shape[no].agency_id or segment.entered_at not in (None, was))
            for no, segment in segments.items()
        )
    )


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Another workflow begins with a dossier. change: the hand-over that follows."""

    segments: tuple[Segment, ...]
    change: Change | None


def rerouted(
    case: CaseRow,
    segments: Mapping[int, Segment],
    begun: Sequence[Segment],
    was: datetime,
    now: datetime,
    reference: Reference,
    *,
    note: str | None,
    parallel: bool,
) -> Rerouted:
    """The segments of the workflow of a corrected reception, where no share was done by the former one.

    Who had the dossier or a share of it before has its share from the reception on; who takes part only by the
    correction, from the correction on. Paper that nobody has taken into the hands since the case was opened goes to the
    first one by itself; else its share waits until it is handed over to it.
    """
    had = {s.agency_id for s in segments.values() if s.entered_at is not None} | {case.holder_id}
    at, last = max(now, case.floor[0]), case.last
    untouched = case.assignments == 0 and (
        last is None or (last.seq == 1 and last.handed_over_at == was and not case.received)
    )
    first = first_holder(begun, parallel=parallel)
    goes_to = (first.agency_id, first.desk) if first is not None else (case.agency_id, None)
    moves = not parallel and goes_to[0] != case.holder_id and untouched and (first is not None or last is not None)
    change = Change(case, moved=Moved(Movement.HAND_OVER, *goes_to, at, note)) if moves else None
    found = []
    for segment in begun:
        if segment.entered_at is not None and not parallel and goes_to[0] != case.holder_id and not moves:
            segment = replace(segment, entered_at=None, due=None)
        elif segment.entered_at is not None and (moves or segment.agency_id not in had):
            segment = entered(segment, at, (), reference)
        found.append(segment)
    return Rerouted(tuple(found), change)


# --- what follows what ----------------------------------------------------------------------------------------------


def begun_with(holding: Holding, steps: Sequence[Step], reference: Reference) -> list[Segment] | None:
    """The segments of a dossier whose case opens; None where a step means nobody in particular on that day.

    Paper goes from one to the next, and lies with one at a time, where a workflow forks too. An electronic dossier goes
    to all that take part at once (Decree 61/2018 art. 19(6)); the desks of one agency work one after the other in any
    case.
    """
    tree = reference.agencies
    receiving = tree.by_id[holding.agency_id]
    parallel = side_by_side(holding.kind, holding.online)
    segments: dict[int, Segment] = {}
    for step in steps:
        unit = unit_of(step, receiving, tree, holding.received_day)
        if unit is None:
            return None
        follows = () if parallel else step.follows
        segments[step.no] = Segment(step.no, unit.id, step.desk, step.role, step.task, step.allotted, follows)
    segments = planned(segments, holding.opened_at, paper=not holding.online, reference=reference)
    entering = {segment.no for segment in _to_enter(segments, paper=not holding.online)}
    return [
        entered(segment, holding.opened_at, (), reference) if segment.no in entering else segment
        for segment in segments.values()
    ]


def planned(
    segments: Mapping[int, Segment], opened_at: datetime, *, paper: bool, reference: Reference
) -> dict[int, Segment]:
    """The segments with the dates that they had, were all on time to the hour, from `opened_at` on."""
    found, free_at = dict(segments), opened_at
    for no in in_order({no: segment.follows for no, segment in segments.items()}):
        found[no] = _planned(found[no], found, free_at, reference)
        if paper:
            free_at = found[no].planned_due_at or free_at
    return found


def side_by_side(kind: Kind, online: bool) -> bool:
    """Whether all segments enter at once."""
    return kind is Kind.LINKED and online


def first_holder(segments: Sequence[Segment], *, parallel: bool) -> Segment | None:
    """Where paper goes first; an electronic dossier stays where it was received, and is seen by all."""
    if parallel:
        return None
    return min((s for s in segments if s.state is State.OPEN), key=lambda s: s.no, default=None)


@dataclass(frozen=True, slots=True)
class Done:
    """An agency is done with its share. entered: the segments that enter now. change: the hand-over that follows, where
    somebody else is to hold the dossier."""

    segment: Segment
    entered: tuple[Segment, ...]
    change: Change | None


def finish(
    case: CaseRow,
    track: Track | None,
    segments: Mapping[int, Segment],
    no: int,
    pauses: Sequence[Pause],
    reference: Reference,
    scope: frozenset[int],
    *,
    actor: str,
    note: str | None,
    occurred_at: datetime | None,
    now: datetime,
) -> Done | Problem:
    """Whether who asks may say that a share is done, and what follows: on paper the next one enters and the dossier is
    handed over to it; after the last it goes back to the one-stop where it was filed (art. 19(6)-(7))."""
    segment = segments.get(no)
    if segment is None or track is None:
        return Problem("not_found")
    if segment.agency_id not in scope:
        return Problem("forbidden", Reason("", "not_your_segment"))
    if case.over:
        return Problem("not_allowed_in_status", Reason("", "case_over"))
    if segment.state is State.OVER:
        return Problem("not_allowed_in_status", Reason("", "segment_over"))
    if segment.entered_at is None:
        return _waits(segment, segments)
    floor = segment.entered_at if track.parallel else _had_at(case, segment, segments, reference.agencies)
    refused = impossible(occurred_at, floor, "out_of_order", now)
    if refused is not None:
        return Problem("invalid_request", refused)
    at = occurred_at or max(now, floor)
    try:
        done = replace(left(segment, at, pauses, reference), left_by=actor, note=note)
    except CalendarMissing as missing:
        return Problem("invalid_request", Reason("occurred_at", "calendar_missing", {"year": missing.year}))
    after = {**segments, no: done}
    entering = tuple(
        entered(waiting, _free_at(waiting, after, at, paper=track.paper), pauses, reference)
        for waiting in _to_enter(after, paper=track.paper)
    )
    if track.parallel:
        return Done(done, entering, None)
    change = _handed_on(case, done, after | {segment.no: segment for segment in entering}, reference.agencies)
    if isinstance(change, Problem):
        return change
    got_at = _got_at(case, change)
    if got_at is not None:
        entering = tuple(entered(each, max(got_at, each.entered_at or got_at), pauses, reference) for each in entering)
    return Done(done, entering, change)


def carried(
    change: Change, track: Track, segments: Mapping[int, Segment], pauses: Sequence[Pause], reference: Reference
) -> list[Segment]:
    """The segments that go along with a hand-over, or with one that is declined or recalled, or that enter by it.

    Whoever declines has nothing to do: the share goes back to the giver, and goes on from there to whom the giver hands
    the dossier next, each time with the whole of its allotment. A share that waited for nothing but the paper enters
    when somebody hands the paper to its agency.
    """
    case, moved, last = change.case, change.moved, change.case.last
    if moved is None or track.parallel:
        return []
    at, along = moved.occurred_at, list[Segment]()
    if last is not None and moved.kind in (Movement.DECLINE, Movement.RECALL):
        along = _entered_with(case, last.handed_over_at, segments)
    elif moved.kind is Movement.HAND_OVER and last is not None and last.kind in (Movement.DECLINE, Movement.RECALL):
        along = [s for s in _entered_with(case, last.handed_over_at, segments) if s.entered_at == last.handed_over_at]
    goes = [
        entered(replace(segment, agency_id=moved.to_agency_id, desk=moved.to_desk), at, pauses, reference)
        for segment in along
    ]
    if moved.kind is not Movement.HAND_OVER or goes:
        return goes
    return [
        entered(segment, at, pauses, reference)
        for segment in _to_enter(segments, paper=False)
        if segment.agency_id == moved.to_agency_id and segment.desk in (None, moved.to_desk)
    ]


def _entered_with(case: CaseRow, at: datetime, segments: Mapping[int, Segment]) -> list[Segment]:
    """The holder's open segments that entered with the hand-over of `at`."""
    return [
        segment
        for segment in segments.values()
        if segment.state is State.OPEN
        and segment.agency_id == case.holder_id
        and (segment.desk is None or segment.desk == case.desk)
        and segment.entered_at is not None
        and segment.entered_at >= at
    ]


def late_agencies(segments: Iterable[Segment]) -> list[int]:
    """Who is or was late by their own allotment: the blame, each once, in order."""
    return list(dict.fromkeys(segment.agency_id for segment in segments if segment.late))


def receiving_due_at(segments: Iterable[Segment], receiving_id: int) -> datetime | None:
    """The second date on a receipt: when the receiving agency's own first share is due by the plan."""
    planned = (s.planned_due_at for s in segments if s.agency_id == receiving_id and s.planned_due_at is not None)
    return min(planned, default=None)


def _to_enter(segments: Mapping[int, Segment], *, paper: bool) -> list[Segment]:
    """The segments that enter next: those that wait for no other any more. Paper lies with one at a time (art. 19(6)):
    of several it goes to the first, and to the next once that one is done."""
    ready = [
        segment
        for segment in segments.values()
        if segment.state is State.WAITING and all(segments[other].result is not None for other in segment.follows)
    ]
    if not paper:
        return ready
    if any(segment.state is State.OPEN for segment in segments.values()):
        return []
    return sorted(ready, key=lambda segment: segment.no)[:1]


def _free_at(segment: Segment, segments: Mapping[int, Segment], at: datetime, *, paper: bool) -> datetime:
    """When a segment could enter: once all that it waits for were done; on paper, not before the one that is done `at`
    has let it go."""
    left_at = [segments[other].left_at or at for other in segment.follows]
    return max([*left_at, at] if paper else left_at, default=at)


def _waits(segment: Segment, segments: Mapping[int, Segment]) -> Problem:
    """Why a segment that has not entered is not done: others come first, or the paper is not there."""
    first = [other for other in segment.follows if segments[other].result is None]
    first = first or [other.no for other in segments.values() if other.state is State.OPEN]
    if not first:
        return Problem("forbidden", Reason("", "not_the_holder"))
    return Problem("not_allowed_in_status", Reason("", "segment_waits", {"steps": ", ".join(map(str, first))}))


def _lies_with(case: CaseRow, agency_id: int, tree: AgencyTree) -> bool:
    """Whether the agency holds the dossier, or one that took over from it since does."""
    waiting, seen = [agency_id], set[int]()
    while waiting:
        current = waiting.pop()
        if current == case.holder_id:
            return True
        if current not in seen:
            seen.add(current)
            waiting.extend(tree.successors.get(current, ()))
    return False


def _had_at(case: CaseRow, segment: Segment, segments: Mapping[int, Segment], tree: AgencyTree) -> datetime:
    """Since when an agency could be done with its share of a paper dossier: it has entered, was handed over and was
    received. Shares side by side need not wait for the paper: it is with one of them at a time."""
    assert segment.entered_at is not None, "only what entered leaves"
    beside = any(
        other.entered_at is not None and (other.left_at is None or other.left_at > segment.entered_at)
        for other in segments.values()
        if other.no != segment.no
    )
    if beside or case.last is None or not _lies_with(case, segment.agency_id, tree):
        return segment.entered_at
    return max(segment.entered_at, case.last.at)


def _got_at(case: CaseRow, change: Change | None) -> datetime | None:
    """When whoever holds the dossier after a finish was given it; None where it never moved."""
    if change is not None and change.moved is not None:
        return change.moved.occurred_at
    return case.last.handed_over_at if case.last is not None else None


def _handed_on(
    case: CaseRow, done: Segment, segments: Mapping[int, Segment], tree: AgencyTree
) -> Change | Problem | None:
    """The hand-over that follows; None where the dossier lies already where it is to go. Nobody takes it from a third
    one that holds it and has not given it."""
    opened = [segment for segment in segments.values() if segment.state is State.OPEN]
    first = min(opened, key=lambda segment: segment.no, default=None)
    if first is None and case.holder_id == case.agency_id:
        return None
    agency_id, desk = (first.agency_id, first.desk) if first is not None else (case.agency_id, None)
    if (agency_id, desk) == (case.holder_id, case.desk):
        return None
    if not _lies_with(case, done.agency_id, tree):
        return None if agency_id == case.holder_id else Problem("forbidden", Reason("", "not_the_holder"))
    at = max(done.left_at or case.floor[0], case.floor[0])
    # Whoever is done with it has had it.
    return Change(case, gone_on_with(case, at), Moved(Movement.HAND_OVER, agency_id, desk, at, done.note))


def _planned(segment: Segment, segments: Mapping[int, Segment], free_at: datetime, reference: Reference) -> Segment:
    before = [segments[other].planned_due_at for other in segment.follows]
    start = max([free_at, *(at for at in before if at is not None)])
    try:
        due = due_after(
            start, counted(segment.allotted), reference.calendar, Clock.of(segment.agency_id, start, reference).sessions
        )
    except CalendarMissing:
        due = None
    return replace(segment, planned_due_at=due.at if due else None)
