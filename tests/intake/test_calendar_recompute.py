"""After a change of the calendar: open dossiers are reckoned anew, an event each, once, whoever is killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI

from intake_service.app import create_app as intake_app
from intake_service.recompute.usecases import Recompute
from intake_service.tracking.rules import secret_of
from routing_service.app import create_app as routing_app
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import at as at_clock
from shared.domain.civil_time import civil_day
from shared.domain.working_calendar import DEFAULT_SESSIONS
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from tests.conftest import Database
from tests.intake.lives import ago, did, imported, received, submitted
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer, serving, settings_for


@dataclass
class House:
    """Intake, routing, and the owner's connection to their database."""

    intake: httpx.AsyncClient
    routing: httpx.AsyncClient
    app: FastAPI
    owner: asyncpg.Connection
    issuer: LocalIssuer

    @property
    def calendar(self) -> Any:
        """The calendar as intake has it."""
        return self.app.state.room.reference.current.calendar

    def working(self, days: int) -> date:
        """The working day that ends a term of `days` from today."""
        found: date = self.calendar.add_working_days(civil_day(now()), days)
        return found

    async def change(self, *days: date, kind: str = "holiday", decision: str = "512/QĐ-UBND") -> dict[str, Any]:
        """Set days otherwise."""
        named = {"name_vi": "Nghỉ chống bão", "name_en": "Storm day", "source": "Công điện 1"}
        asked = [{"day": str(day), "kind": kind, **({} if kind == "normal" else named)} for day in days]
        answer = await self.routing.post(
            "/v1/calendar/changes",
            json={"days": asked, "reason": "Bão số 5", "decision": decision},
            headers=bearer(self.issuer, "admin", PROVINCE),
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def read(self, number: int) -> dict[str, Any]:
        """A change, as it stands."""
        found: dict[str, Any] = (await self.routing.get(f"/v1/calendar/changes/{number}")).json()
        return found["progress"]  # type: ignore[no-any-return]

    async def swept(self, *, batch: int = 1000) -> None:
        """Let the recompute work until it only waits for everybody to know."""
        work = Recompute(self.app.state.room.reference, batch=batch)
        async with self.app.state.room.pool.acquire(EVERY_ROW) as connection:
            while await work(connection):
                pass

    async def settled(self) -> None:
        """… and as if ten seconds had gone by since."""
        await self.owner.execute("UPDATE calendar_change SET recorded_at = recorded_at - interval '1 minute'")
        await self.swept()

    async def dossier(self, code: str) -> dict[str, Any]:
        """A dossier as it stands."""
        found: dict[str, Any] = (await self.intake.get(f"/v1/dossiers/{code}")).json()
        return found

    async def events(self, code: str) -> list[dict[str, Any]]:
        """What happened to it."""
        found: list[dict[str, Any]] = (await self.intake.get(f"/v1/dossiers/{code}/events")).json()["items"]
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def house(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[House]:
    """Intake and routing on a database of the test's own."""
    settings = settings_for(fresh_database, issuer)
    app = intake_app(settings)
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(app) as intake, serving(routing_app(settings)) as routing:
        intake.headers.update(bearer(issuer, "counter", WARD))
        routing.headers.update(bearer(issuer, "supervisor", PROVINCE))
        yield House(intake, routing, app, owner, issuer)
    await owner.close()


def due_on(day: date) -> str:
    """The end of a working day, as it goes out."""
    return at_clock(day, DEFAULT_SESSIONS.closing(day.weekday())).isoformat()


async def term_of(house: House, value: float, unit: str = "working_day") -> None:
    """Give the procedure of the tests another term; nobody has a dossier of it yet."""
    await house.owner.execute(
        "UPDATE procedure_term SET value = $1, unit = $2, cutoff = NULL WHERE version_id IN (SELECT v.id FROM"
        " procedure_version v JOIN procedure p ON p.id = v.procedure_id WHERE p.code = $3)",
        value,
        unit,
        REGISTER_COPY,
    )
    await house.owner.execute("UPDATE routing_revision SET revision = revision + 1")
    await house.app.state.room.reference.refresh()


async def test_a_sudden_day_off_moves_the_date_and_the_log_says_why(house: House) -> None:
    await term_of(house, 5)
    dossier = await received(house.intake)
    off, was, will_be = house.working(3), house.working(5), house.working(6)
    made = await house.change(off)
    await house.swept()
    found = await house.dossier(dossier["code"])
    assert (found["original_due_at"], found["due_at"]) == (due_on(was), due_on(will_be))
    assert found["code"] == dossier["code"]
    event = (await house.events(dossier["code"]))[-1]
    assert (event["kind"], event["actor"], event["for_agency"]) == ("rescheduled", f"admin@{PROVINCE}", PROVINCE)
    assert event["detail"] == {
        "due_at": due_on(will_be),
        "was_due_at": due_on(was),
        "judged_at": due_on(will_be),
        "promised_at": due_on(will_be),
        "was_promised_at": due_on(was),
        "original_due_at": due_on(was),
        "accepted_at": dossier["accepted_at"],
        "decision": "512/QĐ-UBND",
        "calendar_change": made["id"],
    }
    told = (await house.intake.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()
    assert any("512/QĐ-UBND" in line["vi"] and "512/QĐ-UBND" in line["en"] for line in told["explanation"])
    assert (told["due_at"], told["original_due_at"]) == (due_on(will_be), due_on(was))
    row = await house.owner.fetchrow("SELECT due_day, late_day FROM dossier WHERE code = $1", dossier["code"])
    assert row is not None
    assert tuple(row) == (will_be, will_be + timedelta(days=1))


async def test_the_applicant_is_told(house: House) -> None:
    """On the tracking page, with the new date; while the dossier waits, that it was moved, and no date."""
    await term_of(house, 5)
    running, waiting = await received(house.intake), await received(house.intake)
    await did(house.intake, waiting, "payment-requests", reason="Lệ phí")
    await house.change(house.working(3))
    await house.swept()
    key = house.app.state.room.settings.tracking_key.get_secret_value()
    for dossier, new_due_at in ((running, due_on(house.working(5))), (waiting, None)):
        secret = secret_of(key, dossier["code"])
        seen = (await house.intake.get(f"/v1/track/{dossier['code']}", params={"secret": secret})).json()
        notice = seen["notices"][0]  # the newest
        assert (notice["kind"], notice["new_due_at"]) == ("rescheduled", new_due_at)


async def test_a_dossier_goes_on_from_there(house: House) -> None:
    """Finished after it was moved, it is judged by the new date; its chain holds."""
    await term_of(house, 1)
    dossier = await received(house.intake)
    await house.change(house.working(1))
    await house.swept()
    done = await did(house.intake, dossier, "finish", occurred_at=dossier["accepted_at"])
    assert done["verdict"] == "early"
    hashes = [event["hash"] for event in await house.events(dossier["code"])]
    row = await house.owner.fetchrow("SELECT event_hash, event_seq FROM dossier WHERE code = $1", dossier["code"])
    assert row is not None
    assert (row["event_hash"].hex(), row["event_seq"]) == (hashes[-1], 3)


async def test_what_waits_is_moved_where_it_will_go_on_from(house: House) -> None:
    await term_of(house, 5)
    dossier = await received(house.intake)
    await did(house.intake, dossier, "payment-requests", reason="Lệ phí")
    await house.change(house.working(3))
    await house.swept()
    waiting = await house.dossier(dossier["code"])
    assert (waiting["status"], waiting["due_at"]) == ("payment_awaited", None)
    detail = (await house.events(dossier["code"]))[-1]["detail"]
    assert (detail["due_at"], detail["promised_at"]) == (None, due_on(house.working(5)))
    paid = await did(house.intake, dossier, "payments")
    assert paid["due_at"] == due_on(house.working(5)), "the calendar of today, with the day off"


async def test_an_extension_stands(house: House) -> None:
    await term_of(house, 5)
    dossier = await received(house.intake)
    appointed = due_on(house.working(9))
    letter = {"number": "1/PXL", "signed_by": "Trần Văn Bình", "reason": "Chờ xác minh"}
    await did(house.intake, dossier, "extensions", new_due_at=appointed, **letter)
    was = house.working(6)
    await house.change(house.working(3))
    await house.swept()
    found = await house.dossier(dossier["code"])
    assert found["due_at"] == appointed
    late = await house.owner.fetchval("SELECT late_from FROM dossier WHERE code = $1", dossier["code"])
    assert civil_day(late) == was + timedelta(days=1), "what it is judged by moved"


async def test_a_date_that_another_system_promised_stands(house: House) -> None:
    accepted = ago(days=1)
    promised = at_clock(house.working(5), DEFAULT_SESSIONS.closing(0))
    dossier = await imported(house.intake, bearer(house.issuer, "admin", PROVINCE), accepted=accepted, due=promised)
    made = await house.change(house.working(3))
    await house.swept()
    assert (await house.dossier(dossier["legacy_code"]))["due_at"] == promised.isoformat()
    assert (await house.read(made["id"]))["moved"] == 0


async def test_a_term_in_hours_moves_to_the_hour(house: House) -> None:
    await term_of(house, 24, "working_hour")
    dossier = await received(house.intake)
    reference = house.app.state.room.reference
    await house.change(house.working(1))
    await house.swept()
    found = datetime.fromisoformat((await house.dossier(dossier["code"]))["due_at"])
    accepted = datetime.fromisoformat(dossier["accepted_at"])
    expected = reference.current.calendar.add_working_time(accepted, timedelta(hours=24), DEFAULT_SESSIONS)
    assert found == expected
    assert found > datetime.fromisoformat(dossier["due_at"])


async def test_the_reception_clock_of_a_submission_moves(house: House) -> None:
    submission = await submitted(house.intake)
    due = civil_day(datetime.fromisoformat(submission["reception_due_at"]))
    await house.change(due)
    await house.swept()
    found = await house.dossier(submission["reference"])
    assert civil_day(datetime.fromisoformat(found["reception_due_at"])) > due
    assert found["status"] == "submitted"


async def test_a_change_taken_back_leads_back(house: House) -> None:
    await term_of(house, 5)
    dossier = await received(house.intake)
    off, was = house.working(3), house.working(5)
    await house.change(off)
    await house.swept()
    await house.settled()
    await house.change(off, kind="normal", decision="513/QĐ-UBND")
    await house.swept()
    assert (await house.dossier(dossier["code"]))["due_at"] == due_on(was)
    assert [event["kind"] for event in await house.events(dossier["code"])] == [
        "accepted",
        "rescheduled",
        "rescheduled",
    ]


async def test_two_changes_at_once_move_a_dossier_once_and_to_the_calendar_in_force(house: House) -> None:
    await term_of(house, 5)
    dossier = await received(house.intake)
    first, second, will_be = house.working(2), house.working(3), house.working(7)
    await house.change(first)
    await house.change(second)
    await house.settled()
    assert (await house.dossier(dossier["code"]))["due_at"] == due_on(will_be)
    assert len(await house.events(dossier["code"])) == 2


async def test_what_is_re_opened_catches_up(house: House) -> None:
    """It was over when the calendar changed; its clock had run on all the time."""
    await term_of(house, 5)
    dossier = await received(house.intake)
    done = await did(house.intake, dossier, "finish")
    will_be = due_on(house.working(6))
    made = await house.change(house.working(3))
    await house.settled()
    assert (await house.dossier(dossier["code"]))["due_at"] == done["due_at"]
    assert (await house.read(made["id"]))["moved"] == 0
    supervisor = bearer(house.issuer, "supervisor", PROVINCE)
    path = f"/v1/dossiers/{dossier['code']}/reopen"
    again = await house.intake.post(path, json={"reason": "Nhầm"}, headers=supervisor)
    assert again.status_code == 200, again.text
    assert (again.json()["due_at"], again.json()["finished_at"], again.json()["outcome"]) == (will_be, None, None)
    kinds = [event["kind"] for event in await house.events(dossier["code"])]
    assert kinds == ["accepted", "finished", "reopened", "rescheduled"]


async def test_a_day_that_is_announced_is_no_longer_provisional(house: House) -> None:
    await term_of(house, 5)
    off = house.working(3)
    named = {"name_vi": "Nghỉ", "name_en": "Off", "source": "?"}
    body = {
        "days": [{"day": str(off), "kind": "holiday", "status": "provisional", **named}],
        "reason": "Dự kiến",
        "decision": "1",
    }
    admin = bearer(house.issuer, "admin", PROVINCE)
    assert (await house.routing.post("/v1/calendar/changes", json=body, headers=admin)).status_code == 201
    await house.settled()
    dossier = await received(house.intake)
    assert dossier["due_is_provisional"] is True
    await house.change(off)
    await house.swept()
    found = await house.dossier(dossier["code"])
    assert (found["due_is_provisional"], found["due_at"]) == (False, dossier["due_at"])
    assert len(await house.events(dossier["code"])) == 1


async def test_killed_in_the_middle_it_goes_on_where_it_stood(house: House) -> None:
    await term_of(house, 5)
    codes = [(await received(house.intake))["code"] for _ in range(12)]
    will_be = due_on(house.working(6))
    made = await house.change(house.working(3))
    pool, reference = house.app.state.room.pool, house.app.state.room.reference
    async with pool.acquire(EVERY_ROW) as connection:
        work = Recompute(reference, batch=5)
        await work(connection)
        await work(connection)
        assert (await house.read(made["id"]))["looked_at"] == 5
        async with house.owner.transaction():  # it stands in the middle of the batch while somebody holds a dossier
            await house.owner.execute("SELECT FROM dossier WHERE code = $1 FOR UPDATE", codes[7])
            killed = asyncio.create_task(work(connection))
            while not await house.owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not killed.done()
                await asyncio.sleep(0.005)
            killed.cancel()
            with pytest.raises(asyncio.CancelledError):
                await killed
    await house.swept(batch=5)
    assert {(await house.dossier(code))["due_at"] for code in codes} == {will_be}
    for code in codes:
        assert [event["kind"] for event in await house.events(code)] == ["accepted", "rescheduled"], "once"
    assert await house.read(made["id"]) | {"started_at": None} == {
        "state": "settling",
        "to_look_at": 12,
        "looked_at": 12,
        "left": 0,
        "moved": 12,
        "unreckoned": 0,
        "started_at": None,
        "finished_at": None,
    }


async def test_two_that_believe_to_lead_do_it_once(house: House) -> None:
    await term_of(house, 5)
    codes = [(await received(house.intake))["code"] for _ in range(12)]
    made = await house.change(house.working(3))
    await asyncio.gather(house.swept(batch=2), house.swept(batch=3))
    for code in codes:
        assert len(await house.events(code)) == 2
    progress = await house.read(made["id"])
    assert (progress["looked_at"], progress["moved"]) == (12, 12)


async def test_what_another_has_done_meanwhile_is_not_done_again(house: House) -> None:
    """Each has its own list of what there was to do, and the other goes on."""
    await term_of(house, 5)
    for _ in range(12):
        await received(house.intake)
    made = await house.change(house.working(3))
    turns = [Recompute(house.app.state.room.reference, batch=batch) for batch in (2, 3)]
    async with house.app.state.room.pool.acquire(EVERY_ROW) as connection:
        while [await work(connection) for work in turns] != [False, False]:
            pass
    progress = await house.read(made["id"])
    assert (progress["looked_at"], progress["moved"], progress["left"]) == (12, 12, 0)


async def test_what_was_received_by_the_old_calendar_meanwhile_is_found(house: House) -> None:
    """A process that has not read the change yet receives a dossier after the sweep."""
    await term_of(house, 5)
    will_be = due_on(house.working(6))
    made = await house.change(house.working(3))
    other = Recompute(house.app.state.room.reference)
    old = house.app.state.room.reference.current
    async with house.app.state.room.pool.acquire(EVERY_ROW) as connection:
        while await other(connection):
            pass
        house.app.state.room.reference._current = old
        dossier = await received(house.intake)
        assert dossier["due_at"] != will_be, "by the calendar that this process had"
    await house.swept()
    assert (await house.read(made["id"]))["state"] == "settling", "not everybody may know yet"
    await house.settled()
    assert (await house.dossier(dossier["code"]))["due_at"] == will_be
    progress = await house.read(made["id"])
    assert (progress["state"], progress["moved"], progress["looked_at"], progress["left"]) == ("done", 1, 1, 0)
    assert progress["finished_at"] is not None


async def test_an_import_that_began_before_is_waited_for(house: House) -> None:
    """It judges by the calendar that it began with, for as long as it runs."""
    made = await house.change(house.working(3))
    gate = asyncio.Event()
    headers = {**bearer(house.issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"}
    line = orjson.dumps(
        {"legacy_code": "W-1", **a_draft(procedure=REGISTER_COPY), "accepted_at": ago(days=1).isoformat()}
    )

    async def body() -> AsyncIterator[bytes]:
        yield line + b"\n"
        await gate.wait()

    upload = asyncio.create_task(house.intake.post("/v1/imports", content=body(), headers=headers))
    while not await house.owner.fetchval("SELECT count(*) FROM import_run"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await house.owner.execute(
        "UPDATE calendar_change SET recorded_at = recorded_at - interval '1 minute';"
        " UPDATE import_run SET started_at = started_at - interval '2 minutes'"
    )
    await house.swept()
    assert (await house.read(made["id"]))["state"] == "settling"
    gate.set()
    assert (await upload).status_code == 201
    await house.swept()
    assert (await house.read(made["id"]))["state"] == "done"


async def test_a_year_without_a_calendar_leaves_the_dossier_as_it_stands(house: House) -> None:
    """A term that reaches into it cannot be reckoned: the dossier stays, and is counted."""
    last = max(house.calendar.years)
    end = house.calendar.roll(date(last, 12, 28))
    days = house.calendar.working_days_between(civil_day(now()), end)
    left = house.calendar.working_days_between(end, date(last, 12, 31))
    await term_of(house, days)
    dossier = await received(house.intake)
    made = await house.change(*(house.working(n + 2) for n in range(left + 1)))
    await house.swept()
    progress = await house.read(made["id"])
    assert (progress["unreckoned"], progress["moved"]) == (1, 0)
    assert (await house.dossier(dossier["code"]))["due_at"] == dossier["due_at"]
