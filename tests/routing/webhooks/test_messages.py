"""What is told: events of the logs and dates of dossiers, to whoever has them, once, and no word of a person."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import asyncpg
import pytest

from routing_service.webhook_deliveries import rules, usecases
from shared.contracts.webhooks import WebhookKind
from shared.domain.lifecycle import EventKind
from shared.web.clock import now
from tests.routing.test_hand_over import give
from tests.support import JUSTICE, PROVINCE, WARD, workday

NAME, OFFICER = "Trần Thị Ngọc Ánh", "officer.nguyen"


async def messages(webhooks, webhook=None):
    """(kind, code, body) of all messages, in order."""
    rows = await webhooks.routing.owner.fetch(
        "SELECT kind, code, body FROM webhook_message WHERE $1::int IS NULL OR webhook_id = $1 ORDER BY id",
        webhook["id"] if webhook else None,
    )
    return [(row["kind"], row["code"], json.loads(row["body"])) for row in rows]


async def a_case(webhooks, **given):
    return await webhooks.routing.case(accepted=given.pop("accepted", now()), **given)


async def test_an_event_is_told_as_it_stands_in_the_log(webhooks):
    webhook = await webhooks.made()
    built = await a_case(webhooks, name=NAME)
    await webhooks.followed()
    ((kind, code, body),) = await messages(webhooks, webhook)
    event = await webhooks.routing.owner.fetchrow(
        "SELECT occurred_at, recorded_at FROM dossier_event WHERE dossier_id = $1", built.id
    )
    assert (kind, code) == ("accepted", built.code)
    assert body["type"] == "dossier.accepted"
    assert datetime.fromisoformat(body["timestamp"]) == event["occurred_at"]
    data = body["data"]
    assert {name: data[name] for name in ("event", "code", "agency", "holder", "link")} == {
        "event": f"{built.code}/events/1",
        "code": built.code,
        "agency": WARD,
        "holder": WARD,
        "link": f"/v1/dossiers/{built.code}",
    }
    assert datetime.fromisoformat(data["recorded_at"]) == event["recorded_at"]
    await webhooks.followed()
    assert len(await messages(webhooks, webhook)) == 1, "once"


async def test_a_hand_over_is_told_to_both_sides(webhooks):
    to, other = [await webhooks.made(agency=each, kinds=["transferred"]) for each in (JUSTICE, "19351")]
    built = await a_case(webhooks)
    ward = webhooks.routing.as_("handler", WARD, subject=OFFICER)
    given = await give(webhooks.routing, built.code, ward, to=JUSTICE, note=f"Hồ sơ của bà {NAME}")
    assert given.status_code == 201, given.text
    await webhooks.followed()
    (told,) = await messages(webhooks, to)
    assert (told[0], told[2]["data"]["event"], told[2]["data"]["holder"]) == (
        "transferred",
        f"{built.code}/hand-overs/1",
        JUSTICE,
    )
    assert await messages(webhooks, other) == []
    await webhooks.followed()
    assert len(await messages(webhooks, to)) == 1


async def test_each_is_told_of_its_kinds_and_of_its_part_of_the_tree(webhooks):
    above = await webhooks.made(agency=PROVINCE)
    own = await webhooks.made(agency=WARD, kinds=["finished"])
    beside = await webhooks.made(agency="19351")
    paused = await webhooks.made(agency=WARD)
    headers = webhooks.routing.as_("admin")
    await webhooks.routing.http.post(f"/v1/webhooks/{paused['id']}/pause", headers=headers)
    at = now()
    await a_case(webhooks, accepted=at, happened=[(EventKind.FINISHED, at)])
    await webhooks.followed()
    told = [[kind for kind, *_ in await messages(webhooks, each)] for each in (above, own, beside, paused)]
    assert told == [["accepted", "finished"], ["finished"], [], ["accepted", "finished"]]
    async with webhooks.sending():
        await webhooks.until("count(*) = 3 FROM webhook_message WHERE state = 'delivered'")
        await asyncio.sleep(0.1)
    assert [each["state"] for each in await webhooks.deliveries(paused)] == ["waiting"] * 2
    await webhooks.routing.http.post(f"/v1/webhooks/{paused['id']}/resume", headers=headers)
    await webhooks.sent()
    assert [each["state"] for each in await webhooks.deliveries(paused)] == ["delivered"] * 2


async def test_what_was_before_the_webhook_or_long_before_it_was_recorded_is_no_news(webhooks):
    await a_case(webhooks)
    webhook = await webhooks.made()
    built = await a_case(webhooks)
    await webhooks.routing.owner.execute(
        "UPDATE dossier_event SET recorded_at = recorded_at + interval '1 second' WHERE dossier_id = $1", built.id
    )
    old = await a_case(webhooks, accepted=now() - timedelta(days=8))
    await webhooks.routing.owner.execute("UPDATE dossier_event SET recorded_at = now() WHERE dossier_id = $1", old.id)
    await webhooks.followed(now() + timedelta(seconds=2))
    assert [code for _, code, _ in await messages(webhooks, webhook)] == [built.code]


async def test_nothing_is_told_that_may_still_be_rolled_back_or_preceded(webhooks):
    webhook = await webhooks.made()
    other = await asyncpg.connect(webhooks.database.owner_url)
    async with other.transaction():
        await other.execute("SELECT pg_current_xact_id()")  # it may write yet, with a number below all that follow
        built = await a_case(webhooks)
        await webhooks.followed()
        assert await messages(webhooks, webhook) == []
    await webhooks.followed()
    assert [code for _, code, _ in await messages(webhooks, webhook)] == [built.code]
    await other.close()


async def test_the_order_of_a_dossier_goes_before_the_order_of_transactions(webhooks):
    """A transaction that took its number first, and then waited for the one that wrote to the dossier first."""
    webhook = await webhooks.made()
    at = now()
    happened = [(EventKind.SUPPLEMENT_REQUESTED, at), (EventKind.SUPPLEMENTED, at), (EventKind.FINISHED, at)]
    built = await a_case(webhooks, accepted=at, happened=happened)
    owner = webhooks.routing.owner
    base = int(await owner.fetchval("SELECT txid::text FROM dossier_event WHERE dossier_id = $1 AND seq = 1", built.id))
    for seq, back in ((1, 4), (2, 1), (3, 2), (4, 3)):
        await owner.execute(
            "UPDATE dossier_event SET txid = $3::text::xid8 WHERE dossier_id = $1 AND seq = $2",
            *(built.id, seq, str(base - back)),
        )
    await owner.execute("DELETE FROM routing_position")
    await webhooks.followed(window=1)
    told = [kind for kind, code, _ in await messages(webhooks, webhook) if code == built.code]
    assert told == ["accepted", "supplement_requested", "supplemented", "finished"]


async def test_two_that_follow_at_once_tell_it_once(webhooks):
    webhook = await webhooks.made()
    built = [await a_case(webhooks) for _ in range(5)]
    await asyncio.gather(*(webhooks.followed(window=2) for _ in range(2)), return_exceptions=True)
    await webhooks.followed()
    assert sorted(code for _, code, _ in await messages(webhooks, webhook)) == sorted(each.code for each in built)


async def test_ended_before_it_has_noted_how_far_it_was_it_tells_nothing_twice(webhooks):
    webhook = await webhooks.made()
    built = await a_case(webhooks)
    await webhooks.followed()
    await webhooks.routing.owner.execute("DELETE FROM routing_position")
    await webhooks.followed()
    assert len(await of(webhooks, webhook, built)) == 1


async def test_without_webhooks_the_logs_are_passed_over(webhooks):
    await webhooks.followed()
    await a_case(webhooks)
    await webhooks.followed()
    last = await webhooks.routing.owner.fetchrow(
        "SELECT txid::text, id FROM dossier_event ORDER BY dossier_event.txid DESC, id DESC LIMIT 1"
    )
    row = await webhooks.routing.owner.fetchrow(
        "SELECT txid::text, event_id FROM routing_position WHERE consumer = $1", usecases.EVENTS
    )
    assert tuple(row) == tuple(last)


async def test_a_date_that_has_passed_is_told_once_and_again_when_it_moves(webhooks):
    webhook = await webhooks.made(kinds=["overdue"])
    start = now()
    built = await a_case(webhooks, accepted=start)
    owner = webhooks.routing.owner
    await owner.execute("UPDATE dossier SET late_from = $2 WHERE id = $1", built.id, start + timedelta(hours=1))
    await webhooks.followed(start + timedelta(minutes=59))
    assert await messages(webhooks, webhook) == []
    for _ in range(2):
        await webhooks.followed(start + timedelta(hours=2))
    ((kind, code, body),) = await messages(webhooks, webhook)
    assert (kind, code, body["type"]) == ("overdue", built.code, "dossier.overdue")
    assert datetime.fromisoformat(body["timestamp"]) == start + timedelta(hours=1)
    await owner.execute("UPDATE dossier SET late_from = $2 WHERE id = $1", built.id, start + timedelta(hours=5))
    await webhooks.followed(start + timedelta(hours=6))
    assert len(await messages(webhooks, webhook)) == 2
    await webhooks.followed(start + timedelta(days=9))
    assert len(await of(webhooks, webhook, built)) == 2


async def test_what_was_late_before_is_not_told(webhooks):
    built = await a_case(webhooks)
    await webhooks.routing.owner.execute(
        "UPDATE dossier SET late_from = $2 WHERE id = $1", built.id, now() - timedelta(hours=1)
    )
    webhook = await webhooks.made(kinds=["overdue"])
    await webhooks.followed(now() + timedelta(hours=1))
    assert await messages(webhooks, webhook) == []


async def test_a_date_that_comes_is_told_so_many_working_days_before(webhooks):
    early = await webhooks.made(kinds=["due_soon"], due_soon_days=5)
    late = await webhooks.made(kinds=["due_soon"], due_soon_days=0)
    due = workday(20).astimezone(UTC)
    built = await a_case(webhooks)
    await webhooks.routing.owner.execute("UPDATE dossier SET late_from = $2 WHERE id = $1", built.id, due)
    told = {}
    for days in (12, 7, 6, 3, 0):  # a Wednesday, the Wednesday, Thursday, Sunday, and itself
        await webhooks.followed(due - timedelta(days=days, hours=1))
        told[days] = (len(await of(webhooks, early, built)), len(await of(webhooks, late, built)))
    assert told == {12: (0, 0), 7: (1, 0), 6: (1, 0), 3: (1, 0), 0: (1, 1)}


async def of(webhooks, webhook, built):
    return [body for _, code, body in await messages(webhooks, webhook) if code == built.code]


async def test_no_word_of_a_person_is_in_a_message_or_its_row(webhooks):
    webhook = await webhooks.made("/ok/persons", kinds=[kind.value for kind in EventKind])
    at = now()
    happened = [(EventKind.SUPPLEMENT_REQUESTED, at), (EventKind.SUPPLEMENTED, at), (EventKind.FINISHED, at)]
    built = await a_case(webhooks, accepted=at, happened=happened, name=NAME)
    owner = webhooks.routing.owner
    await owner.execute("UPDATE dossier SET summary = $2 WHERE id = $1", built.id, f"Khai sinh cho {NAME}")
    await owner.execute(
        "UPDATE dossier_event SET actor = $2, payload = $3 WHERE dossier_id = $1",
        *(built.id, OFFICER, json.dumps({"name": NAME})),
    )
    await webhooks.followed()
    await webhooks.sent()
    rows = await owner.fetch("SELECT to_jsonb(m)::text FROM webhook_message m")
    bodies = [each["body"] for each in webhooks.receiver.got("/ok/persons")]
    assert len(bodies) >= 4
    for text in [*bodies, *(row[0] for row in rows)]:
        assert not any(word in text for word in (NAME, "Ngọc", OFFICER, "counter", "summary"))
    for body in bodies:
        assert set(json.loads(body)) == {"type", "timestamp", "data"}
        assert set(json.loads(body)["data"]) <= {
            *("event", "code", "agency", "holder", "occurred_at", "recorded_at", "link"),
        }
    assert len(await webhooks.deliveries(webhook)) == len(bodies)


def test_every_kind_of_event_can_be_told_of():
    assert set(get_args(WebhookKind)) == {*EventKind, "transferred", "due_soon", "overdue"}


async def test_what_is_over_is_let_go_after_a_month_and_what_waits_is_given_up(webhooks):
    webhook = await webhooks.made()
    await webhooks.tested(webhook)
    await webhooks.sent()
    await webhooks.routing.http.post(f"/v1/webhooks/{webhook['id']}/pause", headers=webhooks.routing.as_("admin"))
    await a_case(webhooks)
    await webhooks.followed()
    assert [each["state"] for each in await webhooks.deliveries(webhook)] == ["delivered", "waiting"]
    later = now() + rules.KEPT + timedelta(hours=1)
    await webhooks.followed(later)
    (told,) = await webhooks.deliveries(webhook)
    assert (told["state"], told["last_error"]) == ("dead", "too_old")
    assert (await webhooks.read(webhook))["dead"] == 1
    await webhooks.followed(later + rules.KEPT + timedelta(hours=1))
    assert await webhooks.deliveries(webhook) == []


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_attempts_lie_apart_from_five_seconds_to_a_day(draw):
    delays = [rules.delay_after(attempt, draw) or timedelta() for attempt in range(1, rules.ATTEMPTS)]
    seconds = [delay.total_seconds() for delay in delays]
    assert 5 <= seconds[0] <= 6
    assert seconds == sorted(seconds)
    assert seconds[-1] == rules.LONGEST_DELAY == 86_400
    assert timedelta(days=3) < sum(delays, timedelta()) < timedelta(days=4)
    assert rules.delay_after(rules.ATTEMPTS, draw) is None
    assert rules.delay_after(1, draw, retry_after=10**7) == timedelta(days=1)


def test_a_target_rests_longer_each_time_up_to_an_hour():
    rests = [rules.resting(failures) for failures in range(30)]
    assert rests[: rules.RESTS_AFTER] == [None] * rules.RESTS_AFTER
    seconds = [rest.total_seconds() for rest in rests if rest is not None]
    assert (seconds[0], seconds[1], seconds[-1]) == (30, 60, 3600)
