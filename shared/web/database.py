"""The connection pool of a service, and the two kinds of sessions: one that only reads, one that writes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, NewType

import asyncpg
import structlog
from fastapi import Depends, Request

from shared.tables import policies
from shared.web.problems import Problem

#: For whom a session reads, as the policies take it: the agencies of which it sees what they have a part in.
Rows = NewType("Rows", str)
NO_ROWS, EVERY_ROW = Rows(policies.NO_ROWS), Rows(policies.EVERY_ROW)
#: Where a request keeps for whom it reads; without it, for nobody.
ROWS = "motcua.rows"
#: In a statement that says it itself, of its argument {}: until it is over.
DECLARED = f"set_config('{policies.SETTING}', {{}}, true)"
# What is LATERAL comes after what it refers to, and OFFSET keeps the two apart: nothing is read before it is said.
_TELLING = f"""
SELECT found.* FROM (SELECT set_config('{policies.SETTING}', {{argument}}, false) OFFSET 0) AS session (told)
CROSS JOIN LATERAL (SELECT * FROM ({{query}}) AS wanted WHERE session.told IS NOT NULL OFFSET 0) AS found
"""

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


@lru_cache(maxsize=1000)
def rows_of(agencies: frozenset[int]) -> Rows:
    """What is theirs. Numbers in a row are one range: the agencies of a province are a few, and not hundreds."""
    ids = sorted(agencies)
    begins = [one for before, one in pairwise([-1, *ids]) if one != before + 1]
    ends = [one + 1 for one, after in pairwise([*ids, -1]) if after != one + 1]
    return Rows(f"{{{','.join(f'[{begin},{end})' for begin, end in zip(begins, ends, strict=True))}}}")


class Tellable(asyncpg.Connection):
    """One that knows for whom it reads, so that it is told only when that changes."""

    _rows: str | None = policies.NO_ROWS

    async def read_for(self, rows: Rows) -> None:
        """From now on, whoever has this connection sees these rows."""
        if rows != self._rows:
            self._rows = None  # should it break off in between, nobody knows
            await self.execute("SELECT set_config($1, $2, false)", policies.SETTING, rows)
            self._rows = rows

    async def fetch_for(self, rows: Rows, query: str, *values: object) -> list[asyncpg.Record]:
        """The same, said by a query that reads, on its way: a way to the database and back less."""
        if rows == self._rows:
            return await self.fetch(query, *values)
        self._rows = None
        telling = _TELLING.format(argument=f"${len(values) + 1}", query=query)
        found: list[asyncpg.Record] = await self.fetch(telling, *values, rows)
        # Of a condition that can never hold Postgres carries nothing out, and has not said it either.
        self._rows = rows if found else None
        return found


#: What connections are made of.
CONNECTION: type[Tellable] = Tellable


class Untold:
    """A connection that has not been told yet for whom it reads: the first query does that, on its way. So it gives
    nobody the connection as it is, which may still see what the one before saw."""

    def __init__(self, connection: Any, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        """The rows of a query that only reads."""
        found: list[asyncpg.Record] = await self._connection.fetch_for(self._rows, query, *values)
        return found

    async def fetchrow(self, query: str, *values: object) -> asyncpg.Record | None:
        """The first of them, of a query of one or few."""
        rows = await self.fetch(query, *values)
        return rows[0] if rows else None

    async def told(self) -> "Recorded":
        """The connection, told."""
        await self._connection.read_for(self._rows)
        return Recorded(self._connection)


class Pool:
    """The connections of a service. None is given without saying for whom it reads."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @contextlib.asynccontextmanager
    async def acquire(self, rows: Rows) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """A connection that sees these rows."""
        async with self._pool.acquire() as connection:
            told: Any = connection
            await told.read_for(rows)
            yield connection

    @contextlib.asynccontextmanager
    async def acquire_untold(self, rows: Rows) -> AsyncIterator[Untold]:
        """One that will see these rows, and is told by what it is asked first."""
        async with self._pool.acquire() as connection:
            yield Untold(connection, rows)

    def acquire_for_one_statement(self) -> Any:
        """A connection as it comes, for the one statement that says for whom it reads itself (DECLARED): it costs no
        way to the database and back."""
        return self._pool.acquire()

    @property
    def idle(self) -> bool:
        """Whether all its connections are given back."""
        return self._pool.get_idle_size() == self._pool.get_size()

    async def close(self) -> None:
        """Wait until all connections are given back, and close them."""
        await self._pool.close()


async def open_pool(url: str, *, size: int, name: str) -> Pool:
    """A pool that logs in as the service's own role; retries while the database is not there yet."""
    deadline = asyncio.get_running_loop().time() + CONNECT_PATIENCE_SECONDS
    pause = 0.05
    while True:
        try:
            made = await asyncpg.create_pool(
                url,
                connection_class=CONNECTION,
                min_size=2,
                max_size=size,
                # asyncpg's reset is a round trip after each request; sessions here leave nothing behind but
                # for whom they read, which the next is told first (Pool.acquire).
                reset=_nothing,
                server_settings={"application_name": name, "timezone": "Asia/Ho_Chi_Minh", "jit": "off"},
                command_timeout=300,
            )
            return Pool(made)
        except (OSError, *_NOT_YET) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            log.info("database.waiting", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


async def _nothing(_: asyncpg.Connection) -> None:
    return None


def _rows(request: Request) -> Rows:
    """For whom the request reads: its caller, once he is known (shared/web/auth/principals.py)."""
    rows: Rows = request.scope.get(ROWS, NO_ROWS)
    return rows


async def _reading(request: Request) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    room = request.app.state.room
    async with (
        _while_awaited(request, room.settings.reading_seconds),
        room.pool.acquire(_rows(request)) as connection,
    ):
        yield connection


async def _untold(request: Request) -> AsyncIterator[Untold]:
    room = request.app.state.room
    async with (
        _while_awaited(request, room.settings.reading_seconds),
        room.pool.acquire_untold(_rows(request)) as session,
    ):
        yield session


async def _awaited(request: Request) -> AsyncIterator[None]:
    async with _while_awaited(request, request.app.state.room.settings.reading_seconds):
        yield


async def _awaited_at_length(request: Request) -> AsyncIterator[None]:
    async with _while_awaited(request, None):
        yield


async def _figures_at_length(request: Request) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    async with _while_awaited(request, None), request.app.state.room.pool.acquire(EVERY_ROW) as connection:
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
    async with request.app.state.room.pool.acquire(_rows(request)) as connection, connection.transaction():
        yield connection


#: scope="function": the session ends, and the transaction commits, before the response is sent.
ReadingSession = Annotated[Reading, Depends(_reading, scope="function")]
RecordedSession = Annotated[Recorded, Depends(_reading, scope="function")]
#: The same, for what is read so often that a way to the database and back counts.
UntoldSession = Annotated[Untold, Depends(_untold, scope="function")]
#: The same end for what takes its connection by itself, and gives it back before it makes a file of what it read.
Awaited = Annotated[None, Depends(_awaited, scope="function")]
#: The same for what takes its time by its nature: it ends with its client only.
LongAwaited = Annotated[None, Depends(_awaited_at_length, scope="function")]
#: The same, to make figures of whatever they are sums of.
LongFiguresSession = Annotated[Reading, Depends(_figures_at_length, scope="function")]
WritingSession = Annotated[Writing, Depends(_writing, scope="function")]
