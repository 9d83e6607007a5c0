"""Reorganisations: by rule or by list, looked at before, carried out once, and what no rule covers is listed."""

import asyncio
from collections import Counter
from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from routing_service.reorganisations import usecases
from routing_service.reorganisations.rules import Rule
from routing_service.reorganisations.usecases import Mover
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from tests.routing.conftest import Routing, reasons
from tests.support import JUSTICE, PROVINCE, WARD

MERGERS = date(2020, 1, 1)


def mover(routing):
    return Mover(reference=lambda: routing.reference, clock=now)


async def moved_through(routing):
    """Carry out all that is due."""
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        while await mover(routing).round(connection):
            pass


def plan(name, day, rules, **more):
    decision = {"name": name, "decision_number": "1/NQ", "reason": "Sắp xếp đơn vị hành chính"}
    return {**decision, "effective_day": day.isoformat(), "rules": rules, **more}


def whole(old, *new):
    return {"from": old, "to": [{"agency": code} for code in new]}


async def reorganise(routing, body, headers=None):
    return await routing.http.post("/v1/reorganisations", json=body, headers=headers or routing.as_("admin"))


async def read(routing, number):
    answer = await routing.http.get(f"/v1/reorganisations/{number}", headers=routing.as_("supervisor"))
    return answer.json()


@pytest_asyncio.fixture
async def ward_cases(routing: Routing):
    """Six open dossiers of a ward of today, two of them at a desk."""
    built = [await routing.case(accepted="Monday 2026-11-16 09:00", agency="19351") for _ in range(6)]
    for each in built[:2]:
        given = {"to_agency": "19351", "to_desk": "Hộ tịch"}
        headers = routing.as_("leader")
        await routing.http.post(f"/v1/cases/{each.code}/hand-overs", json=given, headers=headers)
    yield [each.code for each in built]
    await routing.owner.execute("UPDATE dossier_case SET holder_id = $1", routing.reference.agencies.by_id[1].id)


async def holder(routing, code):
    case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("leader"))).json()
    return case["holder"], case["desk"]


async def test_by_desk_by_list_and_what_no_rule_covers_is_listed(routing, ward_cases):
    first, second, third, *others = ward_cases
    rule = {**whole("19351", WARD), "desk": "Hộ tịch", "to_desk": "Tư pháp"}
    body = plan("Một phần", civil_day(now()), [rule], beyond_succession="Điều chỉnh việc")
    body["dossiers"] = [{"to": JUSTICE, "codes": [second, third]}]
    seen = (await reorganise(routing, {**body, "dry_run": True})).json()
    assert (seen["looked_at"], seen["moved"], seen["left_over_examples"]) == (6, 3, others)
    number = (await reorganise(routing, body)).json()["id"]
    await moved_through(routing)
    done = await read(routing, number)
    assert (done["looked_at"], done["moved"], done["left_over"]) == (6, 3, 3)
    assert await holder(routing, first) == (WARD, "Tư pháp")
    assert await holder(routing, second) == (JUSTICE, "Hộ tịch")
    assert await holder(routing, third) == (JUSTICE, None)
    found: list[tuple[str, str, str]] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": 2, **cursor}
        answer = await routing.http.get(
            f"/v1/reorganisations/{number}/left-over", params=params, headers=routing.as_("admin")
        )
        found += [(item["code"], item["holder"], item["reason"]) for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        cursor = {"cursor": answer.json()["next"]}
    assert found == [(code, "19351", "no_rule") for code in others]
    log = await routing.http.get(f"/v1/cases/{first}/hand-overs", headers=routing.as_("leader"))
    last = log.json()["items"][-1]
    assert (last["kind"], last["reorganisation"], last["actor"]) == ("reorganisation", number, f"admin@{PROVINCE}")


async def test_by_sector_and_procedure(routing, ward_cases):
    sector = next(v.sector for v in routing.reference.procedures["1.001193"])
    rules = [
        {**whole("19351", WARD), "sector": "Chứng thực"},
        {**whole("19351", JUSTICE), "sector": sector, "procedure": "1.001193"},
    ]
    body = plan("Theo lĩnh vực", civil_day(now()), rules, beyond_succession="Điều chỉnh việc")
    await reorganise(routing, body)
    await moved_through(routing)
    assert {(await holder(routing, code))[0] for code in ward_cases} == {JUSTICE}


async def test_killed_in_the_middle_it_goes_on_and_moves_nothing_twice(routing, database, ward_cases, monkeypatch):
    monkeypatch.setattr(usecases, "BATCH", 2)
    body = plan("Bị ngắt", civil_day(now()), [whole("19351", WARD)], beyond_succession="Điều chỉnh việc")
    number = (await reorganise(routing, body)).json()["id"]
    worker = await asyncpg.connect(database.url("motcua_routing"))
    assert await mover(routing).round(worker)
    assert (await read(routing, number))["state"] == "under_way"
    pid = await worker.fetchval("SELECT pg_backend_pid()")
    other = await asyncpg.connect(database.owner_url)
    held = other.transaction()
    await held.start()
    await other.execute(
        "SELECT FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id WHERE d.code = $1 FOR UPDATE OF c",
        ward_cases[3],
    )
    stuck = asyncio.create_task(mover(routing).round(worker))
    waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
    while not await routing.owner.fetchval(waits, pid):  # noqa: ASYNC110 – of another process
        await asyncio.sleep(0.01)
    await routing.owner.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await stuck
    await held.rollback()
    await other.close()
    assert (await read(routing, number))["moved"] == 2, "what was not committed did not happen"
    await moved_through(routing)
    done = await read(routing, number)
    assert (done["state"], done["looked_at"], done["moved"]) == ("finished", 6, 6)
    steps = await routing.owner.fetch("SELECT dossier_id FROM hand_over WHERE reorganisation_id = $1", number)
    assert len(steps) == len({step[0] for step in steps}) == 6


async def test_before_its_day_nothing_moves(routing, ward_cases):
    day = civil_day(now()) + timedelta(days=3)
    number = (
        await reorganise(routing, plan("Sắp tới", day, [whole("19351", WARD)], beyond_succession="Điều chỉnh"))
    ).json()["id"]
    await moved_through(routing)
    assert (await read(routing, number))["state"] == "waiting"
    assert (await holder(routing, ward_cases[0]))[0] == "19351"
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        later = Mover(reference=lambda: routing.reference, clock=lambda: now() + timedelta(days=3))
        while await later.round(connection):
            pass
    assert (await holder(routing, ward_cases[0]))[0] == WARD


async def test_a_repeated_request_decides_once(routing, ward_cases):
    body = plan("Một lần", civil_day(now()), [whole("19351", WARD)], beyond_succession="Điều chỉnh")
    keyed = {**routing.as_("admin"), "Idempotency-Key": "r-1"}
    first, again = await reorganise(routing, body, keyed), await reorganise(routing, body, keyed)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = await routing.http.get("/v1/reorganisations", params={"limit": 1}, headers=routing.as_("supervisor"))
    assert listed.json()["items"][0]["id"] == first.json()["id"]
    await moved_through(routing)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rules": []}, ("rules", "required")),
        ({"rules": [whole("none", WARD)]}, ("rules.0.from", "unknown_agency")),
        ({"rules": [whole("19351", "none")]}, ("rules.0.to.0.agency", "unknown_agency")),
        ({"rules": [whole("19351", "45")]}, ("rules.0.to.0.agency", "agency_not_in_force")),
        ({"rules": [whole("19351", "19351")]}, ("rules.0.to.0.agency", "already_the_holder")),
        ({"rules": [whole("19351", WARD)]}, ("rules.0.to.0.agency", "not_a_successor")),
        ({"rules": [whole("19351")]}, ("rules.0.to", "required")),
        ({"rules": [{"from": "19351", "to": [{"agency": WARD, "share": 0}]}]}, ("rules.0.to.0.share", "out_of_range")),
        ({"rules": [{**whole("19528", "19543"), "sector": "Xem bói"}]}, ("rules.0.sector", "unknown_sector")),
        ({"rules": [{**whole("19528", "19543"), "procedure": "9"}]}, ("rules.0.procedure", "unknown_procedure")),
        ({"rules": [whole("19351", WARD), whole("19351", JUSTICE)]}, ("rules.1", "never_applied")),
        (
            {"rules": [whole("19351", WARD), {**whole("19351", JUSTICE), "desk": "Một cửa"}]},
            ("rules.1", "never_applied"),
        ),
        ({"rules": [whole("19351", WARD, JUSTICE, WARD)]}, ("rules.0.to.2.agency", "receiver_twice")),
        ({"rules": [], "dossiers": [{"to": WARD, "codes": ["none"]}]}, ("dossiers.0.codes.0", "no_open_dossier")),
        ({"decision_number": " "}, ("decision_number", "required")),
        ({"effective_day": "2020-13-01"}, ("effective_day", "malformed")),
        ({"beyond": True}, ("beyond", "unknown_field")),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused(routing, change, reason):
    day = MERGERS if "19528" in str(change) else civil_day(now())
    answer = await reorganise(routing, {**plan("Sai", day, [whole("19351", WARD)]), **change})
    assert answer.status_code == 422, answer.text
    assert reason in reasons(answer)


async def test_who_may(routing):
    body = plan("Ai được", civil_day(now()), [whole("19351", WARD)], beyond_succession="Điều chỉnh")
    for role in ("leader", "supervisor", "machine", "handler"):
        assert (await reorganise(routing, body, routing.as_(role))).json()["code"] == "forbidden"
    outside = await reorganise(routing, body, routing.as_("admin", WARD))
    assert (outside.status_code, reasons(outside)) == (422, {("rules.0.from", "out_of_scope")})
    made = (await reorganise(routing, body)).json()["id"]
    assert (
        await routing.http.get(f"/v1/reorganisations/{made}", headers=routing.as_("admin", WARD))
    ).status_code == 404
    await moved_through(routing)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 10**9))
def test_shares_divide_and_a_dossier_always_goes_the_same_way(shares, start):
    rule = Rule(1, tuple((n, share) for n, share in enumerate(shares)), None, None, None, None)
    went = Counter(rule.receiver(start + n) for n in range(900))
    assert went == Counter(rule.receiver(start + n) for n in range(900))
    for n, share in enumerate(shares):
        assert abs(went[n] / 900 - share / sum(shares)) < 0.05


async def test_what_is_opened_when_the_sweep_has_passed_goes_to_the_successor(routing):
    """19528 ended on 2019-12-31; 19543 took over. Tuesday 2019-12-31 was its last day."""
    number = (await reorganise(routing, plan("Sáp nhập", MERGERS, [whole("19528", "19543")]))).json()["id"]
    await moved_through(routing)
    assert (await read(routing, number))["state"] == "finished"
    late = await routing.case(accepted="Tuesday 2019-12-31 09:00", agency="19528")
    elsewhere = await routing.case(accepted="Tuesday 2019-12-31 09:00", agency="19333")
    assert (await holder(routing, late.code))[0] == "19543"
    assert (await holder(routing, elsewhere.code))[0] == "19333"
    (step,) = (await routing.http.get(f"/v1/cases/{late.code}/hand-overs", headers=routing.as_("leader"))).json()[
        "items"
    ]
    assert (step["kind"], step["reorganisation"], step["occurred_at"][:10]) == ("reorganisation", number, "2020-01-01")
    assert (await read(routing, number))["moved"] == 1


async def test_what_was_handed_on_before_the_day_is_not_taken_from_who_has_it(routing, ward_cases):
    kept, handed_on, *_ = ward_cases
    day = civil_day(now()) + timedelta(days=3)
    body = plan("Theo danh sách", day, [], beyond_succession="Điều chỉnh")
    body["dossiers"] = [{"to": JUSTICE, "codes": [kept, handed_on]}]
    number = (await reorganise(routing, body)).json()["id"]
    given = {"to_agency": WARD}
    answer = await routing.http.post(f"/v1/cases/{handed_on}/hand-overs", json=given, headers=routing.as_("leader"))
    assert answer.status_code == 201
    async with routing.app.state.room.pool.acquire(EVERY_ROW) as connection:
        later = Mover(reference=lambda: routing.reference, clock=lambda: now() + timedelta(days=3))
        while await later.round(connection):
            pass
    done = await read(routing, number)
    assert (done["moved"], done["left_over"]) == (1, 1)
    assert [(await holder(routing, code))[0] for code in (kept, handed_on)] == [JUSTICE, WARD]
    left = await routing.http.get(f"/v1/reorganisations/{number}/left-over", headers=routing.as_("admin"))
    assert [(item["code"], item["holder"], item["reason"]) for item in left.json()["items"]] == [
        (handed_on, WARD, "other_holder")
    ]
