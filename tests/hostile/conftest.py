"""A province with dossiers in it, for a module."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from services.serve import app_of
from tests.conftest import Database
from tests.hostile.calls import Scene
from tests.support import PROVINCE, bearer, serving, settings_for

#: Nobody listens there: the rooms do not speak to each other here.
NOBODY = "http://127.0.0.1:9"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(
    database: Database, issuer: LocalIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """The three real rooms."""
    nobody = dict.fromkeys(("intake_url", "routing_url", "stats_url"), NOBODY)
    ours = {"files": str(tmp_path_factory.mktemp("files")), "webhook_networks": ("127.0.0.0/8",)}
    unlimited = dict.fromkeys(("public_per_minute", "petitions_per_hour", "wrong_secrets_per_hour"), 1_000_000)
    settings = settings_for(database, issuer, **ours, **nobody, **unlimited)
    owner = await asyncpg.connect(database.owner_url)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        yield Scene(intake, routing, issuer, stats, owner)
    await owner.close()
