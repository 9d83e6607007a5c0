"""What routing decides about a case: what may change in it, whether it is finished, and what intake's answer means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from shared.domain.civil_time import civil_day, local, shown
from shared.domain.lifecycle import STATUS_VI, Status
from shared.domain.terms import Due, hand_over_due
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.problems import Problem, Reason

#: A desk's clock may be ahead of the server's by this much.
CLOCK_TOLERANCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finish:
    """How a dossier was finished, as far as it is known. `at` None: not yet. `told_at`: since when intake knows it."""

    at: datetime | None
    by: str | None
    outcome: str | None
    told_at: datetime | None


#: Nobody has finished it.
NOT_FINISHED = Finish(None, None, None, None)


class Movement(StrEnum):
    """How a dossier came to its holder. A decline, a recall and a return undo an earlier hand-over."""

    HAND_OVER = "hand_over"
    DECLINE = "decline"
    RECALL = "recall"
    RETURN = "return"
    REORGANISATION = "reorganisation"


#: The receiver is to say that it has it. What comes back undone was never out of the giver's hands; a successor holds
#: what it takes over by law.
RECEIVED_BY_SAYING = frozenset({Movement.HAND_OVER, Movement.RETURN})


@dataclass(frozen=True, slots=True)
class LastStep:
    """The last movement of a case: by it the holder got the dossier. `at`: when it happened, or was received."""

    seq: int
    kind: Movement
    from_agency_id: int
    from_desk: str | None
    handed_over_at: datetime
    received_at: datetime | None

    @property
    def at(self) -> datetime:
        """Nothing that follows happened before."""
        return max(self.handed_over_at, self.received_at or self.handed_over_at)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with what routing may know of its dossier. Instants are aware; ids are agencies of the tree.

    agency_id: that received the dossier, as intake has it now. received: False while the holder was given it and has
    not said that it has it. reported: what the holder reported last; its `at` is None when intake refused it. ended:
    how the dossier ended, by intake's log, wherever that was brought about; None while it is open. assignments: how
    many there were, the last at `assigned_at`. first_given_at: when it was first handed over, if it was. taking_part:
    the agencies of its segments, and those asked for an opinion. share_done_at: when one of them last said so.
    """

    dossier_id: int
    code: str
    agency_id: int
    holder_id: int
    desk: str | None
    assignee: str | None
    received: bool
    opened_at: datetime
    reported: Finish
    refused: str | None
    version: int
    version_id: int
    status: int
    accepted_at: datetime
    original_due_at: datetime | None
    due_at: datetime | None
    ended: Finish | None
    last: LastStep | None
    assignments: int
    assigned_at: datetime | None
    first_given_at: datetime | None
    taking_part: frozenset[int]
    share_done_at: datetime | None

    def visible(self, scope: frozenset[int]) -> bool:
        """Whoever received the dossier follows it to its end (Decree 61/2018 art. 19(6)-(7)); whoever holds it sees it;
        whoever takes part in it does; and whoever gave it, until it is received."""
        return (
            self.agency_id in scope
            or self.holder_id in scope
            or not self.taking_part.isdisjoint(scope)
            or (self.given_by in scope and not self.received)
        )

    @property
    def hand_overs(self) -> int:
        """How many movements its log has."""
        return self.last.seq if self.last else 0

    @property
    def given_by(self) -> int | None:
        """The agency that it came from; None while it lies where it was opened."""
        return self.last.from_agency_id if self.last else None

    @property
    def floor(self) -> tuple[datetime, str]:
        """Before when nothing more can have happened, and the code of a reason that says so."""
        happened = [at for at in (self.last.at if self.last else None, self.assigned_at) if at is not None]
        return (max(happened), "out_of_order") if happened else (self.opened_at, "before_acceptance")

    @property
    def finish(self) -> Finish:
        """What holds: the dossier's end in intake's log; until it is there, what the holder reported. What intake was
        told of and does not have any more is void: the dossier was re-opened."""
        if self.ended is not None:
            return self.ended
        return self.reported if self.reported.told_at is None else NOT_FINISHED

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do: the dossier has ended, or its finish is reported."""
        return self.finish.at is not None


@dataclass(frozen=True, slots=True)
class Moved:
    """One more movement, decided. `answers`: the hand-over that it undoes."""

    kind: Movement
    to_agency_id: int
    to_desk: str | None
    occurred_at: datetime
    note: str | None = None
    answers: int | None = None
    reorganisation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt, decided. `implied`: nobody said so, the receiver went on with it."""

    occurred_at: datetime
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where and in whose hands it lies within its holder, decided. `assignee` None: in nobody's yet."""

    desk: str | None
    assignee: str | None
    occurred_at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A finish, decided. `outcome`: granted or refused; a refusal has a reason, in words that may name a person."""

    outcome: str
    occurred_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is decided of one case: each part is one more row of its log, and the case follows. The receipt is of the
    last hand-over before. `delegation_id`: in whose place, if not in the actor's own."""

    case: CaseRow
    received: Received | None = None
    moved: Moved | None = None
    assigned: Assigned | None = None
    finished: Finished | None = None
    delegation_id: int | None = None


@dataclass(frozen=True, slots=True)
class AlreadyFinished:
    """The same finish holds already: nothing changes."""


def finish(
    case: CaseRow,
    scope: frozenset[int],
    *,
    outcome: str,
    reason: str | None,
    occurred_at: datetime | None,
    now: datetime,
) -> Finished | AlreadyFinished | Problem:
    """Whether who asks may report the finish: the holder, and not as of before it got the dossier or a share of it was
    done; the counter is told the same (intake_service/lifecycle). Whether the dossier may be finished is intake's to
    say."""
    if case.holder_id not in scope:
        return Problem("forbidden", Reason("", "not_the_holder"))
    if case.over:
        differing = _differing(case.finish, outcome, occurred_at)
        return Problem("not_allowed_in_status", Reason("", "case_over"), *differing) if differing else AlreadyFinished()
    floor, early = case.floor
    if case.share_done_at is not None:
        floor, early = max(floor, case.share_done_at), "out_of_order"
    refused = impossible(occurred_at, case.accepted_at, "before_acceptance", now) or impossible(
        occurred_at, floor, early, now
    )
    if refused is not None:
        return Problem("invalid_request", refused)
    if outcome == "refused" and reason is None:  # Decree 61/2018 art. 19(8): in writing, with the reasons
        return Problem("invalid_request", Reason("reason", "required"))
    return Finished(outcome, occurred_at or max(now, case.accepted_at, floor), reason)


def gone_on_with(case: CaseRow, at: datetime) -> Received | None:
    """The receipt of a dossier with which its holder goes on without having said that it has it."""
    return None if case.received or case.last is None else Received(max(at, case.last.handed_over_at), implied=True)


def hand_over_due_of(case: CaseRow, reference: Reference) -> Due | None:
    """Until when it was to reach the handling unit (Decree 61/2018 art. 18(1)), by the hours of the agency that
    received it; None where the calendar of that year is not loaded."""
    sessions = reference.sessions_of(case.agency_id, civil_day(case.accepted_at))
    try:
        return hand_over_due(case.accepted_at, reference.calendar, sessions)
    except CalendarMissing:
        return None


#: What says nothing of the finish itself: a token that is not taken, a race, a neighbour in trouble. Tried again.
_PASSING = frozenset({401, 403, 408, 425, 429})
#: What the holder can understand and correct; any other refusal is told as a conflict.
_RELAYED = frozenset({"not_allowed_in_status", "invalid_request"})


def is_final(status: int, code: str) -> bool:
    """Whether a refusal by intake is about the finish, so that repeating it would not help."""
    return status not in _PASSING and code != "conflict"


def relayed(code: str) -> Problem:
    """Intake's refusal as routing tells it to the holder."""
    return Problem(code if code in _RELAYED else "conflict", Reason("", "finish_refused", {"code": code}))


def taken_before(case: CaseRow) -> bool:
    """Whether the dossier has ended as the holder reports, so that a refusal only means that intake knew it already.
    The instant is intake's either way: both desks may have reported the same finish a moment apart."""
    return case.ended is not None and case.ended.outcome == case.reported.outcome


STATUS_SHOWN: Mapping[int, tuple[str, str]] = MappingProxyType(
    {int(status): (status.name.lower(), STATUS_VI[status]) for status in Status}
)


def dossier_fields(row: Any, reference: Reference) -> dict[str, Any]:
    """What every list of routing says of a dossier. `row` begins with the columns that are taken
    here, in their order. Written by
    hand: validating 200 of them again costs four times as much, and asking a row for its columns by name as much as
    all the rest."""
    code, version_id, agency_id, holder_id, status_code, accepted_at, original_due_at, due_at = row[:8]
    version = reference.versions[version_id]
    agencies = reference.agencies.by_id
    agency, holder = agencies[agency_id], agencies[holder_id]
    status, status_name = STATUS_SHOWN[status_code]
    due = shown(due_at)
    return {
        "code": code,
        "procedure": version.code,
        "procedure_name": version.name,
        "sector": version.sector,
        "agency": agency.code,
        "agency_name": agency.name,
        "holder": holder.code,
        "holder_name": holder.name,
        "status": status,
        "status_code": status_code,
        "status_name": status_name,
        "accepted_at": shown(accepted_at),
        "original_due_at": due if original_due_at == due_at else shown(original_due_at),
        "due_at": due,
    }


def _differing(holds: Finish, outcome: str, occurred_at: datetime | None) -> list[Reason]:
    """What of a reported finish contradicts the one that holds, each with what holds."""
    reasons = []
    if outcome != holds.outcome:
        reasons.append(Reason("outcome", "not_one_of", {"expected": holds.outcome}))
    if holds.at is not None and occurred_at not in (None, holds.at):
        reasons.append(Reason("occurred_at", "not_one_of", {"expected": local(holds.at).isoformat()}))
    return reasons


def impossible(occurred_at: datetime | None, floor: datetime, early: str, now: datetime) -> Reason | None:
    """Why an instant that is claimed cannot be: in the future, or before `floor` (then with the code `early`)."""
    if occurred_at is None:
        return None
    if occurred_at > now + CLOCK_TOLERANCE:
        return Reason("occurred_at", "in_future")
    if occurred_at < floor:
        return Reason("occurred_at", early)
    return None
