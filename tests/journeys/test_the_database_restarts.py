"""The database goes away and comes back: each service says 503 meanwhile, then works again, and nobody restarts it."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from migrations.apply import migrate
from migrations.logins import role_url
from services.embedded import RunningServer, start
from services.installation import Addresses, Installation
from services.launcher import ROOMS
from services.reference import load_reference
from tests.journeys.conftest import Running, command, eventually, free_port
from tests.support import PROVINCE, WARD, a_draft

_PERIOD = {"agency": PROVINCE, "from": "2026-01-01", "to": "2026-06-30"}
#: What each service is asked all the while: room, role, agency, the request.
QUESTIONS: dict[str, tuple[str, str, str, Callable[[httpx.Client], httpx.Response]]] = {
    "receive": ("intake", "counter", WARD, lambda client: client.post("/v1/dossiers", json=a_draft())),
    "list": ("intake", "leader", PROVINCE, lambda client: client.get("/v1/dossiers")),
    "overdue": ("routing", "leader", PROVINCE, lambda client: client.get("/v1/overdue")),
    "cases": ("routing", "leader", PROVINCE, lambda client: client.get("/v1/cases")),
    "report": ("stats", "leader", PROVINCE, lambda client: client.get("/v1/reports/resolution", params=_PERIOD)),
}


class _Asker(threading.Thread):
    """Asks one question again and again, and keeps every answer."""

    def __init__(self, running: Running, question: str) -> None:
        super().__init__()
        self._running, self._question = running, question
        self._over = threading.Event()
        self.good = 201 if question == "receive" else 200
        self.answers: list[httpx.Response] = []

    def run(self) -> None:
        room, role, agency, ask = QUESTIONS[self._question]
        with self._running.client(room, role, agency) as client:
            while not self._over.is_set():
                self.answers.append(ask(client))
                time.sleep(0.02)

    def says(self, status: int) -> bool:
        """Whether a question that is asked from now on is answered so."""
        seen = len(self.answers) + 1  # one may be on its way
        eventually(lambda: len(self.answers) > seen or not self.is_alive(), seconds=60)
        return self.answers[seen].status_code == status

    def finish(self) -> None:
        self._over.set()
        self.join(60)


@pytest.mark.parametrize("way", ["killed", "stopped in order"])
def test_away_and_back(tmp_path: Path, way: str) -> None:
    data_dir = tmp_path / "database"
    server = start(data_dir)
    try:
        with _services(server, tmp_path) as running, _asked(running) as askers:
            eventually(lambda: all(asker.says(asker.good) for asker in askers), seconds=60)
            if way == "killed":
                os.kill(server.pid, signal.SIGKILL)
            server.stop()
            eventually(lambda: all(asker.says(503) for asker in askers), seconds=60)
            for address in _addresses(running):
                assert httpx.get(f"{address}/readyz").status_code == 503
                assert httpx.get(f"{address}/healthz").status_code == 200, "it lives: nobody needs to restart it"
            server = start(data_dir)
            eventually(lambda: all(asker.says(asker.good) for asker in askers), seconds=60)
            eventually(lambda: all(map(_ready, _addresses(running))))
            _consumers_are_back(running, askers[0])
        for asker in askers:
            assert {answer.status_code for answer in asker.answers} == {asker.good, 503}
            for answer in asker.answers:
                if answer.status_code == 503:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert int(answer.headers["retry-after"]) >= 1, "whoever waits is told how long"
                    assert answer.json()["code"] == "unavailable"
    finally:
        server.stop()


@contextmanager
def _asked(running: Running) -> Iterator[list[_Asker]]:
    askers = [_Asker(running, question) for question in QUESTIONS]
    for asker in askers:
        asker.start()
    try:
        yield askers
    finally:
        for asker in askers:
            asker.finish()


def _consumers_are_back(running: Running, receiver: _Asker) -> None:
    """What was acknowledged is there, and routing hears of it, though the leaders lost their connections too."""
    receiver.finish()
    codes = [answer.json()["code"] for answer in receiver.answers if answer.status_code == receiver.good]
    with running.client("intake", "leader", PROVINCE) as intake:
        assert all(intake.get(f"/v1/dossiers/{code}").status_code == 200 for code in codes)
        eventually(lambda: not intake.get("/v1/dossiers", params={"status": "accepted"}).json()["items"], seconds=60)


def _addresses(running: Running) -> list[str]:
    return [running.addresses.intake, running.addresses.routing, running.addresses.stats]


@contextmanager
def _services(server: RunningServer, data_dir: Path) -> Iterator[Running]:
    """The three services with their consumers, on a database that they did not start."""

    async def make() -> None:
        await migrate(server.url)
        await load_reference(lambda role: role_url(server.url, role))

    asyncio.run(make())
    installation = Installation(data_dir)
    installation.prepare()
    ports = {room: free_port() for room in ROOMS}
    intake, routing, stats = (f"http://127.0.0.1:{ports[room]}" for room in ROOMS)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")},
        "MOTCUA_EMBEDDED": "true",
        "MOTCUA_JWKS_FILE": str(installation.issuer.jwks_file),
        "MOTCUA_SERVICE_TOKEN": installation.service_token(),
        "MOTCUA_CURSOR_KEY": installation.cursor_key(),
        "MOTCUA_TRACKING_KEY": installation.tracking_key(),
        "MOTCUA_INTAKE_URL": intake,
        "MOTCUA_ROUTING_URL": routing,
    }
    processes = []
    try:
        for room in ROOMS:
            own = {**environment, "MOTCUA_DATABASE_URL": role_url(server.url, f"motcua_{room}")}
            processes.append(subprocess.Popen(command("serve", room, "--port", str(ports[room])), env=own))
        running = Running(installation, Addresses(intake, routing, stats, os.getpid()), processes[0])
        eventually(lambda: all(map(_ready, _addresses(running))), seconds=60)
        yield running
        assert [process.poll() for process in processes] == [None, None, None], "all are the processes of the beginning"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _ready(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{address}/readyz", timeout=2).status_code == 200
    return False
