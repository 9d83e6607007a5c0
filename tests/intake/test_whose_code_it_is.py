"""Mã hồ sơ: a dossier is found by its own code before any other is found by the code that it brought along."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.importing import a_record, ndjson
from tests.support import PROVINCE, WARD, a_draft, bearer, serving, settings_for


@pytest_asyncio.fixture(loop_scope="session")
async def intake(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Intake on a database without dossiers, spoken to by the ward's counter."""
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        yield client


async def test_its_own_code_wins_over_anothers_legacy_code(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    # The number that the ward gives out next, brought along by a dossier of 2019.
    code = f"{WARD}-{civil_day(now()):%y%m%d}-0001"
    headers = {**bearer(issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"}
    run = await intake.post("/v1/imports", content=ndjson([a_record(legacy_code=code)]), headers=headers)
    assert run.json()["created"] == 1, run.text
    imported = (await intake.get(f"/v1/dossiers/{code}")).json()
    assert imported["legacy_code"] == code
    assert imported["code"] != code, "nobody else bears it yet, so it leads to whoever brought it along"

    received = (await intake.post("/v1/dossiers", json=a_draft())).json()
    assert received["code"] == code
    assert (await intake.get(f"/v1/dossiers/{code}")).json() == received
    events = (await intake.get(f"/v1/dossiers/{code}/events")).json()["items"]
    assert [event["kind"] for event in events] == ["accepted"], "the imported one has a longer history"

    # Nor does an act reach the wrong one.
    finished = await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"})
    assert (finished.status_code, finished.json()["code"]) == (200, code)
    assert (await intake.get(f"/v1/dossiers/{imported['code']}")).json() == imported
