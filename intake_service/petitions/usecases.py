"""Receiving a petition, what is done with it step by step, and reading it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg

from intake_service.access_records.usecases import record
from intake_service.petitions import rules, store
from intake_service.petitions.rules import Due, Term
from intake_service.tracking.rules import is_secret_of, secret_of
from shared.contracts.petitions import (
    EnteredPetitionIn,
    Measure,
    PetitionEventKind,
    PetitionIn,
    PetitionState,
    PetitionTermIn,
    PublicationIn,
)
from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.domain.personal import Datum
from shared.reference import Reference
from shared.web.auth import NOTHING, Principal
from shared.web.database import Connection, Reading, Recorded, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, Reason, invalid

#: Who acts where nobody has logged in.
ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request is about beside its body: which petition, as of when, under which key and version."""

    code: str
    now: datetime
    request: RequestKey | None
    expected_version: int | None = None


async def receive(
    connection: Writing, reference: Reference, draft: PetitionIn, request: RequestKey | None, now: datetime
) -> tuple[asyncpg.Record, bool]:
    """A petition that came from outside. The petition, and whether an earlier request with this key had sent it."""
    agency = _agency(reference, draft.agency, civil_day(now))
    return await _receive(connection, draft, agency, "online", now, request, ANYBODY, agency.id, now)


async def enter(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    draft: EnteredPetitionIn,
    request: RequestKey | None,
    now: datetime,
) -> tuple[asyncpg.Record, bool]:
    """A petition that came on another way, entered for an agency that the caller covers."""
    at = draft.received_at or now
    if at > now:
        raise invalid("received_at", "in_future")
    agency = _agency(reference, draft.agency, civil_day(now))
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    by = (principal.subject, principal.agency.id)
    return await _receive(connection, draft, agency, draft.channel, at, request, *by, now)


async def take_in(connection: Connection, new: store.Received) -> int:
    """A petition that came through the national portal: as much of its sender as is known there. Its id."""
    row = await store.receive(connection, new)
    at, by = new.received_at, new.agency_id
    await store.happen(connection, store.Happened(row["id"], "received", "received", at, ANYBODY, by))
    made: int = row["id"]
    return made


async def _receive(
    connection: Writing,
    draft: PetitionIn,
    agency: Agency,
    channel: str,
    at: datetime,
    request: RequestKey | None,
    actor: str,
    acting_agency_id: int,
    now: datetime,
) -> tuple[asyncpg.Record, bool]:
    made = await claimed(connection, "intake", request, 201, "")
    if made is not None:
        row = await store.one(connection, int(made))
        if row is None:
            raise Problem("conflict")
        return row, True
    dossier_id = None
    if draft.dossier is not None:
        dossier_id = await store.dossier_named(connection, draft.dossier)
        if dossier_id is None:
            raise invalid("dossier", "unknown_dossier")
    new = store.Received(
        *(agency.id, dossier_id, draft.kind, channel, at, civil_day(at)),
        *(draft.title, draft.content, draft.petitioner),
    )
    row = await store.receive(connection, new)
    await store.happen(connection, store.Happened(row["id"], "received", "received", now, actor, acting_agency_id))
    await answered(connection, "intake", request, str(row["id"]))
    return row, False


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with a petition."""

    kind: PetitionEventKind
    words: str | None = None
    to_agency: str | None = None
    publication: PublicationIn | None = field(default=None)


async def act(connection: Writing, reference: Reference, principal: Principal, wanted: Wanted, done: Act) -> None:
    """Do something with a petition that the caller's agency is to deal with, or has under it."""
    row = await _visible(connection, principal, wanted.code, lock=True)
    if await claimed(connection, "intake", wanted.request, 200, wanted.code) is not None:
        return
    if row["holder_id"] not in principal.scope:
        raise Problem("forbidden", Reason("", "not_the_holder"))
    if wanted.expected_version not in (None, row["version"]):
        raise Problem("version_changed")
    await _happen(connection, reference, row, done, wanted.now, principal.subject, principal.agency.id)


async def inform(connection: Writing, reference: Reference, code: str, words: str, now: datetime) -> None:
    """What the sender of a petition, who has its secret, answers to a question."""
    row = await _found(connection, code, lock=True)
    if row is None:
        raise Problem("not_found")
    await _happen(connection, reference, row, Act("information_given", words), now, ANYBODY, row["holder_id"])


async def _happen(
    connection: Writing,
    reference: Reference,
    row: asyncpg.Record,
    done: Act,
    now: datetime,
    actor: str,
    acting_agency_id: int,
) -> None:
    after = rules.next_state(row["state"], done.kind)
    if isinstance(after, Problem):
        raise after
    today, to = civil_day(now), None
    if done.to_agency is not None:
        to = _agency(reference, done.to_agency, today).id
        if to == row["holder_id"]:
            raise invalid("agency", "changes_nothing")
    if done.publication is not None:
        await _need_nobody_named(connection, row, done.publication)
        await store.publish(connection, row, done.publication, now)
    terms = await store.terms(connection)
    stands = (row["state"], row["received_day"], row["since_day"], today)
    judged = rules.in_time(terms, done.kind, *stands, reference.calendar)
    await store.happen(
        connection,
        store.Happened(
            row["id"],
            done.kind,
            after,
            now,
            actor,
            acting_agency_id,
            done.words,
            to,
            None if rules.keeps_its_start(done.kind) else today,
            judged.get("law"),
            judged.get("scoring"),
        ),
    )


async def _need_nobody_named(connection: Writing, row: asyncpg.Record, told: PublicationIn) -> None:
    words = await store.words(connection, row["id"])
    known = [words[name] for name in ("name", "address", "phone", "email")] if words is not None else []
    reasons = rules.tells_of(told.model_dump(), known)
    if reasons:
        raise Problem("invalid_request", *reasons)


# --- reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """A petition with all that belongs to it. words: None where they are erased; seen: what of its sender is shown."""

    row: asyncpg.Record
    words: asyncpg.Record | None
    events: Sequence[asyncpg.Record]
    dossier: str | None
    dues: Sequence[Due]
    seen: frozenset[Datum]


async def read(connection: Recorded, reference: Reference, principal: Principal, code: str, now: datetime) -> Read:
    """A petition that the caller may read. What is shown of its sender is on record."""
    row = await _visible(connection, principal, code)
    found = await _read(connection, reference, row, principal.sees(row["agency_id"], row["holder_id"]), now)
    shown = found.seen & {datum for datum in _DATA if found.words is not None and found.words[datum] is not None}
    about = [row["dossier_id"]] if row["dossier_id"] is not None else []
    await record(connection, principal, "readPetition", shown, about, now, reason=code)
    return found


async def after(connection: Writing, reference: Reference, code: str, now: datetime) -> Read:
    """A petition after something was done with it, its sender masked."""
    petition_id = rules.id_of(code)
    assert petition_id is not None, "something was done with it"
    return await _read(connection, reference, await _again(connection, petition_id), NOTHING, now)


_DATA = (Datum.PHONE, Datum.EMAIL, Datum.ADDRESS)


async def _read(
    connection: Connection, reference: Reference, row: asyncpg.Record, seen: frozenset[Datum], now: datetime
) -> Read:
    dossier = await store.dossier_code(connection, row["dossier_id"]) if row["dossier_id"] is not None else None
    words, events = await store.words(connection, row["id"]), await store.events(connection, row["id"])
    return Read(row, words, events, dossier, dues_of(reference, await store.terms(connection), row, now), seen)


def dues_of(reference: Reference, terms: Sequence[Term], row: asyncpg.Record, now: datetime) -> list[Due]:
    """What is to be done next of a petition."""
    stands = (row["state"], row["received_day"], row["since_day"], civil_day(now))
    return rules.dues(terms, *stands, reference.calendar)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which petitions are listed: of these agencies. ended_before: whose term ends before this day, by a measure (None:
    by any)."""

    agencies: Sequence[int]
    state: PetitionState | None
    ended_before: date | None
    measure: Measure | None


async def page(
    connection: Reading,
    reference: Reference,
    principal: Principal,
    listing: Listing,
    *,
    after: tuple[datetime, int] | None,
    limit: int,
) -> tuple[list[asyncpg.Record], list[Term]]:
    """A page of petitions, one row more if there is a next page, and the terms that they have."""
    terms, ended = await store.terms(connection), None
    if listing.ended_before is not None:
        by = [term for term in terms if listing.measure in (None, term.measure)]
        ended = rules.bounds(by, listing.ended_before, reference.calendar)
    wanted = store.Filter(listing.agencies, rules.kinds_read_by(principal.role), listing.state, ended)
    return await store.page(connection, wanted, after=after, limit=limit + 1), terms


@dataclass(frozen=True, slots=True)
class Tracked:
    """A petition as its sender sees it: what became of it, the latest first."""

    row: asyncpg.Record
    notices: Sequence[asyncpg.Record]


async def track(connection: Connection, code: str) -> Tracked:
    """A petition, for whoever has its secret."""
    row = await _found(connection, code, lock=False)
    if row is None:
        raise Problem("not_found")
    return Tracked(row, list(reversed(await store.events(connection, row["id"]))))


def secret_for(key: str, code: str) -> str:
    """By what, with its code, the sender of a petition follows it."""
    return secret_of(key, f"petition {code}")


def is_secret_for(key: str, code: str, offered: str) -> bool:
    """Whether it is that; in constant time."""
    return is_secret_of(key, f"petition {code}", offered)


async def published(
    connection: Connection, agencies: Sequence[int] | None, *, before: tuple[datetime, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what everybody may read, and one row more if there is a next page."""
    return await store.published(connection, agencies, before=before, limit=limit + 1)


# --- terms ----------------------------------------------------------------------------------------------------------


async def terms(connection: Reading, day: date | None) -> Sequence[asyncpg.Record]:
    """The terms for what is received on a day; None: all that ever were."""
    return await store.told_terms(connection, day)


async def enter_term(
    connection: Writing, principal: Principal, new: PetitionTermIn, request: RequestKey | None, now: datetime
) -> tuple[asyncpg.Record, bool]:
    """Enter a term. The term, and whether an earlier request with this key had entered it."""
    principal.need_whole_installation()
    made = await claimed(connection, "intake", request, 201, "")
    if made is None:
        earliest = civil_day(now) + timedelta(days=1)
        if new.valid_from < earliest:
            raise invalid("valid_from", "day_begun", day=earliest.isoformat())
        term_id = await store.enter_term(connection, new, principal.subject, now)
        await answered(connection, "intake", request, str(term_id))
    row = await store.told_term(connection, int(made) if made is not None else term_id)
    if row is None:
        raise Problem("conflict")
    return row, made is not None


# --- whose it is ----------------------------------------------------------------------------------------------------


async def _visible(
    connection: Connection | Writing, principal: Principal, code: str, *, lock: bool = False
) -> asyncpg.Record:
    """A petition that the caller may read: of an agency that he covers, and of a kind that is for his role."""
    row = await _found(connection, code, lock=lock)
    parties = {row["agency_id"], row["holder_id"], row["giver_agency_id"]} if row is not None else set()
    if row is None or not parties & principal.scope or row["kind"] not in rules.kinds_read_by(principal.role):
        raise Problem("not_found")
    return row


async def _found(connection: Connection | Writing, code: str, *, lock: bool) -> asyncpg.Record | None:
    petition_id = rules.id_of(code)
    if petition_id is None:
        return None
    row = await (store.locked if lock else store.one)(connection, petition_id)
    return row if row is not None and rules.code_of(row["id"], row["received_day"]) == code else None


async def _again(connection: Connection | Writing, petition_id: int) -> asyncpg.Record:
    row = await store.one(connection, petition_id)
    if row is None:
        raise Problem("not_found")
    return row


def _agency(reference: Reference, code: str, day: date) -> Agency:
    tree = reference.agencies
    if not tree.known(code):
        raise invalid("agency", "unknown_agency")
    found = tree.on(code, day)
    if found is None:
        raise invalid("agency", "agency_not_in_force", day=day.isoformat(), successor_vi="", successor_en="")
    return found
