"""Xin lỗi và hẹn lại: at latest one day before the term ends, once, and late stays late (NĐ 61/2018 art. 19(9), 21)."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.lives import ago, did, does, imported, reasons, received
from tests.support import PROVINCE, at, bearer, workday

LETTER = {"reason": "Phải xác minh thực địa", "number": "12/PXL-STP", "signed_by": "Trần Văn Bình"}


@pytest.fixture
async def dossier(intake: httpx.AsyncClient, issuer: LocalIssuer) -> dict[str, Any]:
    """Accepted ten days ago, due in ten."""
    return await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))


async def test_the_one_stop_moves_the_date(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> None:
    new = workday(20)
    moved = await did(intake, dossier, "extensions", **LETTER, new_due_at=new.isoformat())
    assert datetime.fromisoformat(moved["due_at"]) == new
    assert moved["original_due_at"] == dossier["original_due_at"]
    assert moved["status"] == dossier["status"]


async def test_once_only(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> None:
    await did(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())
    again = await does(intake, dossier, "extensions", **LETTER, new_due_at=workday(30).isoformat())
    assert reasons(again) == {("", "extended_before")}


async def test_not_when_the_term_has_ended(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    late = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    answer = await does(intake, late, "extensions", **LETTER, new_due_at=workday(20).isoformat())
    assert reasons(answer) == {("occurred_at", "extension_late")}


async def test_a_late_one_is_not_in_time_because_an_earlier_hour_is_claimed(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    late = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    claimed = ago(days=10).isoformat()
    answer = await does(intake, late, "extensions", **LETTER, new_due_at=workday(20).isoformat(), occurred_at=claimed)
    assert (answer.status_code, reasons(answer)) == (422, {("occurred_at", "extension_late")})
    assert (await intake.get(f"/v1/dossiers/{late['code']}")).json() == late


async def test_one_in_time_may_be_entered_a_day_later(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> None:
    yesterday = ago(days=1).isoformat()
    await did(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat(), occurred_at=yesterday)


async def test_the_new_date_is_later_and_worked(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> None:
    early = await does(intake, dossier, "extensions", **LETTER, new_due_at=ago(days=-2).isoformat())
    assert reasons(early) == {("new_due_at", "not_later")}
    sunday = workday(20) + timedelta(days=4)
    answer = await does(intake, dossier, "extensions", **LETTER, new_due_at=sunday.isoformat())
    assert reasons(answer) == {("new_due_at", "not_a_working_day")}


@pytest.mark.parametrize("missing", ["reason", "number", "signed_by", "new_due_at"])
async def test_a_letter_is_whole(intake: httpx.AsyncClient, dossier: dict[str, Any], missing: str) -> None:
    body = {**LETTER, "new_due_at": workday(20).isoformat()}
    del body[missing]
    assert reasons(await does(intake, dossier, "extensions", **body)) == {(missing, "required")}


async def test_while_the_clock_stands_still_there_is_nothing_to_extend(
    intake: httpx.AsyncClient, dossier: dict[str, Any]
) -> None:
    await did(intake, dossier, "payment-requests", reason="Lệ phí")
    answer = await does(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())
    assert answer.status_code == 409


async def test_lost_or_damaged_moves_no_date(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    after = await did(intake, dossier, "apologies", **LETTER)
    assert (after["due_at"], after["status"]) == (dossier["due_at"], dossier["status"])


async def test_the_new_date_is_another_day_within_the_hours_of_a_year_that_is_known(
    intake: httpx.AsyncClient, dossier: dict[str, Any]
) -> None:
    same_day = datetime.fromisoformat(dossier["due_at"]) + timedelta(seconds=1)
    answer = await does(intake, dossier, "extensions", **LETTER, new_due_at=same_day.isoformat())
    assert reasons(answer) == {("new_due_at", "not_later")}
    at_night = workday(20).replace(hour=3)
    answer = await does(intake, dossier, "extensions", **LETTER, new_due_at=at_night.isoformat())
    assert reasons(answer) == {("new_due_at", "outside_hours")}
    answer = await does(intake, dossier, "extensions", **LETTER, new_due_at="2190-01-04T17:00:00+07:00")
    assert reasons(answer) == {("new_due_at", "calendar_missing")}


async def test_a_dossier_of_years_without_a_calendar_is_still_told(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    old = await imported(
        intake,
        bearer(issuer, "admin", PROVINCE),
        accepted=at("Monday 2010-03-01 08:00"),
        due=None,
        procedure="1.000080",
    )
    answer = await intake.get(f"/v1/dossiers/{old['code']}/deadline")
    assert (answer.status_code, answer.json()["working_hours_used"]) == (200, None), answer.text
    asked = await does(intake, old, "supplement-requests", reason="Thiếu giấy tờ")
    assert asked.status_code == 422
    assert reasons(asked) == {("occurred_at", "calendar_missing")}
