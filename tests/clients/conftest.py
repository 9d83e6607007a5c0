"""One running installation for all clients: `motcua up` as a process, three services, real HTTP."""

from collections.abc import Iterator

import pytest

from services.installation import Addresses
from shared.web.clock import now
from tests.clients.pages import Origin
from tests.journeys.conftest import Running, await_running, start_up, stop
from tests.support import PROVINCE, REGISTER_COPY, WARD


@pytest.fixture(scope="package")
def named() -> Iterator[Origin]:
    """An origin whose pages may call the services."""
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture
def foreign() -> Iterator[Origin]:
    """An origin of which they have not heard."""
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, named: Origin) -> Iterator[Running]:
    """An installation without dossiers."""
    data_dir = tmp_path_factory.mktemp("installation")
    process = start_up(data_dir, "--replay", "none", MOTCUA_CORS_ORIGINS=named.address)
    found = await_running(process, data_dir)
    yield found
    stop(found)


@pytest.fixture
def told(running: Running) -> dict[str, str]:
    """What a journey is told in its environment: where the services are, and a token for each who takes part."""
    issue, at = running.installation.issuer.token, now()
    addresses: Addresses = running.addresses
    return {
        "INTAKE": addresses.intake,
        "ROUTING": addresses.routing,
        "STATS": addresses.stats,
        "COUNTER_TOKEN": issue(role="counter", agency=WARD, now=at),
        "HANDLER_TOKEN": issue(role="handler", agency=WARD, now=at),
        "LEADER_TOKEN": issue(role="leader", agency=PROVINCE, now=at),
        "AGENCY": WARD,
        "PROCEDURE": REGISTER_COPY,
    }
