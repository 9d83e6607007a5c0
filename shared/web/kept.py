"""What everybody may read, clients keep: it is asked for again by its ETag, and not sent again while it is the same.

Only what is public: an answer behind a token may hold personal data, and without a version of its own no cache keeps
it (shared/web/edge.py)."""

from collections.abc import Callable, Coroutine
from hashlib import blake2b
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.web.auth import right_of
from shared.web.versions import is_known, known_to

#: What the contract says of such an answer, beside the answer itself.
UNCHANGED: dict[str, Any] = {
    "description": "Nothing has changed: what the client keeps still holds",
    "headers": {"ETag": {"description": "The same", "schema": {"type": "string"}}},
}
TAG: dict[str, Any] = {
    "description": "Of these bytes, for `If-None-Match`",
    "schema": {"type": "string", "examples": ['"9f2c4b7a1d3e5f60"']},
}
ASKED: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "examples": ['"9f2c4b7a1d3e5f60"']},
    "description": "The ETags of what the client keeps: 304 if one is still right. A browser sends it by itself",
}
_TAG_BYTES = 8


class Kept(APIRoute):
    """The class of the routes of a router whose public answers are kept. Its other routes are as they were, and so are
    answers that have a version of their own."""

    @property
    def is_kept(self) -> bool:
        """Whether it reads what is public."""
        return self.methods == {"GET"} and not right_of(self).roles

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, whose answer gets a tag."""
        answer = super().get_route_handler()
        if not self.is_kept:
            return answer

        async def kept(request: Request) -> Response:
            response = await answer(request)
            if response.status_code != 200 or "etag" in response.headers:
                return response
            etag = f'"{blake2b(response.body, digest_size=_TAG_BYTES).hexdigest()}"'
            if is_known(known_to(request), etag):
                return Response(status_code=304, headers={"ETag": etag})
            response.headers["ETag"] = etag
            return response

        return kept
