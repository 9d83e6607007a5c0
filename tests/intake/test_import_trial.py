"""An import on trial: all is judged as it would be, and nothing lands."""

from typing import Any

import asyncpg
import httpx

from intake_service.national.store import holds_synthetic
from services.local_issuer import LocalIssuer
from shared.web.database import Reading
from stats_service.reports.store import any_synthetic
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, everything, ndjson, sent
from tests.support import WARD, bearer


async def tried(importer: httpx.AsyncClient, body: bytes, **more: str) -> dict[str, Any]:
    answer = await importer.post(
        "/v1/imports", content=body, headers={"Content-Type": NDJSON}, params={"trial": "true", **more}
    )
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    return run


def counts(run: dict[str, Any]) -> tuple[int, int, int, int]:
    return run["lines_read"], run["created"], run["unchanged"], run["rejected"]


async def rejects(importer: httpx.AsyncClient, run: dict[str, Any]) -> list[Any]:
    items: list[Any] = (await importer.get(run["rejects"])).json()["items"]
    return items


async def test_it_says_what_the_import_then_does_and_leaves_nothing(
    importer: httpx.AsyncClient, database: Database
) -> None:
    """Over several chunks: a record that stands there twice is told of, though the first of them did not land."""
    await sent(importer, ndjson([a_record(1)]))
    before = await everything(database)
    body = ndjson(
        [
            a_record(1),
            *(a_record(n) for n in range(2, 4500)),
            a_record(2),
            a_record(3, channel="post"),
            a_record(4501, agency="nowhere"),
            a_record(4502, accepted_at="2019-02-30T08:00:00+07:00"),
            a_record(4503, legacy_code=None, code="19333-190304-7001"),
            a_record(4504, legacy_code="19333-190304-7001"),
        ]
    )
    run = await tried(importer, body)
    assert (run["trial"], run["state"]) == (True, "done")
    assert await everything(database) == before
    told = await rejects(importer, run)
    real = await sent(importer, body)
    assert real["trial"] is False
    assert counts(real) == counts(run)
    assert await rejects(importer, real) == told
    again = await tried(importer, body)
    assert again["created"] == 0, "all of it is there"


async def test_made_up_records_on_trial_make_no_report_synthetic(importer: httpx.AsyncClient) -> None:
    run = await tried(importer, ndjson([a_record(9001)]), synthetic="true")
    assert (run["created"], run["synthetic"]) == (1, False)


async def test_that_records_are_made_up_says_whoever_covers_all_agencies(
    importer: httpx.AsyncClient, database: Database, issuer: LocalIssuer
) -> None:
    """It is said in the reports of all of them, and ends what is told to the national database."""
    owner = await asyncpg.connect(database.owner_url)
    before = await owner.fetchval("SELECT count(*) FROM import_run")
    for role in ("admin", "machine"):
        answer = await importer.post(
            "/v1/imports",
            content=ndjson([a_record(9002)]),
            headers={"Content-Type": NDJSON, **bearer(issuer, role, WARD)},
            params={"synthetic": "true"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    assert await owner.fetchval("SELECT count(*) FROM import_run") == before
    for body, made_up in ((b"", False), (b"{}\n", False), (ndjson([a_record(9003)]), True)):
        await importer.post("/v1/imports", content=body, headers={"Content-Type": NDJSON}, params={"synthetic": "true"})
        assert await holds_synthetic(owner) is made_up, body
        assert await any_synthetic(Reading(owner)) is made_up, body  # type: ignore[arg-type]
    await owner.close()
