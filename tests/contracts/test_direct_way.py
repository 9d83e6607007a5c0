"""A hot write is reached past the framework; it must take and refuse just what the framework would."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter

from intake_service.app import PLAN
from migrations.logins import role_url
from migrations.revision import head_revision
from services.local_issuer import LocalIssuer
from shared.web.app import describe, make_app
from tests.conftest import Database
from tests.support import WARD, a_draft, bearer, serving, settings_for

JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ways(database: Database, issuer: LocalIssuer) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """The same room twice: as it is, and with nothing reached directly."""
    settings = settings_for(database, issuer, max_body_bytes=10_000)
    url = role_url(database.owner_url, "motcua_intake")

    def app(plan: Any) -> Any:
        return make_app(plan, settings, schema_revision=head_revision(), database_url=url)

    async with serving(app(PLAN)) as direct, serving(app(replace(PLAN, direct=frozenset()))) as framework:
        yield direct, framework


def draft(**more: Any) -> dict[str, Any]:
    return {"json": a_draft(**more)}


@pytest.mark.parametrize(
    "sent",
    [
        draft(),
        draft(summary="  "),
        draft(summary="x\x07"),
        draft(procedure="9.999999"),
        draft(procedure=5),
        draft(nothing="known"),
        draft(applicant={"kind": "person"}),
        draft(applicant=[]),
        draft(documents=[{"name": "a", "count": 0}, {"name": "", "kind": "none"}]),
        draft(name=""),
        draft(name="a" * 3000),
        draft(summary="a" * 20_000),
        {"json": []},
        {"json": None},
        {"json": {}},
        {"content": b"", "headers": JSON},
        {"content": b""},
        {"content": b"{", "headers": JSON},
        {"content": b"\xff\xfe", "headers": JSON},
        {"content": b'{"a": 1}', "headers": {"Content-Type": "text/plain"}},
        {"content": b'{"a": 1}', "headers": {"Content-Type": "application/vnd.x+json; charset=utf-8"}},
        {"content": b"{}", "headers": {"Content-Type": ";"}},
        {**draft(), "headers": {"Idempotency-Key": "k" * 201}},
        {**draft(), "headers": {"Idempotency-Key": ""}},
        {**draft(), "headers": {"Idempotency-Key": "a\x7f"}},
        {**draft(), "params": {"x": "1"}},
        {**draft(), "headers": {"Authorization": "Bearer nothing"}},
        {**draft(), "headers": {"Authorization": ""}},
    ],
    ids=lambda sent: str(sent)[:80],
)
async def test_both_ways_answer_alike(
    ways: tuple[httpx.AsyncClient, httpx.AsyncClient], issuer: LocalIssuer, sent: dict[str, Any]
) -> None:
    headers = {**bearer(issuer, "counter", WARD), **sent.get("headers", {})}
    direct, framework = [await way.post("/v1/dossiers", **{**sent, "headers": headers}) for way in ways]
    assert direct.status_code == framework.status_code
    assert set(direct.headers) == set(framework.headers)
    if direct.status_code == 201:
        ours, theirs = direct.json(), framework.json()
        assert set(ours) == set(theirs)
        assert ours["applicant"] == theirs["applicant"]
    else:
        assert direct.json() == framework.json()


async def test_what_it_is_called_in_the_metrics(ways: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    await ways[0].post("/v1/dossiers")
    told = (await ways[0].get("/metrics")).text
    assert 'motcua_requests_total{method="POST",room="intake",route="/v1/dossiers",status="401"}' in told


def test_an_endpoint_that_asks_for_more_is_refused_at_the_start() -> None:
    router = APIRouter()

    @router.post("/v1/things/{code}", operation_id="change")
    async def change(code: str, body: dict[str, Any]) -> None:
        """Take a path parameter, which the straight way does not know."""

    with pytest.raises(TypeError, match="change: reached directly, it takes one body"):
        describe(replace(PLAN, routers=(router,), direct=frozenset({"change"})))
