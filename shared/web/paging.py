"""Keyset pages: an opaque, signed cursor holds the sort key of the last row."""

import base64
import hmac
from hashlib import sha256
from typing import Any

import orjson

from shared.web.problems import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_SIGNATURE_BYTES = 8


def cursor_of(values: list[Any], *, scope: str, key: str) -> str:
    """A cursor for the page after `values`. `scope` binds it to one list: it cannot be used on another."""
    body = orjson.dumps(values)
    return base64.urlsafe_b64encode(_signature(body, scope, key) + body).decode().rstrip("=")


def read_cursor(cursor: str, kinds: tuple[type, ...], *, scope: str, key: str) -> list[Any]:
    """The values in a cursor; a Problem if it is not one of ours, or of another list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        body = raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(raw[:_SIGNATURE_BYTES], _signature(body, scope, key)):
            raise ValueError("signature")
        values = orjson.loads(body)
        if len(values) != len(kinds) or any(not isinstance(v, k) for v, k in zip(values, kinds, strict=True)):
            raise ValueError("shape")
    except (ValueError, TypeError, AttributeError) as error:
        raise invalid("cursor", "malformed_cursor") from error
    else:
        return list(values)


def _signature(body: bytes, scope: str, key: str) -> bytes:
    return hmac.new(key.encode(), scope.encode() + b"\0" + body, sha256).digest()[:_SIGNATURE_BYTES]
