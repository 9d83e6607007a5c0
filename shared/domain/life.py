"""The engine: what an event makes of a dossier. Every room and every door goes through it, the import included.

`decided` asks whether an event may happen and reckons the date that it leaves; `lived` applies it. A history read back
from the log goes through `lived` alone, with the dates as they were recorded: what was promised then holds, whatever
the calendar and the rules say today.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from shared.domain.deadline import Account, Anew, Clock, after, due_of, reckoned, renewed
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
    """An event as the log keeps it.

    due: the date that it left the running clock with; None where none runs. given: somebody named that date (a letter,
    a decision, another system); it was not reckoned. anew: the whole account's dates, where the calendar or the
    reception was set right. decision: its number, that says so.
    """

    kind: EventKind
    at: datetime
    due: Due | None = None
    given: bool = False
    anew: Anew | None = None
    decision: str | None = None

    @property
    def derived(self) -> bool:
        """Whether it only says what the other events make by another calendar, or from a corrected reception."""
        return self.kind is EventKind.CORRECTED or (self.kind is EventKind.RESCHEDULED and not self.given)

    @classmethod
    def read(cls, kind: str, at: datetime, said: Mapping[str, object], clock: Clock) -> "Happened":
        """An event from the log. `said`: its payload, whose instants are RFC 3339."""
        what = EventKind(kind)
        due = _read_due(said, "due_at", clock)
        decision = said.get("decision")
        if "promised_at" not in said:
            return cls(what, at, due, given="given" in said, decision=str(decision) if decision else None)
        anew = Anew(
            datetime.fromisoformat(str(said["accepted_at"])),
            _read_due(said, "original_due_at", clock),
            _read_due(said, "judged_at", clock),
            _read_due(said, "promised_at", clock),
            stopped="stopped" in said,
        )
        return cls(what, at, due, anew=anew, decision=str(decision) if decision else None)


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
    if given_due is None:
        event = Happened(kind, at, reckoned_due(life, kind, at, clock))
    else:
        event = Happened(kind, at, given_due, True)
    return event, _applied(life, state, event)


def lived(life: Life | None, event: Happened) -> Life:
    """The dossier after an event. KeyError: the lifecycle does not allow it."""
    state = next_state(life.state if life else None, event.kind)
    if state is None:
        raise KeyError(event.kind)
    return _applied(life, state, event)


def _applied(life: Life | None, state: State, event: Happened) -> Life:
    kind, at, due = event[:3]
    if life is None:
        if kind is EventKind.ACCEPTED:
            return Life(state, None, _accepted(event))
        return Life(state, Reception(at, due))
    _, reception, account = life
    if account is not None:
        dated = renewed(account, event.anew) if event.anew is not None else after(account, kind, at, due)
        return Life(state, reception, dated)
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
    for kind, at, due, _, anew, _ in events:
        following = next_state(state, kind)
        if following is None:
            raise KeyError(kind)
        state = following
        account = after(account, kind, at, due) if anew is None else renewed(account, anew)
    return Life(state, life.reception, account)


def reckoned_due(life: Life | None, kind: EventKind, at: datetime, clock: Clock) -> Due | None:
    """The date that an event leaves the running clock with, where nobody names one."""
    if life is not None and life.account is not None:
        return reckoned(life.account, kind, at, clock)
    if kind is EventKind.ACCEPTED:
        return due_after(at, clock.term, clock.calendar, clock.sessions)
    if kind in (EventKind.SUBMITTED, EventKind.SUPPLEMENTED, EventKind.REOPENED):
        return due_after(at, clock.reception, clock.calendar, clock.sessions)
    if kind is EventKind.RESCHEDULED and life is not None and life.reception is not None:
        return life.reception.due
    return None


def _read_due(said: Mapping[str, object], name: str, clock: Clock) -> Due | None:
    written = said.get(name)
    return due_of(datetime.fromisoformat(str(written)), clock) if written else None


def _accepted(event: Happened) -> Account:
    return Account(event.at, event.due, event.due, event.due)


def _received(reception: Reception | None, event: Happened) -> Reception | None:
    if reception is None:
        return None
    asked = event.kind is EventKind.SUPPLEMENT_REQUESTED
    return reception._replace(due=event.due, supplement_requests=reception.supplement_requests + asked)
