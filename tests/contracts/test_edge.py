"""What every answer carries, what no body may be, and who may call from a browser."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from pydantic import ValidationError

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from shared.web.json_bodies import repeats_a_name
from shared.web.settings import Settings
from tests.conftest import Database
from tests.support import PROVINCE, REGISTER_COPY, a_draft, bearer, serving, settings_for

PAGE = "https://motcua.example.gov.vn"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app_of("intake").create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


@pytest.mark.parametrize("room", ROOMS)
async def test_every_answer_is_for_reading_only(database: Database, issuer: LocalIssuer, room: str) -> None:
    async with serving(app_of(room).create_app(settings_for(database, issuer))) as client:
        for path in ("/healthz", "/v1/nothing", "/openapi.json", "/v1/dossiers", "/v1/cases", "/v1/reports/resolution"):
            told = (await client.get(path)).headers
            assert told["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert told["X-Content-Type-Options"] == "nosniff"
            assert told["Referrer-Policy"] == "no-referrer"
            assert told["Cross-Origin-Resource-Policy"] == "same-origin"
            assert told["X-Request-Id"]
        page = (await client.get("/docs")).headers
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


async def test_nothing_is_kept_but_what_has_a_version_and_nobodys_data(intake: httpx.AsyncClient) -> None:
    made = await intake.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY))
    read = await intake.get(f"/v1/dossiers/{made.json()['code']}")
    assert read.headers["ETag"]
    assert made.headers["ETag"]
    listed = await intake.get("/v1/dossiers")
    assert {answer.headers["Cache-Control"] for answer in (made, read, listed)} == {"no-store"}
    assert (await intake.get("/v1/supplement-rules")).headers["Cache-Control"] == "private, no-cache"


async def test_a_slash_within_a_code_ends_no_part_of_the_path(intake: httpx.AsyncClient) -> None:
    """Codes of other systems have them; and what is no part of a path is none by being unquoted."""
    record = {"legacy_code": "123/BN-UBND/2019", "procedure": REGISTER_COPY, "agency": "19333", "channel": "counter"}
    record |= {"accepted_at": "2019-03-04T08:00:00+07:00"}
    content = json.dumps(record | {"applicant": {"kind": "person", "name": "Đào"}})
    form = {"Content-Type": "application/x-ndjson"}
    assert (await intake.post("/v1/imports", content=content, headers=form)).json()["created"] == 1
    for path in ("dossiers/123%2FBN-UBND%2f2019", "dossiers/123%2FBN-UBND%2F2019/events", "track/123%2FBN-UBND%2F2019"):
        answer = await intake.get(f"/v1/{path}")
        assert answer.status_code == 200, path
        assert "%EF%B7%90" not in answer.text
        assert "\ufdd0" not in answer.text
    assert (await intake.get("/v1/dossiers/124%2FBN-UBND%2F2019")).json()["code"] == "not_found"
    for path in ("/v1/dossiers/123/BN-UBND/2019", "/v1%2Fdossiers", "/v1/dossiers%2F123%2FBN-UBND%2F2019"):
        assert (await intake.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "Content-Type"])
async def test_a_header_that_stands_twice_is_not_guessed_at(intake: httpx.AsyncClient, name: str) -> None:
    """The first would hold here, and the last to a proxy before."""
    draft = json.dumps(a_draft(procedure=REGISTER_COPY)).encode()
    once = {"Content-Type": "application/json", "Idempotency-Key": "once", **intake.headers}
    before = (await intake.get("/v1/dossiers")).json()
    asked = httpx.Request(
        "POST",
        f"{intake.base_url}/v1/dossiers",
        content=draft,
        headers=[
            *((key, value) for key, value in once.items() if key.lower() != name.lower()),
            (name, "a"),
            (name, "b"),
        ],
    )
    answer = await intake.send(asked)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"field": name, "code": "repeated_parameter", "reason": "chỉ được nêu một lần"}],
    )
    assert (await intake.get("/v1/dossiers")).json() == before, "nothing was made"


@pytest.mark.parametrize("path", ["/v1/dossiers", "/v1/supplement-rules", "/v1/imports"])
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "x"])
async def test_a_compressed_body_is_not_taken(intake: httpx.AsyncClient, path: str, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = await intake.post(path, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.json()["errors"][0]["code"] == "content_encoding"
    plain = await intake.post(path, content=b"{}", headers={**headers, "Content-Encoding": "identity"})
    assert "content_encoding" not in plain.text


@pytest.mark.parametrize("path", ["/v1/dossiers", "/v1/supplement-rules"])
async def test_a_name_that_stands_twice_is_not_guessed_at(intake: httpx.AsyncClient, path: str) -> None:
    for body in (
        '{"agency": "19333", "agency": "19342"}',
        '{"a": {"name": "Đào", "name": "Mận"}}',
        '{"\\u0061":1,"a":2}',
    ):
        answer = await intake.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json"), body
        assert answer.json()["errors"][0]["code"] == "repeated_name"
        assert "Đào" not in answer.text


def test_the_same_name_in_two_objects_is_none_twice() -> None:
    assert not repeats_a_name(json.dumps([{"a": {"a": 1}}, {"a": [{"a": 2}, {"a": 3}]}]).encode())
    assert repeats_a_name(b'[{"a": 1}, {"b": [{"a": 1, "c": {}, "a": 1}]}]')
    for other in (b"", b"{", b"nothing", b"[" * 100_000, b"1" * 10_000, b"\xff"):
        assert not repeats_a_name(other)


async def test_no_page_may_call_unless_its_origin_is_named(
    database: Database, issuer: LocalIssuer, intake: httpx.AsyncClient
) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Authorization"}
    closed = await intake.options("/v1/dossiers", headers=asked)
    assert closed.status_code == 405
    plain = await intake.get("/v1/dossiers", headers={"Origin": PAGE})
    assert not [name for name in (*closed.headers, *plain.headers) if name.startswith("access-control")]

    settings = settings_for(database, issuer, cors_origins=f"{PAGE}, http://127.0.0.1:5173")
    async with serving(app_of("intake").create_app(settings)) as client:
        allowed = await client.options("/v1/dossiers", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in allowed.headers
        head = await client.options("/v1/dossiers", headers={**asked, "Access-Control-Request-Method": "HEAD"})
        assert head.status_code == 200, "a page asks before it sends a token, of HEAD too"
        told = await client.get("/v1/procedures", headers={"Origin": PAGE})
        assert told.headers["Access-Control-Allow-Origin"] == PAGE
        for stranger in ({}, {"Origin": "https://khac.example"}, {"Origin": PAGE}):
            varies = (await client.get("/v1/procedures", headers=stranger)).headers.get_list("Vary", split_commas=True)
            assert varies.count("Origin") == 1
        assert "ETag" in told.headers["Access-Control-Expose-Headers"]
        for other in ("https://motcua.example.gov.vn.evil.example", "null", "https://evil.example"):
            refused = await client.options("/v1/dossiers", headers={**asked, "Origin": other})
            assert "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize(
    "origins", ["*", "motcua.example.gov.vn", "https://a.example/path", "https://A.example", "null"]
)
def test_what_is_no_origin_is_refused(database: Database, issuer: LocalIssuer, origins: str) -> None:
    with pytest.raises(ValidationError, match="must be origins"):
        settings_for(database, issuer, cors_origins=origins)
    assert Settings.model_fields["cors_origins"].default == ()
