"""Every parameter of every operation, with everything that is hostile: in its place in the address or the header."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.contracts.documents import ALL, Operation
from tests.hostile.answers import held
from tests.hostile.calls import Call, Scene
from tests.hostile.corpus import (
    DAYS,
    ESCAPED,
    FORMULAS,
    INSTANTS,
    LINES,
    LONG,
    NUMBERS,
    PATHS,
    SQL,
    TEMPLATES,
    TEXTS,
    UNICODE,
)

_FEW = (SQL[0], TEMPLATES[1], PATHS[0], FORMULAS[0], LINES[1], UNICODE[0], LONG[2], "", "-1", "9" * 400)
#: What HTTP lets a header hold: what is more, no server would take.
_IN_HEADERS = tuple(
    text.encode() for text in (*TEXTS, *NUMBERS) if not any(sign in text for sign in "\r\n\0") and text.strip() == text
)
Parameter = dict[str, Any]


def _tried() -> dict[int, tuple[Any, ...]]:
    """What is sent in the place of each parameter: everything where it is declared so for the first time in its room,
    some of it where it is that again."""
    found: dict[int, tuple[Any, ...]] = {}
    met: set[str] = set()
    for operation in ALL:
        for parameter in operation.told.get("parameters", []):
            same = f"{operation.room} {json.dumps(parameter, sort_keys=True)}"
            if parameter["in"] == "header":
                found[id(parameter)] = _IN_HEADERS[::20] if same in met else _IN_HEADERS
            else:
                found[id(parameter)] = _FEW if same in met else _all_of(parameter)
            met.add(same)
    return found


def _all_of(parameter: Parameter) -> tuple[str, ...]:
    """All that looks like what is taken there, and is not."""
    told = parameter["schema"]
    kinds = [told, *told.get("anyOf", ())]
    if any(kind.get("format") in ("date", "date-time") for kind in kinds):
        return (*_FEW, *DAYS, *INSTANTS)
    if any(kind.get("type") in ("integer", "number") for kind in kinds):
        return (*_FEW, *NUMBERS)
    if any({"format", "enum", "const"} & set(kind) or kind.get("type") == "boolean" for kind in kinds):
        return (*_FEW, "null", "true", "1")
    return (*_FEW, *TEXTS, *map(_Escaped, ESCAPED))


class _Escaped(str):
    """Stands in an address as it is."""


def _spelled(value: str) -> str:
    return value if isinstance(value, _Escaped) else quote(value, safe="")


TRIED = _tried()


async def asked(scene: Scene, operation: Operation, call: Call) -> httpx.Response:
    path = operation.path
    for name, value in call.path.items():
        path = path.replace(f"{{{name}}}", _spelled(value))
    query = "&".join(f"{name}={_spelled(value)}" for name, value in call.query.items())
    content = {} if call.body is None else {"content" if isinstance(call.body, bytes) else "json": call.body}
    return await scene.room(operation.room).request(
        operation.method, f"{path}?{query}" if query else path, headers=call.headers, **content
    )


@pytest.mark.parametrize("operation", [each for each in ALL if each.told.get("parameters")], ids=str)
async def test_no_parameter_whatever_is_our_error(scene: Scene, operation: Operation) -> None:
    for parameter in operation.told["parameters"]:
        for value in TRIED[id(parameter)]:
            call = await scene.call(operation)
            places = {"path": call.path, "query": call.query, "header": call.headers}
            places[parameter["in"]][parameter["name"]] = value
            answer = await asked(scene, operation, call)
            held(answer, operation)
            if answer.is_success and operation.method != "get":
                scene.moved()
