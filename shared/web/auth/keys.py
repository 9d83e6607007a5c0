"""An issuer's public keys: kept, renewed in time, read again for a key that is not known yet, and given up.

Time is an argument, in seconds of a clock that only runs forward.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.web.auth.fetching import Unreadable
from shared.web.problems import Problem

log = structlog.get_logger()

_MOST_KEYS = 100
_RSA_BITS = 2048
#: Algorithm → the kind of key that it takes. A key of one kind never checks the other's signature.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "RS256": ("RSA",),
    "PS256": ("RSA",),
    "ES256": ("P-256",),
    "EdDSA": ("Ed25519", "Ed448"),
    "Ed25519": ("Ed25519",),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long keys hold, in seconds."""

    #: Renewed without anybody waiting; from here on they must be; and this long they serve while nobody answers.
    early: float = 240.0
    fresh: float = 300.0
    stale: float = 3600.0
    #: Between two readings, whoever asks for whatever key.
    between: float = 5.0


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that checks signatures. `algorithm`: the only one that it is for, if its issuer says so."""

    id: str | None
    kind: str
    algorithm: str | None
    thumbprint: str

    def fits(self, algorithm: str) -> bool:
        """Whether it may check a signature of this algorithm."""
        return self.kind in _KINDS.get(algorithm, ()) and self.algorithm in (None, algorithm)


class Ring:
    """The keys of one reading."""

    def __init__(self, keys: Mapping[Key, RSAKey | ECKey | OKPKey]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def named(self, kid: str) -> bool:
        """Whether any key has this name."""
        return any(key.id == kid for key in self._keys)

    def find(self, kid: str | None, algorithm: str) -> tuple[Key, RSAKey | ECKey | OKPKey] | None:
        """The key that a token names. One without a name is taken only where there is no choice."""
        fitting = [pair for pair in self._keys.items() if pair[0].fits(algorithm) and kid in (None, pair[0].id)]
        return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None


def ring_of(key_set: Mapping[str, Any]) -> Ring:
    """The keys of a JWKS that can check signatures; the others, secrets among them, are left aside (RFC 7517, 5)."""
    listed = key_set.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise Unreadable(f"no list of at most {_MOST_KEYS} keys")
    return Ring(dict(filter(None, map(_imported, listed))))


def _imported(given: Any) -> tuple[Key, RSAKey | ECKey | OKPKey] | None:
    makers: Mapping[object, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    try:
        if given.get("use", "sig") != "sig" or "verify" not in given.get("key_ops", ["verify"]) or "d" in given:
            return None
        name, algorithm = given.get("kid"), given.get("alg")
        if not isinstance(name, str | None) or not isinstance(algorithm, str | None):
            return None
        made = makers[given["kty"]].import_key(dict(given))
        if isinstance(made, RSAKey) and made.public_key.key_size < _RSA_BITS:
            return None
        kind = "RSA" if isinstance(made, RSAKey) else given["crv"]
        return Key(name, kind, algorithm, made.thumbprint()), made
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


class Keys:
    """The keys of one issuer, of which there is one reading at a time, whoever waits for it."""

    def __init__(
        self, name: str, read: Callable[[], Awaitable[Mapping[str, Any]]], patience: Patience = Patience()
    ) -> None:
        self._name = name
        self._read = read
        self._patience = patience
        self._ring = Ring({})
        self._of: float | None = None
        self._tried: float | None = None
        self._failed = False
        self._reading: asyncio.Task[None] | None = None

    async def ring(self, at: float) -> Ring:
        """The keys that hold at this instant. A Problem if there are none and none can be had."""
        age = self._age(at)
        if age < self._patience.early:
            return self._ring
        if age < self._patience.fresh or (self._failed and age < self._patience.stale):
            self._start(at)  # nobody waits for it
            return self._ring
        await self._renewed(at)
        if self._age(at) >= self._patience.stale:
            raise Problem("unavailable", headers={"Retry-After": "5"})
        return self._ring

    async def ring_naming(self, kid: str, at: float) -> Ring:
        """The keys, read again if none has this name; not more often than is good for the issuer."""
        ring = await self.ring(at)
        if not ring.named(kid):
            await self._renewed(at)
        return self._ring

    async def stop(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _age(self, at: float) -> float:
        return float("inf") if self._of is None else at - self._of

    async def _renewed(self, at: float) -> None:
        if (reading := self._start(at)) is not None:
            await asyncio.shield(reading)  # who gives up waiting does not end it for the others

    def _start(self, at: float) -> asyncio.Task[None] | None:
        """The reading that is under way, or a new one if the last was long enough ago."""
        if self._reading is not None and not self._reading.done():
            return self._reading
        if self._tried is not None and at - self._tried < self._patience.between:
            return None
        self._tried = at
        self._reading = asyncio.get_running_loop().create_task(self._renew(at))
        return self._reading

    async def _renew(self, at: float) -> None:
        try:
            self._ring = ring_of(await self._read())
            self._of, self._failed = at, False
            if not len(self._ring):
                log.warning("keys.none", issuer=self._name)
        except Exception as error:
            self._failed = True
            reason = str(error) if isinstance(error, Unreadable) else type(error).__name__
            log.warning("keys.unreadable", issuer=self._name, reason=reason)
