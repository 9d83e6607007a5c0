"""What a deadline account says beside its dates: waits, working time used and left, the national score. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.deadline import Account, Clock
from shared.domain.explanation import Told
from shared.domain.life import Happened, Life, lived
from shared.domain.lifecycle import EventKind, Status
from shared.domain.national import Compare, Ends, Scored, Wait, longest_limit, scored
from shared.domain.terms import Due, Term

_ASKED = {EventKind.SUPPLEMENT_REQUESTED: "supplement", EventKind.PAYMENT_REQUESTED: "payment"}


class Span(NamedTuple):
    """A wait for the applicant. end None: still waiting. clock: `reception` before acceptance, `term` after it."""

    kind: str
    begin: datetime
    end: datetime | None
    stopped_clock: bool
    clock: str


class Looked(NamedTuple):
    """How the one-stop kept its own clock. due: until when a submission is or was to be looked at; None while it waits
    for the applicant, and at the counter. in_time: whether it was; None until it is decided."""

    due: Due | None = None
    in_time: bool | None = None


def history(events: Sequence[Happened]) -> list[Told]:
    """A dossier's events, each with the dossier before and after it."""
    told: list[Told] = []
    life: Life | None = None
    for event in events:
        after = lived(life, event)
        told.append(Told(life, event, after))
        life = after
    return told


def spans(told: Sequence[Told]) -> list[Span]:
    """The waits, in order."""
    found: list[Span] = []
    for _, event, after in told:
        account = after.account
        if event.kind in _ASKED:
            stopped, clock = account is None or account.due is None, "reception" if account is None else "term"
            found.append(Span(_ASKED[event.kind], event.at, None, stopped, clock))
        elif found and found[-1].end is None and not waiting(after):
            found[-1] = found[-1]._replace(end=event.at)
    return found


def waiting(life: Life) -> bool:
    """Whether the applicant is waited for, before acceptance or after it."""
    if life.account is None:
        return life.status is Status.SUPPLEMENT_AWAITED
    return life.account.paused


def looked_at(told: Sequence[Told]) -> Looked:
    """The clock of the one-stop, as it stands or as acceptance or refusal left it."""
    looked = Looked()
    for before, event, after in told:
        if before is not None and before.account is not None:
            break
        if event.kind in (EventKind.ACCEPTED, EventKind.NOT_ACCEPTED):
            due = before.reception.due if before and before.reception else None
            looked = Looked(due, event.at <= due.at if due else None)
        else:
            looked = Looked(after.reception.due if after.reception else None)
    return looked


def worked(clock: Clock, begin: datetime, end: datetime) -> timedelta:
    """The agency's working time in a span."""
    return clock.calendar.working_time_between(begin, end, clock.sessions)


def used(account: Account, waits: Sequence[Span], clock: Clock, now: datetime) -> timedelta:
    """Working time of the agency from acceptance until now or the end, waits left out."""
    end = account.finished_at or now
    counted = (span for span in waits if span.stopped_clock and span.clock == "term")
    waited = sum((worked(clock, span.begin, span.end or end) for span in counted), timedelta())
    return worked(clock, account.accepted_at, end) - waited


def left(account: Account, clock: Clock, now: datetime) -> timedelta | None:
    """Working time until the date as the applicant knows it; None where no date runs."""
    if account.appointment is None or account.finished_at is not None:
        return None
    return worked(clock, now, account.appointment.at)


def overdue(account: Account, now: datetime) -> bool:
    """Whether an open dossier is late by now."""
    return account.finished_at is None and account.due is not None and now >= account.due.late_from


def national_score(
    told: Sequence[Told],
    clock: Clock,
    now: datetime,
    *,
    returned_at: datetime | None,
    terms: Iterable[Term],
    by: Compare = Compare.INSTANT,
) -> Scored | None:
    """The judgement of the national scoring, by now unless it is over. terms: all that its procedure has, of which the
    longest judges where no date was promised. None: it was never accepted. Raises CalendarMissing."""
    account = told[-1].after.account
    if account is None:
        return None
    longest = None
    if account.original_due is None:
        longest = longest_limit(account.accepted_at, terms, clock.calendar)
    return scored(
        account.original_due.at if account.original_due else None,
        _supplements(told),
        _ends(told, returned_at),
        accepted_at=account.accepted_at,
        until=now,
        longest=longest,
        compare=by,
    )


def _supplements(told: Sequence[Told]) -> list[Wait]:
    """All supplement requests, in order, those before acceptance too. An end answers none of them."""
    found: list[Wait] = []
    for each in told:
        if each.event.kind is EventKind.SUPPLEMENT_REQUESTED:
            found.append(Wait(each.event.at))
        elif each.event.kind is EventKind.SUPPLEMENTED and found:
            found[-1] = Wait(found[-1].asked_at, each.event.at)
    return found


def _ends(told: Sequence[Told], returned_at: datetime | None) -> Ends:
    account = told[-1].after.account
    at = account.finished_at if account else None
    if at is None:
        return Ends()
    match told[-1].after.status:
        case Status.WITHDRAWN:
            return Ends(withdrawn_at=at)
        case Status.STOPPED:
            return Ends(stopped_at=at)
        case _:
            return Ends(at, returned_at)
