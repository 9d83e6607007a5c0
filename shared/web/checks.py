"""What a verification is made of, whatever it verifies: one moment of the database that all its sessions see, the
shape of a check, and the walk over all dossiers, range by range, in several sessions at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from shared.domain.differences import Difference, Span
from shared.tables.policies import EVERY_ROW, SETTING
from shared.web.database import Connection

#: Sessions that work at a time: as many processors of the database are kept busy.
JOBS = 2
#: Dossiers a range: a tenth of a second of work and some 20 MB in the database, so the bar moves and memory is bounded.
RANGE = 20_000
_WAITING = 1000

#: Days as ISO writes them, whatever the server was told. A range is sorted in memory, and planned for what it is: one
#: plan for all would take each for a two-hundredth of the table.
_SETTINGS = {
    "application_name": "motcua-verify",
    SETTING: EVERY_ROW,
    "datestyle": "ISO, YMD",
    "timezone": "UTC",
    "jit": "off",
    "work_mem": "64MB",
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
}
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1

#: What a check yields that has nothing to say.
NOTHING: tuple[Difference, ...] = ()

#: How far the walk is, from 0 to 1.
Progress = Callable[[float], None]


class Check:
    """One thing that is verified. It sees each range of dossiers once, in any order, several at a time, and at the end
    whatever it has added up. role: the login under which it reads. seen: how much of what it has looked at."""

    role: str

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    async def begin(self, connection: Connection) -> None:
        """Read what is needed beforehand."""

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """The differences in a range of dossiers."""
        for nothing in NOTHING:
            yield nothing

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """The differences that show when all ranges were seen."""
        for nothing in NOTHING:
            yield nothing


class Moment:
    """One moment of the database. Every session of it sees the same, whatever is written meanwhile. None may write, and
    none holds up who does: a transaction that only reads has no number for which a consumer would wait."""

    def __init__(self, url_of: Callable[[str], str], stack: AsyncExitStack) -> None:
        self._url_of = url_of
        self._stack = stack
        self._exported: str | None = None

    async def session(self, role: str) -> Connection:
        """A session in which `role` reads; it ends with the moment."""
        connection = await asyncpg.connect(self._url_of(role), server_settings=_SETTINGS)
        self._stack.push_async_callback(connection.close)
        await connection.execute("START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if self._exported is None:
            self._exported = await connection.fetchval("SELECT pg_export_snapshot()")
        else:
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{self._exported}'")
        return connection


@asynccontextmanager
async def one_moment(url_of: Callable[[str], str]) -> AsyncIterator[Moment]:
    """The moment of its first session. `url_of`: the login of a role."""
    async with AsyncExitStack() as stack:
        yield Moment(url_of, stack)


async def walked(
    moment: Moment, checks: Sequence[Check], progress: Progress, *, jobs: int = JOBS, size: int = RANGE
) -> AsyncGenerator[Difference, None]:
    """Lead `checks` over all dossiers in ranges of `size`, then let them conclude. All look at a range one after the
    other, while it is in memory."""
    roles = {check.role for check in checks}
    lanes = [{role: await moment.session(role) for role in roles} for _ in range(jobs)]
    for check in checks:
        await check.begin(lanes[0][check.role])
    spans, turn = _spans(await moment.session(checks[0].role), size), asyncio.Lock()
    found: asyncio.Queue[Difference | None] = asyncio.Queue(_WAITING)

    async def work(sessions: dict[str, Connection]) -> None:
        while True:
            async with turn:
                given = await anext(spans, None)
            if given is None:
                return
            span, share = given
            for check in checks:
                async for difference in check.look(sessions[check.role], span):
                    await found.put(difference)
            progress(share)

    async def all_work() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for sessions in lanes:
                    group.create_task(work(sessions))
        finally:
            await found.put(None)

    working = asyncio.create_task(all_work())
    try:
        while (difference := await found.get()) is not None:
            yield difference
        await working
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    for check in checks:
        async for difference in check.conclude(lanes[0][check.role]):
            yield difference


async def _spans(connection: Connection, size: int) -> AsyncIterator[tuple[Span, float]]:
    """All dossiers in ranges of `size`, each with how far it leads. The last has no end: an event may be of a dossier
    that is not there."""
    last = await connection.fetchval("SELECT max(id) FROM dossier") or 0
    after = _LOWEST
    while True:
        upto = await connection.fetchval(
            "SELECT id FROM dossier WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 1", after, size - 1
        )
        if upto is None or upto >= last:
            break
        yield Span(after, upto), min(1.0, max(0.0, upto / last))
        after = upto
    yield Span(after, _HIGHEST), 1.0
