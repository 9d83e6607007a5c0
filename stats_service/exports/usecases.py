"""A table made into a file: whole, or written as its rows come. The file lies on the disk until it is sent: a slow
reader holds neither memory nor a connection of the database, and what fails while it is made is a problem, not half a
file. Who asks must wait as `Awaited` or a session does: what is made for a client that has gone ends between two rows.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Any, Literal, Protocol, TypeAlias

from starlette.responses import StreamingResponse

from shared.press.presses import CSV, DOCX, PDF, XLSX, Press
from shared.press.threads import pressed
from shared.web.problems import Problem, Reason
from stats_service.exports.table import Filled, Row, Table

FileFormat: TypeAlias = Literal["csv", "xlsx", "docx", "pdf"]
StreamedFormat: TypeAlias = Literal["csv", "xlsx"]


class Sheet(Protocol):
    """A file that takes its rows one after the other."""

    def write(self, rows: Iterable[Row]) -> None:
        """The next rows."""

    def close(self) -> None:
        """What stands below the rows, and the end."""

    def abandon(self) -> None:
        """Leave nothing behind, finished or not."""


_PRESSES = {
    "csv": Press("stats_service.exports.separated", f"{CSV}; charset=utf-8"),
    "xlsx": Press("stats_service.exports.xlsx", XLSX),
    "docx": Press("stats_service.exports.word", DOCX),
    "pdf": Press("stats_service.exports.pdf", PDF),
}
MEDIA_TYPES = {name: press.media_type for name, press in _PRESSES.items()}
#: The files of a table as an answer's content.
FILE_CONTENT: dict[str, Any] = {
    media.split(";")[0]: {"schema": {"type": "string", **({} if name == "csv" else {"format": "binary"})}}
    for name, media in MEDIA_TYPES.items()
}
#: What is laid out in pages is laid out as a whole: two thousand rows take seconds and 250 MB, of a process of its own.
MOST_PRINTED_ROWS = 2000
#: What a sheet holds is 1,048,576 rows; the title and the notes want some.
MOST_SHEET_ROWS = 1_000_000
_BLOCK = 256 * 1024


def most_rows(format: FileFormat) -> int | None:
    """How many rows a format holds; None: any number."""
    return {"docx": MOST_PRINTED_ROWS, "pdf": MOST_PRINTED_ROWS, "xlsx": MOST_SHEET_ROWS}.get(format)


def need_room(format: FileFormat, rows: int) -> None:
    """Raise the Problem that names the formats which hold so many rows, unless this one does."""
    limit = most_rows(format)
    if limit is not None and rows > limit:
        able = [name for name in MEDIA_TYPES if (most := most_rows(name)) is None or rows <= most]  # type: ignore[arg-type]
        raise Problem(
            "not_acceptable", Reason("format", "too_long_for_format", {"limit": limit, "formats": ", ".join(able)})
        )


async def file_answer(filled: Filled, format: FileFormat) -> StreamingResponse:
    """The table as a file."""
    need_room(format, len(filled.rows))
    press = _PRESSES[format]
    return await written_answer(
        lambda file: press.printed(filled, file), MEDIA_TYPES[format], _named(filled.table, format)
    )


async def written_answer(
    write: Callable[[IO[bytes]], None], media_type: str, headers: Mapping[str, str]
) -> StreamingResponse:
    """What `write` writes into a file, whatever it is."""
    file = TemporaryFile()  # noqa: SIM115 (closed when it is sent)
    try:
        await pressed(write, file)
    except BaseException:
        file.close()
        raise
    return _sent(file, media_type, headers)


async def stream_answer(table: Table, rows: AsyncIterator[Sequence[Row]], format: StreamedFormat) -> StreamingResponse:
    """The table as a file, written as its rows come, so many at a time."""
    file = TemporaryFile()  # noqa: SIM115 (closed when it is sent)
    try:
        sheet: Sheet = await pressed(lambda given: _PRESSES[format].module.Sheet(given, file), table)
        try:
            async for some in rows:
                await pressed(sheet.write, some)
            await pressed(lambda made: made.close(), sheet)
        finally:
            sheet.abandon()
    except BaseException:
        file.close()
        raise
    return _sent(file, MEDIA_TYPES[format], _named(table, format))


def _named(table: Table, format: FileFormat) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{table.name}.{format}"', "Cache-Control": "no-store"}


def _sent(file: IO[bytes], media_type: str, headers: Mapping[str, str]) -> StreamingResponse:
    length = file.tell()
    file.seek(0)
    return StreamingResponse(_blocks(file), 200, {**headers, "Content-Length": str(length)}, media_type)


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
