"""Whoever asks too often is told so, and when to come again: by token, by address, and never for another's asking."""

from typing import Any

import httpx
import pytest

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from shared.web.limits import MACHINES
from tests.conftest import Database
from tests.contracts.documents import document
from tests.support import PROVINCE, WARD, bearer, serving, settings_for

PATHS = {"intake": "/v1/dossiers", "routing": "/v1/cases", "stats": "/v1/reports/editions"}


def demand_refused(answer: httpx.Response, name: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["RateLimit"].startswith(f'"{name}";r=0;t=')


@pytest.mark.parametrize("room", ROOMS)
async def test_the_holder_of_a_token_is_told_what_is_left_and_then_to_wait(
    database: Database, issuer: LocalIssuer, room: str
) -> None:
    settings = settings_for(database, issuer, calls_per_minute=5)
    async with serving(app_of(room).create_app(settings)) as client:
        ours = bearer(issuer, "leader", PROVINCE)
        for left in range(4, -1, -1):
            answer = await client.get(PATHS[room], headers=ours)
            assert answer.status_code == 200, answer.text
            assert answer.headers["RateLimit-Policy"] == '"token";q=5;w=60'
            assert answer.headers["RateLimit"].startswith(f'"token";r={left};')
        demand_refused(await client.get(PATHS[room], headers=ours), "token")
        again = bearer(issuer, "leader", PROVINCE, hours=1)  # another token of the same holder
        demand_refused(await client.get(PATHS[room], headers=again), "token")
        assert (await client.get(PATHS[room], headers=bearer(issuer, "leader", WARD))).status_code == 200
        machine = bearer(issuer, "machine", PROVINCE)
        for _ in range(5 * MACHINES):
            assert (await client.get(PATHS[room], headers=machine)).status_code == 200
        demand_refused(await client.get(PATHS[room], headers=machine), "token")
        assert (await client.get("/healthz")).status_code == 200


async def test_refusals_count_too(database: Database, issuer: LocalIssuer) -> None:
    async with serving(app_of("intake").create_app(settings_for(database, issuer, calls_per_minute=3))) as client:
        citizen = bearer(issuer, "citizen", PROVINCE)
        for _ in range(3):
            assert (await client.get("/v1/dossiers", headers=citizen)).status_code == 403
        demand_refused(await client.get("/v1/dossiers", headers=citizen), "token")
        draft: dict[str, Any] = {}
        for status in (422, 422, 422, 429):  # the straight way in, past the framework
            answer = await client.post("/v1/dossiers", json=draft, headers=bearer(issuer, "counter", WARD))
            assert answer.status_code == status


async def test_an_address_is_counted_whatever_it_asks(database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(database, issuer, address_calls_per_minute=4, trusted_proxies=1)
    async with serving(app_of("routing").create_app(settings)) as client:
        one, other = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "198.51.100.8"}
        statuses = [
            (await client.get(path, headers=one)).status_code
            for path in ("/v1/agencies", "/v1/cases", "/x", "/healthz")
        ]
        assert statuses == [200, 401, 404, 200]
        demand_refused(await client.get("/v1/agencies", headers=one), "address")
        assert (await client.get("/v1/agencies", headers=other)).status_code == 200


@pytest.mark.parametrize("room", ROOMS)
def test_every_endpoint_tells_it(room: str) -> None:
    for path, operations in document(room)["paths"].items():
        for operation in operations.values() if path.startswith("/v1/") else ():
            assert "429" in operation["responses"], path
