"""Issuers for tests: keys, tokens, and a small HTTP server of their own that publishes what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from shared.web.auth.issuers import Issuer
from shared.web.auth.roles import Role
from shared.web.clock import now

AUDIENCE = "motcua"
AnyKey = RSAKey | ECKey | OKPKey


def ec(kid: str | None = None, **more: Any) -> ECKey:
    """A key that signs ES256. Without a name it is called after itself."""
    return ECKey.generate_key("P-256", _about(kid, more), auto_kid=kid is None)


def rsa(kid: str | None = None, bits: int = 2048, **more: Any) -> RSAKey:
    """A key that signs RS256 and PS256."""
    return RSAKey.generate_key(bits, _about(kid, more), auto_kid=kid is None)


def _about(kid: str | None, more: dict[str, Any]) -> Any:
    return {"use": "sig", **({"kid": kid} if kid else {}), **more}


def key_set(*keys: AnyKey) -> dict[str, Any]:
    """What an issuer publishes."""
    return dict(KeySet(list(keys)).as_dict(private=False))


def claims(issuer: str, **changes: Any) -> dict[str, Any]:
    """Good ones; None takes one away."""
    instant = int(now().timestamp())
    good = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": "somebody",
        "role": "leader",
        "agency": "44",
        "iat": instant,
        "exp": instant + 3600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(key: AnyKey, said: dict[str, Any], *, alg: str = "", **header: Any) -> str:
    """A token. `kid` is the key's unless given; None: without."""
    alg = alg or {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}[key.key_type]
    head = {"alg": alg, "kid": key.kid, **header}
    return jwt.encode({name: value for name, value in head.items() if value is not None}, said, key, algorithms=[alg])


def trusting(issuer: str, **more: Any) -> Issuer:
    """What the settings say of an issuer."""
    return Issuer(**{"issuer": issuer, "audience": AUDIENCE, "roles": frozenset(Role), **more})


@dataclass
class Publisher:
    """A real HTTP server. `answers`: by path the body, or a function that writes what it likes to the wire."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: Set to let answers out.
    open: asyncio.Event = field(default_factory=asyncio.Event)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, *keys: AnyKey, **described: Any) -> None:
        """Discovery and the key set."""
        self.answers["/jwks"] = key_set(*keys)
        self.answers["/.well-known/openid-configuration"] = {
            "issuer": self.address,
            "jwks_uri": f"{self.address}/jwks",
            **described,
        }

    def times(self, path: str = "/jwks") -> int:
        """How often it was asked."""
        return self.asked.count(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        self.asked.append(path)
        self.was_asked.set()
        await self.open.wait()
        answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if not isinstance(answer, bytes):
            body = orjson.dumps(answer)
            answer = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
        try:
            writer.write(answer)
            await writer.drain()
        except ConnectionError:
            pass  # who asked has heard enough
        finally:
            writer.close()


@asynccontextmanager
async def publishing(*keys: AnyKey) -> AsyncIterator[Publisher]:
    """A publisher of these keys."""
    publisher = Publisher()
    publisher.open.set()
    server = await asyncio.start_server(publisher.serve, "127.0.0.1", 0)
    publisher.port = server.sockets[0].getsockname()[1]
    publisher.publish(*keys)
    try:
        yield publisher
    finally:
        publisher.open.set()
        server.close()
        await server.wait_closed()
