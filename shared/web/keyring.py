"""The keys under which identity numbers are kept: several, of which the first seals, so that they can be changed.

A sealed number is text (AES-256-GCM, a nonce of its own, the key's id before it), and stands where the number would. It
is found by an index, an HMAC under the same key: equal numbers have equal indexes, and nobody without the key can try
numbers out. Both are made from the given key and are never the same key.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_bytes
from types import MappingProxyType
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.personal import number_key

#: What a sealed number begins with. No text that comes in may hold a control character.
MARK = "\x01"
_NONCE_BYTES = 12
_INDEX_BYTES = 15
#: What is sealed for one purpose is not opened for another.
_FOR = b"identity number"
WEBHOOKS = b"secret of a webhook"
_WRITTEN = re.compile(r"([1-9][0-9]{0,2}):([0-9a-fA-F]{64})")
_KEY_BYTES, _LAST_ID = 32, 255
#: No key of an installation has this id.
_APART = 0


class KeyMissing(LookupError):
    """A number is sealed under a key that the ring does not hold, or was changed since."""


class KeysMalformed(ValueError):
    """Not `ID:HEX` of 32 bytes each, or an id twice."""


def new_key() -> str:
    """A key, in hex."""
    return token_bytes(_KEY_BYTES).hex()


class _Key(NamedTuple):
    cipher: AESGCM
    finding: bytes


class Keyring:
    """The keys by id, the first of which seals. Without any nothing is sealed, and what is sealed cannot be opened."""

    def __init__(self, keys: Mapping[int, bytes] = MappingProxyType({})) -> None:
        """keys: 32 bytes each, by ids up to 255."""
        self._keys = {
            number: _Key(AESGCM(hmac.digest(key, b"seal", sha256)), hmac.digest(key, b"index", sha256))
            for number, key in keys.items()
        }
        self._first = next(iter(self._keys), None)

    @classmethod
    def of(cls, text: str | None) -> Self:
        """The ring that a setting names: `2:HEX,1:HEX`. Raises KeysMalformed."""
        keys: dict[int, bytes] = {}
        for written in (text or "").replace(",", " ").split():
            found = _WRITTEN.fullmatch(written)
            if found is None or int(found[1]) > _LAST_ID or int(found[1]) in keys:
                raise KeysMalformed
            keys[int(found[1])] = bytes.fromhex(found[2])
        return cls(keys)

    @classmethod
    def apart(cls, key: str) -> Self:
        """A ring of one key that is no installation's, of new_key(): what it seals is opened by whoever keeps it."""
        return cls({_APART: bytes.fromhex(key)})

    @property
    def ids(self) -> frozenset[int]:
        """The keys' ids."""
        return frozenset(self._keys)

    @property
    def prefix(self) -> str | None:
        """What numbers begin with that are sealed under the first key; None without keys."""
        return None if self._first is None else f"{MARK}{self._first}:"

    def seal(self, number: str | None, purpose: bytes = _FOR) -> str | None:
        """A number as it is kept, or what else is secret, for its purpose."""
        if number is None or self._first is None:
            return number
        nonce = token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._first].cipher.encrypt(nonce, number.encode(), purpose)
        return f"{self.prefix}{b64encode(nonce + sealed).decode()}"

    def unseal(self, kept: str | None, purpose: bytes = _FOR) -> str | None:
        """The number that is kept, sealed or from before there were keys. Raises KeyMissing."""
        if kept is None or not kept.startswith(MARK):
            return kept
        number, _, sealed = kept[len(MARK) :].partition(":")
        try:
            raw, key = b64decode(sealed, validate=True), self._keys[int(number)]
            return key.cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose).decode()
        except (InvalidTag, KeyError, ValueError):
            raise KeyMissing(number if number.isdecimal() else "?") from None

    def index(self, number: str | None) -> bytes | None:
        """By what a number is found that is sealed now, however it is written; None without keys."""
        return None if number is None or self._first is None else self._index(self._first, number)

    def indexes(self, number: str) -> list[bytes]:
        """By what it is found, under whichever key it was sealed."""
        return [self._index(one, number) for one in self._keys]

    def _index(self, one: int, number: str) -> bytes:
        digest = hmac.digest(self._keys[one].finding, number_key(number).encode(), sha256)
        return bytes([one]) + digest[:_INDEX_BYTES]
