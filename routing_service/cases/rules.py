"""What routing decides about a case: whether it may be handed over, finished, and what intake's answer means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from routing_service.agencies.rules import absence
from shared.domain.agencies import AgencyTree
from shared.domain.civil_time import civil_day, local, shown
from shared.domain.lifecycle import STATUS_VI, Status
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


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with what routing may know of its dossier. Instants are aware; ids are agencies of the tree.

    reported: what the holder reported last; its `at` is None when intake refused it. ended: how the dossier ended, by
    intake's log, wherever that was brought about; None while it is open.
    """

    dossier_id: int
    code: str
    agency_id: int
    holder_id: int
    desk: str | None
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
    hand_overs: int
    last_handed_over_at: datetime | None

    def visible(self, scope: frozenset[int]) -> bool:
        """Whoever opened a case follows it to its end (Decree 61/2018 art. 19(6)-(7)); whoever holds it sees it."""
        return self.agency_id in scope or self.holder_id in scope

    @property
    def finish(self) -> Finish:
        """What holds: the dossier's end in intake's log; until it is there, what the holder reported."""
        return self.ended or self.reported

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do: the dossier has ended, or its finish is reported."""
        return self.finish.at is not None


@dataclass(frozen=True, slots=True)
class Moved:
    """A hand-over, decided."""

    to_agency_id: int
    to_desk: str | None
    occurred_at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A finish, decided. `outcome`: granted or refused."""

    outcome: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class AlreadyFinished:
    """The same finish holds already: nothing changes."""


def hand_over(
    case: CaseRow,
    scope: frozenset[int],
    tree: AgencyTree,
    *,
    to_agency: str,
    to_desk: str | None,
    note: str | None,
    occurred_at: datetime | None,
    now: datetime,
) -> Moved | Problem:
    """Whether who asks may give the case to `to_agency`, which must be in force on that day."""
    if case.holder_id not in scope:
        return Problem("forbidden", Reason("", "not_the_holder"))
    if case.over:
        return Problem("not_allowed_in_status", Reason("", "case_over"))
    floor = case.last_handed_over_at or case.opened_at
    early = "out_of_order" if case.last_handed_over_at else "before_acceptance"
    refused = _impossible(occurred_at, floor, early, now)
    if refused is not None:
        return Problem("invalid_request", refused)
    at = occurred_at or max(now, floor)
    receiver = tree.on(to_agency, civil_day(at))
    if receiver is None:
        return Problem("invalid_request", absence("to_agency", tree, to_agency, civil_day(at)))
    if (receiver.id, to_desk) == (case.holder_id, case.desk):
        return Problem("conflict", Reason("to_agency", "already_the_holder"))
    return Moved(receiver.id, to_desk, at, note)


def finish(
    case: CaseRow, scope: frozenset[int], *, outcome: str, occurred_at: datetime | None, now: datetime
) -> Finished | AlreadyFinished | Problem:
    """Whether who asks may report the finish. Whether the dossier may be finished is intake's to say."""
    if case.holder_id not in scope:
        return Problem("forbidden", Reason("", "not_the_holder"))
    if case.over:
        differing = _differing(case.finish, outcome, occurred_at)
        return Problem("not_allowed_in_status", Reason("", "case_over"), *differing) if differing else AlreadyFinished()
    refused = _impossible(occurred_at, case.accepted_at, "before_acceptance", now)
    if refused is not None:
        return Problem("invalid_request", refused)
    return Finished(outcome, occurred_at or max(now, case.accepted_at))


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


def _impossible(occurred_at: datetime | None, floor: datetime, early: str, now: datetime) -> Reason | None:
    if occurred_at is None:
        return None
    if occurred_at > now + CLOCK_TOLERANCE:
        return Reason("occurred_at", "in_future")
    if occurred_at < floor:
        return Reason("occurred_at", early)
    return None
