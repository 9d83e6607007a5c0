"""One attempt to send a message: the name is resolved once, every address of it is held up, and one of these dialled.

The certificate is that of the name, and so are SNI and `Host`. No redirect is followed, no proxy of the environment is
asked, and of the answer only its status is kept, and when it wants to be asked again. Everything has a limit of time.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import httpcore
import httpx

from routing_service.webhook_deliveries.rules import Answer
from shared.web.targets import HTTP_PORT, HTTPS_PORT, Allowed, Target, reached

#: Host and port → the addresses that the host stands for.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: Of their own, so that names which nobody answers for hold up nothing else.
_RESOLVERS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")
_TRIED_ADDRESSES = 3
_LARGEST_BODY = 16_384
_LARGEST_PROXY_ANSWER = 8_192


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a name, a connection and again TLS on it, a piece of an answer, the rest of one; and for all."""

    resolve: float = 5.0
    connect: float = 5.0
    read: float = 15.0
    body: float = 2.0
    total: float = 20.0


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as this machine knows it. Bytes: a text would be made international first."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _RESOLVERS, lambda: socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    )
    return [str(place[0]) for *_, place in found]


async def addresses(target: Target, allowed: Allowed, resolve: Resolve, patience: float) -> list[str] | None:
    """The addresses to dial; None where nothing may be sent. Raises OSError and TimeoutError: the name is not known."""
    if target.literal is not None:
        return reached([target.host], allowed)
    async with asyncio.timeout(patience):
        return reached(await resolve(target.host, target.port), allowed)


async def may_send(target: Target, allowed: Allowed, resolve: Resolve = resolved) -> bool:
    """Whether a target could be sent to now."""
    try:
        return await addresses(target, allowed, resolve, Patience().resolve) is not None
    except (OSError, TimeoutError, UnicodeError):
        return False


class Sender:
    """Sends to targets. certificates: of authorities beside the public ones. proxy: through which it goes out."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        certificates: Path | None = None,
        proxy: str | None = None,
        resolve: Resolve = resolved,
        patience: Patience | None = None,
    ) -> None:
        self.allowed = allowed
        self.patience = patience or Patience()
        self._tls = httpx.create_ssl_context(trust_env=False)
        if certificates is not None:
            self._tls.load_verify_locations(certificates)
        place = httpx.URL(proxy) if proxy else None
        self._proxy = (place.host, place.port or HTTP_PORT) if place else None
        self._resolve = resolve

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """What a target answers to a message, or why it does not."""
        try:
            async with asyncio.timeout(self.patience.total):
                found = await addresses(target, self.allowed, self._resolve, self.patience.resolve)
                if found is None:
                    return Answer(error="address_not_allowed")
                return await self._post(target, found, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(error="timed_out")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Answer(error="no_http")
        except (OSError, UnicodeError, httpcore.NetworkError) as error:
            return Answer(error="tls" if _is_of_tls(error) else "unreachable")

    async def _post(self, target: Target, found: Sequence[str], headers: Mapping[str, str], body: bytes) -> Answer:
        scheme, usual = ("https", HTTPS_PORT) if target.secure else ("http", HTTP_PORT)
        written = f"[{target.host}]" if isinstance(target.literal, IPv6Address) else target.host
        url = httpcore.URL(
            scheme=scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        sent = {
            "Host": written if target.port == usual else f"{written}:{target.port}",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Content-Type": "application/json",
            "User-Agent": "motcua-webhooks/1",
            **headers,
        }
        patience = {"connect": self.patience.connect, "read": self.patience.read, "write": self.patience.read}
        # A connection of its own for each: one that is kept would be to an address that was held up before.
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                network_backend=_Pinned(found, self._proxy),
                max_connections=1,
                max_keepalive_connections=0,
            ) as pool,
            pool.stream(
                "POST",
                url,
                headers=list(sent.items()),
                content=body,
                extensions={"timeout": patience},
            ) as response,
        ):
            await self._pass_over(response.aiter_stream())
            return Answer(status=response.status, retry_after=_seconds(response.headers))

    async def _pass_over(self, blocks: AsyncIterator[bytes]) -> None:
        """Some of the rest of an answer, so that its sender may see that it was heard."""
        taken = 0
        with contextlib.suppress(
            TimeoutError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.NetworkError
        ):
            async with asyncio.timeout(self.patience.body):
                async for block in blocks:
                    taken += len(block)
                    if taken >= _LARGEST_BODY:
                        return


def _is_of_tls(error: BaseException | None) -> bool:
    """Whether an error is one of TLS, however the library has wrapped it."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _seconds(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """`Retry-After` in seconds, where it says so; a date is not read."""
    told = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return int(told) if told.isdigit() and len(told) < 8 else None


class _Pinned(httpcore.AsyncNetworkBackend):
    """Dials the addresses that were held up, whatever the name would be resolved to now."""

    def __init__(self, found: Sequence[str], proxy: tuple[str, int] | None) -> None:
        self._found = found[:_TRIED_ADDRESSES]
        self._proxy = proxy
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 as the library has it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first that takes one."""
        for last, address in ((address == self._found[-1], address) for address in self._found):
            try:
                if self._proxy is None:
                    return await self._network.connect_tcp(address, port, timeout)
                return await self._through(self._proxy, address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise httpcore.ConnectError("no address")

    async def _through(
        self,
        proxy: tuple[str, int],
        address: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Through the operator's proxy, which is told the address: it would resolve a name once more."""
        stream = await self._network.connect_tcp(*proxy, timeout)
        try:
            place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            await stream.write(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode(), timeout)
            told = b""
            while not told.endswith(b"\r\n\r\n"):
                block = await stream.read(_LARGEST_PROXY_ANSWER, timeout)
                told += block
                if not block or len(told) > _LARGEST_PROXY_ANSWER:
                    raise httpcore.ConnectError("no answer of the proxy")
            if not told.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
                raise httpcore.ConnectError("refused by the proxy")
        except BaseException:
            await stream.aclose()
            raise
        return stream
