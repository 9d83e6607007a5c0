"""The verbs of dossiers: receive, look up, finish, return. Load, decide, save; telling is the event log's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from intake_service.dossiers import rules, store
from shared.contracts.intake import ApplicantIn, DossierIn, SubmitterIn
from shared.domain.civil_time import civil_day
from shared.domain.counts import Facts
from shared.domain.deadline import Account, Clock
from shared.domain.lifecycle import Channel, EventKind, Outcome, Status
from shared.domain.terms import Due
from shared.domain.vietnamese import search_key
from shared.reference import Reference
from shared.web.auth import Principal, Role
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, claimed, earlier
from shared.web.problems import Problem, Reason

ROUTE = "POST /v1/dossiers"
KINDS = {"person": 1, "business": 2, "agency": 3, "organisation": 4}
RETURN_CHANNELS = {"counter": 1, "post": 3}


@dataclass(frozen=True, slots=True)
class Received:
    """What a reception made. `summary` is None when the request was carried out before: read it by its code."""

    code: str
    place: rules.Place
    reception: store.Reception
    replayed: bool


async def receive(
    pool: asyncpg.Pool,
    reference: Reference,
    principal: Principal,
    draft: DossierIn,
    request: RequestKey | None,
    now: datetime,
) -> Received:
    """Receive a dossier now: issue its code, reckon its due date, write it with its first event."""
    day = civil_day(now)
    place, reasons = rules.checked_place(reference, draft.procedure, draft.agency, Channel[draft.channel.upper()], day)
    if place is None:
        raise Problem("invalid_request", *reasons)
    if not principal.covers(place.agency.id):
        raise Problem("agency_out_of_scope")
    account = rules.opened_account(place, now)
    if isinstance(account, Reason):
        raise Problem("invalid_request", account)
    step = rules.accepted_step(place, account)
    facts = rules.facts_of(place, account)
    reception = store.Reception(
        prefix=place.prefix(day),
        version_id=place.version.id,
        status=int(step.status),
        facts=facts,
        accepted_at=now,
        due=account.due,
        provisional=rules.is_provisional(reference, account),
        return_channel=RETURN_CHANNELS[draft.return_channel],
        summary=draft.summary,
        documents=orjson.dumps([item.model_dump() for item in draft.documents]).decode() if draft.documents else None,
        person=person_of(draft.applicant, draft.submitted_by),
        actor=principal.subject,
        acting_agency_id=principal.agency.id,
        payload=step.payload,
        tail=rules.tail_of(1, step, facts, actor=principal.subject, acting_agency_id=principal.agency.id, now=now),
    )
    async with pool.acquire() as connection:
        try:
            code = await store.receive(connection, reception, ROUTE, request)
        except asyncpg.UniqueViolationError as error:
            if request is None or error.constraint_name != store.IDEMPOTENCY_CONSTRAINT:
                raise
            code = await earlier(connection, "intake", request)
            return Received(code, place, reception, replayed=True)
    return Received(code, place, reception, replayed=False)


def person_of(applicant: ApplicantIn, submitter: SubmitterIn | None) -> store.Person:
    """An applicant as stored: the spelling as given, and the keys that it is found by."""
    return store.Person(
        kind=KINDS[applicant.kind],
        name=applicant.name,
        name_search=search_key(applicant.name),
        id_number=applicant.id_number,
        phone=applicant.phone,
        phone_digits=phone_digits(applicant.phone) if applicant.phone else None,
        email=applicant.email,
        address=applicant.address,
        submitted_by=submitter.model_dump_json() if submitter else None,
    )


def phone_digits(phone: str) -> str | None:
    """The digits a phone number is found by: +84 905… and 0905… are one number."""
    digits = "".join(char for char in phone if char.isascii() and char.isdigit())
    if digits.startswith("84") and len(digits) > 9:
        digits = "0" + digits[2:]
    return digits or None


async def one(connection: Connection, code: str, principal: Principal) -> asyncpg.Record:
    """A dossier that the caller may see; whoever may not sees that there is none."""
    row = await store.find(connection, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    return row


@dataclass(frozen=True, slots=True)
class Act:
    """What a caller asks to happen to a dossier. `occurred_at` None: now. `on_behalf_of`: (actor, agency), from
    services only."""

    kind: EventKind
    request: RequestKey | None
    now: datetime
    occurred_at: datetime | None = None
    outcome: Outcome | None = None
    on_behalf_of: tuple[str, str] | None = None
    expected_version: int | None = None


async def advance(connection: Writing, reference: Reference, principal: Principal, code: str, act: Act) -> bool:
    """Take a dossier one step on. Returns whether an earlier request with this key had done it."""
    actor, acting_agency_id = _actor(reference, principal, act)
    row = await store.find_locked(connection, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    if await claimed(connection, "intake", act.request, 200, row["code"]) is not None:
        return True
    if act.expected_version is not None and act.expected_version != row["version"]:
        raise Problem("version_changed")
    at = act.occurred_at or act.now
    step = rules.next_step(
        Status(row["status"]), account_of(row), act.kind, at, clock_of(reference, row), outcome=act.outcome
    )
    if isinstance(step, Problem):
        raise step
    refused = _untimely(row, act, at)
    if refused is not None:
        raise Problem("invalid_request", refused)
    await store.append(
        connection,
        [appended(row, step, act.outcome, actor=actor, acting_agency_id=acting_agency_id, now=act.now)],
    )
    return False


def _untimely(row: asyncpg.Record, act: Act, at: datetime) -> Reason | None:
    if at < row["accepted_at"]:
        early = "before_acceptance"
    else:
        early = "before_finish" if act.kind is EventKind.RETURNED else "out_of_order"
    return rules.instant_reason("occurred_at", at, not_before=row["last_at"], early_code=early, now=act.now)


def appended(
    row: asyncpg.Record, step: rules.Step, outcome: Outcome | None, *, actor: str, acting_agency_id: int, now: datetime
) -> store.Appended:
    """A decided step as the next event of a stored dossier."""
    account = step.account
    finished = step.kind in (EventKind.FINISHED, EventKind.WITHDRAWN, EventKind.STOPPED)
    due_day = account.due.day if account.due else (row["due_day"] if account.finished_at else None)
    facts = Facts(
        row["agency_id"],
        row["channel"],
        row["received_day"],
        due_day,
        account.late_day,
        civil_day(step.occurred_at) if finished else row["finished_day"],
        int(account.verdict) if account.verdict else row["verdict"],
        account.paused,
    )
    seq = row["event_seq"] + 1
    return store.Appended(
        dossier_id=row["id"],
        seq=seq,
        kind=step.kind.value,
        status=int(step.status),
        occurred_at=step.occurred_at,
        recorded_at=now,
        actor=actor,
        acting_agency_id=acting_agency_id,
        facts=facts,
        payload=step.payload,
        hash=rules.chained(
            row["code"], row["event_hash"], seq, step, facts, actor=actor, acting_agency_id=acting_agency_id, now=now
        ),
        due=account.due,
        finished_at=step.occurred_at if finished else row["finished_at"],
        returned_at=step.occurred_at if step.kind is EventKind.RETURNED else row["returned_at"],
        outcome=int(outcome) if outcome else row["outcome"],
    )


def account_of(row: asyncpg.Record) -> Account:
    """The account of a stored dossier whose clock runs or is done: the row is a cache of the fold."""
    due = Due(row["due_at"], row["due_day"], row["late_from"]) if row["late_from"] else None
    return Account(row["accepted_at"], original_due=due, due=due, promised=due, finished_at=row["finished_at"])


def clock_of(reference: Reference, row: asyncpg.Record) -> Clock:
    """What the deadline account of a stored dossier needs."""
    version = reference.versions[row["version_id"]]
    return reference.clock(version, Channel(row["channel"]), row["agency_id"], row["received_day"])


def _actor(reference: Reference, principal: Principal, act: Act) -> tuple[str, int]:
    if act.on_behalf_of is None:
        return principal.subject, principal.agency.id
    if principal.role is not Role.MACHINE:
        raise Problem("forbidden")
    actor, code = act.on_behalf_of
    agency = reference.agencies.latest(code, civil_day(act.now))
    if agency is None:
        raise Problem("invalid_request", Reason("on_behalf_of.agency", "unknown_agency"))
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    return actor, agency.id


async def page(
    connection: Reading, wanted: store.Filter, *, before: int | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of dossiers, newest first, and one row more if there is a next page."""
    return await store.listed(connection, wanted, before=before, limit=limit + 1)


async def history(connection: Reading, code: str, principal: Principal) -> Sequence[asyncpg.Record]:
    """A dossier's events."""
    row = await one(connection, code, principal)
    return await store.events(connection, row["id"])
