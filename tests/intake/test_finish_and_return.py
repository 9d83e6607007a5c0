"""Xử lý xong (9) and trả kết quả (10): NĐ 61/2018 art. 19 and 20. What a state does not allow is a 409 that says so."""

from datetime import timedelta

import httpx
import pytest

from services.local_issuer import LocalIssuer
from shared.web.clock import now
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, a_finish, bearer


async def _received(intake: httpx.AsyncClient) -> dict[str, str]:
    dossier: dict[str, str] = (await intake.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY))).json()
    return dossier


async def test_finished_in_time_then_returned(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    finished = (await intake.post(f"/v1/dossiers/{code}/finish", json={})).json()
    assert (finished["status_code"], finished["outcome"], finished["verdict"]) == (9, "granted", "early")
    assert finished["version"] == 2
    returned = (await intake.post(f"/v1/dossiers/{code}/return", json={})).json()
    assert returned["status_code"] == 10
    assert returned["finished_at"] == finished["finished_at"], "collection moves nothing"
    assert returned["verdict"] == finished["verdict"]


async def test_without_a_body_it_is_granted_and_now(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    finished = await intake.post(f"/v1/dossiers/{code}/finish")
    assert (finished.status_code, finished.json()["outcome"]) == (200, "granted")
    assert (await intake.post(f"/v1/dossiers/{code}/return")).json()["status_code"] == 10


async def test_a_body_that_is_no_json_is_not_taken_for_none(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    answer = await intake.post(f"/v1/dossiers/{code}/finish", content="outcome=refused")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert (await intake.get(f"/v1/dossiers/{code}")).json()["status"] == "accepted"


async def test_a_refusal_on_the_merits_is_a_result(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    finished = (await intake.post(f"/v1/dossiers/{code}/finish", json=a_finish(outcome="refused"))).json()
    assert (finished["status_code"], finished["outcome"]) == (9, "refused")


@pytest.mark.parametrize("given", [{}, {"reason": None}, {"reason": "  "}])
async def test_a_refusal_says_why_in_writing(intake: httpx.AsyncClient, given: dict[str, str | None]) -> None:
    code = (await _received(intake))["code"]
    answer = await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "refused", **given})
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("reason", "required")]
    assert (await intake.get(f"/v1/dossiers/{code}")).json()["status"] == "accepted"
    assert (await intake.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"})).status_code == 200


async def test_what_a_state_does_not_allow(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    early = await intake.post(f"/v1/dossiers/{code}/return", json={})
    assert (early.status_code, early.json()["code"]) == (409, "not_allowed_in_status")
    assert "finished" in early.json()["errors"][0]["reason"]
    await intake.post(f"/v1/dossiers/{code}/finish", json={})
    assert (await intake.post(f"/v1/dossiers/{code}/finish", json={})).status_code == 409
    await intake.post(f"/v1/dossiers/{code}/return", json={})
    for verb in ("finish", "return"):
        assert (await intake.post(f"/v1/dossiers/{code}/{verb}", json={})).status_code == 409


@pytest.mark.parametrize(("hours", "code"), [(+1, "in_future"), (-1, "before_acceptance")])
async def test_a_claimed_instant_must_be_possible(intake: httpx.AsyncClient, hours: int, code: str) -> None:
    dossier = (await _received(intake))["code"]
    claimed = (now() + timedelta(hours=hours)).isoformat()
    answer = await intake.post(f"/v1/dossiers/{dossier}/finish", json={"occurred_at": claimed})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert (await intake.get(f"/v1/dossiers/{dossier}")).json()["status"] == "accepted"


async def test_an_instant_needs_its_offset(intake: httpx.AsyncClient) -> None:
    dossier = (await _received(intake))["code"]
    answer = await intake.post(f"/v1/dossiers/{dossier}/finish", json={"occurred_at": "2026-11-20T08:00:00"})
    assert answer.json()["errors"][0]["code"] == "without_offset"


async def test_if_match_guards_against_a_change_meanwhile(intake: httpx.AsyncClient) -> None:
    code = (await _received(intake))["code"]
    stale = await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    fresh = await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers={"If-Match": '"1"'})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] == '"2"'
    garbled = await intake.post(f"/v1/dossiers/{code}/return", json={}, headers={"If-Match": "yes"})
    assert garbled.status_code == 422
    never = await intake.post(f"/v1/dossiers/{code}/return", json={}, headers={"If-Match": '"yes"'})
    assert (never.status_code, never.json()["code"]) == (412, "version_changed"), "an ETag, which none of it has"


async def test_only_a_service_reports_on_behalf_of_others(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    body = {"on_behalf_of": {"actor": "handler@19333", "agency": WARD}}
    code = (await _received(intake))["code"]
    assert (await intake.post(f"/v1/dossiers/{code}/finish", json=body)).status_code == 403
    machine = bearer(issuer, "machine", PROVINCE)
    assert (await intake.post(f"/v1/dossiers/{code}/finish", json=body, headers=machine)).status_code == 200
    event = (await intake.get(f"/v1/dossiers/{code}/events")).json()["items"][-1]
    assert (event["actor"], event["for_agency"]) == ("handler@19333", WARD)


async def test_a_service_reports_only_for_agencies_in_its_scope(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    code = (await _received(intake))["code"]
    body = {"on_behalf_of": {"actor": "leader@44", "agency": PROVINCE}}
    answer = await intake.post(f"/v1/dossiers/{code}/finish", json=body, headers=bearer(issuer, "machine", WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")


async def test_leaders_may_finish_but_not_hand_back(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    code = (await _received(intake))["code"]
    leader = bearer(issuer, "leader", WARD)
    assert (await intake.post(f"/v1/dossiers/{code}/finish", json={}, headers=leader)).status_code == 200
    assert (await intake.post(f"/v1/dossiers/{code}/return", json={}, headers=leader)).status_code == 403


async def test_an_unknown_code_is_not_found(intake: httpx.AsyncClient) -> None:
    assert (await intake.post("/v1/dossiers/19333-261123-9999999/finish", json={})).status_code == 404
