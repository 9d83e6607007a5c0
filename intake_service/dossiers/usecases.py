"""Dossiers handed in and looked up: load, decide, save; telling is the event log's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from intake_service.access_records.usecases import record
from intake_service.dossiers import rules, store
from intake_service.lifecycle.rules import facts_of, first_step, is_provisional, tail_of
from intake_service.numbers.rules import sealed_submitter
from shared.contracts.intake import ApplicantIn, DossierIn, SubmitterIn
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.personal import Datum, spellings
from shared.domain.vietnamese import search_key
from shared.reference import FIRST_CASE, Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Pool, Reading, Untold
from shared.web.idempotency import RequestKey, earlier
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason

KINDS = {"person": 1, "business": 2, "agency": 3, "organisation": 4}
RETURN_CHANNELS = {"counter": 1, "post": 3}
_NO_DIGIT = re.compile(r"[^0-9]+")


@dataclass(frozen=True, slots=True)
class Received:
    """What a reception made. `replayed`: the request was carried out before, read the dossier by its code."""

    code: str
    place: rules.Place
    reception: store.Reception
    replayed: bool


async def receive(
    pool: Pool,
    reference: Reference,
    principal: Principal,
    draft: DossierIn,
    request: RequestKey | None,
    now: datetime,
    ring: Keyring,
    *,
    kind: EventKind = EventKind.ACCEPTED,
) -> Received:
    """Receive a dossier now: issue its code, reckon its due date, write it with its first event. `kind` SUBMITTED: it
    came in online, and the one-stop has yet to look at it."""
    day = civil_day(now)
    channel = Channel[draft.channel.upper()]
    case = draft.case or FIRST_CASE
    place, reasons = rules.checked_place(reference, draft.procedure, draft.agency, channel, day, case)
    if place is None:
        raise Problem("invalid_request", *reasons)
    if not principal.covers(place.agency.id):
        raise Problem("agency_out_of_scope")
    step = first_step(kind, place.version, channel, now, place.clock, case=place.case)
    if isinstance(step, Reason):
        raise Problem("invalid_request", step)
    account = step.life.account
    facts = facts_of(place.agency.id, int(channel), step.life)
    reception = store.Reception(
        prefix=place.prefix(day),
        version_id=place.version.id,
        case=place.case,
        status=int(step.life.status),
        facts=facts,
        at=now,
        due_at=step.event.due.at if step.event.due else None,
        late_from=account.due.late_from if account and account.due else None,
        provisional=is_provisional(reference, step.life),
        return_channel=RETURN_CHANNELS[draft.return_channel],
        summary=draft.summary,
        documents=orjson.dumps([item.model_dump() for item in draft.documents]).decode() if draft.documents else None,
        person=person_of(draft.applicant, draft.submitted_by, ring),
        actor=principal.subject,
        acting_agency_id=principal.agency.id,
        payload=step.payload,
        rows=principal.rows,
        tail=tail_of(1, step, facts, actor=principal.subject, acting_agency_id=principal.agency.id, now=now),
    )
    write = store.receive if kind is EventKind.ACCEPTED else store.submit
    async with pool.acquire_for_one_statement() as connection:
        try:
            code = await write(connection, reception, request)
        except asyncpg.UniqueViolationError as error:
            if request is None or error.constraint_name != store.IDEMPOTENCY_CONSTRAINT:
                raise
            code = await earlier(connection, "intake", request)
            return Received(code, place, reception, replayed=True)
    return Received(code, place, reception, replayed=False)


def person_of(applicant: ApplicantIn, submitter: SubmitterIn | None, ring: Keyring) -> store.Person:
    """An applicant as stored: the spelling as given, numbers sealed, and the keys that it is found by."""
    return store.Person(
        KINDS[applicant.kind],
        applicant.name,
        search_key(applicant.name),
        ring.seal(applicant.id_number),
        applicant.phone,
        phone_digits(applicant.phone) if applicant.phone else None,
        applicant.email,
        applicant.address,
        sealed_submitter(submitter.model_dump() if submitter else None, ring),
        ring.index(applicant.id_number),
    )


def number_of(text: str, ring: Keyring) -> store.Number:
    """An identity number as it is found, however it was written."""
    keys = spellings(text)
    return store.Number([index for key in keys for index in ring.indexes(key)], keys)


def phone_digits(phone: str) -> str | None:
    """The digits a phone number is found by: +84 905… and 0905… are one number."""
    digits = _NO_DIGIT.sub("", phone)
    if digits.startswith("84") and len(digits) > 9:
        digits = "0" + digits[2:]
    return digits or None


async def one(session: Connection | Untold, code: str, principal: Principal) -> asyncpg.Record:
    """A dossier that the caller may see; whoever may not sees that there is none."""
    row = await store.find(session, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    return row


async def read(
    session: Untold, code: str, principal: Principal, now: datetime
) -> tuple[asyncpg.Record, frozenset[Datum]]:
    """A dossier that the caller may see, and what of its applicant's data is shown: that it was, is on record then."""
    row = await one(session, code, principal)
    seen = principal.sees(row["agency_id"], row["holder_id"])
    submitter = orjson.loads(row["submitted_by"]) if row["submitted_by"] else {}
    shown = frozenset(datum for datum in seen if row[datum] is not None or submitter.get(datum) is not None)
    await record(await session.told(), principal, "readDossier", shown, [row["id"]], now)
    return row, seen


async def found(
    session: Untold,
    principal: Principal,
    rows: Sequence[asyncpg.Record],
    sought: frozenset[Datum],
    now: datetime,
) -> None:
    """Record what a search by somebody's numbers has found: that they are theirs, the caller knows now."""
    if rows:
        await record(await session.told(), principal, "listDossiers", sought, [row["id"] for row in rows], now)


async def page(
    session: Reading | Untold, wanted: store.Filter, *, before: int | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of dossiers, newest first, and one row more if there is a next page."""
    return await store.listed(session, wanted, before=before, limit=limit + 1)


async def history(connection: Reading, code: str, principal: Principal) -> Sequence[asyncpg.Record]:
    """A dossier's events."""
    row = await one(connection, code, principal)
    return await store.events(connection, row["id"])
