"""Yêu cầu bổ sung: once, in full, within three working days; then the term anew (NĐ 61/2018 art. 11(2)c, 19(4))."""

import httpx

from services.local_issuer import LocalIssuer
from tests.intake.lives import ago, did, does, imported, reasons, received
from tests.support import PROVINCE, bearer

ASKED = {"reason": "Thiếu bản sao giấy chứng sinh", "documents": [{"name": "Giấy chứng sinh", "kind": "copy"}]}


async def test_the_clock_stands_still_and_begins_anew(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    asked = await did(intake, dossier, "supplement-requests", **ASKED)
    assert (asked["status_code"], asked["paused"], asked["due_at"]) == (5, True, None)
    assert asked["original_due_at"] == dossier["original_due_at"]
    back = await did(intake, dossier, "supplements", documents=[{"name": "Giấy chứng sinh"}])
    assert (back["status_code"], back["paused"]) == (4, False)
    assert back["due_at"] >= dossier["due_at"]
    finished = await did(intake, dossier, "finish")
    assert finished["status_code"] == 9


async def test_the_reason_is_required(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    for body in ({}, {"reason": " "}, {"reason": None}):
        answer = await does(intake, dossier, "supplement-requests", **body)
        assert answer.status_code == 422
        assert "reason" in {field for field, _ in reasons(answer)}


async def test_once_only_unless_a_law_says_otherwise(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", **ASKED)
    await did(intake, dossier, "supplements")
    again = await does(intake, dossier, "supplement-requests", **ASKED)
    assert reasons(again) == {("legal_basis", "supplement_limit")}
    assert again.json()["errors"][0]["reason"].startswith("chỉ được yêu cầu bổ sung 1 lần;")
    in_english = await intake.post(
        f"/v1/dossiers/{dossier['code']}/supplement-requests", json=ASKED, headers={"Accept-Language": "en"}
    )
    assert in_english.json()["errors"][0]["reason"].startswith("a supplement may be asked for once only;")
    second = await did(intake, dossier, "supplement-requests", **ASKED, legal_basis="Luật Đất đai 2024, Điều 25")
    assert second["status_code"] == 5


async def test_not_after_three_working_days(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    dossier = await imported(intake, headers, accepted=ago(days=20), due=ago(days=-20))
    assert reasons(await does(intake, dossier, "supplement-requests", **ASKED)) == {("legal_basis", "supplement_late")}
    asked = await did(intake, dossier, "supplement-requests", **ASKED, legal_basis="Luật Đất đai 2024, Điều 25")
    assert asked["due_at"] is None


async def test_a_request_twice_does_not_flip_the_status(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", **ASKED)
    assert (await does(intake, dossier, "supplement-requests", **ASKED)).status_code == 409
    assert (await does(intake, dossier, "finish")).status_code == 409
    assert (await intake.get(f"/v1/dossiers/{dossier['code']}")).json()["status_code"] == 5


async def test_late_before_the_request_stays_late(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    dossier = await imported(intake, headers, accepted=ago(days=40), due=ago(days=20))
    asked = await did(intake, dossier, "supplement-requests", **ASKED, legal_basis="Luật riêng")
    assert asked["due_at"] == dossier["due_at"], "what has run out stays run out"
    await did(intake, dossier, "supplements")
    assert (await did(intake, dossier, "finish"))["verdict"] == "late"


async def test_an_answer_before_the_question_is_refused(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", **ASKED)
    answer = await does(intake, dossier, "supplements", occurred_at=(ago(minutes=30)).isoformat())
    assert {code for _, code in reasons(answer)} <= {"before_acceptance", "out_of_order"}
    assert (await does(intake, dossier, "supplements", occurred_at=(ago(hours=-1)).isoformat())).status_code == 422


async def test_what_was_said_is_kept_apart_and_hashed(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", **ASKED)
    events = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    assert len(events[-1]["detail"]["note"]) == 64
    assert "chứng sinh" not in str(events[-1]["detail"])
