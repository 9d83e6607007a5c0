"""What the receiver does with a hand-over (phiếu kiểm soát, "1. Giao, 2. Nhận"): receives it, declines it, returns it;
and the giver recalls it. Each once, with who and when."""

import asyncio

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.routing.conftest import reasons
from tests.routing.test_hand_over import MONDAY, give
from tests.support import JUSTICE, PROVINCE, WARD

TEN, ELEVEN = "2026-11-16T10:00:00+07:00", "2026-11-16T11:00:00+07:00"
WHY = {"reason": "Không đúng thẩm quyền"}


async def answer(routing, code, verb, headers, seq=1, **body):
    return await routing.http.post(f"/v1/cases/{code}/hand-overs/{seq}/{verb}", json=body, headers=headers)


async def read(routing, code, role="leader"):
    return (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_(role))).json()


async def log_of(routing, code):
    answered = await routing.http.get(f"/v1/cases/{code}/hand-overs", headers=routing.as_("leader"))
    return answered.json()["items"]


async def given_to_justice(routing):
    built = await routing.case(accepted=MONDAY)
    assert (await give(routing, built.code, routing.as_("handler", WARD), occurred_at=TEN)).status_code == 201
    return built.code


async def test_received_with_who_and_when(routing):
    code = await given_to_justice(routing)
    justice = routing.as_("handler", JUSTICE)
    assert (await read(routing, code))["received"] is False
    held = (await routing.http.get("/v1/worklist", headers=justice)).json()["items"]
    assert next(item for item in held if item["code"] == code)["received"] is False
    received = await answer(routing, code, "receive", justice, occurred_at=ELEVEN)
    assert (received.status_code, received.headers["ETag"]) == (200, '"3"')
    assert received.json()["answer"] == "received"
    receipt = received.json()["receipt"]
    assert (receipt["occurred_at"], receipt["actor"], receipt["for_agency"], receipt["implied"]) == (
        ELEVEN,
        f"handler@{JUSTICE}",
        JUSTICE,
        False,
    )
    case = await read(routing, code)
    assert (case["holder"], case["received"], case["version"], case["hand_overs"]) == (JUSTICE, True, 3, 1)


async def test_without_a_body_it_is_received_now(routing):
    code = await given_to_justice(routing)
    received = await routing.http.post(
        f"/v1/cases/{code}/hand-overs/1/receive", headers=routing.as_("machine", JUSTICE)
    )
    assert (received.status_code, received.json()["answer"]) == (200, "received")


async def test_declined_it_is_with_its_giver_again(routing):
    code = await given_to_justice(routing)
    declined = await answer(routing, code, "decline", routing.as_("leader", JUSTICE), occurred_at=ELEVEN, **WHY)
    assert (declined.status_code, declined.json()["answer"], declined.json()["receipt"]) == (200, "declined", None)
    case = await read(routing, code)
    assert (case["holder"], case["received"]) == (WARD, True)
    given, back = await log_of(routing, code)
    assert (given["answer"], back["kind"], back["answers"], back["to_agency"]) == ("declined", "decline", 1, WARD)
    assert (back["note"], back["actor"], back["occurred_at"]) == (WHY["reason"], f"leader@{JUSTICE}", ELEVEN)
    # The giver goes on with it, and need not say that it has it.
    assert (await give(routing, code, routing.as_("handler", WARD), to=PROVINCE)).json()["seq"] == 3


async def test_recalled_before_it_is_received(routing):
    built = await routing.case(accepted=MONDAY)
    await give(routing, built.code, routing.as_("handler", WARD), occurred_at=TEN)
    await give(routing, built.code, routing.as_("handler", JUSTICE), to=PROVINCE, occurred_at=TEN)
    # Justice neither opened it nor holds it, and sees it still: what it gave was not received yet.
    justice = routing.as_("handler", JUSTICE)
    assert (await routing.http.get(f"/v1/cases/{built.code}", headers=justice)).status_code == 200
    refused = await answer(routing, built.code, "recall", routing.as_("handler", WARD), seq=2)
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_the_giver")})
    recalled = await answer(routing, built.code, "recall", justice, seq=2, reason="Chuyển nhầm")
    assert (recalled.status_code, recalled.json()["answer"]) == (200, "recalled")
    case = await read(routing, built.code)
    assert (case["holder"], case["received"]) == (JUSTICE, True)
    late = await answer(routing, built.code, "receive", routing.as_("handler", PROVINCE), seq=2)
    assert (late.status_code, reasons(late)) == (409, {("", "recalled_before")})


async def test_returned_after_it_was_received_and_received_back(routing):
    code = await given_to_justice(routing)
    leader, ward = routing.as_("leader", JUSTICE), routing.as_("handler", WARD)
    early = await answer(routing, code, "return", leader, **WHY)
    assert (early.status_code, reasons(early)) == (409, {("", "not_received_yet")})
    await answer(routing, code, "receive", leader, occurred_at=ELEVEN)
    returned = await answer(routing, code, "return", leader, **WHY)
    assert (returned.status_code, returned.json()["answer"]) == (200, "sent_back")
    case = await read(routing, code)
    assert (case["holder"], case["received"]) == (WARD, False)
    declined = await answer(routing, code, "decline", routing.as_("leader", WARD), seq=2, **WHY)
    assert (declined.status_code, reasons(declined)) == (409, {("", "returned_to_you")})
    assert (await answer(routing, code, "receive", ward, seq=2)).json()["answer"] == "received"
    again = await answer(routing, code, "return", routing.as_("leader"), **WHY)
    assert (again.status_code, reasons(again)) == (409, {("", "sent_back_before")})
    assert [(h["kind"], h["answer"]) for h in await log_of(routing, code)] == [
        ("hand_over", "sent_back"),
        ("return", "received"),
    ]


async def test_what_came_back_can_be_returned_further(routing):
    code = await given_to_justice(routing)
    leader = routing.as_("leader", JUSTICE)
    await answer(routing, code, "receive", leader)
    await give(routing, code, leader, to=PROVINCE)
    await answer(routing, code, "decline", routing.as_("leader"), seq=2, **WHY)
    # By the first hand-over Justice has it: the second was undone.
    assert (await answer(routing, code, "return", leader, **WHY)).status_code == 200
    assert (await read(routing, code))["holder"] == WARD


async def test_a_second_answer_is_refused_with_what_holds(routing):
    code = await given_to_justice(routing)
    leader = {**routing.as_("leader", JUSTICE), "Accept-Language": "en"}
    await answer(routing, code, "receive", leader, occurred_at=ELEVEN)
    ward = {**routing.as_("leader", WARD), "Accept-Language": "en"}
    for verb, body, headers in (("receive", {}, leader), ("decline", WHY, leader), ("recall", {}, ward)):
        refused = await answer(routing, code, verb, headers, **body)
        assert refused.status_code == 409, verb
        (said,) = refused.json()["errors"]
        assert (said["code"], said["reason"]) == ("received_before", f"the receiver received it at {ELEVEN}")


async def test_who_goes_on_with_it_has_received_it(routing):
    code = await given_to_justice(routing)
    justice = routing.as_("handler", JUSTICE)
    assert (await give(routing, code, justice, to=PROVINCE, occurred_at=ELEVEN)).status_code == 201
    receipt = (await log_of(routing, code))[0]["receipt"]
    assert (receipt["implied"], receipt["actor"], receipt["occurred_at"]) == (True, f"handler@{JUSTICE}", ELEVEN)
    finished = await routing.http.post(f"/v1/cases/{code}/finish", json={}, headers=routing.as_("handler", PROVINCE))
    assert finished.status_code == 202
    last = (await log_of(routing, code))[1]
    assert (last["answer"], last["receipt"]["implied"]) == ("received", True)
    over = await answer(routing, code, "receive", routing.as_("handler"), seq=2)
    assert (over.status_code, reasons(over)) == (409, {("", "case_over")})


async def test_who_may(routing):
    code = await given_to_justice(routing)
    giver = await answer(routing, code, "receive", routing.as_("handler", WARD))
    assert (giver.status_code, reasons(giver)) == (403, {("", "not_the_receiver")})
    for role in ("supervisor", "citizen"):
        assert (await answer(routing, code, "receive", routing.as_(role, JUSTICE))).json()["code"] == "forbidden"
    for verb in ("decline", "return"):
        refused = await answer(routing, code, verb, routing.as_("machine", JUSTICE), **WHY)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    handler = await answer(routing, code, "decline", routing.as_("handler", JUSTICE), **WHY)
    assert (handler.status_code, reasons(handler)) == (403, {("", "needs_leader")})
    stranger = await answer(routing, code, "receive", routing.as_("handler", "19351"))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    for seq in (2, 999_999):
        assert (await answer(routing, code, "receive", routing.as_("handler", JUSTICE), seq=seq)).status_code == 404
    assert (await answer(routing, code, "receive", routing.as_("handler", JUSTICE), seq=0)).status_code == 422
    assert (await answer(routing, "none", "receive", routing.as_("handler", JUSTICE))).status_code == 404


@pytest.mark.parametrize(
    ("verb", "body", "reason"),
    [
        ("receive", {"occurred_at": "2026-11-16T09:59:59+07:00"}, ("occurred_at", "before_hand_over")),
        ("receive", {"occurred_at": "2199-01-01T08:00:00+07:00"}, ("occurred_at", "in_future")),
        ("receive", {"occurred_at": "2026-11-16T10:00:00"}, ("occurred_at", "without_offset")),
        ("receive", {"reason": "x"}, ("reason", "unknown_field")),
        ("decline", {}, ("reason", "required")),
        ("decline", {"reason": " "}, ("reason", "required")),
        ("decline", {"reason": "a\nb"}, ("reason", "control_characters")),
        ("decline", {**WHY, "occurred_at": "2026-11-16T09:59:59+07:00"}, ("occurred_at", "before_hand_over")),
        ("recall", {"occurred_at": "2026-11-16T09:59:59+07:00"}, ("occurred_at", "before_hand_over")),
        ("return", {"occurred_at": TEN}, ("reason", "required")),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_written(routing, verb, body, reason):
    code = await given_to_justice(routing)
    before = await read(routing, code), await log_of(routing, code)
    refused = await answer(routing, code, verb, routing.as_("leader"), **body)
    assert (refused.status_code, reasons(refused)) == (422, {reason})
    assert (await read(routing, code), await log_of(routing, code)) == before


async def test_a_return_is_not_before_the_receipt(routing):
    code = await given_to_justice(routing)
    leader = routing.as_("leader", JUSTICE)
    await answer(routing, code, "receive", leader, occurred_at=ELEVEN)
    refused = await answer(routing, code, "return", leader, occurred_at="2026-11-16T10:59:59+07:00", **WHY)
    assert (refused.status_code, reasons(refused)) == (422, {("occurred_at", "out_of_order")})


async def test_if_match_and_a_repeated_request(routing):
    code = await given_to_justice(routing)
    justice = routing.as_("handler", JUSTICE)
    stale = await answer(routing, code, "receive", {**justice, "If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    keyed = {**justice, "Idempotency-Key": "k-1", "If-Match": '"2"'}
    first = await answer(routing, code, "receive", keyed)
    again = await answer(routing, code, "receive", keyed)
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (200, first.json(), "true")
    other = await answer(routing, code, "receive", keyed, occurred_at=ELEVEN)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_many_at_once_one_wins_and_the_others_are_told_what_holds(routing):
    for _ in range(5):
        code = await given_to_justice(routing)
        leader = routing.as_("leader")
        answers = await asyncio.gather(
            *(answer(routing, code, "receive", leader) for _ in range(4)),
            *(answer(routing, code, "decline", leader, **WHY) for _ in range(4)),
            *(answer(routing, code, "recall", leader) for _ in range(4)),
        )
        assert sorted(each.status_code for each in answers) == [200] + [409] * 11
        said = set().union(*(reasons(each) for each in answers if each.status_code == 409))
        holds = (await log_of(routing, code))[0]["answer"]
        assert said == {("", f"{holds}_before")}


async def test_the_log_cannot_be_changed(routing, database):
    connection = await asyncpg.connect(database.url("motcua_routing"))
    for statement in ("UPDATE hand_over_receipt SET implied = false", "DELETE FROM hand_over_receipt"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    ("accepted", "until", "handed_over", "kept"),
    [
        (MONDAY, "2026-11-16T17:00:00+07:00", "2026-11-16T16:59:00+07:00", True),
        (MONDAY, "2026-11-16T17:00:00+07:00", "2026-11-17T07:00:00+07:00", False),
        ("Monday 2026-11-16 14:59", "2026-11-16T17:00:00+07:00", "2026-11-16T17:10:00+07:00", True),
        ("Monday 2026-11-16 15:00", "2026-11-17T07:00:00+07:00", "2026-11-17T07:30:00+07:00", True),
        ("Monday 2026-11-16 15:00", "2026-11-17T07:00:00+07:00", "2026-11-17T11:30:01+07:00", False),
        ("Friday 2026-11-13 15:30", "2026-11-16T07:00:00+07:00", "2026-11-16T09:00:00+07:00", True),
        ("Saturday 2026-11-14 09:00", "2026-11-16T07:00:00+07:00", "2026-11-14T10:00:00+07:00", True),
    ],
)
async def test_the_same_working_day_or_the_start_of_the_next(routing, accepted, until, handed_over, kept):
    built = await routing.case(accepted=accepted)
    case = await read(routing, built.code)
    assert (case["hand_over_due_at"], case["handed_over_in_time"]) == (until, None)
    await give(routing, built.code, routing.as_("handler", WARD), occurred_at=handed_over)
    case = await read(routing, built.code)
    assert (case["hand_over_due_at"], case["handed_over_in_time"]) == (until, kept)


VERBS = st.sampled_from(["give", "receive", "decline", "recall", "return"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(VERBS, st.integers(0, 3)), min_size=4, max_size=12))
async def test_whatever_is_asked_the_log_leads_to_the_holder(routing, steps):
    """Each movement begins where the one before ended, the last ends at the holder, no hand-over has two answers."""
    built = await routing.case(accepted=MONDAY)
    leader, desks = routing.as_("leader"), [WARD, JUSTICE, PROVINCE, "QT25-D01"]
    refused = 0
    for verb, number in steps:
        count = (await read(routing, built.code))["hand_overs"]
        if verb == "give":
            said = await give(routing, built.code, leader, to=desks[number])
        else:
            body = WHY if verb in ("decline", "return") else {}
            said = await answer(routing, built.code, verb, leader, seq=max(1, count - number), **body)
        assert said.status_code in (200, 201, 404, 409), said.text
        refused += said.status_code >= 400
    case, log = await read(routing, built.code), await log_of(routing, built.code)
    assert [step["from_agency"] for step in log] == [WARD, *(step["to_agency"] for step in log)][: len(log)]
    assert case["holder"] == (log[-1]["to_agency"] if log else WARD)
    undone = [step["answers"] for step in log if step["answers"] is not None]
    assert len(undone) == len(set(undone))
    waiting = [step for step in log if step["kind"] in ("hand_over", "return") and step["answer"] is None]
    assert case["received"] == (not waiting)
    assert all(step is log[-1] for step in waiting)
    assert case["version"] - 1 == len(steps) - refused
