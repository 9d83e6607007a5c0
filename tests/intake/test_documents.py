"""Thành phần hồ sơ của một hồ sơ: asked for and there; the result, which is recorded, corrected and erased."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.persons import usecases as persons
from intake_service.persons.usecases import Decision
from intake_service.tracking.rules import secret_of
from services.local_issuer import LocalIssuer
from shared.contracts.documents import DossierDocuments
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.bodies import a_pdf
from tests.intake.lives import did, does, reasons, received, submitted
from tests.support import PROVINCE, REGISTER_COPY, TRACKING_KEY, WARD, bearer, serving, settings_for

TODAY = civil_day(now())
NUMBER = "045190123987"
PERSON = {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": NUMBER}
LIST = [
    {"code": "GT.01", "name": "Tờ khai", "required": True, "forms": [{"kind": "original", "count": 1}]},
    {
        "code": "GT.02",
        "name": "Giấy chứng sinh",
        "required": True,
        "forms": [{"kind": "certified_copy", "count": 2}, {"kind": "electronic", "count": 1}],
    },
    {"code": "GT.03", "name": "Văn bản ủy quyền", "required": False, "forms": [{"kind": "copy", "count": 1}]},
]
RESULT = {"number": "125/GCN-UBND", "issued_on": TODAY.isoformat(), "name": "Bản sao trích lục khai sinh"}


@dataclass
class Desk:
    """The ward's counter, of an installation whose list of components holds since yesterday."""

    client: httpx.AsyncClient
    database: Database
    issuer: LocalIssuer

    async def documents(self, dossier: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await self.client.get(f"/v1/dossiers/{dossier['code']}/documents", **more)
        assert answer.status_code == 200, answer.text
        DossierDocuments.model_validate(answer.json())
        body: dict[str, Any] = answer.json()
        return body

    async def send(self, dossier: dict[str, Any], seed: int, **said: str) -> dict[str, Any]:
        answer = await self.client.post(
            f"/v1/dossiers/{dossier['code']}/files", params={"name": f"{seed}.pdf", **said}, content=a_pdf(seed=seed)
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def from_outside(self, path: str, **headers: str) -> httpx.Response:
        """Without the counter's token."""
        request = self.client.build_request("GET", path, headers=headers)
        if "Authorization" not in headers:
            del request.headers["Authorization"]
        answer = await self.client.send(request)
        assert answer.status_code == 200, answer.text
        return answer

    async def finished(self, **more: Any) -> dict[str, Any]:
        return await did(self.client, await received(self.client, applicant=PERSON, **more), "finish")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(
    database: Database, issuer: LocalIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    kept: Path = tmp_path_factory.mktemp("kept")
    async with serving(create_app(settings_for(database, issuer, files=str(kept)))) as client:
        body = {"valid_from": (TODAY - timedelta(days=1)).isoformat(), "components": LIST, "retroactive": True}
        said = {"decision": "163/QĐ-BTP", "reason": "Công bố"}
        admin = bearer(issuer, "admin", PROVINCE)
        made = await client.put(f"/v1/procedures/{REGISTER_COPY}/components", json={**body, **said}, headers=admin)
        assert made.status_code == 200, made.text
        client.headers.update(bearer(issuer, "counter", WARD))
        yield Desk(client, database, issuer)


async def test_each_component_has_what_is_called_by_its_code_or_name(desk: Desk) -> None:
    papers = [
        {"name": "tờ khai", "kind": "original", "count": 1},
        {"name": "GT.02", "kind": "certified_copy", "count": 1},
        {"name": "Ảnh", "kind": "copy", "count": 3},
    ]
    dossier = await received(desk.client, documents=papers)
    scan = await desk.send(dossier, 1, component="gt.01", digitised="true", reused="0", from_store="false")
    other = await desk.send(dossier, 2)
    found = await desk.documents(dossier)
    assert (found["entered"], found["asked_on"], found["complete"]) == (True, TODAY.isoformat(), True)
    form, birth, proxy = found["components"]
    assert (form["code"], form["papers"], form["lacks"], form["missing"]) == ("GT.01", papers[:1], [], False)
    assert form["files"] == [
        {"id": scan["id"], "name": "1.pdf", "latest": True, "digitised": True, "reused": 0, "from_store": False}
    ]
    assert birth["papers"] == papers[1:2]
    assert birth["lacks"] == [{"kind": "certified_copy", "count": 1}, {"kind": "electronic", "count": 1}]
    assert (proxy["missing"], proxy["required"], proxy["lacks"]) == (True, False, [{"kind": "copy", "count": 1}])
    assert (found["unasked_papers"], [file["id"] for file in found["unasked_files"]]) == (papers[2:], [other["id"]])
    assert (found["result"], found["earlier_results"], found["result_files"]) == (None, [], [])


async def test_what_is_missing_is_shown_and_holds_nothing_up(desk: Desk) -> None:
    dossier = await received(desk.client)
    found = await desk.documents(dossier)
    assert found["complete"] is False
    assert [each["missing"] for each in found["components"]] == [True, True, True]
    await did(desk.client, dossier, "supplement-requests", reason="Thiếu giấy")
    brought = [{"name": "Tờ khai", "kind": "original"}, {"name": "Giấy chứng sinh", "kind": "certified_copy"}]
    await did(desk.client, dossier, "supplements", documents=brought)
    found = await desk.documents(dossier)
    assert found["complete"] is True
    assert [each["missing"] for each in found["components"]] == [False, False, True]
    assert (await did(desk.client, dossier, "finish"))["status"] == "finished"


async def test_a_dossier_keeps_the_list_of_its_day(desk: Desk) -> None:
    dossier = await received(desk.client)
    body = {"valid_from": (TODAY + timedelta(days=1)).isoformat(), "components": [], "decision": "164", "reason": "Bỏ"}
    admin = bearer(desk.issuer, "admin", PROVINCE)
    made = await desk.client.put(f"/v1/procedures/{REGISTER_COPY}/components", json=body, headers=admin)
    assert made.status_code == 200, made.text
    assert [each["code"] for each in (await desk.documents(dossier))["components"]] == ["GT.01", "GT.02", "GT.03"]


async def test_where_nobody_has_entered_a_list_that_is_said(desk: Desk) -> None:
    papers = [{"name": "Tờ khai", "kind": "original", "count": 1}]
    dossier = await received(desk.client, documents=papers)
    owner = await asyncpg.connect(desk.database.owner_url)
    await owner.execute(
        "UPDATE dossier SET submitted_at = submitted_at - interval '9 days' WHERE code = $1", dossier["code"]
    )
    await owner.close()
    found = await desk.documents(dossier)
    assert (found["entered"], found["complete"], found["components"]) == (False, None, [])
    assert found["unasked_papers"] == papers
    assert ("components", "national_components") in blockers(found)


def blockers(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in found["national_blockers"]}


async def test_what_the_national_database_lacks_is_named(desk: Desk) -> None:
    dossier = await desk.finished()
    scan = await desk.send(dossier, 11, component="Tờ khai")
    found = await desk.documents(dossier, headers={"Accept-Language": "en"})
    said = {(f"files.{scan['id']}.{mark}", "national_not_said") for mark in ("digitised", "reused", "from_store")}
    assert blockers(found) == {*said, ("result", "national_no_result"), ("", "national_no_address")}
    assert "no result is recorded" in {each["reason"] for each in found["national_blockers"]}


async def test_a_result_is_recorded_once_the_agency_is_done(desk: Desk) -> None:
    dossier = await received(desk.client)
    early = await does(desk.client, dossier, "results", **RESULT)
    assert (early.status_code, early.json()["code"]) == (409, "not_allowed_in_status")
    dossier = await did(desk.client, dossier, "finish")
    file = await desk.send(dossier, 21, component="result")
    body = {**RESULT, "signed_by": "Trần Văn Bình", "code": "KQ.01", "file": file["id"]}
    after = await did(desk.client, dossier, "results", **body)
    assert (after["status"], after["version"]) == ("finished", dossier["version"] + 1)
    found = await desk.documents(dossier)
    result = found["result"]
    assert {name: result[name] for name in body} == body
    assert (result["sha256"], result["recorded_by"], result["for_agency"]) == (file["sha256"], f"counter@{WARD}", WARD)
    assert [each["id"] for each in found["result_files"]] == [file["id"]]
    assert found["unasked_files"] == [], "the agency's own is nothing that an applicant handed in"
    returned = await did(desk.client, dossier, "return")
    assert returned["status"] == "returned"
    *_, recorded, last = (await desk.client.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    assert (recorded["kind"], recorded["seq"], last["kind"]) == ("result_recorded", result["seq"], "returned")
    assert last["detail"]["result"] == result["seq"], "which result was handed over"
    words = orjson.dumps(recorded).decode()
    assert "Trần Văn Bình" not in words
    assert RESULT["number"] not in words


async def test_a_correction_has_its_reason_and_what_was_stays(desk: Desk) -> None:
    dossier = await desk.finished()
    await did(desk.client, dossier, "results", **RESULT)
    silent = await does(desk.client, dossier, "results", **{**RESULT, "number": "126/GCN-UBND"})
    assert reasons(silent) == {("reason", "result_correction")}
    await did(desk.client, dossier, "return")
    await did(desk.client, dossier, "results", **{**RESULT, "number": "126/GCN-UBND", "reason": "Ghi nhầm số"})
    found = await desk.documents(dossier)
    assert (found["result"]["number"], found["result"]["reason"]) == ("126/GCN-UBND", "Ghi nhầm số")
    assert [each["number"] for each in found["earlier_results"]] == ["125/GCN-UBND"]


async def test_with_the_finish_its_result_is_taken_back(desk: Desk) -> None:
    dossier = await desk.finished()
    await did(desk.client, dossier, "results", **RESULT)
    supervisor = bearer(desk.issuer, "supervisor", WARD)
    path = f"/v1/dossiers/{dossier['code']}"
    assert (await desk.client.post(f"{path}/reopen", json={"reason": "Nhầm"}, headers=supervisor)).status_code == 200
    found = await desk.documents(dossier)
    assert (found["result"], [each["number"] for each in found["earlier_results"]]) == (None, ["125/GCN-UBND"])
    await did(desk.client, dossier, "finish")
    await did(desk.client, dossier, "return")
    last = (await desk.client.get(f"{path}/events")).json()["items"][-1]
    assert "result" not in last["detail"], "none was handed over"
    await did(desk.client, dossier, "results", **RESULT)  # the first of this finish corrects nothing


async def test_the_file_of_a_result_is_one_that_the_agency_sent_as_such(desk: Desk) -> None:
    dossier, elsewhere = await desk.finished(), await desk.finished()
    paper = await desk.send(dossier, 31, component="Tờ khai")
    others = await desk.send(elsewhere, 32, component="result")
    old = await desk.send(dossier, 33, component="result")
    new = await desk.send(dossier, 34, component="result", replaces=old["id"])
    for file, refused in (
        (paper, ("file", "file_is_no_result")),
        (others, ("file", "unknown_file")),
        (old, ("file", "result_replaced")),
    ):
        answer = await does(desk.client, dossier, "results", **RESULT, file=file["id"])
        assert reasons(answer) == {refused}
    await did(desk.client, dossier, "results", **RESULT, file=new["id"])
    newer = await desk.send(dossier, 35, component="result", replaces=new["id"])
    found = await desk.documents(dossier)
    assert (found["result"]["file"], found["result"]["sha256"]) == (new["id"], new["sha256"])
    assert ("result.file", "result_replaced") in blockers(found)
    await did(desk.client, dossier, "results", **RESULT, file=newer["id"], reason="Ký lại")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"issued_on": (TODAY + timedelta(days=1)).isoformat()}, ("issued_on", "in_future")),
        ({"issued_on": (TODAY - timedelta(days=1)).isoformat()}, ("issued_on", "before_acceptance")),
        ({"issued_on": "27/11/2026"}, ("issued_on", "malformed")),
        ({"number": " "}, ("number", "required")),
        ({"number": "1" * 61}, ("number", "too_long")),
        ({"signed_by": "125"}, ("signed_by", "no_letter")),
        ({"file": "abc"}, ("file", "malformed")),
        ({"signer": "Bình"}, ("", "unknown_field")),
    ],
)
async def test_what_is_no_result_is_refused(desk: Desk, changes: dict[str, Any], refused: tuple[str, str]) -> None:
    dossier = await desk.finished()
    answer = await does(desk.client, dossier, "results", **{**RESULT, **changes})
    assert answer.status_code == 422, answer.text
    assert {field for field, _ in reasons(answer)} == {refused[0]} or refused[0] == ""
    assert (await desk.documents(dossier))["result"] is None


async def test_a_withdrawn_dossier_has_none(desk: Desk) -> None:
    dossier = await received(desk.client)
    await did(desk.client, dossier, "withdraw", reason="Đổi ý")
    assert (await does(desk.client, dossier, "results", **RESULT)).status_code == 409
    assert blockers(await desk.documents(dossier)) == set(), "there is no result to tell of"


async def test_its_applicant_is_told_that_there_is_one_and_nobody_else(desk: Desk) -> None:
    dossier = await desk.finished()
    await did(desk.client, dossier, "results", **RESULT, signed_by="Trần Văn Bình")
    path, secret = f"/v1/track/{dossier['code']}", secret_of(TRACKING_KEY, dossier["code"])
    anybody, holder = await desk.from_outside(path), await desk.from_outside(path, **{"Receipt-Secret": secret})
    assert "result" not in anybody.json()
    assert RESULT["number"] not in anybody.text
    told = {"number": RESULT["number"], "issued_on": RESULT["issued_on"]}
    assert holder.json()["result"] == told
    assert "Trần Văn Bình" not in holder.text
    own = await desk.from_outside(path, **bearer(desk.issuer, "citizen", PROVINCE, id_number=NUMBER))
    assert own.json()["result"] == told


async def test_it_is_erased_with_the_person(desk: Desk) -> None:
    dossier = await desk.finished()
    await did(desk.client, dossier, "results", **RESULT, signed_by="Trần Văn Bình")
    await did(desk.client, dossier, "return")
    owner = await asyncpg.connect(desk.database.owner_url)
    async with owner.transaction():
        found = await persons.by_codes(owner, [dossier["code"]])
        await persons.erase(owner, found, Decision("13/QĐ-UBND", "Theo yêu cầu", "operator:test", now()))
    held = await owner.fetchval(
        "SELECT count(*) FROM dossier_event e LEFT JOIN event_note n USING (dossier_id, seq) JOIN dossier d"
        " ON d.id = e.dossier_id WHERE d.code = $1 AND (e.payload LIKE '%125/GCN%' OR n.detail LIKE '%125/GCN%')",
        dossier["code"],
    )
    await owner.close()
    assert held == 0
    found_after = await desk.documents(dossier)
    words = ("number", "issued_on", "name", "signed_by", "file", "sha256")
    assert {found_after["result"][name] for name in words} == {None}
    assert blockers(found_after) == {("", "national_erased")}
    again = await does(desk.client, dossier, "results", **RESULT, reason="Ghi lại")
    assert reasons(again) == {("", "personal_data_erased")}


async def test_what_was_not_accepted_is_held_against_the_list_too(desk: Desk) -> None:
    dossier = await submitted(desk.client, documents=[{"name": "Tờ khai", "kind": "electronic", "count": 1}])
    form, *_ = (await desk.documents(dossier))["components"]
    assert (form["missing"], form["lacks"]) == (False, [{"kind": "original", "count": 1}])


async def test_of_two_who_record_one_at_once_the_second_corrects(desk: Desk) -> None:
    dossier = await desk.finished()
    both = await asyncio.gather(
        *(does(desk.client, dossier, "results", **{**RESULT, "number": f"{n}/GCN"}) for n in (1, 2))
    )
    assert sorted(answer.status_code for answer in both) == [200, 422]


async def test_many_handed_out_at_once_say_which_result_too(desk: Desk) -> None:
    with_one, without = await desk.finished(), await desk.finished()
    await did(desk.client, with_one, "results", **RESULT)
    items = [{"action": "return", "code": dossier["code"]} for dossier in (with_one, without)]
    answer = await desk.client.post("/v1/dossiers/bulk-actions", json={"items": items})
    assert answer.json()["done"] == 2, answer.text
    said = [
        (await desk.client.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"][-1]["detail"]
        for dossier in (with_one, without)
    ]
    assert [each.get("result") for each in said] == [(await desk.documents(with_one))["result"]["seq"], None]


async def test_whose_it_is_is_told_all_of_it(desk: Desk) -> None:
    dossier = await desk.finished()
    await did(desk.client, dossier, "results", **RESULT, signed_by="Trần Văn Bình")
    owner = await asyncpg.connect(desk.database.owner_url)
    decision = Decision("14/QĐ-UBND", "Theo yêu cầu", "operator:test", now())
    ring = settings_for(desk.database, desk.issuer).keyring
    async with owner.transaction():
        told = await persons.export(owner, await persons.by_codes(owner, [dossier["code"]]), decision, ring)
    await owner.close()
    words = orjson.dumps(told["dossiers"], default=str).decode()
    assert RESULT["number"] in words
    assert "Trần Văn Bình" in words
