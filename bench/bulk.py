"""A thousand actions in one call over HTTP, beside the same actions one by one."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import orjson

from bench.figures import Figure, Goal, percentile
from bench.ground import Ground, Service, psql
from shared.contracts.bulk import MAX_BULK
from shared.web.clock import now

NAME = "bench_bulk"
_PROCEDURE, _WARD, _RECEIVER, _PROVINCE = "2.000908", "19333", "QT25-D03", "44"
#: So many calls one by one are enough to know what a thousand take.
_ONE_BY_ONE = 100
_GOAL = Goal("ours", "≤", 2)


def measure(ground: Ground) -> list[Figure]:
    """Seconds of a thousand hand-overs, receipts, and finishes of the one-stop."""
    url = ground.database(NAME)
    with ground.serving(url, "intake", "routing", idle=("intake", "routing")) as (intake, routing):
        with httpx.Client(headers=_as(ground, "leader"), timeout=120) as client:
            codes = _with_cases(ground, intake, routing, MAX_BULK + _ONE_BY_ONE)
            psql(url, "VACUUM (ANALYZE)")
            many, some = codes[:MAX_BULK], codes[MAX_BULK:]
            given = _seconds(client, routing, "cases", _hand_overs(many, _RECEIVER))
            alone = _one_by_one(client, routing, some)
            back = [
                _seconds(client, routing, "cases", _hand_overs(many, to))
                for to in (_WARD, _RECEIVER) * ground.scale.rounds
            ]
            received = _seconds(client, routing, "cases", [{"action": "receive", "code": code} for code in many])
        with httpx.Client(headers=_as(ground, "admin"), timeout=120) as client:
            finished = _seconds(client, intake, "dossiers", [{"action": "finish", "code": code} for code in many])
    ground.drop(NAME)
    handed = percentile([given, *back], 50)
    return [
        Figure(
            f"bulk: {MAX_BULK:,} hand-overs",
            handed,
            "s",
            alone * MAX_BULK,
            "the same one by one",
            handed / (alone * MAX_BULK),
            _GOAL,
            "one call over HTTP, each with its own result",
        ),
        Figure(f"bulk: {MAX_BULK:,} receipts", received, "s", goal=_GOAL),
        Figure(
            f"bulk: {MAX_BULK:,} finishes at the one-stop", finished, "s", goal=_GOAL, note="each through the engine"
        ),
    ]


def _as(ground: Ground, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {ground.token(role, _PROVINCE)}"}


def _records(count: int) -> Iterator[dict[str, Any]]:
    accepted = now() - timedelta(days=3)
    for number in range(count):
        yield {
            "legacy_code": f"B-{number}",
            "procedure": _PROCEDURE,
            "agency": _WARD,
            "channel": "counter",
            "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
            "accepted_at": accepted.isoformat(),
            "due_at": (accepted + timedelta(days=20)).isoformat(),
        }


def _with_cases(ground: Ground, intake: Service, routing: Service, count: int) -> list[str]:
    """Open dossiers through the import, and their cases; their codes in the system that they come from."""
    content = b"\n".join(map(orjson.dumps, _records(count)))
    headers = {**_as(ground, "admin"), "Content-Type": "application/x-ndjson"}
    landed = httpx.post(f"{intake.address}/v1/imports", headers=headers, content=content, timeout=120)
    if landed.raise_for_status().json()["created"] != count:
        raise RuntimeError(f"not every record landed: {landed.text}")
    codes: list[str] = []
    cursor = None
    while len(codes) < count:
        params = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = httpx.get(f"{intake.address}/v1/dossiers", params=params, headers=_as(ground, "admin")).json()
        codes += [item["code"] for item in page["items"]]
        cursor = page["next"]
    for start in range(0, count, MAX_BULK):
        body = {"items": [{"code": code} for code in codes[start : start + MAX_BULK]]}
        opened = httpx.post(f"{routing.address}/v1/cases/bulk", json=body, headers=_as(ground, "machine"), timeout=120)
        opened.raise_for_status()
    return codes


def _hand_overs(codes: Sequence[str], to: str) -> list[dict[str, str]]:
    return [{"action": "hand_over", "code": code, "to_agency": to} for code in codes]


def _seconds(client: httpx.Client, service: Service, noun: str, items: list[dict[str, str]]) -> float:
    began = time.perf_counter()
    answer = client.post(f"{service.address}/v1/{noun}/bulk-actions", json={"items": items})
    took = time.perf_counter() - began
    if answer.raise_for_status().json()["done"] != len(items):
        raise RuntimeError(f"not all were done: {answer.text[:500]}")
    return took


def _one_by_one(client: httpx.Client, routing: Service, codes: Sequence[str]) -> float:
    """Seconds of one hand-over."""
    began = time.perf_counter()
    for code in codes:
        answer = client.post(f"{routing.address}/v1/cases/{code}/hand-overs", json={"to_agency": _RECEIVER})
        answer.raise_for_status()
    return (time.perf_counter() - began) / len(codes)
