"""The same file again: whole, in another form, at the same time, after it broke off; and a look at one that runs."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
from pydantic_core import to_json

from intake_service.imports.rules import KEYED_BYTES, secret_of
from intake_service.imports.usecases import key_all
from shared.contracts.intake import ImportRecord
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, as_csv, everything, ndjson, sent
from tests.support import TRACKING_KEY, at


async def test_the_same_file_twice_changes_nothing(importer: httpx.AsyncClient, database: Database) -> None:
    body = ndjson([a_record(n) for n in range(5000)] + [a_record(1, legacy_code=None, code=None)])
    first = await sent(importer, body)
    assert first["created"] == 5001
    before = await everything(database)
    again = await sent(importer, body)
    assert (again["created"], again["unchanged"], again["rejected"]) == (0, 5001, 0)
    assert await everything(database) == before


async def test_csv_and_ndjson_are_the_same_records(importer: httpx.AsyncClient) -> None:
    asked = [
        {
            "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
            "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
        }
    ]
    records = [
        a_record(1, applicant={"kind": "business", "name": 'Công ty "Hai, Ba"', "address": "12 Hùng Vương"}),
        a_record(2, supplements=asked, finished_at=None, returned_at=None, outcome=None),
    ]
    assert (await sent(importer, ndjson(records)))["created"] == 2
    for delimiter in (",", ";"):
        run = await sent(importer, as_csv(records, delimiter), "text/csv; charset=utf-8")
        assert (run["created"], run["unchanged"], run["rejected"]) == (0, 2, 0)


async def test_a_changed_record_is_not_taken_for_the_old_one(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(1)]))
    run = await sent(importer, ndjson([a_record(1, channel="post")]))
    assert (run["created"], run["unchanged"], run["rejected"]) == (0, 0, 1)
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["reasons"][0]["code"] == "changed_since_import"
    twice = await sent(importer, ndjson([a_record(2), a_record(2, channel="post")]))
    assert (twice["created"], twice["rejected"]) == (1, 1)


async def test_two_uploads_of_one_file_at_once_land_it_once(importer: httpx.AsyncClient, database: Database) -> None:
    body = ndjson([a_record(n) for n in range(3000)])
    runs = await asyncio.gather(sent(importer, body), sent(importer, body))
    assert sum(run["created"] for run in runs) == 3000
    assert sum(run["unchanged"] for run in runs) == 3000
    assert len((await everything(database))[0]) == 3000


async def test_a_file_does_not_try_out_what_is_masked(importer: httpx.AsyncClient) -> None:
    """Who imports sees identity numbers masked; of two hundred the one that changes nothing would be the right one."""

    def with_number(number: int) -> dict[str, Any]:
        return a_record(1, applicant={"kind": "person", "name": "Nguyễn Thị Đào", "id_number": f"045190{number:06d}"})

    await sent(importer, ndjson([with_number(123)]))
    run = await sent(importer, ndjson([with_number(number) for number in range(200)]))
    assert (run["created"], run["unchanged"], run["rejected"]) == (0, 0, 200)
    rejects = (await importer.get(run["rejects"])).json()["items"]
    assert {reason["code"] for each in rejects for reason in each["reasons"]} == {"repeated_in_file"}
    assert (await sent(importer, ndjson([with_number(123)] * 3)))["unchanged"] == 3


def hash_of(record: dict[str, Any]) -> bytes:
    """What anybody can make of a record, and try identity numbers with."""
    return sha256(to_json(ImportRecord.model_validate(record), exclude_none=True)).digest()


async def test_whoever_has_the_tables_tries_no_number_out(importer: httpx.AsyncClient, database: Database) -> None:
    whose = {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": "045190123456"}
    coded, nameless = a_record(1, applicant=whose), a_record(2, applicant=whose, legacy_code=None, code=None)
    assert (await sent(importer, ndjson([coded, nameless])))["created"] == 2
    owner = await asyncpg.connect(database.owner_url)
    try:
        held = [value for row in await owner.fetch("SELECT key, content FROM import_identity") for value in row]
        for record in (coded, nameless):
            assert not any(hash_of(record).startswith(value[:KEYED_BYTES]) for value in held)
    finally:
        await owner.close()


async def test_records_from_before_they_were_keyed_are_known_and_keyed(
    importer: httpx.AsyncClient, database: Database
) -> None:
    coded, nameless, new = a_record(1), a_record(2, legacy_code=None, code=None), a_record(3)
    assert (await sent(importer, ndjson([coded, nameless])))["created"] == 2
    owner = await asyncpg.connect(database.owner_url)
    try:
        kept = await owner.fetch("SELECT key, content FROM import_identity ORDER BY key")
        as_before = (
            "UPDATE import_identity i SET key = CASE WHEN $2 THEN $1 ELSE i.key END, content = $1 FROM dossier d"
        )
        for record, named in ((coded, True), (nameless, False)):
            await owner.execute(
                f"{as_before} WHERE d.id = i.dossier_id AND (d.legacy_code IS NOT NULL) = $3",
                hash_of(record),
                not named,
                named,
            )
        run = await sent(importer, ndjson([coded, nameless, new]))
        assert (run["created"], run["unchanged"], run["rejected"]) == (1, 2, 0)
        changed = await sent(importer, ndjson([a_record(1, channel="post")]))
        assert changed["rejected"] == 1
        assert await key_all(owner, secret_of(TRACKING_KEY)) == 2
        assert await key_all(owner, secret_of(TRACKING_KEY)) == 0
        now = await owner.fetch("SELECT key, content FROM import_identity ORDER BY key")
        assert set(kept) <= set(now), "as if they had been keyed from the beginning"
    finally:
        await owner.close()
    assert (await sent(importer, ndjson([coded, nameless, new])))["unchanged"] == 3


async def test_a_broken_upload_is_interrupted_and_sent_again(importer: httpx.AsyncClient) -> None:
    """What landed stays; the same file again lands the rest."""
    body = ndjson([a_record(n) for n in range(5000)])

    async def breaks_off() -> AsyncIterator[bytes]:
        yield body[: len(body) * 3 // 4]
        raise ConnectionResetError

    broken_off = await importer.post("/v1/imports", content=breaks_off(), headers={"Content-Type": NDJSON})
    assert broken_off.status_code == 503
    again = await sent(importer, body)
    assert again["created"] + again["unchanged"] == 5000
    (latest, broken) = (await importer.get("/v1/imports")).json()["items"]
    assert (latest["state"], broken["state"]) == ("done", "interrupted")
    assert broken["created"] == again["unchanged"]


async def test_progress_can_be_read_while_it_runs(importer: httpx.AsyncClient) -> None:
    body = ndjson([a_record(n) for n in range(4000)])
    hold = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]
            await asyncio.sleep(0.01)
        await hold.wait()

    running = asyncio.create_task(
        importer.post("/v1/imports", content=slowly(), headers={"Content-Type": NDJSON}, timeout=60)
    )
    for _ in range(500):
        await asyncio.sleep(0.01)
        items = (await importer.get("/v1/imports")).json()["items"]
        if items and items[0]["lines_read"] >= 2000:
            break
    assert items[0]["state"] == "running"
    assert 2000 <= items[0]["created"] < 4000
    assert (await importer.get(f"/v1/imports/{items[0]['id']}")).json()["state"] == "running"
    hold.set()
    assert (await running).json()["created"] == 4000
