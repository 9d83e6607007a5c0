"""`motcua up`: from nothing to a running installation, and down again in order."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import httpx

from migrations.apply import migrate
from migrations.logins import role_url
from services.embedded import RunningServer, start
from services.installation import Addresses, Installation
from services.reference import LoadSummary, load_reference

ROOMS = ("intake", "routing", "stats")
DEFAULT_PORTS = (8001, 8002, 8003)
READY_SECONDS = 180.0
STOP_SECONDS = 15.0
WATCH_SECONDS = 0.5
MOST_DEATHS_A_MINUTE = 10


class LaunchFailed(RuntimeError):
    """The installation did not come up; the message says why and what to do."""


class Database:
    """The database of an installation: the one that MOTCUA_DATABASE_URL names, or the embedded one."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._given = os.environ.get("MOTCUA_DATABASE_URL")
        self._server: RunningServer | None = None

    def __enter__(self) -> "Database":
        self.keep_alive()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()

    @property
    def url(self) -> str:
        """The login of its owner."""
        return self._given or self._embedded().url

    def keep_alive(self) -> bool:
        """Start the embedded server if it does not run; whether that was needed. It comes back on its old port, and
        what was acknowledged is there."""
        if self._given or (self._server is not None and self._server.alive):
            return False
        if self._server is not None:
            self._server.stop()  # lets the directory go
        self._server = start(self._installation.data_dir)
        return True

    def _embedded(self) -> RunningServer:
        assert self._server is not None, "entered before use"
        return self._server


def prepare_database(url: str) -> LoadSummary:
    """Bring the schema and the reference data up to date. Repeating it changes nothing."""

    async def run() -> LoadSummary:
        await migrate(url)
        return await load_reference(lambda role: role_url(url, role))

    return asyncio.run(run())


class Services:
    """The three services as processes of their own: started together, watched, stopped in order. Loading takes them
    most of their start, so they are started while the schema is being brought up to date, and wait for it."""

    def __init__(self, installation: Installation, url: str, ports: Sequence[int]) -> None:
        self._installation = installation
        self._url = url
        self._ports = dict(zip(ROOMS, (port or _free_port() for port in ports), strict=True))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        intake, routing, stats = (f"http://127.0.0.1:{self._ports[room]}" for room in ROOMS)
        self.addresses = Addresses(intake, routing, stats, os.getpid())

    def __enter__(self) -> "Services":
        for room, port in self._ports.items():
            _need_free(room, port)
        try:
            for room in ROOMS:
                self._spawn(room)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._installation.note_stopped()
        self._stop()

    def await_ready(self) -> None:
        """Wait until all three answer. They may be started before the schema is there: they load meanwhile."""
        for room in ROOMS:
            self._await_ready(room)
        self._installation.note_running(self.addresses)

    def revive(self) -> list[str]:
        """Start again whatever has died; its names. Nothing is lost by it: what was acknowledged is in the database."""
        dead = [room for room in ROOMS if self._processes[room].poll() is not None]
        for room in dead:
            self._spawn(room)
        return dead

    def log_of(self, room: str) -> Path:
        """Where a service writes its log."""
        return self._installation.logs / f"{room}.log"

    def _spawn(self, room: str) -> None:
        environment = {
            **os.environ,
            "MOTCUA_DATABASE_URL": role_url(self._url, f"motcua_{room}"),
            "MOTCUA_JWKS_FILE": str(self._installation.issuer.jwks_file.resolve()),
            "MOTCUA_CURSOR_KEY": self._installation.cursor_key(),
            "MOTCUA_SERVICE_TOKEN": self._installation.service_token(),
            "MOTCUA_INTAKE_URL": self.addresses.intake,
            "MOTCUA_ROUTING_URL": self.addresses.routing,
            "MOTCUA_STATS_URL": self.addresses.stats,
            "MOTCUA_LAUNCHER_PID": str(os.getpid()),
        }
        command = [sys.executable, "-m", "services", "serve", room, "--port", str(self._ports[room])]
        with self.log_of(room).open("ab") as log:
            # A session of its own: Ctrl-C reaches the launcher alone, which stops everything in order.
            self._processes[room] = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _await_ready(self, room: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._processes[room].poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{getattr(self.addresses, room)}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        log = self.log_of(room)
        raise LaunchFailed(f"The {room} service did not get ready. Its last words ({log}):\n{_tail(log)}")

    def _stop(self) -> None:
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def watch(database: Database, services: Services, say: Callable[[str], None]) -> NoReturn:
    """Until Ctrl-C or SIGTERM: start again what dies. What dies over and over ends it with an error."""
    deaths: list[float] = []
    while True:
        time.sleep(WATCH_SECONDS)
        dead = ["database"] if database.keep_alive() else []
        dead += services.revive()
        for name in dead:
            say(f"{name} had stopped and was started again")
        deaths = [at for at in deaths if at > time.monotonic() - 60] + [time.monotonic()] * len(dead)
        if len(deaths) > MOST_DEATHS_A_MINUTE:
            raise LaunchFailed(f"{dead[0]} stops again and again; see the logs in {services.log_of('intake').parent}")


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM stops as Ctrl-C does: everything in order."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _need_free(room: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LaunchFailed(
                f"Port {port} ({room}) is taken. Stop what uses it, or choose others: motcua up --ports 9001,9002,9003"
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return "(no log)"
