"""Answers of any length, as they are read: the whole of a list in lines, in bounded memory."""

import asyncio
import csv
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from io import StringIO

import orjson
import structlog
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from shared.web.app import Room
from shared.web.problems import Problem

#: A list's media types, by the name that `format=` gives them.
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "ndjson": "application/x-ndjson"}

#: What a spreadsheet takes for a formula when a cell begins with it, some in the wide forms of East Asia too, and
#: some programs when blanks stand before it; an apostrophe in front makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


#: How long a client may leave a chunk untaken.
STALLED_SECONDS = 60.0
_AGAIN = "10"

log = structlog.get_logger()


async def arriving(body: AsyncIterator[bytes], idle_seconds: float) -> AsyncIterator[bytes]:
    """A body block by block as it comes in. Problem `upload_idle`: nothing came for so long."""
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                block = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError as silence:
            raise Problem("upload_idle") from silence
        yield block


class Streamed(StreamingResponse):
    """A whole list as it is read. When the client breaks off it ends, between two chunks: the framework would cancel it
    in the middle of a statement, and again at every step of giving its connection back. While it is read it keeps a
    connection: at most half of a service's go to lists (Problem `unavailable` beyond), and a client that takes nothing
    for STALLED_SECONDS is broken off, so that whoever reads slowly stops nobody else."""

    def __init__(self, room: Room, content: AsyncGenerator[bytes, None], media_type: str) -> None:
        if room.streams >= max(1, room.settings.pool_size // 2):
            raise Problem("unavailable", headers={"Retry-After": _AGAIN})
        super().__init__(content, media_type=media_type)
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        broken_off = asyncio.create_task(self.listen_for_disconnect(receive))
        self._room.streams += 1
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async with aclosing(self.body_iterator) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    if broken_off.done():
                        return
                    try:
                        async with asyncio.timeout(STALLED_SECONDS):
                            await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    except TimeoutError:
                        log.warning("stream.stalled", room=self._room.name)
                        return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._room.streams -= 1
            broken_off.cancel()


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows as RFC 4180 lines, without a byte order mark (docs/decisions/0038). Numbers, dates and true/false go out
    plain, text is made safe for spreadsheets."""
    out = StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def header(fields: Sequence[str], form: str) -> bytes:
    """What stands before the first item: of a CSV its header."""
    return csv_lines([fields]).encode() if form == "csv" else b""


def lines(items: Iterable[dict[str, object]], fields: Sequence[str], form: str) -> bytes:
    """Items as lines of CSV or NDJSON."""
    if form == "csv":
        return csv_lines([item[name] for name in fields] for item in items).encode()
    return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items)


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str() if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA):
            return f"'{value}"
        case _:
            return value
