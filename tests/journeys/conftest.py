"""The whole system as an operator runs it: `motcua up` as a process, three services, real HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.installation import Addresses, Installation
from shared.web.clock import now


@dataclass
class Running:
    """A running installation."""

    installation: Installation
    addresses: Addresses
    process: subprocess.Popen[Any]
    environment: dict[str, str] = field(default_factory=dict)

    def client(self, room: str, role: str, agency: str) -> httpx.Client:
        """A client of a service with a token."""
        token = self.installation.issuer.token(role=role, agency=agency, now=now())
        return httpx.Client(
            base_url=getattr(self.addresses, room), headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def pid_of(self, room: str) -> int:
        """The process of a service, or of the database."""
        if room == "database":
            pid_file = self.installation.data_dir / "postgres" / "data" / "postmaster.pid"
            return int(pid_file.read_text().splitlines()[0])
        launcher = self.process.pid
        for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == f"motcua {room}":
                return int(child)
        raise LookupError(room)

    def kill(self, room: str) -> None:
        """kill -9."""
        os.kill(self.pid_of(room), signal.SIGKILL)


def command(*words: str) -> list[str]:
    """The motcua command in this environment."""
    return [sys.executable, "-m", "services", *words]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_up(data_dir: Path, *more: str, **settings: str) -> subprocess.Popen[str]:
    """`motcua up` on free ports; its output can be read from the process."""
    # Without PYTHONUNBUFFERED: what an operator pipes into a log must be there while it runs.
    left_out = ("MOTCUA_", "PYTHONUNBUFFERED")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment = {**inherited, **settings}
    return subprocess.Popen(
        command("up", "--data-dir", str(data_dir), "--ports", "0,0,0", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )


def await_running(process: subprocess.Popen[str], data_dir: Path) -> Running:
    """Wait until the services answer."""
    installation = Installation(data_dir)
    eventually(lambda: installation.running() is not None or process.poll() is not None, seconds=60)
    addresses = installation.running()
    assert addresses is not None, process.communicate()[0]
    return Running(installation, addresses, process)


def stop(running: Running) -> str:
    """Ctrl-C; what it printed. It ends in order, with exit status 0."""
    running.process.send_signal(signal.SIGINT)
    printed: str = running.process.communicate(timeout=60)[0]
    assert running.process.returncode == 0, printed
    return printed


def eventually(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for what happens by itself in a moment."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation without dossiers, stopped at the end of the module."""
    data_dir = tmp_path_factory.mktemp("installation")
    process = start_up(data_dir, "--replay", "none")
    found = await_running(process, data_dir)
    yield found
    stop(found)
