"""Quá hạn bổ sung: until when an applicant is to complete a dossier, and what happens when that runs out. Only where a
law says so; an answer that comes late, but before the closing, is taken."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.lapses import usecases
from intake_service.lapses.usecases import close_lapsed
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.domain.terms import nominal_end
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.conftest import Database
from tests.domain.builders import the_rule
from tests.intake.lives import did, does, imported, received, submitted
from tests.support import PROVINCE, a_draft, at, bearer, serving, settings_for

STATE_BANK = "1.000195"
ASKED = {"reason": "Thiếu giấy chứng nhận"}
OF_THE_STATE_BANK = {"procedure": STATE_BANK, "agency": PROVINCE}


@pytest_asyncio.fixture(loop_scope="session")
async def room(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Intake on a database of the test's own, speaking as the province's admin."""
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def own(fresh_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """What the consumer works with: the room's own login."""
    connection = await asyncpg.connect(fresh_database.url("motcua_intake"))
    yield connection
    await connection.close()


async def of_the_state_bank(room: httpx.AsyncClient) -> dict[str, Any]:
    """A dossier under the special law, received just now, that waits for its applicant."""
    answer = await room.post("/v1/dossiers", json=a_draft(**OF_THE_STATE_BANK))
    assert answer.status_code == 201, answer.text
    return await did(room, answer.json(), "supplement-requests", **ASKED)


async def closed(own: asyncpg.Connection, at: datetime) -> int:
    return await close_lapsed(own, await read_reference(own), at)


async def test_until_when_is_said_with_the_request(room: httpx.AsyncClient) -> None:
    dossier = await of_the_state_bank(room)
    within = the_rule("Wednesday 2026-07-01", STATE_BANK).answer_within
    assert within is not None
    until = datetime.fromisoformat(dossier["answer_due_at"])
    assert civil_day(until) >= nominal_end(civil_day(now()), within)
    account = (await room.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()
    assert account["answer_due_at"] == dossier["answer_due_at"]
    assert datetime.fromisoformat(account["lapses_at"]) > until
    assert account["explanation"][-1]["vi"].startswith("Đề nghị bổ sung chậm nhất ")
    assert "dừng giải quyết (Quyết định 4093/QĐ-NHNN" in account["explanation"][-1]["vi"]
    events = (await room.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    assert events[-1]["detail"]["answer_due_at"] == dossier["answer_due_at"]


async def test_where_the_law_does_not_say_nothing_lapses(room: httpx.AsyncClient, own: asyncpg.Connection) -> None:
    dossier = await received(room)
    asked = await did(room, dossier, "supplement-requests", **ASKED)
    assert asked["answer_due_at"] is None
    assert await closed(own, now() + timedelta(days=3000)) == 0
    assert (await room.get(f"/v1/dossiers/{dossier['code']}")).json()["status_code"] == 5


async def test_it_is_closed_once_with_its_notice(room: httpx.AsyncClient, own: asyncpg.Connection) -> None:
    dossier = await of_the_state_bank(room)
    lapses = datetime.fromisoformat((await room.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()["lapses_at"])
    assert await closed(own, lapses - timedelta(seconds=1)) == 0
    assert await closed(own, lapses) == 1
    assert await closed(own, lapses) == 0, "a second round finds nothing"
    after = (await room.get(f"/v1/dossiers/{dossier['code']}")).json()
    assert (after["status_code"], after["outcome"], after["answer_due_at"]) == (8, "stopped", None)
    assert after["verdict"] != "late", "the wait was the applicant's"
    event = (await room.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"][-1]
    assert (event["kind"], event["actor"]) == ("stopped", "motcua")
    assert datetime.fromisoformat(event["detail"]["lapsed"]) == lapses
    note = await own.fetchval("SELECT reason FROM event_note ORDER BY dossier_id DESC, seq DESC LIMIT 1")
    assert note == the_rule("Wednesday 2026-07-01", STATE_BANK).notice
    assert (await does(room, dossier, "supplements")).status_code == 409


async def test_an_answer_before_the_closing_is_taken(room: httpx.AsyncClient, own: asyncpg.Connection) -> None:
    dossier = await of_the_state_bank(room)
    await own.execute("UPDATE dossier SET lapses_at = now() - interval '1 day' WHERE code = $1", dossier["code"])
    back = await did(room, dossier, "supplements")
    assert (back["status_code"], back["answer_due_at"]) == (4, None)
    assert await closed(own, now() + timedelta(days=300)) == 0


async def test_whoever_enters_an_old_request_has_the_day_to_enter_its_answer(
    room: httpx.AsyncClient, own: asyncpg.Connection, issuer: LocalIssuer
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    accepted = at("Monday 2026-08-03 09:00")
    old = await imported(room, headers, accepted=accepted, due=at("Friday 2026-12-25 17:00"), **OF_THE_STATE_BANK)
    asked = await did(room, old, "supplement-requests", **ASKED, occurred_at=(accepted + timedelta(days=2)).isoformat())
    assert datetime.fromisoformat(asked["answer_due_at"]) < now()
    assert await closed(own, now()) == 0
    back = await did(room, old, "supplements", occurred_at=(accepted + timedelta(days=30)).isoformat())
    assert back["status_code"] == 4


async def test_an_import_lapses_not_for_it_was_asked_elsewhere(
    room: httpx.AsyncClient, own: asyncpg.Connection, issuer: LocalIssuer
) -> None:
    accepted = at("Monday 2026-08-03 09:00")
    waiting = {"supplements": [{"requested_at": (accepted + timedelta(days=1)).isoformat()}], **OF_THE_STATE_BANK}
    headers = bearer(issuer, "admin", PROVINCE)
    old = await imported(room, headers, accepted=accepted, due=at("Friday 2026-12-25 17:00"), **waiting)
    assert (old["status_code"], old["answer_due_at"]) == (5, None)
    assert await closed(own, now() + timedelta(days=300)) == 0


async def test_what_somebody_works_on_is_passed_over(
    room: httpx.AsyncClient, own: asyncpg.Connection, fresh_database: Database
) -> None:
    dossier = await of_the_state_bank(room)
    later = now() + timedelta(days=300)
    other = await asyncpg.connect(fresh_database.owner_url)
    async with other.transaction():
        await other.fetch("SELECT FROM dossier WHERE code = $1 FOR UPDATE", dossier["code"])
        assert await closed(own, later) == 0
    await other.close()
    assert await closed(own, later) == 1


async def test_many_are_closed_in_turns(
    room: httpx.AsyncClient, own: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "LAPSED_AT_ONCE", 2)
    for _ in range(3):
        await of_the_state_bank(room)
    later = now() + timedelta(days=300)
    assert [await closed(own, later) for _ in range(3)] == [2, 1, 0]


async def test_a_submission_lapses_only_where_an_operator_says_so(
    room: httpx.AsyncClient, own: asyncpg.Connection
) -> None:
    submission = await submitted(room)
    asked = await did(room, submission, "supplement-requests", **ASKED)
    assert asked["answer_due_at"] is None
    rule = {
        "valid_from": civil_day(now()).isoformat(),
        "retroactive": True,
        "effect": "restart",
        "submission_within": {"value": 10, "unit": "working_day"},
        "lapse": "close",
        "notice": "Hồ sơ không được hoàn thiện trong 10 ngày làm việc.",
        "regime": "Quy chế",
        "citation": "Quy chế một cửa, Điều 7",
        "basis": "an operator's",
        "confirmed": True,
        "decision": "1/QĐ",
        "reason": "Quy chế mới",
    }
    assert (await room.post("/v1/supplement-rules", json=rule)).status_code == 201
    await _read_again(room)
    another = await submitted(room)
    waiting = await did(room, another, "supplement-requests", **ASKED)
    assert waiting["answer_due_at"] is not None
    assert await closed(own, now() + timedelta(days=60)) == 1
    after = (await room.get(f"/v1/dossiers/{another['code']}")).json()
    assert (after["status_code"], after["outcome"]) == (3, None)
    assert (await room.get(f"/v1/dossiers/{submission['code']}")).json()["status_code"] == 5


async def _read_again(room: httpx.AsyncClient) -> None:
    await room._transport.app.state.room.reference.refresh()  # type: ignore[attr-defined]


async def test_the_consumer_uses_its_index(own: asyncpg.Connection) -> None:
    plan = await own.fetch(
        "EXPLAIN SELECT id FROM dossier d WHERE d.lapses_at <= $1 ORDER BY d.lapses_at, d.id LIMIT 100",
        at("Monday 2026-11-23 09:00"),
    )
    assert any("ix_dossier_lapses" in row[0] for row in plan)
