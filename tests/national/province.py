"""A province that tells the portal: intake over a database of its own, and what speaks to the portal, run by hand."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx

from intake_service.national.usecases import Teller, queue_next
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from shared.web.settings import NationalPlace
from tests.conftest import Database
from tests.national.running import DSTCODE, MADONVI, PASSWORD, USERNAME, PortalProcess
from tests.support import a_draft, current_reference

#: No identification code of an agency of the province is known: this one is the test's.
IDENTIFIED = "000.15.27.H50"
IMPATIENT = "UPDATE national_message SET ready_at = least(ready_at, now()) WHERE ready_at IS NOT NULL"


def place(portal: PortalProcess) -> NationalPlace:
    """Where the portal is, and who asks."""
    to = portal.address
    return NationalPlace(
        f"{to}/auth", f"{to}/integration", f"{to}/share", MADONVI, DSTCODE, 1_000_000, USERNAME, PASSWORD
    )


@dataclass
class Province:
    """Intake on a database of its own, and what tells the portal, run by hand."""

    intake: httpx.AsyncClient
    portal: PortalProcess
    connection: asyncpg.Connection
    owner: asyncpg.Connection
    teller: Teller
    headers: dict[str, str]
    database: Database
    issuer: LocalIssuer

    async def receive(self, **more: Any) -> str:
        answer = await self.intake.post("/v1/dossiers", json=a_draft(**more), headers=self.headers)
        assert answer.status_code == 201, answer.text
        code: str = answer.json()["code"]
        return code

    async def act(self, code: str, verb: str, **body: Any) -> None:
        answer = await self.intake.post(f"/v1/dossiers/{code}/{verb}", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text

    async def tell(self, rounds: int = 60) -> None:
        """Until nothing is ready; what waits for a better moment is sent at once."""
        reference = await current_reference(self.owner)
        while await queue_next(self.connection, None, now()):
            pass
        for _ in range(rounds):
            self.teller._breaker.taken()
            await self.teller.tell_next(self.connection, reference)
            await self.owner.execute(IMPATIENT)
            if not await self.owner.fetchval("SELECT count(*) FROM national_message WHERE state = 'waiting'"):
                return

    async def states(self) -> dict[str, int]:
        rows = await self.owner.fetch("SELECT state, count(*) FROM national_message GROUP BY state")
        return {row[0]: row[1] for row in rows}

    async def told(self, code: str) -> list[asyncpg.Record]:
        return await self.owner.fetch(
            "SELECT m.* FROM national_message m JOIN dossier d ON d.id = m.dossier_id WHERE d.code = $1"
            " ORDER BY seq, round, step",
            code,
        )

    async def messages(self, **asked: str) -> list[dict[str, Any]]:
        answer = await self.intake.get("/v1/national/messages", params=asked, headers=self.headers)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def proof(self) -> dict[str, Any]:
        found: dict[str, Any] = self.portal.control("GET", "proof")
        assert (found["out_of_order"], found["twice"]) == ([], [])
        return found


async def for_all(database: Database) -> asyncpg.Connection:
    """A session of intake that sees every dossier, as its consumers do."""
    connection = await asyncpg.connect(database.url("motcua_intake"))
    await connection.execute("SELECT set_config('motcua.scope', '{(,)}', false)")
    return connection
