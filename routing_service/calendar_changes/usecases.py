"""Changing the calendar: think of it, do it, follow it. What becomes of dossiers is intake's, which reads it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import asyncpg
import orjson

from routing_service.agencies.store import bump_revision
from routing_service.calendar_changes import rules, store
from routing_service.calendar_changes.rules import DayChange
from routing_service.calendars import store as calendars
from shared.contracts.calendar_changes import CalendarChangeIn, ChangedDayIn
from shared.domain.civil_time import civil_day
from shared.domain.deadline import Clock
from shared.domain.life import Happened
from shared.domain.lifecycle import Channel
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, claimed
from shared.web.problems import Problem, Reason

#: How long a preview may take. What it has found by then is its answer, and it says that there is more.
PATIENCE_SECONDS = 8.0
#: Dossiers read at once, and reckoned before others have their turn (5 ms).
_READ = 2_000
_BREATH = 100


async def preview(
    connection: Reading,
    reference: Reference,
    principal: Principal,
    asked: Sequence[ChangedDayIn],
    *,
    examples: int,
    now: datetime,
    patience: float = PATIENCE_SECONDS,
) -> tuple[rules.Tally, bool]:
    """What a change would move, and whether all could be looked at in time. Nothing is written."""
    _of_the_whole(principal, reference, now)
    changes = await _decided(connection, asked)
    before = reference.calendar
    after = before.with_days(rules.entries(changes))
    tally = rules.Tally(examples)
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    clocks: dict[tuple[Any, ...], Clock] = {}
    ids = iter(await store.resting(connection, rules.span(changes)))
    while some := list(islice(ids, _READ)):
        for n, (row, events) in enumerate(await store.histories(connection, some)):
            if n % _BREATH == 0:
                await asyncio.sleep(0)
                if loop.time() > until:
                    return tally, False
            tally.looked_at += 1
            clock = _clock(reference, row, clocks)
            try:
                history = [Happened.read(kind, at, orjson.loads(payload), clock) for kind, at, payload in events]
                move = rules.move_of(history, clock.by(after), before, now)
            except CalendarMissing:
                tally.unreckoned += 1
                continue
            if move is not None:
                tally.add(row["code"], row["agency_id"], move)
    return tally, True


def _clock(reference: Reference, row: asyncpg.Record, seen: dict[tuple[Any, ...], Clock]) -> Clock:
    day = row["received_day"] or civil_day(row["submitted_at"])
    key = (row["version_id"], row["channel"], row["case_no"], row["agency_id"], day)
    if key not in seen:
        version = reference.versions[row["version_id"]]
        seen[key] = reference.clock(version, Channel(row["channel"]), row["agency_id"], day, row["case_no"])
    return seen[key]


async def change(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    asked: CalendarChangeIn,
    request: RequestKey | None,
    now: datetime,
) -> tuple[asyncpg.Record, bool]:
    """Set days otherwise, and keep on record what was before, who, why and by which decision. Returns the change, and
    whether an earlier request with this key had made it."""
    _of_the_whole(principal, reference, now)
    await calendars.lock(connection)
    number = await store.next_number(connection)
    made = await claimed(connection, "routing", request, 201, str(number))
    if made is not None:
        return await one(connection, int(made)), True
    changes = await _decided(connection, asked.days)
    await store.set_days(connection, changes)
    await bump_revision(connection)
    await store.record(
        connection,
        number,
        changes,
        actor=principal.subject,
        agency_id=principal.agency.id,
        decision=asked.decision,
        reason=asked.reason,
        now=now,
    )
    return await one(connection, number), False


async def one(connection: Connection | Reading, number: int) -> asyncpg.Record:
    """A change; a Problem if there is none of this number."""
    row = await store.change(connection, number)
    if row is None:
        raise Problem("not_found")
    return row


async def page(connection: Reading, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """A page of changes, newest first, and one more if there is a next page."""
    return await store.changes(connection, before=before, limit=limit + 1)


async def _decided(connection: Connection | Reading, asked: Sequence[ChangedDayIn]) -> list[DayChange]:
    rows = await store.rows_of(connection, {each.day.year for each in asked})
    decided = rules.changes_of(asked, rows, await store.years(connection))
    refused = [each for each in decided if isinstance(each, Reason)]
    if refused:
        raise Problem("invalid_request", *refused)
    return [each for each in decided if isinstance(each, DayChange)]


def _of_the_whole(principal: Principal, reference: Reference, now: datetime) -> None:
    """The calendar is one for all: who covers a part may not change it for the others."""
    day = civil_day(now)
    if not all(principal.covers(agency.id) for agency in reference.agencies.in_force(day)):
        raise Problem("agency_out_of_scope")
