"""What is verified: many random lives, and one as intake writes it."""

import random
from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest
import pytest_asyncio

from intake_service.app import create_app as intake_app
from services.local_issuer import LocalIssuer
from shared.domain.counts import Facts
from stats_service.counts.usecases import bring_checkpoints_up
from tests.builders_log import DAY, History, a_dossier, a_history, an_event, fold_all, write
from tests.conftest import Database
from tests.emptying import empty
from tests.intake.lives import did, received
from tests.stats.verify.grounds import FIRST, LAST, TABLES, Ground
from tests.support import PROVINCE, bearer, serving, settings_for


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(database: Database) -> tuple[list[int], list[History]]:
    """Sixty random lives and one that is known, counted, with checkpoints; and a copy, to begin again from."""
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    agencies = [row[0] for row in await owner.fetch("SELECT id FROM agency ORDER BY id LIMIT 4")]
    rng = random.Random(4)
    histories = [a_history(rng, agencies=agencies, versions=[1], first=FIRST, last=LAST) for _ in range(60)]
    received = date(2019, 3, 4)  # a Monday
    calm = Facts(agencies[0], 1, received, received + DAY, received + 2 * DAY)
    histories.append(
        a_dossier(
            an_event(calm, received),
            an_event(calm._replace(due_day=None, late_day=None, paused=True), received + DAY),
            an_event(calm, received + 3 * DAY),
            an_event(calm._replace(finished_day=received + 3 * DAY, verdict=3), received + 3 * DAY),
        )
    )
    await write(owner, histories)
    await fold_all(stats)
    await bring_checkpoints_up(stats, LAST)
    for table in TABLES:
        await owner.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    await owner.close()
    await stats.close()
    return agencies, histories


@pytest.fixture
async def ground(database: Database, made: tuple[list[int], list[History]]) -> AsyncIterator[Ground]:
    """What was made, as it was made."""
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    await empty(owner, *TABLES)
    for table in TABLES:
        await owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
    yield Ground(database, owner, stats, *made)
    await owner.close()
    await stats.close()


@pytest.fixture
async def written(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[tuple[Ground, str]]:
    """A dossier as intake writes it, with a stop and its reason; and its code."""
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(intake_app(settings_for(fresh_database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        dossier = await received(intake)
        await did(intake, dossier, "stop", reason="Thiếu giấy của ông Nguyễn Văn Sửu")
    yield Ground(fresh_database, owner, owner, [], []), dossier["code"]
    await owner.close()
