"""The counter, on both places where contents are kept."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.files.counters import MOST, PERSON, Counter
from tests.intake.lives import received
from tests.intake.storing import real_s3, settings_of_s3
from tests.support import WARD, bearer, serving, settings_for


@pytest.fixture(scope="module", params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """(where its contents lie, the settings that name it)"""
    directory = tmp_path_factory.mktemp("kept")
    if request.param == "directory":
        yield directory, {"files": str(directory)}
        return
    with real_s3(directory) as address:
        yield directory, settings_of_s3(address)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(database: Database, issuer: LocalIssuer, place: tuple[Path, Any]) -> AsyncIterator[Counter]:
    settings = settings_for(database, issuer, max_file_bytes=MOST, **place[1])
    async with serving(create_app(settings)) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        yield Counter(client, place[0], settings, issuer)


@pytest_asyncio.fixture(loop_scope="session")
async def dossier(counter: Counter) -> dict[str, Any]:
    return await received(counter.client, applicant=PERSON)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()
