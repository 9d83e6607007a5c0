"""What is no request of HTTP is a problem as all else is, from every service, and echoes nothing."""

import json
import socket

import pytest

from tests.journeys.conftest import Running

MARK = "Zyxwvut"
NO_REQUESTS = {
    "letters with marks, as they are": f"GET /v1/agencies?q={MARK}ễn HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a byte of no text": f"GET /v1/{MARK}\xff HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"),
    "a zero byte": f"GET /v1/{MARK}\0 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a method that is none": f"{MARK} /v1/agencies HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "two lengths": b"POST /v1/dossiers HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": b"POST /v1/dossiers HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nab",
    "no line of HTTP": f"{MARK}\r\n\r\n".encode(),
}


def answered(address: str, sent: bytes) -> tuple[list[str], bytes]:
    """The lines of the head, and the body."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return head.decode().lower().split("\r\n"), body


@pytest.mark.parametrize("sent", NO_REQUESTS.values(), ids=NO_REQUESTS)
@pytest.mark.parametrize("room", ["intake", "routing", "stats"])
def test_it_is_a_problem(running: Running, room: str, sent: bytes) -> None:
    head, body = answered(getattr(running.addresses, room), sent)
    assert head[0] == "http/1.1 400 bad request"
    assert "content-type: application/problem+json" in head
    assert f"content-length: {len(body)}" in head
    assert MARK not in body.decode()
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (400, "http_error")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("request", "not_http")]


def test_the_next_request_is_answered(running: Running) -> None:
    head, _ = answered(running.addresses.routing, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert head[0] == "http/1.1 200 ok"
