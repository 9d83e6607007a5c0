"""An import beside the counter, beside other imports, and before the eyes of other agencies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.imports import usecases
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, ndjson, sent
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer, serving, settings_for

OTHER_WARD = "19351"


@pytest_asyncio.fixture(loop_scope="session")
async def importer(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", WARD))
        yield client


async def test_only_who_covers_the_agency_sees_its_imports(importer: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    run = await sent(importer, ndjson([a_record(1), a_record(2, channel="fax")]))
    for agency, seen in ((WARD, True), (PROVINCE, True), (OTHER_WARD, False)):
        headers = bearer(issuer, "admin", agency)
        listed = (await importer.get("/v1/imports", headers=headers)).json()["items"]
        assert (run["id"] in {each["id"] for each in listed}) == seen, agency
        for path in (f"/v1/imports/{run['id']}", run["rejects"]):
            assert (await importer.get(path, headers=headers)).status_code == (200 if seen else 404)


async def test_idle_uploads_leave_connections_for_the_counter(importer: httpx.AsyncClient) -> None:
    over = asyncio.Event()

    async def idle() -> AsyncIterator[bytes]:
        yield ndjson([a_record(1)])
        await over.wait()

    def upload() -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(importer.post("/v1/imports", content=idle(), headers={"Content-Type": NDJSON}))

    waiting = [upload() for _ in range(usecases.MOST_AT_ONCE)]
    for _ in range(500):
        runs = (await importer.get("/v1/imports")).json()["items"]
        if [run["state"] for run in runs] == ["running"] * usecases.MOST_AT_ONCE:
            break
        await asyncio.sleep(0.01)
    more = await importer.post("/v1/imports", content=ndjson([a_record(2)]), headers={"Content-Type": NDJSON})
    assert (more.status_code, more.headers["retry-after"]) == (503, "30")
    assert more.json()["errors"][0]["code"] == "imports_under_way"
    assert (await importer.post("/v1/dossiers", json=a_draft())).status_code == 201
    assert (await importer.get("/readyz")).status_code == 200
    over.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {201}
    assert (await sent(importer, ndjson([a_record(2)])))["created"] == 1, "there is room again"


async def test_whoever_sends_nothing_for_long_has_gone(
    importer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "IDLE_SECONDS", 0.2)

    async def silent() -> AsyncIterator[bytes]:
        yield ndjson([a_record(1)])
        await asyncio.Event().wait()

    answer = await importer.post("/v1/imports", content=silent(), headers={"Content-Type": NDJSON})
    assert (answer.status_code, answer.json()["code"]) == (408, "upload_idle")
    (run,) = (await importer.get("/v1/imports")).json()["items"]
    assert run["state"] == "interrupted"


async def test_the_counter_issues_while_its_own_codes_come_in(importer: httpx.AsyncClient) -> None:
    """Both want the next numbers of the same day: each gets its own, and no chunk is lost."""
    body = a_draft(procedure=REGISTER_COPY)
    first = (await importer.post("/v1/dossiers", json=body)).json()["code"]
    prefix, _, last = first.rpartition("-")
    today = now().isoformat()
    created = 0

    async def counter() -> None:
        for _ in range(15):
            assert (await importer.post("/v1/dossiers", json=body)).status_code == 201

    async def imports() -> None:
        nonlocal created
        for turn in range(12):
            ahead = int(last) + 4 * turn
            records: list[Any] = [
                a_record(legacy_code=None, code=f"{prefix}-{ahead + n:04d}", accepted_at=today, submitted_at=today)
                | dict.fromkeys(("finished_at", "returned_at", "outcome"))
                for n in range(1, 5)
            ]
            run = await sent(importer, ndjson(records))
            assert run["state"] == "done"
            created += run["created"]

    await asyncio.gather(counter(), counter(), imports())
    assert created > 0


async def test_what_lands_is_recorded_when_it_lands(importer: httpx.AsyncClient, fresh_database: Database) -> None:
    """A report as of an instant of a long upload must not change when the upload ends."""
    half: list[datetime] = []

    async def slow() -> AsyncIterator[bytes]:
        yield ndjson([a_record(1)])
        await asyncio.sleep(0.05)
        half.append(now())

    await importer.post("/v1/imports", content=slow(), headers={"Content-Type": NDJSON})
    owner = await asyncpg.connect(fresh_database.owner_url)
    recorded = await owner.fetch("SELECT DISTINCT recorded_at FROM dossier_event")
    await owner.close()
    assert [row[0] > half[0] for row in recorded] == [True]


@pytest.mark.parametrize(("number", "lands"), [("99999", True), ("100000", False), ("9999999", False)])
async def test_a_number_that_no_day_reaches_does_not_drive_the_counter(
    importer: httpx.AsyncClient, number: str, lands: bool
) -> None:
    code = f"19333-{civil_day(now()):%y%m%d}-{number}"
    today = now().isoformat()
    record = a_record(legacy_code=None, code=code, accepted_at=today, submitted_at=today)
    run = await sent(importer, ndjson([record | dict.fromkeys(("finished_at", "returned_at", "outcome"))]))
    assert run["created"] == int(lands)
    following = (await importer.post("/v1/dossiers", json=a_draft())).json()["code"]
    assert following.rpartition("-")[2] == ("100000" if lands else "0001")
