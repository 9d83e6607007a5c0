"""For whom a connection reads is said each time it is given, and nothing of it is left for the next."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import asyncpg
import pytest
import pytest_asyncio

from shared.reference.store import read_reference
from shared.tables.policies import SCOPED
from shared.web.database import EVERY_ROW, NO_ROWS, Pool, Rows, open_pool, rows_of
from tests.conftest import Database
from tests.rights.conftest import STRANGER, Province
from tests.rows.conftest import rows_at
from tests.support import WARD

_COUNT = "SELECT count(*) FROM dossier"


@pytest_asyncio.fixture(loop_scope="session")
async def pool(database: Database) -> AsyncIterator[Pool]:
    """A service's pool."""
    made = await open_pool(database.login(SCOPED[0]), size=2, name="test")
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ward(province: Province, database: Database) -> Rows:
    """What the ward sees: one dossier at least."""
    await province.dossier("received")
    owner = await asyncpg.connect(database.owner_url)
    reference = await read_reference(owner)
    await owner.close()
    assert rows_at(reference, STRANGER) != rows_at(reference, WARD)
    return rows_at(reference, WARD)


async def count(pool: Pool, rows: Rows) -> int:
    async with pool.acquire(rows) as connection:
        found: int = await connection.fetchval(_COUNT)
        return found


async def test_the_next_sees_nothing_of_the_one_before(pool: Pool, ward: Rows) -> None:
    for _ in range(6):
        assert await count(pool, ward) > 0
        assert await count(pool, NO_ROWS) == 0
        assert await count(pool, EVERY_ROW) > 0
        assert await count(pool, rows_of(frozenset())) == 0


async def test_nor_where_the_one_before_failed(pool: Pool, ward: Rows) -> None:
    for _ in range(4):
        with pytest.raises(ZeroDivisionError):
            async with pool.acquire(ward) as connection, connection.transaction():
                raise ZeroDivisionError
        with pytest.raises(asyncpg.PostgresError):
            async with pool.acquire(ward) as connection, connection.transaction():
                await connection.execute("SELECT 1 / 0")
        assert await count(pool, NO_ROWS) == 0


async def test_nor_where_it_was_broken_off(pool: Pool, ward: Rows) -> None:
    """Wherever the cancellation comes, also while it is told for whom it reads."""
    for step in range(40):
        task = asyncio.create_task(count(pool, EVERY_ROW if step % 2 else ward))
        for _ in range(step % 8):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await count(pool, NO_ROWS) == 0


async def test_many_at_once_each_see_their_own(pool: Pool, ward: Rows) -> None:
    expected = {ward: await count(pool, ward), NO_ROWS: 0, EVERY_ROW: await count(pool, EVERY_ROW)}
    asked = [Random(number).choice(list(expected)) for number in range(200)]
    assert await asyncio.gather(*(count(pool, rows) for rows in asked)) == [expected[rows] for rows in asked]


async def test_what_a_reception_says_is_over_with_it(province: Province, database: Database) -> None:
    """The statement says it for itself (DECLARED): afterwards the connection reads for whom it did before."""
    pool = province.intake._transport.app.state.room.pool  # type: ignore[attr-defined]
    async with pool.acquire(NO_ROWS):
        pass
    await province.dossier("submitted")
    for _ in range(4):
        assert await count(pool, NO_ROWS) == 0


async def first(pool: Pool, rows: Rows, query: str = _COUNT) -> int:
    """What the first query of a connection finds that has not been told yet."""
    async with pool.acquire_untold(rows) as session:
        row = await session.fetchrow(query)
        assert row is not None
        return int(row[0])


async def test_a_first_query_tells_it_and_sees_nothing_of_the_one_before(pool: Pool, ward: Rows) -> None:
    expected = {ward: await count(pool, ward), NO_ROWS: 0, EVERY_ROW: await count(pool, EVERY_ROW)}
    assert expected[ward] > 0
    for _ in range(3):
        for before in expected:
            for rows in expected:
                assert await count(pool, before) == expected[before]
                assert await first(pool, rows) == expected[rows], (before, rows)
                assert await count(pool, rows) == expected[rows], "and so it stays"


async def test_what_follows_the_first_query_reads_for_the_same(pool: Pool, ward: Rows) -> None:
    await count(pool, EVERY_ROW)
    for asked in (True, False):
        async with pool.acquire_untold(ward) as session:
            if asked:
                await session.fetch("SELECT 1")
            connection = await session.told()
            assert await connection.fetchval(_COUNT) == await count(pool, ward)


async def test_a_first_query_keeps_the_order_of_what_it_finds(pool: Pool) -> None:
    query = "SELECT n, n AS n FROM generate_series($1::int, $2::int) n ORDER BY n % 7 DESC, n LIMIT 500"
    async with pool.acquire(EVERY_ROW) as connection:
        expected = [tuple(row) for row in await connection.fetch(query, 1, 5000)]
    for rows in (NO_ROWS, EVERY_ROW):
        async with pool.acquire_untold(rows) as session:
            assert [tuple(row) for row in await session.fetch(query, 1, 5000)] == expected


async def test_a_first_query_that_fails_leaves_nothing_behind(pool: Pool, ward: Rows) -> None:
    for step in range(30):
        await count(pool, ward)
        if step % 3 == 0:
            with pytest.raises(asyncpg.PostgresError):
                await first(pool, EVERY_ROW, "SELECT 1 / (count(*) - count(*)) FROM dossier")
        else:
            task = asyncio.create_task(first(pool, EVERY_ROW))
            for _ in range(step % 8):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await first(pool, NO_ROWS) == 0
        assert await count(pool, NO_ROWS) == 0


async def test_a_first_query_that_can_find_nothing_has_told_nothing(pool: Pool, ward: Rows) -> None:
    """Postgres carries nothing out of it, not even that it is told for whom it reads."""
    for never in ("SELECT 1 AS n WHERE false", "SELECT id FROM dossier WHERE id IS NULL", "SELECT 1 AS n LIMIT 0"):
        for before, rows in ((EVERY_ROW, NO_ROWS), (EVERY_ROW, ward), (ward, NO_ROWS)):
            expected = await count(pool, rows)
            async with pool.acquire(before):
                pass
            async with pool.acquire_untold(rows) as session:
                assert await session.fetch(never) == []
                assert await (await session.told()).fetchval(_COUNT) == expected, (never, before)
            assert await count(pool, rows) == expected, (never, before)


@pytest.mark.parametrize(
    ("agencies", "rows"),
    [
        ([], "{}"),
        ([7], "{[7,8)}"),
        ([3, 1, 2], "{[1,4)}"),
        ([1, 2, 4, 5, 9], "{[1,3),[4,6),[9,10)}"),
    ],
)
async def test_agencies_as_the_policies_take_them(database: Database, agencies: list[int], rows: str) -> None:
    assert rows_of(frozenset(agencies)) == rows
    owner = await asyncpg.connect(database.owner_url)
    found = await owner.fetch("SELECT n FROM generate_series(0, 12) n WHERE n <@ $1::text::int4multirange", rows)
    await owner.close()
    assert [row[0] for row in found] == sorted(agencies)
