"""Whoever lacks the right sees nothing: every endpoint names the roles that it is for, or stands in the list of what
is public (Circular 01/2018 art. 16(2)d: without a login only what is everybody's)."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from shared.web.app import describe
from shared.web.auth import RIGHTS, Right, Role, allowed, right_of
from tests.conftest import Database
from tests.contracts.documents import document
from tests.support import PROVINCE, bearer, serving, settings_for

#: What anybody may read: catalogues, the law, whether the service is well, and of a dossier how far it has come.
PUBLIC = {
    "/v1/procedures",
    "/v1/procedures/{code}",
    "/v1/agencies",
    "/v1/agencies/{code}",
    "/v1/agencies/{code}/sessions",
    "/v1/procedures/{code}/components",
    "/v1/calendar",
    "/v1/definitions",
    "/v1/reports/official-tables/forms",
    "/v1/reports/official-tables/forms/{form}",
    "/v1/deadline-preview",
    "/v1/supplement-rules",
    "/v1/supplement-rules/{rule_id}",
    "/v1/track/{code}",
    "/v1/track/{code}/rating",
    "/v1/public/files/{file_id}/content",
    "/v1/public/satisfaction",
    "/v1/public/petitions",
    "/v1/public/petitions/{code}",
    "/v1/public/petitions/{code}/information",
    "/v1/petition-terms",
    "/healthz",
    "/readyz",
    "/metrics",
}
#: What anybody may do, and by what he shows that it is his.
OF_ANYBODY = {
    "rateDossier": "the secret on the receipt, or the applicant's own token",
    "submitPetition": "nothing: whoever has something to say may, so many an hour",
    "giveInformation": "the secret that was answered when it was sent",
}
#: What stands in a path, where it is not a code.
NAMED = {
    "import_id": "3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10",
    "rule_id": "1",
    "seq": "1",
    "no": "1",
    "n": "1",
    "number": "1",
    "form": "receipt",
    "format": "pdf",
    "delegation_id": "1",
    "reorganisation_id": "1",
    "record_id": "1",
    "webhook_id": "1",
    "message_id": "msg_none",
}
#: What the framework adds: the contract and its pages.
DOCUMENTS = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}

ROUTES = [
    (room, route)
    for room in ROOMS
    for router in app_of(room).PLAN.routers
    for route in router.routes
    if isinstance(route, APIRoute)
]
each_route = pytest.mark.parametrize(
    ("room", "route"), ROUTES, ids=[f"{room} {'/'.join(sorted(r.methods or ()))} {r.path}" for room, r in ROUTES]
)


def guards(dependant: Dependant) -> Iterator[Dependant]:
    """Every guard in the tree of an endpoint's dependencies."""
    for each in dependant.dependencies:
        if each.call is allowed:
            yield each
        yield from guards(each)


@each_route
def test_it_is_guarded_or_declared_public(room: str, route: APIRoute) -> None:
    assert route.operation_id in RIGHTS, f"{room} {route.path}: {route.operation_id} has no row in rights.RIGHTS"
    found = list(guards(route.dependant))
    if not found:
        assert route.path in PUBLIC, f"{room} {route.path} asks for no Caller: guard it, or declare it public"
        reads = route.methods == {"GET"} or route.operation_id in OF_ANYBODY
        assert reads, f"{room} {route.path} is public: it only reads"
        assert right_of(route) == Right(frozenset()), f"{room} {route.path} asks for no Caller, but has a right"
        return
    assert len(found) == 1, f"{room} {route.path} has two guards: one is enough"
    assert right_of(route).roles, f"{room} {route.path} is for nobody"


def test_every_row_of_the_table_is_of_an_endpoint() -> None:
    assert {route.operation_id for _, route in ROUTES} | {"healthz", "readyz", "metrics"} == set(RIGHTS)


@each_route
def test_the_contract_tells_the_same(room: str, route: APIRoute) -> None:
    for method in sorted(route.methods or ()):
        told = document(room)["paths"][route.path][method.lower()]
        roles, relation, _ = right_of(route)
        assert told.get("x-roles", []) == sorted(roles)
        assert told.get("x-relation") == (relation if roles else None)
        assert bool(told.get("security")) == bool(roles)


@pytest.mark.parametrize("room", ROOMS)
def test_there_is_no_door_beside_the_plan(room: str) -> None:
    planned = {route.path for name, route in ROUTES if name == room}
    mounted = {
        route.path
        for route in describe(app_of(room).PLAN).routes
        if isinstance(route, Route | Mount) and not route.path.startswith("/static")
    }
    assert mounted - planned <= DOCUMENTS | {"/healthz", "/readyz", "/metrics"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(database: Database, issuer: LocalIssuer) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """The three real rooms."""
    settings = settings_for(database, issuer)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        yield {"intake": intake, "routing": routing, "stats": stats}


async def asked(client: httpx.AsyncClient, route: APIRoute, **more: Any) -> list[httpx.Response]:
    """The answers of an endpoint to nothing in particular."""
    path = re.sub(r"{(\w+)}", lambda name: NAMED.get(name[1], "X-190722-0001"), route.path)
    return [await client.request(method, path, **more) for method in sorted(route.methods or ())]


@each_route
async def test_without_a_token_it_is_closed(rooms: dict[str, httpx.AsyncClient], room: str, route: APIRoute) -> None:
    for answer in await asked(rooms[room], route):
        if not right_of(route).roles:
            assert answer.status_code not in (401, 403)
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@each_route
async def test_it_is_closed_to_every_other_role(
    rooms: dict[str, httpx.AsyncClient], issuer: LocalIssuer, room: str, route: APIRoute
) -> None:
    roles = right_of(route).roles
    for role in set(Role) - (roles or set(Role)):
        for answer in await asked(rooms[room], route, headers=bearer(issuer, role, PROVINCE)):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), f"{role} got in"
    for role in roles:
        for answer in await asked(rooms[room], route, headers=bearer(issuer, role, PROVINCE)):
            assert answer.status_code not in (401, 403, 500), f"{role} should get in"
