"""The deadline account: one function folds what happened to a dossier into what is due, and whether it is late.

The receipt, the overdue list and the percentage all come from here. A stored due date is a cache of this fold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.domain.civil_time import civil_day
from shared.domain.regimes import SupplementEffect
from shared.domain.terms import Due, Term, due_after, shifted
from shared.domain.working_calendar import Sessions, WorkingCalendar


class Verdict(IntEnum):
    """How a finished dossier stands against its term: trước hạn, đúng hạn, quá hạn."""

    EARLY = 1
    ON_DAY = 2
    LATE = 3


class ClockEvent(StrEnum):
    """What moves the clock."""

    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENTED = "supplemented"
    PAYMENT_REQUESTED = "payment_requested"
    PAID = "paid"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Clock:
    """What the reckoning needs to know beside the events."""

    term: Term
    calendar: WorkingCalendar
    sessions: Sessions
    supplement_effect: SupplementEffect


class Account(NamedTuple):
    """The state of a dossier's clock.

    original_due: as first promised. due: as it stands; None without a term, or while the clock stands still before
    it ran out. promised: the date last told to the applicant. paused_since: set while waiting for the applicant.
    verdict: set once finished; without a term it is ON_DAY, and shown apart as `resolved_without_term`.
    """

    accepted_at: datetime
    original_due: Due | None
    due: Due | None
    promised: Due | None
    paused_since: datetime | None = None
    supplement_requests: int = 0
    finished_at: datetime | None = None
    verdict: Verdict | None = None

    @property
    def paused(self) -> bool:
        """Whether the agency waits for the applicant."""
        return self.paused_since is not None

    @property
    def late_day(self) -> date | None:
        """The first civil day at whose end an unfinished dossier counts as overdue."""
        return civil_day(self.due.late_from) if self.due else None


def opened(accepted_at: datetime, clock: Clock, *, given_due: Due | None = None) -> Account:
    """The account of a dossier just accepted. `given_due` is a date promised elsewhere (an imported record)."""
    due = given_due or due_after(accepted_at, clock.term, clock.calendar, clock.sessions)
    return Account(accepted_at, original_due=due, due=due, promised=due)


def moved(account: Account, event: ClockEvent, at: datetime, clock: Clock) -> Account:
    """The account after one more event. The lifecycle has already said that the event is allowed."""
    match event:
        case ClockEvent.SUPPLEMENT_REQUESTED:
            waiting = _waiting(account, at)
            return waiting._replace(supplement_requests=account.supplement_requests + 1)
        case ClockEvent.PAYMENT_REQUESTED:
            return _waiting(account, at)
        case ClockEvent.SUPPLEMENTED:
            restart = clock.supplement_effect is SupplementEffect.RESTART
            return _running_again(account, at, clock, restart=restart)
        case ClockEvent.PAID:
            return _running_again(account, at, clock, restart=False)
        case ClockEvent.FINISHED:
            return account._replace(paused_since=None, finished_at=at, verdict=_verdict(account, at))


def folded(account: Account, events: Iterable[tuple[ClockEvent, datetime]], clock: Clock) -> Account:
    """`account` after all `events`, in order."""
    for event, at in events:
        account = moved(account, event, at, clock)
    return account


def judged(due: Due | None, finished_at: datetime) -> Verdict:
    """Trước hạn, đúng hạn or quá hạn. Day terms by date, hour terms by instant: both are in `late_from`."""
    if due is None:
        return Verdict.ON_DAY
    if finished_at >= due.late_from:
        return Verdict.LATE
    return Verdict.EARLY if civil_day(finished_at) < due.day else Verdict.ON_DAY


def _verdict(account: Account, at: datetime) -> Verdict:
    """Ended while the clock stood still (withdrawn, stopped): whatever the date, the agency was not late."""
    if account.due is None and account.promised is not None:
        return Verdict.EARLY if civil_day(at) < account.promised.day else Verdict.ON_DAY
    return judged(account.due, at)


def _waiting(account: Account, at: datetime) -> Account:
    """The clock stands still. What ran out before stays run out: late stays late."""
    due = account.due if account.due and at >= account.due.late_from else None
    return account._replace(due=due, paused_since=at)


def _running_again(account: Account, at: datetime, clock: Clock, *, restart: bool) -> Account:
    if account.paused_since is None or account.due is not None:
        return account._replace(paused_since=None)
    if restart or account.promised is None:
        due = due_after(at, clock.term, clock.calendar, clock.sessions) or _as_first_promised(account, at, clock)
    else:
        due = shifted(account.promised, clock.term, (account.paused_since, at), clock.calendar, clock.sessions)
    return account._replace(due=due, promised=due, paused_since=None)


def _as_first_promised(account: Account, at: datetime, clock: Clock) -> Due | None:
    """For a procedure without a known term whose date was promised elsewhere: the working days which that promise
    gave, counted anew. Without it a dossier would lose its date with its first supplement, and never be late."""
    first = account.original_due
    if first is None:
        return None
    days = clock.calendar.working_days_between(civil_day(account.accepted_at), first.day)
    return Due.on_day(clock.calendar.add_working_days(civil_day(at), max(1, days)), clock.sessions)
