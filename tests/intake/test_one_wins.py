"""Several desks act on one dossier at the same moment: one wins, the others are told what holds."""

import asyncio
from collections import Counter

import httpx

from tests.intake.lives import received

WHY = {"reason": "Lý do"}
VERBS: tuple[tuple[str, dict[str, str]], ...] = (
    ("finish", {}),
    ("withdraw", WHY),
    ("stop", WHY),
    ("finish", {"outcome": "refused", **WHY}),
)
STATUS = {"finish": "finished", "withdraw": "withdrawn", "stop": "stopped"}


async def at_once(intake: httpx.AsyncClient, code: str, **headers: str) -> list[tuple[str, httpx.Response]]:
    asked = [
        intake.post(f"/v1/dossiers/{code}/{verb}", json=body, headers={**headers, "Accept-Language": "en"})
        for verb, body in VERBS
    ]
    answers = await asyncio.gather(*asked)
    return [(verb, answer) for (verb, _), answer in zip(VERBS, answers, strict=True)]


async def test_without_a_version_the_others_are_told_the_state(intake: httpx.AsyncClient) -> None:
    for _ in range(8):
        code = (await received(intake))["code"]
        answers = await at_once(intake, code)
        assert Counter(answer.status_code for _, answer in answers) == {200: 1, 409: 3}
        (winner,) = [verb for verb, answer in answers if answer.status_code == 200]
        dossier = (await intake.get(f"/v1/dossiers/{code}")).json()
        assert (dossier["status"], dossier["version"]) == (STATUS[winner], 2)
        for _, refused in answers:
            if refused.status_code == 409:
                assert refused.json()["code"] == "not_allowed_in_status"
                (reason,) = refused.json()["errors"]
                assert f'"{dossier["status"]}"' in reason["reason"], "the state as it stands now"


async def test_with_the_version_as_read_the_others_are_to_read_again(intake: httpx.AsyncClient) -> None:
    for _ in range(8):
        code = (await received(intake))["code"]
        answers = await at_once(intake, code, **{"If-Match": '"1"'})
        assert Counter(answer.status_code for _, answer in answers) == {200: 1, 412: 3}
        assert (await intake.get(f"/v1/dossiers/{code}")).json()["version"] == 2


async def test_one_key_at_once_has_one_effect(intake: httpx.AsyncClient) -> None:
    code = (await received(intake))["code"]
    keyed = {"Idempotency-Key": "one"}
    finish = (intake.post(f"/v1/dossiers/{code}/finish", json={}, headers=keyed) for _ in range(6))
    answers = await asyncio.gather(*finish)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers) == 5
    assert (await intake.get(f"/v1/dossiers/{code}")).json()["version"] == 2
