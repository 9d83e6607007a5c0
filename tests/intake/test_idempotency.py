"""A request repeated with its Idempotency-Key has one effect; the same key for something else is refused."""

import asyncio
from hashlib import sha256

import asyncpg
import httpx
import orjson

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, ndjson
from tests.support import WARD, a_draft, bearer, serving, settings_for


async def test_the_same_request_gives_the_same_dossier(intake: httpx.AsyncClient, database: Database) -> None:
    headers = {"Idempotency-Key": "same"}
    first = await intake.post("/v1/dossiers", json=a_draft(), headers=headers)
    second = await intake.post("/v1/dossiers", json=a_draft(), headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert await _named(database, first.json()["code"]) == 1


async def test_with_another_body_it_is_refused(intake: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "other body"}
    assert (await intake.post("/v1/dossiers", json=a_draft(name="Một"), headers=headers)).status_code == 201
    answer = await intake.post("/v1/dossiers", json=a_draft(name="Hai"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_whoever_has_the_tables_tries_no_body_out(intake: httpx.AsyncClient, database: Database) -> None:
    body = orjson.dumps(a_draft(id_number="045190123456"))
    headers = {"Idempotency-Key": "tried out", "Content-Type": "application/json"}
    assert (await intake.post("/v1/dossiers", content=body, headers=headers)).status_code == 201
    owner = await asyncpg.connect(database.owner_url)
    kept = await owner.fetchval("SELECT body_hash FROM intake_idempotency WHERE key = 'tried out'")
    await owner.close()
    assert kept is not None
    assert kept != sha256(body).digest()


async def test_twenty_at_once_make_one(intake: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "at once"}
    answers = await asyncio.gather(*(intake.post("/v1/dossiers", json=a_draft(), headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["code"] for answer in answers}) == 1


async def test_keys_of_others_are_not_shared(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    key = {"Idempotency-Key": "common"}
    mine = await intake.post("/v1/dossiers", json=a_draft(), headers=key)
    other = bearer(issuer, "counter", WARD, subject="somebody else")
    theirs = await intake.post("/v1/dossiers", json=a_draft(), headers={**key, **other})
    assert theirs.status_code == 201
    assert theirs.json()["code"] != mine.json()["code"]


async def test_finishing_twice_with_one_key_is_one_finish(intake: httpx.AsyncClient) -> None:
    code = (await intake.post("/v1/dossiers", json=a_draft())).json()["code"]
    key = {"Idempotency-Key": "finish once"}
    first = await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers=key)
    second = await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers=key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    events = (await intake.get(f"/v1/dossiers/{code}/events")).json()["items"]
    assert [event["kind"] for event in events] == ["accepted", "finished"]


async def test_a_refused_request_leaves_its_key_free(intake: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "refused first"}
    assert (await intake.post("/v1/dossiers", json=a_draft(agency="45"), headers=key)).status_code == 422
    assert (await intake.post("/v1/dossiers", json=a_draft(), headers=key)).status_code == 201


async def _named(database: Database, code: str) -> int:
    connection = await asyncpg.connect(database.owner_url)
    found: int = await connection.fetchval("SELECT count(*) FROM dossier WHERE code = $1", code)
    await connection.close()
    return found


async def test_a_key_is_forgotten_after_a_day(fresh_database: Database, issuer: LocalIssuer) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    await owner.execute(
        "INSERT INTO intake_idempotency (subject, route, key, body_hash, status, resource, created_at)"
        " SELECT 's', 'r', n::text, 'h', 201, 'c', now() - n * interval '1 hour' FROM generate_series(1, 48) n"
    )
    async with serving(create_app(settings_for(fresh_database, issuer, background=True))):
        for _ in range(100):
            await asyncio.sleep(0.05)
            if (left := await owner.fetchval("SELECT count(*) FROM intake_idempotency")) < 48:
                break
    await owner.close()
    assert left in (23, 24)


async def test_one_key_is_one_request_whichever_code_its_address_spells(intake: httpx.AsyncClient) -> None:
    submitted = (await intake.post("/v1/dossiers", json=a_draft(channel="online", submission=True))).json()
    key = {"Idempotency-Key": "by any of its names"}
    first = await intake.post(f"/v1/dossiers/{submitted['reference']}/accept", json={}, headers=key)
    again = await intake.post(f"/v1/dossiers/{first.json()['code']}/accept", json={}, headers=key)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.headers["idempotency-replayed"] == "true"


async def test_nor_is_it_another_where_the_code_has_a_slash(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """As codes of other systems have: in an address it is written %2F."""
    record = a_record(legacy_code="77/HS-2019", finished_at=None, returned_at=None, outcome=None)
    admin = {"Content-Type": NDJSON, **bearer(issuer, "admin", WARD)}
    imported = await intake.post("/v1/imports", content=ndjson([record]), headers=admin)
    assert imported.json()["created"] == 1
    code = (await intake.get("/v1/dossiers/77%2FHS-2019")).json()["code"]
    key = {"Idempotency-Key": "by another system's name"}
    answers = [
        await intake.post(f"/v1/dossiers/{name}/payment-requests", json={"reason": "Lệ phí"}, headers=key)
        for name in ("77%2FHS-2019", code, "77%2fHS-2019")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200], answers[1].text
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
