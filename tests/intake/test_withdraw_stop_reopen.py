"""Rút, dừng, mở lại: each with its reason; an end by mistake is taken back by a supervisor, and never silently."""

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.lives import did, does, reasons, received
from tests.support import PROVINCE, bearer

WHY = {"reason": "Công dân đề nghị"}


@pytest.mark.parametrize(("verb", "code", "outcome"), [("withdraw", 7, "withdrawn"), ("stop", 8, "stopped")])
async def test_an_end_with_its_reason(intake: httpx.AsyncClient, verb: str, code: int, outcome: str) -> None:
    dossier = await received(intake)
    assert reasons(await does(intake, dossier, verb)) == {("reason", "required")}
    ended = await did(intake, dossier, verb, **WHY)
    assert (ended["status_code"], ended["outcome"], ended["verdict"]) == (code, outcome, "early")
    assert ended["finished_at"] is not None
    assert (await does(intake, dossier, "finish")).status_code == 409


@pytest.mark.parametrize("verb", ["withdraw", "stop", "finish"])
async def test_a_supervisor_takes_it_back(intake: httpx.AsyncClient, issuer: LocalIssuer, verb: str) -> None:
    dossier = await received(intake)
    await did(intake, dossier, verb, **WHY)
    assert (await does(intake, dossier, "reopen", **WHY)).status_code == 403, "the counter may not"
    headers = bearer(issuer, "supervisor", PROVINCE)
    answer = await intake.post(f"/v1/dossiers/{dossier['code']}/reopen", json=WHY, headers=headers)
    again = answer.json()
    assert (answer.status_code, again["status_code"]) == (200, 4)
    assert (again["finished_at"], again["outcome"], again["verdict"]) == (None, None, None)
    assert again["due_at"] == dossier["due_at"]
    assert (await did(intake, dossier, "finish"))["status_code"] == 9


async def test_withdrawn_while_waiting_and_taken_back_the_clock_runs_again(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", **WHY)
    await did(intake, dossier, "withdraw", **WHY)
    headers = bearer(issuer, "supervisor", PROVINCE)
    again = await intake.post(f"/v1/dossiers/{dossier['code']}/reopen", json=WHY, headers=headers)
    assert (again.json()["status_code"], again.json()["due_at"]) == (4, dossier["due_at"])


async def test_what_is_open_is_not_reopened(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await received(intake)
    headers = bearer(issuer, "supervisor", PROVINCE)
    answer = await intake.post(f"/v1/dossiers/{dossier['code']}/reopen", json=WHY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_in_status")
