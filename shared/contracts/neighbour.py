"""Calling a neighbour: it answers, it refuses, or it is not there."""

import httpx
from pydantic import BaseModel


class NeighbourUnavailable(Exception):
    """The neighbour did not answer, or cannot now. Nothing is known of what it did: repeat with the same key."""


class NeighbourRefused(Exception):
    """The neighbour refused for good. `code` is the code of its problem, `status` the HTTP status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"refused: {code}")
        self.status = status
        self.code = code


async def call(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    body: BaseModel | None = None,
    params: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """The body of a successful answer."""
    shown = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers
    content = body.model_dump_json(exclude_none=True).encode() if body is not None else None
    try:
        answer = await http.request(method, url, content=content, params=params, headers=shown)
    except httpx.HTTPError as error:
        raise NeighbourUnavailable(type(error).__name__) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise NeighbourUnavailable(str(answer.status_code))
    if answer.status_code >= 400:
        raise NeighbourRefused(answer.status_code, _code_of(answer))
    return answer.content


def _code_of(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "http_error"
