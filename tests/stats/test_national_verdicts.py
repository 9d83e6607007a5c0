"""Kết luận theo cách tính quốc gia: what intake tells of each dossier's life is what the index counts, withdrawals,
re-openings, extensions and corrections of the reception among them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as intake_app
from shared.web.clock import now
from stats_service.app import create_app as stats_app
from tests.intake.lives import did, imported, proposed
from tests.support import BIRTH, PROVINCE, WARD, at, bearer, serving, settings_for

ACCEPTED = "Monday 2025-10-06 08:00"  # a working day: due on Tuesday 7/10
MISSING = {"reason": "Thiếu giấy tờ"}
MINUTES = {"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC"}
WISH = {"reason": "Theo yêu cầu của công dân"}
DONE = {"outcome": "granted"}

#: (verb, when, what else); and how it is judged. A correction has no time of its own.
LIVES: dict[str, tuple[list[tuple[str, str, dict[str, Any]]], str]] = {
    "over in time": ([("finish", "Tuesday 2025-10-07 16:00", DONE)], "on_time"),
    "over late": ([("finish", "Wednesday 2025-10-08 09:00", DONE)], "overdue"),
    "open": ([], "overdue"),
    "awaited since it was in time": ([("supplement-requests", "Tuesday 2025-10-07 10:00", MISSING)], "on_time"),
    "awaited since it was late": ([("supplement-requests", "Wednesday 2025-10-08 10:00", MISSING)], "overdue"),
    "answered, and the wait saves it": (
        [
            ("supplement-requests", "Tuesday 2025-10-07 10:00", MISSING),
            ("supplements", "Thursday 2025-10-09 10:00", {}),
            ("finish", "Thursday 2025-10-09 16:00", DONE),
        ],
        "on_time",
    ),
    "answered, and only a term begun anew would save it": (
        [
            ("supplement-requests", "Tuesday 2025-10-07 10:00", MISSING),
            ("supplements", "Thursday 2025-10-09 10:00", {}),
            ("finish", "Friday 2025-10-10 09:00", DONE),
        ],
        "overdue",
    ),
    "asked twice": (
        [
            ("supplement-requests", "Monday 2025-10-06 09:00", MISSING),
            ("supplements", "Monday 2025-10-06 10:00", {}),
            ("supplement-requests", "Monday 2025-10-06 14:00", {**MISSING, "legal_basis": "Luật riêng"}),
            ("supplements", "Monday 2025-10-06 15:00", {}),
            ("finish", "Monday 2025-10-06 16:00", DONE),
        ],
        "overdue",
    ),
    "withdrawn in time": ([("withdraw", "Tuesday 2025-10-07 10:00", WISH)], "on_time"),
    "withdrawn while awaited, long after": (
        [
            ("supplement-requests", "Tuesday 2025-10-07 10:00", MISSING),
            ("withdraw", "Friday 2025-10-31 10:00", WISH),
        ],
        "overdue",
    ),
    "stopped late": ([("stop", "Monday 2025-10-20 10:00", MISSING)], "overdue"),
    "over in time, opened again and late": (
        [
            ("finish", "Tuesday 2025-10-07 16:00", DONE),
            ("reopen", "Friday 2025-10-10 09:00", MISSING),
            ("finish", "Friday 2025-10-10 16:00", DONE),
        ],
        "overdue",
    ),
    "received later than was entered": (
        [
            ("finish", "Wednesday 2025-10-08 16:00", DONE),
            ("corrections", "", {**MINUTES, "accepted_at": "2025-10-07T08:00:00+07:00"}),
        ],
        "on_time",
    ),
    "of a procedure with a shorter term": (
        [("corrections", "", {**MINUTES, "procedure": BIRTH}), ("finish", "Tuesday 2025-10-07 09:00", DONE)],
        "overdue",
    ),
}
OF_TEN_DAYS = {"due": at("Monday 2025-10-20 17:00")}
#: Where the term is too short for it: a date promised elsewhere. An extension is in time if it was recorded in time.
GIVEN: dict[str, tuple[list[tuple[str, str, dict[str, Any]]], str]] = {
    "extended, and over by the new date": (
        [
            ("extensions", "Thursday 2025-10-16 10:00", {"proposal": 1}),
            ("finish", "Thursday 2025-10-23 10:00", DONE),
        ],
        "overdue",
    ),
    "extended, and over by the first": (
        [
            ("extensions", "Thursday 2025-10-16 10:00", {"proposal": 1}),
            ("finish", "Monday 2025-10-20 10:00", DONE),
        ],
        "on_time",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(database, issuer) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Intake and stats on one database."""
    settings = settings_for(database, issuer)
    async with serving(intake_app(settings)) as intake, serving(stats_app(settings)) as stats:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        stats.headers.update(bearer(issuer, "leader", PROVINCE))
        yield intake, stats


async def counted(stats: httpx.AsyncClient, **more: str) -> tuple[int, int]:
    """How many dossiers, and how many of them on time, in the ward's fourth quarter."""
    answer = await stats.get("/v1/reports/index-766", params={"agency": WARD, "period": "2025-Q4", **more})
    assert answer.status_code == 200, answer.text
    progress = answer.json()["progress"]
    return progress["received"], progress["on_time"]


@pytest.mark.parametrize("name", [*LIVES, *GIVEN])
async def test_a_life_is_counted_as_it_is_told(rooms, database, name):
    intake, stats = rooms
    steps, verdict = {**LIVES, **GIVEN}[name]
    before = await counted(stats)
    given = OF_TEN_DAYS if name in GIVEN else {"due": None}
    dossier = await imported(intake, dict(intake.headers), accepted=at(ACCEPTED), **given)
    for verb, when, body in steps:
        if verb == "extensions":
            await proposed(database, dossier, at(when), at("Friday 2025-10-24 17:00"))
        moment = {"occurred_at": at(when).isoformat()} if when else {}
        await did(intake, dossier, verb, **body, **moment)
    told = (await intake.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()
    assert told["national_verdict"] == verdict
    after = await counted(stats)
    assert (after[0] - before[0], after[1] - before[1]) == (1, int(verdict == "on_time"))
    assert await counted(stats, as_of=now().isoformat()) == after, "what is recorded by now is what is known now"


@pytest.mark.parametrize("as_of", [False, True], ids=["as known now", "as recorded then"])
async def test_the_index_and_the_resolution_report_count_alike(rooms, as_of):
    _, stats = rooms
    asked = {"agency": WARD, "from": "2025-10-01", "to": "2025-12-31", "definition": "decision-766"}
    then = {"as_of": now().isoformat()} if as_of else {}
    answer = await stats.get("/v1/reports/resolution", params={**asked, **then})
    rate = answer.json()["total"]["rates"]["on_time"]
    assert (rate["denominator"], rate["numerator"]) == await counted(stats, **then)
    assert 0 < rate["numerator"] < rate["denominator"]
