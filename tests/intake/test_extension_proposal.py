"""Phiếu đề nghị gia hạn: the agency that holds the dossier proposes, at latest one day before the term ends; the
one-stop moves the date, or says why not (NĐ 61/2018 art. 19(9))."""

from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import ago, did, does, imported, proposed, reasons
from tests.intake.test_extension_and_apology import LETTER
from tests.support import JUSTICE, PROVINCE, WARD, bearer, workday

APOLOGY = "Cơ quan xin lỗi bà vì sự chậm trễ"


@pytest.fixture
async def dossier(intake: httpx.AsyncClient, issuer: LocalIssuer) -> dict[str, Any]:
    """Accepted ten days ago, due in ten."""
    return await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))


@pytest.fixture
def handler(issuer: LocalIssuer) -> dict[str, str]:
    """The header of who handles it at the ward."""
    return bearer(issuer, "handler", WARD)


def a_proposal(**more: Any) -> dict[str, Any]:
    return {**LETTER, "apology": APOLOGY, "new_due_at": workday(20).isoformat(), **more}


async def propose(
    intake: httpx.AsyncClient, dossier: dict[str, Any], headers: dict[str, str], **more: Any
) -> httpx.Response:
    path = f"/v1/dossiers/{dossier['code']}/extension-proposals"
    return await intake.post(path, json=a_proposal(**more), headers=headers)


async def proposals(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/extension-proposals")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def waiting(intake: httpx.AsyncClient) -> list[str]:
    items, cursor = [], None
    while True:
        page = (
            await intake.get("/v1/extension-proposals", params={"limit": "1", **({"cursor": cursor} if cursor else {})})
        ).json()
        items += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return items


async def test_the_agency_proposes_and_the_one_stop_takes_it(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    made = await propose(intake, dossier, handler)
    assert made.status_code == 201, made.text
    assert (made.json()["n"], made.json()["state"]) == (1, "open")
    assert (await intake.get(f"/v1/dossiers/{dossier['code']}")).json() == dossier, "a proposal moves nothing"
    assert dossier["code"] in await waiting(intake)

    moved = await did(intake, dossier, "extensions", proposal=1)
    assert datetime.fromisoformat(moved["due_at"]) == workday(20)
    (decided,) = await proposals(intake, dossier)
    assert (decided["state"], decided["rejection"]) == ("accepted", None)
    assert dossier["code"] not in await waiting(intake)
    (apology,) = (await intake.get(f"/v1/dossiers/{dossier['code']}/apologies")).json()["items"]
    assert {name: apology[name] for name in LETTER} == LETTER
    event = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"][-1]
    assert (event["kind"], event["detail"]["proposal"]) == ("extended", 1)


async def test_the_one_stop_rejects_it_with_a_reason(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    await propose(intake, dossier, handler)
    path = f"/v1/dossiers/{dossier['code']}/extension-proposals/1/rejection"
    assert reasons(await intake.post(path, json={})) == {("reason", "required")}
    rejected = await intake.post(path, json={"reason": "Ngày đề nghị quá xa"})
    assert (rejected.status_code, rejected.json()["state"]) == (200, "rejected")
    assert rejected.json()["rejection"] == "Ngày đề nghị quá xa"
    assert reasons(await intake.post(path, json={"reason": "Lần nữa"})) == {("", "proposal_decided")}
    taken = await does(intake, dossier, "extensions", proposal=1)
    assert (taken.status_code, reasons(taken)) == (409, {("proposal", "proposal_decided")})
    # Now another may be proposed, and taken.
    assert (await propose(intake, dossier, handler)).json()["n"] == 2
    await did(intake, dossier, "extensions", proposal=2)


async def test_of_a_dossier_that_has_ended_nothing_waits(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    await propose(intake, dossier, handler)
    await did(intake, dossier, "finish")
    assert dossier["code"] not in await waiting(intake)
    assert (await does(intake, dossier, "extensions", proposal=1)).json()["code"] == "not_allowed_in_status"
    assert [each["state"] for each in await proposals(intake, dossier)] == ["open"], "refused, nothing half-written"


async def test_one_waits_at_a_time(intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]) -> None:
    await propose(intake, dossier, handler)
    again = await propose(intake, dossier, handler)
    assert (again.status_code, reasons(again)) == (409, {("", "proposal_open")})
    past_it = await does(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())
    assert (past_it.status_code, reasons(past_it)) == (409, {("proposal", "proposal_open")})


async def test_a_proposal_is_taken_as_it_is(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    await propose(intake, dossier, handler)
    mixed = await does(intake, dossier, "extensions", proposal=1, new_due_at=workday(30).isoformat())
    assert reasons(mixed) == {("new_due_at", "not_with_proposal")}
    assert reasons(await does(intake, dossier, "extensions", proposal=2)) == {("proposal", "unknown_proposal")}


async def test_what_cannot_be_extended_cannot_be_proposed(
    intake: httpx.AsyncClient, issuer: LocalIssuer, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    late = await imported(intake, headers, accepted=ago(days=30), due=ago(days=3))
    assert reasons(await propose(intake, late, handler)) == {("occurred_at", "extension_late")}
    early = await propose(intake, dossier, handler, new_due_at=ago(days=-2).isoformat())
    assert reasons(early) == {("new_due_at", "not_later")}
    await did(intake, dossier, "extensions", **LETTER, new_due_at=workday(20).isoformat())
    again = await propose(intake, dossier, handler, new_due_at=workday(40).isoformat())
    assert reasons(again) == {("", "extended_before")}
    ended = await imported(intake, headers, accepted=ago(days=10), due=ago(days=-10))
    await did(intake, ended, "finish")
    assert (await propose(intake, ended, handler)).json()["code"] == "not_allowed_in_status"


async def test_proposed_in_time_it_may_be_taken_when_the_term_is_over(
    intake: httpx.AsyncClient, database: Database, dossier: dict[str, Any], handler: dict[str, str], issuer: LocalIssuer
) -> None:
    """The one-stop was slow: that is not the handling agency's. Late it is all the same."""
    late = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    await proposed(database, late, ago(days=9), workday(20))
    moved = await did(intake, late, "extensions", proposal=1)
    assert datetime.fromisoformat(moved["due_at"]) == workday(20)
    assert (await did(intake, late, "finish"))["verdict"] == "late"


@pytest.mark.parametrize(("role", "agency", "status"), [("counter", WARD, 403), ("supervisor", PROVINCE, 403)])
async def test_only_who_handles_it_proposes(
    intake: httpx.AsyncClient, issuer: LocalIssuer, dossier: dict[str, Any], role: str, agency: str, status: int
) -> None:
    answer = await propose(intake, dossier, bearer(issuer, role, agency))
    assert answer.status_code == status


async def test_only_the_agency_that_holds_it_proposes(
    intake: httpx.AsyncClient, database: Database, issuer: LocalIssuer, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    stranger = await propose(intake, dossier, bearer(issuer, "handler", JUSTICE))
    assert stranger.status_code == 404
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at)"
        " SELECT d.id, d.agency_id, a.id, now() FROM dossier d, agency a WHERE d.code = $1 AND a.code = $2"
        " ON CONFLICT (dossier_id) DO UPDATE SET holder_id = excluded.holder_id",
        dossier["code"],
        JUSTICE,
    )
    await owner.close()
    receiver = await propose(intake, dossier, handler)
    assert (receiver.status_code, reasons(receiver)) == (403, {("", "not_the_holder")})
    assert (await propose(intake, dossier, bearer(issuer, "leader", JUSTICE))).status_code == 201


async def test_a_request_repeated_has_one_effect(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    headers = {**handler, "Idempotency-Key": f"propose-{dossier['code']}"}
    first, second = await propose(intake, dossier, headers), await propose(intake, dossier, headers)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    path = f"/v1/dossiers/{dossier['code']}/extension-proposals/1/rejection"
    key = {"Idempotency-Key": f"reject-{dossier['code']}"}
    answers = [await intake.post(path, json={"reason": "Không đủ căn cứ"}, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await proposals(intake, dossier)) == 1


async def test_a_version_gone_by_is_told(
    intake: httpx.AsyncClient, dossier: dict[str, Any], handler: dict[str, str]
) -> None:
    answer = await propose(intake, dossier, {**handler, "If-Match": '"99"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_changed")
    assert await proposals(intake, dossier) == []
