"""Folding the event log into the counts, round by round."""

from datetime import date

import structlog

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.database import Connection
from stats_service.counts import store
from stats_service.counts.rules import BATCH, CALM_LOOKS, MANY, checkpoints_until, worth_folding

log = structlog.get_logger()


async def fold_once(connection: Connection, *, limit: int = BATCH) -> int:
    """Fold up to `limit` events in one transaction; how many there were."""
    return (await _fold(connection, limit)).events


async def _fold(connection: Connection, limit: int) -> store.Folded:
    async with connection.transaction():
        position = await store.locked_position(connection)
        return await store.fold(connection, position, limit)


async def bring_checkpoints_up(connection: Connection, today: date) -> int:
    """Make the checkpoints that completed months lack as of `today`; how many were made."""
    async with connection.transaction():
        await store.locked_position(connection)
        return await store.make_checkpoints(connection, checkpoints_until(today))


class Folding:
    """The consumer `counts` of the event log: a Round of shared.web.background.Worker."""

    def __init__(self) -> None:
        self._looks = 0
        self._calm = 0
        self._checked: date | None = None
        self._first: date | None = None

    async def __call__(self, connection: Connection) -> bool:
        """Look, and fold one batch if that is worth it. When there has been nothing to fold for a while, see to the
        checkpoints: while events pour in they wait. With nothing to do it only reads."""
        self._looks += 1
        waiting = await store.waiting(connection, MANY)
        self._calm = 0 if waiting else self._calm + 1
        if worth_folding(waiting, self._looks):
            self._looks = 0
            folded = await _fold(connection, BATCH)
            if folded.first_day is not None and (self._first is None or folded.first_day < self._first):
                self._checked = None  # earlier than all before: there are months without a checkpoint
            return folded.events == BATCH
        if self._calm >= CALM_LOOKS:
            await self._see_to_checkpoints(connection, checkpoints_until(civil_day(now())))  # the worker is an edge
        return False

    async def _see_to_checkpoints(self, connection: Connection, until: date) -> None:
        if self._checked == until:
            return
        made = await bring_checkpoints_up(connection, until)
        self._checked, self._first = until, await store.first_day(connection)
        if made:
            log.info("counts.checkpoints_made", months=made)
