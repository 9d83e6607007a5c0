"""Xin lỗi vì quá hạn: the agency's own letter for a dossier that is late (NĐ 61/2018 art. 12(5)). A new time in it is
the one re-appointment of art. 19(9), and late stays late."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import ago, did, does, imported, proposed, reasons
from tests.intake.test_extension_and_apology import LETTER
from tests.support import PROVINCE, WARD, bearer, workday

OVERDUE = {**LETTER, "kind": "overdue"}


@pytest.fixture
async def late(intake: httpx.AsyncClient, issuer: LocalIssuer) -> dict[str, Any]:
    """Accepted thirty days ago, due three days ago, and still open."""
    return await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))


async def deadline(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = (await intake.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()
    return body


async def test_it_moves_no_date_unless_it_names_one(intake: httpx.AsyncClient, late: dict[str, Any]) -> None:
    after = await did(intake, late, "apologies", **OVERDUE)
    assert after == {**late, "version": late["version"] + 1}


async def test_a_new_time_is_told_and_late_stays_late(intake: httpx.AsyncClient, late: dict[str, Any]) -> None:
    new = workday(10)
    after = await did(intake, late, "apologies", **OVERDUE, new_due_at=new.isoformat())
    assert datetime.fromisoformat(after["due_at"]) == new
    assert after["original_due_at"] == late["original_due_at"]
    account = await deadline(intake, late)
    assert account["overdue"] is True
    assert account["extended"] is True
    assert "Hồ sơ vẫn là quá hạn" in str(account["explanation"])
    assert (await did(intake, late, "finish"))["verdict"] == "late"


async def test_a_new_time_is_the_one_re_appointment(intake: httpx.AsyncClient, late: dict[str, Any]) -> None:
    await did(intake, late, "apologies", **OVERDUE, new_due_at=workday(10).isoformat())
    again = await does(intake, late, "apologies", **OVERDUE, new_due_at=workday(20).isoformat())
    assert reasons(again) == {("new_due_at", "extended_before")}
    await did(intake, late, "apologies", **OVERDUE)  # to apologise again, one may


async def test_nor_after_an_extension(intake: httpx.AsyncClient, database: Database, issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    dossier = await imported(intake, headers, accepted=ago(days=30), due=ago(days=3))
    await proposed(database, dossier, ago(days=9), workday(10))
    await did(intake, dossier, "extensions", proposal=1)
    answer = await does(intake, dossier, "apologies", **OVERDUE, new_due_at=workday(20).isoformat())
    assert reasons(answer) == {("new_due_at", "extended_before")}
    await did(intake, dossier, "apologies", **OVERDUE)
    assert (await deadline(intake, dossier))["overdue"] is True, "the date of the letter is not what it is judged by"


async def test_a_dossier_in_term_is_not_apologised_for(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    assert reasons(await does(intake, dossier, "apologies", **OVERDUE)) == {("kind", "not_overdue")}
    before = await does(intake, dossier, "apologies", **OVERDUE, occurred_at=ago(days=1).isoformat())
    assert reasons(before) == {("kind", "not_overdue")}


async def test_what_ended_late_is_apologised_for_without_a_date(
    intake: httpx.AsyncClient, late: dict[str, Any], issuer: LocalIssuer
) -> None:
    await did(intake, late, "finish")
    dated = await does(intake, late, "apologies", **OVERDUE, new_due_at=workday(10).isoformat())
    assert reasons(dated) == {("new_due_at", "finished_before")}
    await did(intake, late, "apologies", **OVERDUE)
    in_time = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=9), due=ago(days=-9))
    await did(intake, in_time, "finish")
    assert reasons(await does(intake, in_time, "apologies", **OVERDUE)) == {("kind", "not_overdue")}


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (ago(days=5), "not_later"),
        (ago(days=1), "already_past"),
        (workday(10) + timedelta(days=4), "not_a_working_day"),
    ],
)
async def test_a_new_time_lies_ahead(intake: httpx.AsyncClient, late: dict[str, Any], new: datetime, code: str) -> None:
    answer = await does(intake, late, "apologies", **OVERDUE, new_due_at=new.isoformat())
    assert reasons(answer) == {("new_due_at", code)}


async def test_for_a_loss_there_is_no_date(intake: httpx.AsyncClient, late: dict[str, Any]) -> None:
    body = {**LETTER, "kind": "lost_or_damaged", "new_due_at": workday(10).isoformat()}
    assert reasons(await does(intake, late, "apologies", **body)) == {("new_due_at", "only_with_overdue")}


async def test_the_office_writes_the_letter_and_the_one_stop_moves_the_date(
    intake: httpx.AsyncClient, late: dict[str, Any], issuer: LocalIssuer
) -> None:
    headers = bearer(issuer, "handler", WARD)
    path = f"/v1/dossiers/{late['code']}/apologies"
    dated = await intake.post(path, json={**OVERDUE, "new_due_at": workday(10).isoformat()}, headers=headers)
    assert (dated.status_code, reasons(dated)) == (403, {("new_due_at", "one_stop_moves_the_date")})
    assert (await intake.post(path, json=OVERDUE, headers=headers)).status_code == 200
