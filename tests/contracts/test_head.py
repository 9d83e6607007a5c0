"""HEAD is answered as GET is, without a body, wherever there is a GET; the rooms know of GET alone."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from tests.conftest import Database
from tests.contracts.documents import ALL, Operation
from tests.support import PROVINCE, REGISTER_COPY, a_draft, bearer, serving, settings_for

#: Of one request alone.
OWN = {"x-request-id", "date", "ratelimit", "ratelimit-policy"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(database: Database, issuer: LocalIssuer) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    settings = settings_for(database, issuer)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        yield {"intake": intake, "routing": routing, "stats": stats}


def told(answer: httpx.Response) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name not in OWN}


@pytest.mark.parametrize("operation", [one for one in ALL if one.method.lower() == "get"], ids=str)
async def test_head_is_get_without_a_body(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, operation: Operation
) -> None:
    path = re.sub("{[a-z_]+}", "1", operation.path)
    for headers in ({}, bearer(issuer, "admin", PROVINCE)):
        got = await rooms[operation.room].get(path, headers=headers)
        head = await rooms[operation.room].head(path, headers=headers)
        assert (head.status_code, head.content) == (got.status_code, b"")
        if operation.path != "/metrics":  # which has counted one more meanwhile
            assert told(head) == told(got)


async def test_what_is_streamed_and_what_is_made_has_none_either(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer
) -> None:
    leader = bearer(issuer, "leader", PROVINCE)
    made = await rooms["intake"].post(
        "/v1/dossiers", json=a_draft(procedure=REGISTER_COPY), headers=bearer(issuer, "admin", PROVINCE)
    )
    for room, path, asked in (
        ("intake", f"/v1/dossiers/{made.json()['code']}", {}),
        ("routing", "/v1/overdue", {"agency": PROVINCE, "format": "csv"}),
        ("stats", "/v1/reports/official-tables/annex", {"agency": "45", "period": "2019-H1", "format": "xlsx"}),
    ):
        got = await rooms[room].get(path, params=asked, headers=leader)
        head = await rooms[room].head(path, params=asked, headers=leader)
        assert (got.status_code, head.status_code, head.content) == (200, 200, b""), path
        assert got.content
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers.get("etag") == got.headers.get("etag")


@pytest.mark.parametrize("room", ROOMS)
async def test_where_there_is_no_get_there_is_no_head(rooms: dict[str, httpx.AsyncClient], room: str) -> None:
    read = {one.path for one in ALL if one.room == room and one.method.lower() == "get"}
    others = [one for one in ALL if one.room == room and one.path not in read]
    assert others or room == "stats"
    for operation in others:
        path = re.sub("{[a-z_]+}", "1", operation.path)
        got, answer = await rooms[room].get(path), await rooms[room].head(path)
        assert (answer.status_code, answer.content) == (got.status_code, b"")  # /dossiers/bulk-actions reads as a code
        if got.status_code == 405:
            assert "HEAD" not in answer.headers["allow"]
