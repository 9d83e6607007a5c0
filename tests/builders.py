"""Builders of dossiers as intake stores them, for the rooms that only read them: row, applicant, events, consistent."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

import asyncpg

from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.civil_time import civil_day
from shared.domain.counts import Facts
from shared.domain.deadline import Account, moved, opened
from shared.domain.lifecycle import Channel, EventKind, Outcome, Status
from shared.domain.terms import Due, Term
from shared.domain.vietnamese import search_key
from shared.reference import Reference
from tests.support import BIRTH, WARD, at

_numbers = count(1)

_AFTER = {
    EventKind.SUPPLEMENT_REQUESTED: Status.SUPPLEMENT_AWAITED,
    EventKind.SUPPLEMENTED: Status.IN_PROCESS,
    EventKind.FINISHED: Status.FINISHED,
    EventKind.WITHDRAWN: Status.WITHDRAWN,
    EventKind.STOPPED: Status.STOPPED,
}


@dataclass(frozen=True)
class Built:
    """A stored dossier: its code, its id, and its clock as the domain reckons it."""

    code: str
    id: int
    account: Account
    version_id: int
    agency_id: int


async def a_dossier(
    owner: asyncpg.Connection,
    reference: Reference,
    *,
    accepted: str | datetime,
    agency: str = WARD,
    procedure: str = BIRTH,
    channel: Channel = Channel.COUNTER,
    term: Term | None = None,
    due: Due | None = None,
    happened: Sequence[tuple[EventKind, str | datetime]] = (),
    name: str = "Nguyễn Thị Đào",
) -> Built:
    """Store a dossier accepted at `accepted`, to which `happened` happened since. `term` replaces the procedure's own,
    `due` the date that it gives."""
    start = _instant(accepted)
    day = civil_day(start)
    unit = reference.agencies.on(agency, day)
    version = reference.procedure_on(procedure, day)
    assert unit is not None, f"{agency} was not in force on {day}"
    assert version is not None, f"{procedure} was not in force on {day}"
    clock = reference.clock(version, channel, unit.id, day)
    if term is not None:
        clock = replace(clock, term=term)
    code = f"{unit.issuing_code}-{day:%y%m%d}-{next(_numbers) + 5000:04d}"
    accounts = [opened(start, clock, given_due=due)]
    steps = [("accepted", Status.ACCEPTED, start)]
    for event, when in happened:
        instant = _instant(when)
        accounts.append(moved(accounts[-1], event, instant, clock))
        steps.append((event.value, _AFTER[event], instant))
    rows, head = [], GENESIS
    for seq, ((kind, status, instant), account) in enumerate(zip(steps, accounts, strict=True), start=1):
        facts = _facts(unit.id, channel, account)
        payload = _payload(account, given=due is not None and seq == 1)
        tail = event_tail(
            seq=seq,
            kind=kind,
            status=int(status),
            occurred_at=instant,
            recorded_at=instant,
            actor="counter",
            acting_agency_id=unit.id,
            facts=facts,
            payload=payload,
        )
        head = event_hash(head, code, tail)
        rows.append((seq, kind, int(status), instant, instant, "counter", unit.id, *facts, payload, head))
    async with owner.transaction():
        dossier_id = await _store_dossier(
            owner, code, version.id, accounts, steps, _facts(unit.id, channel, accounts[-1]), head
        )
        await owner.execute(
            "INSERT INTO applicant (dossier_id, kind, name, name_search) VALUES ($1, 1, $2, $3)",
            dossier_id,
            name,
            search_key(name),
        )
        await owner.executemany(
            "INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor,"
            " acting_agency_id, agency_id, channel, received_day, due_day, late_day, finished_day, verdict, paused,"
            " payload, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)",
            [(dossier_id, *row) for row in rows],
        )
    return Built(code, dossier_id, accounts[-1], version.id, unit.id)


async def _store_dossier(
    owner: asyncpg.Connection,
    code: str,
    version_id: int,
    accounts: Sequence[Account],
    steps: Sequence[tuple[str, Status, datetime]],
    facts: Facts,
    head: bytes,
) -> int:
    first, last = accounts[0], accounts[-1]
    dossier_id: int = await owner.fetchval(
        "INSERT INTO dossier (code, version_id, agency_id, channel, received_day, due_day, late_day, finished_day,"
        " verdict, paused, status, submitted_at, accepted_at, original_due_at, due_at, late_from, finished_at, outcome,"
        " version, event_seq, event_hash)"
        " VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$12,$13,$14,$15,$16,$17,$18,$18,$19) RETURNING id",
        code,
        version_id,
        *facts,
        int(steps[-1][1]),
        first.accepted_at,
        first.original_due.at if first.original_due else None,
        last.due.at if last.due else None,
        last.due.late_from if last.due else None,
        last.finished_at,
        int(Outcome.GRANTED) if last.finished_at else None,
        len(accounts),
        head,
    )
    return dossier_id


def _payload(account: Account, *, given: bool) -> str:
    """What the log says of the date, so that the engine can read it back."""
    said = {"due_at": account.due.at.isoformat() if account.due else None}
    return json.dumps({**said, "given": True} if given else said)


def _facts(agency_id: int, channel: Channel, account: Account) -> Facts:
    return Facts(
        agency_id,
        int(channel),
        civil_day(account.accepted_at),
        account.due.day if account.due else None,
        account.late_day,
        civil_day(account.finished_at) if account.finished_at else None,
        int(account.verdict) if account.verdict else None,
        account.paused,
    )


def _instant(given: str | datetime) -> datetime:
    return at(given) if isinstance(given, str) else given
