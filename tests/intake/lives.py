"""Builders of dossiers whose life goes on: received at the counter or handed in online, as of days gone by."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import httpx

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.support import JUSTICE, REGISTER_COPY, a_draft


async def received(intake: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """A dossier received just now; due in one working day."""
    dossier: dict[str, Any] = (await intake.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY, **more))).json()
    return dossier


async def submitted(intake: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """An online submission that nobody has looked at."""
    body = a_draft(procedure=REGISTER_COPY, channel="online", submission=True, **more)
    answer = await intake.post("/v1/dossiers", json=body)
    assert answer.status_code == 201, answer.text
    dossier: dict[str, Any] = answer.json()
    return dossier


async def imported(
    intake: httpx.AsyncClient, headers: dict[str, str], *, accepted: datetime, due: datetime | None, **more: Any
) -> dict[str, Any]:
    """A dossier accepted on a day gone by, through the import: the only door to the past."""
    import json

    legacy = f"L-{accepted:%Y%m%d%H%M%S}-{now().timestamp()}"
    record = {
        "legacy_code": legacy,
        "procedure": REGISTER_COPY,
        "agency": "19333",
        "channel": "counter",
        "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
        "accepted_at": accepted.isoformat(),
        **({"due_at": due.isoformat()} if due is not None else {}),
        **more,
    }
    content = json.dumps(record).encode()
    landed = await intake.post(
        "/v1/imports", content=content, headers={**headers, "Content-Type": "application/x-ndjson"}
    )
    assert landed.json()["created"] == 1, landed.text
    dossier: dict[str, Any] = (await intake.get(f"/v1/dossiers/{legacy}", headers=headers)).json()
    return dossier


async def does(intake: httpx.AsyncClient, dossier: dict[str, Any], verb: str, **body: Any) -> httpx.Response:
    """A verb on a dossier."""
    return await intake.post(f"/v1/dossiers/{dossier['code']}/{verb}", json=body)


async def did(intake: httpx.AsyncClient, dossier: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    """The dossier after a verb that must be allowed."""
    answer = await does(intake, dossier, verb, **body)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


def reasons(answer: httpx.Response) -> set[tuple[str, str]]:
    """(field, code) of each error."""
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


def ago(**span: float) -> datetime:
    """An instant gone by."""
    return now() - timedelta(**span)


async def proposed(database: Database, dossier: dict[str, Any], at: datetime, new_due_at: datetime) -> None:
    """An extension of a dossier, proposed on a day gone by: recorded then."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "INSERT INTO extension_proposal (dossier_id, n, proposed_at, proposed_by, agency_id, new_due_at, reason,"
        " apology, number, signed_by) SELECT id, 1, $2, 'handler', agency_id, $3, 'Lý do', 'Xin lỗi', '1', 'Bình'"
        " FROM dossier WHERE code = $1",
        dossier["code"],
        at,
        new_due_at,
    )
    await owner.close()


MINUTES = {"reason": "Nhập nhầm", "decision": "07/BB"}
Verbs = tuple[tuple[str, dict[str, Any]], ...]
#: What may become of a dossier, save that it is corrected.
TURNS: Verbs = (
    ("payment-requests", {"reason": "Lệ phí"}),
    ("payments", {}),
    ("supplement-requests", {"reason": "Thiếu giấy"}),
    ("supplements", {}),
    ("finish", {"outcome": "granted"}),
    ("stop", {"reason": "Không đủ điều kiện"}),
    ("withdraw", {"reason": "Đổi ý"}),
    ("return", {}),
    ("reopen", {"reason": "Nhầm"}),
)
_VERBS: Verbs = (
    *TURNS,
    ("results", {"number": "125/GCN", "issued_on": civil_day(now()).isoformat(), "reason": "Ghi nhầm số"}),
    ("corrections", {**MINUTES, "channel": "post"}),
    ("corrections", {**MINUTES, "agency": JUSTICE}),
)


async def many_lives(intake: httpx.AsyncClient, rng: Random, *, rounds: int = 6) -> AsyncIterator[int]:
    """Some thirty dossiers, at the counter and online, of which anything becomes that may; after each round its
    number."""
    online = [await submitted(intake) for _ in range(6)]
    for dossier in online[:4]:
        await does(intake, dossier, "accept")
    await did(intake, online[4], "refuse", reason="Không thuộc thẩm quyền")
    dossiers = [await received(intake) for _ in range(25)] + online
    for n in range(rounds):
        for dossier in dossiers:
            verb, body = rng.choice(_VERBS)
            await does(intake, dossier, verb, **body)  # where it is not allowed nothing happens
            if rng.random() < 0.1:
                earlier = {**MINUTES, "accepted_at": ago(days=rng.randint(1, 15)).isoformat()}
                await does(intake, dossier, "corrections", **earlier)
        yield n
