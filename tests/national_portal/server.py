"""HTTP: reads a request, lets the portal answer it, and does to the answer what the tester ordered."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.web.clock import now
from tests.national_portal.control import Control
from tests.national_portal.faults import Plan
from tests.national_portal.moments import VIETNAM
from tests.national_portal.services import AUTH, FAILED, INTEGRATION, SHARE, Answer, Portal, parsed

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: The longest answer that the history keeps.
_KEPT = 65536
_LOOPBACK = {"127.0.0.1", "::1"}


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the application, which may have to break it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["connection"] = self.transport  # type: ignore[typeddict-unknown-key]


@dataclass
class _Outgoing:
    """What leaves. close: how the connection is broken instead of, or in the midst of, the answer."""

    status: int = 200
    content: bytes = b""
    kind: bytes = b"application/json; charset=utf-8"
    close: str | None = None


class Application:
    """The ASGI application."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._control = Control(portal)
        self._last: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"]
        if path.startswith("/_control"):
            client = scope.get("client")
            if not client or client[0] not in _LOOPBACK:
                await _respond(send, _Outgoing(403, b"{}"))
                return
            status, content = self._control(scope["method"], path, scope["query_string"].decode(), bytes(body))
            await _respond(send, _Outgoing(status, orjson.dumps(content)))
            return
        endpoint = path.strip("/")
        if endpoint not in (AUTH, SHARE, INTEGRATION):
            await _respond(send, _Outgoing(404, b"{}"))
        elif scope["method"] != "POST":
            await _respond(send, _Outgoing(405, b"{}"))
        else:
            await self._protocol(endpoint, scope, bytes(body), receive, send)

    async def _protocol(self, endpoint: str, scope: Scope, raw: bytes, receive: Receive, send: Send) -> None:
        given = parsed(raw)
        named = given.get("service") if isinstance(given, dict) else None
        service = "login" if endpoint == AUTH else named if isinstance(named, str) else ""
        plans = self._portal.faults.met(service)
        for plan in plans:
            if plan.kind == "slow":
                await asyncio.sleep(plan.parameters["seconds"])
        plan_or_none = next((plan for plan in plans if plan.kind != "slow"), None)
        outgoing = self._answered(endpoint, service, scope, raw, given, plans, plan_or_none)
        await _send(scope, receive, send, outgoing)

    def _answered(
        self, endpoint: str, service: str, scope: Scope, raw: bytes, given: Any, plans: list[Plan], plan: Plan | None
    ) -> _Outgoing:
        """Work on the request, or not; keep it with its effects; say what leaves."""
        portal, store = self._portal, self._portal.store
        at = now().astimezone(VIETNAM)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with store.transaction():
            # A login's body holds the password.
            number = store.begin_request(at, endpoint, service, None if endpoint == AUTH else raw)
            answer: Answer | None = None
            if _worked_on(plan):
                only = None
                if plan and plan.kind == "half" and isinstance(given, dict) and isinstance(given.get("data"), list):
                    only = len(given["data"]) // 2
                if portal.too_often():
                    answer = portal.rate_refusal()
                elif endpoint == AUTH:
                    answer = portal.login(headers, given)
                else:
                    answer = portal.call(endpoint, headers, given, number, at, only)
            outgoing = self._changed(service, answer, given, plan)
            store.end_request(
                number,
                items=answer.items if answer else 0,
                accepted=answer.accepted if answer else 0,
                status=None if outgoing.close in ("close", "reset") else outgoing.status,
                error_code=answer.error_code if answer else None,
                fault="+".join(each.kind for each in plans) or None,
                # The catalogue in each of a thousand answers would be kept a thousand times.
                answer=outgoing.content if 0 < len(outgoing.content) <= _KEPT else None,
            )
        return outgoing

    def _changed(self, service: str, answer: Answer | None, given: Any, plan: Plan | None) -> _Outgoing:
        content = orjson.dumps(answer.content) if answer else b""
        last, self._last[service] = self._last.get(service, content), content or self._last.get(service, b"")
        status = answer.status if answer else 200
        if plan is None:
            return _Outgoing(status, content)
        parameters = plan.parameters
        if plan.kind == "broken_json":
            return _Outgoing(status, (content or b'{"error_code": 0, "message": "Th')[: max(1, len(content) * 2 // 3)])
        if plan.kind == "http_error":
            return _Outgoing(parameters["status"], b"<html><body>Error</body></html>", b"text/html")
        if plan.kind == "down":
            if parameters["how"] == "close":
                return _Outgoing(close="close")
            return _Outgoing(503, b"<html><body>Service Unavailable</body></html>", b"text/html")
        if plan.kind == "error_body":
            return _Outgoing(content=_failure(parameters["error_code"], parameters["message"]))
        if plan.kind in ("drop_before", "drop_after"):
            return _Outgoing(close=parameters["how"])
        if plan.kind == "truncated":
            return _Outgoing(status, content or b"{}" * 20, close="truncated")
        assert answer is not None, "the other faults change an answer"
        if plan.kind == "stale":
            return _Outgoing(status, last)
        result = answer.content.get("result")
        if isinstance(result, list):
            if plan.kind == "shuffled":
                plan.random.shuffle(result)
            elif plan.kind == "repeated":
                result += list(result)
            elif plan.kind == "half" and parameters["answer"] != "lie":
                if parameters["answer"] == "error":
                    return _Outgoing(content=_failure(FAILED, "Lỗi hệ thống"))
                data = given.get("data") if isinstance(given, dict) else None
                for item in (data or [])[len(result) :]:
                    name = item.get("MaHoSo", item.get("HOIDAPID")) if isinstance(item, dict) else None
                    result.append({"MaHoSo": name, "error_code": FAILED, "message": "Lỗi hệ thống"})
                answer.content |= {"error_code": FAILED, "message": "Lỗi hệ thống"}
        return _Outgoing(status, orjson.dumps(answer.content))


def _worked_on(plan: Plan | None) -> bool:
    """Whether a request has its effect in spite of the fault."""
    if plan is None:
        return True
    if plan.kind in ("down", "drop_before"):
        return False
    return bool(plan.parameters.get("commit", True))


def _failure(code: Any, message: str) -> bytes:
    return orjson.dumps({"error_code": code, "message": message, "result": []})


async def _respond(send: Send, outgoing: _Outgoing) -> None:
    headers = [(b"content-type", outgoing.kind), (b"content-length", str(len(outgoing.content)).encode())]
    await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
    await send({"type": "http.response.body", "body": outgoing.content})


async def _send(scope: Scope, receive: Receive, send: Send, outgoing: _Outgoing) -> None:
    if outgoing.close is None:
        await _respond(send, outgoing)
        return
    connection = scope["connection"]
    if outgoing.close == "truncated":
        size = str(len(outgoing.content)).encode()
        headers = [(b"content-type", outgoing.kind), (b"content-length", size)]
        await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
        half = outgoing.content[: len(outgoing.content) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection.close()
    elif outgoing.close == "reset":
        linger = struct.pack("ii", 1, 0)
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.abort()
    else:
        connection.close()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()


def serve(portal: Portal, listening: Callable[[str, int], None]) -> None:
    """Serve until a signal ends it. listening: told the address once it is open."""
    configuration = portal.configuration
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((configuration.host, configuration.port))
        host, port = listener.getsockname()[:2]
        config = uvicorn.Config(
            Application(portal),
            http=_Protocol,
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        _Server(config, lambda: listening(host, port)).run(sockets=[listener])
