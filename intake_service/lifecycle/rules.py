"""A step of a dossier's life: decided by the engine, with what the log and the counts keep of it.

Pure. The counter, routing's report, the import and the consumers all take their steps here.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import orjson

from shared.domain.chain import event_hash, event_tail
from shared.domain.civil_time import civil_day, local, shown
from shared.domain.counts import Facts
from shared.domain.deadline import Account, Clock, Verdict
from shared.domain.life import Happened, Life, lived, taken
from shared.domain.lifecycle import STATUS_VI, ApologyKind, Channel, EventKind, Outcome, allowed_events
from shared.domain.recompute import standing
from shared.domain.terms import Due, TermUnit
from shared.domain.working_calendar import CalendarMissing
from shared.reference import FIRST_CASE, ProcedureVersion, Reference
from shared.web.problems import Problem, Reason

#: A desk's clock may be ahead of the server's by this much.
CLOCK_TOLERANCE = timedelta(minutes=2)
#: What ends a dossier, and how.
ENDINGS = {EventKind.FINISHED: None, EventKind.WITHDRAWN: Outcome.WITHDRAWN, EventKind.STOPPED: Outcome.STOPPED}


#: What is no step of a dossier's course: noted by the system itself, or about an earlier step.
NO_STEP = (EventKind.PROCESSING_STARTED, EventKind.RESCHEDULED, EventKind.CORRECTED, EventKind.RESULT_RECORDED)
#: What nobody asks for: a refusal does not offer it.
_UNASKED = (EventKind.PROCESSING_STARTED, EventKind.RESCHEDULED)

_CHANNELS = {channel: channel.name.lower() for channel in Channel}
_OUTCOMES = {outcome: outcome.name.lower() for outcome in Outcome}


class Step(NamedTuple):
    """One event of a dossier, decided: what happened, the dossier after it, and what the log says of it."""

    event: Happened
    life: Life
    payload: str


def first_step(
    kind: EventKind,
    version: ProcedureVersion,
    channel: Channel,
    at: datetime,
    clock: Clock,
    given_due: Due | None = None,
    case: int = FIRST_CASE,
) -> Step | Reason:
    """The reception itself, or an online submission; a Reason where its date cannot be reckoned."""
    try:
        step = taken(None, kind, at, clock, given_due=given_due)
    except CalendarMissing as missing:
        return Reason("accepted_at", "calendar_missing", {"year": missing.year})
    assert step is not None, "a dossier may begin with it"
    place = {"procedure": version.code, "version_id": version.id, "channel": _CHANNELS[channel]}
    if case != FIRST_CASE:
        place["case"] = case
    return Step(*step, _json(**place, **_dated(step[0])))


def next_step(
    life: Life,
    kind: EventKind,
    at: datetime,
    clock: Clock,
    *,
    given_due: Due | None = None,
    outcome: Outcome | None = None,
    **said: object,
) -> Step | Problem:
    """The step that `kind` makes, or the refusal that says what is allowed instead. `said` goes into the log: it holds
    no personal data. Raises CalendarMissing."""
    step = taken(life, kind, at, clock, given_due=given_due)
    if step is None:
        return not_allowed(life)
    if outcome is not None:
        return Step(*step, _json(outcome=_OUTCOMES[outcome], **said))
    event, after = step
    if not said and not event.given:  # most are: an import takes its steps here
        return Step(event, after, _json(due_at=stamp(event.due)))
    return Step(event, after, _json(**_dated(event), **said))


def anew_step(life: Life, event: Happened, **said: object) -> Step:
    """The step that sets a dossier's dates anew, with what they were: a receipt is printed with both."""
    was, anew = standing(life), event.anew
    dates: dict[str, object] = {"due_at": stamp(event.due), "was_due_at": stamp(was[0])}
    if anew is not None:
        dates |= {
            "judged_at": stamp(anew.judged),
            "promised_at": stamp(anew.promised),
            **({"stopped": True} if anew.stopped else {}),
            "was_promised_at": stamp(was[1]),
            "original_due_at": stamp(anew.original_due),
            "accepted_at": shown(anew.accepted_at),
        }
    return Step(event, lived(life, event), _json(**dates, decision=event.decision, **said))


def _dated(event: Happened) -> dict[str, object]:
    """The date that an event leaves, and whether somebody named it: then no change of the calendar moves it."""
    return {"due_at": stamp(event.due), **_GIVEN} if event.given else {"due_at": stamp(event.due)}


_GIVEN = {"given": True}


def against_the_law(
    life: Life,
    event: Happened,
    clock: Clock,
    *,
    outcome: Outcome | None = None,
    reason: str | None = None,
    legal_basis: bool = False,
    apology: ApologyKind | None = None,
    recorded_at: datetime,
) -> Reason | None:
    """Why the law forbids an event that the lifecycle allows. What an import brings did happen: it is not asked.

    legal_basis: whether a supplement request names one. recorded_at: by our clock, of an extension, or of the proposal
    that it takes up: whoever proposed in time is not refused because the one-stop took its time. When it is said to
    have been is not asked: a claimed instant would make every late extension one in time.
    """
    account = life.account
    if account is None:
        return None
    if event.kind is EventKind.FINISHED and outcome is Outcome.REFUSED and reason is None:
        return Reason("reason", "required")  # Decree 61/2018 art. 19(8): in writing, with the reasons
    if event.kind is EventKind.SUPPLEMENT_REQUESTED and not legal_basis:
        return _supplement_refused(account, event, clock)
    if event.kind is EventKind.EXTENDED:
        return _extension_refused(account, event, clock, recorded_at)
    if apology is ApologyKind.OVERDUE:
        return _overdue_apology_refused(account, event, clock)
    return None


def _supplement_refused(account: Account, event: Happened, clock: Clock) -> Reason | None:
    rule = clock.supplement
    if rule.limit is not None and account.supplement_requests >= rule.limit:
        times = "once only" if rule.limit == 1 else f"{rule.limit} times only"
        return Reason("legal_basis", "supplement_limit", {"limit": rule.limit, "limit_en": times})
    waited = clock.calendar.working_days_between(civil_day(account.accepted_at), civil_day(event.at))
    if rule.ask_within is not None and waited > rule.ask_within:
        return Reason("legal_basis", "supplement_late", {"limit": rule.ask_within})
    return None


def _extension_refused(account: Account, event: Happened, clock: Clock, recorded_at: datetime) -> Reason | None:
    """Decree 61/2018 art. 19(9): at latest one day before the term ends, and once."""
    if account.due is None or account.promised is None or event.due is None:
        return Reason("", "no_term")
    due = shown(account.due.at)
    if account.extensions:
        return Reason("", "extended_before")
    if civil_day(recorded_at) >= account.due.day:
        return Reason("occurred_at", "extension_late", {"due": due.isoformat() if due else ""})
    return _new_date_refused(account.promised, event.due, event.at, clock)


def _overdue_apology_refused(account: Account, event: Happened, clock: Clock) -> Reason | None:
    """Art. 12(5): of a dossier that is late, or was when it ended. A new time is a re-appointment, of which there is
    one (art. 19(9)), whichever apology brings it."""
    if not _is_late(account, event.at):
        return Reason("kind", "not_overdue")
    if event.due is None or event.due == account.due:
        return None
    if account.finished_at is not None:
        return Reason("new_due_at", "finished_before")
    if account.extensions:
        return Reason("new_due_at", "extended_before")
    return _new_date_refused(account.promised, event.due, event.at, clock)


def _is_late(account: Account, at: datetime) -> bool:
    if account.finished_at is not None:
        return account.verdict is Verdict.LATE
    return account.due is not None and at >= account.due.late_from


def _new_date_refused(promised: Due | None, new: Due, at: datetime, clock: Clock) -> Reason | None:
    by_the_hour = clock.term.unit is TermUnit.WORKING_HOUR
    if promised is not None and (new.at <= promised.at if by_the_hour else new.day <= promised.day):
        return Reason("new_due_at", "not_later", {"due": local(promised.at).isoformat()})
    if new.at <= at:
        return Reason("new_due_at", "already_past")
    if not clock.calendar.is_working(new.day):
        return Reason("new_due_at", "not_a_working_day")
    hour = local(new.at).time()
    blocks = clock.calendar.blocks(new.day, clock.sessions)
    if not any(block.opens <= hour <= block.closes for block in blocks):
        hours = ", ".join(f"{block.opens:%H:%M}–{block.closes:%H:%M}" for block in blocks)
        return Reason("new_due_at", "outside_hours", {"hours": hours or "–"})
    return None


def result_in_force(kinds: Iterable[str]) -> int | None:
    """The number of the event that recorded the result as it stands, of a history's kinds in order. With the finish the
    result is taken back."""
    found: int | None = None
    for seq, kind in enumerate(kinds, 1):
        if kind == EventKind.RESULT_RECORDED:
            found = seq
        elif kind == EventKind.REOPENED:
            found = None
    return found


def result_refused(
    issued_on: date, accepted_at: datetime | None, now: datetime, *, corrects: bool, reason: str | None
) -> Reason | None:
    """Why a result cannot be recorded so. corrects: there is one already; it stands in the log, and why another takes
    its place is said."""
    if issued_on > civil_day(now):
        return Reason("issued_on", "in_future")
    if accepted_at is not None and issued_on < civil_day(accepted_at):
        return Reason("issued_on", "before_acceptance")
    if corrects and reason is None:
        return Reason("reason", "result_correction")
    return None


def not_allowed(life: Life) -> Problem:
    """The refusal that says where a dossier stands and what may be done there."""
    allowed = ", ".join(event for event in allowed_events(life.state) if event not in _UNASKED) or "–"
    status = {"status": life.status.name.lower(), "status_vi": STATUS_VI[life.status]}
    return Problem("not_allowed_in_status", Reason("", "status", {**status, "allowed": allowed}))


def read_back(rows: Iterable[tuple[str, datetime, str]], clock: Clock) -> list[Happened]:
    """Events as the log keeps them: (kind, when it happened, payload), in order."""
    return [Happened.read(kind, at, orjson.loads(payload), clock) for kind, at, payload in rows]


def facts_of(agency_id: int, channel: int, life: Life) -> Facts:
    """What the counts may know of a dossier. Before acceptance there is nothing to count."""
    account = life.account
    if account is None:
        return Facts(agency_id, channel, None)
    # Taken apart at once: an import asks for half a million of them.
    accepted_at, _, judged, _, stopped, paused_since, _, _, finished_at, verdict = account
    running = None if stopped else judged
    due = running if finished_at is None else judged
    return Facts(
        agency_id,
        channel,
        civil_day(accepted_at),
        due.day if due is not None else None,
        civil_day(running.late_from) if running is not None else None,
        civil_day(finished_at) if finished_at is not None else None,
        int(verdict) if verdict is not None else None,
        paused_since is not None and finished_at is None,
    )


def instant_reason(field: str, at: datetime, *, not_before: datetime, early_code: str, now: datetime) -> Reason | None:
    """Why an instant that a client claims cannot be."""
    if at > now + CLOCK_TOLERANCE:
        return Reason(field, "in_future")
    if at < not_before:
        return Reason(field, early_code)
    return None


def chained(
    name: str, previous: bytes, seq: int, step: Step, facts: Facts, *, actor: str, acting_agency_id: int, now: datetime
) -> bytes:
    """The hash of a step as the `seq`-th event of the dossier that is called `name`."""
    return event_hash(
        previous, name, tail_of(seq, step, facts, actor=actor, acting_agency_id=acting_agency_id, now=now)
    )


def tail_of(seq: int, step: Step, facts: Facts, *, actor: str, acting_agency_id: int, now: datetime) -> str:
    """What the chain hashes of a step, after the dossier's name."""
    return event_tail(
        seq=seq,
        kind=step.event.kind.value,
        status=int(step.life.status),
        occurred_at=step.event.at,
        recorded_at=now,
        actor=actor,
        acting_agency_id=acting_agency_id,
        facts=facts,
        payload=step.payload,
    )


def is_provisional(reference: Reference, life: Life) -> bool:
    """Whether the due date rests on a calendar day that is not announced yet."""
    account = life.account
    if account is None or account.due is None:
        return False
    return reference.calendar.is_provisional(civil_day(account.accepted_at), account.due.day)


def stamp(due: Due | None) -> datetime | None:
    """A date as the log keeps it."""
    return shown(due.at) if due else None


def _json(**values: object) -> str:
    return orjson.dumps(values).decode()
