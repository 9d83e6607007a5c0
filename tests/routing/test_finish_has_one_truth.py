"""A dossier may be finished at the one-stop or by whoever holds its case: what holds is what stands in intake's log."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from intake_service.app import create_app as create_intake
from routing_service.cases import usecases
from shared.contracts.intake import IntakeClient
from shared.domain.lifecycle import Channel, EventKind
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from tests.routing.conftest import reasons
from tests.routing.linked import FINANCE, a_case, a_workflow, finished, in_turn
from tests.routing.test_segments_declined import moved
from tests.support import JUSTICE, WARD, a_finish, serving, settings_for

MONDAY = "Monday 2026-11-16 09:00"
TUESDAY, WEDNESDAY = "2026-11-17T10:00:00+07:00", "2026-11-18T10:00:00+07:00"


@asynccontextmanager
async def beside_intake(routing, database, monkeypatch):
    """Intake as the one-stop's client, and as the neighbour that routing tells."""
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        intake.headers.update(routing.as_("machine"))
        monkeypatch.setattr(routing.app.state.room, "http", intake)
        monkeypatch.setattr(routing.app.state.room.settings, "intake_url", "http://room")
        yield intake


def at_the_counter(routing, intake, code, **body):
    return intake.post(f"/v1/dossiers/{code}/finish", json=a_finish(**body), headers=routing.as_("counter", WARD))


def by_the_holder(routing, code, **body):
    return routing.http.post(f"/v1/cases/{code}/finish", json=a_finish(**body), headers=routing.as_("handler", WARD))


async def read(routing, code):
    answer = await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", WARD))
    return answer.json()


async def test_finished_at_the_counter_the_case_says_so_at_once(routing, database, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    async with beside_intake(routing, database, monkeypatch) as intake:
        finished = (await at_the_counter(routing, intake, built.code, outcome="refused", occurred_at=TUESDAY)).json()
        case = await read(routing, built.code)
        assert (case["finished_at"], case["outcome"]) == (finished["finished_at"], "refused")
        assert (case["finished_by"], case["told"], case["refused"]) == (f"counter@{WARD}", True, None)
        assert datetime.fromisoformat(case["told_at"]) > datetime.fromisoformat(case["finished_at"])

        again = await by_the_holder(routing, built.code, outcome="refused")
        assert (again.status_code, again.json()) == (200, case)
        assert (await by_the_holder(routing, built.code, outcome="refused", occurred_at=TUESDAY)).status_code == 200
        other = await by_the_holder(routing, built.code, occurred_at=WEDNESDAY)
        assert (other.status_code, other.json()["code"]) == (409, "not_allowed_in_status")
        said = {entry["field"]: entry["reason"] for entry in other.json()["errors"]}
        assert '"refused"' in said["outcome"]
        assert said["occurred_at"] == "phải là một trong: 10:00 17/11/2026"
        moved = await routing.http.post(
            f"/v1/cases/{built.code}/hand-overs", json={"to_agency": "QT25-D03"}, headers=routing.as_("handler", WARD)
        )
        assert (moved.status_code, reasons(moved)) == (409, {("", "case_over")})
        held = (await routing.http.get("/v1/worklist", headers=routing.as_("handler", WARD))).json()["items"]
        assert built.code not in [item["code"] for item in held]
        assert await read(routing, built.code) == case

        await intake.post(f"/v1/dossiers/{built.code}/return", json={}, headers=routing.as_("counter", WARD))
        assert await read(routing, built.code) == {**case, "status": "returned", "status_code": 10} | {
            "status_name": "Đã trả kết quả"
        }


async def test_granted_unless_said(routing, database, monkeypatch):
    counter, holder = await routing.case(accepted=MONDAY), await routing.case(accepted=MONDAY)
    async with beside_intake(routing, database, monkeypatch) as intake:
        assert (await at_the_counter(routing, intake, counter.code)).json()["outcome"] == "granted"
        assert (await by_the_holder(routing, holder.code)).json()["outcome"] == "granted"
        assert (await intake.get(f"/v1/dossiers/{holder.code}")).json()["outcome"] == "granted"
        silent = await routing.case(accepted=MONDAY)
        said = await routing.http.post(f"/v1/cases/{silent.code}/finish", headers=routing.as_("handler", WARD))
        assert (said.status_code, said.json()["outcome"]) == (200, "granted")


@pytest.mark.parametrize("reported", ["granted", "refused"])
async def test_reported_while_intake_was_down_and_finished_there_meanwhile(routing, database, monkeypatch, reported):
    built = await routing.case(accepted=MONDAY)
    assert (await by_the_holder(routing, built.code, outcome=reported, occurred_at=TUESDAY)).status_code == 202
    room = routing.app.state.room
    async with beside_intake(routing, database, monkeypatch) as intake:
        await at_the_counter(routing, intake, built.code, outcome="granted", occurred_at=WEDNESDAY)
        teller = usecases.FinishTeller(
            pool=room.pool,
            intake=lambda: IntakeClient(room.http, "http://room"),
            reference=lambda: routing.reference,
            clock=now,
        )
        async with room.pool.acquire(EVERY_ROW) as connection:
            await teller.round(connection)
        case = await read(routing, built.code)
        assert (case["finished_at"], case["outcome"], case["finished_by"]) == (WEDNESDAY, "granted", f"counter@{WARD}")

        # What contradicts it stays visible until the holder has seen it and says the same.
        async def to_correct():
            listed = await routing.http.get(
                "/v1/cases", params={"state": "refused"}, headers=routing.as_("handler", WARD)
            )
            return built.code in [item["code"] for item in listed.json()["items"]]

        assert await to_correct() == (reported == "refused")
        assert case["refused"] == (None if reported == "granted" else "not_allowed_in_status")
        agreed = await by_the_holder(routing, built.code, outcome="granted")
        assert (agreed.status_code, agreed.json()["refused"]) == (200, None)
        assert not await to_correct()


async def test_both_at_once_give_one_truth(routing, database, monkeypatch):
    async with beside_intake(routing, database, monkeypatch) as intake:
        winners = set()
        for n in range(20):
            built = await routing.case(accepted=MONDAY)
            desks = [
                at_the_counter(routing, intake, built.code, outcome="refused", occurred_at=TUESDAY),
                by_the_holder(routing, built.code, outcome="granted", occurred_at=WEDNESDAY),
            ]
            first = n % 2
            earlier, later = await asyncio.gather(desks[first], desks[1 - first])
            counter, holder = (earlier, later) if first == 0 else (later, earlier)
            assert sorted([counter.status_code, holder.status_code]) == [200, 409]
            dossier, case = (await intake.get(f"/v1/dossiers/{built.code}")).json(), await read(routing, built.code)
            assert (case["finished_at"], case["outcome"]) == (dossier["finished_at"], dossier["outcome"])
            assert case["outcome"] == ("refused" if counter.status_code == 200 else "granted")
            events = (await intake.get(f"/v1/dossiers/{built.code}/events")).json()["items"]
            assert [event["kind"] for event in events].count("finished") == 1
            winners.add(case["outcome"])
        assert winners


async def test_the_same_at_once_is_welcome_from_both(routing, database, monkeypatch):
    async with beside_intake(routing, database, monkeypatch) as intake:
        built = await routing.case(accepted=MONDAY)
        await at_the_counter(routing, intake, built.code, occurred_at=TUESDAY)
        # The holder's report was under way: recorded before routing could see what the counter had done.
        await routing.owner.execute(
            "UPDATE dossier_case SET finished_at = now(), finished_by = 'handler', outcome = 'granted'"
            " WHERE dossier_id = $1",
            built.id,
        )
        answer = await by_the_holder(routing, built.code)
        assert (answer.status_code, answer.json()["finished_at"]) == (200, TUESDAY)


async def test_a_withdrawn_dossier_has_no_other_end(routing, database, monkeypatch):
    built = await routing.case(accepted=MONDAY, happened=[(EventKind.FINISHED, "Tuesday 2026-11-17 10:00")])
    await routing.owner.execute("UPDATE dossier SET status = 7, outcome = 3 WHERE id = $1", built.id)
    case = await read(routing, built.code)
    assert (case["status"], case["outcome"], case["finished_at"]) == ("withdrawn", "withdrawn", TUESDAY)
    refused = await by_the_holder(routing, built.code)
    assert (refused.status_code, reasons(refused)) == (409, {("", "case_over"), ("outcome", "not_one_of")})


async def test_neither_door_finishes_it_before_the_last_that_happened_to_it(routing, database, monkeypatch):
    """Handed over on Tuesday at 10:00, received on Wednesday at 10:00."""
    async with beside_intake(routing, database, monkeypatch) as intake:
        code = (await routing.case(accepted=MONDAY)).code
        assert (await at_the_counter(routing, intake, code, occurred_at="2026-11-16T08:59:59+07:00")).status_code == 422
        at = {"occurred_at": TUESDAY}
        await moved(routing, f"{code}/hand-overs", "handler", WARD, TUESDAY[:16], to_agency=JUSTICE)
        await moved(routing, f"{code}/hand-overs/1/receive", "handler", JUSTICE, WEDNESDAY[:16])
        before = await read(routing, code)
        item = {"action": "finish", "code": code, **at}
        many = await intake.post(
            "/v1/dossiers/bulk-actions", json={"items": [item]}, headers=routing.as_("counter", WARD)
        )
        assert many.json()["items"][0]["problem"]["errors"][0]["code"] == "out_of_order"
        for refused in (
            await at_the_counter(routing, intake, code, **at),
            await routing.http.post(f"/v1/cases/{code}/finish", json=at, headers=routing.as_("handler", JUSTICE)),
        ):
            assert (refused.status_code, reasons(refused)) == (422, {("occurred_at", "out_of_order")})
        assert await read(routing, code) == before
        # Withdrawn it may have been at the counter while the paper was on its way.
        other = await routing.case(accepted=MONDAY)
        await moved(routing, f"{other.code}/hand-overs", "handler", WARD, WEDNESDAY[:16], to_agency=JUSTICE)
        body = {"reason": "Theo yêu cầu", "occurred_at": TUESDAY}
        path, counter = f"/v1/dossiers/{other.code}/withdraw", routing.as_("counter", WARD)
        assert (await intake.post(path, json=body, headers=counter)).status_code == 200
        done = await at_the_counter(routing, intake, code, occurred_at=WEDNESDAY)
        assert (done.status_code, done.json()["finished_at"]) == (200, WEDNESDAY)


async def test_nor_before_a_share_of_it_was_done(routing, database, monkeypatch):
    """Where all work side by side nothing is handed over; without an hour, it is now."""
    await a_workflow(routing, "LT-DAT", in_turn())
    async with beside_intake(routing, database, monkeypatch) as intake:
        code = (await a_case(routing, channel=Channel.ONLINE)).code
        await finished(routing, code, 3, FINANCE, TUESDAY[:16])
        at = {"occurred_at": "2026-11-17T09:59:00+07:00"}
        for refused in (
            await at_the_counter(routing, intake, code, **at),
            await by_the_holder(routing, code, **at),
        ):
            assert (refused.status_code, reasons(refused)) == (422, {("occurred_at", "out_of_order")})
        assert (await at_the_counter(routing, intake, code)).status_code == 200
