"""What is read of an issuer: its key set, from a file or an address, found by its own description if need be.

The addresses are the operator's, and that of an issuer's keys must lie on the host that was named: no answer leads
anywhere else. It is bounded in size and time, and it is shown to nobody.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from shared.web.auth.issuers import Issuer, wrong_address
from shared.web.tls import authorities

SECONDS = 5.0
LARGEST_BYTES = 262_144


class Unreadable(Exception):
    """No keys could be read; the message says why, for the log."""


async def read_key_set(issuer: Issuer) -> Mapping[str, Any]:
    """The JWKS of an issuer as it is now. Raises Unreadable."""
    if issuer.jwks_file is not None:
        return _parsed(await asyncio.to_thread(_read, issuer))
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, verify=authorities()) as client,
        ):
            return _parsed(await _get(client, issuer.jwks_url or await _found(client, issuer)))
    except TimeoutError as error:
        raise Unreadable(f"no answer in {SECONDS:g} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreadable(type(error).__name__) from error


def _read(issuer: Issuer) -> bytes:
    assert issuer.jwks_file is not None
    try:
        with issuer.jwks_file.open("rb") as file:
            body = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"file: {error.strerror}") from error
    _need_small(body)
    return body


async def _found(client: httpx.AsyncClient, issuer: Issuer) -> str:
    """The address of its keys, by discovery (OpenID Connect Discovery 1.0, 4)."""
    assert issuer.discovery is not None
    described = _parsed(await _get(client, issuer.discovery))
    if described.get("issuer") != issuer.issuer:
        raise Unreadable("discovery: it calls itself another issuer than the setting does")
    address = described.get("jwks_uri")
    if not isinstance(address, str) or wrong_address(address, allow_http=issuer.allow_http):
        raise Unreadable("discovery: jwks_uri is no https address")
    if _place(address) != _place(issuer.issuer):
        raise Unreadable("discovery: jwks_uri lies on another host; name it as jwks_url if that is meant")
    return address


def _place(address: str) -> tuple[str, str | None, int | None]:
    place = urlsplit(address)
    return place.scheme, place.hostname, place.port or {"http": 80, "https": 443}.get(place.scheme)


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    # Not compressed: a small body could become a large one before it is counted.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with client.stream("GET", address, headers=headers) as answer:
        if answer.status_code != 200:
            raise Unreadable(f"status {answer.status_code}")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise Unreadable("the answer is compressed though it was asked not to be")
        body = bytearray()
        async for block in answer.aiter_raw():
            body += block
            _need_small(body)
        return bytes(body)


def _need_small(body: bytes | bytearray) -> None:
    if len(body) > LARGEST_BYTES:
        raise Unreadable(f"larger than {LARGEST_BYTES} bytes")


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("no JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("no JSON object")
    return found
