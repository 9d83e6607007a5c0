"""The rooms over one database, and dossiers to which agencies stand in several relations."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from services.serve import app_of
from tests.conftest import Database
from tests.intake.lives import received, submitted
from tests.support import JUSTICE, PROVINCE, WARD, bearer, serving, settings_for

#: Another ward, and a department: neither has anything to do with the dossier, until the latter is asked.
STRANGER, ASKED = "19342", "QT25-D04"


@dataclass
class Province:
    """The three rooms over one database."""

    intake: httpx.AsyncClient
    routing: httpx.AsyncClient
    issuer: LocalIssuer

    def as_(self, role: str, agency: str) -> dict[str, str]:
        return bearer(self.issuer, role, agency)

    async def did(self, client: httpx.AsyncClient, path: str, role: str, agency: str, body: Any = None) -> Any:
        answer = await client.post(path, json=body, headers=self.as_(role, agency))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def dossier(self, state: str, **draft: Any) -> str:
        """Received by the ward and held by the justice department; `given`: it has not received it yet; `received`:
        the ward still has it. submitted: nobody looked at it yet, and it is nobody's but the ward's."""
        if state == "submitted":
            made = await submitted(self.intake, agency=WARD, **draft)
            return str(made["code"])
        code = str((await received(self.intake, agency=WARD, **draft))["code"])
        await self.did(self.routing, "/v1/cases", "machine", PROVINCE, {"code": code})
        if state == "received":
            return code
        case = f"/v1/cases/{code}"
        await self.did(self.routing, f"{case}/hand-overs", "handler", WARD, {"to_agency": JUSTICE})
        if state != "given":
            await self.did(self.routing, f"{case}/hand-overs/1/receive", "handler", JUSTICE)
        if state == "asked":
            question = {"agency": ASKED, "content": "Xin ý kiến", "allotted": {"value": 8, "unit": "working_hour"}}
            await self.did(self.routing, f"{case}/opinions", "handler", JUSTICE, question)
        return code


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def province(
    database: Database, issuer: LocalIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Province]:
    settings = settings_for(database, issuer, files=str(tmp_path_factory.mktemp("files")))
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
    ):
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        yield Province(intake, routing, issuer)
