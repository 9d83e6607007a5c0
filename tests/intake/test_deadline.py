"""Thời hạn và giải thích: what is due, why, how it stands; and what a receipt would say beforehand."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from shared.contracts.deadlines import DeadlineAccount, DeadlinePreview
from tests.intake.lives import ago, did, imported, reasons, received, submitted
from tests.support import BIRTH, PROVINCE, REGISTER_COPY, WARD, at, bearer

ASKED = {"reason": "Thiếu giấy chứng sinh", "legal_basis": "Luật riêng"}


async def account(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> dict[str, Any]:
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/deadline")
    assert answer.status_code == 200, answer.text
    DeadlineAccount.model_validate(answer.json())
    assert set(answer.json()) == set(DeadlineAccount.model_fields)
    found: dict[str, Any] = answer.json()
    return found


async def preview(intake: httpx.AsyncClient, **params: str) -> httpx.Response:
    asked = {"procedure": REGISTER_COPY, "agency": WARD, "channel": "counter", **params}
    return await intake.get("/v1/deadline-preview", params=asked, headers={"Authorization": ""})


async def test_what_was_promised_and_how_it_stands(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    found = await account(intake, dossier)
    assert found["due_at"] == found["original_due_at"] == dossier["due_at"]
    assert (found["paused"], found["overdue"], found["verdict"]) == (False, False, None)
    assert found["working_hours_left"] > 0
    assert found["working_hours_used"] >= 0
    assert found["regime"] == "118/2025/NĐ-CP"
    assert found["regime_confirmed"] is False
    assert found["explanation"][0]["vi"].startswith("Tiếp nhận: ")
    assert found["explanation"][-1]["vi"].startswith("Hẹn trả kết quả: ")


async def test_a_wait_is_shown_and_not_counted(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    dossier = await imported(intake, headers, accepted=ago(days=30), due=ago(days=-30))
    await did(intake, dossier, "supplement-requests", **ASKED, occurred_at=ago(days=20).isoformat())
    waiting = await account(intake, dossier)
    assert (waiting["due_at"], waiting["working_hours_left"], waiting["paused"]) == (None, None, True)
    (span,) = waiting["paused_spans"]
    assert (span["kind"], span["end"], span["stopped_clock"]) == ("supplement", None, True)
    used = waiting["working_hours_used"]
    assert used + span["working_hours"] > used > 0
    await did(intake, dossier, "supplements", occurred_at=ago(days=10).isoformat())
    again = await account(intake, dossier)
    assert again["paused_spans"][0]["end"] is not None
    assert again["working_hours_used"] > used


async def test_a_second_request_is_late_by_the_national_rule_only(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    for _ in range(2):
        await did(intake, dossier, "supplement-requests", **ASKED)
        await did(intake, dossier, "supplements")
    await did(intake, dossier, "finish")
    found = await account(intake, dossier)
    assert found["supplement_requests"] == 2
    assert found["verdict"] in ("early", "on_day")
    assert found["national_verdict"] == "overdue"
    assert (found["working_hours_left"], found["overdue"]) == (None, False)


async def test_an_extension_moves_the_date_and_not_the_judgement(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    dossier = await imported(intake, headers, accepted=at("Monday 2026-11-02 09:00"), due=at("Monday 2026-11-30 17:00"))
    letter = {"reason": "Phải xác minh", "number": "1/PXL", "signed_by": "Trần Văn Bình"}
    before = await account(intake, dossier)
    await did(intake, dossier, "extensions", **letter, new_due_at=at("Wednesday 2026-12-30 17:00").isoformat())
    after = await account(intake, dossier)
    assert datetime.fromisoformat(after["due_at"]) == at("Wednesday 2026-12-30 17:00")
    assert after["late_from"] == before["late_from"]
    assert after["extended"]
    assert "một lần" in after["explanation"][-1]["vi"]


async def test_a_submission_has_the_one_stops_clock(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    found = await account(intake, dossier)
    assert found["reception_due_at"] == dossier["reception_due_at"]
    assert (found["accepted_at"], found["due_at"], found["reception_in_time"]) == (None, None, None)
    assert [line["en"].partition(": ")[2] for line in found["explanation"][:1]] == ["submitted online."]
    assert "within 8 working hours" in found["explanation"][1]["en"]


async def test_a_wait_before_acceptance_is_shown_and_costs_the_agency_nothing(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    await did(intake, dossier, "supplement-requests", **ASKED)
    waiting = await account(intake, dossier)
    assert (waiting["paused"], waiting["supplement_requests"], waiting["reception_due_at"]) == (True, 1, None)
    (span,) = waiting["paused_spans"]
    assert (span["kind"], span["clock"], span["end"], span["stopped_clock"]) == ("supplement", "reception", None, True)
    await did(intake, dossier, "supplements")
    again = await account(intake, dossier)
    assert (again["paused"], again["reception_in_time"]) == (False, None)
    assert again["paused_spans"][0]["end"] is not None
    assert again["reception_due_at"] is not None
    await did(intake, dossier, "accept")
    accepted = await account(intake, dossier)
    assert (accepted["reception_due_at"], accepted["reception_in_time"]) == (again["reception_due_at"], True)
    assert accepted["supplement_requests"] == 0, "a law's limit counts from acceptance"
    assert accepted["working_hours_used"] >= 0, "the wait was not the agency's, nor its working time"
    assert any("in time" in line["en"] for line in accepted["explanation"])


async def test_a_refused_submission_was_looked_at_in_time(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    await did(intake, dossier, "refuse", reason="Không thuộc thẩm quyền")
    found = await account(intake, dossier)
    assert (found["reception_due_at"], found["reception_in_time"]) == (dossier["reception_due_at"], True)
    assert [line["en"].partition(": ")[2] for line in found["explanation"]][-2] == "not accepted."


async def test_who_may_not_see_it_sees_nothing(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await received(intake)
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/deadline", headers=bearer(issuer, "leader", "19351"))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("accepted", "due"),
    [
        ("Monday 2026-08-31 09:00", "Thursday 2026-09-03 17:00"),  # two days of National Day
        ("Friday 2026-11-20 09:00", "Monday 2026-11-23 17:00"),
    ],
)
async def test_the_preview_is_public_and_says_why(intake: httpx.AsyncClient, accepted: str, due: str) -> None:
    answer = await preview(intake, at=at(accepted).isoformat())
    found = answer.json()
    DeadlinePreview.model_validate(found)
    assert set(found) == set(DeadlinePreview.model_fields)
    assert datetime.fromisoformat(found["due_at"]) == at(due), found["explanation"]
    assert found["term"]["vi"].endswith("ngày làm việc")
    assert found["explanation"][-1]["en"].startswith("Due: 17:00 ")


async def test_a_date_that_rests_on_a_provisional_day_says_so(intake: httpx.AsyncClient) -> None:
    unsure = (await preview(intake, at=at("Thursday 2027-04-29 09:00").isoformat())).json()
    assert unsure["due_is_provisional"]
    assert "tạm tính" in unsure["explanation"][-1]["vi"]
    assert "provisional" in unsure["explanation"][-1]["en"]
    sure = (await preview(intake, at=at("Monday 2026-08-31 09:00").isoformat())).json()
    assert not sure["due_is_provisional"]
    assert not any("tạm tính" in line["vi"] for line in sure["explanation"])


async def test_the_preview_is_what_the_receipt_says(intake: httpx.AsyncClient) -> None:
    for procedure in (REGISTER_COPY, BIRTH):
        dossier = await received(intake) if procedure == REGISTER_COPY else None
        found = (await preview(intake, procedure=procedure)).json()
        if dossier is not None:
            assert found["due_at"] == dossier["due_at"]
        assert found["due_is_provisional"] in (True, False)


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"procedure": "9.999999"}, "procedure", "unknown_procedure"),
        ({"agency": "nowhere"}, "agency", "unknown_agency"),
        ({"channel": "fax"}, "channel", "not_one_of"),
        ({"at": "tomorrow"}, "at", "malformed"),
        ({"at": "2026-11-23T08:00:00"}, "at", "without_offset"),
        ({"at": "2035-01-05T08:00:00+07:00"}, "at", "calendar_missing"),
        ({"at": "1800-01-05T08:00:00+07:00"}, "at", "out_of_range"),
    ],
)
async def test_a_bad_preview_says_why(intake: httpx.AsyncClient, params: dict[str, str], field: str, code: str) -> None:
    answer = await preview(intake, **params)
    assert answer.status_code == 422
    assert (field, code) in reasons(answer)
