"""Reckoning a dossier anew: what its history would have made of it by another calendar, or from another reception.

Nothing here decides whether a date may move; it says to what. What was promised stays in the log.
"""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.deadline import Anew, Clock
from shared.domain.life import Happened, Life, lived, reckoned_due, told
from shared.domain.lifecycle import EventKind, next_state
from shared.domain.terms import Due
from shared.domain.working_calendar import WorkingCalendar


def recomputed(history: Sequence[Happened], clock: Clock) -> Life | None:
    """The dossier that a history makes when every date in it is reckoned anew by `clock`; None of no events.

    A date that was given (a letter of apology, a decision, another system's promise) stands as it was given: it is
    somebody's word, not our reckoning. Where the term ends after the one new appointment now, the term's end is told: a
    re-appointment is past the term (Decree 61/2018 art. 19(9)). Raises CalendarMissing.
    """
    corrected = (e.anew.accepted_at for e in reversed(history) if e.kind is EventKind.CORRECTED and e.anew)
    accepted_at = next(corrected, None)
    life: Life | None = None
    for event in history:
        if event.derived:
            continue
        if event.kind is EventKind.ACCEPTED and accepted_at is not None:
            event = event._replace(at=accepted_at)
        if not event.given:
            event = event._replace(due=reckoned_due(life, event.kind, event.at, clock))
        life = lived(life, event)
    return _the_later_told(life)


def _the_later_told(life: Life | None) -> Life | None:
    account = life.account if life is not None else None
    if life is None or account is None or not account.extensions or account.judged is None or account.promised is None:
        return life
    if account.promised.at >= account.judged.at:
        return life
    return life._replace(account=account._replace(promised=account.judged))


def rescheduled(
    history: Sequence[Happened], clock: Clock, before: WorkingCalendar, at: datetime, decision: str
) -> Happened | None:
    """The event that moves a dossier's dates to where they lie by the clock's calendar, which was `before` until
    `decision` changed it. The original date stays as it was first promised.

    None: the dates stand where they should, no clock runs any more, or it is not this change that would move them.
    Raises CalendarMissing.
    """
    now = told(history)
    if now is None or next_state(now.state, EventKind.RESCHEDULED) is None:
        return None
    then = recomputed(history, clock)
    if standing(now) == standing(then):
        return None
    if standing(recomputed(history, clock.by(before))) == standing(then):
        return None  # hours, terms or rules were changed since: whoever changes those says what becomes of old dates
    judged, promised, stopped = standing(then)
    if now.account is None:
        return Happened(EventKind.RESCHEDULED, at, judged, decision=decision)
    anew = Anew(now.account.accepted_at, now.account.original_due, judged, promised, stopped)
    return Happened(EventKind.RESCHEDULED, at, None if stopped else judged, anew=anew, decision=decision)


def standing(life: Life | None) -> tuple[Due | None, Due | None, bool]:
    """The dates that a dossier stands with: what it is judged by, what was promised, and whether its clock stands
    still."""
    if life is None:
        return None, None, False
    if life.account is None:
        return life.reception.due if life.reception else None, None, False
    return life.account.judged, life.account.promised, life.account.stopped
