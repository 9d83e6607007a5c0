"""The deadline account: one function folds what happened to a dossier into what is due, and whether it is late.

The receipt, the overdue list and the percentage all come from here. A stored due date is a cache of this fold.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from shared.domain.civil_time import civil_day, end_of
from shared.domain.lifecycle import EventKind
from shared.domain.regimes import SupplementEffect, SupplementRule
from shared.domain.terms import RECEPTION_TERM, Due, Term, TermUnit, due_after, shifted
from shared.domain.working_calendar import Sessions, WorkingCalendar


class Verdict(IntEnum):
    """How a finished dossier stands against its term: trước hạn, đúng hạn, quá hạn."""

    EARLY = 1
    ON_DAY = 2
    LATE = 3


@dataclass(frozen=True, slots=True)
class Clock:
    """What the reckoning needs to know beside the events."""

    term: Term
    calendar: WorkingCalendar
    sessions: Sessions
    supplement: SupplementRule
    #: How long the one-stop has for an online submission.
    reception: Term = RECEPTION_TERM

    def by(self, calendar: WorkingCalendar) -> "Clock":
        """The same by another calendar."""
        return Clock(self.term, calendar, self.sessions, self.supplement, self.reception)


class Account(NamedTuple):
    """The state of a dossier's clock.

    original_due: as first promised. judged: the date that it is judged by; None without a term. promised: the date last
    told to the applicant; an extension moves it alone, for late stays late. stopped: the clock stands still, in time.
    paused_since: when the applicant began to be waited for; kept where the dossier ended meanwhile. verdict: set once
    finished; without a term it is ON_DAY, and shown apart as `resolved_without_term`.
    """

    accepted_at: datetime
    original_due: Due | None
    judged: Due | None
    promised: Due | None
    stopped: bool = False
    paused_since: datetime | None = None
    supplement_requests: int = 0
    extensions: int = 0
    finished_at: datetime | None = None
    verdict: Verdict | None = None

    @property
    def paused(self) -> bool:
        """Whether the agency waits for the applicant."""
        return self.paused_since is not None and self.finished_at is None

    @property
    def due(self) -> Due | None:
        """The date that the running clock leads to; None without a term, and while the clock stands still in time."""
        return None if self.stopped else self.judged

    @property
    def appointment(self) -> Due | None:
        """The date as the applicant knows it; None without a term, and while the clock stands still in time."""
        return None if self.stopped else self.promised

    @property
    def late_day(self) -> date | None:
        """The first civil day at whose end an unfinished dossier counts as overdue."""
        due = self.due
        return civil_day(due.late_from) if due else None


class Anew(NamedTuple):
    """The dates of an account that was reckoned anew as a whole: the calendar was changed, or its reception corrected.

    judged, promised, stopped: as in Account; by other dates a wait may have begun in time, or too late to stop the
    clock. original_due moves with a correction alone: what a receipt said that was right when printed stays said.
    """

    accepted_at: datetime
    original_due: Due | None
    judged: Due | None
    promised: Due | None
    stopped: bool = False


def opened(accepted_at: datetime, clock: Clock, *, given_due: Due | None = None) -> Account:
    """The account of a dossier just accepted. `given_due` is a date promised elsewhere (an imported record)."""
    due = given_due or due_after(accepted_at, clock.term, clock.calendar, clock.sessions)
    return Account(accepted_at, original_due=due, judged=due, promised=due)


def moved(account: Account, event: EventKind, at: datetime, clock: Clock, *, given_due: Due | None = None) -> Account:
    """The account after one more event, reckoned now. The lifecycle has already said that the event is allowed.

    `given_due`: the date that an extension, a rescheduling or an imported record names.
    """
    return after(account, event, at, given_due or reckoned(account, event, at, clock))


def reckoned(account: Account, event: EventKind, at: datetime, clock: Clock) -> Due | None:
    """The date that an event leaves the dossier to be judged by; None where the clock stands still in time."""
    if event not in _STOP_OR_START:
        return None if account.stopped else account.judged
    match event:
        case EventKind.SUPPLEMENT_REQUESTED:
            return _waiting(account, at, clock.supplement.effect)
        case EventKind.SUPPLEMENTED:
            return _running_again(account, at, clock, clock.supplement.effect)
        case EventKind.PAYMENT_REQUESTED:
            return _waiting(account, at, SupplementEffect.PAUSE)
        case EventKind.PAID:
            return _running_again(account, at, clock, SupplementEffect.PAUSE)
        case _:  # taken back an end: what stood still then has stood still until now
            return _running_again(account, at, clock, SupplementEffect.PAUSE)


#: What stops the clock or lets it run again. Nearly all that happens is neither.
_STOP_OR_START = frozenset(
    {
        EventKind.SUPPLEMENT_REQUESTED,
        EventKind.SUPPLEMENTED,
        EventKind.PAYMENT_REQUESTED,
        EventKind.PAID,
        EventKind.REOPENED,
    }
)


def answer_due_after(asked_at: datetime, clock: Clock, *, accepted: bool) -> Due | None:
    """Until when an applicant who is asked now is to complete the dossier; None where the law does not say."""
    rule = clock.supplement
    within = rule.answer_within if accepted else rule.submission_within
    return due_after(asked_at, within, clock.calendar, clock.sessions) if within is not None else None


def after(account: Account, event: EventKind, at: datetime, due: Due | None) -> Account:
    """The account after an event that left the clock at `due`: reckoned just now, or recorded long ago. What was
    promised then holds, whatever calendar and rules say today."""
    change = _CHANGES.get(event)
    return change(account, at, due) if change is not None else account


def renewed(account: Account, anew: Anew) -> Account:
    """The account with its dates reckoned anew. Waits and requests stay; what is over is judged again."""
    dated = account._replace(**anew._asdict())
    return dated._replace(verdict=_verdict(dated, dated.finished_at)) if dated.finished_at is not None else dated


def due_of(at: datetime, clock: Clock) -> Due:
    """A date as it was promised: judged by the instant if the term is in hours, else by its day."""
    if clock.term.unit is TermUnit.WORKING_HOUR:
        return Due.at_instant(at)
    day = civil_day(at)
    return Due(at, day, end_of(day))


# The waits are written out: a dossier that goes to and fro has dozens, and `_replace` takes twice as long.
def _asked_to_complete(account: Account, at: datetime, due: Due | None) -> Account:
    accepted_at, original_due, judged, promised, _, _paused, requests, *_ = account
    stopped = due is None and judged is not None
    return Account(accepted_at, original_due, judged, promised, stopped, at, requests + 1, account.extensions)


def _asked_to_pay(account: Account, at: datetime, due: Due | None) -> Account:
    accepted_at, original_due, judged, promised, _, _paused, requests, extensions, *_ = account
    stopped = due is None and judged is not None
    return Account(accepted_at, original_due, judged, promised, stopped, at, requests, extensions)


def _running(account: Account, _: datetime, due: Due | None) -> Account:
    """The clock runs (again) to `due`: the applicant has answered, or an end was taken back."""
    accepted_at, original_due, judged, promised, _stopped, _paused, requests, extensions, *_rest = account
    if due != judged:
        # A new appointment that reaches further than the wait stays told; it moves nothing that is judged.
        stays = extensions and promised is not None and due is not None and promised.at > due.at
        promised = promised if stays else due
    return Account(accepted_at, original_due, due, promised, False, None, requests, extensions)


def _extended(account: Account, _: datetime, due: Due | None) -> Account:
    return account._replace(promised=due, extensions=account.extensions + 1)


def _apologised(account: Account, _: datetime, due: Due | None) -> Account:
    # An apology for lateness may name a new time: the applicant's date moves, what it is judged by does not.
    return account if due is None or due == account.due else _extended(account, _, due)


def _rescheduled(account: Account, _: datetime, due: Due | None) -> Account:
    return account._replace(judged=due, promised=due)


def _ended(account: Account, at: datetime, _: Due | None) -> Account:
    return account._replace(finished_at=at, verdict=_verdict(account, at))


#: What moves the account, and how; everything else leaves it as it is.
_CHANGES: Mapping[EventKind, Callable[[Account, datetime, Due | None], Account]] = MappingProxyType(
    {
        EventKind.SUPPLEMENT_REQUESTED: _asked_to_complete,
        EventKind.PAYMENT_REQUESTED: _asked_to_pay,
        EventKind.SUPPLEMENTED: _running,
        EventKind.PAID: _running,
        EventKind.EXTENDED: _extended,
        EventKind.APOLOGISED: _apologised,
        EventKind.RESCHEDULED: _rescheduled,
        EventKind.FINISHED: _ended,
        EventKind.WITHDRAWN: _ended,
        EventKind.STOPPED: _ended,
        EventKind.REOPENED: _running,
    }
)


def folded(account: Account, events: Iterable[tuple[EventKind, datetime]], clock: Clock) -> Account:
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
    if account.stopped and account.judged is not None:
        return Verdict.EARLY if civil_day(at) < account.judged.day else Verdict.ON_DAY
    return judged(account.judged, at)


def _waiting(account: Account, at: datetime, effect: SupplementEffect) -> Due | None:
    """The clock stands still. What ran out before stays run out: late stays late."""
    ran_out = account.due is not None and at >= account.due.late_from
    return account.due if ran_out or effect is SupplementEffect.CONTINUE else None


def _running_again(account: Account, at: datetime, clock: Clock, effect: SupplementEffect) -> Due | None:
    if account.judged is None:
        # No date so far; a restart still asks the term, which may have got one by a correction.
        return due_after(at, clock.term, clock.calendar, clock.sessions) if effect is SupplementEffect.RESTART else None
    if account.paused_since is None or not account.stopped:
        return account.judged
    if effect is SupplementEffect.RESTART:
        return due_after(at, clock.term, clock.calendar, clock.sessions) or _as_first_promised(account, at, clock)
    return shifted(account.judged, clock.term, (account.paused_since, at), clock.calendar, clock.sessions)


def _as_first_promised(account: Account, at: datetime, clock: Clock) -> Due | None:
    """For a procedure without a known term whose date was promised elsewhere: the working days which that promise
    gave, counted anew. Without it a dossier would lose its date with its first supplement, and never be late."""
    first = account.original_due
    if first is None:
        return None
    days = clock.calendar.working_days_between(civil_day(account.accepted_at), first.day)
    return Due.on_day(clock.calendar.add_working_days(civil_day(at), max(1, days)), clock.sessions)
