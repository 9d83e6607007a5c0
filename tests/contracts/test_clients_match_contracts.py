"""The typed clients call what stands in the contract: path and method, documented parameters, a body that the schema
takes, and an answer of the documented schema. The neighbour here only records, and answers what its contract says."""

import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import BaseModel

from services.serve import ROOMS
from shared.contracts.cases import CaseOpening
from shared.contracts.intake import IntakeClient
from shared.contracts.neighbour import NeighbourRefused, NeighbourUnavailable
from shared.contracts.routing import RoutingClient
from shared.contracts.stats import FigureListQuery, ReportQuery, StatsClient
from tests.contracts.documents import PROBLEM, Operation, operations, resolved, sample, standing_alone
from tests.support import at

CODE = "000.00.01.H50-190722-0001"
INSTANT = at("Monday 2019-07-22 16:29")
CLIENTS: dict[str, type[IntakeClient] | type[RoutingClient] | type[StatsClient]] = {
    "intake": IntakeClient,
    "routing": RoutingClient,
    "stats": StatsClient,
}
_PERIOD: dict[str, Any] = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}

#: Every method of every client, called with all that it takes.
CALLS: dict[tuple[str, str], Callable[[Any], Awaitable[Any]]] = {
    ("intake", "finish"): lambda client: client.finish(
        CODE,
        occurred_at=INSTANT,
        outcome="refused",
        reason="Không đủ điều kiện",
        actor="handler@19333",
        agency="19333",
        idempotency_key="key",
    ),
    ("intake", "dossier"): lambda client: client.dossier(CODE),
    ("routing", "open_cases"): lambda client: client.open_cases(
        [CaseOpening(code=CODE, desk="Tư pháp", opened_at=INSTANT), CaseOpening(code=CODE)]
    ),
    ("routing", "case"): lambda client: client.case(CODE),
    ("routing", "hand_overs"): lambda client: client.hand_overs(CODE),
    ("routing", "agencies"): lambda client: client.agencies(date(2019, 6, 30), level="commune", parent="45"),
    ("routing", "calendar"): lambda client: client.calendar(2019),
    ("routing", "overdue"): lambda client: client.overdue(
        agency="45", as_of=INSTANT, min_days=1, sector="Hộ tịch", cursor="x", limit=10
    ),
    ("routing", "due_soon"): lambda client: client.due_soon(agency="45", max_days=3, cursor="x"),
    ("stats", "resolution"): lambda client: client.resolution(
        ReportQuery(**_PERIOD, as_of=INSTANT, cursor="x", group_by="tree", limit=10)
    ),
    ("stats", "dossiers"): lambda client: client.dossiers(
        FigureListQuery(
            **_PERIOD,
            as_of=INSTANT,
            cursor="x",
            figure="pending_overdue",
            scope="own",
            unit="19333",
            level="commune",
            channel="counter",
            sector="Hộ tịch",
            procedure="1.001193",
            limit=10,
        )
    ),
    ("stats", "definitions"): lambda client: client.definitions(),
}
each_call = pytest.mark.parametrize(("room", "method"), CALLS)


@dataclass
class Neighbour:
    """Records what it is asked, and answers with a value of the documented schema."""

    room: str
    seen: list[tuple[httpx.Request, Operation]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        found = [o for o in operations(self.room) if o.matches(request.method, request.url.path)]
        # /v1/cases/bulk also looks like /v1/cases/{code}: the literal one is meant.
        found.sort(key=lambda operation: operation.path.count("{"))
        assert found, f"{request.method} {request.url.path} stands in no contract of {self.room}"
        self.seen.append((request, found[0]))
        body = sample(self.room, self.schema_of(found[0]))
        if isinstance(body, dict) and "next" in body:
            body["next"] = None
        return httpx.Response(200, json=body)

    def schema_of(self, operation: Operation) -> dict[str, Any]:
        good = next(told for status, told in sorted(operation.told["responses"].items()) if status < "300")
        schema: dict[str, Any] = good["content"]["application/json"]["schema"]
        return schema


async def called(room: str, method: str, answer: Callable[[httpx.Request], httpx.Response]) -> Any:
    """What a client's method gives when the neighbour answers so."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return await CALLS[room, method](CLIENTS[room](http, "http://neighbour/"))


def test_every_method_of_every_client_is_called_here() -> None:
    methods = {
        (room, name)
        for room, client in CLIENTS.items()
        for name, _ in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert methods == set(CALLS)
    assert set(CLIENTS) == set(ROOMS)


@each_call
async def test_it_asks_what_the_contract_offers(room: str, method: str) -> None:
    neighbour = Neighbour(room)
    await called(room, method, neighbour.answer)
    ((request, operation),) = neighbour.seen
    known = {p["name"]: p for p in operation.told.get("parameters", [])}
    asked = set(request.url.params)
    assert asked <= {name for name, told in known.items() if told["in"] == "query"}, f"{operation} knows not all"
    required = {name for name, told in known.items() if told["in"] == "query" and told.get("required")}
    assert required <= asked, f"{operation} needs {required - asked}"
    for name in asked:
        told = {**known[name]["schema"]}
        value: Any = request.url.params[name]
        kinds = {told.get("type")} | {each.get("type") for each in told.get("anyOf", [])}
        Draft202012Validator(standing_alone(room, told)).validate(int(value) if "integer" in kinds else value)


@each_call
async def test_it_sends_what_the_contract_takes(room: str, method: str) -> None:
    neighbour = Neighbour(room)
    await called(room, method, neighbour.answer)
    ((request, operation),) = neighbour.seen
    taken = operation.told.get("requestBody")
    assert bool(request.content) == (taken is not None), f"{operation}: a body where none is taken, or the reverse"
    if taken is not None:
        schema = taken["content"][request.headers["content-type"]]["schema"]
        # A body that may be left out is the model or null.
        schema = resolved(room, next((one for one in schema.get("anyOf", ()) if "$ref" in one), schema))
        sent = json.loads(request.content)
        Draft202012Validator(standing_alone(room, schema)).validate(sent)
        assert set(sent) <= set(schema["properties"])
    for name in ("idempotency-key", "if-match"):
        if name in request.headers:
            headers = {p["name"].lower() for p in operation.told["parameters"] if p["in"] == "header"}
            assert name in headers, f"{operation} does not know the header {name}"


@each_call
async def test_it_reads_what_the_contract_answers(room: str, method: str) -> None:
    """The model that comes back is the documented one: the schemas are made from the same classes."""
    neighbour = Neighbour(room)
    found = await called(room, method, neighbour.answer)
    ((_, operation),) = neighbour.seen
    schema = neighbour.schema_of(operation)
    documented = schema["$ref"].rsplit("/", 1)[1]
    if found is None:
        assert operation.method != "get", "a read gives what it reads"
    elif isinstance(found, list):
        assert documented == "AgencyPage"
        assert [type(each).__name__ for each in found] == ["AgencySummary"]
    else:
        assert isinstance(found, BaseModel)
        assert type(found).__name__ == documented


@each_call
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_neighbour_that_cannot_now_is_unavailable(room: str, method: str, status: int) -> None:
    with pytest.raises(NeighbourUnavailable):
        await called(room, method, lambda _: httpx.Response(status))


@each_call
async def test_a_neighbour_that_is_not_there_is_unavailable(room: str, method: str) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    with pytest.raises(NeighbourUnavailable):
        await called(room, method, nobody)


@each_call
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            httpx.Response(409, json={"code": "not_allowed_in_status"}, headers={"Content-Type": PROBLEM}),
            "not_allowed_in_status",
        ),
        (httpx.Response(404, text="<html>a proxy"), "http_error"),
        (httpx.Response(403, json=["not", "ours"]), "http_error"),
    ],
)
async def test_a_refusal_comes_back_as_its_code(room: str, method: str, answer: httpx.Response, code: str) -> None:
    with pytest.raises(NeighbourRefused) as refused:
        await called(room, method, lambda _: answer)
    assert (refused.value.status, refused.value.code) == (answer.status_code, code)


async def test_agencies_are_read_page_after_page() -> None:
    neighbour, cursors = Neighbour("routing"), []

    def two_pages(request: httpx.Request) -> httpx.Response:
        cursors.append(request.url.params.get("cursor"))
        body = neighbour.answer(request).json()
        body["next"] = "second" if len(cursors) == 1 else None
        return httpx.Response(200, json=body)

    found = await called("routing", "agencies", two_pages)
    assert cursors == [None, "second"]
    assert len(found) == 2
