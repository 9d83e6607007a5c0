"""Webhooks: who may have which dossiers told where, and what may be done to one."""

from typing import Any

import pytest

from routing_service.app import create_app
from routing_service.webhooks import rules
from routing_service.webhooks.usecases import seal_secrets
from shared.web.auth import RIGHTS, Role
from shared.web.keyring import MARK, WEBHOOKS, KeyMissing, Keyring
from tests.routing.conftest import reasons
from tests.routing.webhooks.conftest import receiver_settings
from tests.support import IDENTITY_KEYS, JUSTICE, PROVINCE, WARD, bearer, serving, settings_for

OTHER_WARD = "19351"


async def asked(webhooks, url, *, role="admin", agency=PROVINCE, key=None, **more):
    body = {"url": url, "kinds": ["finished"], **more}
    headers = {**webhooks.routing.as_(role, agency), **({"Idempotency-Key": key} if key else {})}
    return await webhooks.routing.http.post("/v1/webhooks", json=body, headers=headers)


async def test_its_secret_is_shown_once_and_kept_sealed(webhooks):
    made = await webhooks.made(description="Cổng dịch vụ công")
    assert made["secret"].startswith("whsec_")
    assert (made["agency"], made["state"], made["version"]) == (PROVINCE, "active", 1)
    assert "secret" not in await webhooks.read(made)
    listed = await webhooks.routing.http.get("/v1/webhooks", headers=webhooks.routing.as_("admin"))
    assert made["secret"] not in listed.text
    kept = await webhooks.routing.owner.fetchval("SELECT secret FROM webhook")
    assert kept.startswith(f"{MARK}7:")
    assert made["secret"] not in kept
    ring = Keyring.of(IDENTITY_KEYS)
    assert ring.unseal(kept, WEBHOOKS) == made["secret"]
    with pytest.raises(KeyMissing):
        ring.unseal(kept)  # a sealed secret is no identity number


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.1:22/", "target_port_not_allowed"),
        ("https://10.0.0.1/", "target_not_allowed"),
        ("https://169.254.169.254/latest/meta-data/", "target_not_allowed"),
        ("https://[::ffff:127.0.0.1]/", "target_not_allowed"),
        ("https://2130706433/", "target_host_not_plain"),
        ("https://nobody.invalid/", "target_not_allowed"),
        ("http://127.0.0.1/", "target_not_secure"),
        ("https://a:b@127.0.0.1/", "target_malformed"),
    ],
)
async def test_an_address_to_which_nothing_may_be_sent_is_refused(webhooks, url, code):
    refused = await asked(webhooks, url)
    assert (refused.status_code, reasons(refused)) == (422, {("url", code)})
    assert url not in refused.text
    made = await webhooks.made()
    body = {"url": url, "kinds": ["finished"]}
    headers = webhooks.routing.as_("admin")
    changed = await webhooks.routing.http.put(f"/v1/webhooks/{made['id']}", json=body, headers=headers)
    assert (changed.status_code, reasons(changed)) == (422, {("url", code)})
    assert (await webhooks.read(made))["url"] == made["url"]


async def test_a_name_that_is_the_intranets_is_refused_like_one_that_is_not_there(database, issuer):
    """Without a setting nothing of this machine or its networks is reached; whoever asks learns nothing of them."""
    app = create_app(settings_for(database, issuer, webhook_ports=(443, 8443)))
    async with serving(app) as http:
        for url in ("https://localhost:8443/", "https://nobody.invalid/", "https://127.0.0.1/"):
            body = {"url": url, "kinds": ["finished"]}
            refused = await http.post("/v1/webhooks", json=body, headers=bearer(issuer, "admin", PROVINCE))
            assert (refused.status_code, reasons(refused)) == (422, {("url", "target_not_allowed")})


async def test_without_a_key_no_secret_is_kept(database, issuer, receiver):
    app = create_app(settings_for(database, issuer, identity_keys=None, **receiver_settings(receiver)))
    async with serving(app) as http:
        body = {"url": receiver.url("/ok", "localhost"), "kinds": ["finished"]}
        refused = await http.post("/v1/webhooks", json=body, headers=bearer(issuer, "admin", PROVINCE))
        assert (refused.status_code, reasons(refused)) == (409, {("", "keys_missing")})


#: Every operation on one of them, well-formed: who asks is what decides.
ON_ONE: dict[str, tuple[str, str, Any]] = {
    "readWebhook": ("GET", "", None),
    "changeWebhook": ("PUT", "", "the same"),
    "pauseWebhook": ("POST", "/pause", None),
    "resumeWebhook": ("POST", "/resume", None),
    "rotateWebhookSecret": ("POST", "/rotations", {}),
    "testWebhook": ("POST", "/tests", None),
    "listWebhookDeliveries": ("GET", "/deliveries", None),
    "resendWebhookDelivery": ("POST", "/deliveries/msg_none/resend", None),
    "deleteWebhook": ("DELETE", "", None),
}


def test_every_right_about_webhooks_is_tried():
    assert {name for name in RIGHTS if "Webhook" in name} == {*ON_ONE, "createWebhook", "listWebhooks"}
    assert {role for name in RIGHTS if "Webhook" in name for role in RIGHTS[name].roles} == {Role.ADMIN}


@pytest.mark.parametrize("name", ON_ONE)
async def test_an_administrator_has_those_of_the_own_part_of_the_tree(webhooks, name):
    method, path, body = ON_ONE[name]
    made = await webhooks.made(agency=WARD)
    sent = {"url": made["url"], "kinds": ["finished"]} if body == "the same" else body
    address = f"/v1/webhooks/{made['id']}{path}"
    for agency in (OTHER_WARD, JUSTICE):
        answer = await webhooks.routing.http.request(
            method, address, json=sent, headers=webhooks.routing.as_("admin", agency)
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), "nor that it is there"
    for role in set(Role) - {Role.ADMIN}:
        answer = await webhooks.routing.http.request(
            method, address, json=sent, headers=webhooks.routing.as_(role, PROVINCE)
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    for agency in (WARD, PROVINCE):
        answer = await webhooks.routing.http.request(
            method, address, json=sent, headers=webhooks.routing.as_("admin", agency)
        )
        expected = {"resendWebhookDelivery": (404,), "testWebhook": (202, 409)}.get(name, (200, 404))
        assert answer.status_code in expected, answer.text


async def test_whose_dossiers_it_is_told_of_lies_within_the_token(webhooks):
    url = webhooks.receiver.url("/ok", "localhost")
    own = await asked(webhooks, url, agency=WARD)
    assert (own.status_code, own.json()["agency"], own.headers["Location"], own.headers["ETag"]) == (
        201,
        WARD,
        f"/v1/webhooks/{own.json()['id']}",
        '"1"',
    )
    headers = webhooks.routing.as_("admin", WARD)
    body = {"url": url, "kinds": ["finished"], "agency": OTHER_WARD}
    beyond = await webhooks.routing.http.post("/v1/webhooks", json=body, headers=headers)
    assert (beyond.status_code, beyond.json()["code"]) == (403, "agency_out_of_scope")
    unknown = await webhooks.routing.http.post("/v1/webhooks", json={**body, "agency": "x"}, headers=headers)
    assert reasons(unknown) == {("agency", "unknown_agency")}
    below = await webhooks.made(agency=PROVINCE, description="Sở")
    lists = {}
    for agency in (WARD, OTHER_WARD, PROVINCE):
        answer = await webhooks.routing.http.get("/v1/webhooks", headers=webhooks.routing.as_("admin", agency))
        lists[agency] = [each["id"] for each in answer.json()["items"]]
    assert lists == {WARD: [own.json()["id"]], OTHER_WARD: [], PROVINCE: [own.json()["id"], below["id"]]}


async def test_a_request_with_its_key_makes_one_and_answers_the_same(webhooks):
    url = webhooks.receiver.url("/ok", "localhost")
    first, again = [await asked(webhooks, url, key="one") for _ in range(2)]
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    other = await asked(webhooks, url, key="one", due_soon_days=3)
    assert other.json()["code"] == "idempotency_key_reused"
    assert await webhooks.routing.owner.fetchval("SELECT count(*) FROM webhook") == 1
    headers = {**webhooks.routing.as_("admin"), "Idempotency-Key": "two"}
    path = f"/v1/webhooks/{first.json()['id']}/rotations"
    turned = [await webhooks.routing.http.post(path, json={}, headers=headers) for _ in range(2)]
    assert turned[0].json()["secret"] == turned[1].json()["secret"] != first.json()["secret"]
    assert turned[1].json()["version"] == 2


async def test_it_changes_by_the_version_that_was_read(webhooks):
    made = await webhooks.made()
    path, headers = f"/v1/webhooks/{made['id']}", webhooks.routing.as_("admin")
    body = {"url": made["url"], "kinds": ["finished", "overdue", "finished"], "due_soon_days": 5, "description": None}
    stale = await webhooks.routing.http.put(path, json=body, headers={**headers, "If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    changed = await webhooks.routing.http.put(path, json=body, headers={**headers, "If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["kinds"], changed.json()["due_soon_days"]) == (["finished", "overdue"], 5)
    for verb, state, version in (("pause", "paused", 3), ("pause", "paused", 3), ("resume", "active", 4)):
        done = await webhooks.routing.http.post(f"{path}/{verb}", headers=headers)
        assert (done.json()["state"], done.json()["version"]) == (state, version)
    for verb in ("pause", "resume", "rotations"):
        sent: Any = {} if verb == "rotations" else None
        stale = await webhooks.routing.http.post(f"{path}/{verb}", json=sent, headers={**headers, "If-Match": '"1"'})
        assert stale.status_code == 412


async def test_deleted_it_is_gone_with_its_secrets(webhooks):
    made = await webhooks.made()
    await webhooks.tested(made)
    path, headers = f"/v1/webhooks/{made['id']}", webhooks.routing.as_("admin")
    stale = await webhooks.routing.http.delete(path, headers={**headers, "If-Match": '"9"'})
    assert stale.status_code == 412
    gone = await webhooks.routing.http.delete(path, headers=headers)
    assert (gone.status_code, gone.json()["state"]) == (200, "deleted")
    assert (await webhooks.routing.http.get(path, headers=headers)).status_code == 404
    assert (await webhooks.routing.http.delete(path, headers=headers)).status_code == 404
    listed = await webhooks.routing.http.get("/v1/webhooks", headers=headers)
    assert listed.json()["items"] == []
    row = await webhooks.routing.owner.fetchrow("SELECT secret, previous_secret, changed_by FROM webhook")
    assert tuple(row) == (None, None, f"admin@{PROVINCE}")
    await webhooks.sent()
    assert await webhooks.routing.owner.fetchval("SELECT state FROM webhook_message") == "dead"


async def test_there_are_only_so_many(webhooks, monkeypatch):
    monkeypatch.setattr(rules, "LIMIT_OF_AGENCY", 2)
    monkeypatch.setattr(rules, "LIMIT", 3)
    url = webhooks.receiver.url("/ok", "localhost")
    assert [(await asked(webhooks, url, agency=WARD)).status_code for _ in range(3)] == [201, 201, 409]
    answers = [await asked(webhooks, url) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 409]
    assert reasons(answers[1]) == {("", "too_many_webhooks")}


async def test_one_test_message_at_a_time(webhooks):
    made = await webhooks.made("/ok/tried")
    path = f"/v1/webhooks/{made['id']}/tests"
    headers = {**webhooks.routing.as_("admin"), "Idempotency-Key": "a test"}
    first, again = [await webhooks.routing.http.post(path, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["kind"], again.json()) == (202, "test", first.json())
    refused = await webhooks.routing.http.post(path, headers=webhooks.routing.as_("admin"))
    assert (refused.status_code, reasons(refused)) == (409, {("", "test_under_way")})
    await webhooks.sent()
    (got,) = webhooks.receiver.got("/ok/tried")
    assert '"type":"webhook.test"' in got["body"]
    assert got["headers"]["webhook-id"] == first.json()["id"]


async def test_messages_are_listed_by_what_became_of_them_page_by_page(webhooks):
    made = await webhooks.made()
    for _ in range(3):
        await webhooks.tested(made)
        await webhooks.sent()
    await webhooks.tested(made)
    path, headers = f"/v1/webhooks/{made['id']}/deliveries", webhooks.routing.as_("admin")
    first = (await webhooks.routing.http.get(path, params={"limit": 3}, headers=headers)).json()
    rest = await webhooks.routing.http.get(path, params={"limit": 3, "cursor": first["next"]}, headers=headers)
    states = [each["state"] for each in (*first["items"], *rest.json()["items"])]
    assert (states, rest.json()["next"]) == (["waiting", *["delivered"] * 3], None)
    assert [each["state"] for each in await webhooks.deliveries(made, state="waiting")] == ["waiting"]
    assert await webhooks.deliveries(made, state="dead") == []
    wrong = await webhooks.routing.http.get(path, params={"state": "gone"}, headers=headers)
    assert reasons(wrong) == {("state", "not_one_of")}


async def test_secrets_go_under_another_key_with_the_numbers(webhooks):
    made = await webhooks.made()
    headers = webhooks.routing.as_("admin")
    turned = await webhooks.routing.http.post(f"/v1/webhooks/{made['id']}/rotations", json={}, headers=headers)
    ring = Keyring.of(f"8:{'6b' * 32},{IDENTITY_KEYS}")
    owner, columns = webhooks.routing.owner, "SELECT secret, previous_secret FROM webhook"
    assert await seal_secrets(owner, ring, undo=False) == 1
    row = await owner.fetchrow(columns)
    new = Keyring.of(f"8:{'6b' * 32}")
    assert [new.unseal(kept, WEBHOOKS) for kept in row] == [turned.json()["secret"], made["secret"]]
    assert await seal_secrets(owner, ring, undo=True) == 1
    assert list(await owner.fetchrow(columns)) == [turned.json()["secret"], made["secret"]]


async def test_counts_are_for_prometheus_too(webhooks):
    made = await webhooks.made()
    await webhooks.tested(made)
    await webhooks.sent()
    told = (await webhooks.routing.http.get("/metrics")).text
    assert 'motcua_webhook_deliveries_total{outcome="delivered",room="routing"} 1.0' in told
    assert 'motcua_webhook_deliveries_total{outcome="dead",room="routing"} 0.0' in told
