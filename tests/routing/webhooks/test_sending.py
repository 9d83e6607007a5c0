"""Messages on their way: signed, retried, in order, once; and targets that are slow, large, gone or somebody else."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import structlog
from standardwebhooks import Webhook, WebhookVerificationError

from routing_service.webhook_deliveries import rules, store
from routing_service.webhook_deliveries.rules import Answer
from routing_service.webhook_deliveries.sending import Patience
from routing_service.webhook_deliveries.usecases import LANE
from shared.web.clock import now
from shared.web.keyring import Keyring
from shared.web.targets import Allowed, Target, target_of
from tests.routing.webhooks.conftest import loopback
from tests.routing.webhooks.receiving import HOST, receiving

BODY = b'{"type":"webhook.test"}'


async def put(webhooks, webhook, count, *, dossiers=None):
    """Messages that wait, each of another dossier unless it is said of how many."""
    await webhooks.routing.owner.execute(
        "INSERT INTO webhook_message (message_id, webhook_id, event, kind, dossier_id, code, body, next_at, created_at)"
        " SELECT format('msg_%s_%s', $1::int, n), $1, 'x/' || n, 'finished', n % $3, 'X', '{\"n\": ' || n || '}',"
        " now(), now()"
        " FROM generate_series(1, $2) AS n",
        webhook["id"],
        count,
        dossiers or count,
    )


async def answer_of(webhooks, path="/ok", host=HOST, **changes):
    sender = webhooks.sender(**changes)
    target = target_of(webhooks.receiver.url(path, host), sender.allowed)
    assert isinstance(target, Target), target
    return await sender.send(target, {"webhook-id": f"msg_{time.monotonic_ns()}"}, BODY)


# --- one attempt ------------------------------------------------------------------------------------------------------


async def test_it_goes_to_the_address_under_the_name_of_its_host(webhooks):
    assert await answer_of(webhooks, "/ok/name") == Answer(status=204)
    (got,) = webhooks.receiver.got("/ok/name")
    assert (got["sni"], got["headers"]["host"]) == (HOST, f"{HOST}:{webhooks.receiver.port}")
    assert got["body"].encode() == BODY
    assert got["headers"]["content-type"] == "application/json"


async def test_a_name_that_leads_elsewhere_the_second_time_is_not_asked_a_second_time(webhooks):
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    assert await answer_of(webhooks, resolve=rebinding) == Answer(status=204)
    assert asked == [HOST], "resolved once, and what was held up is what is dialled"
    assert await answer_of(webhooks, resolve=rebinding) == Answer(error="address_not_allowed")


@pytest.mark.parametrize(
    "found",
    [
        ["10.0.0.1"],
        ["127.0.0.1", "10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["64:ff9b::7f00:1"],
        ["0.0.0.0"],  # noqa: S104
        [],
    ],
)
async def test_nothing_is_dialled_where_any_address_is_not_allowed(webhooks, found):
    async def elsewhere(host, port):
        return found

    before = len(webhooks.receiver.received())
    assert await answer_of(webhooks, resolve=elsewhere) == Answer(error="address_not_allowed")
    assert len(webhooks.receiver.received()) == before


async def test_what_the_operator_allows_no_more_is_not_sent_to(webhooks):
    """The row is there from before: it is held up at each sending."""
    webhook = await webhooks.made("/ok/taken-back")
    await webhooks.tested(webhook)
    async with webhooks.sending(webhooks.dispatcher(sender=webhooks.sender(allowed=Allowed()))):
        await webhooks.until("EXISTS (SELECT FROM webhook_message WHERE attempts = 1)")
    (message,) = await webhooks.deliveries(webhook)
    assert (message["state"], message["last_error"], message["last_status"]) == (
        "waiting",
        "address_not_allowed",
        None,
    )
    assert webhooks.receiver.got("/ok/taken-back") == []


async def test_a_certificate_of_another_name_or_authority_is_refused(webhooks, tmp_path):
    async def any_host(host, port):
        return ["127.0.0.1"]

    assert await answer_of(webhooks, host="other.example", resolve=any_host) == Answer(error="tls")
    assert await answer_of(webhooks, certificates=None) == Answer(error="tls")
    with receiving(tmp_path, plain=True) as plain:
        target = Target(True, HOST, plain.port, "/ok")
        assert (await webhooks.sender().send(target, {}, BODY)).error in ("tls", "unreachable")


async def test_no_redirect_is_followed(webhooks):
    before = len(webhooks.receiver.got("/ok"))
    assert await answer_of(webhooks, "/redirect") == Answer(status=307)
    assert len(webhooks.receiver.got("/ok")) == before


@pytest.mark.parametrize("path", ["/huge", "/drip"])
async def test_a_body_without_end_is_passed_over(webhooks, path):
    began = time.monotonic()
    assert await answer_of(webhooks, path) == Answer(status=200)
    assert time.monotonic() - began < 2


async def test_who_does_not_answer_has_an_end(webhooks):
    began = time.monotonic()
    assert await answer_of(webhooks, "/slow") == Answer(error="timed_out")
    assert time.monotonic() - began < 2
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(30), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    began = time.monotonic()
    sender = webhooks.sender(patience=Patience(connect=0.5, total=1))
    assert await sender.send(Target(True, HOST, port, "/"), {}, BODY) == Answer(error="timed_out")
    assert time.monotonic() - began < 2
    silent.close()


async def test_a_name_that_nobody_answers_for_has_an_end(webhooks):
    async def never(host, port):
        await asyncio.sleep(30)
        return []

    assert await answer_of(webhooks, resolve=never, patience=Patience(resolve=0.2)) == Answer(error="timed_out")

    async def unknown(host, port):
        raise OSError("not known")

    assert await answer_of(webhooks, resolve=unknown) == Answer(error="unreachable")

    async def nobody(host, port):
        return ["127.0.0.2"]

    sender = webhooks.sender(resolve=nobody)
    assert await sender.send(Target(True, HOST, 9, "/"), {}, BODY) == Answer(error="unreachable")


async def test_what_is_no_http_is_no_answer(webhooks):
    async def babble(reader, writer):
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n" * 10)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    target = Target(False, HOST, server.sockets[0].getsockname()[1], "/")
    assert await webhooks.sender().send(target, {}, BODY) == Answer(error="no_http")
    server.close()


async def test_the_proxy_of_the_environment_is_not_asked(webhooks, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await answer_of(webhooks) == Answer(status=204)


async def test_a_proxy_that_is_named_is_told_the_address_that_was_held_up(webhooks):
    told = []

    async def proxy(reader, writer):
        told.append((await reader.readuntil(b"\r\n\r\n")).decode())
        near, far = reader, writer
        reader, writer = await asyncio.open_connection("127.0.0.1", webhooks.receiver.port)
        far.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pass_on(source, to):
            while block := await source.read(65536):
                to.write(block)
            to.close()

        await asyncio.gather(pass_on(near, writer), pass_on(reader, far), return_exceptions=True)

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    through = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert await answer_of(webhooks, "/ok/proxy", proxy=through) == Answer(status=204)
    assert told[0].startswith(f"CONNECT 127.0.0.1:{webhooks.receiver.port} HTTP/1.1\r\n")
    assert webhooks.receiver.got("/ok/proxy")[0]["sni"] == HOST
    server.close()

    async def refusing(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refusing, "127.0.0.1", 0)
    through = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert await answer_of(webhooks, proxy=through) == Answer(error="unreachable")
    server.close()


# --- signatures -------------------------------------------------------------------------------------------------------


def test_signatures_are_those_of_the_published_vector():
    """Of the specification and of every library that implements it."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = rules.signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], at
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    elsewhere = at.astimezone(timezone(timedelta(hours=7)))
    assert (
        rules.signed(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            '{"test": 2432232314}',
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            elsewhere,
        )
        == headers
    ), "an instant is one, on whichever clock"


DOCS = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_what_the_page_says_of_python_verifies_a_signature():
    (code,) = re.findall(r"```python\n(import base64.+?)```", DOCS, re.DOTALL)
    told: dict[str, Any] = {}
    exec(compile(code, "docs/webhooks.md", "exec"), told)  # noqa: S102 what readers are told to write
    at, body = now(), '{"code": "19333-261123-0001"}'
    headers = rules.signed("msg_x", body, [SECRET, f"whsec_{'QUJD' * 8}"], at)
    for secret in (SECRET, f"whsec_{'QUJD' * 8}"):
        assert told["is_ours"](secret, headers, body.encode(), at.timestamp())
    assert not told["is_ours"](f"whsec_{'QUJE' * 8}", headers, body.encode(), at.timestamp())
    assert not told["is_ours"](SECRET, headers, body.encode() + b" ", at.timestamp())
    assert not told["is_ours"](SECRET, headers, body.encode(), at.timestamp() + 400)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_what_the_page_says_of_openssl_makes_the_signature(tmp_path):
    (code,) = re.findall(r"```\n(KEY=.+?)```", DOCS, re.DOTALL)
    body = '{"code": "19333-261123-0001"}'
    headers = rules.signed("msg_x", body, [SECRET], now())
    (tmp_path / "body.json").write_text(body)
    given = {"SECRET": SECRET, "ID": headers["webhook-id"], "TIMESTAMP": headers["webhook-timestamp"]}
    done = subprocess.run(
        ["sh", "-c", code], cwd=tmp_path, env={**os.environ, **given}, capture_output=True, text=True, check=True
    )
    assert f"v1,{done.stdout.strip()}" == headers["webhook-signature"]


async def test_while_a_secret_changes_both_sign(webhooks):
    webhook = await webhooks.made("/ok/rotated")
    admin = webhooks.routing.as_("admin")
    first, number = webhook["secret"], webhook["id"]
    await webhooks.tested(webhook)
    await webhooks.sent()
    changed = await webhooks.routing.http.post(
        f"/v1/webhooks/{number}/rotations", json={"overlap_hours": 24}, headers=admin
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    second = changed.json()["secret"]
    assert second != first
    await webhooks.tested(webhook)
    await webhooks.sent()
    await webhooks.routing.owner.execute("UPDATE webhook SET previous_until = now() WHERE id = $1", number)
    await webhooks.tested(webhook)
    await webhooks.sent()
    got = webhooks.receiver.got("/ok/rotated")
    assert [_opened_by(each, first) for each in got] == [True, True, False]
    assert [_opened_by(each, second) for each in got] == [False, True, True]
    again = await webhooks.routing.http.post(
        f"/v1/webhooks/{number}/rotations", json={"overlap_hours": 0}, headers=admin
    )
    assert again.json()["previous_secret_until"] is None, "a secret that leaked ends at once"


def _opened_by(got, secret):
    try:
        Webhook(secret).verify(got["body"], got["headers"])
    except WebhookVerificationError:
        return False
    return True


async def test_a_secret_that_cannot_be_opened_sends_nothing(webhooks):
    webhook = await webhooks.made("/ok/unopened")
    await webhooks.tested(webhook)
    dispatcher = webhooks.dispatcher()
    dispatcher._ring = Keyring.of(f"9:{'11' * 32}")
    async with webhooks.sending(dispatcher):
        await webhooks.until("EXISTS (SELECT FROM webhook WHERE state = 'disabled')")
    assert (await webhooks.read(webhook))["disabled_reason"] == "secret_unreadable"
    assert webhooks.receiver.got("/ok/unopened") == []


# --- what comes of them -----------------------------------------------------------------------------------------------


async def test_it_fails_and_then_succeeds_under_the_same_id(webhooks):
    webhook = await webhooks.made("/flaky/2")
    message = await webhooks.tested(webhook)
    at, states = now(), []
    for _ in range(3):
        await webhooks.sent(at=at)
        (told,) = await webhooks.deliveries(webhook)
        states.append((told["state"], told["attempts"], told["last_status"], told["last_error"]))
        if told["next_attempt_at"] is not None:
            at = datetime.fromisoformat(told["next_attempt_at"])
    assert states == [
        ("waiting", 1, 503, "refused"),
        ("waiting", 2, 503, "refused"),
        ("delivered", 3, 204, None),
    ]
    got = webhooks.receiver.got("/flaky/2")
    assert {each["headers"]["webhook-id"] for each in got} == {message["id"]}
    shown = await webhooks.read(webhook)
    assert (shown["delivered"], shown["failed"], shown["dead"]) == (1, 2, 0)


async def test_after_all_attempts_it_is_a_dead_letter_that_can_be_sent_again(webhooks):
    webhook = await webhooks.made("/status/500")
    message = await webhooks.tested(webhook)
    at = now()
    for _ in range(rules.ATTEMPTS):
        await webhooks.routing.owner.execute("UPDATE webhook SET resting_until = NULL")
        await webhooks.sent(at=at)
        at += timedelta(hours=25)
    (dead,) = await webhooks.deliveries(webhook, state="dead")
    assert (dead["id"], dead["attempts"], dead["next_attempt_at"]) == (message["id"], rules.ATTEMPTS, None)
    assert await webhooks.deliveries(webhook, state="waiting") == []
    assert (await webhooks.read(webhook))["dead"] == 1
    admin = webhooks.routing.as_("admin")
    body = {"url": webhooks.receiver.url("/ok/revived", "localhost"), "kinds": ["finished"]}
    moved = await webhooks.routing.http.put(f"/v1/webhooks/{webhook['id']}", json=body, headers=admin)
    assert moved.status_code == 200, moved.text
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{message['id']}/resend"
    again = await webhooks.routing.http.post(path, headers=admin)
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "waiting", 0)
    await webhooks.sent()
    assert [each["headers"]["webhook-id"] for each in webhooks.receiver.got("/ok/revived")] == [message["id"]]
    refused = await webhooks.routing.http.post(path, headers=admin)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "delivery_not_dead")


async def test_a_target_that_is_gone_is_told_nothing_more(webhooks):
    webhook = await webhooks.made("/status/410")
    await put(webhooks, webhook, 10)
    async with webhooks.sending():
        await webhooks.until("EXISTS (SELECT FROM webhook WHERE state = 'disabled')")
        await asyncio.sleep(0.3)
    shown = await webhooks.read(webhook)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "gone")
    assert len(webhooks.receiver.got("/status/410")) <= LANE
    admin = webhooks.routing.as_("admin")
    refused = await webhooks.routing.http.post(f"/v1/webhooks/{webhook['id']}/tests", headers=admin)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "webhook_not_active")
    again = await webhooks.routing.http.post(f"/v1/webhooks/{webhook['id']}/resume", headers=admin)
    assert (again.json()["state"], again.json()["disabled_reason"]) == ("active", None)


async def test_a_slow_target_holds_up_nobody_else(webhooks):
    slow, quick = await webhooks.made("/slow"), await webhooks.made("/ok/quick")
    await put(webhooks, slow, 40)
    await put(webhooks, quick, 40)
    began = time.monotonic()
    async with webhooks.sending():
        await webhooks.until("count(*) = 40 FROM webhook_message WHERE state = 'delivered'", seconds=10)
        assert time.monotonic() - began < 5
        busy = await webhooks.routing.owner.fetchval(
            "SELECT count(*) FROM webhook_message WHERE webhook_id = $1 AND claimed_until > now()", slow["id"]
        )
        assert busy <= LANE


async def test_a_target_that_fails_again_and_again_rests(webhooks):
    webhook = await webhooks.made("/status/502")
    await put(webhooks, webhook, 60)
    async with webhooks.sending():
        await webhooks.until("resting_until > now() FROM webhook")
        await asyncio.sleep(0.3)
    assert len(webhooks.receiver.got("/status/502")) < rules.RESTS_AFTER + LANE
    assert (await webhooks.read(webhook))["resting_until"] is not None
    rested = now() + timedelta(seconds=61)
    before = len(webhooks.receiver.got("/status/502"))
    await webhooks.sent(at=rested)
    assert len(webhooks.receiver.got("/status/502")) == before + 1, "one alone, to see how it is"


async def test_who_asks_to_be_asked_later_is(webhooks):
    webhook = await webhooks.made("/again/900")
    await webhooks.tested(webhook)
    at = now()
    await webhooks.sent(at=at)
    (told,) = await webhooks.deliveries(webhook)
    assert datetime.fromisoformat(told["next_attempt_at"]) - at >= timedelta(seconds=900)


async def test_messages_of_one_dossier_come_in_order_and_wait_for_each_other(webhooks):
    webhook = await webhooks.made("/ok/order")
    await put(webhooks, webhook, 60, dossiers=6)
    async with webhooks.sending():
        await webhooks.until("count(*) = 60 FROM webhook_message WHERE state = 'delivered'")
    numbers = [json.loads(each["body"])["n"] for each in webhooks.receiver.got("/ok/order")]
    for dossier in range(6):
        of_it = [number for number in numbers if number % 6 == dossier]
        assert of_it == sorted(of_it)
    await webhooks.routing.owner.execute("DELETE FROM webhook_message")
    failing = await webhooks.made("/status/500")
    await put(webhooks, failing, 3, dossiers=1)
    await webhooks.sent()
    assert [each["attempts"] for each in await webhooks.deliveries(failing)] == [1, 0, 0]


async def test_several_that_send_at_once_send_each_message_once(webhooks):
    webhook = await webhooks.made("/ok/several")
    await put(webhooks, webhook, 200, dossiers=50)
    async with webhooks.sending(), webhooks.sending(), webhooks.sending():
        await webhooks.until("count(*) = 200 FROM webhook_message WHERE state = 'delivered'", seconds=30)
    ids = [each["headers"]["webhook-id"] for each in webhooks.receiver.got("/ok/several")]
    assert (len(ids), len(set(ids))) == (200, 200)
    assert (await webhooks.read(webhook))["delivered"] == 200


async def test_who_dies_with_a_message_loses_nothing(webhooks):
    """Whoever takes over waits until the claim has ended; a failure that comes after that counts no more."""
    webhook = await webhooks.made("/ok/left")
    await webhooks.tested(webhook)
    lease = timedelta(seconds=0.6)
    async with webhooks.connection() as dying:
        at = now()
        (message,) = await store.claim(dying, at, lease, lane=LANE, ill=rules.RESTS_AFTER)
        assert await store.claim(dying, at, lease, lane=LANE, ill=rules.RESTS_AFTER) == []
    began = time.monotonic()
    async with webhooks.sending():
        await webhooks.until("state = 'delivered' FROM webhook_message")
    assert 0.3 < time.monotonic() - began < 5
    assert len(webhooks.receiver.got("/ok/left")) == 1
    late = rules.judged(Answer(error="timed_out"), attempts=1, failures=0, draw=0, now=now())
    async with webhooks.connection() as returned:
        await store.finish(returned, message, at + lease, Answer(error="timed_out"), late, now())
    (told,) = await webhooks.deliveries(webhook)
    assert (told["state"], told["attempts"]) == ("delivered", 1)


async def test_who_is_ended_hands_back_what_it_was_sending(webhooks):
    """Whoever comes next waits for no claim to be over, and nothing counts as an attempt that was none."""
    webhook = await webhooks.made("/slow/handed-back")
    await put(webhooks, webhook, 5)
    async with webhooks.sending():
        await webhooks.until(f"count(*) = {LANE} FROM webhook_message WHERE claimed_until > now()")
        async with asyncio.timeout(10):
            while len(webhooks.receiver.got("/slow/handed-back")) < LANE:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    left = await webhooks.routing.owner.fetch("SELECT state, attempts, claimed_until FROM webhook_message")
    assert [tuple(each) for each in left] == [("waiting", 0, None)] * 5
    assert (await webhooks.read(webhook))["failed"] == 0


async def test_a_claim_that_another_has_by_now_is_not_handed_back(webhooks):
    webhook = await webhooks.made("/ok/another")
    await webhooks.tested(webhook)
    at = now()
    async with webhooks.connection() as ours:
        (message,) = await store.claim(ours, at, timedelta(seconds=1), lane=LANE, ill=rules.RESTS_AFTER)
        later = at + timedelta(seconds=2)
        assert await store.claim(ours, later, timedelta(seconds=9), lane=LANE, ill=rules.RESTS_AFTER)
        await store.hand_back(ours, {message.id: at + timedelta(seconds=1)})
        assert await ours.fetchval("SELECT claimed_until FROM webhook_message") == later + timedelta(seconds=9)
        await store.hand_back(ours, {message.id: later + timedelta(seconds=9)})
        assert await ours.fetchval("SELECT claimed_until FROM webhook_message") is None


async def test_ended_in_the_middle_it_goes_on_where_it_was(webhooks):
    webhook = await webhooks.made("/ok/middle")
    await put(webhooks, webhook, 150)
    async with webhooks.sending(webhooks.dispatcher(lease=timedelta(seconds=1))):
        await webhooks.until("count(*) > 20 FROM webhook_message WHERE state = 'delivered'")
    async with webhooks.sending():
        await webhooks.until("count(*) = 150 FROM webhook_message WHERE state = 'delivered'", seconds=30)
    ids = [each["headers"]["webhook-id"] for each in webhooks.receiver.got("/ok/middle")]
    assert len(set(ids)) == 150
    assert len(ids) <= 150 + LANE, "what was on its way may come twice, with its id"


async def test_nothing_of_an_address_or_an_answer_is_logged(webhooks):
    webhook = await webhooks.made("/status/500/?token=abc")
    await webhooks.tested(webhook)
    with structlog.testing.capture_logs() as lines:
        await webhooks.sent()
    (line,) = [each for each in lines if each["event"] == "webhooks.not_delivered"]
    assert (line["webhook"], line["status"], line["error"]) == (webhook["id"], 500, "refused")
    assert not any(word in str(lines) for word in ("token", "abc", "localhost", "told you so"))
    (told,) = await webhooks.deliveries(webhook)
    assert "told you so" not in str(told)


async def test_a_receiver_without_tls_only_where_the_operator_names_it(webhooks, tmp_path):
    with receiving(tmp_path, plain=True) as plain:
        allowed = Allowed(webhooks.settings.webhook_targets.networks, (plain.port,), (HOST,))
        sender = webhooks.sender(allowed=allowed)
        target = target_of(f"http://{HOST}:{plain.port}/ok", allowed)
        assert isinstance(target, Target)
        assert await sender.send(target, {}, BODY) == Answer(status=204)


async def test_resolving_takes_the_name_as_it_is():
    assert "127.0.0.1" in await loopback("localhost", 443)
