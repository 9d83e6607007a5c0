"""Files of a dossier: taken in on a temporary file, told by their bytes, kept, and only then written down; given back
as a stream."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID, uuid4

import asyncpg
from starlette.requests import ClientDisconnect

from intake_service.access_records.rules import Access
from intake_service.access_records.usecases import enter, record
from intake_service.components.rules import RESULT, is_result
from intake_service.dossiers.usecases import one
from intake_service.files import rules, store
from intake_service.files.rules import KINDS, FileKind
from intake_service.files.sniffing import NotWhole, kind_of
from intake_service.files.storage import Kept, Storage, need_storage, writable
from intake_service.tracking.rules import is_owner
from shared.domain.personal import Datum
from shared.web.auth import Principal, Role
from shared.web.database import EVERY_ROW, Connection, Pool, Reading, Recorded, Rows, Writing
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason, invalid
from shared.web.settings import FilesPlace
from shared.web.streams import arriving

#: Whoever sends nothing for so long has gone.
IDLE_SECONDS = 60.0
#: Whoever sends a little now and then is done by then: 25 MiB at 45 kB/s.
LONGEST_SECONDS = 600.0
#: Uploads in one process, and of one sender among them: each has a file as large as may be on the disk.
MOST_AT_ONCE = 16
MOST_OF_ONE = 4
_LATER = {"Retry-After": "10"}
_under_way: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sent: for which dossier, what it is called, which paper it is, what it is a newer version of, and what is
    said of it."""

    code: str
    name: str
    component: str | None
    replaces: UUID | None
    content_type: str
    length: int | None
    said: store.Mark


@dataclass(frozen=True, slots=True)
class Attached:
    """What came of it. new: False where the dossier has had the same file before."""

    row: asyncpg.Record
    new: bool


@dataclass(frozen=True, slots=True)
class _Spooled:
    """What has come in, on the disk and without a name: whatever happens, nothing is left of it."""

    file: BinaryIO
    size: int
    digest: bytes


async def attach(
    pool: Pool,
    place: FilesPlace | None,
    principal: Principal,
    citizen: str | None,
    ring: Keyring,
    wanted: Wanted,
    body: AsyncIterator[bytes],
    now: datetime,
    most_bytes: int,
) -> Attached:
    """Take in a file of a dossier. citizen: the identity number of the caller, if he is one.

    First it is kept, then written down: no row points at nothing. What was kept for a row that was not written is found
    by its hash when it is sent again. Raises Problem.
    """
    refused = rules.not_the_applicants(wanted.component, wanted.said) if principal.role is Role.CITIZEN else None
    if refused is not None:
        raise Problem("forbidden", refused)
    rows = _rows(principal)
    async with pool.acquire(rows) as connection:
        dossier = await _dossier(connection, wanted.code, principal, citizen, ring)
    _need_open(dossier, principal)
    claimed = _declared(wanted.content_type)
    if wanted.length is not None and wanted.length > most_bytes:
        raise _too_large(most_bytes)
    storage = need_storage(place)
    with _place_among_few(principal.subject), storage.arriving() as file:
        spooled = await _spool(file, body, most_bytes)
        kind = await asyncio.to_thread(_kind, spooled.file, claimed)
        await storage.put(spooled.digest.hex(), spooled.file)
        async with pool.acquire(rows) as connection, connection.transaction():
            # Whoever takes this content away (release) waits for us, or we for him: then it is kept anew.
            await store.take_turn(connection, spooled.digest)
            if not await storage.has(spooled.digest.hex(), spooled.size):
                await storage.put(spooled.digest.hex(), spooled.file)
            return await _written(connection, dossier["id"], principal, wanted, kind, spooled, now)


def _rows(principal: Principal) -> Rows:
    """For whom a session reads. A citizen has no agency: which dossiers are his, tells his number alone."""
    return EVERY_ROW if principal.role is Role.CITIZEN else principal.rows


async def _dossier(
    connection: Connection, code: str, principal: Principal, citizen: str | None, ring: Keyring
) -> asyncpg.Record:
    """A dossier whose files are the caller's business; whoever's they are not sees that there is none."""
    if principal.role is not Role.CITIZEN:
        return await one(connection, code, principal)
    found = await store.of_applicant(connection, code)
    owner = ring.unseal(found["owner"]) if found is not None and citizen is not None else None
    if not is_owner(owner, citizen) or found is None:
        raise Problem("not_found")
    return found


def _need_open(row: asyncpg.Record, principal: Principal) -> None:
    if row["erased_at"] is not None:
        raise Problem("conflict", Reason("", "personal_data_erased"))
    if principal.role is Role.CITIZEN and not rules.is_open(row["status"]):
        raise Problem("not_allowed_in_status")


async def _written(
    connection: Connection,
    dossier_id: int,
    principal: Principal,
    wanted: Wanted,
    kind: FileKind,
    spooled: _Spooled,
    now: datetime,
) -> Attached:
    dossier = await store.lock_dossier(connection, dossier_id)
    _need_open(dossier, principal)  # as it is now: it may have ended, or been erased, while the file came in
    component = RESULT if is_result(wanted.component) else wanted.component
    there = await store.same(connection, dossier_id, component, spooled.digest)
    if there is not None and wanted.replaces in (None, there["id"], there["replaces"]):
        return Attached(there, new=False)
    full = rules.full(dossier["files"]) if there is None else None
    if full is not None:
        raise Problem("conflict", full)
    if wanted.replaces is not None:
        before = await store.find(connection, dossier_id, wanted.replaces)
        if before is None or before["erased_at"] is not None:
            raise invalid("replaces", "unknown_file")
        if before["replaced_by"] is not None:
            raise Problem("conflict", Reason("replaces", "file_replaced_already"))
        if is_result(before["component"]) != is_result(wanted.component):
            raise invalid("component", "result_stays_one")
    if there is not None:
        raise Problem("conflict", Reason("body", "file_there_already", {"file": there["id"]}))
    new = store.NewFile(
        id=uuid4(),
        dossier_id=dossier_id,
        component=component,
        name=rules.clean_name(wanted.name, kind),
        media_type=kind.media_type,
        size=spooled.size,
        sha256=spooled.digest,
        uploaded_at=now,
        uploaded_by=principal.subject,
        agency_id=principal.agency.id,
        replaces=wanted.replaces,
    )
    await store.add(connection, new)
    if any(each is not None for each in wanted.said):
        await _mark(connection, principal, dossier_id, new.id, 1, wanted.said, now)
    row = await store.find(connection, dossier_id, new.id)
    assert row is not None, "it was written just now"
    return Attached(row, new=True)


async def _mark(
    connection: Connection,
    principal: Principal,
    dossier_id: int,
    file_id: UUID,
    n: int,
    said: store.Mark,
    now: datetime,
) -> None:
    await store.mark(
        connection, file_id, dossier_id, n, said, at=now, by=principal.subject, agency_id=principal.agency.id
    )


@dataclass(frozen=True, slots=True)
class Marked:
    """A file as it is marked now. whole: whether the caller sees all of its dossier's applicant."""

    row: asyncpg.Record
    whole: bool


async def mark(
    connection: Writing,
    code: str,
    file_id: UUID,
    principal: Principal,
    said: store.Mark,
    version: int | None,
    now: datetime,
) -> Marked:
    """Say of a file whether it was digitised or reused; what was said before stays on record. The same again changes
    nothing. version: which one it was decided upon; None for any."""
    dossier = await one(connection, code, principal)
    if (await store.lock_dossier(connection, dossier["id"]))["erased_at"] is not None:
        raise Problem("conflict", Reason("", "personal_data_erased"))
    row = await _file(connection, dossier["id"], file_id)
    if version not in (None, row["marks_version"]):
        raise Problem("version_changed")
    if said != store.Mark(row["digitised"], row["reused"], row["from_store"]):
        if row["marks_version"] >= rules.MOST_MARKS:
            raise Problem("conflict", Reason("", "too_many_marks", {"limit": rules.MOST_MARKS}))
        await _mark(connection, principal, dossier["id"], file_id, row["marks_version"] + 1, said, now)
    row = await _file(connection, dossier["id"], file_id)
    return Marked(row, _sees_whole(principal, dossier))


async def marks(connection: Reading, code: str, file_id: UUID, principal: Principal) -> Sequence[asyncpg.Record]:
    """All that was ever said of a file, the latest first."""
    dossier = await one(connection, code, principal)
    await _file(connection, dossier["id"], file_id)
    return await store.marks(connection, file_id)


async def _file(connection: Connection, dossier_id: int, file_id: UUID) -> asyncpg.Record:
    row = await store.find(connection, dossier_id, file_id)
    if row is None:
        raise Problem("not_found")
    return row


@contextmanager
def _place_among_few(subject: str) -> Iterator[None]:
    """An upload keeps a file on the disk while it comes in, and slow ones a long time."""
    for most, under_way in ((MOST_AT_ONCE, _under_way.total()), (MOST_OF_ONE, _under_way[subject])):
        if under_way >= most:
            raise Problem("unavailable", Reason("", "files_under_way", {"limit": most}), headers=_LATER)
    _under_way[subject] += 1
    try:
        yield
    finally:
        _under_way[subject] -= 1
        if not _under_way[subject]:
            del _under_way[subject]


async def _spool(file: BinaryIO, body: AsyncIterator[bytes], most_bytes: int) -> _Spooled:
    """Write a body to the disk while it is hashed, a block at a time."""
    size, digest = 0, sha256()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            async for block in arriving(body, IDLE_SECONDS):
                size += len(block)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                digest.update(block)
                with writable():
                    file.write(block)
    except (TimeoutError, ClientDisconnect) as gone:
        raise Problem("upload_idle") from gone
    if size == 0:
        raise invalid("body", "file_empty")
    with writable():
        file.flush()
    return _Spooled(file, size, digest.digest())


def _too_large(most_bytes: int) -> Problem:
    return Problem("body_too_large", Reason("body", "file_too_large", {"limit": most_bytes}))


def _declared(content_type: str) -> FileKind | None:
    try:
        return rules.declared(content_type)
    except ValueError:
        raise _refused("Content-Type", "file_declared_otherwise") from None


def _kind(file: BinaryIO, claimed: FileKind | None) -> FileKind:
    """What it is, by its bytes."""
    try:
        kind = kind_of(file)
    except NotWhole:
        raise _refused("body", "file_not_whole") from None
    if kind is None:
        raise _refused("body", "file_type_not_accepted")
    if claimed not in (None, kind):
        reason = Reason("Content-Type", "file_not_as_declared", {"expected": kind.media_type})
        raise Problem("unsupported_media_type", reason)
    return kind


def _refused(field: str, code: str) -> Problem:
    return Problem("unsupported_media_type", Reason(field, code, {"expected": KINDS}))


@dataclass(frozen=True, slots=True)
class Readable:
    """A file that may be read."""

    dossier_id: int
    row: asyncpg.Record


@dataclass(frozen=True, slots=True)
class Listed:
    """Files of a dossier. whole: whether the caller sees all of its applicant, numbers in names too."""

    rows: Sequence[asyncpg.Record]
    whole: bool


async def listed(pool: Pool, principal: Principal, citizen: str | None, ring: Keyring, code: str) -> Listed:
    """The files of a dossier that the caller may see: of his own a citizen sees what he sent himself. What the agency
    scans, its drafts among it, is shown when it is given back."""
    async with pool.acquire(_rows(principal)) as connection:
        dossier = await _dossier(connection, code, principal, citizen, ring)
        if principal.role is Role.CITIZEN:
            return Listed(
                await store.listed(connection, dossier["id"], rules.MOST_FILES, principal.subject), whole=True
            )
        whole = _sees_whole(principal, dossier)
        return Listed(await store.listed(connection, dossier["id"], rules.MOST_FILES), whole)


def _sees_whole(principal: Principal, dossier: asyncpg.Record) -> bool:
    return rules.is_whole(principal.sees(dossier["agency_id"], dossier["holder_id"]))


async def readable(connection: Reading | Recorded, code: str, file_id: UUID, principal: Principal) -> Readable:
    """A file whose content the caller may read: whoever sees all of its dossier's applicant."""
    dossier = await one(connection, code, principal)
    if not _sees_whole(principal, dossier):
        raise Problem("forbidden")
    row = await store.find(connection, dossier["id"], file_id)
    if row is None or row["erased_at"] is not None:
        raise Problem("not_found")
    return Readable(dossier["id"], row)


async def need_content(place: FilesPlace | None, found: Readable) -> None:
    """Problem where its content is not to be had; nothing of it is read."""
    if not await need_storage(place).has(found.row["sha256"].hex(), found.row["size"]):
        raise Problem("unavailable", Reason("", "file_missing"))


async def content(
    connection: Recorded, place: FilesPlace | None, found: Readable, principal: Principal, now: datetime
) -> AsyncGenerator[bytes, None]:
    """Its content. That it is read is on record before anything of it is shown: it may hold all that is personal."""
    chunks = await _opened(place, found)
    await record(connection, principal, "readFileContent", frozenset(Datum), [found.dossier_id], now)
    return chunks


async def _opened(place: FilesPlace | None, found: Readable) -> AsyncGenerator[bytes, None]:
    try:
        return await need_storage(place).content(found.row["sha256"].hex())
    except FileNotFoundError as missing:
        raise Problem("unavailable", Reason("", "file_missing")) from missing


async def linked(connection: Connection, file_id: UUID) -> Readable:
    """A file whose link was held up. What was erased since is there no more, whatever the link says."""
    row = await store.one(connection, file_id)
    if row is None or row["erased_at"] is not None:
        raise Problem("not_found")
    return Readable(row["dossier_id"], row)


async def linked_content(
    connection: Connection, place: FilesPlace | None, found: Readable, now: datetime
) -> AsyncGenerator[bytes, None]:
    """Its content. That a link was used is on record, with the agency that received the dossier, before anything is
    shown; who held it nobody can tell."""
    chunks = await _opened(place, found)
    who = (rules.LINK_HOLDER, rules.BY_LINK, found.row["receiver_id"])
    if not await enter(connection, Access(now, *who, "fetchFile", list(Datum), [found.dossier_id])):
        raise Problem("unavailable")
    return chunks


async def told(connection: Connection, dossiers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """The files of these dossiers with their hashes, to be told to whose they are. As the owner of the tables."""
    return await store.of_dossiers(connection, dossiers)


async def erase(connection: Connection, dossiers: Sequence[int], erased: str, now: datetime) -> None:
    """Take away what they are called, in the caller's transaction; what is in them, release() does after it."""
    await store.erase(connection, dossiers, erased, now)


async def erased_contents(connection: Connection, dossiers: Sequence[int]) -> list[bytes]:
    """The hashes of contents to be released: of what was erased in these dossiers, now or before."""
    return await store.erased_contents(connection, dossiers)


@dataclass(slots=True)
class Lying:
    """What lies at the place of files. needed: contents that a file has; loose: those that none has, and their bytes;
    unfinished: half-written ones of processes that were killed."""

    needed: int = 0
    loose: int = 0
    loose_bytes: int = 0
    unfinished: int = 0


async def lying(connection: Connection, storage: Storage, before: datetime) -> Lying:
    """What lies there; of what no file has, only what was written before then: what is younger may be on its way in.
    As the owner of the tables. Raises Problem."""
    found = Lying(unfinished=len(await asyncio.to_thread(storage.unfinished, before)))
    async for kept, loose in _told_apart(connection, storage, before):
        found.needed += kept
        found.loose += len(loose)
        found.loose_bytes += sum(each.size for each in loose)
    return found


async def sweep(connection: Connection, storage: Storage, before: datetime) -> Lying:
    """Take away what no file has, and tell what it was. Whoever sends the same content meanwhile waits for us, or we
    for him: written anew it is younger, and stays. May be done again. Raises Problem."""
    done = Lying()
    for path in await asyncio.to_thread(storage.unfinished, before):
        with writable():
            path.unlink(missing_ok=True)
        done.unfinished += 1
    async for _, loose in _told_apart(connection, storage, before):
        for each in loose:
            async with connection.transaction():
                digest = bytes.fromhex(each.digest)
                await store.take_turn(connection, digest)
                at = await storage.kept_at(each.digest)
                if at is None or at >= before or await store.is_needed(connection, digest):
                    continue
                await storage.remove(each.digest)
            done.loose += 1
            done.loose_bytes += each.size
    return done


async def _told_apart(
    connection: Connection, storage: Storage, before: datetime
) -> AsyncGenerator[tuple[int, list[Kept]], None]:
    """Page by page: how many contents a file has, and those that none has, written before then."""
    await store.see_all(connection)
    async for page in storage.all():
        not_needed = await store.not_needed(connection, [bytes.fromhex(each.digest) for each in page])
        loose = [each for each in page if bytes.fromhex(each.digest) in not_needed]
        yield len(page) - len(loose), [each for each in loose if each.at < before]


async def release(connection: Connection, storage: Storage, contents: Sequence[bytes]) -> None:
    """Take away these contents, unless a file that is not erased has the same. As the owner of the tables, once the
    erasing is committed; may be done again. Raises Problem."""
    for digest in contents:
        async with connection.transaction():
            await store.take_turn(connection, digest)
            if not await store.is_needed(connection, digest):
                await storage.remove(digest.hex())
