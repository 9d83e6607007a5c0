"""Importing a stream of records: read, judge, land chunk by chunk. Reading goes on while a chunk lands."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from uuid import UUID, uuid4

from starlette.requests import ClientDisconnect

from intake_service.imports import rows, store
from intake_service.imports.lines import CsvReader, NdjsonReader, RawRecord, Reader
from intake_service.imports.rows import Draft, Recorded
from intake_service.imports.rules import KEYED_BYTES, Candidate, Judge, Rejected, code_like, keyed
from shared.domain.codes import parts_of
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.clock import now as clock_now
from shared.web.database import EVERY_ROW, Connection, Pool
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason, invalid, reasons_kept
from shared.web.streams import arriving

#: Records that land together. Larger is hardly faster, and what is asked of the whole chunk makes requests beside it
#: wait (3 µs a record).
CHUNK = 2_000
#: Records that may wait while the chunk before them lands: judging went idle for a twelfth of an import at every
#: checkpoint and slow write that outlasted a chunk's judging.
MOST_WAITING = 2 * CHUNK
#: Imports in one process: each keeps a connection, and the counter needs the others.
MOST_AT_ONCE = 4
#: Whoever sends nothing for so long has gone; what landed stays.
IDLE_SECONDS = 60.0
#: Records of before that are keyed in one transaction.
KEYED_AT_ONCE = 50_000
_LATER = {"Retry-After": "30"}
_under_way = 0
#: Records judged before others get their turn, 3 ms: the chunk that is landing, and the requests beside the import.
BREATH = 32
#: Records whose rows are finished at once, 3 ms too. By 32 the database waited for rows, and judging for the database:
#: nothing went on side by side, and an import took 20 s instead of 12.6.
FINISHED = 512


@dataclass(slots=True)
class Chunk:
    """What was judged and is to land together."""

    drafts: list[Draft] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    bytes_read: int = 0

    def __len__(self) -> int:
        return len(self.drafts) + len(self.rejected)


async def run_import(
    pool: Pool,
    reference: Reference,
    principal: Principal,
    body: AsyncIterator[bytes],
    *,
    form: str,
    synthetic: bool,
    now: datetime,
    ring: Keyring,
    secret: bytes,
    trial: bool = False,
) -> UUID:
    """Import the records in `body` (`csv` or `ndjson`), in bounded memory whatever its length.

    The good ones land, the others are kept as (line, reasons). When the upload breaks off, what landed stays and the
    import says `interrupted`; sending the same file again goes on where it stopped, since what landed is unchanged.
    secret: what records are known again by is keyed with it. trial: all is judged, and nothing lands; what of the file
    would have landed is remembered meanwhile, 150 bytes a record.
    Raises Problem where there is no record at all, or a CSV's header is none.
    """
    run = uuid4()
    judge = Judge(reference, principal.scope, now, secret)
    reader: Reader = CsvReader() if form == "csv" else NdjsonReader()
    # Whether a code is taken is asked of all dossiers; what may be received where, the judge has said.
    async with _place_among_few(), pool.acquire(EVERY_ROW) as connection:
        begun = store.Begun(run, now, form, principal.subject, principal.agency.id, synthetic, trial)
        await store.begin(connection, begun)
        lander = _Lander(connection, run, principal, ring, trial=trial)
        state = "interrupted"
        try:
            async for block in arriving(body, IDLE_SECONDS):
                lander.chunk.bytes_read += len(block)
                await lander.take(reader.feed(block), judge)
            await lander.take(reader.close(), judge)
            if not lander.seen:
                # A failed export looks like this: "done, 0 records" would let whoever sent it believe it is in.
                raise invalid("body", "no_records")
            await lander.finish()
            state = "done"
        except ClientDisconnect:
            pass  # nobody waits for an answer; the import itself says that it was interrupted
        finally:
            await lander.settle()
            await store.end(connection, run, state, clock_now())
    return run


async def key_all(connection: Connection, secret: bytes) -> int:
    """Key the hashes of records from before they were keyed, as the owner of the tables; how many. Stopped at any time
    it goes on where it was."""
    done = 0
    while True:
        async with connection.transaction():
            rows = await store.unkeyed(connection, KEYED_BYTES, KEYED_AT_ONCE)
            if not rows:
                return done
            made = [(row["key"], keyed(secret, row["content"]), row["key"] == row["content"]) for row in rows]
            await store.key_otherwise(
                connection, [(was, sha256(made).digest() if nameless else was, made) for was, made, nameless in made]
            )
        done += len(rows)


@asynccontextmanager
async def _place_among_few() -> AsyncIterator[None]:
    """An import keeps a connection while it runs: many at once would leave none for the counter."""
    global _under_way
    if _under_way >= MOST_AT_ONCE:
        raise Problem("unavailable", Reason("", "imports_under_way", {"limit": MOST_AT_ONCE}), headers=_LATER)
    _under_way += 1
    try:
        yield
    finally:
        _under_way -= 1


class _Lander:
    """Lands full chunks one after the other, in the background of the reading."""

    def __init__(self, connection: Connection, run: UUID, principal: Principal, ring: Keyring, *, trial: bool) -> None:
        self._trial = _Trial() if trial else None
        self.chunk = Chunk()
        self.seen = 0
        self._connection = connection
        self._run = run
        self._principal = principal
        self._ring = ring
        self._landing: asyncio.Task[None] | None = None

    async def take(self, records: Iterable[RawRecord], judge: Judge) -> None:
        """Judge records and land each chunk that they fill."""
        source = iter(records)
        while some := list(islice(source, BREATH)):
            await asyncio.sleep(0)
            self.seen += len(some)
            judged = judge.judged(some)
            self.chunk.drafts += rows.drafted([each for each in judged if isinstance(each, Candidate)], self._ring)
            self.chunk.rejected += [each for each in judged if isinstance(each, Rejected)]
            if len(self.chunk) >= (CHUNK if self._free else MOST_WAITING):
                await self._land()

    async def finish(self) -> None:
        """Land the rest, and wait until all has landed."""
        await self._land()
        await self._settled()

    async def settle(self) -> None:
        """However the reading ended, the chunk that is landing has the connection: let it come to its end."""
        with suppress(Exception):  # its failure was raised to the reader, or the reader's own stands before it
            await self._settled()

    @property
    def _free(self) -> bool:
        """Whether nothing lands at the moment."""
        return self._landing is None or self._landing.done()

    async def _land(self) -> None:
        await self._settled()
        full, self.chunk = self.chunk, Chunk(bytes_read=self.chunk.bytes_read)
        self._landing = asyncio.create_task(self._write(full))

    async def _write(self, full: Chunk) -> None:
        if self._trial is None:
            await land(self._connection, self._run, self._principal, full)
        else:
            await self._trial.judge(self._connection, self._run, full)

    async def _settled(self) -> None:
        if self._landing is not None:
            landing, self._landing = self._landing, None
            await landing


class _Trial:
    """What of a file would have landed so far: a record that stands there again is refused as it would be."""

    def __init__(self) -> None:
        self._contents: dict[bytes, bytes] = {}
        self._codes: set[str] = set()

    async def judge(self, connection: Connection, run: UUID, chunk: Chunk) -> None:
        """Note what would have become of a chunk."""
        async with connection.transaction():
            fresh, unchanged, refused = await _sorted_out(connection, chunk.drafts, self._contents, self._codes)
            self._contents.update((draft.key, draft.content) for draft in fresh)
            self._codes.update(code for draft in fresh for code in (draft.code, draft.legacy_code) if code)
            await _note(connection, run, chunk, len(fresh), unchanged, [*chunk.rejected, *refused])


async def land(connection: Connection, run: UUID, principal: Principal, chunk: Chunk) -> None:
    """Write a chunk in one transaction: dossiers, applicants, events, what was rejected, and the progress."""
    async with connection.transaction():
        await store.lock_landing(connection)
        await store.lock_numbers(connection, sorted(_own_prefixes(chunk.drafts)))
        fresh, unchanged, refused = await _sorted_out(connection, chunk.drafts)
        rejected = [*chunk.rejected, *refused]
        if fresh:
            await _write(connection, fresh, Recorded.of(principal.subject, principal.agency.id, clock_now()))
        await _note(connection, run, chunk, len(fresh), unchanged, rejected)


async def _note(
    connection: Connection, run: UUID, chunk: Chunk, created: int, unchanged: int, rejected: list[Rejected]
) -> None:
    if rejected:
        await store.note_rejects(connection, [(run, r.line, r.reference, reasons_kept(r.reasons)) for r in rejected])
    await store.note_progress(
        connection,
        run,
        bytes_read=chunk.bytes_read,
        lines=len(chunk),
        created=created,
        unchanged=unchanged,
        rejected=len(rejected),
    )


async def _sorted_out(
    connection: Connection,
    drafts: list[Draft],
    tried: Mapping[bytes, bytes] = MappingProxyType({}),
    codes: Set[str] = frozenset(),
) -> tuple[list[Draft], int, list[Rejected]]:
    """(new, number unchanged, in conflict with what is there or stands earlier in the file). tried, codes: what would
    have landed before, on trial."""
    before = await store.landed_before(connection, [key for draft in drafts for key in (draft.key, draft.before)])
    if tried:
        keys = {key for draft in drafts for key in (draft.key, draft.before)}
        before |= {key: tried[key] for key in keys & tried.keys()}
    new = [draft for draft in drafts if draft.key not in before and draft.before not in before]
    names = [name for draft in new for name in (draft.code, draft.legacy_code) if name]
    taken = (await store.codes_taken(connection, names) if names else set()) | (codes & set(names))
    fresh: list[Draft] = []
    refused: list[Rejected] = []
    unchanged = 0
    here: dict[bytes, bytes] = {}
    several = _told_in_several_ways(drafts)
    for draft in drafts:
        if draft.key in several and draft.key in before:
            refused.append(_refused(draft, "legacy_code" if draft.legacy_code else "code", "repeated_in_file"))
            continue
        known = before.get(draft.key) or before.get(draft.before) or here.get(draft.key)
        if known in (draft.content, draft.before):
            unchanged += 1
        elif known is not None:
            code = "changed_since_import" if draft.key in before else "repeated_in_file"
            refused.append(_refused(draft, "legacy_code" if draft.legacy_code else "code", code))
        elif draft.code in taken or draft.legacy_code in taken:
            refused.append(_refused(draft, "code" if draft.code in taken else "legacy_code", "already_used"))
        else:
            here[draft.key] = draft.content
            taken.update(code for code in (draft.code, draft.legacy_code) if code)
            fresh.append(draft)
    return fresh, unchanged, refused


def _told_in_several_ways(drafts: list[Draft]) -> set[bytes]:
    """The keys of records that stand there more than once and differ. Which of them is the one that landed before is
    not told: a file of one record with all identity numbers there are would tell whose is right."""
    contents: dict[bytes, set[bytes]] = defaultdict(set)
    for draft in drafts:
        contents[draft.key].add(draft.content)
    return {key for key, found in contents.items() if len(found) > 1}


def _refused(draft: Draft, field_name: str, code: str) -> Rejected:
    return Rejected(draft.line, code_like(draft.legacy_code or draft.code), (Reason(field_name, code),))


async def _write(connection: Connection, fresh: list[Draft], recorded: Recorded) -> None:
    """Copy the four tables in. The chains are reckoned while the dossiers are copied, whose rows show their heads."""
    codes = await _codes(connection, fresh)
    ids = await store.new_ids(connection, len(fresh))
    blocks: list[rows.Block] = []

    async def dossiers() -> AsyncIterator[bytes]:
        numbered = zip(fresh, codes, ids, strict=True)
        while some := list(islice(numbered, FINISHED)):
            blocks.append(rows.block(some, recorded))
            yield blocks[-1].dossiers
            await asyncio.sleep(0)

    async with store.copying(connection):
        await store.copy_in(connection, "dossier", rows.DOSSIER_COLUMNS, dossiers())
        await store.copy_in(connection, "applicant", rows.APPLICANT_COLUMNS, _each(b.applicants for b in blocks))
        await store.copy_in(connection, "dossier_event", rows.EVENT_COLUMNS, _each(b.events for b in blocks))
        await store.copy_in(connection, "import_identity", rows.IDENTITY_COLUMNS, _each(b.identities for b in blocks))


async def _each(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _codes(connection: Connection, fresh: list[Draft]) -> list[str]:
    """The dossiers' codes: as they came, or issued now under the agency and day of acceptance, in the file's order."""
    seen = _own_prefixes(fresh)
    if seen:
        await store.pass_numbers(connection, seen)
    wanted = Counter(draft.prefix for draft in fresh if draft.code is None)
    last = await store.reserve_numbers(connection, wanted) if wanted else {}
    following = {prefix: last[prefix] - count for prefix, count in wanted.items()}
    codes = []
    for draft in fresh:
        code = draft.code
        if code is None:
            following[draft.prefix] += 1
            code = f"{draft.prefix}{following[draft.prefix]:04d}"
        codes.append(code)
    return codes


def _own_prefixes(drafts: Iterable[Draft]) -> dict[str, int]:
    """Prefixes under which our own counters issue, and the highest number that came with each."""
    seen: dict[str, int] = {}
    for draft in drafts:
        issued = parts_of(draft.code) if draft.code else None
        if issued is not None and issued.agency == draft.issuing:
            seen[issued.prefix] = max(issued.number, seen.get(issued.prefix, 0))
    return seen
