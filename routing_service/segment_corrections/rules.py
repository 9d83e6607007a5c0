"""What a corrected reception does to the segments of a dossier. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from routing_service.cases.rules import CaseRow, Change, Moved, Movement
from routing_service.segment_clock.rules import (
    Pause,
    Segment,
    entered,
    left,
)
from routing_service.segments.rules import Holding, Track, first_holder, planned
from shared.reference import Reference


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
