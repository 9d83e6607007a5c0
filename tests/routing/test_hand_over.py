"""Handing a dossier over: by whoever holds it, to a receiver in force that day, appended and never changed."""

import asyncio

import asyncpg
import pytest

from tests.routing.conftest import reasons
from tests.support import JUSTICE, PROVINCE, WARD

MONDAY = "Monday 2026-11-16 09:00"


async def give(routing, code, headers, to=JUSTICE, **more):
    return await routing.http.post(f"/v1/cases/{code}/hand-overs", json={"to_agency": to, **more}, headers=headers)


async def test_the_receiver_holds_it_and_every_step_is_kept(routing):
    built = await routing.case(accepted=MONDAY)
    ward, justice = routing.as_("handler", WARD), routing.as_("handler", JUSTICE)
    first = await give(
        routing, built.code, ward, to_desk="Hộ tịch", note="Xin ý kiến", occurred_at="2026-11-16T10:00:00+07:00"
    )
    assert first.status_code == 201, first.text
    assert first.headers["ETag"] == '"2"'
    assert first.json()["occurred_at"] == "2026-11-16T10:00:00+07:00"
    second = await give(routing, built.code, justice, to=WARD)
    assert second.json()["seq"] == 2
    log = (await routing.http.get(f"/v1/cases/{built.code}/hand-overs", headers=ward)).json()["items"]
    assert [(h["from_agency"], h["to_agency"], h["to_desk"], h["note"], h["actor"]) for h in log] == [
        (WARD, JUSTICE, "Hộ tịch", "Xin ý kiến", f"handler@{WARD}"),
        (JUSTICE, WARD, None, None, f"handler@{JUSTICE}"),
    ]
    case = (await routing.http.get(f"/v1/cases/{built.code}", headers=ward)).json()
    assert (case["holder"], case["desk"], case["hand_overs"], case["version"]) == (WARD, None, 2, 3)


async def test_only_the_holder_gives_it_on(routing):
    built = await routing.case(accepted=MONDAY)
    ward, justice = routing.as_("handler", WARD), routing.as_("handler", JUSTICE)
    unseen = await give(routing, built.code, justice, to=WARD)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "not_found")
    assert (await give(routing, built.code, ward)).status_code == 201
    # The ward opened it and follows it to its end, but does not hold it any more.
    refused = await give(routing, built.code, ward, to=PROVINCE)
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_the_holder")})
    watching = await give(routing, built.code, routing.as_("supervisor"), to=PROVINCE)
    assert (watching.status_code, watching.json()["code"]) == (403, "forbidden")
    again = await give(routing, built.code, routing.as_("leader"))
    assert (again.status_code, reasons(again)) == (409, {("to_agency", "already_the_holder")})


async def test_the_receiver_must_be_in_force_that_day(routing):
    built = await routing.case(accepted=MONDAY)
    ward = routing.as_("handler", WARD)
    unknown = await give(routing, built.code, ward, to="none")
    assert (unknown.status_code, reasons(unknown)) == (422, {("to_agency", "unknown_agency")})
    gone = await give(routing, built.code, {**ward, "Accept-Language": "en"}, to="45")
    assert reasons(gone) == {("to_agency", "agency_not_in_force")}
    assert "successor: 44 " in gone.json()["errors"][0]["reason"]


async def test_no_claim_of_a_day_gone_by_gives_it_to_a_unit_that_has_ended(routing):
    built = await routing.case(accepted="Thursday 2025-06-12 09:00", agency="45")
    gone = await give(
        routing,
        built.code,
        {**routing.as_("leader"), "Accept-Language": "en"},
        to="45",
        to_desk="Hộ tịch",
        occurred_at="2025-06-12T10:00:00+07:00",
    )
    assert (gone.status_code, reasons(gone)) == (422, {("to_agency", "agency_not_in_force")})
    assert "successor: 44 " in gone.json()["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"note": "a\nb"}, ("note", "control_characters")),
        ({"note": "x" * 1001}, ("note", "too_long")),
        ({"to_desk": "\x7f"}, ("to_desk", "control_characters")),
        ({"occurred_at": "2199-01-01T08:00:00+07:00"}, ("occurred_at", "in_future")),
        ({"occurred_at": "2026-11-16T08:59:59+07:00"}, ("occurred_at", "before_acceptance")),
        ({"occurred_at": "2026-11-16"}, ("occurred_at", "without_offset")),
        ({"occurred_at": "yesterday"}, ("occurred_at", "malformed")),
        ({"occurred_at": "9999-12-31T23:59:59-07:00"}, ("occurred_at", "out_of_range")),
        ({"from": WARD}, ("from", "unknown_field")),
    ],
)
async def test_what_cannot_be_is_refused(routing, given, reason):
    built = await routing.case(accepted=MONDAY)
    answer = await give(routing, built.code, routing.as_("handler", WARD), **given)
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_steps_are_in_order(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader")
    assert (await give(routing, built.code, leader, occurred_at="2026-11-17T10:00:00+07:00")).status_code == 201
    answer = await give(routing, built.code, leader, to=WARD, occurred_at="2026-11-17T09:59:59+07:00")
    assert reasons(answer) == {("occurred_at", "out_of_order")}


async def test_if_match_is_honoured(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader")
    stale = await give(routing, built.code, {**leader, "If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    nonsense = await give(routing, built.code, {**leader, "If-Match": "soon"})
    assert reasons(nonsense) == {("If-Match", "malformed")}
    never = await give(routing, built.code, {**leader, "If-Match": '"soon"'})
    assert (never.status_code, never.json()["code"]) == (412, "version_changed"), "an ETag, which none of it has"
    assert (await give(routing, built.code, {**leader, "If-Match": '"1"'})).status_code == 201


async def test_a_repeated_request_has_one_effect_and_the_same_answer(routing):
    built = await routing.case(accepted=MONDAY)
    ward = {**routing.as_("handler", WARD), "Idempotency-Key": "k-1"}
    first = await give(routing, built.code, ward)
    # It is given back meanwhile; the repetition still speaks of what it had done.
    assert (await give(routing, built.code, routing.as_("handler", JUSTICE), to=WARD)).status_code == 201
    again = await give(routing, built.code, ward)
    # As it stands now: whoever gave it back has received it.
    known = {name: value for name, value in first.json().items() if name not in ("answer", "receipt")}
    assert (again.status_code, again.json()["answer"]) == (201, "received")
    assert known.items() <= again.json().items()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await give(routing, built.code, ward, to=PROVINCE)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    log = (await routing.http.get(f"/v1/cases/{built.code}/hand-overs", headers=ward)).json()["items"]
    assert len(log) == 2


async def test_a_refused_request_leaves_its_key_free(routing):
    built = await routing.case(accepted=MONDAY)
    ward = {**routing.as_("handler", WARD), "Idempotency-Key": "k-2"}
    assert (await give(routing, built.code, ward, to="none")).status_code == 422
    assert (await give(routing, built.code, ward)).status_code == 201


async def test_many_at_once_queue_up(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader")
    answers = await asyncio.gather(*(give(routing, built.code, leader, to_desk=f"Bàn {n}") for n in range(12)))
    assert sorted(answer.json()["seq"] for answer in answers) == list(range(1, 13))
    log = (await routing.http.get(f"/v1/cases/{built.code}/hand-overs", headers=leader)).json()["items"]
    assert [step["from_desk"] for step in log[1:]] == [step["to_desk"] for step in log[:-1]]


async def test_the_log_of_hand_overs_cannot_be_changed(routing, database):
    connection = await asyncpg.connect(database.url("motcua_routing"))
    for statement in ("UPDATE hand_over SET note = 'x'", "DELETE FROM hand_over"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_what_has_ended_is_not_handed_over(routing):
    built = await routing.case(accepted=MONDAY)
    leader = routing.as_("leader")
    await routing.http.post(f"/v1/cases/{built.code}/finish", json={"outcome": "granted"}, headers=leader)
    answer = await give(routing, built.code, leader)
    assert (answer.status_code, reasons(answer)) == (409, {("", "case_over")})
