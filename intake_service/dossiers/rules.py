"""What intake decides about a dossier: whether it can be received here today, and what each step changes.

Pure. The POST and the import decide by the same functions, so that no door is wider than the other.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import orjson

from shared.domain.agencies import Agency, AgencyTree
from shared.domain.chain import event_hash, event_tail
from shared.domain.civil_time import civil_day, shown
from shared.domain.codes import code_prefix
from shared.domain.counts import Facts
from shared.domain.deadline import Account, Clock, ClockEvent, moved, opened
from shared.domain.lifecycle import STATUS_VI, Channel, EventKind, Outcome, Status, allowed_events, next_status
from shared.domain.terms import Due
from shared.domain.working_calendar import CalendarMissing
from shared.reference import ProcedureVersion, Reference
from shared.web.problems import Problem, Reason

#: A desk's clock may be ahead of the server's by this much.
CLOCK_TOLERANCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Place:
    """A procedure at an agency through a channel on a day: that it can be received there has been checked."""

    version: ProcedureVersion
    agency: Agency
    channel: Channel
    clock: Clock

    def prefix(self, day: date) -> str:
        """What the codes issued here on `day` begin with."""
        return code_prefix(self.agency.issuing_code, day)


def checked_place(
    reference: Reference, procedure: str, agency: str, channel: Channel, day: date
) -> tuple[Place | None, list[Reason]]:
    """The place, or every reason why a dossier cannot be received there on `day`."""
    reasons: list[Reason] = []
    version = reference.procedure_on(procedure, day)
    if version is None:
        known = procedure in reference.procedures
        code = "procedure_not_in_force" if known else "unknown_procedure"
        reasons.append(Reason("procedure", code, {"day": day.isoformat()}))
    unit = reference.agencies.on(agency, day)
    if unit is None:
        reasons.append(absent_agency("agency", reference.agencies, agency, day))
    if version is None or unit is None:
        return None, reasons
    if not version.offered_at(unit.level, day):
        reasons.append(Reason("procedure", "not_offered_at_level", {"level": unit.level.value, "day": day.isoformat()}))
    if channel not in version.terms:
        reasons.append(Reason("channel", "channel_not_offered", {"channel": channel.name.lower()}))
    if reasons:
        return None, reasons
    clock = reference.clock(version, channel, unit.id, day)
    return Place(version, unit, channel, clock), []


def absent_agency(field: str, tree: AgencyTree, code: str, day: date) -> Reason:
    """Why no agency carries `code` on `day`; a code that was in force on another day names its successors."""
    known = tree.known(code)
    if not known:
        return Reason(field, "unknown_agency")
    heirs = ", ".join(sorted({tree.by_id[new].code for unit in known for new in tree.successors.get(unit.id, ())}))
    return Reason(
        field,
        "agency_not_in_force",
        {
            "day": day.isoformat(),
            "successor_vi": f"; đơn vị kế thừa: {heirs}" if heirs else "",
            "successor_en": f"; successor: {heirs}" if heirs else "",
        },
    )


def opened_account(place: Place, accepted_at: datetime, given_due: Due | None = None) -> Account | Reason:
    """The clock of a dossier accepted at `accepted_at`, or the reason why its term cannot be reckoned."""
    try:
        return opened(accepted_at, place.clock, given_due=given_due)
    except CalendarMissing as missing:
        return Reason("accepted_at", "calendar_missing", {"year": missing.year})


def facts_of(place: Place, account: Account) -> Facts:
    """What the counts may know, from the account."""
    due = account.due or (account.promised if account.finished_at else None)
    finished_day = civil_day(account.finished_at) if account.finished_at else None
    return Facts(
        agency_id=place.agency.id,
        channel=int(place.channel),
        received_day=civil_day(account.accepted_at),
        due_day=due.day if due else None,
        late_day=account.late_day,
        finished_day=finished_day,
        verdict=int(account.verdict) if account.verdict else None,
        paused=account.paused,
    )


class Step(NamedTuple):
    """One event of a dossier, decided: what happened, the state after it, and the clock after it."""

    kind: EventKind
    status: Status
    occurred_at: datetime
    account: Account
    payload: str


def accepted_step(place: Place, account: Account) -> Step:
    """The reception itself: the first event."""
    payload = _json(
        procedure=place.version.code,
        version_id=place.version.id,
        channel=place.channel.name.lower(),
        due_at=_stamp(account.due),
    )
    return Step(EventKind.ACCEPTED, Status.ACCEPTED, account.accepted_at, account, payload)


_CLOCK = {
    EventKind.SUPPLEMENT_REQUESTED: ClockEvent.SUPPLEMENT_REQUESTED,
    EventKind.SUPPLEMENTED: ClockEvent.SUPPLEMENTED,
    EventKind.FINISHED: ClockEvent.FINISHED,
    EventKind.WITHDRAWN: ClockEvent.FINISHED,
    EventKind.STOPPED: ClockEvent.FINISHED,
}


def next_step(
    status: Status, account: Account, kind: EventKind, at: datetime, clock: Clock, *, outcome: Outcome | None = None
) -> Step | Problem:
    """The step that `kind` makes out of `status`, or the refusal that says what is allowed there."""
    after = next_status(status, kind)
    if after is None:
        allowed = ", ".join(allowed_events(status)) or "–"
        return Problem("not_allowed_in_status", Reason("", "status", {"status": STATUS_VI[status], "allowed": allowed}))
    move = _CLOCK.get(kind)
    now_account = moved(account, move, at, clock) if move else account
    payload = _json(outcome=outcome.name.lower()) if outcome else _json(due_at=_stamp(now_account.due))
    return Step(kind, after, at, now_account, payload)


def instant_reason(field: str, at: datetime, *, not_before: datetime, early_code: str, now: datetime) -> Reason | None:
    """Why an instant that a client claims cannot be."""
    if at > now + CLOCK_TOLERANCE:
        return Reason(field, "in_future")
    if at < not_before:
        return Reason(field, early_code)
    return None


def chained(
    code: str, previous: bytes, seq: int, step: Step, facts: Facts, *, actor: str, acting_agency_id: int, now: datetime
) -> bytes:
    """The hash of a step as the `seq`-th event of dossier `code`."""
    return event_hash(
        previous, code, tail_of(seq, step, facts, actor=actor, acting_agency_id=acting_agency_id, now=now)
    )


def tail_of(seq: int, step: Step, facts: Facts, *, actor: str, acting_agency_id: int, now: datetime) -> str:
    """What the chain hashes of a step, after the code."""
    return event_tail(
        seq=seq,
        kind=step.kind.value,
        status=int(step.status),
        occurred_at=step.occurred_at,
        recorded_at=now,
        actor=actor,
        acting_agency_id=acting_agency_id,
        facts=facts,
        payload=step.payload,
    )


def is_provisional(reference: Reference, account: Account) -> bool:
    """Whether the due date rests on a calendar day that is not announced yet."""
    if account.due is None:
        return False
    return reference.calendar.is_provisional(civil_day(account.accepted_at), account.due.day)


def _stamp(due: Due | None) -> datetime | None:
    return shown(due.at) if due else None


def _json(**values: object) -> str:
    return orjson.dumps(values).decode()
