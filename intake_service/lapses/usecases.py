"""Closing what was not completed in time: a consumer that looks for overdue answers, some dossiers at a time."""

from datetime import datetime
from secrets import token_bytes

import asyncpg

from intake_service.lifecycle import rules, store
from intake_service.lifecycle.usecases import ITSELF, appended, life_of
from shared.domain.civil_time import shown
from shared.domain.lifecycle import EventKind, Outcome
from shared.reference import Reference
from shared.web.app import Room
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection
from shared.web.problems import Problem

#: What an applicant is told whose rule has been replaced since by one that says nothing.
UNANSWERED = "Quá thời hạn bổ sung mà hồ sơ không được bổ sung."
#: Dossiers closed in one transaction: each is locked until it ends.
LAPSED_AT_ONCE = 100
LAPSE_SECONDS = 30.0


def closing_worker(room: Room) -> Worker:
    """The consumer that closes dossiers whose applicants have not completed them in time, where a law says so."""

    async def work(connection: Connection) -> bool:
        return await close_lapsed(connection, room.reference.current, now()) == LAPSED_AT_ONCE

    return Worker(room.pool, "intake.close_lapsed", work, idle=LAPSE_SECONDS)


async def close_lapsed(connection: Connection, reference: Reference, at: datetime) -> int:
    """Close the next of them, and say why to the applicant; how many. What was accepted is stopped, what was only
    submitted is not accepted. Whatever happens to one meanwhile goes before: an answer that comes late, and before
    this, is taken."""
    async with connection.transaction():
        rows = await store.lapsed(connection, at, LAPSED_AT_ONCE)
        told_of = await store.histories(connection, [row["id"] for row in rows])
        await store.append(connection, [_lapse(row, told_of[row["id"]], reference, at) for row in rows])
    return len(rows)


def _lapse(row: asyncpg.Record, history: list[asyncpg.Record], reference: Reference, at: datetime) -> store.Appended:
    life, clock = life_of(reference, row, history)
    kind, outcome = (EventKind.STOPPED, Outcome.STOPPED) if life.account is not None else (EventKind.NOT_ACCEPTED, None)
    note = store.Note(clock.supplement.notice or UNANSWERED, None, token_bytes(16))
    when, lapsed = max(at, history[-1]["occurred_at"]), shown(row["lapses_at"])
    step = rules.next_step(life, kind, when, clock, outcome=outcome, lapsed=lapsed, note=note.hash)
    assert not isinstance(step, Problem), "only what awaits a supplement lapses"
    return appended(
        row,
        step,
        reference,
        code=row["code"],
        actor=ITSELF,
        acting_agency_id=row["agency_id"],
        now=at,
        note=note,
    )
