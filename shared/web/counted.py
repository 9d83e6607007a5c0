"""What anybody may ask without a token is counted by client (shared/web/limits.py), and what it answers is kept by no
cache: it is one person's own."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.web.app import room_of
from shared.web.clock import now
from shared.web.problems import Problem, on_problem, on_validation_error

_UNCACHED = {"Cache-Control": "no-store"}
#: What the contract says of the headers that it adds.
RATE_LIMIT: dict[str, Any] = {
    "RateLimit": {
        "description": "What is left to this client, and in how many seconds more",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "Its quota, and the seconds it is for", "schema": {"type": "string"}},
}


class Counted(APIRoute):
    """Around the whole of it, so that what is refused before the endpoint is reached counts as well, and is kept by no
    cache."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, counted."""
        answer = super().get_route_handler()

        async def counted(request: Request) -> Response:
            told: dict[str, str] = {}
            try:
                told = room_of(request).limits.ask(request, now().timestamp())
                response = await answer(request)
            except Problem as problem:
                response = await on_problem(request, problem)
            except RequestValidationError as error:
                response = await on_validation_error(request, error)
            for name, value in {**_UNCACHED, **told}.items():
                response.headers.setdefault(name, value)
            return response

        return counted
