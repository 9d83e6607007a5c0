"""The other ways to run: a PostgreSQL of one's own, and the consumers in a worker process instead of the services."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from migrations.logins import role_url
from services.installation import Addresses, Installation
from services.launcher import ROOMS
from tests.conftest import Database
from tests.journeys.conftest import Running, await_running, command, eventually, free_port, start_up, stop
from tests.support import PROVINCE, WARD, a_draft


def test_up_on_a_postgresql_of_ones_own(empty_database: Database, tmp_path: Path) -> None:
    process = start_up(tmp_path, "--replay", "none", MOTCUA_DATABASE_URL=empty_database.owner_url)
    running = await_running(process, tmp_path)
    with running.client("intake", "counter", WARD) as intake:
        assert intake.post("/v1/dossiers", json=a_draft()).status_code == 201
    assert not (tmp_path / "postgres").exists(), "no database is embedded beside it"
    stop(running)


def test_a_worker_does_what_the_services_then_need_not(database: Database, tmp_path: Path) -> None:
    """As docker-compose.yml has it: MOTCUA_BACKGROUND=false in the services, `serve worker` beside them."""
    with _separate_processes(database, tmp_path) as running:
        with running.client("intake", "counter", WARD) as intake:
            code = intake.post("/v1/dossiers", json=a_draft()).json()["code"]
            time.sleep(1)
            assert intake.get(f"/v1/dossiers/{code}").json()["status"] == "accepted", "nobody tells routing yet"
            with _process(running, "worker"):
                eventually(lambda: intake.get(f"/v1/dossiers/{code}").json()["status"] == "in_process")
        with running.client("routing", "leader", PROVINCE) as routing:
            assert routing.get(f"/v1/cases/{code}").json()["holder"] == WARD


@contextmanager
def _separate_processes(database: Database, data_dir: Path) -> Iterator[Running]:
    ports = {room: free_port() for room in ROOMS}
    installation = Installation(data_dir)
    installation.prepare()
    intake, routing, stats = (f"http://127.0.0.1:{ports[room]}" for room in ROOMS)
    environment = {
        "MOTCUA_DATABASE_URL": database.owner_url,
        "MOTCUA_EMBEDDED": "true",
        "MOTCUA_JWKS_FILE": str(installation.issuer.jwks_file),
        "MOTCUA_SERVICE_TOKEN": installation.service_token(),
        "MOTCUA_CURSOR_KEY": "a key of sixteen characters",
        "MOTCUA_TRACKING_KEY": "a key of sixteen characters",
        "MOTCUA_INTAKE_URL": intake,
        "MOTCUA_ROUTING_URL": routing,
        "MOTCUA_BACKGROUND": "false",
    }
    processes = []
    try:
        for room in ROOMS:
            own = {**os.environ, **environment, "MOTCUA_DATABASE_URL": role_url(database.owner_url, f"motcua_{room}")}
            processes.append(subprocess.Popen(command("serve", room, "--port", str(ports[room])), env=own))
        for address in (intake, routing, stats):
            eventually(lambda address=address: _ready(address), seconds=30)  # type: ignore[misc]
        running = Running(installation, Addresses(intake, routing, stats, os.getpid()), processes[0])
        running.environment = environment
        yield running
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            assert process.wait(20) in (0, -15)


@contextmanager
def _process(running: Running, word: str) -> Iterator[None]:
    environment = {**os.environ, **running.environment, "MOTCUA_BACKGROUND": "true"}
    process = subprocess.Popen(command("serve", word), env=environment)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(20) == 0


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
