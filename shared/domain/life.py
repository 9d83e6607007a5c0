"""The engine: what an event makes of a dossier. Every room and every door goes through it, the import included.

`decided` asks whether an event may happen and reckons the date that it leaves; `lived` applies it. A history read back
from the log goes through `lived` alone, with the dates as they were recorded: what was promised then holds, whatever
the calendar and the rules say today.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from shared.domain.deadline import Account, Clock, after, reckoned
from shared.domain.lifecycle import EventKind, State, Status, next_state
from shared.domain.terms import Due, due_after


class Reception(NamedTuple):
    """The clock of the one-stop, before acceptance: until when an online submission is to be looked at. `due` is None
    while the applicant completes it; it starts again when the one-stop has it back."""

    submitted_at: datetime
    due: Due | None
    supplement_requests: int = 0


class Life(NamedTuple):
    """A dossier as its events made it. account: None until it is accepted; reception: None if it came in at the
    counter, where it is looked at on the spot."""

    state: State
    reception: Reception | None = None
    account: Account | None = None

    @property
    def status(self) -> Status:
        """Its national status."""
        return self.state.status


class Happened(NamedTuple):
    """An event as the log keeps it. due: the date that it left the running clock with; None where none runs."""

    kind: EventKind
    at: datetime
    due: Due | None = None


def decided(
    life: Life | None, kind: EventKind, at: datetime, clock: Clock, *, given_due: Due | None = None
) -> Happened | None:
    """The event with its date, or None where the lifecycle does not allow it.

    `given_due`: the date that an extension or a rescheduling names, or that was promised elsewhere (an import).
    Raises CalendarMissing when the reckoning needs a year that is not loaded.
    """
    step = taken(life, kind, at, clock, given_due=given_due)
    return step[0] if step is not None else None


def taken(
    life: Life | None, kind: EventKind, at: datetime, clock: Clock, *, given_due: Due | None = None
) -> tuple[Happened, Life] | None:
    """`decided`, and the dossier after it: an import takes half a million steps."""
    state = next_state(life.state if life else None, kind)
    if state is None:
        return None
    event = Happened(kind, at, given_due or _due(life, kind, at, clock))
    return event, _applied(life, state, event)


def lived(life: Life | None, event: Happened) -> Life:
    """The dossier after an event. KeyError: the lifecycle does not allow it."""
    state = next_state(life.state if life else None, event.kind)
    if state is None:
        raise KeyError(event.kind)
    return _applied(life, state, event)


def _applied(life: Life | None, state: State, event: Happened) -> Life:
    kind, at, due = event
    if life is None:
        if kind is EventKind.ACCEPTED:
            return Life(state, None, _accepted(event))
        return Life(state, Reception(at, due))
    _, reception, account = life
    if account is not None:
        return Life(state, reception, after(account, kind, at, due))
    if kind is EventKind.ACCEPTED:
        return Life(state, reception, _accepted(event))
    return Life(state, _received(reception, event))


def told(events: Iterable[Happened]) -> Life | None:
    """The dossier that a whole history makes; None of no events. KeyError: the lifecycle does not allow one of them."""
    life: Life | None = None
    remaining = iter(events)
    for event in remaining:
        life = lived(life, event)
        if life.account is not None:
            return _told_on(life, life.account, remaining)
    return life


def _told_on(life: Life, account: Account, events: Iterator[Happened]) -> Life:
    """From acceptance on only state and account move: `lived`, without a life between any two events."""
    state = life.state
    for kind, at, due in events:
        following = next_state(state, kind)
        if following is None:
            raise KeyError(kind)
        state, account = following, after(account, kind, at, due)
    return Life(state, life.reception, account)


def _due(life: Life | None, kind: EventKind, at: datetime, clock: Clock) -> Due | None:
    if life is not None and life.account is not None:
        return reckoned(life.account, kind, at, clock)
    if kind is EventKind.ACCEPTED:
        return due_after(at, clock.term, clock.calendar, clock.sessions)
    if kind in (EventKind.SUBMITTED, EventKind.SUPPLEMENTED, EventKind.REOPENED):
        return due_after(at, clock.reception, clock.calendar, clock.sessions)
    return None


def _accepted(event: Happened) -> Account:
    return Account(event.at, event.due, event.due, event.due)


def _received(reception: Reception | None, event: Happened) -> Reception | None:
    if reception is None:
        return None
    asked = event.kind is EventKind.SUPPLEMENT_REQUESTED
    return reception._replace(due=event.due, supplement_requests=reception.supplement_requests + asked)
