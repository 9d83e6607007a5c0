"""What becomes of one imported record: a dossier with its whole history, or every reason why it cannot land.

Decided by the same functions as a dossier at the counter; nothing here looks into the database.
"""

import hmac
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import orjson
from pydantic import ValidationError
from pydantic_core import to_json

from intake_service.dossiers.rules import Place, checked_place
from intake_service.imports.lines import RawRecord, lines_as_one
from intake_service.lifecycle.rules import CLOCK_TOLERANCE, Step, first_step, is_provisional, next_step
from shared.contracts.intake import ImportRecord
from shared.domain.civil_time import civil_day
from shared.domain.codes import is_dossier_code, parts_of
from shared.domain.deadline import Clock, due_of
from shared.domain.life import Life
from shared.domain.lifecycle import Channel, EventKind, Outcome
from shared.domain.terms import Due
from shared.domain.vietnamese import normalised
from shared.domain.working_calendar import CalendarMissing
from shared.reference import FIRST_CASE, Reference
from shared.web.problems import Problem, Reason, reasons_of

#: Of one record; a line of ten thousand faults is not worth more memory than this.
MOST_REASONS = 20
#: Places that an import remembers: bounded, whatever a file holds.
MOST_PLACES = 100_000

#: Printable, without a blank, and with a digit; no address.
_CODE_LIKE = re.compile(r"(?=[^0-9]*[0-9])[!-?A-~]{1,60}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", "+-./()")
#: Digits of old and new identity numbers and of phones, and all between.
_PERSONAL_DIGITS = (9, 12)
#: What is kept of a record: 128 bits. What is longer is from before it was keyed.
KEYED_BYTES = 16

#: No agency receives so many in a day: a larger number would drive its counter beyond what a code can hold.
MOST_A_DAY = 99_999

_ENDINGS = {
    "granted": (EventKind.FINISHED, Outcome.GRANTED),
    "refused": (EventKind.FINISHED, Outcome.REFUSED),
    "withdrawn": (EventKind.WITHDRAWN, Outcome.WITHDRAWN),
    "stopped": (EventKind.STOPPED, Outcome.STOPPED),
}


class Candidate(NamedTuple):
    """A record that may land. `key` identifies it among all imports, `content` tells whether it changed. before: what
    stood in place of either before they were keyed. text: the record as JSON."""

    line: int
    record: ImportRecord
    place: Place
    steps: tuple[Step, ...]
    outcome: Outcome | None
    provisional: bool
    key: bytes
    content: bytes
    before: bytes
    text: bytes


class Rejected(NamedTuple):
    """A record that does not land, with every reason."""

    line: int
    reference: str | None
    reasons: tuple[Reason, ...]


class _Placed(NamedTuple):
    """A record whose instants are in order, and the place where it was received."""

    line: int
    record: ImportRecord
    place: Place


def code_like(reference: str | None) -> str | None:
    """What stands where a record's code should, if it may be kept: columns that have slipped put a name, an identity
    number or a phone there."""
    if reference is None or is_dossier_code(reference):
        return reference
    digits = reference.translate(_PUNCTUATION)
    is_number = digits.isdigit() and _PERSONAL_DIGITS[0] <= len(digits) <= _PERSONAL_DIGITS[1]
    return reference if _CODE_LIKE.fullmatch(reference) and not is_number else None


def _rejected(line: int, reference: str | None, reasons: Sequence[Reason]) -> Rejected:
    return Rejected(line, code_like(reference), tuple(reasons[:MOST_REASONS]))


#: What a line may raise that nobody foresaw: it is rejected, and the others go on.
_ODDITIES = (ValueError, TypeError, OverflowError, RecursionError, LookupError)


def secret_of(tracking_key: str) -> bytes:
    """What the hashes of records are keyed with; made from the key that outlives all others."""
    return hmac.digest(tracking_key.encode(), b"imported records", sha256)


def keyed(secret: bytes, record: bytes) -> bytes:
    """Of the SHA-256 of a record, what is kept to know it by: whoever has the tables and not the key tries no identity
    number out, though the rest of the record stands there to be read."""
    return hmac.digest(secret, record, sha256)[:KEYED_BYTES]


class Judge:
    """Judges the records of one import against one picture of the reference data."""

    def __init__(self, reference: Reference, scope: frozenset[int], now: datetime, secret: bytes) -> None:
        """secret: of secret_of()."""
        self._secret = secret
        self._reference = reference
        self._scope = scope
        self._now = now
        units = reference.agencies.by_id.values()
        self._issuing = {code for unit in units for code in unit.issued_under}
        self._turns = turning_days(reference)
        self._places: dict[tuple[str, str, str, int, int], Place] = {}

    def judged(self, raws: Sequence[RawRecord]) -> list[Candidate | Rejected]:
        """The dossiers that records make, or why they make none. Whatever a line holds, the others go on.

        Each stage is gone through by all before the next: code that stays in the processor's cache saves a quarter of
        the time. Where one of them is odd, each goes alone.
        """
        try:
            return self._judged(raws)
        except _ODDITIES:
            return [self._alone(raw) for raw in raws]

    def _alone(self, raw: RawRecord) -> Candidate | Rejected:
        try:
            return self._judged([raw])[0]
        except _ODDITIES:
            return _rejected(raw.line, None, [Reason("", "invalid_value")])

    def _judged(self, raws: Sequence[RawRecord]) -> list[Candidate | Rejected]:
        read = [self._record(raw) for raw in raws]
        placed = [each if isinstance(each, Rejected) else self._placed(*each) for each in read]
        lived = [each if isinstance(each, Rejected) else self._lived(each) for each in placed]
        return [each if isinstance(each, Rejected) else self._landing(*each) for each in lived]

    def _record(self, raw: RawRecord) -> tuple[int, ImportRecord] | Rejected:
        if isinstance(raw.content, Reason):
            return _rejected(raw.line, None, [raw.content])
        try:
            if isinstance(raw.content, bytes):
                return raw.line, ImportRecord.model_validate_json(raw.content)
            return raw.line, ImportRecord.model_validate(raw.content)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return self._misshapen(raw, reasons_of(found[: MOST_REASONS + 1]))

    def _misshapen(self, raw: RawRecord, reasons: list[Reason]) -> Rejected:
        """A record whose shape is wrong in some fields: the others are looked at all the same, so that whoever mends
        the file hears of everything at once."""
        try:
            content = orjson.loads(raw.content) if isinstance(raw.content, bytes) else raw.content
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            return _rejected(raw.line, None, [Reason("", "not_json_object")])
        wrong = {reason.field for reason in reasons}
        if raw.last is not None:
            reasons.insert(0, lines_as_one(raw.line, raw.last))
        procedure, agency, code = (content.get(name) for name in ("procedure", "agency", "code"))
        if "procedure" not in wrong and str(procedure) not in self._reference.procedures:
            reasons.append(Reason("procedure", "unknown_procedure"))
        if "agency" not in wrong and not self._reference.agencies.known(str(agency)):
            reasons.append(Reason("agency", "unknown_agency"))
        if "code" not in wrong and code is not None and not is_dossier_code(str(code)):
            reasons.append(Reason("code", "malformed_code"))
        named = (content.get(name) for name in ("legacy_code", "code") if name not in wrong)
        name = next((str(normalised(given)) for given in named if isinstance(given, str)), None)
        return _rejected(raw.line, name, [each for n, each in enumerate(reasons) if each not in reasons[:n]])

    def _placed(self, line: int, record: ImportRecord) -> _Placed | Rejected:
        reasons = _untimely(record, self._now)
        if record.code is not None and not is_dossier_code(record.code):
            reasons.append(Reason("code", "malformed_code"))
        place, misplaced = self._place(record)
        reasons.extend(misplaced)
        if place is not None:
            reasons.extend(self._usurped(record, place))
        if place is None or reasons:
            return _rejected(line, record.legacy_code or record.code, reasons)
        if place.agency.id not in self._scope:
            return _rejected(line, record.legacy_code or record.code, [Reason("agency", "out_of_scope")])
        return _Placed(line, record, place)

    def _lived(self, placed: _Placed) -> tuple[_Placed, tuple[Step, ...]] | Rejected:
        steps = self._history(placed.record, placed.place)
        if isinstance(steps, Reason):
            return _rejected(placed.line, placed.record.legacy_code or placed.record.code, [steps])
        return placed, steps

    def _landing(self, placed: _Placed, steps: tuple[Step, ...]) -> Candidate:
        line, record, place = placed
        text = to_json(record, exclude_none=True)
        before = sha256(text).digest()
        content = keyed(self._secret, before)
        identity = f"legacy {record.legacy_code}" if record.legacy_code else f"code {record.code}"
        key = sha256(identity.encode() if record.legacy_code or record.code else content).digest()
        outcome = _ENDINGS[record.outcome or "granted"][1] if record.finished_at else None
        provisional = is_provisional(self._reference, steps[-1].life)
        return Candidate(line, record, place, steps, outcome, provisional, key, content, before, text)

    def _usurped(self, record: ImportRecord, place: Place) -> Iterator[Reason]:
        """Codes that one of our agencies issues: only its own dossiers carry them, and none of a day to come."""
        for field, name in (("code", record.code), ("legacy_code", record.legacy_code)):
            # Most names are of another form: what stands before the day and the number says so at a tenth of the cost.
            if name is None or name.rsplit("-", 2)[0] not in self._issuing:
                continue
            issued = parts_of(name)
            if issued is None:
                continue
            elsewhere = issued.agency not in place.agency.issued_under
            if elsewhere or issued.day is None or issued.day > civil_day(self._now) or issued.number > MOST_A_DAY:
                yield Reason(field, "not_of_this_reception")

    def _place(self, record: ImportRecord) -> tuple[Place | None, list[Reason]]:
        """Checked once for all days between two turning days: a half-year makes 8,600 places, not 92,000."""
        day = civil_day(record.accepted_at)
        case = record.case or FIRST_CASE
        key = (record.procedure, record.agency, record.channel, case, bisect_right(self._turns, day))
        known = self._places.get(key)
        if known is not None:
            return known, []
        channel = Channel[record.channel.upper()]
        place, reasons = checked_place(self._reference, record.procedure, record.agency, channel, day, case)
        if place is not None:
            if len(self._places) >= MOST_PLACES:
                self._places.clear()
            self._places[key] = place
        return place, reasons

    def _history(self, record: ImportRecord, place: Place) -> tuple[Step, ...] | Reason:
        try:
            given = _given_due(record, place)
        except CalendarMissing as missing:
            return Reason("due_at", "calendar_missing", {"year": missing.year})
        moves = _moves(record, given)
        # What was promised last: with the last answer, or with the acceptance where none came.
        promised = None if any(move.kind is EventKind.SUPPLEMENTED for move in moves) else given
        first = first_step(
            EventKind.ACCEPTED, place.version, place.channel, record.accepted_at, place.clock, promised, place.case
        )
        if isinstance(first, Reason):
            return first
        rest = _taken(first.life, moves, place.clock)
        return rest if isinstance(rest, Reason) else (first, *rest)


class _Move(NamedTuple):
    """What a record says to have happened after its acceptance. promised: the date that was named with it."""

    kind: EventKind
    at: datetime
    outcome: Outcome | None = None
    promised: Due | None = None


def _moves(record: ImportRecord, given: Due | None) -> list[_Move]:
    moves: list[_Move] = []
    for supplement in record.supplements or ():
        moves.append(_Move(EventKind.SUPPLEMENT_REQUESTED, supplement.requested_at))
        if supplement.answered_at is not None:
            moves.append(_Move(EventKind.SUPPLEMENTED, supplement.answered_at))
    last = max((n for n, move in enumerate(moves) if move.kind is EventKind.SUPPLEMENTED), default=None)
    if last is not None:
        moves[last] = moves[last]._replace(promised=given)
    if record.finished_at is not None:
        ending, outcome = _ENDINGS[record.outcome or "granted"]
        moves.append(_Move(ending, record.finished_at, outcome))
    if record.returned_at is not None:
        moves.append(_Move(EventKind.RETURNED, record.returned_at))
    return moves


def _taken(life: Life, moves: Sequence[_Move], clock: Clock) -> tuple[Step, ...] | Reason:
    """The steps that they make, one behind the other."""
    steps: list[Step] = []
    try:
        for kind, at, outcome, promised in moves:
            # A term that had run out is not mended by a later promise: late stays late.
            named = promised if life.account is not None and life.account.due is None else None
            step = next_step(life, kind, at, clock, given_due=named, outcome=outcome)
            if isinstance(step, Problem):
                return _disorder(kind)
            steps.append(step)
            life = step.life
    except CalendarMissing as missing:
        return Reason("supplements", "calendar_missing", {"year": missing.year})
    return tuple(steps)


class Stored(NamedTuple):
    """A dossier as it stands here. history: its events as (kind, instant, what the log says), in order. in_hand:
    whether somebody here has taken it up: it was assigned, handed over, or a share of it is done."""

    version_id: int
    agency_id: int
    channel: int
    case: int
    submitted_at: datetime
    accepted_at: datetime
    history: Sequence[tuple[str, datetime, str]]
    life: Life
    clock: Clock
    in_hand: bool


def steps_since(candidate: Candidate, stored: Stored) -> tuple[Step, ...] | None:
    """What happened to a dossier in the other system since it landed. None where that does not continue what is here:
    it was told otherwise then, or went on here."""
    record, place = candidate.record, candidate.place
    submitted_at = record.submitted_at or record.accepted_at
    received = (place.version.id, place.agency.id, int(place.channel), place.case, submitted_at, record.accepted_at)
    if stored.in_hand or stored[: len(received)] != received:
        return None
    here = [(kind, at, orjson.loads(said)) for kind, at, said in stored.history if kind not in _OURS]
    there = [(step.event.kind, step.event.at, orjson.loads(step.payload)) for step in candidate.steps]
    as_before = [_happened(each) for each in here] == [_happened(each) for each in there[: len(here)]]
    if not as_before or not _promised_alike(record, [each[2] for each in here], [each[2] for each in there]):
        return None
    moves = _moves(record, _given_due(record, place))
    steps = _taken(stored.life, moves[len(here) - 1 :], stored.clock)
    return None if isinstance(steps, Reason) else steps


#: What the system noted of a dossier by itself, and corrections: of how it was received, and not of what happened.
_OURS = (EventKind.PROCESSING_STARTED, EventKind.RESCHEDULED, EventKind.CORRECTED)


def _happened(event: tuple[str, datetime, dict[str, object]]) -> tuple[object, ...]:
    kind, at, said = event
    return kind, at, said.get("outcome")


def _promised_alike(record: ImportRecord, here: list[dict[str, object]], there: list[dict[str, object]]) -> bool:
    """Whether what the applicant was promised is still what it was. A promise that came with a later answer is new, and
    what was promised before it the record says no more."""
    if record.due_at is None:
        return not any(said.get("given") for said in here)
    named = next((n for n, said in enumerate(there) if said.get("given")), len(here))
    return named >= len(here) or (here[named].get("given"), here[named]["due_at"]) == (True, there[named]["due_at"])


def turning_days(reference: Reference) -> list[date]:
    """The days on which anything that a place rests on may change. Between two of them nothing does."""
    versions = reference.versions.values()
    hours = [row for rows in reference.sessions.values() for row in rows]
    periods: list[tuple[date | None, date | None]] = [
        *((unit.valid_from, unit.valid_to) for unit in reference.agencies.by_id.values()),
        *((version.valid_from, version.valid_to) for version in versions),
        *((None, until) for version in versions for until in version.offers.values()),
        *((row.valid_from, row.valid_to) for row in hours),
        *((regime.valid_from, regime.valid_to) for regime in reference.regimes.all),
    ]
    starts = {first for first, _ in periods if first is not None}
    return sorted(starts | {last + timedelta(days=1) for _, last in periods if last is not None and last < date.max})


def _untimely(record: ImportRecord, now: datetime) -> list[Reason]:
    """Every instant that lies in the future or out of order."""
    latest = now + CLOCK_TOLERANCE
    return [] if _timely(record, latest) else [*_misplaced(record, latest), *_unfinished(record)]


def _timely(record: ImportRecord, latest: datetime) -> bool:
    """Whether all is in order, as in nearly every record: asked without naming the fields, in a third of the time."""
    if record.finished_at is None and (record.returned_at is not None or record.outcome is not None):
        return False
    if record.due_at is not None and record.due_at < record.accepted_at:
        return False
    instants = [record.submitted_at, record.accepted_at]
    for supplement in record.supplements or ():
        instants += (supplement.requested_at, supplement.answered_at)
    instants += (record.finished_at, record.returned_at)
    given = [instant for instant in instants if instant is not None]
    return given == sorted(given) and given[-1] <= latest


def _misplaced(record: ImportRecord, latest: datetime) -> Iterator[Reason]:
    """The instants that lie behind `latest` or before an earlier one, by their fields."""
    before: tuple[str, datetime] | None = None
    for field, at in _instants(record):
        if at > latest:
            yield Reason(field, "in_future")
        if before is not None and at < before[1]:
            yield Reason(field, _EARLY.get((before[0], field), "out_of_order"))
        else:
            before = (field, at)
    if record.due_at is not None and record.due_at < record.accepted_at:
        yield Reason("due_at", "before_acceptance")


def _instants(record: ImportRecord) -> Iterator[tuple[str, datetime]]:
    """(field, instant) in the order in which they have to follow each other."""
    named = [("submitted_at", record.submitted_at), ("accepted_at", record.accepted_at)]
    for index, supplement in enumerate(record.supplements or ()):
        named.append((f"supplements.{index}.requested_at", supplement.requested_at))
        named.append((f"supplements.{index}.answered_at", supplement.answered_at))
    named += [("finished_at", record.finished_at), ("returned_at", record.returned_at)]
    return ((field, at) for field, at in named if at is not None)


def _unfinished(record: ImportRecord) -> Iterator[Reason]:
    """What only a finished dossier has."""
    if record.finished_at is None:
        for field in ("returned_at", "outcome"):
            if getattr(record, field) is not None:
                yield Reason(field, "needs_finish")


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
    return due_of(record.due_at, place.clock)


def _disorder(kind: EventKind) -> Reason:
    if kind is EventKind.FINISHED:
        return Reason("finished_at", "supplement_open")
    if kind is EventKind.RETURNED:
        return Reason("returned_at", "needs_finish")
    return Reason("supplements", "out_of_order")
