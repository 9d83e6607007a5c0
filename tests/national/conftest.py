"""The national portal, over real HTTP. `portal`: one process for a module, as new for each test. `started`: processes
of one's own, with arguments, to be killed and started again."""

from collections.abc import Callable, Iterator

import pytest

from tests.national.running import Caller, PortalProcess


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
