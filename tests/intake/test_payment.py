"""Nghĩa vụ tài chính: the wait is the applicant's, and the date moves on by it."""

import httpx

from tests.intake.lives import did, does, reasons, received


async def test_the_clock_stands_still_until_it_is_paid(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    asked = await did(intake, dossier, "payment-requests", reason="Lệ phí trước bạ", amount=500_000)
    assert (asked["status_code"], asked["paused"], asked["due_at"]) == (6, True, None)
    paid = await did(intake, dossier, "payments", receipt="BL-0001")
    assert (paid["status_code"], paid["paused"], paid["due_at"]) == (4, False, dossier["due_at"])
    events = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    assert (events[-2]["detail"]["amount"], events[-1]["detail"]["receipt"]) == (500_000, "BL-0001")


async def test_a_payment_is_no_supplement(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "payment-requests", reason="Lệ phí")
    assert (await does(intake, dossier, "supplements")).status_code == 409
    assert (await does(intake, dossier, "finish")).status_code == 409


async def test_odd_amounts_are_refused(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    for amount, code in ((-1, "out_of_range"), (10**14, "out_of_range"), ("nhiều", "wrong_type"), (1.5, "wrong_type")):
        answer = await does(intake, dossier, "payment-requests", reason="Lệ phí", amount=amount)
        assert reasons(answer) == {("amount", code)}
