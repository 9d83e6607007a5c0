"""Bulk actions: each as its own call would, with its own result; one that is refused holds up no other."""

import asyncio

import pytest

from tests.routing.conftest import reasons
from tests.routing.test_hand_over import MONDAY, give
from tests.support import JUSTICE, PROVINCE, WARD

WHY = {"reason": "Không đúng thẩm quyền"}


async def act(routing, items, headers=None):
    return await routing.http.post(
        "/v1/cases/bulk-actions", json={"items": items}, headers=headers or routing.as_("leader")
    )


async def read(routing, code):
    return (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("leader"))).json()


def said(answer):
    """(result, problem code, reason codes) of each item."""
    return [
        (
            item["result"],
            item["problem"] and item["problem"]["code"],
            {(e["field"], e["code"]) for e in item["problem"]["errors"]} if item["problem"] else set(),
        )
        for item in answer.json()["items"]
    ]


async def cases(routing, count):
    return [(await routing.case(accepted=MONDAY)).code for _ in range(count)]


async def test_every_action_as_its_own_call_would(routing):
    given, received, declined, assigned, finished = await cases(routing, 5)
    for code in (received, declined):
        await give(routing, code, routing.as_("handler", WARD))
    answer = await act(
        routing,
        [
            {"action": "hand_over", "code": given, "to_agency": JUSTICE, "to_desk": "Hộ tịch", "note": "Xin ý kiến"},
            {"action": "receive", "code": received},
            {"action": "decline", "code": declined, **WHY},
            {"action": "assign", "code": assigned, "assignee": "an"},
            {"action": "finish", "code": finished, "outcome": "refused", "reason": "Không đủ điều kiện"},
        ],
    )
    assert answer.status_code == 200, answer.text
    assert said(answer) == [("done", None, set())] * 5
    assert (answer.json()["done"], answer.json()["refused"]) == (5, 0)
    states = {code: await read(routing, code) for code in (given, received, declined, assigned, finished)}
    assert (states[given]["holder"], states[given]["desk"], states[given]["received"]) == (JUSTICE, "Hộ tịch", False)
    assert (states[received]["holder"], states[received]["received"]) == (JUSTICE, True)
    assert (states[declined]["holder"], states[declined]["received"]) == (WARD, True)
    assert states[assigned]["assignee"] == "an"
    assert (states[finished]["outcome"], states[finished]["told"]) == ("refused", False)
    assert all(state["version"] == (3 if code in (received, declined) else 2) for code, state in states.items())


async def test_a_bad_item_holds_up_no_other(routing):
    good, over, held, twice = await cases(routing, 4)
    await routing.http.post(f"/v1/cases/{over}/finish", json={}, headers=routing.as_("leader"))
    move = {"action": "hand_over", "to_agency": JUSTICE}
    answer = await act(
        routing,
        [
            {**move, "code": "none"},
            {**move, "code": over},
            {**move, "code": held, "to_agency": "45"},
            {**move, "code": held, "version": 9},
            {"action": "receive", "code": held},
            {"action": "finish", "code": held, "outcome": "refused"},
            {**move, "code": good},
            {**move, "code": twice},
            {**move, "code": twice},
            "text",
            {"code": held},
            {"action": "erase", "code": held},
            {"action": "decline", "code": held},
            {**move, "code": "a\nb"},
            {"action": "receive", "code": held, "secret": "Nguyễn Thị Đào"},
            {"action": "receive", "code": held, "version": True},
        ],
    )
    assert answer.status_code == 200, answer.text
    refused = "refused"
    assert said(answer) == [
        (refused, "not_found", set()),
        (refused, "not_allowed_in_status", {("", "case_over")}),
        (refused, "invalid_request", {("to_agency", "agency_not_in_force")}),
        (refused, "version_changed", set()),
        (refused, "conflict", {("", "no_answer_awaited")}),
        (refused, "invalid_request", {("reason", "required")}),
        ("done", None, set()),
        ("done", None, set()),
        (refused, "conflict", {("code", "repeated_in_call")}),
        (refused, "invalid_request", {("", "wrong_type")}),
        (refused, "invalid_request", {("action", "required")}),
        (refused, "invalid_request", {("action", "not_one_of")}),
        (refused, "invalid_request", {("reason", "required")}),
        (refused, "invalid_request", {("code", "control_characters")}),
        (refused, "invalid_request", {("secret", "unknown_field")}),
        (refused, "invalid_request", {("version", "wrong_type")}),
    ]
    assert "Đào" not in answer.text
    assert [item["index"] for item in answer.json()["items"]] == list(range(16))
    assert (await read(routing, good))["holder"] == (await read(routing, twice))["holder"] == JUSTICE
    assert (await read(routing, held))["version"] == 1


async def test_a_repeated_call_has_one_effect_and_says_so(routing):
    one, two = await cases(routing, 2)
    keyed = {**routing.as_("leader"), "Idempotency-Key": "bulk-1"}
    items = [
        {"action": "hand_over", "code": one, "to_agency": JUSTICE},
        {"action": "hand_over", "code": two, "to_agency": "none"},
    ]
    first = await act(routing, items, keyed)
    again = await act(routing, items, keyed)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [s[0] for s in said(first)] == ["done", "refused"]
    assert said(again) == [("replayed", None, set()), said(first)[1]]
    assert (await read(routing, one))["hand_overs"] == 1
    assert (await act(routing, items[:1], keyed)).json()["code"] == "idempotency_key_reused"


async def test_the_same_finish_again_is_replayed(routing):
    (code,) = await cases(routing, 1)
    item = {"action": "finish", "code": code}
    assert said(await act(routing, [item]))[0][0] == "done"
    assert said(await act(routing, [item]))[0][0] == "replayed"
    other = said(await act(routing, [{**item, "outcome": "refused", **WHY}]))
    assert other == [("refused", "not_allowed_in_status", {("", "case_over"), ("outcome", "not_one_of")})]


async def test_who_may_what(routing):
    one, two, three = await cases(routing, 3)
    items = [
        {"action": "assign", "code": one, "assignee": "an"},
        {"action": "hand_over", "code": two, "to_agency": JUSTICE},
        {"action": "finish", "code": three},
    ]
    by_handler = said(await act(routing, items, routing.as_("handler", WARD)))
    assert [s[0] for s in by_handler] == ["refused", "done", "done"]
    assert by_handler[0][2] == {("", "needs_leader")}
    unseen = said(await act(routing, items[:1], routing.as_("leader", "19351")))
    assert unseen == [("refused", "not_found", set())]
    assert said(await act(routing, [{"action": "finish", "code": one}], routing.as_("admin")))[0][1] == "forbidden"
    for role in ("supervisor", "citizen", "machine"):
        assert (await act(routing, items, routing.as_(role, WARD))).status_code == 403


@pytest.mark.parametrize(("count", "reason"), [(0, ("items", "required")), (1001, ("items", "too_many"))])
async def test_more_than_a_thousand_are_refused(routing, count, reason):
    answer = await act(routing, [{"action": "receive", "code": "x"}] * count)
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_a_thousand_at_once(routing):
    codes = await cases(routing, 40)
    items = [{"action": "hand_over", "code": code, "to_agency": JUSTICE} for code in codes]
    unknown = [{"action": "receive", "code": f"none {n}"} for n in range(960)]
    answer = (await act(routing, items + unknown)).json()
    assert (answer["done"], answer["refused"], len(answer["items"])) == (40, 960, 1000)


async def test_two_at_once_on_the_same_dossiers_do_not_wait_for_each_other_forever(routing):
    codes = await cases(routing, 30)
    leader = routing.as_("leader")

    def moves(order, to):
        return [{"action": "hand_over", "code": code, "to_agency": to} for code in order]

    for _ in range(5):
        answers = await asyncio.gather(
            act(routing, moves(codes, JUSTICE), leader),
            act(routing, moves(codes[::-1], PROVINCE), leader),
            act(routing, moves(codes[15:] + codes[:15], "QT25-D01"), leader),
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
    for code in codes:
        log = (await routing.http.get(f"/v1/cases/{code}/hand-overs", headers=leader)).json()["items"]
        assert [step["from_agency"] for step in log[1:]] == [step["to_agency"] for step in log[:-1]]
    holders = {(await read(routing, code))["holder"] for code in codes}
    assert len(holders) == 1, "each call moved all of them, one after the other"
