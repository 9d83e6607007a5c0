"""The routing service over a database of its own, and the means to put dossiers there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest_asyncio
from fastapi import FastAPI

from routing_service.app import create_app
from services.local_issuer import LocalIssuer
from shared.reference import Reference
from shared.reference.store import read_reference
from tests.builders import Built, a_dossier
from tests.support import PROVINCE, bearer, serving, settings_for

#: Nobody listens there: intake is down.
NOBODY = "http://127.0.0.1:9"


@dataclass
class Routing:
    """The running service, its client, and the owner's connection to its database."""

    app: FastAPI
    http: httpx.AsyncClient
    owner: asyncpg.Connection
    reference: Reference
    issuer: LocalIssuer

    def as_(self, role: str, agency: str = PROVINCE, **more: Any) -> dict[str, str]:
        """The header of a caller."""
        return bearer(self.issuer, role, agency, **more)

    async def dossier(self, **given: Any) -> Built:
        """A dossier in the database."""
        return await a_dossier(self.owner, self.reference, **given)

    async def case(self, **given: Any) -> Built:
        """A dossier whose case is open."""
        built = await self.dossier(**given)
        answer = await self.http.post("/v1/cases", json={"code": built.code}, headers=self.as_("machine"))
        assert answer.status_code == 201, answer.text
        return built


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def routing(database, issuer) -> AsyncIterator[Routing]:
    """The service with the reference data and no dossiers; shared by the tests of one module. Intake is down."""
    app = create_app(settings_for(database, issuer, intake_url=NOBODY))
    owner = await asyncpg.connect(database.owner_url)
    async with serving(app) as http:
        yield Routing(app, http, owner, await read_reference(owner), issuer)
    await owner.close()


def reasons(answer: httpx.Response) -> set[tuple[str, str]]:
    """The (field, code) pairs of a refusal."""
    return {(entry["field"], entry["code"]) for entry in answer.json()["errors"]}
