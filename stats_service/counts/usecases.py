"""Folding the event log into the counts, round by round."""

from datetime import date

import structlog

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.database import Connection
from stats_service.counts import store
from stats_service.counts.rules import BATCH, checkpoints_until

log = structlog.get_logger()


async def fold_once(connection: Connection, *, limit: int = BATCH) -> int:
    """Fold up to `limit` events in one transaction; how many there were."""
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
        self._checked: date | None = None

    async def __call__(self, connection: Connection) -> bool:
        """Fold one batch. When there is nothing to fold, see to the checkpoints: while events pour in they wait."""
        folded = await fold_once(connection)
        if folded:
            self._checked = None
            return folded == BATCH
        until = checkpoints_until(civil_day(now()))  # the worker is an edge
        if self._checked != until:
            made = await bring_checkpoints_up(connection, until)
            self._checked = until
            if made:
                log.info("counts.checkpoints_made", months=made)
        return False
