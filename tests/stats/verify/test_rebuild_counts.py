"""`motcua rebuild-counts`: whatever the counts were, they are what the events make, and nobody who reads or writes
meanwhile sees anything between the old counts and the new."""

import asyncio
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from shared.web.database import Reading
from stats_service.counts import store
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from stats_service.figures.rules import Sums
from stats_service.verification.store import writing_alone
from stats_service.verification.usecases import Busy, Moved, Rebuilt, rebuild
from tests.builders_log import a_history, fold_all, write
from tests.conftest import Database
from tests.stats.verify.grounds import FIRST, LAST, Ground, differences

NOTHING_TO_DO = Rebuilt(0, 0, 0, False)
_STRAIGHT = """
SELECT count(*) FILTER (WHERE received_day < $2), count(*) FILTER (WHERE finished_day < $2),
  count(*) FILTER (WHERE finished_day < $2 AND verdict = 1), count(*) FILTER (WHERE late_day < $2)
FROM dossier WHERE agency_id = ANY($1::int[])
"""


async def again(database: Database, progress: Callable[[float], None] = lambda _: None) -> Rebuilt:
    return await rebuild(database.url, LAST, progress, size=7)


def meanwhile(work: Callable[[asyncpg.Connection], Coroutine[Any, Any, Any]], url: str) -> Callable[[float], None]:
    """A progress during which, once, somebody else does `work`, and is done."""
    once = iter([True])

    async def run() -> None:
        connection = await asyncpg.connect(url)
        await work(connection)
        await connection.close()

    def moved(_: float) -> None:
        if next(once, False):
            other = threading.Thread(target=lambda: asyncio.run(run()))
            other.start()
            other.join()

    return moved


CORRUPTIONS = (
    "UPDATE count_day SET received = received + 1000, late_settled = -3 WHERE agency_id % 2 = 0",
    "UPDATE count_day SET resolved = 2147483647 WHERE day > '2019-05-01'",
    "UPDATE count_day SET resolved = -2147483648 WHERE day > '2019-05-01'",
    "DELETE FROM count_day WHERE day < '2019-01-15'",
    "TRUNCATE count_day",
    "TRUNCATE count_checkpoint",
    "TRUNCATE count_day, count_checkpoint",
    "INSERT INTO count_day (agency_id, day, channel, received) VALUES (999, '2031-01-01', 9, 7)",
    "UPDATE count_checkpoint SET received = 9223372036854775807 WHERE month = '2019-03-01' AND agency_id <> 0",
    "DELETE FROM count_checkpoint WHERE agency_id = 0 AND month >= '2019-04-01'",
    "DELETE FROM count_checkpoint WHERE month = '2019-04-01'",
    "UPDATE count_checkpoint SET received = 5 WHERE agency_id = 0",
    "INSERT INTO count_checkpoint (agency_id, month, channel, received) VALUES (999, '2031-01-01', 9, 7)",
    "UPDATE stats_position SET (txid, event_id) = (SELECT txid, id FROM dossier_event ORDER BY 1, 2 OFFSET 90 LIMIT 1)",
    "UPDATE stats_position SET txid = '0', event_id = 0",
    "UPDATE stats_position SET event_id = event_id - 1000000",
    "UPDATE stats_position SET txid = '9223372036854775807'",
    "DELETE FROM stats_position",
)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
async def test_whatever_was_wrong_it_is_clean_afterwards(ground: Ground, corruption: str) -> None:
    await ground.owner.execute(corruption)
    assert await again(ground.database) != NOTHING_TO_DO
    assert await differences(ground.database) == []
    await fold_all(ground.stats)
    await bring_checkpoints_up(ground.stats, LAST + timedelta(days=40))
    assert await differences(ground.database) == []
    assert await again(ground.database) == NOTHING_TO_DO


async def test_what_is_right_is_not_touched(ground: Ground) -> None:
    changed = "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^count'"
    before = await ground.owner.fetchval(changed)
    assert await again(ground.database) == NOTHING_TO_DO
    assert await ground.owner.fetchval(changed) == before


async def test_the_fold_goes_on_and_months_are_made_meanwhile(ground: Ground) -> None:
    await ground.owner.execute(CORRUPTIONS[0])
    await ground.owner.execute(CORRUPTIONS[3])
    rng = random.Random(1)

    async def work(owner: asyncpg.Connection) -> None:
        more = [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(20)]
        await write(owner, more)
        await owner.execute("SET ROLE motcua_stats")
        await fold_once(owner, limit=50)
        assert await bring_checkpoints_up(owner, date(2019, 12, 1)) > 3

    done = await again(ground.database, meanwhile(work, ground.database.owner_url))
    assert done.cells > 0
    assert done.months > 3
    assert await differences(ground.database) == []


async def test_a_position_set_by_hand_meanwhile_changes_nothing(ground: Ground) -> None:
    await ground.owner.execute(CORRUPTIONS[0])

    async def work(owner: asyncpg.Connection) -> None:
        await owner.execute(CORRUPTIONS[13])

    before = await ground.owner.fetch("SELECT * FROM count_day ORDER BY 1, 2, 3")
    with pytest.raises(Moved):
        await again(ground.database, meanwhile(work, ground.database.owner_url))
    assert await ground.owner.fetch("SELECT * FROM count_day ORDER BY 1, 2, 3") == before


async def test_one_at_a_time(ground: Ground) -> None:
    """Two would both add what is lacking."""
    async with writing_alone(ground.database.url("motcua_stats")) as alone:
        assert alone is not None
        with pytest.raises(Busy):
            await again(ground.database)
    assert await again(ground.database) == NOTHING_TO_DO


async def _errors(ground: Ground, connection: asyncpg.Connection) -> tuple[int, ...]:
    """By how much a report's sums and straight SQL differ at one moment, before two days."""
    found: list[int] = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for day in (date(2019, 2, 13), date(2019, 7, 1)):
            ((_, _, *values),) = await store.sums_before(Reading(connection), ground.agencies, [day], "none")  # type: ignore[arg-type]
            sums = Sums(*values)
            straight = await connection.fetchrow(_STRAIGHT, ground.agencies, day)
            assert straight is not None
            ours = (sums.received, sums.resolved, sums.resolved_early, sums.fell_late)
            found += [a - b for a, b in zip(ours, straight, strict=True)]
    return tuple(found)


@pytest.mark.parametrize("wrong", [False, True])
async def test_reports_see_the_old_counts_or_the_new_while_events_are_written(ground: Ground, wrong: bool) -> None:
    """Where the counts are right every report is exact at every moment; else wrong as it was, until it is right."""
    if wrong:
        await ground.owner.execute(
            "UPDATE count_day SET received = received + 3 WHERE day IN (SELECT min(day) FROM count_day)"
        )
        await ground.owner.execute(
            "UPDATE count_checkpoint SET resolved = resolved + 1 WHERE month = '2019-02-01' AND agency_id <> 0"
        )
    reader = await asyncpg.connect(ground.database.url("motcua_stats"), server_settings={"jit": "off"})
    as_it_was = await _errors(ground, reader)
    assert any(as_it_was) is wrong
    over, rng = asyncio.Event(), random.Random(5)

    async def writes() -> None:
        while not over.is_set():
            async with ground.owner.transaction():
                more = (
                    a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(3)
                )
                await write(ground.owner, more)
            await asyncio.sleep(0)

    async def folds() -> None:
        while not over.is_set():
            await fold_once(ground.stats, limit=rng.randint(1, 30))

    seen: list[tuple[int, ...]] = []

    async def reads() -> None:
        while not over.is_set():
            seen.append(await _errors(ground, reader))

    async def makes() -> None:
        try:
            for _ in range(3):
                await rebuild(ground.database.url, LAST, lambda _: None, size=5)
        finally:
            await asyncio.sleep(0.3)
            over.set()

    await asyncio.gather(writes(), folds(), reads(), makes())
    right = (0,) * len(as_it_was)
    assert seen == sorted(seen, key=lambda errors: errors == right), "once right, always right"
    assert set(seen) <= {as_it_was, right}
    assert seen[-1] == right
    assert await differences(ground.database) == []
    await reader.close()


async def _motcua_rebuild(database: Database) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "rebuild-counts"),
        env={"MOTCUA_DATABASE_URL": database.owner_url, "LC_ALL": "vi_VN.UTF-8", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_killed_at_any_time_it_has_done_all_or_nothing(ground: Ground) -> None:
    await ground.owner.execute("UPDATE count_day SET received = received + 3, resolved = resolved + 1")
    planted = await differences(ground.database)
    # Whoever is killed while it waits for the position has all behind it but the writing.
    blocked = ground.owner.transaction()
    await blocked.start()
    await ground.owner.execute("SELECT FROM stats_position FOR UPDATE")
    process = await _motcua_rebuild(ground.database)
    while not await ground.stats.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'motcua-rebuild'"
        " AND wait_event_type = 'Lock')"
    ):
        assert process.returncode is None
        await asyncio.sleep(0.02)
    process.kill()
    await process.wait()
    await blocked.rollback()
    for seconds in (0.3, 0.6, 0.9):
        process = await _motcua_rebuild(ground.database)
        await asyncio.sleep(seconds)
        if process.returncode is None:
            process.kill()
        await process.wait()
        assert await differences(ground.database) in (planted, [])
    process = await _motcua_rebuild(ground.database)
    printed, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    assert "Đã đếm lại" in printed.decode()
    assert await differences(ground.database) == []


@pytest.fixture(autouse=True)
async def _nobody_else(ground: Ground) -> AsyncIterator[None]:
    """A killed command's session may live on for a moment."""
    yield
    await ground.owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'motcua-rebuild'"
    )
