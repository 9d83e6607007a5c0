"""What becomes of one imported record: a dossier with its whole history, or every reason why it cannot land.

Decided by the same functions as a dossier at the counter; nothing here looks into the database.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import orjson
from pydantic import ValidationError

from intake_service.dossiers.rules import (
    CLOCK_TOLERANCE,
    Place,
    Step,
    accepted_step,
    checked_place,
    is_provisional,
    next_step,
    opened_account,
)
from intake_service.imports.lines import RawRecord
from shared.contracts.intake import ImportRecord
from shared.domain.civil_time import civil_day, end_of
from shared.domain.codes import is_dossier_code, parts_of
from shared.domain.lifecycle import Channel, EventKind, Outcome
from shared.domain.terms import Due, TermUnit
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.problems import Problem, Reason, reasons_of

#: Of one record; a line of ten thousand faults is not worth more memory than this.
MOST_REASONS = 20

_ENDINGS = {
    "granted": (EventKind.FINISHED, Outcome.GRANTED),
    "refused": (EventKind.FINISHED, Outcome.REFUSED),
    "withdrawn": (EventKind.WITHDRAWN, Outcome.WITHDRAWN),
    "stopped": (EventKind.STOPPED, Outcome.STOPPED),
}


class Candidate(NamedTuple):
    """A record that may land. `key` identifies it among all imports, `content` tells whether it changed."""

    line: int
    record: ImportRecord
    place: Place
    steps: tuple[Step, ...]
    outcome: Outcome | None
    provisional: bool
    key: bytes
    content: bytes


class Rejected(NamedTuple):
    """A record that does not land, with every reason."""

    line: int
    reference: str | None
    reasons: tuple[Reason, ...]


class Judge:
    """Judges the records of one import against one picture of the reference data."""

    def __init__(self, reference: Reference, scope: frozenset[int], now: datetime) -> None:
        self._reference = reference
        self._scope = scope
        self._now = now
        self._issuing = {unit.issuing_code for unit in reference.agencies.by_id.values()}
        self._places: dict[tuple[object, ...], tuple[Place | None, list[Reason]]] = {}

    def judge(self, raw: RawRecord) -> Candidate | Rejected:
        """The dossier that a record makes, or why it makes none. Whatever a line holds, the others go on."""
        try:
            judged = self._judged(raw)
        except (ValueError, TypeError, OverflowError, RecursionError, LookupError):
            return Rejected(raw.line, None, (Reason("", "invalid_value"),))
        if isinstance(judged, Rejected) and len(judged.reasons) > MOST_REASONS:
            return judged._replace(reasons=judged.reasons[:MOST_REASONS])
        return judged

    def _judged(self, raw: RawRecord) -> Candidate | Rejected:
        if isinstance(raw.content, Reason):
            return Rejected(raw.line, None, (raw.content,))
        try:
            if isinstance(raw.content, bytes):
                record = ImportRecord.model_validate_json(raw.content)
            else:
                record = ImportRecord.model_validate(raw.content)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return self._misshapen(raw, reasons_of(found[: MOST_REASONS + 1]))
        return self._decide(raw.line, record)

    def _misshapen(self, raw: RawRecord, reasons: list[Reason]) -> Rejected:
        """A record whose shape is wrong in some fields: the others are looked at all the same, so that whoever mends
        the file hears of everything at once."""
        try:
            content = orjson.loads(raw.content) if isinstance(raw.content, bytes) else raw.content
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            return Rejected(raw.line, None, (Reason("", "not_json_object"),))
        wrong = {reason.field for reason in reasons}
        procedure, agency, code = (content.get(name) for name in ("procedure", "agency", "code"))
        if "procedure" not in wrong and str(procedure) not in self._reference.procedures:
            reasons.append(Reason("procedure", "unknown_procedure"))
        if "agency" not in wrong and not self._reference.agencies.known(str(agency)):
            reasons.append(Reason("agency", "unknown_agency"))
        if "code" not in wrong and code is not None and not is_dossier_code(str(code)):
            reasons.append(Reason("code", "malformed_code"))
        return Rejected(raw.line, None, tuple(reasons))

    def _decide(self, line: int, record: ImportRecord) -> Candidate | Rejected:
        name = record.legacy_code or record.code
        reasons = list(_untimely(record, self._now))
        if record.code is not None and not is_dossier_code(record.code):
            reasons.append(Reason("code", "malformed_code"))
        place, misplaced = self._place(record)
        reasons.extend(misplaced)
        if place is not None:
            reasons.extend(self._usurped(record, place))
        if place is None or reasons:
            return Rejected(line, name, tuple(reasons))
        if place.agency.id not in self._scope:
            return Rejected(line, name, (Reason("agency", "out_of_scope"),))
        steps = self._history(record, place)
        if isinstance(steps, Reason):
            return Rejected(line, name, (steps,))
        content = sha256(record.model_dump_json(exclude_none=True).encode()).digest()
        identity = f"legacy {record.legacy_code}" if record.legacy_code else f"code {record.code}"
        key = sha256(identity.encode()).digest() if name else content
        outcome = _ENDINGS[record.outcome or "granted"][1] if record.finished_at else None
        provisional = is_provisional(self._reference, steps[-1].account)
        return Candidate(line, record, place, steps, outcome, provisional, key, content)

    def _usurped(self, record: ImportRecord, place: Place) -> Iterator[Reason]:
        """Codes that one of our agencies issues: only its own dossiers carry them, and none of a day to come."""
        for field, name in (("code", record.code), ("legacy_code", record.legacy_code)):
            issued = parts_of(name) if name else None
            if issued is None or issued.agency not in self._issuing:
                continue
            if issued.agency != place.agency.issuing_code or issued.day is None or issued.day > civil_day(self._now):
                yield Reason(field, "not_of_this_reception")

    def _place(self, record: ImportRecord) -> tuple[Place | None, list[Reason]]:
        day = civil_day(record.accepted_at)
        key = (record.procedure, record.agency, record.channel, day)
        found = self._places.get(key)
        if found is None:
            if len(self._places) > 100_000:
                self._places.clear()
            channel = Channel[record.channel.upper()]
            found = checked_place(self._reference, record.procedure, record.agency, channel, day)
            self._places[key] = found
        return found

    def _history(self, record: ImportRecord, place: Place) -> tuple[Step, ...] | Reason:
        try:
            given = _given_due(record, place)
        except CalendarMissing as missing:
            return Reason("due_at", "calendar_missing", {"year": missing.year})
        account = opened_account(place, record.accepted_at, given if not record.supplements else None)
        if isinstance(account, Reason):
            return account
        steps = [accepted_step(place, account)]
        moves: list[tuple[EventKind, datetime, Outcome | None]] = []
        for supplement in record.supplements or ():
            moves.append((EventKind.SUPPLEMENT_REQUESTED, supplement.requested_at, None))
            if supplement.answered_at is not None:
                moves.append((EventKind.SUPPLEMENTED, supplement.answered_at, None))
        if record.finished_at is not None:
            ending, result = _ENDINGS[record.outcome or "granted"]
            moves.append((ending, record.finished_at, result))
        if record.returned_at is not None:
            moves.append((EventKind.RETURNED, record.returned_at, None))
        try:
            for kind, at, outcome in moves:
                step = next_step(steps[-1].status, steps[-1].account, kind, at, place.clock, outcome=outcome)
                if isinstance(step, Problem):
                    return _disorder(kind)
                if given is not None and kind is EventKind.SUPPLEMENTED:
                    step = step._replace(account=step.account._replace(due=given, promised=given))
                steps.append(step)
        except CalendarMissing as missing:
            return Reason("supplements", "calendar_missing", {"year": missing.year})
        return tuple(steps)


def _untimely(record: ImportRecord, now: datetime) -> list[Reason]:
    """Every instant that lies in the future or out of order."""
    reasons = []
    named: list[tuple[str, datetime | None]] = [
        ("submitted_at", record.submitted_at),
        ("accepted_at", record.accepted_at),
    ]
    for index, supplement in enumerate(record.supplements or ()):
        named.append((f"supplements.{index}.requested_at", supplement.requested_at))
        named.append((f"supplements.{index}.answered_at", supplement.answered_at))
    named += [("finished_at", record.finished_at), ("returned_at", record.returned_at)]
    latest = None
    for field, at in named:
        if at is None:
            continue
        if at > now + CLOCK_TOLERANCE:
            reasons.append(Reason(field, "in_future"))
        if latest is not None and at < latest[1]:
            reasons.append(Reason(field, _EARLY.get((latest[0], field), "out_of_order")))
        else:
            latest = (field, at)
    if record.due_at is not None and record.due_at < record.accepted_at:
        reasons.append(Reason("due_at", "before_acceptance"))
    if record.finished_at is None:
        reasons += [Reason(f, "needs_finish") for f in ("returned_at", "outcome") if getattr(record, f) is not None]
    return reasons


_EARLY = {
    ("submitted_at", "accepted_at"): "before_submission",
    ("accepted_at", "finished_at"): "before_acceptance",
    ("finished_at", "returned_at"): "before_finish",
}


def _given_due(record: ImportRecord, place: Place) -> Due | None:
    if record.due_at is None:
        return None
    day = civil_day(record.due_at)
    for known in (civil_day(record.accepted_at), day):
        place.clock.calendar.is_working(known)  # a year without a calendar is refused, promised or reckoned
    if place.clock.term.unit is TermUnit.WORKING_HOUR:
        return Due.at_instant(record.due_at)
    return Due(record.due_at, day, end_of(day))


def _disorder(kind: EventKind) -> Reason:
    if kind is EventKind.FINISHED:
        return Reason("finished_at", "supplement_open")
    if kind is EventKind.RETURNED:
        return Reason("returned_at", "needs_finish")
    return Reason("supplements", "out_of_order")
