"""One process of the system: a service behind uvicorn, or a worker that runs the consumers of all rooms."""

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from types import ModuleType

import uvicorn

from migrations.logins import role_url
from migrations.revision import head_revision
from services.heads import BoundedHeads
from shared.web.app import open_room
from shared.web.log import configure
from shared.web.settings import Settings, read_settings

ROOMS = ("intake", "routing", "stats")
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


def app_of(room: str) -> ModuleType:
    """A room's app module. Loaded when needed: a service does not pay for its neighbours at its start."""
    return import_module(f"{room}_service.app")


def preload() -> None:
    """Load what the rooms consist of, for a launcher that forks them."""
    for name in (*(f"{room}_service.app" for room in ROOMS), "httptools", "uvloop"):
        import_module(name)
    gc.freeze()


def serve(room: str, host: str, port: int) -> None:
    """Serve a room until SIGTERM or SIGINT."""
    _die_with_parent()
    _prctl(_PR_SET_NAME, f"motcua {room}".encode())  # what `top` shows
    config = uvicorn.Config(
        app_of(room).create_app(),
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedHeads,
        log_config=None,
        access_log=False,
        # Whose X-Forwarded-For is believed is a setting of ours; uvicorn would believe any process of this machine.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _Server(config).run()


class _Server(uvicorn.Server):
    """Calms the collector once all that stays is there, the reference data included."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _calm_collector()


def work() -> None:
    """Run the consumers of all rooms, without HTTP, until SIGTERM or SIGINT."""
    _die_with_parent()
    settings = read_settings()
    configure(settings.log_level, "worker")
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as rooms:
        for room in map(app_of, ROOMS):
            url = role_url(settings.database_url.get_secret_value(), room.ROLE)
            await rooms.enter_async_context(
                open_room(room.PLAN, settings, schema_revision=head_revision(), database_url=url)
            )
        await stop.wait()


def _calm_collector() -> None:
    """What is loaded at the start stays: collecting over it again and again cost an import a seventh of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _die_with_parent() -> None:
    """A service of embedded mode ends when its launcher is killed; elsewhere the operator's supervisor sees to it."""
    launcher = os.environ.get("MOTCUA_LAUNCHER_PID")
    if launcher is None:
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(launcher):
        sys.exit("the launcher is gone")


def _prctl(option: int, value: int | bytes) -> None:
    """Linux only; elsewhere nothing."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value)
