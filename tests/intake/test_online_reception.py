"""Tiếp nhận trực tuyến: NĐ 61/2018 art. 17(2), 17(3). The code comes with acceptance, and so does the term."""

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.lives import did, does, reasons, received, submitted
from tests.support import WARD, a_draft, bearer


async def test_a_submission_has_a_reference_and_no_term(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    assert (dossier["status_code"], dossier["status"]) == (1, "submitted")
    assert dossier["code"] == dossier["reference"]
    assert dossier["code"].startswith("N-19333-")
    assert dossier["reception_due_at"] > dossier["submitted_at"]
    assert (dossier["accepted_at"], dossier["due_at"], dossier["original_due_at"]) == (None, None, None)
    assert (await intake.get(f"/v1/dossiers/{dossier['code']}")).json() == dossier


async def test_accepted_it_gets_its_code_and_its_reference_still_leads_to_it(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    accepted = await did(intake, dossier, "accept")
    assert accepted["status_code"] == 2
    assert accepted["code"].startswith("19333-")
    assert accepted["reference"] == dossier["code"]
    assert accepted["accepted_at"] > dossier["submitted_at"] == accepted["submitted_at"]
    assert accepted["reception_due_at"] is None
    assert accepted["due_at"] is not None
    assert accepted["due_at"] == accepted["original_due_at"]
    by_reference = (await intake.get(f"/v1/dossiers/{dossier['reference']}")).json()
    assert by_reference == accepted


async def test_its_history_is_one_chain(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    await did(intake, dossier, "accept")
    events = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    assert [event["kind"] for event in events] == ["submitted", "accepted"]
    assert events[1]["detail"]["due_at"]


async def test_numbers_of_submissions_leave_no_gap_in_the_codes(intake: httpx.AsyncClient) -> None:
    before = int((await received(intake))["code"].rpartition("-")[2])
    for _ in range(3):
        refused = await submitted(intake)
        await did(intake, refused, "refuse", reason="Không thuộc thẩm quyền")
    assert int((await received(intake))["code"].rpartition("-")[2]) == before + 1


async def test_refused_with_its_reason(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    assert reasons(await does(intake, dossier, "refuse")) == {("reason", "required")}
    refused = await did(intake, dossier, "refuse", reason="Không thuộc thẩm quyền")
    assert (refused["status_code"], refused["finished_at"], refused["verdict"]) == (3, None, None)
    assert refused["reception_due_at"] is None
    assert (await does(intake, dossier, "accept")).status_code == 409


async def test_after_acceptance_a_refusal_is_a_result(intake: httpx.AsyncClient) -> None:
    """Art. 19(8): never status 3."""
    answer = await does(intake, await received(intake), "refuse", reason="Không đủ điều kiện")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_in_status")


async def test_completed_before_acceptance_as_often_as_it_takes(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    for _ in range(2):
        asked = await did(intake, dossier, "supplement-requests", reason="Ảnh chụp mờ")
        assert (asked["status_code"], asked["reception_due_at"], asked["paused"]) == (5, None, False)
        back = await did(intake, dossier, "supplements")
        assert back["status_code"] == 1
        assert back["reception_due_at"] is not None
    assert (await did(intake, dossier, "accept"))["status_code"] == 2


async def test_a_citizen_hands_in_and_does_not_receive(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    citizen = bearer(issuer, "citizen", WARD)
    dossier = (await intake.post("/v1/dossiers", json=a_draft(channel="online"), headers=citizen)).json()
    assert dossier["status"] == "submitted"
    answer = await intake.post(f"/v1/dossiers/{dossier['code']}/accept", headers=citizen)
    assert answer.status_code == 403


@pytest.mark.parametrize("channel", ["counter", "post"])
async def test_only_what_comes_in_online_is_a_submission(intake: httpx.AsyncClient, channel: str) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft(channel=channel, submission=True))
    assert reasons(answer) == {("channel", "not_one_of")}


async def test_a_repeated_submission_is_one(intake: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "online-1"}
    body = a_draft(channel="online", submission=True)
    first, again = [await intake.post("/v1/dossiers", json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_what_is_submitted_can_be_listed(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake, name="Chờ Tiếp Nhận")
    page = (await intake.get("/v1/dossiers", params={"status": "submitted", "name": "cho tiep nhan"})).json()
    assert [item["code"] for item in page["items"]] == [dossier["code"]]
    found = (await intake.get("/v1/dossiers", params={"q": dossier["code"]})).json()
    assert [item["code"] for item in found["items"]] == [dossier["code"]]
