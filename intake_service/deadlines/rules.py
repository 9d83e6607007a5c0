"""What a deadline account says beside its dates: waits, working time used and left, the national verdict. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.deadline import Account, Clock, Verdict
from shared.domain.explanation import Told
from shared.domain.life import Happened, Life, lived
from shared.domain.lifecycle import EventKind

#: National scoring (Decision 766/QĐ-TTg, as implemented): a second request after acceptance means late.
MOST_REQUESTS_ON_TIME = 1

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


def national_verdict(account: Account) -> Verdict | None:
    """The verdict by the national rule."""
    if account.verdict is not None and account.supplement_requests > MOST_REQUESTS_ON_TIME:
        return Verdict.LATE
    return account.verdict
