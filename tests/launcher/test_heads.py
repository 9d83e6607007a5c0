"""Address and headers of a request have an end, whoever sends them, and others are served meanwhile."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from services.heads import MOST_BYTES, BoundedHeads


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    body, more = 0, True
    while more:
        message = await receive()
        body, more = body + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(body).encode()})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, loop="uvloop", http=BoundedHeads, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


def answered(port: int, *pieces: bytes) -> tuple[bytes, int]:
    """What is answered to these pieces, and how many bytes were taken until then."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
                taken += len(piece)
        except OSError:
            pass  # it was refused meanwhile
        found = b""
        try:
            while piece := wire.recv(65_536):
                found += piece
        except ConnectionResetError:
            pass
    return found, taken


BEGUN = b"GET / HTTP/1.1\r\nHost: room\r\nConnection: close\r\n"
ENDLESS = {
    "a header": (BEGUN + b"X: ", b"a" * 65_536),
    "its name": (BEGUN, b"a" * 65_536),
    "headers": (BEGUN, b"X: a\r\n" * 10_000),
    "an address": (b"GET /", b"a" * 65_536),
    "behind the body": (
        b"POST / HTTP/1.1\r\nHost: room\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"X: a\r\n" * 10_000,
    ),
}


@pytest.mark.parametrize(("begun", "piece"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_refused(port: int, begun: bytes, piece: bytes) -> None:
    _, taken = answered(port, begun, *[piece] * 200)
    assert taken < 200 * len(piece), "it was not taken to its end"


def test_it_is_told(port: int) -> None:
    for request in (BEGUN + b"X: " + b"a" * (MOST_BYTES + 1) + b"\r\n\r\n", BEGUN + b"X: a\r\n" * 20_000 + b"\r\n"):
        found, _ = answered(port, request)
        assert found.startswith(b"HTTP/1.1 431 "), found[:100]
        assert b"application/problem+json" in found
        assert b'"code":"headers_too_large"' in found


def test_what_ends_in_time_is_served(port: int) -> None:
    for pieces in ([b"a" * 60_000], [b"a" * 100] * 600):
        found, _ = answered(port, BEGUN + b"X: ", *pieces, b"\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 200 ")


def test_a_body_is_not_a_head(port: int) -> None:
    """However much of it comes, and with whatever behind it."""
    body = b"b" * 3_000_000
    post = b"POST / HTTP/1.1\r\nHost: room\r\nContent-Length: %d\r\n\r\n" % len(body)
    found, _ = answered(port, post + body + post + body + BEGUN + b"\r\n")
    assert found.count(b"HTTP/1.1 200 ") == 3
    assert found.count(b"3000000") == 2
