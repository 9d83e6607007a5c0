"""Keyset pages: a signed cursor holds the sort key of the last row, which nobody reads in it: a list that shows no
dossier would tell by it whose a row is.

An endpoint asks for the rows `after` a cursor, one more than it shows, and lets them be `cut`:

    pages = Pages(room.settings.cursor_key, f"cases:{agency}", int)
    rows = await usecases.listed(connection, wanted, after=pages.after(cursor), limit=limit)
    rows, following = pages.cut(rows, limit, lambda row: (row.dossier_id,))
    return page_response([_case(row) for row in rows], following)
"""

import base64
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256, shake_256
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Query
from pydantic import SecretStr
from starlette.responses import Response

from shared.domain.codes import micros
from shared.web.answers import json_answer
from shared.web.problems import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page", examples=[DEFAULT_LIMIT])]

_SIGNATURE_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = TypeVar("Row")


class Pages:
    """One list in pages. `scope` names the list with all that narrows it: a cursor of another is refused. `kinds`: what
    its sort key is made of, of str, int and datetime."""

    def __init__(self, key: SecretStr, scope: str, *kinds: type) -> None:
        self._key = key.get_secret_value()
        self._scope = scope
        self._kinds = kinds

    def after(self, cursor: str | None) -> tuple[Any, ...] | None:
        """The sort key of the last row of the page before; None where the list begins."""
        if cursor is None:
            return None
        # An instant stands in it as microseconds; it may be missing: such rows are at one end of a list.
        wire = tuple(int | None if kind is datetime else kind for kind in self._kinds)
        values = _read_cursor(cursor, wire, scope=self._scope, key=self._key)
        return tuple(
            _EPOCH + timedelta(microseconds=value) if kind is datetime and value is not None else value
            for kind, value in zip(self._kinds, values, strict=True)
        )

    def cut(
        self, rows: Sequence[Row], limit: int, place: Callable[[Row], Sequence[Any]]
    ) -> tuple[Sequence[Row], str | None]:
        """The rows of a page, and the cursor of the next one if there are more rows than `limit`. `place` gives a row's
        sort key."""
        if len(rows) <= limit:
            return rows, None
        last = [micros(value) if isinstance(value, datetime) else value for value in place(rows[limit - 1])]
        return rows[:limit], _cursor_of(last, scope=self._scope, key=self._key)


def page_response(items: list[dict[str, Any]], following: str | None) -> Response:
    """A page as every list answers it."""
    return json_answer({"items": items, "next": following})


def _cursor_of(values: list[Any], *, scope: str, key: str) -> str:
    """A cursor for the page after `values`. `scope` binds it to one list: it cannot be used on another."""
    body = orjson.dumps(values)
    signature = _signature(body, scope, key)
    return _text(signature + _hidden(body, signature, scope, key))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read_cursor(cursor: str, kinds: tuple[Any, ...], *, scope: str, key: str) -> list[Any]:
    """The values in a cursor; a Problem if it is not one of ours, or of another list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        body = _hidden(raw[_SIGNATURE_BYTES:], raw[:_SIGNATURE_BYTES], scope, key)
        if _text(raw) != cursor:  # the decoder passes over what is not of its alphabet
            raise ValueError("text")
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


def _hidden(body: bytes, signature: bytes, scope: str, key: str) -> bytes:
    """A body as it goes out, and back again: each has a stream of its own."""
    stream = shake_256(b"\0".join((key.encode(), scope.encode(), signature))).digest(len(body))
    return bytes(one ^ other for one, other in zip(body, stream, strict=True))
