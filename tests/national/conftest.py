"""The national portal, over real HTTP. `portal`: one process for a module, as new for each test. `started`: processes
of one's own, with arguments, to be killed and started again."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as create_intake
from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.rules import NEEDED
from intake_service.national.usecases import Teller, queue_next
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from shared.web.keyring import Keyring
from tests.conftest import Database
from tests.national.province import IDENTIFIED, Province, for_all, place
from tests.national.running import Caller, PortalProcess
from tests.support import IDENTITY_KEYS, WARD, bearer, serving, settings_for


@pytest.fixture(scope="module")
def _portal() -> Iterator[PortalProcess]:
    process = PortalProcess("--seed", "7")
    yield process
    process.stop()


@pytest.fixture
def portal(_portal: PortalProcess) -> PortalProcess:
    """A portal in which nothing has happened yet."""
    _portal.control("POST", "reset")
    return _portal


@pytest.fixture
def caller(portal: PortalProcess) -> Caller:
    """A province that speaks to it, logged in."""
    made = Caller(portal)
    made.login()
    return made


@pytest.fixture
def started() -> Iterator[Callable[..., PortalProcess]]:
    """Starts portals of one's own."""
    running: list[PortalProcess] = []

    def start(*arguments: str) -> PortalProcess:
        running.append(PortalProcess(*arguments))
        return running[-1]

    yield start
    for process in running:
        process.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Intake, where the ward has an identification code."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE agency SET identification_code = $1 WHERE code = $2", IDENTIFIED, WARD)
    await owner.close()
    async with serving(create_intake(settings_for(database, issuer))) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def province(
    intake: httpx.AsyncClient, database: Database, issuer: LocalIssuer, portal: PortalProcess
) -> AsyncIterator[Province]:
    """Nothing was told yet, and of what happened before nothing is."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("TRUNCATE national_message")
    connection = await for_all(database)
    while await queue_next(connection, now(), now()):
        pass
    async with http_for_it() as http:
        ring = Keyring.of(IDENTITY_KEYS)
        teller = Teller(NationalClient(http, place(portal)), ring, NEEDED, in_flight=timedelta(0))
        made = Province(intake, portal, connection, owner, teller, bearer(issuer, "admin", WARD), database, issuer)
        yield made
    await made.connection.close()
    await owner.close()
