"""Every field of every body, with everything that is hostile in its place: refused by a stable code and nothing
written, or taken whole; and at the end every dossier, event and count is still what the others say it is."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from copy import deepcopy
from typing import Any

import httpx
import pytest

from services.verification import CHECKS
from shared.web.checks import one_moment, walked
from tests.conftest import Database
from tests.contracts.documents import ALL, Operation, Schema, resolved, sample
from tests.hostile.answers import held, traces
from tests.hostile.calls import Call, Scene
from tests.hostile.corpus import (
    CONTENT_TYPES,
    DAYS,
    FORMULAS,
    HEAVY,
    INSTANTS,
    LONG,
    MARK,
    NUMBERS,
    RAW,
    SQL,
    TEXTS,
    UNICODE,
    WHOLE,
)

Place = tuple[str | int, ...]
_HERE = "the hostile place"
_FEW = (SQL[0], FORMULAS[0], UNICODE[0], LONG[1])
_RAW_FEW = (b"null", b"[]", b"{}", b'""', b"-1", str(2**63).encode(), b'"\\ud800"', b"[" * 500 + b"]" * 500)
BODIES = [each for each in ALL if "application/json" in each.told.get("requestBody", {}).get("content", {})]


def schema_of(operation: Operation) -> Schema:
    told: Schema = operation.told["requestBody"]["content"]["application/json"]["schema"]
    return told


def fields(room: str, schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Every place of a body in which a value can stand, with its schema; the whole body first."""
    schema = resolved(room, schema)
    yield place, schema
    for either in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(either, ()):
            yield from fields(room, each, place)
    for name, each in schema.get("properties", {}).items():
        yield from fields(room, each, (*place, name))
    if "items" in schema:
        yield from fields(room, schema["items"], (*place, 0))


def tried(kinds: list[Schema]) -> list[bytes]:
    """What is sent in a place: JSON that is odd, and texts that look like what is taken there."""
    texts: tuple[str, ...] = _FEW
    if any(kind.get("format") in ("date", "date-time") for kind in kinds):
        texts = (*_FEW, *DAYS, *INSTANTS)
    elif any(kind.get("type") == "string" and not {"enum", "const"} & set(kind) for kind in kinds):
        texts = TEXTS
    elif any(kind.get("type") in ("integer", "number") for kind in kinds):
        texts = (*_FEW, *NUMBERS[:8])
    return [*RAW, *(json.dumps(text).encode() for text in texts)]


def plan() -> dict[str, list[tuple[Place, list[bytes]]]]:
    """For each operation, what is sent in which place: everything in a field of its kind that is the first in its
    room, some of it where it is that again, and once for each what is large."""
    made: dict[str, list[tuple[Place, list[bytes]]]] = {}
    met: set[str] = set()
    for operation in BODIES:
        places: dict[Place, list[Schema]] = {}
        for place, kind in fields(operation.room, schema_of(operation)):
            places.setdefault(place, []).append(kind)
        sent = []
        for place, kinds in places.items():
            same = f"{operation.room} {json.dumps([_bare(kind) for kind in kinds], sort_keys=True)}"
            few = [*_RAW_FEW, *(json.dumps(text).encode() for text in _FEW)]
            sent.append((place, few if same in met else tried(kinds)))
            met.add(same)
        sent[0][1].extend(HEAVY)
        sent[-1][1].extend(HEAVY)
        made[str(operation)] = sent
    return made


def with_place(room: str, schema: Schema, body: Any, place: Place) -> Any:
    """The body with the hostile place marked; what leads there and is not there yet is made as the contract has it."""
    if not place:
        return _HERE
    first, *rest = place
    schema = next((s for s in _sides(room, schema) if first in s.get("properties", {}) or "items" in s), schema)
    inner = schema["items"] if isinstance(first, int) else schema.get("properties", {}).get(first, {})
    if isinstance(first, int):
        known = body[0] if isinstance(body, list) and body else sample(room, inner)
        return [with_place(room, inner, known, tuple(rest))]
    made = deepcopy(body) if isinstance(body, dict) else {}
    made[first] = with_place(room, inner, made.get(first) or (sample(room, inner) if rest else None), tuple(rest))
    return made


def _sides(room: str, schema: Schema) -> Iterator[Schema]:
    schema = resolved(room, schema)
    yield schema
    for either in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(either, ()):
            yield from _sides(room, each)


def _bare(schema: Schema) -> Schema:
    """What it takes, without what it is called."""
    return {
        name: value for name, value in schema.items() if name not in ("title", "description", "examples", "default")
    }


PLAN = plan()


@pytest.mark.parametrize("operation", BODIES, ids=str)
async def test_no_field_whatever_is_our_error(scene: Scene, operation: Operation) -> None:
    schema, taken = schema_of(operation), 0
    call, before = await scene.call(operation), await traces(scene.owner)
    for place, values in PLAN[str(operation)]:
        for raw in values:
            body = json.dumps(with_place(operation.room, schema, call.body, place)).encode()
            answer = await _sent(scene, operation, call, body.replace(json.dumps(_HERE).encode(), raw))
            held(answer, operation)
            if answer.is_success and answer.json().get("done") != 0:
                taken += 1
                scene.moved()
                call, before = await scene.call(operation), await traces(scene.owner)
        assert await traces(scene.owner) == before, f"{operation} {place}: refused, and something was written"
    whole = await _sent(scene, operation, call, json.dumps(call.body or {}).encode())
    assert taken or not whole.is_success, "what is in good order is taken, and nothing that is hostile ever was?"


@pytest.mark.parametrize("operation", BODIES, ids=str)
async def test_no_body_whatever_is_our_error(scene: Scene, operation: Operation) -> None:
    call = await scene.call(operation)
    for body, content_type in (
        *((body, "application/json") for body in WHOLE),
        *((f'{{"x{MARK}":1}}'.encode(), content_type) for content_type in CONTENT_TYPES),
    ):
        answer = await _sent(scene, operation, call, body, content_type)
        held(answer, operation)
        if answer.is_success:  # where nothing is needed, nothing may be sent
            scene.moved()
            call = await scene.call(operation)


async def _sent(
    scene: Scene, operation: Operation, call: Call, body: bytes, content_type: str = "application/json"
) -> httpx.Response:
    return await scene.room(operation.room).request(
        operation.method,
        operation.path.format_map(call.path),
        headers={**call.headers, "Content-Type": content_type},
        content=body,
    )


async def test_what_was_taken_is_whole(scene: Scene, database: Database) -> None:
    """The recount of everything from raw events finds nothing, and the tables are there."""
    assert await scene.owner.fetchval("SELECT count(*) FROM dossier_event WHERE payload::text LIKE $1", f"%{MARK}%")
    checks = [check() for check in CHECKS]
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, checks, lambda _: None, size=50)) as found,
    ):
        assert [difference async for difference in found] == []
