"""Answers in JSON, past the framework's serialiser: of a page of 200 rows it makes 356 µs, orjson 85."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

_REPLAYED = {"Idempotency-Replayed": "true"}


def json_answer(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, replayed: bool = False
) -> Response:
    """`body` as JSON. `replayed`: an earlier request with this key had done it, and the client is told so."""
    told = {**(headers or {}), **_REPLAYED} if replayed else headers
    return Response(orjson.dumps(body), status, told, "application/json")
