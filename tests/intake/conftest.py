"""The intake room on a database of the module's own."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.support import PROVINCE, WARD, bearer, serving, settings_for


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of intake that speaks as the ward's counter."""
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _admin(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def importer(_admin: httpx.AsyncClient, emptied: Database) -> httpx.AsyncClient:
    """A client of intake that speaks as the province's admin, with no dossier there yet."""
    return _admin
