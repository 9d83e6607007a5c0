"""Holds the current picture of the reference data in a process, and reads it anew when an owner has changed it."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import structlog

from shared.domain.national import Compare
from shared.reference.snapshot import Reference
from shared.reference.store import Connection, read_reference, read_revision

#: How often a process asks whether reference data changed. Reading it all takes about 40 ms.
POLL_SECONDS = 2.0
#: … and while there is none yet: at a first start it is being loaded beside us.
EMPTY_POLL_SECONDS = 0.1

log = structlog.get_logger()


class ReferenceKeeper:
    """`current` is the picture to work on, read over a connection that `connected` gives. It is replaced as a whole,
    never changed."""

    def __init__(
        self,
        connected: Callable[[], AbstractAsyncContextManager[Connection]],
        national: Compare = Compare.INSTANT,
    ) -> None:
        self._connected = connected
        self._national = national
        self._current: Reference | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def current(self) -> Reference:
        """The latest picture."""
        assert self._current is not None, "the keeper was not started"
        return self._current

    async def start(self) -> None:
        """Read once, then keep up in the background."""
        await self.refresh()
        self._task = asyncio.create_task(self._keep_up())

    async def stop(self) -> None:
        """Stop keeping up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def refresh(self) -> None:
        """Read again if anything changed."""
        async with self._connected() as connection:
            if self._current is None or await read_revision(connection) != self._current.revision:
                self._current = await read_reference(connection, self._national)

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS if self.current.loaded else EMPTY_POLL_SECONDS)
            try:
                await self.refresh()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("reference.refresh_failed", error=type(error).__name__)
