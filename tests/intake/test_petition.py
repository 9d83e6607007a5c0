"""Phản ánh, kiến nghị: sent by anybody or entered by staff, followed by whoever has the secret, read by whoever is to
deal with it (NĐ 20/2008/NĐ-CP; NĐ 61/2018/NĐ-CP art. 8(1)đ)."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons, received
from tests.intake.petitions import PETITIONER, a_petition, did, does, sent
from tests.support import JUSTICE, PROVINCE, WARD, bearer, serving, settings_for

#: Another ward.
STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(
        *(database, issuer), public_per_minute=100_000, petitions_per_hour=100_000, wrong_secrets_per_hour=100_000
    )
    async with serving(create_app(settings)) as client:
        yield client


# --- sending and following ------------------------------------------------------------------------------------------


async def test_anybody_sends_one_and_follows_it(citizen: httpx.AsyncClient) -> None:
    answer = await citizen.post("/v1/public/petitions", json=a_petition())
    made = answer.json()
    assert (answer.status_code, made["agency"], len(made["secret"])) == (201, WARD, 16)
    assert answer.headers["cache-control"] == "no-store"
    followed = await citizen.get(answer.headers["location"], headers={"Receipt-Secret": made["secret"]})
    assert followed.status_code == 200
    body = followed.json()
    assert (body["state"], body["state_name"], body["holder"]) == ("received", "Mới tiếp nhận", WARD)
    assert [notice["kind"] for notice in body["notices"]] == ["received"]
    for text in PETITIONER.values():
        assert text not in followed.text


async def test_without_its_secret_there_is_none(citizen: httpx.AsyncClient) -> None:
    made = await sent(citizen)
    path = f"/v1/public/petitions/{made['code']}"
    other = await sent(citizen)
    for params in ({}, {"secret": "A" * 16}, {"secret": other["secret"]}):
        assert (await citizen.get(path, params=params)).status_code == 404
        given = await citizen.post(f"{path}/information", params=params, json={"information": "Tôi nộp hôm qua"})
        assert given.status_code == 404
    for code in ("PA-260101-1", "PA-261127-", "PA-261127-999999999999999999999", "X"):
        assert (await citizen.get(f"/v1/public/petitions/{code}", params={"secret": "A" * 16})).status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"kind": "denunciation"}, ("kind", "not_one_of")),
        ({"agency": "99999"}, ("agency", "unknown_agency")),
        ({"agency": "19342"}, ("agency", "agency_not_in_force")),
        ({"dossier": "19333-190722-9999"}, ("dossier", "unknown_dossier")),
        ({"petitioner": {"name": "Nguyễn Thị Đào"}}, ("petitioner.phone", "required")),
        ({"content": "\n \n"}, ("content", "no_letter")),
        ({"content": "a\x00b"}, ("content", "control_characters")),
        ({"content": "x" * 5001}, ("content", "too_long")),
        ({"title": "a\nb"}, ("title", "control_characters")),
        ({"channel": "post"}, ("channel", "unknown_field")),
    ],
)
async def test_what_is_none_is_refused(
    citizen: httpx.AsyncClient, body: dict[str, Any], reason: tuple[str, str]
) -> None:
    answer = await citizen.post("/v1/public/petitions", json=a_petition(**body))
    assert answer.status_code == 422, answer.text
    assert reason in reasons(answer)


async def test_lines_are_kept(citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    made = await sent(citizen, content="  Một  dòng \r\n\r\nHai\n")
    leader = bearer(issuer, "leader", WARD)
    read = (await intake.get(f"/v1/petitions/{made['code']}", headers=leader)).json()
    assert read["content"] == "Một dòng\n\nHai"


async def test_the_same_again_is_one(citizen: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "9d1f7a52-1"}
    first, again = [await citizen.post("/v1/public/petitions", json=a_petition(), headers=key) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())
    other = await citizen.post("/v1/public/petitions", json=a_petition(title="Khác"), headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_client_sends_so_many(database: Database, issuer: LocalIssuer) -> None:
    async with serving(create_app(settings_for(database, issuer, petitions_per_hour=2))) as client:
        answers = [await client.post("/v1/public/petitions", json=a_petition()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert int(answers[2].headers["retry-after"]) > 60


async def test_staff_enter_what_came_on_another_way(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    counter = bearer(issuer, "counter", WARD)
    dossier = await received(intake)
    body = a_petition(channel="post", received_at="2026-11-20T08:00:00+07:00", dossier=dossier["code"])
    answer = await intake.post("/v1/petitions", json=body, headers=counter)
    assert answer.status_code == 201, answer.text
    assert answer.json()["code"].startswith("PA-261120-")
    read = (await intake.get(answer.headers["location"], headers=counter)).json()
    assert (read["channel"], read["dossier"], read["events"][0]["actor"][:7]) == ("post", dossier["code"], "counter")
    future = {**body, "received_at": "2199-01-01T08:00:00+07:00"}
    assert reasons(await intake.post("/v1/petitions", json=future, headers=counter)) == {("received_at", "in_future")}
    elsewhere = await intake.post("/v1/petitions", json={**body, "agency": STRANGER}, headers=counter)
    assert elsewhere.json()["code"] == "agency_out_of_scope"


# --- who reads it ---------------------------------------------------------------------------------------------------


async def test_it_is_read_by_whoever_is_to_deal_with_it(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen)
    path = f"/v1/petitions/{made['code']}"
    handler = (await intake.get(path, headers=bearer(issuer, "handler", WARD))).json()
    assert (handler["petitioner_name"], handler["phone"], handler["masked"]) == ("Nguyễn Thị Đào", "0905 000 001", [])
    above = (await intake.get(path, headers=bearer(issuer, "supervisor", PROVINCE))).json()
    assert (above["phone"], above["address"], above["masked"]) == ("***001", "***", ["phone", "email", "address"])
    for agency in (STRANGER, JUSTICE):
        assert (await intake.get(path, headers=bearer(issuer, "leader", agency))).status_code == 404
    listed = (await intake.get("/v1/petitions?limit=200", headers=bearer(issuer, "handler", WARD))).text
    assert made["code"] in listed
    for text in PETITIONER.values():
        assert text not in listed
    assert made["code"] not in (await intake.get("/v1/petitions", headers=bearer(issuer, "handler", STRANGER))).text


async def test_who_read_the_senders_data_is_on_record(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen)
    await intake.get(f"/v1/petitions/{made['code']}", headers=bearer(issuer, "handler", WARD))
    records = await intake.get("/v1/access-records?limit=5", headers=bearer(issuer, "admin", WARD))
    found = [one for one in records.json()["items"] if one["operation"] == "readPetition"]
    assert (found[0]["reason"], set(found[0]["fields"])) == (made["code"], {"phone", "email", "address"})


async def test_what_is_said_of_officers_is_not_for_them(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen, kind="about_behaviour", title="Thái độ tại quầy")
    for role in ("counter", "handler", "machine"):
        headers = bearer(issuer, role, WARD)
        assert (await intake.get(f"/v1/petitions/{made['code']}", headers=headers)).status_code == 404
        assert made["code"] not in (await intake.get("/v1/petitions?limit=200", headers=headers)).text
        if role != "machine":
            assert (await does(intake, made, "take-up", headers)).status_code == 404
    leader = bearer(issuer, "leader", WARD)
    assert made["code"] in (await intake.get("/v1/petitions?limit=200", headers=leader)).text
    assert (await did(intake, made, "take-up", leader))["state"] == "in_hand"


async def test_the_tables_show_it_to_nobody_else(citizen: httpx.AsyncClient, database: Database) -> None:
    made = await sent(citizen)
    number = int(made["code"].rsplit("-", 1)[1])
    connection = await asyncpg.connect(database.login("motcua_intake"))
    tables = ("petition", "petition_words", "petition_event", "petition_event_words")
    ward = await connection.fetchval("SELECT id FROM agency WHERE code = $1 AND upper_inf(period)", WARD)
    other = await connection.fetchval("SELECT id FROM agency WHERE code = $1 AND upper_inf(period)", STRANGER)
    for rows, seen in (("", 0), (f"{{[{other},{other}]}}", 0), (f"{{[{ward},{ward}]}}", 1)):
        await connection.execute("SELECT set_config('motcua.scope', $1, false)", rows)
        for table in tables[:3]:
            key = "id" if table == "petition" else "petition_id"
            assert await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {key} = $1", number) == seen, table
    await connection.close()


async def test_events_are_for_good(database: Database) -> None:
    connection = await asyncpg.connect(database.login("motcua_intake"))
    for statement in (
        "UPDATE petition_event SET kind = 'answered'",
        "DELETE FROM petition_event",
        "UPDATE petition_event_words SET words = ''",
        "UPDATE petition_publication SET answer = ''",
        "DELETE FROM petition",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()
