"""`motcua up`: from nothing to a running installation, and down again in order."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from migrations.apply import migrate, role_url
from services.embedded import start
from services.installation import Addresses, Installation
from services.reference import LoadSummary, load_reference

ROOMS = ("intake", "routing", "stats")
DEFAULT_PORTS = (8001, 8002, 8003)
READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class LaunchFailed(RuntimeError):
    """The installation did not come up; the message says why and what to do."""


@contextmanager
def database(installation: Installation) -> Iterator[str]:
    """The URL of the database's owner: MOTCUA_DATABASE_URL, or the embedded PostgreSQL for as long as needed."""
    given = os.environ.get("MOTCUA_DATABASE_URL")
    if given:
        yield given
        return
    with start(installation.data_dir) as server:
        yield server.url


def prepare_database(url: str) -> LoadSummary:
    """Bring the schema and the reference data up to date. Repeating it changes nothing."""

    async def run() -> LoadSummary:
        await migrate(url)
        return await load_reference(lambda role: role_url(url, role))

    return asyncio.run(run())


@contextmanager
def running_services(installation: Installation, url: str, ports: Sequence[int]) -> Iterator[Addresses]:
    """The three services as processes of their own, ready to answer; stopped in order at the end."""
    ports = [port or _free_port() for port in ports]
    for room, port in zip(ROOMS, ports, strict=True):
        _need_free(room, port)
    intake, routing, stats = (f"http://127.0.0.1:{port}" for port in ports)
    addresses = Addresses(intake, routing, stats, os.getpid())
    environment = _environment(installation, addresses)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for room, port in zip(ROOMS, ports, strict=True):
            login = role_url(url, f"motcua_{room}")
            processes[room] = _spawn(installation, room, port, {**environment, "MOTCUA_DATABASE_URL": login})
        for room in ROOMS:
            _await_ready(installation, room, processes[room], getattr(addresses, room))
        installation.note_running(addresses)
        yield addresses
    finally:
        installation.note_stopped()
        _stop(list(processes.values()))


def watch(installation: Installation, addresses: Addresses) -> None:
    """Wait until Ctrl-C or SIGTERM; a service that stops answering is an error that says so."""
    while True:
        time.sleep(2)
        for room in ROOMS:
            try:
                httpx.get(f"{getattr(addresses, room)}/healthz", timeout=30).raise_for_status()
            except httpx.ConnectError as error:
                log = installation.logs / f"{room}.log"
                raise LaunchFailed(f"The {room} service has stopped. Its last words: {_tail(log)}") from error
            except httpx.HTTPError:
                continue  # busy is not dead


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


def _environment(installation: Installation, addresses: Addresses) -> dict[str, str]:
    issuer = installation.issuer
    return {
        **os.environ,
        "MOTCUA_JWKS_FILE": str(issuer.jwks_file.resolve()),
        "MOTCUA_CURSOR_KEY": installation.cursor_key(),
        "MOTCUA_SERVICE_TOKEN": installation.service_token(),
        "MOTCUA_INTAKE_URL": addresses.intake,
        "MOTCUA_ROUTING_URL": addresses.routing,
        "MOTCUA_STATS_URL": addresses.stats,
        "MOTCUA_LAUNCHER_PID": str(os.getpid()),
    }


def _spawn(installation: Installation, room: str, port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "services", "serve", room, "--port", str(port)]
    with open(installation.logs / f"{room}.log", "ab") as log:
        # A session of its own: Ctrl-C reaches the launcher alone, which stops everything in order.
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _await_ready(installation: Installation, room: str, process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/readyz", timeout=2).status_code == 200:
                return
        time.sleep(0.05)
    log = installation.logs / f"{room}.log"
    raise LaunchFailed(f"The {room} service did not get ready. Its last words ({log}):\n{_tail(log)}")


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _need_free(room: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LaunchFailed(
                f"Port {port} ({room}) is taken. Stop what uses it, or choose others: --ports 9001,9002,9003"
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
