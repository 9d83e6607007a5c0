"""Webhooks of a running service, a real receiver, and whoever follows the logs and sends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from routing_service.app import create_app
from routing_service.webhook_deliveries.sending import Patience, Sender, resolved
from routing_service.webhook_deliveries.usecases import Dispatcher, Follower
from shared.reference.store import read_reference
from shared.tables import policies
from shared.web.clock import now
from shared.web.settings import Settings
from tests.conftest import Database
from tests.routing.conftest import NOBODY, Routing
from tests.routing.webhooks.receiving import HOST, Receiver, receiving
from tests.support import serving, settings_for

ALL_KINDS = ["accepted", "supplement_requested", "supplemented", "finished", "returned", "transferred"]


async def loopback(host: str, port: int) -> Sequence[str]:
    """The receiver's name stands for this machine; others are as they are."""
    return ["127.0.0.1"] if host == HOST else await resolved(host, port)


def receiver_settings(receiver: Receiver) -> dict[str, Any]:
    """What an operator sets who has a receiver on his own machine."""
    return {
        "webhook_networks": ("127.0.0.0/8", "::1/128"),
        "webhook_ports": (443, receiver.port),
        "webhook_certificates": receiver.authority,
    }


@dataclass
class Webhooks:
    """The service with its receiver."""

    routing: Routing
    receiver: Receiver
    database: Database
    settings: Settings

    async def made(self, path: str = "/ok", *, role: str = "admin", agency: str = "44", **more: Any) -> dict[str, Any]:
        """A webhook of the receiver, by its path; with its secret."""
        body = {"url": self.receiver.url(path, "localhost"), "kinds": ALL_KINDS, **more}
        answer = await self.routing.http.post("/v1/webhooks", json=body, headers=self.routing.as_(role, agency))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def read(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """It as it is now."""
        answer = await self.routing.http.get(f"/v1/webhooks/{webhook['id']}", headers=self.routing.as_("admin"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def deliveries(self, webhook: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
        """Its messages, the oldest first."""
        answer = await self.routing.http.get(
            f"/v1/webhooks/{webhook['id']}/deliveries", params=asked, headers=self.routing.as_("admin")
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items[::-1]

    async def tested(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """A test message that waits."""
        answer = await self.routing.http.post(f"/v1/webhooks/{webhook['id']}/tests", headers=self.routing.as_("admin"))
        assert answer.status_code == 202, answer.text
        made: dict[str, Any] = answer.json()
        return made

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A session as the service's own role, as its consumers have it."""
        connection = await asyncpg.connect(self.database.url("motcua_routing"))
        await connection.execute("SELECT set_config($1, $2, false)", policies.SETTING, policies.EVERY_ROW)
        try:
            yield connection
        finally:
            await connection.close()

    async def followed(self, at: datetime | None = None, *, window: int = 1_000) -> None:
        """Messages are made of all that the logs say."""
        follower = Follower(lambda: self.routing.reference, lambda: at or now(), window=window)
        async with self.connection() as connection:
            while await follower.round(connection):
                pass

    def sender(self, **changes: Any) -> Sender:
        """Who sends, with less patience than in life."""
        settings = self.settings
        return Sender(
            **{
                "allowed": settings.webhook_targets,
                "certificates": settings.webhook_certificates,
                "resolve": loopback,
                "patience": Patience(resolve=2, connect=2, read=1.0, body=0.3, total=3),
                **changes,
            }
        )

    def dispatcher(self, clock: Callable[[], datetime] = now, **changes: Any) -> Dispatcher:
        """Who claims, sends and notes what came of it."""
        sender = changes.pop("sender", None) or self.sender()
        return Dispatcher(sender, self.settings.keyring, clock, idle=0.02, **changes)

    @asynccontextmanager
    async def sending(self, dispatcher: Dispatcher | None = None) -> AsyncIterator[None]:
        """While it is sent."""
        async with self.connection() as connection:
            task = asyncio.create_task((dispatcher or self.dispatcher()).round(connection))
            try:
                yield
            finally:
                done = task.done()
                task.cancel()
                if done:
                    await task
                with suppress(asyncio.CancelledError):
                    await task

    async def sent(self, *, at: datetime | None = None, seconds: float = 15) -> None:
        """Send what is due at an instant, until each of it was tried then."""
        when = at or now()
        async with self.sending(self.dispatcher(lambda: when)):
            await self.until(
                "NOT EXISTS (SELECT FROM webhook_message m JOIN webhook w ON w.id = m.webhook_id"
                " WHERE m.state = 'waiting' AND w.state = 'active' AND coalesce(w.resting_until, $1) <= $1"
                " AND (m.next_at <= $1 OR m.claimed_until > $1)"
                " AND NOT EXISTS (SELECT FROM webhook_message e WHERE e.webhook_id = m.webhook_id"
                " AND e.dossier_id = m.dossier_id AND e.state = 'waiting' AND e.id < m.id))",
                when,
                seconds=seconds,
            )

    async def until(self, condition: str, *values: Any, seconds: float = 15) -> None:
        """Wait until a condition holds in the database."""
        async with asyncio.timeout(seconds):
            while not await self.routing.owner.fetchval(f"SELECT {condition}", *values):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory) -> Iterator[Receiver]:
    """A real receiver of webhooks, with TLS."""
    with receiving(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hooked(database, issuer, receiver) -> AsyncIterator[Webhooks]:
    """The service whose operator allows the receiver; nobody follows and sends but the tests."""
    settings = settings_for(database, issuer, intake_url=NOBODY, **receiver_settings(receiver))
    app = create_app(settings)
    owner = await asyncpg.connect(database.owner_url)
    async with serving(app) as http:
        routing = Routing(app, http, owner, await read_reference(owner), issuer)
        yield Webhooks(routing, receiver, database, settings)
    await owner.close()


@pytest_asyncio.fixture(loop_scope="session")
async def webhooks(hooked) -> AsyncIterator[Webhooks]:
    """The same without the webhooks of the test before."""
    yield hooked
    await hooked.routing.owner.execute("DELETE FROM webhook_message; DELETE FROM webhook")
