"""The SQL of the project runs on PostgreSQL 15: migrations, reference data, and the statements of the three rooms.

The server is Debian's own, where it is installed, in a directory of its own, on a free port of the loopback, as an
account that is not root.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from intake_service.app import create_app as create_intake
from migrations.apply import check, migrate
from migrations.logins import role_url
from migrations.revision import head_revision
from routing_service.app import create_app as create_routing
from services.local_issuer import LocalIssuer
from services.reference import load_reference
from services.verification import rebuild_counts, verify
from shared.domain.civil_time import civil_day
from shared.domain.differences import Difference
from shared.web.clock import now
from stats_service.app import create_app as create_stats
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from tests.conftest import Database
from tests.support import BIRTH, PROVINCE, WARD, a_draft, bearer, serving, settings_for

BINARIES = Path("/usr/lib/postgresql/15/bin")
NOBODY = 65534
PATIENCE = 20.0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The owner's login on a PostgreSQL 15 of this module's own."""
    if not (BINARIES / "postgres").exists():
        pytest.skip(f"no PostgreSQL 15 server here ({BINARIES} has no postgres): its SQL was not tried")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no setpriv to step down with")
    with tempfile.TemporaryDirectory(prefix="motcua-pg15-") as directory, _server(Path(directory)) as port:
        yield f"postgresql://motcua@127.0.0.1:{port}/postgres"


@contextmanager
def _server(directory: Path) -> Iterator[int]:
    step_down: tuple[str, ...] = ()
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
        step_down = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    data = directory / "data"
    access = ("--username=motcua", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    made = subprocess.run(
        [*step_down, BINARIES / "initdb", "-D", data, *access], cwd=directory, capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"PostgreSQL 15 makes no cluster here: {made.stderr[-300:]}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    fixed = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "fsync": "off"}
    options = [f"--{name}={value}" for name, value in fixed.items()]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*step_down, BINARIES / "postgres", "-D", data, *options], cwd=directory, stdout=log, stderr=log
        )
    try:
        _wait(process, port, directory / "log")
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    async def answers() -> bool:
        try:
            connection = await asyncpg.connect(host="127.0.0.1", port=port, user="motcua", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        await connection.close()
        return True

    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if asyncio.run(answers()):
            return
        time.sleep(0.05)
    pytest.fail(f"PostgreSQL 15 did not start: {log.read_text(errors='replace')[-500:]}")


@pytest.fixture(scope="module")
def database(url: str) -> Database:
    """Migrated, with the reference data."""

    async def make() -> None:
        await migrate(url)
        await load_reference(lambda role: role_url(url, role))

    asyncio.run(make())
    return Database(url)


async def test_it_is_a_15_with_the_declared_schema(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_url)
    assert connection.get_server_version().major == 15
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == head_revision()
    assert await connection.fetchval("SELECT count(*) FROM agency") > 250
    assert await connection.fetchval("SELECT count(*) FROM procedure") > 2_500
    await connection.close()
    await check(database.owner_url)


async def test_a_dossier_goes_through_the_three_rooms(database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(database, issuer, intake_url="http://127.0.0.1:9")
    today = civil_day(now())
    async with AsyncExitStack() as rooms:
        intake = await rooms.enter_async_context(serving(create_intake(settings)))
        routing = await rooms.enter_async_context(serving(create_routing(settings)))
        stats = await rooms.enter_async_context(serving(create_stats(settings)))
        clerk, machine = bearer(issuer, "counter", WARD), bearer(issuer, "machine", PROVINCE)

        made = await intake.post("/v1/dossiers", json=a_draft(), headers={**clerk, "Idempotency-Key": "once"})
        assert made.status_code == 201, made.text
        code = made.json()["code"]
        again = await intake.post("/v1/dossiers", json=a_draft(), headers={**clerk, "Idempotency-Key": "once"})
        assert again.json()["code"] == code
        line = (
            f'{{"legacy_code":"QT-1","procedure":"{BIRTH}","agency":"{WARD}","channel":"counter","applicant":'
            '{"kind":"person","name":"Lê Văn An"},"accepted_at":"2026-01-05T08:00:00+07:00",'
            '"supplements":[{"requested_at":"2026-01-05T09:00:00+07:00","answered_at":"2026-01-06T09:00:00+07:00"}]}\n'
        )
        ndjson = {**machine, "Content-Type": "application/x-ndjson"}
        run = await intake.post("/v1/imports", content=line, headers=ndjson)
        assert (run.status_code, run.json()["created"]) == (201, 1), run.text
        for query in ("", "?q=le van an", f"?agency={WARD}&status=accepted", f"/{code}", f"/{code}/events"):
            answer = await intake.get(f"/v1/dossiers{query}", headers=clerk)
            assert answer.status_code == 200, answer.text

        assert (await routing.post("/v1/cases", json={"code": code}, headers=machine)).status_code == 201
        handed = await routing.post(f"/v1/cases/{code}/hand-overs", json={"to_agency": "QT25-D03"}, headers=clerk)
        assert handed.status_code == 201, handed.text
        overdue = await routing.get("/v1/overdue", headers=machine)
        assert [item["procedure"] for item in overdue.json()["items"]] == [BIRTH]
        for path in ("overdue?format=csv", "due-soon", "worklist", "cases", "agencies", "calendar?year=2026"):
            answer = await routing.get(f"/v1/{path}", headers=machine)
            assert answer.status_code == 200, answer.text

        done = await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"}, headers=clerk)
        assert done.status_code == 200, done.text

        folder = await asyncpg.connect(database.url("motcua_stats"))
        assert await fold_once(folder) > 0
        await bring_checkpoints_up(folder, today)
        await folder.close()
        period = f"agency={PROVINCE}&from=2026-01-01&to={today}"
        for group in ("none", "agency", "tree", "level", "sector", "procedure", "channel", "month"):
            answer = await stats.get(f"/v1/reports/resolution?{period}&group_by={group}", headers=machine)
            assert answer.status_code == 200, answer.text
            total = answer.json()["total"]
            assert (total["received"], total["resolved"], total["pending_overdue"]) == (2, 1, 1)
        listed = await stats.get(f"/v1/reports/resolution/dossiers?{period}&figure=pending_overdue", headers=machine)
        assert len(listed.json()["items"]) == 1
        then = await stats.get(f"/v1/reports/resolution?{period}&as_of={now():%Y-%m-%dT%H:%M:%SZ}", headers=machine)
        assert then.status_code == 200, then.text


async def test_the_numbers_are_verified_and_made_anew(database: Database) -> None:
    found: list[Difference] = []
    quiet = Console(quiet=True)
    outcome = await asyncio.to_thread(verify, database.owner_url, quiet, found.append)
    assert (found, outcome.seen["dossiers"]) == ([], 2)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("DELETE FROM count_day; DELETE FROM count_checkpoint WHERE agency_id = 0")
    await owner.close()
    assert (await asyncio.to_thread(verify, database.owner_url, quiet, found.append)).differences > 0
    done = await asyncio.to_thread(rebuild_counts, database.owner_url, quiet)
    assert done.cells > 0
    assert done.months > 0
    assert (await asyncio.to_thread(verify, database.owner_url, quiet, found.append)).differences == 0
