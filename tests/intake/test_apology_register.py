"""Sổ theo dõi thư xin lỗi: every apology with its letter, each sending and receipt, and what nobody has sent yet."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from intake_service.app import create_app
from migrations.apply import downgrade, migrate
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import ago, did, imported, reasons, received
from tests.intake.test_extension_and_apology import LETTER
from tests.support import JUSTICE, PROVINCE, bearer, serving, settings_for, workday


@pytest.fixture
async def extended(intake: httpx.AsyncClient, issuer: LocalIssuer) -> dict[str, Any]:
    """Due in ten days, and extended just now."""
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    return await did(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())


async def register(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/apologies")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def record(
    intake: httpx.AsyncClient, dossier: dict[str, Any], what: str, n: int = 1, key: str | None = None, **body: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await intake.post(f"/v1/dossiers/{dossier['code']}/apologies/{n}/{what}", json=body, headers=headers)


async def unsent(intake: httpx.AsyncClient, **params: str) -> list[tuple[str, int]]:
    found, cursor = [], None
    while True:
        asked = {**params, "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await intake.get("/v1/apologies/unsent", params=asked)).json()
        found += [(item["code"], item["n"]) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_an_extension_stands_in_it(intake: httpx.AsyncClient, extended: dict[str, Any]) -> None:
    (apology,) = await register(intake, extended)
    assert (apology["n"], apology["kind"]) == (1, "extension")
    assert {name: apology[name] for name in LETTER} == LETTER
    assert apology["new_due_at"] == extended["due_at"]
    assert (apology["sent_at"], apology["received_at"], apology["sendings"], apology["receipts"]) == (
        None,
        None,
        [],
        [],
    )
    event = (await intake.get(f"/v1/dossiers/{extended['code']}/events")).json()["items"][apology["seq"] - 1]
    assert (event["kind"], event["occurred_at"]) == ("extended", apology["made_at"])


async def test_each_kind_in_its_order(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    late = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    await did(intake, late, "apologies", **LETTER, kind="overdue")
    await did(intake, late, "apologies", **LETTER, kind="lost_or_damaged")
    assert [(each["n"], each["kind"]) for each in await register(intake, late)] == [
        (1, "overdue"),
        (2, "lost_or_damaged"),
    ]


async def test_until_it_is_sent_it_stands_in_a_list(intake: httpx.AsyncClient, extended: dict[str, Any]) -> None:
    place = (extended["code"], 1)
    assert place in await unsent(intake)
    sent = await record(intake, extended, "sendings", channel="sms", to="0905 000 001")
    assert sent.status_code == 201, sent.text
    assert place not in await unsent(intake)
    (sending,) = sent.json()["sendings"]
    assert (sending["channel"], sending["to"]) == ("sms", "***001")
    (registered,) = await register(intake, extended)
    assert registered["sendings"] == [{**sending, "to": "0905 000 001"}]
    assert sent.json()["sent_at"] == sending["occurred_at"]


async def test_sent_more_than_once_and_received(intake: httpx.AsyncClient, extended: dict[str, Any]) -> None:
    for channel in ("sms", "email", "phone", "post", "counter", "social_network"):
        await record(intake, extended, "sendings", channel=channel)
    answer = await record(intake, extended, "receipts", by="Nguyễn Thị Đào")
    assert answer.status_code == 201
    (apology,) = await register(intake, extended)
    assert answer.json() == apology
    assert len(apology["sendings"]) == 6
    assert apology["sent_at"] == apology["sendings"][0]["occurred_at"]
    assert [each["by"] for each in apology["receipts"]] == ["Nguyễn Thị Đào"]
    assert apology["received_at"] is not None


async def test_in_the_order_of_things(intake: httpx.AsyncClient, extended: dict[str, Any]) -> None:
    assert reasons(await record(intake, extended, "receipts")) == {("", "not_sent")}
    early = await record(intake, extended, "sendings", channel="sms", occurred_at=ago(days=1).isoformat())
    assert reasons(early) == {("occurred_at", "before_apology")}
    future = await record(intake, extended, "sendings", channel="sms", occurred_at=ago(days=-1).isoformat())
    assert reasons(future) == {("occurred_at", "in_future")}
    sent = (await record(intake, extended, "sendings", channel="sms")).json()
    before = datetime.fromisoformat(sent["made_at"]).isoformat()
    assert reasons(await record(intake, extended, "receipts", occurred_at=before)) == {
        ("occurred_at", "before_sending")
    }
    assert (await record(intake, extended, "sendings", n=2, channel="sms")).status_code == 404
    assert reasons(await record(intake, extended, "sendings", channel="pigeon")) == {("channel", "not_one_of")}


async def test_a_request_repeated_has_one_effect(intake: httpx.AsyncClient, extended: dict[str, Any]) -> None:
    key = f"sent-{extended['code']}"
    answers = [await record(intake, extended, "sendings", key=key, channel="post") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    other = await record(intake, extended, "sendings", key=key, channel="sms")
    assert other.json()["code"] == "idempotency_key_reused"


async def test_whoever_may_not_see_the_dossier_sees_no_apology(
    intake: httpx.AsyncClient, issuer: LocalIssuer, extended: dict[str, Any]
) -> None:
    headers = bearer(issuer, "counter", JUSTICE)
    path = f"/v1/dossiers/{extended['code']}/apologies"
    assert (await intake.get(path, headers=headers)).status_code == 404
    assert (await intake.post(f"{path}/1/sendings", json={"channel": "sms"}, headers=headers)).status_code == 404
    listed = (await intake.get("/v1/apologies/unsent", headers=headers)).json()["items"]
    assert extended["code"] not in {item["code"] for item in listed}


async def test_a_refused_apology_is_not_entered(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    answer = await intake.post(f"/v1/dossiers/{dossier['code']}/apologies", json={**LETTER, "kind": "overdue"})
    assert answer.status_code == 422
    assert await register(intake, dossier) == []


async def test_what_the_log_had_before_there_was_a_register_is_entered(
    fresh_database: Database, issuer: LocalIssuer
) -> None:
    settings, headers = settings_for(fresh_database, issuer), bearer(issuer, "admin", PROVINCE)

    async def entered() -> list[dict[str, Any]]:
        async with serving(create_app(settings)) as client:
            client.headers.update(headers)
            return await register(client, dossier)

    async with serving(create_app(settings)) as client:
        client.headers.update(headers)
        dossier = await imported(client, headers, accepted=ago(days=10), due=ago(days=-10))
        await did(client, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())
        await did(client, dossier, "apologies", **LETTER, kind="lost_or_damaged")
    before = await entered()
    assert [each["kind"] for each in before] == ["extension", "lost_or_damaged"]
    await downgrade(fresh_database.owner_url, to="0005")
    await migrate(fresh_database.owner_url)
    assert await entered() == before


async def test_what_was_decided_upon_a_version_gone_by_is_not_recorded(
    intake: httpx.AsyncClient, extended: dict[str, Any]
) -> None:
    path = f"/v1/dossiers/{extended['code']}/apologies/1"
    gone_by, now_there = {"If-Match": '"99"'}, {"If-Match": f'"{extended["version"]}"'}
    for what, body in (("sendings", {"channel": "sms", "to": "0905 000 001"}), ("receipts", {"by": "người nhà"})):
        refused = await intake.post(f"{path}/{what}", json=body, headers=gone_by)
        assert (refused.status_code, refused.json()["code"]) == (412, "version_changed")
        taken = await intake.post(f"{path}/{what}", json=body, headers=now_there)
        assert taken.status_code == 201, taken.text
    (apology,) = await register(intake, extended)
    assert (len(apology["sendings"]), len(apology["receipts"])) == (1, 1)
