"""Lỗi: RFC 9457 from the real apps. A stable code, the language asked for, never what was sent, never how we are
built. Tokens: nothing but a signature of the issuer's key opens a door."""

import base64
import hmac
import json
import random
import sys
from collections.abc import AsyncIterator, Callable
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
import structlog
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.local_issuer import AUDIENCE, ISSUER, LocalIssuer
from services.serve import ROOMS, app_of
from shared.web import edge
from shared.web.clock import now
from shared.web.problems import MEDIA_TYPE, PROBLEMS
from shared.web.reasons import REASONS
from tests.conftest import Database
from tests.contracts.documents import document
from tests.support import PROVINCE, WARD, a_draft, bearer, serving, settings_for

#: Something that must never come back.
SECRET = "Nguyễn Thị Bí Mật 045190000001"
#: A guarded address of each room.
REPORT = "/v1/reports/resolution?agency=44&from=2026-01-01&to=2026-01-31"
GUARDED = {"intake": "/v1/dossiers", "routing": "/v1/cases", "stats": REPORT}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(database: Database, issuer: LocalIssuer) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """The three real rooms; bodies of up to 10,000 bytes."""
    settings = settings_for(database, issuer, max_body_bytes=10_000)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        yield {"intake": intake, "routing": routing, "stats": stats}


@pytest.fixture
def clerk(issuer: LocalIssuer) -> dict[str, str]:
    """The header of the ward's counter."""
    return bearer(issuer, "counter", WARD)


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer tells; every part of its shape is looked at."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 32
    assert "accept-language" in answer.headers["vary"].lower()
    body: dict[str, Any] = answer.json()
    assert set(body) == {"type", "title", "status", "code", "errors"}
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:motcua:problem:{code}")
    language = answer.headers["content-language"]
    assert body["title"] == PROBLEMS[code][1 if language == "vi" else 2]
    for error in body["errors"]:
        assert set(error) == {"field", "code", "reason"}
        assert error["code"] in REASONS
        assert error["reason"]
        assert "{" not in error["reason"]
    return body


# --- what the framework refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", f"/v1/{SECRET}", "/v2/dossiers", "/../etc/passwd"])
async def test_an_unknown_path(rooms: dict[str, httpx.AsyncClient], room: str, path: str) -> None:
    answer = await rooms[room].get(path)
    told(answer, 404, "not_found")
    assert SECRET not in answer.text


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_wrong_method(rooms: dict[str, httpx.AsyncClient], room: str, method: str, clerk: Any) -> None:
    answer = await rooms[room].request(method, GUARDED[room], headers=clerk)
    told(answer, 405, "method_not_allowed")
    offered = {m.upper() for m in document(room)["paths"][GUARDED[room].partition("?")[0]]}
    offered |= {"HEAD"} if "GET" in offered else set()
    assert {name.strip() for name in answer.headers["allow"].split(",")} == offered, "RFC 9110 15.5.6: all of them"


async def test_a_body_that_says_it_is_too_large(rooms: dict[str, httpx.AsyncClient], clerk: Any) -> None:
    answer = await rooms["intake"].post("/v1/dossiers", json=a_draft(summary=SECRET * 500), headers=clerk)
    told(answer, 413, "body_too_large")


@pytest.mark.parametrize(("room", "path"), [("intake", "/v1/dossiers"), ("routing", "/v1/cases")])
async def test_a_body_that_does_not_say_it_is_too_large(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, room: str, path: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1_000

    headers = {**bearer(issuer, "machine", PROVINCE), "Content-Type": "application/json"}
    told(await rooms[room].post(path, content=chunks(), headers=headers), 413, "body_too_large")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_a_wrong_content_type(rooms: dict[str, httpx.AsyncClient], clerk: Any, media: str) -> None:
    headers = {**clerk, "Content-Type": media}
    answer = await rooms["intake"].post("/v1/dossiers", content=json.dumps(a_draft()), headers=headers)
    told(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("text", ["{", '{"a": }', "nothing", '{"a": 1', "[1, 2", '{"summary": "' + SECRET])
async def test_malformed_json(rooms: dict[str, httpx.AsyncClient], clerk: Any, text: str) -> None:
    headers = {**clerk, "Content-Type": "application/json"}
    answer = await rooms["intake"].post("/v1/dossiers", content=text, headers=headers)
    told(answer, 400, "malformed_json")
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
@pytest.mark.parametrize(
    ("room", "path", "body", "in_utf8"),
    [
        ("intake", "/v1/dossiers", {}, 422),
        ("intake", "/v1/dossiers/none/finish", {"outcome": "granted"}, 404),
        ("routing", "/v1/cases", {"code": "none"}, 404),
    ],
)
async def test_json_is_in_utf8(
    rooms: dict[str, httpx.AsyncClient],
    issuer: LocalIssuer,
    room: str,
    path: str,
    body: dict[str, str],
    in_utf8: int,
    encoding: str,
) -> None:
    headers = {**bearer(issuer, "machine", PROVINCE), "Content-Type": "application/json"}
    sent = json.dumps(body)
    told(await rooms[room].post(path, content=sent.encode(encoding), headers=headers), 400, "malformed_json")
    assert (await rooms[room].post(path, content=sent, headers=headers)).status_code == in_utf8


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b'{"summary": "\xc3"}',
        b"[" * 5_000,
        b'{"a":' * 1_500,
        b'{"procedure": ' + b"9" * 5_000 + b"}",
        b'{"procedure": NaN}',
        b'{"procedure": 1e999}',
        b'{"summary": "\\ud800"}',
        b'{"\\ud800": 1}',
        b"null",
        b"[]",
        b'"text"',
        b"0",
    ],
    ids=range(13),
)
async def test_no_body_whatever_is_our_error(rooms: dict[str, httpx.AsyncClient], clerk: Any, body: bytes) -> None:
    headers = {**clerk, "Content-Type": "application/json"}
    answer = await rooms["intake"].post("/v1/dossiers", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] in ("malformed_json", "invalid_request", "http_error")


# --- what was sent does not come back -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"procedure": SECRET},
        {"agency": SECRET},
        {"channel": SECRET},
        {"applicant": SECRET},
        {"applicant": {"kind": SECRET, "name": "An"}},
        {"applicant": {"kind": "person", "name": SECRET + "\0"}},
        {"applicant": {"kind": "person", "name": "An", "email": SECRET}},
        {"applicant": {"kind": "person", "name": "An", "phone": SECRET * 10}},
        {"documents": SECRET},
        {"documents": [{"name": "a", "kind": SECRET}]},
        {"documents": [{"name": "a", "count": SECRET}]},
        {"summary": {"text": SECRET}},
        {"return_channel": SECRET},
        {"submitted_by": [SECRET]},
    ],
    ids=lambda change: "-".join(change),
)
async def test_a_refused_value_is_not_repeated(
    rooms: dict[str, httpx.AsyncClient], clerk: Any, change: dict[str, Any]
) -> None:
    answer = await rooms["intake"].post("/v1/dossiers", json=a_draft() | change, headers=clerk)
    assert told(answer, 422, "invalid_request")["errors"]
    assert "Bí Mật" not in answer.text
    assert "045190000001" not in answer.text


@pytest.mark.parametrize(
    ("room", "path"),
    [
        ("intake", f"/v1/dossiers/{SECRET}"),
        ("intake", f"/v1/dossiers?limit={SECRET}"),
        ("intake", f"/v1/dossiers?cursor={SECRET}"),
        ("intake", f"/v1/dossiers?agency={SECRET}"),
        ("intake", f"/v1/dossiers?received_from={SECRET}"),
        ("intake", f"/v1/procedures/{SECRET}"),
        ("intake", f"/v1/imports/{SECRET}"),
        ("routing", f"/v1/cases/{SECRET}"),
        ("routing", f"/v1/overdue?as_of={SECRET}"),
        ("routing", f"/v1/overdue?min_days={SECRET}"),
        ("routing", f"/v1/agencies/{SECRET}"),
        ("routing", f"/v1/agencies?as_of={SECRET}"),
        ("routing", f"/v1/calendar?year={SECRET}"),
        ("stats", f"/v1/reports/resolution?agency={SECRET}&from=2019-01-01&to=2019-06-30"),
        ("stats", f"/v1/reports/resolution?agency=44&from={SECRET}&to=2019-06-30"),
        ("stats", f"/v1/reports/resolution?agency=44&from=2019-01-01&to=2019-06-30&group_by={SECRET}"),
    ],
)
async def test_nor_is_a_refused_address(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, room: str, path: str
) -> None:
    answer = await rooms[room].get(path, headers=bearer(issuer, "admin", PROVINCE))
    assert answer.status_code in (404, 422), answer.text
    told(answer, answer.status_code, answer.json()["code"])
    assert "Bí Mật" not in answer.text
    assert "045190000001" not in answer.text


# --- languages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, "vi"),
        ("vi", "vi"),
        ("en", "en"),
        ("EN-us,en;q=0.9", "en"),
        ("en, vi", "en"),
        ("vi-VN, en", "vi"),
        ("fr, en", "en"),
        ("fr", "vi"),
        ("*", "vi"),
        ("", "vi"),
        (";;q=,,", "vi"),
        ("vi;q=0.1, en;q=0.9", "en"),
        ("en;q=0.1, vi;q=0.9", "vi"),
        ("en;q=0", "vi"),
    ],
)
async def test_the_language_is_the_one_preferred(
    rooms: dict[str, httpx.AsyncClient], asked: str | None, language: str
) -> None:
    headers = {"Accept-Language": asked} if asked is not None else {}
    for room in ROOMS:
        answer = await rooms[room].get("/v1/nothing", headers=headers)
        assert answer.headers["content-language"] == language
        assert told(answer, 404, "not_found")["title"] == {"vi": "Không tìm thấy", "en": "Not found"}[language]


async def test_reasons_are_in_the_language_too(rooms: dict[str, httpx.AsyncClient], clerk: Any) -> None:
    bad = a_draft(agency="45")
    vietnamese = await rooms["intake"].post("/v1/dossiers", json=bad, headers=clerk)
    english = await rooms["intake"].post("/v1/dossiers", json=bad, headers={**clerk, "Accept-Language": "en"})
    assert "cơ quan không hoạt động" in told(vietnamese, 422, "invalid_request")["errors"][0]["reason"]
    assert "the agency was not in force" in told(english, 422, "invalid_request")["errors"][0]["reason"]


# --- tokens ---------------------------------------------------------------------------------------------------------


class Keys:
    """An outside issuer: an RSA and an EC key, whose public halves the rooms know."""

    def __init__(self, directory: Path) -> None:
        self.ec = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        self.rsa = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self.stranger = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self.jwks_file = directory / "jwks.json"
        self.jwks_file.write_text(json.dumps(KeySet([self.ec, self.rsa]).as_dict(private=False)))

    def token(self, payload: dict[str, Any], **header: Any) -> str:
        """Signed with the issuer's own key: good but for its claims."""
        return jwt.encode({"alg": "RS256", "kid": self.rsa.kid, **header}, payload, self.rsa, algorithms=["RS256"])

    def with_public_key_as_secret(self, secret: bytes) -> str:
        """HS256 over what everybody knows: the classic confusion."""
        header = {"alg": "HS256", "kid": self.rsa.kid}
        signing = by_hand(header, claims()).rsplit(".", 1)[0]
        return f"{signing}.{_text(hmac.digest(secret, signing.encode(), 'sha256'))}"

    def of_a_stranger(self, **header: Any) -> str:
        """Signed by a key that the rooms do not know."""
        return jwt.encode({"alg": "RS256", **header}, claims(), self.stranger, algorithms=["RS256"])


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token; None takes one away."""
    instant = int(now().timestamp())
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "counter@19333",
        "role": "admin",
        "agency": PROVINCE,
        "iat": instant,
        "exp": instant + 3_600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(header: Any, payload: Any, signature: bytes = b"") -> str:
    """A token put together without a library's scruples."""
    return ".".join(_text(part) for part in (json.dumps(header).encode(), json.dumps(payload).encode(), signature))


def with_other_claims(token: str, **changes: Any) -> str:
    """The same token that says something else: only the signature tells."""
    header, _, signature = token.split(".")
    return f"{header}.{_text(json.dumps(claims(**changes)).encode())}.{signature}"


def authorised(token: str) -> Any:
    """The header, sent byte by byte as it is."""
    return {"Authorization": b"Bearer " + token.encode()}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys of the outside issuer."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def locked(database: Database, issuer: LocalIssuer, keys: Keys) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """The three real rooms that trust this issuer."""
    settings = settings_for(database, issuer, jwks_file=keys.jwks_file)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        yield {"intake": intake, "routing": routing, "stats": stats}


async def test_what_the_bad_tokens_are_made_of_is_good(locked: dict[str, httpx.AsyncClient], keys: Keys) -> None:
    by_ec = jwt.encode({"alg": "ES256", "kid": keys.ec.kid}, claims(), keys.ec, algorithms=["ES256"])
    several = keys.token(claims(aud=["elsewhere", AUDIENCE]))
    for room in ROOMS:
        for token in (keys.token(claims()), by_ec, several):
            assert (await locked[room].get(GUARDED[room], headers=authorised(token))).status_code == 200


#: What Python reads out of JSON, and what is no instant of our times.
NO_INSTANTS: tuple[object, ...] = (
    10**400,
    float("nan"),
    float("inf"),
    float("-inf"),
    "NaN",
    "inf",
    str(2**31),
    True,
    [],
    -1,
    2**40,
)

BAD_TOKENS: dict[str, Callable[[Keys], str]] = {
    "nothing": lambda _: "",
    "garbled": lambda _: "garbled",
    "three empty parts": lambda _: "..",
    "five parts": lambda _: "a.b.c.d.e",
    "not base64": lambda _: "é.é.é",
    "cut short": lambda keys: keys.token(claims())[:-10],
    "without its signature": lambda keys: keys.token(claims()).rsplit(".", 1)[0] + ".",
    "other claims": lambda keys: with_other_claims(keys.token(claims()), role="machine"),
    "expired": lambda keys: keys.token(claims(exp=int(now().timestamp()) - 3_600)),
    "no expiry": lambda keys: keys.token(claims(exp=None)),
    "not yet valid": lambda keys: keys.token(claims(nbf=int(now().timestamp()) + 3_600)),
    "issued in the future": lambda keys: keys.token(claims(iat=int(now().timestamp()) + 3_600)),
    **{
        f"{name} {value!s:.20}": lambda keys, name=name, value=value: keys.token(claims(**{name: value}))  # type: ignore[misc]
        for name in ("exp", "nbf", "iat")
        for value in NO_INSTANTS
    },
    "another audience": lambda keys: keys.token(claims(aud="elsewhere")),
    "other audiences": lambda keys: keys.token(claims(aud=["elsewhere", "nowhere"])),
    "no audience": lambda keys: keys.token(claims(aud=None)),
    "another issuer's name": lambda keys: keys.token(claims(iss="elsewhere")),
    "no issuer": lambda keys: keys.token(claims(iss=None)),
    "no subject": lambda keys: keys.token(claims(sub=None)),
    "a subject of two lines": lambda keys: keys.token(claims(sub="a\nb")),
    "a role that is none": lambda keys: keys.token(claims(role="king")),
    "no role": lambda keys: keys.token(claims(role=None)),
    "a list of roles": lambda keys: keys.token(claims(role=["admin"])),
    "an unknown key": lambda keys: keys.token(claims(), kid="another"),
    "alg none": lambda _: by_hand({"alg": "none"}, claims()),
    "alg None": lambda keys: by_hand({"alg": "None", "kid": keys.rsa.kid}, claims()),
    "no alg": lambda keys: by_hand({"kid": keys.rsa.kid}, claims(), b"x" * 256),
    "HS256 with the public key, PEM": lambda keys: keys.with_public_key_as_secret(keys.rsa.as_pem(private=False)),
    "HS256 with the public key, DER": lambda keys: keys.with_public_key_as_secret(keys.rsa.as_der(private=False)),
    "HS256 with the public key, JWK": lambda keys: keys.with_public_key_as_secret(
        json.dumps(keys.rsa.as_dict(private=False)).encode()
    ),
    "a stranger's key": lambda keys: keys.of_a_stranger(),
    "a stranger's key under our key's name": lambda keys: keys.of_a_stranger(kid=keys.rsa.kid),
    "a key of its own": lambda keys: keys.of_a_stranger(jwk=keys.stranger.as_dict(private=False)),
    "claims that are no object": lambda _: by_hand({"alg": "RS256"}, ["admin"], b"x" * 256),
    "a header that is no object": lambda _: by_hand([1], claims(), b"x"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_a_bad_token_opens_nothing(locked: dict[str, httpx.AsyncClient], keys: Keys, name: str) -> None:
    token = BAD_TOKENS[name](keys)
    for room in ROOMS:
        answer = await locked[room].get(GUARDED[room], headers=authorised(token))
        told(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert not token or token not in answer.text


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Token x", "bearer"])
async def test_without_a_bearer_token(rooms: dict[str, httpx.AsyncClient], header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    for room in ROOMS:
        answer = await rooms[room].get(GUARDED[room], headers=headers)
        told(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_no_mutilated_token_opens_or_breaks_anything(locked: dict[str, httpx.AsyncClient], keys: Keys) -> None:
    rng = random.Random(1)
    good = keys.token(claims())
    signature = good.rindex(".")  # what comes before it is parsed before the signature is checked
    for _ in range(200):
        letters = list(good)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(signature)
            letters[place] = rng.choice([letter for letter in "AZaz09-_.=é\x7f" if letter != letters[place]])
        if "".join(letters) != good:
            answer = await locked["stats"].get(REPORT, headers=authorised("".join(letters)))
            told(answer, 401, "unauthenticated")


async def test_an_agency_that_is_none_gives_no_scope(locked: dict[str, httpx.AsyncClient], keys: Keys) -> None:
    for agency in (None, "no-such", ""):
        for room in ROOMS:
            answer = await locked[room].get(GUARDED[room], headers=authorised(keys.token(claims(agency=agency))))
            told(answer, 403, "agency_out_of_scope")


async def test_a_token_that_was_good_ends_with_its_time(locked: dict[str, httpx.AsyncClient], keys: Keys) -> None:
    """Checked tokens are remembered, but not beyond their expiry and half a minute for clocks that differ."""
    instant = int(now().timestamp())
    for ago, status in ((15, 200), (31, 401)):
        headers = authorised(keys.token(claims(exp=instant - ago)))
        for _ in range(2):
            assert (await locked["stats"].get(REPORT, headers=headers)).status_code == status


# --- our own errors -------------------------------------------------------------------------------------------------

#: What would tell how we are built, or whose data it was.
TELLTALES = ("Traceback", "asyncpg", "Error", "SELECT", "INSERT", "postgres", "motcua_", "dossier", "/", "pool")


def says_nothing(answer: httpx.Response) -> None:
    body = answer.json()
    assert body["errors"] == []
    text = body["title"]
    assert not any(word in text for word in TELLTALES)
    assert "Bí Mật" not in answer.text


@pytest.mark.parametrize("room", ROOMS)
async def test_without_its_database_a_room_is_unavailable_and_says_no_more(
    fresh_database: Database, issuer: LocalIssuer, room: str
) -> None:
    app = app_of(room).create_app(settings_for(fresh_database, issuer))
    address = {"intake": "/v1/dossiers", "routing": "/v1/overdue", "stats": "/v1/reports/resolution"}[room]
    query = {"agency": PROVINCE, "from": "2026-01-01", "to": "2026-06-30"} if room == "stats" else None
    async with serving(app) as client:
        await app.state.room.pool.close()
        answer = await client.get(address, params=query, headers=bearer(issuer, "admin", PROVINCE))
        told(answer, 503, "unavailable")
        says_nothing(answer)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_a_500_says_nothing_of_the_row_that_broke_it(
    fresh_database: Database, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL names the failing row in its message; neither the answer nor the log may."""
    # Not a file that is closed with the test: what logs for the first time writes to this one for good.
    errors = StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    monkeypatch.setattr(edge, "log", structlog.get_logger())
    owner = await asyncpg.connect(fresh_database.owner_url)
    await owner.execute("ALTER TABLE applicant ADD CONSTRAINT nobody CHECK (false)")
    async with serving(app_of("intake").create_app(settings_for(fresh_database, issuer))) as client:
        draft = a_draft(name="Nguyễn Thị Bí Mật", id_number="045190000001", phone="0905999888")
        for language in ("vi", "en"):
            headers = {**bearer(issuer, "counter", WARD), "Accept-Language": language}
            answer = await client.post("/v1/dossiers", json=draft, headers=headers)
            told(answer, 500, "internal_error")
            says_nothing(answer)
    assert await owner.fetchval("SELECT count(*) FROM dossier") == 0
    await owner.close()
    logged = errors.getvalue()
    assert logged.count("request.failed") == 2
    for secret in ("Bí Mật", "045190000001", "0905999888"):
        assert secret not in logged


def test_every_problem_and_every_reason_has_both_languages() -> None:
    for code, (status, vietnamese, english) in PROBLEMS.items():
        assert 400 <= status < 600, code
        assert len({vietnamese, english, ""}) == 3, code
    for code, (vietnamese, english) in REASONS.items():
        assert len({vietnamese, english, ""}) == 3, code
