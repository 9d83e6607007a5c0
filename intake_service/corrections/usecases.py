"""Correcting a reception: load, decide, set right, note what was before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Any

import asyncpg
import orjson

from intake_service.corrections import rules, store
from intake_service.corrections.rules import Reception
from intake_service.dossiers.rules import Place, checked_place
from intake_service.dossiers.store import Person
from intake_service.dossiers.usecases import KINDS, one, phone_digits
from intake_service.lifecycle import rules as lifecycle
from intake_service.lifecycle import store as dossiers
from intake_service.lifecycle.usecases import appended, life_of
from intake_service.numbers.rules import opened, sealed_submitter, worded
from shared.contracts.corrections import CorrectionIn
from shared.contracts.intake import SubmitterIn
from shared.domain.civil_time import civil_day, shown
from shared.domain.life import Happened, Life
from shared.domain.lifecycle import Channel, EventKind, next_state
from shared.domain.personal import HIDDEN, Datum
from shared.domain.vietnamese import search_key
from shared.domain.working_calendar import CalendarMissing
from shared.reference import FIRST_CASE, Reference
from shared.web.auth import Principal
from shared.web.database import Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason

#: What may be taken away from an applicant.
_MAY_BE_MISSING = frozenset({"id_number", "phone", "email", "address"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Under which key, as of when, with which keys of numbers, and on which version of the dossier."""

    request: RequestKey | None
    now: datetime
    ring: Keyring
    expected_version: int | None = None


async def correct(
    connection: Writing, reference: Reference, principal: Principal, code: str, asked: CorrectionIn, wanted: Wanted
) -> bool:
    """Set a reception right. Returns whether an earlier request with this key had done it.

    The dossier keeps its code, whatever day or agency it names.
    """
    row = await dossiers.locked(connection, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    if await claimed(connection, "intake", by_name(wanted.request, code, row["name"]), 200, row["code"]) is not None:
        return True
    if wanted.expected_version is not None and wanted.expected_version != row["version"]:
        raise Problem("version_changed")
    rows = (await dossiers.histories(connection, [row["id"]]))[row["id"]]
    life, _ = life_of(reference, row, rows)
    if life.account is None or next_state(life.state, EventKind.CORRECTED) is None:
        raise lifecycle.not_allowed(life)
    whole = opened(dict(await one(connection, row["code"], principal)), wanted.ring)
    # What was entered right about the hour is not asked about it.
    later = asked.accepted_at is not None and asked.accepted_at > row["accepted_at"]
    went_on_at = await store.went_on_at(connection, row["id"]) if later else None
    decided = _decided(reference, principal, whole, row, rows, life, asked, wanted.now, went_on_at)
    await dossiers.append(connection, [_event(reference, principal, row, life, decided, asked, wanted)])
    await store.receive_otherwise(connection, row["id"], decided.received)
    await store.name_otherwise(connection, row["id"], _sealed(decided.person, wanted.ring))
    return False


@dataclass(frozen=True, slots=True)
class Decided:
    """A correction, decided: the event, the reception and the applicant as they are right, and the columns before."""

    event: Happened
    was: Reception
    received: Reception
    person: Person
    before: dict[str, Any]


def _decided(
    reference: Reference,
    principal: Principal,
    whole: Mapping[str, Any],
    row: asyncpg.Record,
    rows: list[asyncpg.Record],
    life: Life,
    asked: CorrectionIn,
    now: datetime,
    went_on_at: datetime | None,
) -> Decided:
    assert life.account is not None
    person, was = _person(whole, asked), _reception(row)
    event = rules.correction(life.account, max(now, rows[-1]["occurred_at"]), asked.decision)
    place, received = _place(reference, principal, was, asked), was
    if place is not None:
        accepted_at = asked.accepted_at or was.accepted_at
        received = rules.corrected_reception(was, place, accepted_at)
        history = lifecycle.read_back((each[:3] for each in rows), place.clock)
        refused = rules.untimely(accepted_at, was.submitted_at, history, now, went_on_at)
        if refused is not None:
            raise Problem("invalid_request", refused)
        if received != was:
            event = _reckoned(history, event, accepted_at, place)
    before = rules.replaced(whole, _columns(person, received))
    if not before and received == was:
        raise Problem("invalid_request", Reason("", "changes_nothing"))
    return Decided(event, was, received, person, before)


def _reception(row: asyncpg.Record) -> Reception:
    handed_in = row["submitted_at"] if row["submitted_at"] != row["accepted_at"] else None
    where = (row["version_id"], row["agency_id"], row["channel"], row["case_no"])
    return Reception(row["accepted_at"], *where, submitted_at=handed_in)


def _place(reference: Reference, principal: Principal, was: Reception, asked: CorrectionIn) -> Place | None:
    """Where it was received, as it is right; None where that is not asked about."""
    if not any((asked.accepted_at, asked.procedure, asked.agency, asked.channel, asked.case)):
        return None
    known = reference.versions[was.version_id].code
    procedure = asked.procedure or known
    agency = asked.agency or reference.agencies.by_id[was.agency_id].code
    channel = Channel[asked.channel.upper()] if asked.channel else Channel(was.channel)
    day = civil_day(asked.accepted_at or was.accepted_at)
    case = asked.case or (was.case if procedure == known else FIRST_CASE)  # a number means something in its procedure
    place, reasons = checked_place(reference, procedure, agency, channel, day, case)
    if place is None:
        raise Problem("invalid_request", *reasons)
    if not principal.covers(place.agency.id):
        raise Problem("agency_out_of_scope")
    return place


def _reckoned(history: list[Happened], event: Happened, accepted_at: datetime, place: Place) -> Happened:
    try:
        return rules.reckoned_anew(history, event, accepted_at, place.clock)
    except CalendarMissing as missing:
        raise Problem("invalid_request", Reason("accepted_at", "calendar_missing", {"year": missing.year})) from missing


def _sealed(person: Person, ring: Keyring) -> Person:
    submitter = orjson.loads(person.submitted_by) if person.submitted_by is not None else None
    return person._replace(
        id_number=ring.seal(person.id_number),
        submitted_by=sealed_submitter(submitter, ring),
        id_index=ring.index(person.id_number),
    )


def _person(whole: Mapping[str, Any], asked: CorrectionIn) -> Person:
    changes: dict[str, Any] = asked.applicant.model_dump(exclude_unset=True) if asked.applicant else {}
    missing = [name for name, value in changes.items() if value is None and name not in _MAY_BE_MISSING]
    if missing:
        raise Problem("invalid_request", *(Reason(f"applicant.{name}", "required") for name in missing))
    _need_unmasked("applicant", changes)
    _need_unmasked("submitted_by", asked.submitted_by.model_dump() if asked.submitted_by else {})
    if "kind" in changes:
        changes["kind"] = KINDS[changes["kind"]]
    if "submitted_by" in asked.model_fields_set:
        changes["submitted_by"] = _submitter(whole["submitted_by"], asked.submitted_by)
    name, phone = changes.get("name", whole["applicant_name"]), changes.get("phone", whole["phone"])
    keys = {"name_search": search_key(name), "phone_digits": phone_digits(phone) if phone else None}
    return store.person_of(whole, changes, keys)


def _need_unmasked(whose: str, given: Mapping[str, Any]) -> None:
    """What somebody was shown in part is not what is right: sent back, it would take the place of the whole."""
    parts = [datum for datum in Datum if str(given.get(datum)).startswith(HIDDEN)]
    if parts:
        raise Problem("invalid_request", *(Reason(f"{whose}.{datum}", "masked") for datum in parts))


def _submitter(stored: str | None, asked: SubmitterIn | None) -> str | None:
    """Who handed it in, as it is to be stored. Whoever is stored already stays as written: PostgreSQL writes JSON in a
    way of its own, and what only looks different corrects nothing."""
    if stored is not None and asked is not None and SubmitterIn.model_validate_json(stored) == asked:
        return stored
    return asked.model_dump_json() if asked is not None else None


def _columns(person: Person, received: Reception) -> dict[str, Any]:
    """A dossier's columns as every reader of it knows them (dossiers/store.py)."""
    return {
        "applicant_name": person.name,
        **{field: getattr(person, field) for field in ("kind", "id_number", "phone", "email", "address")},
        "submitted_by": person.submitted_by,
        "version_id": received.version_id,
        "agency_id": received.agency_id,
        "channel": received.channel,
        "case_no": received.case,
    }


def _event(
    reference: Reference,
    principal: Principal,
    row: asyncpg.Record,
    life: Life,
    decided: Decided,
    asked: CorrectionIn,
    wanted: Wanted,
) -> dossiers.Appended:
    """Places and dates, old and new, stand in the payload; what may name a person in the note, whose hash the chain
    holds."""
    assert life.account is not None
    was, key = worded(decided.before, wanted.ring)
    note = dossiers.Note(asked.reason, orjson.dumps({"was": was}).decode(), token_bytes(16), key)
    step = lifecycle.anew_step(
        life,
        decided.event,
        was_original_due_at=lifecycle.stamp(life.account.original_due),
        was_accepted_at=shown(decided.was.accepted_at),
        **_told("", reference, decided.received),
        **_told("was_", reference, decided.was),
        note=note.hash,
    )
    return appended(
        {**row, "agency_id": decided.received.agency_id, "channel": decided.received.channel},
        step,
        reference,
        code=row["code"],
        actor=principal.subject,
        acting_agency_id=principal.agency.id,
        now=wanted.now,
        note=note,
    )


def _told(prefix: str, reference: Reference, reception: Reception) -> dict[str, object]:
    return {
        f"{prefix}procedure": reference.versions[reception.version_id].code,
        f"{prefix}version_id": reception.version_id,
        f"{prefix}agency": reference.agencies.by_id[reception.agency_id].code,
        f"{prefix}channel": Channel(reception.channel).name.lower(),
        f"{prefix}case": reception.case,
    }
