"""The ground that rows stand on: one embedded PostgreSQL for the run, databases in it, and real service processes.

Everything lies in a directory of its own and is stopped and removed at the end.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import asyncpg
import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.engine import make_url

from bench.scale import Scale
from migrations.apply import migrate
from migrations.logins import role_url
from services.embedded import RunningServer, binary, start
from services.installation import Installation
from services.reference import load_reference
from shared.reference import Reference
from shared.reference.store import read_reference
from shared.web.clock import now

ROOMS = ("intake", "routing", "stats")
_TEMPLATE = "bench_template"
#: Under which identity numbers are sealed: by the services, and in what the reference writes.
IDENTITY_KEYS = f"1:{bytes(32).hex()}"


@dataclass(frozen=True, slots=True)
class Service:
    """A running service process."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class Ground:
    """Server, databases and services. The server starts when it is first asked for."""

    def __init__(self, directory: Path, scale: Scale, console: Console) -> None:
        self.directory = directory
        self.scale = scale
        self.console = console
        self.installation = Installation(directory)
        self.installation.prepare()
        self._stack = ExitStack()
        self._server: RunningServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def server(self) -> RunningServer:
        """The database server, with the settings of an installation: what is acknowledged is on the disk."""
        if self._server is None:
            self._server = self._stack.enter_context(start(self.directory))
        return self._server

    def database(self, name: str) -> str:
        """The owner's URL of a fresh database with schema and reference data."""

        async def make() -> None:
            connection = await asyncpg.connect(self.server.url)
            try:
                if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", _TEMPLATE):
                    await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
                    await migrate(self.url(_TEMPLATE))
                    await load_reference(lambda role: role_url(self.url(_TEMPLATE), role))
                await connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
            finally:
                await connection.close()

        asyncio.run(make())
        return self.url(name)

    def has(self, name: str) -> bool:
        """Whether a row before has made a database and left it."""

        async def found() -> bool:
            async with connected(self.server.url) as connection:
                return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))

        return asyncio.run(found())

    def drop(self, name: str) -> None:
        """Give a database's disk space back."""

        async def gone() -> None:
            connection = await asyncpg.connect(self.server.url)
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await connection.close()

        asyncio.run(gone())

    def url(self, name: str) -> str:
        """The owner's URL of a database."""
        return make_url(self.server.url).set(database=name).render_as_string(hide_password=False)

    def token(self, role: str, agency: str) -> str:
        """A token as the installation's issuer makes it."""
        return self.installation.issuer.token(role=role, agency=agency, now=now())

    @contextmanager
    def serving(
        self,
        url: str,
        *rooms: str,
        idle: Collection[str] = (),
        settings: Mapping[str, str] = MappingProxyType({}),
        program: str = "services",
    ) -> Iterator[list[Service]]:
        """`motcua serve ROOM` for each, as `motcua up` starts them. `idle`: rooms without their consumers. `settings`:
        more of the environment. `program`: another module that begins them."""
        ports = {room: _free_port() for room in ROOMS}
        environment = {
            **os.environ,
            "MOTCUA_EMBEDDED": "true",
            "MOTCUA_JWKS_FILE": str(self.installation.issuer.jwks_file.resolve()),
            "MOTCUA_CURSOR_KEY": self.installation.cursor_key(),
            "MOTCUA_TRACKING_KEY": self.installation.tracking_key(),
            "MOTCUA_IDENTITY_KEYS": IDENTITY_KEYS,
            "MOTCUA_SERVICE_TOKEN": self.installation.service_token(),
            # Counted like everybody's, and never enough: what is measured is the way, not the barrier.
            "MOTCUA_CALLS_PER_MINUTE": "100000000",
            "MOTCUA_ADDRESS_CALLS_PER_MINUTE": "100000000",
            "MOTCUA_NUMBERS_SOUGHT_PER_HOUR": "100000000",
            "MOTCUA_LAUNCHER_PID": str(os.getpid()),
            **settings,
            **{f"MOTCUA_{room.upper()}_URL": f"http://127.0.0.1:{port}" for room, port in ports.items()},
        }
        processes: list[subprocess.Popen[bytes]] = []
        try:
            with open(self.installation.logs / "services.log", "ab") as log:
                for room in rooms:
                    command = [sys.executable, "-m", program, "serve", room, "--port", str(ports[room])]
                    own = {
                        **environment,
                        "MOTCUA_DATABASE_URL": role_url(url, f"motcua_{room}"),
                        "MOTCUA_BACKGROUND": str(room not in idle).lower(),
                    }
                    processes.append(
                        subprocess.Popen(command, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                    )
            running = [Service(ports[room], process.pid) for room, process in zip(rooms, processes, strict=True)]
            for process, service in zip(processes, running, strict=True):
                _await_ready(process, service, self.installation.logs / "services.log")
            yield running
        finally:
            stop(processes)

    @contextmanager
    def progress(self, text: str, total: float | None) -> Iterator[Callable[[float], None]]:
        """A bar for long work; call what you get with how far it is."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task(text, total=total)
            yield lambda done: bar.update(task, completed=done)

    def say(self, text: str) -> None:
        """Tell how far the run is."""
        self.console.print(f"[dim]{text}[/]")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """One connection, as the services configure theirs."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "Asia/Ho_Chi_Minh", "jit": "off"})
    try:
        yield connection
    finally:
        await connection.close()


async def reference_in(url: str) -> Reference:
    """The reference data of a database."""
    async with connected(url) as connection:
        return await read_reference(connection)


async def unfolded(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Events that stats has not folded yet."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM dossier_event e WHERE (e.txid, e.id) > ("
        " coalesce((SELECT txid FROM stats_position), '0'::xid8),"
        " coalesce((SELECT event_id FROM stats_position), 0))"
    )
    return found


def until_folded(url: str, patience: float = 300) -> None:
    """Wait until a running stats has folded the log to its end."""

    async def wait() -> None:
        async with connected(url) as connection, asyncio.timeout(patience):
            while await unfolded(connection):  # noqa: ASYNC110 (it is another process that works)
                await asyncio.sleep(0.02)

    asyncio.run(wait())


def pgbench(url: str, script: Path, *options: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs `script` again and again, and the environment in which it finds the password."""
    return _program("pgbench", url, "-n", "-M", "prepared", "-f", str(script), *options)


def psql(url: str, *commands: str) -> None:
    """Run commands in one session; the first error ends it."""
    given = [part for command in commands for part in ("-c", command)]
    command, environment = _program("psql", url, "-q", "-X", "-v", "ON_ERROR_STOP=1", *given)
    subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)


def _program(name: str, url: str, *options: str) -> tuple[list[str], dict[str, str]]:
    to = make_url(url)
    where = ["-h", str(to.host), "-p", str(to.port), "-U", str(to.username), str(to.database)]
    return [str(binary(name)), *options, *where], {**os.environ, "PGPASSWORD": str(to.password)}


def stop(processes: Sequence[subprocess.Popen[Any]]) -> None:
    """End our own processes, by their ids."""
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], service: Service, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{service.address}/readyz", timeout=2).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"A service did not get ready:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
