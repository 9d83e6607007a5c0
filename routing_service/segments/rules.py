"""What follows when an agency is done with its share, and what goes along with a hand-over. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from routing_service.cases.rules import CaseRow, Change, Moved, Movement, gone_on_with, impossible
from routing_service.hand_overs.rules import HandOverRow
from routing_service.segment_clock.rules import (
    Clock,
    Pause,
    Segment,
    State,
    counted,
    entered,
    left,
)
from routing_service.workflows.rules import Kind, Step, carrying_on, in_order, unit_of
from shared.domain.agencies import AgencyTree
from shared.domain.civil_time import civil_day
from shared.domain.linked import Share
from shared.domain.terms import due_after
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.problems import Problem, Reason


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
    log: Sequence[HandOverRow] = (),
) -> Done | Problem:
    """Whether who asks may say that a share is done, and what follows: on paper the next one enters and the dossier is
    handed over to it; after the last it goes back to the one-stop where it was filed (art. 19(6)-(7)).

    Paper that was given back by the agency whose share it is lies with somebody else, who does the work, or has it
    done: whoever holds it may say so too. What the agency used is then judged as of when it gave it back.
    """
    segment = segments.get(no)
    if segment is None or track is None:
        return Problem("not_found")
    has_it = _lies_with(case, segment.agency_id, reference.agencies)
    given_back_at = None
    if not (track.parallel or has_it) and case.holder_id in scope:
        given_back_at = _given_back_at(segment, log)
    if segment.agency_id not in scope and given_back_at is None:
        return Problem("forbidden", Reason("", "not_your_segment"))
    if case.over:
        return Problem("not_allowed_in_status", Reason("", "case_over"))
    if segment.state is State.OVER:
        return Problem("not_allowed_in_status", Reason("", "segment_over"))
    if segment.entered_at is None:
        return _waits(segment, segments)
    if track.parallel:
        floor = segment.entered_at
    elif given_back_at is not None:
        floor = case.floor[0]
    else:
        floor = _had_at(case, segment, segments, reference.agencies)
    refused = impossible(occurred_at, floor, "out_of_order", now)
    if refused is not None:
        return Problem("invalid_request", refused)
    at = occurred_at or max(now, floor)
    try:
        done = replace(left(segment, given_back_at or at, pauses, reference), left_by=actor, note=note)
    except CalendarMissing as missing:
        return Problem("invalid_request", Reason("occurred_at", "calendar_missing", {"year": missing.year}))
    after = {**segments, no: done}
    entering = tuple(
        entered(waiting, _free_at(waiting, after, at, paper=track.paper), pauses, reference)
        for waiting in _to_enter(after, paper=track.paper)
    )
    if track.parallel:
        return Done(done, entering, None)
    after |= {segment.no: segment for segment in entering}
    change = _handed_on(case, at, note, after, given=has_it or given_back_at is not None)
    if isinstance(change, Problem):
        return change
    got_at = _got_at(case, change)
    if got_at is not None:
        entering = tuple(entered(each, max(got_at, each.entered_at or got_at), pauses, reference) for each in entering)
    return Done(done, entering, change)


def carried(
    change: Change,
    track: Track,
    segments: Mapping[int, Segment],
    named: Mapping[int, int],
    pauses: Sequence[Pause],
    reference: Reference,
) -> list[Segment]:
    """The segments that go along with a hand-over, or with one that is declined or recalled, or that enter by it.
    named: whose each is by the workflow, as `named_by` says.

    Whoever declines has nothing to do: the share goes back to the giver, and on from there with the dossier until the
    agency that the workflow names or another takes it up, each time with the whole of its allotment. A share that
    waited for nothing but the paper enters when somebody hands the paper to its agency.
    """
    case, moved, last = change.case, change.moved, change.case.last
    if moved is None or track.parallel:
        return []
    at, along = moved.occurred_at, list[Segment]()
    if last is not None and moved.kind in (Movement.DECLINE, Movement.RECALL):
        along = _entered_with(case, last.handed_over_at, segments)
    elif moved.kind is Movement.HAND_OVER:
        came_back = _came_back(case, segments)
        along = [
            segment
            for segment in segments.values()
            if segment.no in came_back or _goes_along(segment, case, moved, named.get(segment.no), reference.agencies)
        ]
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


def named_by(track: Track, steps: Sequence[Step], case: CaseRow, tree: AgencyTree) -> dict[int, int]:
    """Whose each share of a case is by its workflow: the unit's id, by number. None are known of one that does not hold
    any more: it was of another place."""
    if not track.holds:
        return {}
    receiving, day = tree.by_id[case.agency_id], civil_day(case.accepted_at)
    units = {step.no: unit_of(step, receiving, tree, day) for step in steps}
    return {no: unit.id for no, unit in units.items() if unit is not None}


def _came_back(case: CaseRow, segments: Mapping[int, Segment]) -> set[int]:
    """The shares that the holder has since a decline or a recall, by which the dossier came back to it last."""
    last = case.last
    if last is None or last.kind not in (Movement.DECLINE, Movement.RECALL):
        return set()
    there = _entered_with(case, last.handed_over_at, segments)
    return {segment.no for segment in there if segment.entered_at == last.handed_over_at}


def _goes_along(segment: Segment, case: CaseRow, moved: Moved, named: int | None, tree: AgencyTree) -> bool:
    """Whether an open share that lies elsewhere than the workflow says goes along with the dossier: always to the
    agency that is named; to another from who only passes the dossier on, which is the one-stop where it was filed, and
    who has not received it. Who received it in the place of the one that is named has taken the share up."""
    if segment.state is not State.OPEN or named is None:
        return False
    heir = carrying_on(tree.by_id[named], tree, civil_day(moved.occurred_at))
    home = {named, heir.id} if heir is not None else {named}
    if segment.agency_id in home:
        return False
    passes_on = segment.agency_id == case.holder_id and (not case.received or case.holder_id == case.agency_id)
    return moved.to_agency_id in home or passes_on


def _given_back_at(segment: Segment, log: Sequence[HandOverRow]) -> datetime | None:
    """When the agency whose share it is gave the paper back; None where it did not, or handed it on since."""
    last = max((row for row in log if row.from_agency_id == segment.agency_id), key=lambda row: row.seq, default=None)
    if last is None or last.answers is None or segment.entered_at is None or last.occurred_at < segment.entered_at:
        return None
    return last.occurred_at


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


def planned_shares(segments: Iterable[Segment], named: Mapping[int, int]) -> list[Share]:
    """The shares as planned: with whom the workflow names, wherever they went since."""
    return [Share(s.no, named.get(s.no, s.agency_id), s.follows, s.planned_due_at) for s in segments]


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
    case: CaseRow, at: datetime, note: str | None, segments: Mapping[int, Segment], *, given: bool
) -> Change | Problem | None:
    """The hand-over that follows; None where the dossier lies already where it is to go. given: by whoever holds it:
    nobody takes it from a third one."""
    opened = [segment for segment in segments.values() if segment.state is State.OPEN]
    first = min(opened, key=lambda segment: segment.no, default=None)
    if first is None and case.holder_id == case.agency_id:
        return None
    agency_id, desk = (first.agency_id, first.desk) if first is not None else (case.agency_id, None)
    if (agency_id, desk) == (case.holder_id, case.desk):
        return None
    if not given:
        return None if agency_id == case.holder_id else Problem("forbidden", Reason("", "not_the_holder"))
    at = max(at, case.floor[0])
    # Whoever is done with it has had it.
    return Change(case, gone_on_with(case, at), Moved(Movement.HAND_OVER, agency_id, desk, at, note))


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
