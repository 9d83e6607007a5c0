"""Closing many at once, with their real dates (Báo Hà Tĩnh 2019: 500 shown late, one was): each through the one engine,
with its own result."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.lives import ago, imported, reasons, received
from tests.support import JUSTICE, PROVINCE, WARD, bearer

WHY = {"reason": "Không đủ điều kiện"}


async def act(intake: httpx.AsyncClient, items: list[Any], **headers: str) -> httpx.Response:
    return await intake.post("/v1/dossiers/bulk-actions", json={"items": items}, headers=headers)


def said(answer: httpx.Response) -> list[tuple[str, str | None]]:
    """(result, code of the problem) of each item."""
    items = answer.json()["items"]
    return [(item["result"], item["problem"]["code"] if item["problem"] else None) for item in items]


async def read(intake: httpx.AsyncClient, code: str) -> dict[str, Any]:
    dossier: dict[str, Any] = (await intake.get(f"/v1/dossiers/{code}")).json()
    return dossier


async def test_what_was_done_long_ago_is_closed_with_its_real_dates(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    admin = bearer(issuer, "admin", PROVINCE)
    accepted = ago(days=60)
    due = accepted + timedelta(days=20)
    old = [await imported(intake, admin, accepted=accepted, due=due) for _ in range(3)]
    done, collected = accepted + timedelta(days=10), accepted + timedelta(days=40)
    items = []
    for dossier in old:
        items.append({"action": "finish", "code": dossier["code"], "occurred_at": done.isoformat()})
        items.append({"action": "return", "code": dossier["code"], "occurred_at": collected.isoformat()})
    answer = await act(intake, items)
    assert answer.status_code == 200, answer.text
    assert said(answer) == [("done", None)] * 6
    for dossier in old:
        closed = await read(intake, dossier["code"])
        assert (closed["status"], closed["verdict"]) == ("returned", "early"), "nobody was late"
        events = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
        assert [event["kind"] for event in events][-2:] == ["finished", "returned"]
        alone = await imported(intake, admin, accepted=accepted, due=due)
        one = {"occurred_at": done.isoformat()}
        by_itself = (await intake.post(f"/v1/dossiers/{alone['code']}/finish", json=one)).json()
        assert (by_itself["finished_at"], by_itself["verdict"]) == (closed["finished_at"], closed["verdict"])


async def test_a_bad_item_holds_up_no_other(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    good, refused, over, held = [(await received(intake))["code"] for _ in range(4)]
    await intake.post(f"/v1/dossiers/{over}/finish", json={})
    answer = await act(
        intake,
        [
            {"action": "finish", "code": good},
            {"action": "finish", "code": refused, "outcome": "refused"},
            {"action": "finish", "code": over},
            {"action": "return", "code": held},
            {"action": "finish", "code": "none"},
            {"action": "finish", "code": held, "version": 9},
            {"action": "finish", "code": held, "occurred_at": "2199-01-01T08:00:00+07:00"},
            {"action": "withdraw", "code": held, **WHY},
            {"action": "finish", "code": held, "secret": "Nguyễn Thị Đào"},
            7,
            {"action": "finish", "code": refused, "outcome": "refused", **WHY},
            {"action": "return", "code": over},
            {"action": "return", "code": good, "occurred_at": ago(days=9).isoformat()},
            {"action": "finish", "code": held, "version": True},
        ],
    )
    assert said(answer) == [
        ("done", None),
        ("refused", "invalid_request"),
        ("refused", "not_allowed_in_status"),
        ("refused", "not_allowed_in_status"),
        ("refused", "not_found"),
        ("refused", "version_changed"),
        ("refused", "invalid_request"),
        ("refused", "invalid_request"),
        ("refused", "invalid_request"),
        ("refused", "invalid_request"),
        ("done", None),
        ("done", None),
        ("refused", "invalid_request"),
        ("refused", "invalid_request"),
    ]
    assert "Đào" not in answer.text
    assert [(await read(intake, code))["status"] for code in (good, refused, over, held)] == [
        "finished",
        "finished",
        "returned",
        "accepted",
    ]


async def test_a_repeated_call_has_one_effect_and_says_so(intake: httpx.AsyncClient) -> None:
    code = (await received(intake))["code"]
    items = [{"action": "finish", "code": code}, {"action": "finish", "code": "none"}]
    first = await act(intake, items, **{"Idempotency-Key": "bulk-1"})
    again = await act(intake, items, **{"Idempotency-Key": "bulk-1"})
    assert said(first) == [("done", None), ("refused", "not_found")]
    assert said(again) == [("replayed", None), ("refused", "not_found")]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await read(intake, code))["version"] == 2
    other = await act(intake, items[:1], **{"Idempotency-Key": "bulk-1"})
    assert other.json()["code"] == "idempotency_key_reused"


async def test_who_may(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    code = (await received(intake))["code"]
    items = [{"action": "finish", "code": code}, {"action": "return", "code": code}]
    assert said(await act(intake, items, **bearer(issuer, "counter", JUSTICE))) == [("refused", "not_found")] * 2
    by_handler = await act(intake, items, **bearer(issuer, "handler", WARD))
    assert said(by_handler) == [("done", None), ("refused", "forbidden")]
    for role in ("supervisor", "citizen"):
        assert (await act(intake, items, **bearer(issuer, role, WARD))).status_code == 403


@pytest.mark.parametrize(("count", "reason"), [(0, ("items", "required")), (1001, ("items", "too_many"))])
async def test_more_than_a_thousand_are_refused(intake: httpx.AsyncClient, count: int, reason: tuple[str, str]) -> None:
    answer = await act(intake, [{"action": "finish", "code": "x"}] * count)
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_two_at_once_on_the_same_dossiers(intake: httpx.AsyncClient) -> None:
    for _ in range(3):
        codes = [(await received(intake))["code"] for _ in range(20)]
        finish = [{"action": "finish", "code": code} for code in codes]
        answers = await asyncio.gather(
            act(intake, finish), act(intake, finish[::-1]), act(intake, finish[10:] + finish[:10])
        )
        results = [result for answer in answers for result, _ in said(answer)]
        assert (results.count("done"), results.count("refused")) == (20, 40)
