"""Asking a time-stamping authority (RFC 3161) to say that an anchor was there: its signature over the anchor's root and
its own time, by a key that is not ours."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from shared.web.settings import Settings
from shared.web.tls import authorities

SECONDS = 10.0
LARGEST_BYTES = 65_536
_ASKED = {"Content-Type": "application/timestamp-query", "Accept-Encoding": "identity"}


class NotStamped(Exception):
    """There is no stamp; the message says why, for the log."""


class Stamp(NamedTuple):
    """at: what the authority says the time was. response: all that it answered, as RFC 3161 has it."""

    at: datetime
    response: bytes


@dataclass(frozen=True)
class Authority:
    """An authority by its address, and the certificates under which its own must stand."""

    url: str
    roots: tuple[Certificate, ...]

    @classmethod
    def of(cls, settings: Settings) -> "Authority | None":
        """The one that is set, if any."""
        if settings.stamp_authority is None or settings.stamp_certificates is None:
            return None
        return cls.of_files(settings.stamp_authority, settings.stamp_certificates)

    @classmethod
    def of_files(cls, url: str, certificates: Path) -> "Authority":
        """The one at an address, its roots in a file (PEM)."""
        return cls(url, tuple(load_pem_x509_certificates(certificates.read_bytes())))

    async def stamp(self, text: bytes) -> Stamp:
        """Its stamp on a text; it sees the SHA-256 only. Raises NotStamped where it gives none that holds."""
        request = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = await self._asked(request.as_bytes())
        verifier = VerifierBuilder.from_request(request)
        for root in self.roots:
            verifier = verifier.add_root_certificate(root)
        try:
            response = decode_timestamp_response(answer)
            if not verifier.build().verify_message(response, text):
                raise NotStamped("the stamp does not hold")
            return Stamp(response.tst_info.gen_time, answer)
        except (VerificationError, ValueError) as error:
            raise NotStamped(f"the stamp does not hold: {error}") from error

    async def _asked(self, query: bytes) -> bytes:
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, verify=authorities()) as client,
                client.stream("POST", self.url, content=query, headers=_ASKED) as answer,
            ):
                if answer.status_code != 200:
                    raise NotStamped(f"status {answer.status_code}")
                body = bytearray()
                async for block in answer.aiter_raw():
                    body += block
                    if len(body) > LARGEST_BYTES:
                        raise NotStamped(f"larger than {LARGEST_BYTES} bytes")
                return bytes(body)
        except TimeoutError as error:
            raise NotStamped(f"no answer in {SECONDS:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotStamped(type(error).__name__) from error
