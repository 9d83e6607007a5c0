"""A dossier re-opened at intake is work again in routing at once: its holder goes on with it to another finish."""

import httpx
import pytest

from intake_service.outbox.usecases import tell_routing
from routing_service.cases import store
from shared.contracts.routing import RoutingClient
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import EventKind
from shared.web.clock import now
from tests.routing.test_finish_has_one_truth import MONDAY, TUESDAY, beside_intake, by_the_holder, read
from tests.routing.test_hand_over import give
from tests.routing.test_reorganisation import plan, reorganise
from tests.support import JUSTICE, PROVINCE, WARD

WHY = {"reason": "Kết quả ghi sai tên"}


async def reopen(routing, intake, code):
    headers = routing.as_("supervisor", PROVINCE)
    answer = await intake.post(f"/v1/dossiers/{code}/reopen", json=WHY, headers=headers)
    assert answer.status_code == 200, answer.text


async def told(routing):
    """Intake has told routing of all that happened."""
    transport = httpx.ASGITransport(routing.app)
    async with httpx.AsyncClient(transport=transport, headers=routing.as_("machine")) as client:
        while await tell_routing(routing.owner, RoutingClient(client, "http://room"), routing.reference, now()):
            pass


async def row(routing, built):
    return tuple(
        await routing.owner.fetchrow(
            "SELECT finished_at, finished_by, outcome, told_at FROM dossier_case WHERE dossier_id = $1", built.id
        )
    )


async def shown_in(routing, path, code, **params):
    answer = await routing.http.get(path, params={"limit": 200, **params}, headers=routing.as_("handler", WARD))
    return [item["code"] for item in answer.json()["items"]].count(code)


@pytest.mark.parametrize("intake_has_told", [False, True])
async def test_it_is_work_again_and_is_finished_anew(routing, database, monkeypatch, intake_has_told):
    built = await routing.case(accepted=MONDAY)
    async with beside_intake(routing, database, monkeypatch) as intake:
        first = await by_the_holder(routing, built.code, occurred_at=TUESDAY)
        assert (first.status_code, first.json()["told"]) == (200, True)
        assert await shown_in(routing, "/v1/worklist", built.code) == 0
        await reopen(routing, intake, built.code)
        if intake_has_told:
            await told(routing)
            assert await row(routing, built) == (None, None, None, None)
        case = await read(routing, built.code)
        assert [case[name] for name in ("finished_at", "finished_by", "outcome", "told", "told_at")] == [
            None, None, None, False, None,
        ]  # fmt: skip
        assert await shown_in(routing, "/v1/worklist", built.code) == 1
        assert await shown_in(routing, "/v1/cases", built.code) == 1
        to_justice = plan("Một hồ sơ", civil_day(now()), [], beyond_succession="Điều chỉnh việc", dry_run=True)
        to_justice["dossiers"] = [{"to": JUSTICE, "codes": [built.code]}]
        assert (await reorganise(routing, to_justice)).json()["moved"] == 1

        assert (await give(routing, built.code, routing.as_("handler", WARD), to=WARD, to_desk="B")).status_code == 201
        second = await by_the_holder(routing, built.code, outcome="refused")
        assert (second.status_code, second.json()["outcome"], second.json()["told"]) == (200, "refused", True)
        dossier = (await intake.get(f"/v1/dossiers/{built.code}")).json()
        assert (dossier["status"], dossier["outcome"]) == ("finished", "refused")
        events = (await intake.get(f"/v1/dossiers/{built.code}/events")).json()["items"]
        assert [event["kind"] for event in events].count("finished") == 2
        assert await shown_in(routing, "/v1/worklist", built.code) == 0


async def test_a_lost_answer_to_a_finish_that_was_taken_back_finishes_nothing_again(routing, database, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    async with beside_intake(routing, database, monkeypatch) as intake:
        await by_the_holder(routing, built.code, occurred_at=TUESDAY)
        await routing.owner.execute("UPDATE dossier_case SET told_at = NULL WHERE dossier_id = $1", built.id)
        await reopen(routing, intake, built.code)
        again = await by_the_holder(routing, built.code, occurred_at=TUESDAY)
        assert (again.status_code, again.json()["finished_at"]) == (202, None)
        assert (await intake.get(f"/v1/dossiers/{built.code}")).json()["finished_at"] is None
        assert await shown_in(routing, "/v1/worklist", built.code) == 1


async def test_what_came_finished_gets_its_case_when_it_is_reopened(routing, database, monkeypatch):
    built = await routing.dossier(accepted=MONDAY, happened=[(EventKind.FINISHED, "Tuesday 2026-11-17 10:00")])
    async with beside_intake(routing, database, monkeypatch) as intake:
        await told(routing)
        assert await store.find(routing.owner, built.code) is None
        await reopen(routing, intake, built.code)
        await told(routing)
        assert (await read(routing, built.code))["holder"] == WARD
        assert await shown_in(routing, "/v1/worklist", built.code) == 1
        assert (await by_the_holder(routing, built.code)).status_code == 200


async def test_opening_again_leaves_a_finish_that_holds(routing, database, monkeypatch):
    built = await routing.case(accepted=MONDAY)
    async with beside_intake(routing, database, monkeypatch):
        finished = (await by_the_holder(routing, built.code, occurred_at=TUESDAY)).json()
        again = await routing.http.post("/v1/cases", json={"code": built.code}, headers=routing.as_("machine"))
        assert (again.status_code, again.json()) == (200, finished)
        assert (await row(routing, built))[0] is not None


async def test_a_case_is_the_agency_s_that_received_the_dossier_as_it_was_set_right(routing):
    built = await routing.case(accepted=MONDAY)
    justice = routing.as_("handler", JUSTICE)
    assert (await routing.http.get(f"/v1/cases/{built.code}", headers=justice)).status_code == 404
    unit = routing.reference.agencies.on(JUSTICE, civil_day(now()))
    await routing.owner.execute("UPDATE dossier SET agency_id = $1 WHERE id = $2", unit.id, built.id)
    case = (await routing.http.get(f"/v1/cases/{built.code}", headers=justice)).json()
    assert (case["agency"], case["holder"]) == (JUSTICE, WARD)
    listed = await routing.http.get("/v1/cases", params={"agency": JUSTICE}, headers=justice)
    assert built.code in [item["code"] for item in listed.json()["items"]]
