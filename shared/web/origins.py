"""Which pages of a browser may call the services: those of the origins that an installation names, and no others."""

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

#: What these pages may send, and read of an answer. No cookies: tokens are sent.
ALLOWED: dict[str, Any] = {
    "allow_methods": ["DELETE", "GET", "HEAD", "POST", "PUT"],
    "allow_headers": [
        *("Accept", "Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "If-Match"),
        *("If-None-Match", "Receipt-Secret", "Applicant-Id-Number"),
    ],
    "expose_headers": [
        *("Content-Disposition", "ETag", "Idempotency-Replayed", "Location", "Next-Cursor", "RateLimit"),
        *("RateLimit-Policy", "Retry-After", "WWW-Authenticate", "X-Request-Id"),
    ],
    "allow_credentials": False,
    "max_age": 600,
}


class NamedOrigins(CORSMiddleware):
    """Says of every answer that it depends on who asks: a cache that kept one for a stranger, or for nobody, would hand
    it to a page that is named, which could not read it (Fetch, CORS protocol and HTTP caches)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if "origin" not in headers.get("vary", "").lower():
                    headers.add_vary_header("Origin")
                message["headers"] = headers.raw
            await send(message)

        await super().__call__(scope, receive, send_told if scope["type"] == "http" else send)
