"""Reckoning open dossiers anew after a change of the calendar: a consumer of routing's changes, batch by batch.

A dossier is moved in the transaction that moves the position: killed in between, it goes on where it stood. First all
that are open are swept; then, when every process has the changed calendar, those that were received meanwhile.
"""

import asyncio
from bisect import bisect_right
from datetime import datetime
from typing import Any

import asyncpg

from intake_service.imports.store import any_since_before
from intake_service.lifecycle import rules as lifecycle
from intake_service.lifecycle import store as dossiers
from intake_service.lifecycle.usecases import appended, clock_of
from intake_service.recompute import store
from intake_service.recompute.rules import Change
from shared.domain.civil_time import civil_day
from shared.domain.deadline import Clock
from shared.domain.life import told
from shared.domain.recompute import rescheduled
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference, ReferenceKeeper
from shared.web.app import Room
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection

#: Dossiers in a transaction: they are locked for a quarter of a second.
BATCH = 1_000
#: Dossiers reckoned before requests have their turn (10 ms).
_BREATH = 100
_IDLE_SECONDS = 0.5


def recompute_worker(room: Room) -> Worker:
    """The consumer of calendar changes."""
    return Worker(room.pool, "intake.recompute", Recompute(room.reference), idle=_IDLE_SECONDS)


class Recompute:
    """A Round of shared.web.background.Worker. What is listed is remembered between rounds, and may be forgotten: the
    position in the database is what counts."""

    def __init__(self, reference: ReferenceKeeper, *, batch: int = BATCH) -> None:
        self._reference = reference
        self._batch = batch
        self._listed: tuple[int, str] | None = None
        self._waiting: list[int] = []

    async def __call__(self, connection: Connection) -> bool:
        """Take the oldest change one batch on. Returns whether there may be more at once."""
        change = await store.next_change(connection)
        if change is None:
            return False
        if self._reference.current.revision[0] < change.revision:
            await self._reference.refresh()
        at = now()
        progress = await store.progress(connection, change.id)
        if progress is None:
            await store.begin(connection, change, at)
            return True
        if progress.state == "settling" and not await self._everybody_knows(connection, change, at):
            return False
        await self._list(connection, change, progress)
        del self._waiting[: bisect_right(self._waiting, progress.position)]  # what another process has done by now
        if not self._waiting:
            self._listed = None
            if progress.state == "sweeping":
                await store.swept(connection, change.id)
            else:
                await store.settled(connection, change.id, at)
            return True
        some = self._waiting[: self._batch]
        async with connection.transaction():
            if await store.progress(connection, change.id, lock=True) != progress:
                self._listed = None  # another process took this batch: look anew where it stands
                return True
            late = progress.state != "sweeping"
            await recompute(connection, self._reference.current, change, some, at, late=late)
        return True

    async def _list(self, connection: Connection, change: Change, progress: store.Progress) -> None:
        if self._listed == (change.id, progress.state):
            return
        if progress.state == "sweeping":
            self._waiting = await store.resting(connection, change, progress.position)
        else:
            self._waiting = await store.resting_since(connection, change, progress.floor, progress.position)
        self._listed = (change.id, progress.state)

    async def _everybody_knows(self, connection: Connection, change: Change, at: datetime) -> bool:
        return at >= change.settled_at and not await any_since_before(connection, change.settled_at)


async def recompute(
    connection: Connection, reference: Reference, change: Change, ids: list[int], at: datetime, *, late: bool
) -> None:
    """Reckon some dossiers anew, and note that they were looked at. late: they were received while it ran."""
    rows = await dossiers.locked_open(connection, ids)
    histories = await dossiers.histories(connection, [row["id"] for row in rows])
    before = change.undone(reference.calendar)
    clocks: dict[tuple[Any, ...], Clock] = {}
    events: list[dossiers.Appended] = []
    restated: list[tuple[int, bool]] = []
    unreckoned = 0
    for n, row in enumerate(rows):
        if n % _BREATH == 0:
            await asyncio.sleep(0)
        clock = _clock(reference, row, clocks)
        history = lifecycle.read_back((event[:3] for event in histories[row["id"]]), clock)
        life = told(history)
        assert life is not None, "a dossier begins with an event"
        try:
            moved = rescheduled(history, clock, before, max(at, history[-1].at), change.decision)
        except CalendarMissing:
            unreckoned += 1
            continue
        if moved is None:
            provisional = lifecycle.is_provisional(reference, life)
            if provisional != row["provisional"]:
                restated.append((row["id"], provisional))
            continue
        step = lifecycle.anew_step(life, moved, calendar_change=change.id)
        events.append(
            appended(
                row,
                step,
                reference,
                code=row["code"],
                actor=change.actor,
                acting_agency_id=change.agency_id,
                now=at,
            )
        )
    await dossiers.append(connection, events)
    if restated:
        await store.set_provisional(connection, restated)
    await store.move(
        connection,
        change.id,
        position=ids[-1],
        looked_at=len(ids),
        more=len(ids) if late else 0,
        moved=len(events),
        unreckoned=unreckoned,
    )


def _clock(reference: Reference, row: asyncpg.Record, seen: dict[tuple[Any, ...], Clock]) -> Clock:
    """Clocks are few, dossiers are many."""
    day = row["received_day"] or civil_day(row["submitted_at"])
    key = (row["version_id"], row["channel"], row["case_no"], row["agency_id"], day)
    if key not in seen:
        seen[key] = clock_of(reference, row)
    return seen[key]
