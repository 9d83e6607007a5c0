"""Delegations: a leader lets somebody decide in the own place, for a period; what is done so bears both names."""

import asyncio
from datetime import timedelta

import pytest

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.routing.conftest import reasons
from tests.routing.test_assignment import assign
from tests.routing.test_hand_over import MONDAY, give
from tests.routing.test_receive_decline_return import answer, log_of
from tests.support import JUSTICE, PROVINCE, WARD

TODAY = civil_day(now())
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)


async def delegate(routing, delegate, headers=None, since=TODAY, until=TOMORROW, **more):
    body = {"delegate": delegate, "from": since.isoformat(), "to": until.isoformat(), **more}
    return await routing.http.post("/v1/delegations", json=body, headers=headers or routing.as_("leader", WARD))


async def end(routing, made, headers):
    return await routing.http.post(f"/v1/delegations/{made['id']}/end", headers=headers)


async def test_what_a_delegate_decides_bears_both_names(routing):
    built = await routing.case(accepted=MONDAY)
    deputy = routing.as_("handler", WARD, subject="deputy")
    assert (await assign(routing, built.code, deputy, assignee="an")).status_code == 403
    made = await delegate(routing, "deputy")
    assert (made.status_code, made.json()["delegator"], made.json()["agency"]) == (201, f"leader@{WARD}", WARD)
    said = (await assign(routing, built.code, deputy, assignee="an")).json()
    assert (said["actor"], said["delegator"]) == ("deputy", f"leader@{WARD}")
    await give(routing, built.code, routing.as_("handler", WARD), to=WARD, to_desk="Hộ tịch")
    declined = await answer(routing, built.code, "decline", deputy, reason="Không đúng bộ phận")
    assert declined.status_code == 200
    assert [(step["actor"], step["delegator"]) for step in await log_of(routing, built.code)] == [
        (f"handler@{WARD}", None),
        ("deputy", f"leader@{WARD}"),
    ]


async def test_ended_early_nobody_acts_by_it_any_more(routing):
    built = await routing.case(accepted=MONDAY)
    made = (await delegate(routing, "early")).json()
    leader = routing.as_("leader", WARD)
    stale = await end(routing, made, {**leader, "If-Match": '"9"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert (await end(routing, made, routing.as_("leader", JUSTICE))).status_code == 404
    assert (await end(routing, made, routing.as_("handler", WARD))).status_code == 403
    ended = await end(routing, made, leader)
    assert (ended.status_code, ended.json()["ended_by"], ended.headers["ETag"]) == (200, f"leader@{WARD}", '"2"')
    again = await end(routing, made, leader)
    assert (again.status_code, reasons(again)) == (409, {("", "delegation_over")})
    refused = await assign(routing, built.code, routing.as_("handler", WARD, subject="early"), assignee="an")
    assert (refused.status_code, reasons(refused)) == (403, {("", "needs_leader")})
    assert (await delegate(routing, "early")).status_code == 201, "what was ended does not stand in the way"


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ({}, True),
        ({"sectors": ["Hộ tịch"]}, True),
        ({"sectors": ["Chứng thực"]}, False),
        ({"actions": ["assign"]}, True),
        ({"actions": ["decline", "return"]}, False),
        ({"since": TOMORROW}, False),
    ],
    ids=str,
)
async def test_it_is_good_for_what_it_says_and_no_more(routing, scope, may):
    built = await routing.case(accepted=MONDAY)
    name = f"scoped {scope}"
    assert (await delegate(routing, name, **scope)).status_code == 201
    said = await assign(routing, built.code, routing.as_("handler", WARD, subject=name), assignee="an")
    assert said.status_code == (201 if may else 403)


async def test_a_delegate_without_the_role_or_of_another_agency_is_refused(routing):
    built = await routing.case(accepted=MONDAY)
    await delegate(routing, "anybody")
    for role in ("supervisor", "machine", "citizen"):
        refused = await assign(routing, built.code, routing.as_(role, WARD, subject="anybody"), assignee="an")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    # The province sees the ward's dossiers; that the ward's leader delegated to somebody there makes them no leader.
    above = await assign(routing, built.code, routing.as_("handler", PROVINCE, subject="anybody"), assignee="an")
    assert (above.status_code, reasons(above)) == (403, {("", "needs_leader")})
    await give(routing, built.code, routing.as_("handler", WARD))
    elsewhere = await assign(routing, built.code, routing.as_("handler", JUSTICE, subject="anybody"), assignee="an")
    assert (elsewhere.status_code, reasons(elsewhere)) == (403, {("", "needs_leader")})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"since": YESTERDAY}, ("from", "in_past")),
        ({"since": TOMORROW, "until": TODAY}, ("to", "period_reversed")),
        ({"delegate": f"leader@{WARD}"}, ("delegate", "delegate_is_delegator")),
        ({"sectors": ["Xem bói"]}, ("sectors", "unknown_sector")),
        ({"sectors": []}, ("sectors", "required")),
        ({"actions": ["finish"]}, ("actions.0", "not_one_of")),
        ({"agency": "none"}, ("agency", "unknown_agency")),
        ({"agency": "45"}, ("agency", "agency_not_in_force")),
        ({"delegate": " "}, ("delegate", "required")),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused(routing, given, reason):
    made = await delegate(routing, **{"delegate": "nobody", **given})
    assert (made.status_code, reasons(made)) == (422, {reason})


async def test_only_a_leader_delegates_and_only_for_the_own_agencies(routing):
    for role in ("handler", "counter", "admin", "supervisor", "machine"):
        assert (await delegate(routing, "x", routing.as_(role, WARD))).json()["code"] == "forbidden"
    outside = await delegate(routing, "x", agency=JUSTICE)
    assert (outside.status_code, outside.json()["code"]) == (403, "agency_out_of_scope")


async def test_periods_do_not_overlap_whoever_comes_first(routing):
    answers = await asyncio.gather(*(delegate(routing, "twice") for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    assert {("from", "delegation_overlaps")} == set().union(*(reasons(e) for e in answers if e.status_code == 409))
    later = TOMORROW + timedelta(days=1)
    assert (await delegate(routing, "twice", since=TOMORROW, until=later)).status_code == 409
    assert (await delegate(routing, "twice", since=later, until=later)).status_code == 201


async def test_a_repeated_request_gives_one(routing):
    keyed = {**routing.as_("leader", WARD), "Idempotency-Key": "k-1"}
    first = await delegate(routing, "once", keyed)
    again = await delegate(routing, "once", keyed)
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert (await delegate(routing, "other", keyed)).json()["code"] == "idempotency_key_reused"


async def test_which_hold_on_a_day(routing):
    leader = routing.as_("leader", "19351")
    made = [(await delegate(routing, f"listed {n}", leader)).json()["id"] for n in range(3)]
    first, last = TOMORROW + timedelta(days=5), TOMORROW + timedelta(days=6)
    later = (await delegate(routing, "later", leader, since=first, until=last)).json()

    async def listed(headers=leader, **asked):
        found: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            params = {"limit": 2, **asked, **cursor}
            page = (await routing.http.get("/v1/delegations", params=params, headers=headers)).json()
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    assert await listed() == made
    assert await listed(as_of=later["from"]) == [later["id"]]
    assert await listed(as_of=YESTERDAY.isoformat()) == []
    assert set(made) <= set(await listed(routing.as_("supervisor"), agency="19351"))
    outside = await routing.http.get("/v1/delegations", params={"agency": JUSTICE}, headers=leader)
    assert outside.json()["code"] == "agency_out_of_scope"
