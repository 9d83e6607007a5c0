"""What a deadline account says beside its dates: waits, working time used and left, the national score. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.deadline import Account, Clock
from shared.domain.explanation import Told
from shared.domain.life import Happened, Life, lived
from shared.domain.lifecycle import EventKind
from shared.domain.national import Ends, Scored, Wait, scored
from shared.domain.terms import Due, Term, due_after

_ASKED = {EventKind.SUPPLEMENT_REQUESTED: "supplement", EventKind.PAYMENT_REQUESTED: "payment"}


class Span(NamedTuple):
    """A wait for the applicant, after acceptance. end None: still waiting."""

    kind: str
    begin: datetime
    end: datetime | None
    stopped_clock: bool


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
    for each in told:
        account = each.after.account
        if account is None:
            continue
        if each.event.kind in _ASKED:
            found.append(Span(_ASKED[each.event.kind], each.event.at, None, account.due is None))
        elif found and found[-1].end is None and not account.paused:
            found[-1] = found[-1]._replace(end=each.event.at)
    return found


def worked(clock: Clock, begin: datetime, end: datetime) -> timedelta:
    """The agency's working time in a span."""
    return clock.calendar.working_time_between(begin, end, clock.sessions)


def used(account: Account, waits: Sequence[Span], clock: Clock, now: datetime) -> timedelta:
    """Working time of the agency from acceptance until now or the end, waits left out."""
    end = account.finished_at or now
    waited = sum((worked(clock, span.begin, span.end or end) for span in waits if span.stopped_clock), timedelta())
    return worked(clock, account.accepted_at, end) - waited


def left(account: Account, clock: Clock, now: datetime) -> timedelta | None:
    """Working time until the date as the applicant knows it; None where no date runs."""
    if account.appointment is None or account.finished_at is not None:
        return None
    return worked(clock, now, account.appointment.at)


def overdue(account: Account, now: datetime) -> bool:
    """Whether an open dossier is late by now."""
    return account.finished_at is None and account.due is not None and now >= account.due.late_from


def supplements(told: Sequence[Told]) -> list[Wait]:
    """The supplement requests after acceptance, in order. An end answers none of them."""
    found: list[Wait] = []
    for each in told:
        if each.after.account is None:
            continue
        if each.event.kind is EventKind.SUPPLEMENT_REQUESTED:
            found.append(Wait(each.event.at))
        elif each.event.kind is EventKind.SUPPLEMENTED and found:
            found[-1] = Wait(found[-1].asked_at, each.event.at)
    return found


def national_score(
    told: Sequence[Told], clock: Clock, now: datetime, *, returned_at: datetime | None, terms: Iterable[Term]
) -> Scored | None:
    """The judgement of the national scoring, by now unless it is over. terms: all of the procedure on the channel,
    of which the longest judges where no date was promised. None: it was never accepted."""
    account = told[-1].after.account
    if account is None:
        return None
    longest: Due | None = None
    if account.original_due is None:
        dues = [due_after(account.accepted_at, term, clock.calendar, clock.sessions) for term in terms]
        longest = max((due for due in dues if due is not None), key=lambda due: due.late_from, default=None)
    return scored(
        account.original_due,
        supplements(told),
        Ends(account.finished_at, returned_at=returned_at),
        clock.term,
        clock.calendar,
        clock.sessions,
        now=now,
        longest=longest,
    )
