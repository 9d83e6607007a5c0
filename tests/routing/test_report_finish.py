"""Reporting the finish while intake is down: recorded first, told later, nothing lost."""

from datetime import datetime

import httpx
import pytest

from intake_service.app import create_app as create_intake
from routing_service.cases import usecases
from routing_service.cases.rules import is_final
from shared.contracts.intake import IntakeClient
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from tests.routing.conftest import NOBODY, reasons
from tests.support import JUSTICE, WARD, a_finish, serving, settings_for

MONDAY = "Monday 2026-11-16 09:00"
GRANTED = {"outcome": "granted"}


async def finish(routing, code, headers, **body):
    return await routing.http.post(f"/v1/cases/{code}/finish", json=a_finish(**(body or GRANTED)), headers=headers)


def teller(routing, intake_url=NOBODY):
    room = routing.app.state.room
    return usecases.FinishTeller(
        pool=room.pool,
        intake=lambda: IntakeClient(room.http, intake_url),
        reference=lambda: routing.reference,
        clock=now,
    )


@pytest.fixture
def impatient(monkeypatch):
    """The worker does not wait between its tries."""
    monkeypatch.setattr(usecases, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(usecases, "LAST_PAUSE_SECONDS", 0.0)


async def test_it_is_recorded_and_waits_to_be_told(routing, impatient):
    built = await routing.case(accepted=MONDAY)
    handler = routing.as_("handler", WARD)
    answer = await finish(routing, built.code, handler, outcome="refused", occurred_at="2026-11-16T15:30:00+07:00")
    assert answer.status_code == 202
    case = answer.json()
    assert (case["told"], case["outcome"], case["finished_by"]) == (False, "refused", f"handler@{WARD}")
    assert (case["finished_at"], case["status"]) == ("2026-11-16T15:30:00+07:00", "accepted")
    waiting = await routing.http.get("/v1/cases", params={"state": "untold"}, headers=routing.as_("leader"))
    assert built.code in [item["code"] for item in waiting.json()["items"]]
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        assert await teller(routing).round(connection) is False
    again = (await routing.http.get(f"/v1/cases/{built.code}", headers=handler)).json()
    assert (again["told"], again["refused"], again["finished_at"]) == (False, None, case["finished_at"])


async def test_the_same_finish_again_changes_nothing_another_is_refused(routing):
    built = await routing.case(accepted=MONDAY)
    handler = routing.as_("handler", WARD)
    first = await finish(routing, built.code, handler)
    again = await finish(routing, built.code, handler)
    assert (again.status_code, again.json()) == (202, first.json())
    other = await finish(routing, built.code, handler, outcome="refused")
    assert (other.status_code, reasons(other)) == (409, {("", "case_over"), ("outcome", "not_one_of")})


async def test_who_may_report_it(routing):
    built = await routing.case(accepted=MONDAY)
    for role in ("supervisor", "admin", "machine", "citizen"):
        answer = await finish(routing, built.code, routing.as_(role, WARD))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    unseen = await finish(routing, built.code, routing.as_("handler", JUSTICE))
    assert (unseen.status_code, unseen.json()["code"]) == (404, "not_found")
    given = {"to_agency": JUSTICE}
    await routing.http.post(f"/v1/cases/{built.code}/hand-overs", json=given, headers=routing.as_("counter", WARD))
    no_holder = await finish(routing, built.code, routing.as_("handler", WARD))
    assert (no_holder.status_code, reasons(no_holder)) == (403, {("", "not_the_holder")})
    for headers in ({"If-Match": '"1"'}, {"If-Match": '"9"'}):
        stale = await finish(routing, built.code, {**routing.as_("leader", JUSTICE), **headers})
        assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert (await finish(routing, built.code, routing.as_("leader", JUSTICE))).status_code == 202


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"outcome": "withdrawn"}, ("outcome", "not_one_of")),
        ({**GRANTED, "occurred_at": "2026-11-16T08:00:00+07:00"}, ("occurred_at", "before_acceptance")),
        ({**GRANTED, "occurred_at": "2199-11-16T08:00:00+07:00"}, ("occurred_at", "in_future")),
        ({**GRANTED, "occurred_at": "2026-11-16T10:00:00"}, ("occurred_at", "without_offset")),
    ],
)
async def test_what_cannot_be_is_refused(routing, body, reason):
    built = await routing.case(accepted=MONDAY)
    answer = await routing.http.post(f"/v1/cases/{built.code}/finish", json=body, headers=routing.as_("handler", WARD))
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_nobody_finished_it_before_getting_it(routing):
    single, bulk = await routing.case(accepted=MONDAY), await routing.case(accepted=MONDAY)
    leader = routing.as_("leader", JUSTICE)
    for built in (single, bulk):
        given = {"to_agency": JUSTICE, "occurred_at": "2026-11-18T10:00:00+07:00"}
        await routing.http.post(f"/v1/cases/{built.code}/hand-overs", json=given, headers=routing.as_("counter", WARD))
    early = "2026-11-18T09:59:59+07:00"
    answer = await finish(routing, single.code, leader, outcome="granted", occurred_at=early)
    assert (answer.status_code, reasons(answer)) == (422, {("occurred_at", "out_of_order")})
    items = {"items": [{"action": "finish", "code": bulk.code, "outcome": "granted", "occurred_at": early}]}
    many = await routing.http.post("/v1/cases/bulk-actions", json=items, headers=leader)
    (item,) = many.json()["items"]
    assert (item["result"], item["problem"]["errors"][0]["code"]) == ("refused", "out_of_order")
    on_time = await finish(routing, single.code, leader, outcome="granted", occurred_at=given["occurred_at"])
    assert on_time.status_code == 202


async def reasons_kept(routing, built):
    """The words of a refusal where routing keeps them, and where intake does."""
    here = await routing.owner.fetchval("SELECT reason FROM finish_reason WHERE dossier_id = $1", built.id)
    there = await routing.owner.fetchval("SELECT reason FROM event_note WHERE dossier_id = $1", built.id)
    return here, there


async def test_a_refusal_says_why_and_routing_forgets_it_once_intake_knows(routing, database, impatient, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    handler = routing.as_("handler", WARD)
    unsaid = await routing.http.post(f"/v1/cases/{built.code}/finish", json={"outcome": "refused"}, headers=handler)
    assert (unsaid.status_code, reasons(unsaid)) == (422, {("reason", "required")})
    why = "Ông Nguyễn Văn Hùng không đủ điều kiện"
    said = await finish(routing, built.code, handler, outcome="refused", reason=why)
    assert (said.status_code, why in said.text) == (202, False)
    assert await reasons_kept(routing, built) == (why, None)
    room = routing.app.state.room
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        intake.headers.update(routing.as_("machine"))
        monkeypatch.setattr(room, "http", intake)
        async with room.pool.acquire(EVERY_ROW) as connection:
            await teller(routing, "http://room").round(connection)
    assert await reasons_kept(routing, built) == (None, why)


async def test_the_words_of_a_report_that_is_refused_are_kept_nowhere(routing, impatient, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    await finish(routing, built.code, routing.as_("handler", WARD), outcome="refused")
    room = routing.app.state.room
    async with httpx.AsyncClient(transport=httpx.ASGITransport(routing.app)) as client:  # it answers 404
        monkeypatch.setattr(room, "http", client)
        async with room.pool.acquire(EVERY_ROW) as connection:
            await teller(routing, "http://room").round(connection)
    case = (await routing.http.get(f"/v1/cases/{built.code}", headers=routing.as_("leader"))).json()
    assert case["refused"] == "not_found"
    assert await reasons_kept(routing, built) == (None, None)


async def test_a_definite_refusal_reopens_the_case_and_can_be_corrected(routing, impatient, monkeypatch):
    # Routing itself stands at intake's address: a real service, which answers 404 to what it does not know.
    built = await routing.case(accepted=MONDAY)
    handler = routing.as_("handler", WARD)
    assert (await finish(routing, built.code, handler)).status_code == 202
    room = routing.app.state.room
    async with httpx.AsyncClient(transport=httpx.ASGITransport(routing.app)) as client:
        with monkeypatch.context() as patched:
            patched.setattr(room, "http", client)
            async with room.pool.acquire(EVERY_ROW) as connection:
                await teller(routing, "http://room").round(connection)
            case = (await routing.http.get(f"/v1/cases/{built.code}", headers=handler)).json()
            assert (case["refused"], case["finished_at"], case["outcome"]) == ("not_found", None, "granted")
            patched.setattr(room.settings, "intake_url", "http://room")
            at_once = await finish(routing, built.code, handler)
            assert (at_once.status_code, reasons(at_once)) == (409, {("", "finish_refused")})
    held = (await routing.http.get("/v1/worklist", params={"agency": WARD}, headers=handler)).json()["items"]
    assert next(item for item in held if item["code"] == built.code)["refused"] == "not_found"
    listed = await routing.http.get("/v1/cases", params={"state": "refused"}, headers=handler)
    assert built.code in [item["code"] for item in listed.json()["items"]]
    corrected = await finish(routing, built.code, handler, outcome="refused")
    assert (corrected.status_code, corrected.json()["refused"]) == (202, None)


async def test_one_that_intake_knew_already_counts_as_told(routing, impatient, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    await finish(routing, built.code, routing.as_("handler", WARD))
    # Finished at intake meanwhile (its answer was lost, or the counter did it there), and it refuses a second time.
    await routing.owner.execute(
        "UPDATE dossier SET status = 9, outcome = 1, finished_at = now(), verdict = 3 WHERE id = $1", built.id
    )
    room = routing.app.state.room
    async with httpx.AsyncClient(transport=httpx.ASGITransport(routing.app)) as client:
        monkeypatch.setattr(room, "http", client)
        async with room.pool.acquire(EVERY_ROW) as connection:
            await teller(routing, "http://room").round(connection)
    case = (await routing.http.get(f"/v1/cases/{built.code}", headers=routing.as_("handler", WARD))).json()
    assert (case["told"], case["refused"]) == (True, None)


async def test_intake_is_told_at_once_and_by_the_worker_once_it_answers(routing, database, impatient, monkeypatch):
    waiting, direct = await routing.case(accepted=MONDAY), await routing.case(accepted=MONDAY)
    handler = routing.as_("handler", WARD)
    assert (await finish(routing, waiting.code, handler)).status_code == 202
    room = routing.app.state.room
    intake_app = create_intake(settings_for(database, routing.issuer))
    async with serving(intake_app) as intake:
        intake.headers.update(routing.as_("machine"))
        monkeypatch.setattr(room, "http", intake)
        monkeypatch.setattr(room.settings, "intake_url", "http://room")
        at_once = await finish(
            routing, direct.code, handler, outcome="refused", occurred_at="2026-11-17T10:00:00+07:00"
        )
        assert (at_once.status_code, at_once.json()["told"], at_once.json()["status"]) == (200, True, "finished")
        async with room.pool.acquire(EVERY_ROW) as connection:
            for _ in range(2):  # told twice, as after a lost answer: one effect
                await teller(routing, "http://room").round(connection)
                await routing.owner.execute("UPDATE dossier_case SET told_at = NULL WHERE dossier_id = $1", waiting.id)
            await teller(routing, "http://room").round(connection)
        for built, outcome in ((waiting, "granted"), (direct, "refused")):
            case = (await routing.http.get(f"/v1/cases/{built.code}", headers=handler)).json()
            dossier = (await intake.get(f"/v1/dossiers/{built.code}")).json()
            assert (case["told"], case["status"]) == (True, "finished")
            assert (dossier["status"], dossier["outcome"]) == ("finished", outcome)
            assert datetime.fromisoformat(dossier["finished_at"]) == datetime.fromisoformat(case["finished_at"])
            events = (await intake.get(f"/v1/dossiers/{built.code}/events")).json()["items"]
            assert [(e["kind"], e["actor"], e["for_agency"]) for e in events][1:] == [
                ("finished", f"handler@{WARD}", WARD)
            ]


def test_what_says_nothing_of_the_finish_is_tried_again():
    assert not any(is_final(status, "any") for status in (401, 403, 408, 429))
    assert not is_final(409, "conflict")
    assert all(is_final(status, "any") for status in (400, 404, 409, 422))
