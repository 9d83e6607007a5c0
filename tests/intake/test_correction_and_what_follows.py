"""A corrected reception is where it is now: what follows is held against it, and waits begin by it."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.lives import did, does, imported, reasons, submitted
from tests.support import PROVINCE, at, bearer

MINUTES = {"reason": "Nhập nhầm ngày tiếp nhận", "decision": "12/BB-UBND"}


@pytest.fixture
async def admin(intake: httpx.AsyncClient, issuer: LocalIssuer) -> httpx.AsyncClient:
    intake.headers.update(bearer(issuer, "admin", PROVINCE))
    return intake


async def accepted(admin: httpx.AsyncClient, issuer: LocalIssuer, text: str) -> dict[str, Any]:
    """Of one working day, from an instant in November 2026, whose 24th is a day off."""
    return await imported(admin, bearer(issuer, "admin", PROVINCE), accepted=at(text), due=None)


async def corrected(admin: httpx.AsyncClient, dossier: dict[str, Any], text: str) -> dict[str, Any]:
    return await did(admin, dossier, "corrections", **MINUTES, accepted_at=at(text).isoformat())


async def test_nothing_happens_before_the_corrected_reception(admin: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await accepted(admin, issuer, "Tuesday 2026-11-17 08:00")
    await corrected(admin, dossier, "Friday 2026-11-20 08:00")
    for verb, body in (("finish", {}), ("stop", {"reason": "Lý do"}), ("payment-requests", {"reason": "Lệ phí"})):
        answer = await does(admin, dossier, verb, **body, occurred_at=at("Wednesday 2026-11-18 10:00").isoformat())
        assert answer.status_code == 422, answer.text
        assert reasons(answer) == {("occurred_at", "before_acceptance")}


async def test_after_a_correction_to_an_earlier_day_what_happened_since_is_taken(
    admin: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await accepted(admin, issuer, "Friday 2026-11-20 08:00")
    await corrected(admin, dossier, "Monday 2026-11-16 08:00")
    finished = at("Tuesday 2026-11-17 10:00")
    done = await did(admin, dossier, "finish", occurred_at=finished.isoformat())
    assert (datetime.fromisoformat(done["finished_at"]), done["verdict"]) == (finished, "on_day")


async def test_a_wait_that_begins_in_time_by_the_corrected_reception_stops_the_clock(
    admin: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await accepted(admin, issuer, "Monday 2026-11-16 08:00")
    at_noon = at("Wednesday 2026-11-18 10:00").isoformat()
    asked = await did(admin, dossier, "payment-requests", reason="Lệ phí", occurred_at=at_noon)
    assert asked["due_at"] is not None, "late already"
    right = await corrected(admin, dossier, "Tuesday 2026-11-17 08:00")
    assert right["due_at"] is None
    await did(admin, dossier, "payments", occurred_at=at("Friday 2026-11-20 10:00").isoformat())
    done = await did(admin, dossier, "finish", occurred_at=at("Friday 2026-11-20 15:00").isoformat())
    assert done["verdict"] == "on_day"


async def test_a_wait_that_begins_too_late_by_the_corrected_reception_stops_nothing(
    admin: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await accepted(admin, issuer, "Tuesday 2026-11-17 08:00")
    at_noon = at("Wednesday 2026-11-18 10:00").isoformat()
    await did(admin, dossier, "payment-requests", reason="Lệ phí", occurred_at=at_noon)
    await corrected(admin, dossier, "Monday 2026-11-16 08:00")
    await did(admin, dossier, "payments", occurred_at=at("Friday 2026-11-20 10:00").isoformat())
    done = await did(admin, dossier, "finish", occurred_at=at("Friday 2026-11-20 15:00").isoformat())
    assert done["verdict"] == "late", "late stays late"


async def test_one_key_is_one_correction_by_any_of_a_dossiers_codes(admin: httpx.AsyncClient) -> None:
    handed_in = await submitted(admin)
    code = (await did(admin, handed_in, "accept"))["code"]
    body = {**MINUTES, "applicant": {"phone": "0911 000 001"}}
    key = {"Idempotency-Key": "one correction"}
    first = await admin.post(f"/v1/dossiers/{handed_in['reference']}/corrections", json=body, headers=key)
    again = await admin.post(f"/v1/dossiers/{code}/corrections", json=body, headers=key)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.headers["idempotency-replayed"] == "true"
