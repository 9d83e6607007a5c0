"""Whether a unit may be asked for an opinion, and whether it may answer (Decree 61/2018 art. 19(5)).

Asking stops no clock: neither the applicant's nor a segment's. A unit that stays silent until its term is over is not
waited for any longer: the head of the one-stop is told, once, for joint handling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from routing_service.agencies.rules import absence
from routing_service.cases.rules import CaseRow
from routing_service.segment_clock.rules import Clock, Segment, State, counted
from shared.contracts.workflows import OpinionIn
from shared.domain.civil_time import civil_day
from shared.domain.terms import Due, Term, TermUnit, due_after
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.problems import Problem, Reason


class OpinionState(StrEnum):
    """escalated: the term is over, nobody answered, and the head of the one-stop was told."""

    OPEN = "open"
    ESCALATED = "escalated"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """An opinion as it is kept. code: of its dossier."""

    dossier_id: int
    no: int
    code: str
    from_agency_id: int
    to_agency_id: int
    content: str
    asked_at: datetime
    asked_by: str
    due_at: datetime
    late_from: datetime
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None
    escalated_at: datetime | None

    @property
    def state(self) -> OpinionState:
        """Where it stands. A late answer is an answer."""
        if self.answered_at is not None:
            return OpinionState.ANSWERED
        return OpinionState.ESCALATED if self.escalated_at is not None else OpinionState.OPEN

    def late(self, now: datetime) -> bool:
        """Whether it was answered late, or is not answered and late by now."""
        return (self.answered_at or now) >= self.late_from


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, decided: who asks whom, until when."""

    from_agency_id: int
    to_agency_id: int
    content: str
    due: Due


def ask(
    case: CaseRow,
    segments: Iterable[Segment],
    scope: frozenset[int],
    asked: OpinionIn,
    reference: Reference,
    now: datetime,
) -> Asked | Problem:
    """Whether who asks may: whoever holds the dossier, or has a share of it to work on."""
    asker = _asker(case, segments, scope)
    if asker is None:
        return Problem("forbidden", Reason("", "not_at_work"))
    if case.over:
        return Problem("not_allowed_in_status", Reason("", "case_over"))
    unit = reference.agencies.on(asked.agency, civil_day(now))
    if unit is None:
        return Problem("invalid_request", absence("agency", reference.agencies, asked.agency, civil_day(now)))
    if unit.id == asker:
        return Problem("invalid_request", Reason("agency", "asks_itself"))
    due = _due(asked, Clock.of(unit.id, now, reference), now)
    if isinstance(due, Reason):
        return Problem("invalid_request", due)
    return Asked(asker, unit.id, asked.content, due)


def answer(opinion: OpinionRow, scope: frozenset[int]) -> Problem | None:
    """Why who asks may not answer; None: they may. A late answer is taken, too."""
    if opinion.to_agency_id not in scope:
        return Problem("forbidden", Reason("", "not_asked"))
    if opinion.answered_at is not None:
        return Problem("not_allowed_in_status", Reason("", "opinion_answered"))
    return None


def _asker(case: CaseRow, segments: Iterable[Segment], scope: frozenset[int]) -> int | None:
    if case.holder_id in scope:
        return case.holder_id
    at_work = (segment.agency_id for segment in segments if segment.state is State.OPEN)
    return next((agency_id for agency_id in at_work if agency_id in scope), None)


def _due(asked: OpinionIn, clock: Clock, now: datetime) -> Due | Reason:
    if (asked.due_at is None) == (asked.allotted is None):
        return Reason("due_at", "instant_or_allotment")
    if asked.due_at is not None:
        return Due.at_instant(asked.due_at) if asked.due_at > now else Reason("due_at", "in_past")
    assert asked.allotted is not None, "one of the two is given"
    allotted = Term(Decimal(str(asked.allotted.value)), TermUnit(asked.allotted.unit))
    try:
        due = due_after(now, counted(allotted), clock.calendar, clock.sessions)
    except CalendarMissing as missing:
        return Reason("allotted", "calendar_missing", {"year": missing.year})
    assert due is not None, "an allotment has a term"
    return due
