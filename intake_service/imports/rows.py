"""A candidate as rows of PostgreSQL's binary COPY format, written as soon as it is judged but for id, code and hash.

Two reasons, both measured. Tuples that asyncpg encodes value by value cost, with facts and chain, 49 µs a dossier;
packed by row it is 33. And a draft is text and bytes only, which the garbage collector passes over: with records, steps
and accounts waiting for their chunk it took a fifth of an import, now a twentieth.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from intake_service.dossiers.usecases import person_of
from intake_service.imports.rules import KEYED_BYTES, Candidate
from intake_service.lifecycle.rules import facts_of
from shared.contracts.intake import ApplicantIn
from shared.domain.chain import GENESIS, event_hash, recorded_text, tail_ends
from shared.domain.civil_time import civil_day
from shared.domain.codes import micros
from shared.domain.counts import Facts
from shared.domain.deadline import Account
from shared.domain.lifecycle import EventKind
from shared.web.keyring import Keyring

_FACTS = ("agency_id", "channel", "received_day", "due_day", "late_day", "finished_day", "verdict", "paused")
#: Columns in the order in which they are written here: first what is known only when the dossier lands.
DOSSIER_COLUMNS = (
    *("id", "event_hash", "code", "legacy_code", "version_id", "case_no", "status", "submitted_at", "accepted_at"),
    *("provisional", "event_seq", *_FACTS, "original_due_at", "due_at", "late_from", "finished_at", "returned_at"),
    "outcome",
)
APPLICANT_COLUMNS = (
    *("dossier_id", "kind", "name", "name_search", "id_number", "phone", "phone_digits", "email", "address"),
    "id_index",
)
EVENT_COLUMNS = (
    *("dossier_id", "hash", "seq", "status", "occurred_at", "recorded_at", "actor", "acting_agency_id"),
    *(*_FACTS, "kind", "payload"),
)
IDENTITY_COLUMNS = ("dossier_id", "key", "content")

# A row is the number of its fields, then each field's length and bytes; a length of -1 is null.
_NULL = b"\xff\xff\xff\xff"
_TRUE, _FALSE = b"\0\0\0\1\1", b"\0\0\0\1\0"
_length = Struct(">i").pack
_int2 = Struct(">ih").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_dossier_begins = Struct(">h iq i32s").pack
_dossier_middle = Struct(">ii ih ih iq iq i? ii").pack
_applicant_begins = Struct(">h iq").pack
_event_begins = Struct(">h iq i32s").pack
_event_middle = Struct(">ii ih iq").pack
_identity = Struct(f">h iq i32s i{KEYED_BYTES}s").pack
_facts_begin = Struct(">ii ih ii").pack

# Days and instants are counted from the beginning of 2000.
_DAY_ZERO = date(2000, 1, 1).toordinal()
_MICROS_ZERO = 946_684_800_000_000


#: What the chain hashes of an event and the rest of its row, each before and after what is known only when it lands.
Event = tuple[str, str, bytes, bytes]


class Draft(NamedTuple):
    """What is left of a candidate until it lands: what is known only then is who landed it, and when.
    text: the record as JSON, should it have landed before."""

    line: int
    key: bytes
    content: bytes
    before: bytes
    text: bytes
    code: str | None
    legacy_code: str | None
    prefix: str
    dossier: bytes
    applicant: bytes
    events: tuple[Event, ...]


class Block(NamedTuple):
    """Rows of some dossiers by table, ready to be sent."""

    dossiers: bytes
    applicants: bytes
    events: bytes
    identities: bytes


class Recorded(NamedTuple):
    """Who lands a chunk, for which agency, and when: as the chain hashes it, and as rows have it. It is the instant of
    landing and not of the upload's beginning: a report as of an instant in between must not change afterwards."""

    text: str
    fields: bytes

    @classmethod
    def of(cls, actor: str, acting_agency_id: int, at: datetime) -> "Recorded":
        """For a chunk that lands at `at`."""
        fields = _instant(at) + _text(actor) + _int4(4, acting_agency_id)
        return cls(recorded_text(at, actor, acting_agency_id), fields)


def drafted(candidates: Sequence[Candidate], ring: Keyring) -> list[Draft]:
    """All that can be written before the dossiers land and have their codes. Stage by stage, as they were judged."""
    histories = [_history(candidate) for candidate in candidates]
    dossiers = [_dossier(one, facts) for one, (facts, _) in zip(candidates, histories, strict=True)]
    applicants = [_applicant(candidate.record.applicant, ring) for candidate in candidates]
    return [
        Draft(
            one.line,
            one.key,
            one.content,
            one.before,
            one.text,
            one.record.code,
            one.record.legacy_code,
            one.place.prefix(civil_day(one.record.accepted_at)),
            dossier,
            applicant,
            events,
        )
        for one, dossier, applicant, (_, events) in zip(candidates, dossiers, applicants, histories, strict=True)
    ]


def _history(candidate: Candidate) -> tuple[bytes, tuple[Event, ...]]:
    """The facts as the last event leaves them, and all events."""
    agency_id, channel = candidate.place.agency.id, int(candidate.place.channel)
    events = []
    account: Account | None = None
    for seq, (event, life, payload) in enumerate(candidate.steps, 1):
        (kind, occurred_at, *_), ((status, _), _, now_account) = event, life
        if now_account is not account:  # where the clock does not move (a collection), the facts stay as well
            account = now_account
            facts = facts_of(agency_id, channel, life)
            text, written = facts.text(), _facts(facts)
        at = micros(occurred_at)
        name, stored = _KINDS[kind]
        before, after = tail_ends(seq, name, status, at, text, payload)
        begin = _event_middle(4, seq, 2, status, 8, at - _MICROS_ZERO)
        events.append((before, after, begin, written + stored + _text(payload)))
    return written, tuple(events)


def block(numbered: Iterable[tuple[Draft, str, int]], recorded: Recorded) -> Block:
    """The rows of drafts with the codes and ids that they got."""
    dossiers, applicants, events, identities = bytearray(), bytearray(), bytearray(), bytearray()
    for draft, code, dossier_id in numbered:
        head = GENESIS
        for before, after, begin, rest in draft.events:
            head = event_hash(head, code, before + recorded.text + after)
            events += _event_begins(18, 8, dossier_id, 32, head) + begin + recorded.fields + rest
        dossiers += _dossier_begins(25, 8, dossier_id, 32, head) + _text(code) + draft.dossier
        applicants += _applicant_begins(10, 8, dossier_id) + draft.applicant
        identities += _identity(3, 8, dossier_id, 32, draft.key, KEYED_BYTES, draft.content)
    return Block(bytes(dossiers), bytes(applicants), bytes(events), bytes(identities))


def _dossier(candidate: Candidate, facts: bytes) -> bytes:
    record, last = candidate.record, candidate.steps[-1]
    accepted = micros(record.accepted_at) - _MICROS_ZERO
    submitted = micros(record.submitted_at) - _MICROS_ZERO if record.submitted_at else accepted
    version_id, length = candidate.place.version.id, len(candidate.steps)
    account = last.life.account
    assert account is not None, "an import's first event is the acceptance"
    due, original = account.due, account.original_due
    return b"".join(
        (
            _text(record.legacy_code),
            _dossier_middle(
                *(4, version_id, 2, candidate.place.case, 2, last.life.status, 8, submitted, 8, accepted),
                *(1, candidate.provisional, 4, length),
            ),
            facts,
            _instant(original.at if original else None),
            _instant(due.at if due else None),
            _instant(due.late_from if due else None),
            _instant(account.finished_at),
            _instant(record.returned_at),
            _small(candidate.outcome),
        )
    )


def _applicant(applicant: ApplicantIn, ring: Keyring) -> bytes:
    kind, *texts, _, index = person_of(applicant, None, ring)
    return _int2(2, kind) + b"".join(map(_text, texts)) + _bytes(index)


def _facts(facts: Facts) -> bytes:
    agency, channel, received, due, late, finished, verdict, paused = facts
    assert received is not None, "an import's first event is the acceptance"
    begin = _facts_begin(4, agency, 2, channel, 4, received.toordinal() - _DAY_ZERO)
    return b"".join((begin, _day(due), _day(late), _day(finished), _small(verdict), _TRUE if paused else _FALSE))


@lru_cache(maxsize=8192)
def _day(value: date | None) -> bytes:
    return _NULL if value is None else _int4(4, value.toordinal() - _DAY_ZERO)


def _small(value: int | None) -> bytes:
    return _NULL if value is None else _int2(2, value)


def _instant(value: datetime | None) -> bytes:
    return _NULL if value is None else _int8(8, micros(value) - _MICROS_ZERO)


def _bytes(value: bytes | None) -> bytes:
    return _NULL if value is None else _length(len(value)) + value


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return _length(len(data)) + data


_KINDS = {kind: (kind.value, _text(kind.value)) for kind in EventKind}
