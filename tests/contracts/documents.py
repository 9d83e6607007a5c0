"""The contracts of the three rooms, and the means to walk them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.contracts import contract
from services.serve import ROOMS

Schema = dict[str, Any]
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    room: str
    method: str
    path: str
    told: Schema

    def __str__(self) -> str:
        return f"{self.room} {self.method.upper()} {self.path}"

    def matches(self, method: str, path: str) -> bool:
        """Whether a request goes to it."""
        return method.lower() == self.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", self.path), path) is not None


@cache
def document(room: str) -> Schema:
    """A room's OpenAPI document, as its code makes it."""
    made: Schema = json.loads(contract(room))
    return made


def operations(room: str) -> list[Operation]:
    """What a room offers."""
    return [
        Operation(room, method, path, told)
        for path, methods in document(room)["paths"].items()
        for method, told in methods.items()
    ]


ALL = [operation for room in ROOMS for operation in operations(room)]


def resolved(room: str, schema: Schema) -> Schema:
    """A schema, or the one that it refers to."""
    while "$ref" in schema:
        schema = document(room)["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def standing_alone(room: str, schema: Schema) -> Schema:
    """A schema with all that it may refer to, as a validator takes it."""
    return {**schema, "components": document(room)["components"]}


def parts(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a document with its place."""
    yield place, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from parts(each, f"{place}/{key}")


def sample(room: str, schema: Schema) -> Any:
    """A value that the schema allows: its example, or the plainest of its kind."""
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    schema = resolved(room, schema)
    if "enum" in schema:
        return schema["enum"][0]
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return sample(room, schema[either][0])
    match schema.get("type"):
        case "object":
            return {name: sample(room, each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [sample(room, schema["items"])]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "null":
            return None
    return {"date-time": "2019-07-22T08:00:00+07:00", "date": "2019-07-22", "time": "07:00:00"}.get(
        schema.get("format", ""), "text"
    )
