"""A client that asks and goes away before it has its answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI

from services.local_issuer import LocalIssuer
from tests.support import PROVINCE, bearer


@dataclass
class Asked:
    """A request under way. gone: set when the client goes; sent: what it was sent."""

    answered: asyncio.Task[None]
    gone: asyncio.Event
    sent: list[Any]


def asked_by_one_who_leaves(app: FastAPI, issuer: LocalIssuer, path: str, query: Mapping[str, str]) -> Asked:
    """A leader's GET, past any HTTP client: these hide how one breaks off."""
    gone, sent = asyncio.Event(), list[Any]()
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        if (message := next(messages, None)) is None:
            await gone.wait()
        return message or {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", bearer(issuer, "leader", PROVINCE)["Authorization"].encode())]
    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path}
    scope |= {"query_string": urlencode(query).encode(), "headers": headers}
    return Asked(asyncio.create_task(app(scope, receive, send)), gone, sent)
