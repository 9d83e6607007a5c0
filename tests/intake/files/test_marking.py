"""Đánh dấu số hóa, tái sử dụng: what is said of a file, by whom, and what stays of it."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from intake_service.files import rules
from intake_service.persons import usecases as persons
from tests.conftest import Database
from tests.intake.bodies import a_pdf
from tests.intake.files.counters import DECISION, NUMBER, PERSON, Counter, reason
from tests.intake.lives import did, received
from tests.support import PROVINCE, WARD


async def marked(counter: Counter, file: dict[str, Any], body: Any, **headers: str) -> httpx.Response:
    return await counter.client.put(file["content"].replace("/content", "/marks"), json=body, headers=headers)


async def test_what_is_said_of_a_file_is_replaced_and_stays_on_record(
    counter: Counter, dossier: dict[str, Any]
) -> None:
    made = await counter.sent(dossier, a_pdf(seed=71), digitised="true", reused="0")
    assert {name: made[name] for name in ("digitised", "reused", "from_store", "marks_version", "marked_by")} == {
        **{"digitised": True, "reused": 0, "from_store": None, "marks_version": 1, "marked_by": f"counter@{WARD}"},
    }
    body = {"digitised": False, "reused": 2, "from_store": True}
    answer = await marked(counter, made, body, **{"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["ETag"], {name: answer.json()[name] for name in body}) == ('"2"', body)
    assert (await marked(counter, made, body)).headers["ETag"] == '"2"', "the same again changes nothing"
    stale = await marked(counter, made, {"digitised": True}, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert await counter.listed(dossier) == [answer.json()]
    told = await counter.client.get(made["content"].replace("/content", "/marks"))
    assert told.headers["ETag"] == '"2"'
    items = told.json()["items"]
    assert [(item["n"], item["digitised"], item["reused"], item["from_store"]) for item in items] == [
        (2, False, 2, True),
        (1, True, 0, None),
    ]
    assert {(item["marked_by"], item["agency"]) for item in items} == {(f"counter@{WARD}", WARD)}


async def test_of_two_who_mark_at_once_the_second_is_told(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=72))
    both = await asyncio.gather(
        *(marked(counter, made, {"reused": n}, **{"If-Match": '"0"'}) for n in (0, 1)), return_exceptions=False
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


async def test_nothing_is_said_of_what_is_not_there(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=73))
    elsewhere = await received(counter.client)
    for code, file_id in (
        (dossier["code"], uuid4()),
        (elsewhere["code"], made["id"]),
        ("19333-000101-0001", made["id"]),
    ):
        path = f"/v1/dossiers/{code}/files/{file_id}/marks"
        assert (await counter.client.put(path, json={"reused": 1})).status_code == 404
        assert (await counter.client.get(path)).status_code == 404
    wrong: tuple[Any, ...] = ({"reused": 3}, {"reused": True}, {"digitised": 1}, {"digitised": "yes"}, {"reuse": 1}, [])
    for body in wrong:
        answer = await marked(counter, made, body)
        assert answer.status_code == 422, (body, answer.text)
    assert (await counter.client.get(made["content"].replace("/content", "/marks"))).json() == {"items": []}


async def test_an_applicant_says_neither(counter: Counter, dossier: dict[str, Any]) -> None:
    own = counter.as_("citizen", PROVINCE, id_number=NUMBER)
    sent = await counter.send(dossier, a_pdf(seed=74), digitised="true", headers=own)
    assert reason(sent) == (403, "forbidden", [("", "marks_are_the_agencys")])
    for component in ("result", "Result ", "RESULT"):
        sent = await counter.send(dossier, a_pdf(seed=75), component=component, headers=own)
        assert reason(sent) == (403, "forbidden", [("component", "result_is_the_agencys")]), component
    made = await counter.sent(dossier, a_pdf(seed=76), headers=own)
    path = made["content"].replace("/content", "/marks")
    assert (await counter.client.put(path, json={"reused": 1}, headers=own)).status_code == 403


async def test_what_is_said_has_an_end(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_MARKS", 2)
    made = await counter.sent(dossier, a_pdf(seed=80), reused="0")
    assert (await marked(counter, made, {"reused": 1})).status_code == 200
    assert reason(await marked(counter, made, {"reused": 2})) == (409, "conflict", [("", "too_many_marks")])
    assert (await marked(counter, made, {"reused": 1})).status_code == 200, "the same again"
    again = await counter.send(dossier, a_pdf(seed=80), reused="2")
    assert (again.status_code, again.json()["reused"]) == (200, 1)


async def test_of_what_is_erased_nothing_is_said(counter: Counter, database: Database) -> None:
    gone = await received(counter.client, applicant=PERSON)
    made = await counter.sent(gone, a_pdf(seed=81), digitised="true")
    await did(counter.client, gone, "withdraw", reason="Đổi ý")
    owner = await asyncpg.connect(database.owner_url)
    async with owner.transaction():
        await persons.erase(owner, await persons.by_codes(owner, [gone["code"]]), DECISION)
    await owner.close()
    assert reason(await marked(counter, made, {"reused": 1})) == (409, "conflict", [("", "personal_data_erased")])
    (told,) = await counter.listed(gone)
    assert (told["digitised"], told["content"]) == (True, None)
