"""The load generator: `python -m bench.client`, a process of its own, as light as it can be.

It takes an order as JSON on standard input and prints what it saw as JSON. A few keep-alive connections to one port
of this machine, each sending its next request when it has its answer; bounded in time and in number.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import uuid4

import orjson
import uvloop

from bench.figures import percentile

HOST = "127.0.0.1"
MOST_CONNECTIONS, MOST_SECONDS, MOST_REQUESTS = 64, 120.0, 1_000_000
_KEY = b"@KEY@"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client saw. Latencies in milliseconds; cpu: its own share of one core."""

    requests: int
    rate: float
    p50: float
    p99: float
    cpu: float
    statuses: dict[str, int]
    example: str


def request(method: str, path: str, token: str, body: bytes = b"", *, key: bool = False) -> bytes:
    """A request as it goes over the wire. `key`: each time it is sent with an Idempotency-Key of its own."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if key:
        lines.append(f"Idempotency-Key: {_KEY.decode()}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, limit: int = 500_000) -> Seen:
    """Send `requests` in turn, from a process of its own, and wait for the end."""
    order = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "limit": limit,
        "requests": [one.decode() for one in requests],
    }
    command = [sys.executable, "-m", "bench.client"]
    done = subprocess.run(command, input=orjson.dumps(order), capture_output=True, timeout=seconds + 60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The load generator failed:\n{done.stderr.decode()[-2000:]}")
    return Seen(**orjson.loads(done.stdout))


@dataclass
class _Load:
    """What all connections share."""

    requests: list[tuple[bytes, bytes | None]]
    until: float
    limit: int
    sent: int = 0
    open: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    example: str = ""
    run: bytes = field(default_factory=lambda: uuid4().hex[:23].encode())
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._turn = cycle(self.requests)

    def next(self) -> bytes | None:
        """The next request, or None when it is enough."""
        if self.sent >= self.limit or time.perf_counter() >= self.until:
            return None
        self.sent += 1
        head, tail = next(self._turn)
        return head if tail is None else b"%b%b-%012d%b" % (head, self.run, self.sent, tail)


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._rest = b""
        self._began = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._load.open += 1
        self._send()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data, end):
            self._rest = data
            return
        self._rest = b""
        load = self._load
        load.latencies.append(time.perf_counter() - self._began)
        status = data[9:12].decode()
        load.statuses[status] += 1
        if not load.example or status[0] != "2":
            load.example = data[end + 4 : end + 600].decode(errors="replace")
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.open -= 1
        if self._load.open == 0:
            self._load.over.set()

    def _send(self) -> None:
        following = self._load.next()
        if following is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(following)


def _length(data: bytes, end: int) -> int:
    at = data.find(b"content-length: ", 0, end)
    if at < 0:
        raise ValueError("an answer without content-length")
    return int(data[at + 16 : data.find(b"\r", at)])


async def _run(order: dict[str, Any]) -> dict[str, Any]:
    requests: list[tuple[bytes, bytes | None]] = []
    for text in order["requests"]:
        head, key, tail = text.encode().partition(_KEY)
        requests.append((head, tail if key else None))
    began = time.perf_counter()
    load = _Load(requests, began + min(order["seconds"], MOST_SECONDS), min(order["limit"], MOST_REQUESTS))
    loop = asyncio.get_running_loop()
    for _ in range(min(order["connections"], MOST_CONNECTIONS)):
        await loop.create_connection(lambda: _Connection(load), HOST, order["port"])
    await load.over.wait()
    elapsed = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    milliseconds = [1000 * one for one in load.latencies] or [0.0]
    return {
        "requests": len(load.latencies),
        "rate": len(load.latencies) / elapsed,
        "p50": percentile(milliseconds, 50),
        "p99": percentile(milliseconds, 99),
        "cpu": (used.ru_utime + used.ru_stime) / elapsed,
        "statuses": load.statuses,
        "example": load.example,
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(_run(orjson.loads(sys.stdin.buffer.read())))))
