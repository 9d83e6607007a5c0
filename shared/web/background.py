"""Work beside the requests: consumers of the event log. Any number of processes may offer to do it; one does.

Leadership is a session lock in the database: it ends with the process that holds it, however that ends.
"""

import asyncio
import contextlib
import zlib
from collections.abc import Awaitable, Callable
from typing import Self

import asyncpg
import structlog

from shared.web.database import EVERY_ROW, Connection, Pool

IDLE_SECONDS = 0.2
RETRY_SECONDS = 1.0

log = structlog.get_logger()

#: One round of work; returns whether there may be more at once.
Round = Callable[[Connection], Awaitable[bool]]


class Worker:
    """Runs one consumer for as long as it leads. `idle`: seconds until it looks again when there was nothing. `close`:
    what it works with, given back when it stops."""

    def __init__(
        self,
        pool: Pool,
        name: str,
        work: Round,
        *,
        idle: float = IDLE_SECONDS,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._pool = pool
        self._round = work
        self._idle = idle
        self._close = close
        self._task: asyncio.Task[None] | None = None
        self._beside: Worker | None = None
        self._leads = False

    def only_where(self, other: "Worker") -> Self:
        """Do the work in the process only in which another consumer leads: what they share there is shared by all."""
        self._beside = other
        return self

    def start(self) -> None:
        """Offer to do the work."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop between two rounds, or in one: its transaction rolls back and is done again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._close is not None:
            await self._close()

    async def _run(self) -> None:
        while True:
            try:
                if self._may:
                    await self._lead()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("background.interrupted", worker=self.name, error=type(error).__name__)
            except Exception as error:  # a defect in one round must not end the consumer for good
                log.error("background.failed", worker=self.name, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    @property
    def _may(self) -> bool:
        return self._beside is None or self._beside._leads

    async def _lead(self) -> None:
        # What is done for nobody in particular is done for all dossiers.
        async with self._pool.acquire(EVERY_ROW) as connection:
            key = zlib.crc32(self.name.encode())
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
                return
            self._leads = True
            try:
                while self._may:
                    if not await self._round(connection):
                        await asyncio.sleep(self._idle)
            finally:
                self._leads = False
                with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await asyncio.shield(connection.execute("SELECT pg_advisory_unlock($1)", key))
