"""Where the contents of files are kept: a directory that no web server serves, or a store that speaks S3. By their hash
alone, so nothing that a client has sent is ever a path, and the same content is kept once."""

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from shared.web.problems import Problem, Reason
from shared.web.settings import FilesPlace

log = structlog.get_logger()
_T = TypeVar("_T")

#: What is in memory of a file on its way in: so many parts at once, of which S3 takes none that is smaller. On its way
#: out: a chunk.
_S3_PART, _PART = 5 << 20, 1 << 20
_PARTS_AT_ONCE = 1
_CHUNK = 256 << 10
#: So many files are on their way in at once, whoever else waits: each holds a few parts. Four of them took 68 MB.
_AT_ONCE = 2
#: How long an answer may take, while whoever asks holds a connection of the database; and a whole file on its way in.
#: On its way out it takes as long as its reader, which shared/web/streams.py watches.
_ANSWER_SECONDS, _PUT_SECONDS = 10.0, 120.0
_CONNECT, _WHOLE, _RETRY = timedelta(seconds=5), timedelta(hours=2), timedelta(seconds=8)
_PAGE = 1000
#: As _path() has it; and what a directory holds of one that was being written when its process was killed.
_KEPT = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
_UNFINISHED = re.compile(r"[0-9a-f]{64}#[0-9]+")


class Kept(NamedTuple):
    """A content that is kept: its hash in hex, its size in bytes, when it was written last."""

    digest: str
    size: int
    at: datetime


class Storage:
    """Contents by the SHA-256 of their bytes, in hex."""

    def __init__(self, store: ObjectStore, directory: Path | None = None) -> None:
        self._store = store
        #: Where there is one, a file that is being received lies on the same disk.
        self.directory = directory
        self._places = asyncio.Semaphore(_AT_ONCE)

    @contextmanager
    def arriving(self) -> Iterator[BinaryIO]:
        """A file without a name, in which a content lies while it comes in: whatever happens, nothing is left of it."""
        with writable():
            file = tempfile.TemporaryFile(dir=self.directory)  # noqa: SIM115 -- to make it may fail, and to close it
        try:
            yield file
        finally:
            with suppress(OSError):  # a full disk takes no more at the end either; that was told
                file.close()

    async def put(self, digest: str, file: BinaryIO) -> None:
        """Keep a content, all of it or nothing, and on the disk where there is one: whoever says then that it is kept
        is right after a power failure too."""
        part = _S3_PART if self.directory is None else _PART
        file.seek(0)
        async with self._places:
            kept = obstore.put_async(self._store, _path(digest), file, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
            await _told(kept, _PUT_SECONDS)
        if self.directory is not None:
            await _told(asyncio.to_thread(_on_disk, self.directory / _path(digest)))

    async def has(self, digest: str, size: int) -> bool:
        """Whether it is kept whole. size: in bytes."""
        try:
            found = await _told(obstore.head_async(self._store, _path(digest)))
        except FileNotFoundError:
            return False
        return found["size"] == size

    async def kept_at(self, digest: str) -> datetime | None:
        """When it was written last; None: it is not kept."""
        try:
            found = await _told(obstore.head_async(self._store, _path(digest)))
        except FileNotFoundError:
            return None
        return found["last_modified"]

    async def all(self) -> AsyncGenerator[Sequence[Kept], None]:
        """Every content that is kept, some at a time. What lies there under other names is not ours."""
        pages = obstore.list(self._store, chunk_size=_PAGE)
        while True:
            try:
                page = await _told(anext(pages))
            except StopAsyncIteration:
                return
            named = [(_KEPT.fullmatch(each["path"]), each) for each in page]
            yield [Kept(name[2], each["size"], each["last_modified"]) for name, each in named if name is not None]

    def unfinished(self, before: datetime) -> list[Path]:
        """What was being written to a directory when its process was killed, before then. A store that speaks S3 has
        rules of its own for that."""
        if self.directory is None:
            return []
        with writable():
            found = [path for path in self.directory.glob("??/*#*") if _UNFINISHED.fullmatch(path.name)]
            return [path for path in found if _is_older(path, before)]

    async def content(self, digest: str) -> AsyncGenerator[bytes, None]:
        """It in chunks, once it is known to be there. Raises FileNotFoundError."""
        found = await _told(obstore.get_async(self._store, _path(digest)))

        async def chunks() -> AsyncGenerator[bytes, None]:
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                whole = memoryview(chunk)
                for start in range(0, len(whole), _CHUNK):
                    yield bytes(whole[start : start + _CHUNK])

        return chunks()

    async def remove(self, digest: str) -> None:
        """Keep it no more; nothing where it was not kept."""
        try:
            await _told(obstore.delete_async(self._store, _path(digest)))
        except FileNotFoundError:
            return


@lru_cache(maxsize=8)
def storage_at(place: FilesPlace) -> Storage:
    """The storage at a place. One for each: a client keeps its connections."""
    if place.bucket is None:
        directory = Path(place.path)
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            return Storage(LocalStore(directory), directory)
        except (OSError, BaseError) as error:
            raise _unreachable(error) from error
    return Storage(
        S3Store(
            place.bucket,
            prefix=place.path or None,
            endpoint=place.endpoint,
            region=place.region,
            access_key_id=place.key,
            secret_access_key=place.secret,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": bool(place.endpoint and place.endpoint.startswith("http://")),
                "connect_timeout": _CONNECT,
                "timeout": _WHOLE,
            },
            retry_config={"max_retries": 2, "retry_timeout": _RETRY},
        )
    )


def need_storage(place: FilesPlace | None) -> Storage:
    """The storage that the settings name. Problem `unavailable`: none."""
    if place is None:
        raise Problem("unavailable", Reason("", "no_place_for_files"))
    return storage_at(place)


@contextmanager
def writable() -> Iterator[None]:
    """For a write to the disk: a place that is gone, full or read-only is a Problem."""
    try:
        yield
    except OSError as error:
        raise _unreachable(error) from error


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


async def _told(work: Awaitable[_T], seconds: float = _ANSWER_SECONDS) -> _T:
    """What the store answers. What it cannot do now is a Problem; that it has no such content, FileNotFoundError."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except (FileNotFoundError, NotFoundError) as error:
        raise FileNotFoundError from error
    except (OSError, BaseError) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> Problem:
    """The text of an error may name places and keys: its type suffices."""
    log.error("files.unreachable", error=type(error).__name__)
    return Problem("unavailable", Reason("", "files_unreachable"), headers={"Retry-After": "10"})


def _is_older(path: Path, than: datetime) -> bool:
    """What is no longer there has become whole meanwhile."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < than
    except FileNotFoundError:
        return False


def _on_disk(path: Path) -> None:
    """What was taken away meanwhile is not: whoever has the turn puts it again."""
    for each in (path, path.parent, path.parent.parent):
        try:
            descriptor = os.open(each, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
