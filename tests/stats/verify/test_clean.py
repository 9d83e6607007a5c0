"""`motcua verify`: random lives are clean, at every moment."""

import asyncio
import random
from datetime import date, timedelta

import asyncpg
import orjson
import pytest

from intake_service.app import create_app as intake_app
from routing_service.app import create_app as routing_app
from services.local_issuer import LocalIssuer
from shared.domain.counts import Facts
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from tests.builders_log import DAY, a_dossier, a_history, an_event, write, write_events
from tests.conftest import Database
from tests.intake.lives import many_lives
from tests.stats.verify.grounds import FIRST, LAST, Ground, differences, motcua_verify
from tests.support import PROVINCE, bearer, serving, settings_for


@pytest.mark.parametrize("seed", range(5))
async def test_a_random_history_is_clean_at_every_moment(ground: Ground, seed: int) -> None:
    """Whatever is folded, whatever is not yet, in whatever order it came in."""
    rng = random.Random(seed)
    written = [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(40)]
    waiting = {history.code: list(history.events) for history in written}
    by_code = {history.code: history for history in written}
    while waiting:
        async with ground.owner.transaction():
            for code in rng.sample(sorted(waiting), min(len(waiting), rng.randint(1, 12))):
                some = waiting[code][: rng.randint(1, 3)]
                await write_events(ground.owner, by_code[code], some)
                del waiting[code][: len(some)]
                if not waiting[code]:
                    del waiting[code]
        if rng.random() < 0.6:
            await fold_once(ground.stats, limit=rng.randint(1, 20))
        if rng.random() < 0.2:
            await bring_checkpoints_up(ground.stats, LAST + timedelta(days=rng.choice([0, 40])))
        assert await differences(ground.database, size=rng.randint(1, 30)) == []


async def test_an_event_folded_before_the_one_it_follows_is_no_difference(ground: Ground) -> None:
    """Transaction ids say who began, not who came first."""
    day = date(2019, 5, 6)  # a Monday
    facts = Facts(ground.agencies[0], 1, day, day + DAY, day + 2 * DAY)
    waiting = facts._replace(due_day=None, late_day=None, paused=True)
    history = a_dossier(
        an_event(facts, day),
        an_event(waiting, day),
        an_event(waiting._replace(agency_id=ground.agencies[1], channel=2), day + DAY),
    )
    slow = await asyncpg.connect(ground.database.owner_url)
    async with slow.transaction():
        await slow.fetchval("SELECT pg_current_xact_id()")
        await write_events(ground.owner, history, history.events[:2])
        await write_events(slow, history, history.events[2:])
    await slow.close()
    for _ in range(3):
        assert await differences(ground.database) == []
        await fold_once(ground.stats, limit=1)
    assert await differences(ground.database) == []


async def test_what_goes_on_meanwhile_is_no_difference(ground: Ground) -> None:
    """Writers, and the fold after them: every look is of one moment."""
    over = asyncio.Event()
    rng = random.Random(11)

    async def writes() -> None:
        while not over.is_set():
            more = [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(3)]
            async with ground.owner.transaction():
                await write(ground.owner, more)
            await asyncio.sleep(0.05)  # each look takes longer by what was written: they would not come to an end

    async def folds() -> None:
        while not over.is_set():
            await fold_once(ground.stats, limit=rng.randint(1, 30))

    async def looks() -> None:
        try:
            for _ in range(8):
                assert await differences(ground.database, size=10) == []
        finally:
            over.set()

    await asyncio.gather(writes(), folds(), looks())


async def test_lives_as_intake_writes_them_are_clean(fresh_database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(fresh_database, issuer)
    stats = await asyncpg.connect(fresh_database.url("motcua_stats"))
    async with serving(intake_app(settings)) as intake, serving(routing_app(settings)):
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        async for n in many_lives(intake, random.Random(3)):
            if n % 2:
                await fold_once(stats)
    await stats.close()
    status, printed = await motcua_verify(fresh_database, "--format", "json")
    told = orjson.loads(printed)
    assert (status, told["differences"]) == (0, [])
    assert told["seen"]["events"] > 100
    assert told["seen"]["words"] > 20
    assert told["seen"]["words_gone"] == 0
