"""The connection pool of a service, and the two kinds of sessions: one that only reads, one that writes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, NewType

import asyncpg
import structlog
from fastapi import Depends, Request

from shared.web.problems import Problem

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
#: A signature that takes a Reading session says: this only reads.
Reading = NewType("Reading", asyncpg.pool.PoolConnectionProxy)
Writing = NewType("Writing", asyncpg.pool.PoolConnectionProxy)
#: This reads, and adds a record of what it reads: nothing else.
Recorded = NewType("Recorded", asyncpg.pool.PoolConnectionProxy)

#: A database that starts beside us, or fails over, is waited for.
CONNECT_PATIENCE_SECONDS = 60.0
#: Nearly all reading is over by then; what is not is worth a look whether anybody still waits for it.
_SHORT_SECONDS = 1.0

#: A server that starts or is full, and a role or database that the migration beside us is about to make.
_NOT_YET = (
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

log = structlog.get_logger()


async def open_pool(url: str, *, size: int, name: str) -> asyncpg.Pool:
    """A pool that logs in as the service's own role; retries while the database is not there yet."""
    deadline = asyncio.get_running_loop().time() + CONNECT_PATIENCE_SECONDS
    pause = 0.05
    while True:
        try:
            return await asyncpg.create_pool(
                url,
                min_size=2,
                max_size=size,
                # asyncpg's reset is a round trip after each request; sessions here leave nothing behind.
                reset=_nothing,
                server_settings={"application_name": name, "timezone": "Asia/Ho_Chi_Minh", "jit": "off"},
                command_timeout=300,
            )
        except (OSError, *_NOT_YET) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            log.info("database.waiting", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


async def _nothing(_: asyncpg.Connection) -> None:
    return None


async def _reading(request: Request) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    room = request.app.state.room
    async with _while_awaited(request, room.settings.reading_seconds), room.pool.acquire() as connection:
        yield connection


async def _awaited(request: Request) -> AsyncIterator[None]:
    async with _while_awaited(request, request.app.state.room.settings.reading_seconds):
        yield


async def _awaited_at_length(request: Request) -> AsyncIterator[None]:
    async with _while_awaited(request, None):
        yield


async def _reading_at_length(request: Request) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    async with _while_awaited(request, None), request.app.state.room.pool.acquire() as connection:
        yield connection


@contextlib.asynccontextmanager
async def _while_awaited(request: Request, seconds: float | None) -> AsyncIterator[None]:
    """Ends what takes longer than `seconds`, or whose client has gone, with the query that runs: the database would go
    on with it for nobody."""
    loop, watcher = asyncio.get_running_loop(), None

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        limit.reschedule(loop.time())

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    later = loop.call_later(_SHORT_SECONDS, begin)
    try:
        async with asyncio.timeout(seconds) as limit:
            try:
                yield
            finally:
                later.cancel()
                if watcher is not None:
                    watcher.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        raise Problem("takes_too_long") from None


async def _writing(request: Request) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    async with request.app.state.room.pool.acquire() as connection, connection.transaction():
        yield connection


#: scope="function": the session ends, and the transaction commits, before the response is sent.
ReadingSession = Annotated[Reading, Depends(_reading, scope="function")]
RecordedSession = Annotated[Recorded, Depends(_reading, scope="function")]
#: The same end for what takes its connection by itself, and gives it back before it makes a file of what it read.
Awaited = Annotated[None, Depends(_awaited, scope="function")]
#: The same for what takes its time by its nature: it ends with its client only.
LongAwaited = Annotated[None, Depends(_awaited_at_length, scope="function")]
LongReadingSession = Annotated[Reading, Depends(_reading_at_length, scope="function")]
WritingSession = Annotated[Writing, Depends(_writing, scope="function")]
