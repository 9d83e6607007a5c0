"""Proposing an extension, rejecting one, and what became of an apology's letter. Making an apology is a step of the
dossier's life (lifecycle/): it comes here to be entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from intake_service.access_records.usecases import record
from intake_service.apologies import rules, store
from intake_service.dossiers.usecases import one
from intake_service.lifecycle import rules as lifecycle
from intake_service.lifecycle.store import histories, locked
from intake_service.lifecycle.usecases import life_of
from shared.contracts.apologies import ExtensionProposalIn
from shared.domain.deadline import due_of
from shared.domain.lifecycle import EventKind
from shared.domain.personal import Datum
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Reading, Recorded, Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.problems import Problem, Reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request is about, beside its body: which dossier, as of when, under which key and version."""

    code: str
    now: datetime
    request: RequestKey | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal as it stands. `replayed`: an earlier request with this key had done it."""

    row: asyncpg.Record
    replayed: bool


async def propose(
    connection: Writing, reference: Reference, principal: Principal, wanted: Wanted, draft: ExtensionProposalIn
) -> Proposed:
    """Propose an extension, for the agency that holds the dossier. Refused just as the extension would be."""
    row = await _locked(connection, principal, wanted.code)
    holder = await store.holder(connection, row["id"]) or row["agency_id"]
    if holder not in principal.scope:
        raise Problem("forbidden", Reason("", "not_the_holder"))
    before = await store.proposals(connection, row["id"])
    n = len(before) + 1
    earlier = await claimed(connection, "intake", by_name(wanted.request, wanted.code, row["name"]), 201, str(n))
    if earlier is not None:
        return Proposed(before[int(earlier) - 1], replayed=True)
    _same_version(row, wanted)
    if any(proposal["accepted"] is None for proposal in before):
        raise Problem("conflict", Reason("", "proposal_open"))
    await _could_be_extended(connection, reference, row, draft.new_due_at, wanted.now)
    await store.propose(
        connection,
        store.Proposal(row["id"], n, wanted.now, principal.subject, principal.agency.id, **draft.model_dump()),
    )
    return Proposed((await store.proposals(connection, row["id"]))[-1], replayed=False)


async def _could_be_extended(
    connection: Writing, reference: Reference, row: asyncpg.Record, new_due_at: datetime, now: datetime
) -> None:
    history = (await histories(connection, [row["id"]]))[row["id"]]
    life, clock = life_of(reference, row, history)
    at = max(now, history[-1]["occurred_at"])
    try:
        step = lifecycle.next_step(life, EventKind.EXTENDED, at, clock, given_due=due_of(new_due_at, clock))
        if isinstance(step, Problem):
            raise step
        forbidden = lifecycle.against_the_law(life, step.event, clock, recorded_at=now)
    except CalendarMissing as missing:
        raise Problem("invalid_request", Reason("new_due_at", "calendar_missing", {"year": missing.year})) from missing
    if forbidden is not None:
        raise Problem("invalid_request", forbidden)


async def reject(connection: Writing, principal: Principal, wanted: Wanted, n: int, reason: str) -> Proposed:
    """Do not take a proposal, and say why."""
    row = await _locked(connection, principal, wanted.code)
    proposals = await store.proposals(connection, row["id"])
    if n > len(proposals):
        raise Problem("not_found")
    if await claimed(connection, "intake", by_name(wanted.request, wanted.code, row["name"]), 200, str(n)) is not None:
        return Proposed(proposals[n - 1], replayed=True)
    _same_version(row, wanted)
    if proposals[n - 1]["accepted"] is not None:
        raise Problem("conflict", Reason("", "proposal_decided"))
    await store.decide(
        connection, row["id"], n, accepted=False, at=wanted.now, actor=principal.subject, rejection=reason
    )
    return Proposed((await store.proposals(connection, row["id"]))[n - 1], replayed=False)


@dataclass(frozen=True, slots=True)
class Lettered:
    """An apology with every sending and receipt of it."""

    row: asyncpg.Record
    deliveries: list[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What is to be recorded of an apology's letter: a sending has a channel, a receipt has none."""

    channel: str | None
    words: str | None
    occurred_at: datetime | None


async def deliver(
    connection: Writing, principal: Principal, wanted: Wanted, n: int, told: Delivered
) -> tuple[Lettered, bool]:
    """Record a sending or a receipt of an apology. Returns it as it stands then, and whether an earlier request with
    this key had done it."""
    row = await _locked(connection, principal, wanted.code)
    apologies = await store.apologies(connection, row["id"])
    if n > len(apologies):
        raise Problem("not_found")
    replayed = (
        await claimed(connection, "intake", by_name(wanted.request, wanted.code, row["name"]), 201, str(n)) is not None
    )
    if not replayed:
        _same_version(row, wanted)
        received, at = told.channel is None, told.occurred_at or wanted.now
        refused = rules.delivery_refused(
            made_at=apologies[n - 1]["made_at"],
            sent_at=apologies[n - 1]["sent_at"],
            received=received,
            at=at,
            now=wanted.now,
        )
        if refused is not None:
            raise Problem("invalid_request", refused)
        who = (principal.subject, principal.agency.id)
        await store.deliver(
            connection, store.Delivery(row["id"], n, received, at, wanted.now, *who, told.channel, told.words)
        )
    return (await _lettered(connection, row["id"]))[n - 1], replayed


async def proposals(connection: Reading, principal: Principal, code: str) -> Sequence[asyncpg.Record]:
    """All proposals of a dossier that the caller may see."""
    return await store.proposals(connection, (await one(connection, code, principal))["id"])


async def apologies(
    connection: Recorded, principal: Principal, code: str, now: datetime
) -> tuple[list[Lettered], frozenset[Datum]]:
    """All apologies of a dossier that the caller may see, and what of its applicant's data is shown: that it was, is
    on record then."""
    row = await one(connection, code, principal)
    found, seen = await _lettered(connection, row["id"]), principal.sees(row["agency_id"], row["holder_id"])
    sent = (each for letter in found for each in letter.deliveries if each["channel"] and each["words"] is not None)
    shown = seen & {rules.REACHED_BY[each["channel"]] for each in sent}
    await record(connection, principal, "readApologies", shown, [row["id"]], now)
    return found, seen


async def open_proposals(
    connection: Reading, agencies: Sequence[int], *, after: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of proposals that wait for the one-stop, and one row more if there is a next page."""
    return await store.open_proposals(connection, agencies, after=after, limit=limit + 1)


async def unsent(
    connection: Reading, agencies: Sequence[int], *, after: tuple[datetime, int, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of apologies that nobody has sent, and one row more if there is a next page."""
    return await store.unsent(connection, agencies, after=after, limit=limit + 1)


async def _lettered(connection: Recorded | Writing, dossier_id: int) -> list[Lettered]:
    deliveries = await store.deliveries(connection, dossier_id)
    return [
        Lettered(row, [delivery for delivery in deliveries if delivery["n"] == row["n"]])
        for row in await store.apologies(connection, dossier_id)
    ]


async def _locked(connection: Writing, principal: Principal, code: str) -> asyncpg.Record:
    row = await locked(connection, code, principal.scope)
    if row is None:
        raise Problem("not_found")
    return row


def _same_version(row: asyncpg.Record, wanted: Wanted) -> None:
    if wanted.expected_version is not None and wanted.expected_version != row["version"]:
        raise Problem("version_changed")
