"""An issuer's keys come and go: they are read from a real server, in time, once, and are given up when withdrawn."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.web.auth.authenticator import Authenticator
from shared.web.auth.keys import Patience
from shared.web.clock import now
from shared.web.problems import Problem
from tests.tokens.issuing import Publisher, claims, ec, key_set, publishing, rsa, signed, trusting

PATIENCE = Patience()
LATER = PATIENCE.between + 0.1
OLD = PATIENCE.fresh + 0.1
TOO_OLD = PATIENCE.stale + 0.1


def asking(publisher: Publisher, **more: Any) -> Authenticator:
    return Authenticator([trusting(publisher.address, **more)])


async def opens(authenticator: Authenticator, token: str, at: float) -> str:
    """`yes`, or why not."""
    try:
        await authenticator.claims(token, at)
    except Problem as problem:
        return problem.reasons[0].code if problem.reasons else problem.code
    return "yes"


async def settled(authenticator: Authenticator) -> None:
    """What is read beside the requests has been read."""
    for trusted in authenticator._trusted.values():
        if trusted.keys._reading is not None:
            await trusted.keys._reading


async def test_keys_are_found_by_discovery_and_read_once():
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        for number in range(20):
            token = signed(key, claims(publisher.address, sub=f"somebody-{number}"))
            assert await opens(authenticator, token, number) == "yes"
        assert publisher.asked == ["/.well-known/openid-configuration", "/jwks"]


async def test_whoever_comes_at_once_shares_one_reading():
    key = ec()
    async with publishing(key) as publisher:
        publisher.open.clear()
        authenticator = asking(publisher)
        tokens = [signed(key, claims(publisher.address, sub=f"s{number}")) for number in range(50)]
        waiting = [asyncio.create_task(opens(authenticator, token, 0.0)) for token in tokens]
        await publisher.was_asked.wait()
        waiting[0].cancel()  # who gives up does not end it for the others
        publisher.open.set()
        answers = await asyncio.gather(*waiting[1:])
        assert set(answers) == {"yes"}
        assert publisher.times() == 1


async def test_a_new_key_is_taken_when_a_token_names_it():
    old, new = ec(), rsa()
    async with publishing(old) as publisher:
        authenticator = asking(publisher)
        assert await opens(authenticator, signed(old, claims(publisher.address)), 0) == "yes"
        publisher.publish(old, new)
        assert await opens(authenticator, signed(new, claims(publisher.address)), LATER) == "yes"
        assert await opens(authenticator, signed(old, claims(publisher.address)), LATER) == "yes"
        assert publisher.times() == 2


async def test_invented_names_of_keys_do_not_make_us_ask_again_and_again():
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        seconds = 60
        for number in range(seconds * 10):
            token = signed(key, claims(publisher.address), kid=f"invented-{number}")
            assert await opens(authenticator, token, number / 10) == "token_key"
        assert publisher.times() <= seconds / PATIENCE.between + 1


async def test_a_withdrawn_key_opens_nothing_after_the_time_of_keeping_though_its_token_was_remembered():
    old, new = ec(), ec()
    async with publishing(old, new) as publisher:
        authenticator = asking(publisher)
        token = signed(old, claims(publisher.address))
        assert await opens(authenticator, token, 0) == "yes"
        publisher.publish(new)
        assert await opens(authenticator, token, PATIENCE.early - 1) == "yes"
        assert await opens(authenticator, token, OLD) == "token_key"
        assert await opens(authenticator, signed(new, claims(publisher.address)), OLD) == "yes"


async def test_a_key_that_keeps_its_name_is_another_key():
    old, new = ec("the-key"), ec("the-key")
    async with publishing(old) as publisher:
        authenticator = asking(publisher)
        token = signed(old, claims(publisher.address))
        assert await opens(authenticator, token, 0) == "yes"
        publisher.publish(new)
        assert await opens(authenticator, token, OLD) == "token_signature"


async def test_all_keys_withdrawn_opens_nothing():
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        token = signed(key, claims(publisher.address))
        assert await opens(authenticator, token, 0) == "yes"
        publisher.answers["/jwks"] = {"keys": []}
        assert await opens(authenticator, token, OLD) == "token_key"


async def test_keys_are_renewed_before_anybody_has_to_wait():
    old, new = ec(), ec()
    async with publishing(old) as publisher:
        authenticator = asking(publisher)
        assert await opens(authenticator, signed(old, claims(publisher.address)), 0) == "yes"
        publisher.publish(old, new)
        publisher.open.clear()
        assert await opens(authenticator, signed(old, claims(publisher.address)), PATIENCE.early + 1) == "yes"
        publisher.open.set()
        await settled(authenticator)
        assert publisher.times() == 2


BROKEN: dict[str, Any] = {
    "gone": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
    "no HTTP": b"220 mail\r\n",
    "no JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
    "cut": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"keys": [',
    "a list": [],
    "no keys": {"key": 1},
    "keys that are no list": {"keys": {}},
    "a thousand keys": {"keys": [{}] * 1000},
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "compressed": b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{"keys": []}',
    "too large": {"keys": [], "more": "x" * 300_000},
    "deep": b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000,
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
async def test_while_the_issuer_is_broken_its_keys_serve_on_for_a_while(broken: str, path: str):
    key, other = ec(), ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        token = signed(key, claims(publisher.address))
        assert await opens(authenticator, token, 0) == "yes"
        publisher.answers[path] = BROKEN[broken]
        publisher.answers["/elsewhere"] = {"keys": [], "issuer": publisher.address}
        for at in (OLD, OLD + 1, PATIENCE.stale - 1):
            assert await opens(authenticator, token, at) == "yes"
            await settled(authenticator)
        assert await opens(authenticator, token, TOO_OLD) == "unavailable"
        assert await opens(authenticator, token, TOO_OLD + 1) == "unavailable"
        assert "/elsewhere" not in publisher.asked
        publisher.publish(key, other)
        assert await opens(authenticator, token, TOO_OLD + LATER) == "yes"
        assert await opens(authenticator, signed(other, claims(publisher.address)), TOO_OLD + LATER) == "yes"


async def test_an_issuer_that_is_away_is_not_asked_by_every_request():
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        publisher.answers.clear()
        token = signed(key, claims(publisher.address))
        for tenth in range(100):
            assert await opens(authenticator, token, tenth / 10) == "unavailable"
        assert len(publisher.asked) <= 10 / PATIENCE.between + 1


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": "https://elsewhere.example/jwks"},
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": ["/jwks"]},
        {"jwks_uri": None},
    ],
    ids=str,
)
async def test_a_description_leads_nowhere_else(described: dict[str, Any]):
    key = ec()
    async with publishing(key) as publisher:
        publisher.publish(key, **described)
        authenticator = asking(publisher)
        assert await opens(authenticator, signed(key, claims(publisher.address)), 0) == "unavailable"
        assert publisher.asked == ["/.well-known/openid-configuration"]


async def test_a_description_does_not_lead_to_the_host_beside():
    key = ec()
    async with publishing(key) as publisher, publishing(key) as beside:
        publisher.publish(key, jwks_uri=f"{beside.address}/jwks")
        assert await opens(asking(publisher), signed(key, claims(publisher.address)), 0) == "unavailable"
        assert beside.asked == []
        named = asking(publisher, jwks_url=f"{beside.address}/jwks")
        assert await opens(named, signed(key, claims(publisher.address)), 0) == "yes"


async def test_a_token_that_names_no_key_is_taken_where_there_is_no_choice():
    one, another, of_another_kind = ec(), ec(), rsa()
    async with publishing(one, of_another_kind) as publisher:
        authenticator = asking(publisher)
        for key in (one, of_another_kind):
            assert await opens(authenticator, signed(key, claims(publisher.address), kid=None), 0) == "yes"
        publisher.publish(one, another)
        assert await opens(authenticator, signed(one, claims(publisher.address, sub="x"), kid=None), OLD) == "token_key"


async def test_a_token_that_is_remembered_ends_with_its_time(monkeypatch: pytest.MonkeyPatch):
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        token = signed(key, claims(publisher.address, exp=int(now().timestamp()) + 60))
        assert await opens(authenticator, token, 0) == "yes"
        monkeypatch.setattr("shared.web.auth.authenticator.now", lambda: now() + timedelta(seconds=85))
        assert await opens(authenticator, token, 1) == "yes"
        monkeypatch.setattr("shared.web.auth.authenticator.now", lambda: now() + timedelta(seconds=95))
        assert await opens(authenticator, token, 2) == "token_expired"


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shared.web.auth.authenticator._REMEMBERED_TOKENS", 5)
    key = ec()
    async with publishing(key) as publisher:
        authenticator = asking(publisher)
        for number in range(20):
            assert await opens(authenticator, signed(key, claims(publisher.address, sub=str(number))), 0) == "yes"
            assert len(authenticator._checked) <= 5


async def test_an_issuer_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shared.web.auth.fetching.SECONDS", 0.05)
    key = ec()
    async with publishing(key) as publisher:
        publisher.open.clear()
        assert await opens(asking(publisher), signed(key, claims(publisher.address)), 0) == "unavailable"


async def test_keys_that_are_not_for_this_are_left_aside():
    good = rsa("good")
    encrypting, weak = ec("encrypting"), rsa("weak", bits=1024)
    private = ec("private")
    only = rsa("only-rs256")
    async with publishing(good) as publisher:
        listed = [
            *key_dicts(good, weak),
            {**key_dicts(only)[0], "alg": "RS256"},
            {**key_dicts(encrypting)[0], "use": "enc"},
            private.as_dict(private=True),
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"},
            {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "?", "y": 1},
            {"kty": "ML-DSA", "kid": "of-tomorrow"},
            "no key",
        ]
        publisher.answers["/jwks"] = {"keys": listed}
        authenticator = asking(publisher, algorithms=["RS256", "PS256", "ES256"])
        said = claims(publisher.address)
        assert await opens(authenticator, signed(good, said), 0) == "yes"
        assert await opens(authenticator, signed(good, said, alg="PS256"), 0) == "yes"
        assert await opens(authenticator, signed(only, said), 0) == "yes"
        assert await opens(authenticator, signed(only, said, alg="PS256"), 0) == "token_key"
        for key in (encrypting, weak, private):
            assert await opens(authenticator, signed(key, said), 0) == "token_key"


def key_dicts(*keys: Any) -> list[dict[str, Any]]:
    return [key.as_dict(private=False) for key in keys]


async def test_keys_of_a_file_change_with_the_file(tmp_path: Path):
    old, new = ec(), ec()
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps(key_set(old)))
    authenticator = Authenticator([trusting("by-file", jwks_file=file)])
    token = signed(old, claims("by-file"))
    assert await opens(authenticator, token, 0) == "yes"
    file.write_bytes(orjson.dumps(key_set(new)))
    assert await opens(authenticator, signed(new, claims("by-file")), LATER) == "yes"
    assert await opens(authenticator, token, LATER) == "token_key"
    file.unlink()
    assert await opens(authenticator, signed(new, claims("by-file")), LATER + OLD) == "yes"
