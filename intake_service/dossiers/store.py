"""The SQL of dossiers. The hot write is one data-modifying statement on the raw connection: number, dossier,
applicant, event and idempotency key, or nothing at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from intake_service.lifecycle.store import NAMED
from shared.domain.chain import GENESIS
from shared.domain.counts import Facts
from shared.web.database import DECLARED, Connection, Reading, Rows, Untold
from shared.web.idempotency import RequestKey

Row = asyncpg.Record
IDEMPOTENCY_CONSTRAINT = "pk_intake_idempotency"


def _insertion(kind: str, *, named: str, clock: str, clock_values: str) -> str:
    """The statement that stores a dossier with its number, applicant, first event and idempotency key. The number's
    row stays locked until it commits: numbers are gapless per agency and day. For whom it writes is said on the
    way: what follows takes its rows from there, and each is held against it."""
    return f"""
WITH number AS (
  INSERT INTO dossier_number AS n (prefix, last) VALUES ($1, 1)
  ON CONFLICT (prefix) DO UPDATE SET last = n.last + 1 RETURNING n.last
), issued AS (
  SELECT $1 || lpad(last::text, greatest(4, length(last::text)), '0') AS code, {DECLARED.format("$35")} AS said
  FROM number
), received AS (
  INSERT INTO dossier ({named}, version_id, agency_id, channel, case_no, status, submitted_at, {clock}, return_channel,
    summary, documents, event_hash)
  SELECT {named.replace("reference", "code")}, $2, $3, $4, $33, $5, $6, {clock_values}, $13, $14, $15::text::jsonb,
    sha256($16::bytea || convert_to(code || E'\\n' || $17, 'UTF8'))
  FROM issued WHERE said = $35 RETURNING id, code, event_hash
), handed_in AS (
  INSERT INTO applicant (dossier_id, kind, name, name_search, id_number, phone, phone_digits, email, address,
    submitted_by, id_index)
  SELECT id, $18, $19, $20, $21, $22, $23, $24, $25, $26::text::jsonb, $34 FROM received
), logged AS (
  INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id,
    agency_id, channel, received_day, due_day, late_day, paused, payload, hash)
  SELECT id, 1, '{kind}', $5, $6, $6, $27, $28, $3, $4, $9, $10, $11, false, $29, event_hash FROM received
), remembered AS (
  INSERT INTO intake_idempotency (subject, route, key, body_hash, status, resource)
  SELECT $27, $30, $31, $32, 201, code FROM received WHERE $31::text IS NOT NULL
)
SELECT code FROM received
"""


_RECEIVE = _insertion(
    "accepted",
    named="code",
    clock="accepted_at, original_due_at, due_at, late_from, received_day, due_day, late_day, provisional",
    clock_values="$6, $7, $7, $8, $9, $10, $11, $12",
)
# Until it is accepted a dossier is called by its reference (Decree 61/2018 art. 17(3): the code comes with acceptance).
_SUBMIT = _insertion(
    "submitted",
    named="code, reference",
    clock="reception_due_at, late_from, received_day, due_day, late_day, provisional",
    clock_values="$7, $8, $9, $10, $11, $12",
)


class Person(NamedTuple):
    """An applicant as stored, in the order of its columns. kind: 1 person, 2 business, 3 agency, 4 organisation."""

    kind: int
    name: str
    name_search: str
    id_number: str | None = None
    phone: str | None = None
    phone_digits: str | None = None
    email: str | None = None
    address: str | None = None
    submitted_by: str | None = None
    id_index: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """A dossier about to be received; its code is issued by the statement that stores it."""

    prefix: str
    version_id: int
    case: int
    status: int
    facts: Facts
    at: datetime
    due_at: datetime | None
    late_from: datetime | None
    provisional: bool
    return_channel: int
    summary: str | None
    documents: str | None
    person: Person
    actor: str
    acting_agency_id: int
    payload: str
    rows: Rows
    tail: str


async def receive(connection: Connection, new: Reception, request: RequestKey | None) -> str:
    """Store a received dossier and return its code. UniqueViolationError on the idempotency key: it was received."""
    return await _stored(connection, _RECEIVE, new.prefix, new, request)


async def submit(connection: Connection, new: Reception, request: RequestKey | None) -> str:
    """Store an online submission and return its reference; its clock is the one-stop's."""
    return await _stored(connection, _SUBMIT, f"N-{new.prefix}", new, request)


async def _stored(
    connection: Connection, statement: str, prefix: str, new: Reception, request: RequestKey | None
) -> str:
    code: str = await connection.fetchval(
        statement,
        prefix,
        new.version_id,
        new.facts.agency_id,
        new.facts.channel,
        new.status,
        new.at,
        new.due_at,
        new.late_from,
        new.facts.received_day,
        new.facts.due_day,
        new.facts.late_day,
        new.provisional,
        new.return_channel,
        new.summary,
        new.documents,
        GENESIS,
        new.tail,
        *new.person[:-1],
        new.actor,
        new.acting_agency_id,
        new.payload,
        request.route if request else None,
        request.key if request else None,
        request.body_hash if request else None,
        new.case,
        new.person.id_index,
        new.rows,
    )
    return code


# What a page of dossiers shows, in the order in which the endpoint unpacks it: by name that takes a quarter longer.
_SUMMARY = """
SELECT d.code, d.legacy_code, d.version_id, d.agency_id, d.holder_id, d.desk, d.channel, d.status, d.applicant_name,
  d.submitted_at, d.accepted_at, d.original_due_at, d.due_at, d.provisional, d.paused, d.finished_at, d.returned_at,
  d.outcome, d.verdict, d.version, d.reference, d.reception_due_at, d.id, d.late_from, d.due_day
FROM dossier_seen d
"""
_WHOLE = _SUMMARY.replace(
    "d.due_day",
    "d.due_day, d.kind, d.id_number, d.phone, d.email, d.address, d.submitted_by, d.erased_at, d.summary,"
    " d.documents, d.return_channel, d.received_day, d.answer_due_at, d.lapses_at, d.case_no",
)


async def find(session: Connection | Untold, code: str, scope: frozenset[int]) -> asyncpg.Record | None:
    """A dossier by its code or its code in another system, if its receiver or holder is in `scope`."""
    return await session.fetchrow(f"{_WHOLE} WHERE {NAMED} AND {_SEEN}", code, list(scope))


_SEEN = "(d.agency_id = ANY($2::int[]) OR d.holder_id = ANY($2::int[]))"


class Digits(NamedTuple):
    """What may be a phone number or an identity number, as each is found."""

    phone: str
    number: "Number"


class Number(NamedTuple):
    """An identity number as it is found: sealed, by one of these; kept from before there were keys, by one of its
    keys, the first of which is the plainest."""

    indexes: Sequence[bytes]
    keys: Sequence[str]


def is_number(indexes: int, keys: int, of: str = "a") -> str:
    """Whether an applicant has a number, whose indexes and keys are the statement's arguments of these numbers."""
    # As the index has it, and as shared.domain.personal.number_key makes it.
    open_key = f"upper(replace({of}.id_number, ' ', ''))"
    return (
        f"({of}.id_index = ANY(${indexes}::bytea[]) OR ({of}.id_index IS NULL AND {open_key} = ANY(${keys}::text[])))"
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; None leaves a side open."""

    agencies: Sequence[int]
    status: int | None = None
    channel: int | None = None
    versions: Sequence[int] | None = None
    code: str | None = None
    name: str | None = None
    phone: str | None = None
    id_number: Number | None = None
    digits: Digits | None = None
    received_from: date | None = None
    received_to: date | None = None


async def listed(
    session: Connection | Untold, wanted: Filter, *, before: int | None, limit: int
) -> list[asyncpg.Record]:
    """A page of dossiers, newest first, below the id `before`."""
    values: list[Any] = [list(wanted.agencies)]
    conditions = ["d.agency_id = ANY($1::int[])"]

    def narrow(condition: str, value: object) -> None:
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("?", f"${len(values)}"))

    narrow("d.status = ?", wanted.status)
    narrow("d.channel = ?", wanted.channel)
    narrow("d.version_id = ANY(?::int[])", wanted.versions)
    narrow("(d.code = ? OR d.reference = ? OR d.legacy_code = ?)", wanted.code)
    narrow("k.name_search LIKE '%' || ? || '%'", _literal(wanted.name))
    narrow("k.phone_digits = ?", wanted.phone)
    if wanted.id_number is not None:
        conditions.append(_is_number(wanted.id_number, values))
    if wanted.digits is not None:
        values.append(wanted.digits.phone)
        phone = f"k.phone_digits = ${len(values)}"
        conditions.append(f"({phone} OR {_is_number(wanted.digits.number, values)})")
    narrow("d.received_day >= ?", wanted.received_from)
    narrow("d.received_day <= ?", wanted.received_to)
    narrow("d.id < ?", before)
    values.append(limit)
    # Found past the policies, by indexes that serve no table with any, and read within them.
    by_applicant = any("k." in condition for condition in conditions)
    keys = "JOIN applicant_key k ON k.dossier_id = d.id" if by_applicant else ""
    return await session.fetch(
        f"{_SUMMARY} {keys} WHERE {' AND '.join(conditions)} ORDER BY d.id DESC LIMIT ${len(values)}", *values
    )


def _is_number(number: Number, values: list[Any]) -> str:
    values += [list(number.indexes), list(number.keys)]
    return is_number(len(values) - 1, len(values), "k")


def _literal(text: str | None) -> str | None:
    """Text as LIKE takes it to the letter."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") if text is not None else None


async def events(connection: Reading, dossier_id: int) -> list[asyncpg.Record]:
    """A dossier's whole history."""
    return await connection.fetch(
        "SELECT seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id, payload, hash"
        " FROM dossier_event WHERE dossier_id = $1 ORDER BY seq",
        dossier_id,
    )
