"""A misspelt filter is refused: ignored, it would answer with a number that nobody asked for."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from tests.conftest import Database
from tests.contracts.documents import ALL, Operation
from tests.support import PROVINCE, bearer, serving, settings_for

ROUTES = [
    (room, method, route.path)
    for room in ROOMS
    for router in app_of(room).PLAN.routers
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(database: Database, issuer: LocalIssuer) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    settings = settings_for(database, issuer)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        yield {"intake": intake, "routing": routing, "stats": stats}


@pytest.mark.parametrize(("room", "method", "path"), ROUTES)
async def test_a_parameter_that_is_not_known(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, room: str, method: str, path: str
) -> None:
    url = path.replace("{code}", "1").replace("{n}", "1").replace("{import_id}", "1").replace("{id}", "1")
    answer = await rooms[room].request(
        method, url, params={"agnecy": "secret-45"}, json={}, headers=bearer(issuer, "machine", PROVINCE)
    )
    assert answer.status_code == 422, answer.text
    assert ("query", "unknown_parameter") in {(e["field"], e["code"]) for e in answer.json()["errors"]}
    assert "secret-45" not in answer.text
    assert "agnecy" not in answer.text


async def test_the_refusal_says_which_are_known(rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "machine", PROVINCE)
    listed = await rooms["intake"].get("/v1/dossiers?agnecy=45", headers=headers)
    assert "received_from" in listed.json()["errors"][0]["reason"]
    report = await rooms["stats"].get("/v1/reports/resolution?agnecy=45", headers=headers)
    assert "group_by" in report.json()["errors"][0]["reason"]


REPEATABLE = [
    (operation, parameter["name"])
    for operation in ALL
    for parameter in operation.told.get("parameters", [])
    if parameter["in"] == "query"
]


@pytest.mark.parametrize(("operation", "name"), REPEATABLE, ids=str)
async def test_a_parameter_given_twice(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, operation: Operation, name: str
) -> None:
    """Of `limit=5&limit=6` only the last would be read, of a filter one half would silently not hold."""
    path = re.sub("{[a-z_]+}", "1", operation.path)
    answer = await rooms[operation.room].request(
        operation.method, f"{path}?{name}=5&{name}=6", json={}, headers=bearer(issuer, "machine", PROVINCE)
    )
    assert answer.status_code == 422, answer.text
    assert (name, "repeated_parameter") in {(e["field"], e["code"]) for e in answer.json()["errors"]}


NUMBERS = [
    (operation, parameter["name"], parameter["in"])
    for operation in ALL
    for parameter in operation.told.get("parameters", [])
    if parameter["in"] in ("query", "path")
    and "integer" in {one.get("type") for one in (parameter["schema"], *parameter["schema"].get("anyOf", ()))}
]


@pytest.mark.parametrize(("operation", "name", "place"), NUMBERS, ids=str)
async def test_a_whole_number_is_written_in_one_way(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, operation: Operation, name: str, place: str
) -> None:
    for text in ("1_0", "1.0", "%201", "1%20", "%2B1", "01", "-0", "%D9%A3", "1e1"):
        path = operation.path.replace("{" + name + "}", text) if place == "path" else f"{operation.path}?{name}={text}"
        answer = await rooms[operation.room].request(
            operation.method, re.sub("{[a-z_]+}", "1", path), json={}, headers=bearer(issuer, "machine", PROVINCE)
        )
        assert answer.status_code == 422, (text, answer.text)
        assert (name, "wrong_type") in {(e["field"], e["code"]) for e in answer.json()["errors"]}, text


def test_there_are_numbers_in_paths_and_in_queries() -> None:
    assert {place for _, _, place in NUMBERS} == {"path", "query"}


async def test_a_cursor_is_one_text(rooms: dict[str, httpx.AsyncClient]) -> None:
    """What a decoder passes over would make one cursor many."""
    first = (await rooms["routing"].get("/v1/agencies?limit=1")).json()["next"]
    assert (await rooms["routing"].get(f"/v1/agencies?limit=1&cursor={first}")).status_code == 200
    for other in (f"{first}!!", f"!{first}", f"{first}=", f"{first}%20", f"{first[:4]}.{first[4:]}"):
        answer = await rooms["routing"].get(f"/v1/agencies?limit=1&cursor={other}")
        assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("cursor", "malformed_cursor")], other
