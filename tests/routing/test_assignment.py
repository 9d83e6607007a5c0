"""Assigning a dossier within its holder (NĐ 61/2018 art. 19(1)): by a leader, kept for good, passed on by the next."""

import asyncio

import asyncpg
import pytest

from tests.routing.conftest import reasons
from tests.routing.test_hand_over import MONDAY, give
from tests.support import JUSTICE, WARD

TEN, ELEVEN = "2026-11-16T10:00:00+07:00", "2026-11-16T11:00:00+07:00"
AN, BINH = "an@ward", "binh@ward"


async def assign(routing, code, headers, **body):
    return await routing.http.post(f"/v1/cases/{code}/assignments", json=body, headers=headers)


async def read(routing, code):
    return (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("leader"))).json()


async def test_assigned_passed_on_and_kept(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader", WARD)
    first = await assign(routing, built.code, leader, assignee=AN, desk="Hộ tịch", occurred_at=TEN)
    assert (first.status_code, first.headers["ETag"]) == (201, '"2"')
    second = await assign(routing, built.code, leader, assignee=BINH, note="Thay người nghỉ phép", occurred_at=ELEVEN)
    assert (second.json()["seq"], second.json()["desk"]) == (2, "Hộ tịch")
    log = (await routing.http.get(f"/v1/cases/{built.code}/assignments", headers=leader)).json()["items"]
    assert [(a["assignee"], a["actor"], a["agency"], a["occurred_at"], a["delegator"]) for a in log] == [
        (AN, f"leader@{WARD}", WARD, TEN, None),
        (BINH, f"leader@{WARD}", WARD, ELEVEN, None),
    ]
    case = await read(routing, built.code)
    assert (case["assignee"], case["desk"], case["holder"], case["hand_overs"]) == (BINH, "Hộ tịch", WARD, 0)
    held = (await routing.http.get("/v1/worklist", headers=leader)).json()["items"]
    assert next(item for item in held if item["code"] == built.code)["assignee"] == BINH


async def test_the_worklist_of_one_officer_and_of_what_is_not_received(routing):
    mine, other, new = [(await routing.case(accepted=MONDAY)).code for _ in range(3)]
    leader = routing.as_("leader", WARD)
    await assign(routing, mine, leader, assignee="officer 7")
    await assign(routing, other, leader, assignee="officer 8")
    await give(routing, new, leader, to=WARD, to_desk="Hộ tịch")

    async def listed(**asked):
        answer = await routing.http.get("/v1/worklist", params={**asked, "limit": 200}, headers=leader)
        return {item["code"] for item in answer.json()["items"]}

    assert await listed(assignee="officer 7") == {mine}
    assert await listed(assignee="nobody") == set()
    assert new in await listed(received="false")
    assert {mine, other}.isdisjoint(await listed(received="false"))
    assert {mine, other} <= await listed(received="true")
    assert await listed(received="true") | await listed(received="false") == await listed()
    first = await routing.http.get("/v1/worklist", params={"limit": 1}, headers=leader)
    another = {"limit": 1, "received": "true", "cursor": first.json()["next"]}
    refused = await routing.http.get("/v1/worklist", params=another, headers=leader)
    assert reasons(refused) == {("cursor", "malformed_cursor")}


async def test_handed_over_it_is_nobodys_until_the_receiver_assigns_it(routing):
    built = await routing.case(accepted=MONDAY)
    await assign(routing, built.code, routing.as_("leader", WARD), assignee=AN)
    await give(routing, built.code, routing.as_("handler", WARD))
    assert (await read(routing, built.code))["assignee"] is None
    refused = await assign(routing, built.code, routing.as_("leader", WARD), assignee=BINH)
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_the_holder")})
    assert (await assign(routing, built.code, routing.as_("leader", JUSTICE), assignee="an@tp")).status_code == 201
    case = await read(routing, built.code)
    assert (case["assignee"], case["received"]) == ("an@tp", True), "who assigns it has received it"


async def test_who_may(routing):
    built = await routing.case(accepted=MONDAY)
    for role in ("supervisor", "machine", "citizen"):
        assert (await assign(routing, built.code, routing.as_(role, WARD), assignee=AN)).json()["code"] == "forbidden"
    handler = await assign(routing, built.code, routing.as_("handler", WARD), assignee=AN)
    assert (handler.status_code, reasons(handler)) == (403, {("", "needs_leader")})
    unseen = await assign(routing, built.code, routing.as_("leader", JUSTICE), assignee=AN)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "not_found")
    assert (await assign(routing, built.code, routing.as_("admin"), assignee=AN)).status_code == 201


@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        ({}, 422, ("assignee", "nothing_assigned")),
        ({"assignee": "a\nb"}, 422, ("assignee", "control_characters")),
        ({"assignee": BINH, "occurred_at": "2026-11-16T08:59:59+07:00"}, 422, ("occurred_at", "out_of_order")),
        ({"assignee": BINH, "occurred_at": "2199-01-01T08:00:00+07:00"}, 422, ("occurred_at", "in_future")),
        ({"assignee": AN}, 409, ("", "assigned_so")),
        ({"assignee": BINH, "agency": WARD}, 422, ("agency", "unknown_field")),
    ],
)
async def test_what_cannot_be_is_refused(routing, given, status, reason):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader", WARD)
    await assign(routing, built.code, leader, assignee=AN, occurred_at="2026-11-16T09:00:00+07:00")
    answer = await assign(routing, built.code, leader, **given)
    assert (answer.status_code, reasons(answer)) == (status, {reason})


async def test_nothing_is_handed_over_before_it_was_assigned(routing):
    built = await routing.case(accepted=MONDAY)
    await assign(routing, built.code, routing.as_("leader"), assignee=AN, occurred_at=ELEVEN)
    answer = await give(routing, built.code, routing.as_("leader"), occurred_at=TEN)
    assert (answer.status_code, reasons(answer)) == (422, {("occurred_at", "out_of_order")})


async def test_what_has_ended_is_not_assigned(routing):
    built = await routing.case(accepted=MONDAY)
    await routing.http.post(f"/v1/cases/{built.code}/finish", json={}, headers=routing.as_("leader"))
    answer = await assign(routing, built.code, routing.as_("leader"), assignee=AN)
    assert (answer.status_code, reasons(answer)) == (409, {("", "case_over")})


async def test_if_match_a_repeated_request_and_many_at_once(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader", WARD)
    stale = await assign(routing, built.code, {**leader, "If-Match": '"7"'}, assignee=AN)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    keyed = {**leader, "Idempotency-Key": "k-1"}
    first = await assign(routing, built.code, keyed, assignee=AN)
    assert (await assign(routing, built.code, keyed, assignee=AN)).json() == first.json()
    answers = await asyncio.gather(*(assign(routing, built.code, leader, assignee=f"{n}@ward") for n in range(10)))
    assert sorted(answer.json()["seq"] for answer in answers) == list(range(2, 12))


async def test_the_log_cannot_be_changed(routing, database):
    connection = await asyncpg.connect(database.url("motcua_routing"))
    for statement in ("UPDATE assignment SET assignee = NULL", "DELETE FROM assignment"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()
