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
from typing import NamedTuple
from uuid import UUID, uuid4

from starlette.requests import ClientDisconnect

from intake_service.imports import rows, store
from intake_service.imports.continuations import Continuation, continuations, take_over
from intake_service.imports.lines import CsvReader, NdjsonReader, RawRecord, Reader
from intake_service.imports.rows import Draft, Recorded
from intake_service.imports.rules import KEYED_BYTES, MOST_A_DAY, Candidate, Judge, Rejected, code_like, keyed
from shared.domain.codes import parts_of
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.clock import now as clock_now
from shared.web.database import EVERY_ROW, Connection, Pool
from shared.web.keyring import Keyring
from shared.web.limits import Limits
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
    limits: Limits,
    trial: bool = False,
) -> UUID:
    """Import the records in `body` (`csv` or `ndjson`), in bounded memory whatever its length.

    The good ones land, the others are kept as (line, reasons). When the upload breaks off, what landed stays and the
    import says `interrupted`; sending the same file again goes on where it stopped, since what landed is unchanged.
    secret: what records are known again by is keyed with it. trial: all is judged, and nothing lands; what of the file
    would have landed is remembered meanwhile, 150 bytes a record.
    synthetic: that is said of the whole installation, and so only whoever covers it may.
    Raises Problem where there is no record at all, or a CSV's header is none.
    """
    if synthetic:
        principal.need_whole_installation()
    run = uuid4()
    judge = Judge(reference, principal.scope, now, secret)
    reader: Reader = CsvReader() if form == "csv" else NdjsonReader()
    # Whether a code is taken is asked of all dossiers; what may be received where, the judge has said.
    async with _place_among_few(), pool.acquire(EVERY_ROW) as connection:
        begun = store.Begun(run, now, form, principal.subject, principal.agency.id, synthetic, trial)
        await store.begin(connection, begun)
        lander = _Lander(Landing(connection, run, reference, principal, ring, judge, limits), trial=trial)
        state = "interrupted"
        try:
            async for block in arriving(body, IDLE_SECONDS):
                lander.chunk.bytes_read += len(block)
                await lander.take(reader.feed(block))
            await lander.take(reader.close())
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


@dataclass(frozen=True, slots=True)
class Landing:
    """What one import lands with."""

    connection: Connection
    run: UUID
    reference: Reference
    principal: Principal
    ring: Keyring
    judge: Judge
    limits: Limits


class _Lander:
    """Lands full chunks one after the other, in the background of the reading."""

    def __init__(self, landing: Landing, *, trial: bool) -> None:
        self._trial = _Trial() if trial else None
        self.chunk = Chunk()
        self.seen = 0
        self._with = landing
        self._landing: asyncio.Task[None] | None = None

    async def take(self, records: Iterable[RawRecord]) -> None:
        """Judge records and land each chunk that they fill."""
        source = iter(records)
        while some := list(islice(source, BREATH)):
            await asyncio.sleep(0)
            self.seen += len(some)
            judged = self._with.judge.judged(some)
            candidates = [each for each in judged if isinstance(each, Candidate)]
            self.chunk.drafts += rows.drafted(candidates, self._with.ring)
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
            await land(self._with, full)
        else:
            await self._trial.judge(self._with, full)

    async def _settled(self) -> None:
        if self._landing is not None:
            landing, self._landing = self._landing, None
            await landing


class _Trial:
    """What of a file would have landed so far: a record that stands there again is refused as it would be."""

    def __init__(self) -> None:
        self._contents: dict[bytes, bytes] = {}
        self._codes: set[str] = set()

    async def judge(self, landing: Landing, chunk: Chunk) -> None:
        """Note what would have become of a chunk."""
        async with landing.connection.transaction():
            sorted_out = await _sorted_out(landing, chunk.drafts, self._contents, self._codes)
            self._contents.update((draft.key, draft.content) for draft in sorted_out.fresh)
            self._contents.update((each.candidate.key, each.candidate.content) for each in sorted_out.going_on)
            self._codes.update(code for draft in sorted_out.fresh for code in (draft.code, draft.legacy_code) if code)
            await _note(landing, chunk, sorted_out)


async def land(landing: Landing, chunk: Chunk) -> None:
    """Write a chunk in one transaction: dossiers, applicants, events, what was rejected, and the progress."""
    connection, principal = landing.connection, landing.principal
    async with connection.transaction():
        await store.lock_landing(connection)
        await store.lock_numbers(connection, sorted(_prefixes(chunk.drafts)))
        sorted_out = await _sorted_out(landing, chunk.drafts)
        at = clock_now()
        if sorted_out.fresh:
            await _write(connection, sorted_out.fresh, Recorded.of(principal.subject, principal.agency.id, at))
        if sorted_out.going_on:
            await take_over(connection, landing.reference, principal, sorted_out.going_on, at)
        await _note(landing, chunk, sorted_out)


class _Sorted(NamedTuple):
    """What becomes of a chunk's records: new; landed before and gone on since; unchanged; in conflict with what is
    there or stands earlier in the file."""

    fresh: list[Draft]
    going_on: list[Continuation]
    unchanged: int
    refused: list[Rejected]


async def _note(landing: Landing, chunk: Chunk, sorted_out: _Sorted) -> None:
    rejected = [*chunk.rejected, *sorted_out.refused]
    if rejected:
        kept = [(landing.run, r.line, r.reference, reasons_kept(r.reasons)) for r in rejected]
        await store.note_rejects(landing.connection, kept)
    await store.note_progress(
        landing.connection,
        landing.run,
        bytes_read=chunk.bytes_read,
        lines=len(chunk),
        created=len(sorted_out.fresh),
        updated=len(sorted_out.going_on),
        unchanged=sorted_out.unchanged,
        rejected=len(rejected),
    )


async def _sorted_out(
    landing: Landing,
    drafts: list[Draft],
    tried: Mapping[bytes, bytes] = MappingProxyType({}),
    codes: Set[str] = frozenset(),
) -> _Sorted:
    """tried, codes: what would have landed before, on trial."""
    connection = landing.connection
    before = await store.landed_before(connection, [key for draft in drafts for key in (draft.key, draft.before)])
    if tried:
        keys = {key for draft in drafts for key in (draft.key, draft.before)}
        before |= {key: tried[key] for key in keys & tried.keys()}
    new = [draft for draft in drafts if draft.key not in before and draft.before not in before]
    names = [name for draft in new for name in (draft.code, draft.legacy_code) if name]
    taken = (await store.codes_taken(connection, names) if names else set()) | (codes & set(names))
    fresh: list[Draft] = []
    changed: dict[bytes, Draft] = {}
    refused: list[Rejected] = []
    unchanged = 0
    here: dict[bytes, bytes] = {}
    several = _told_in_several_ways(drafts)
    for draft in drafts:
        if draft.key in several and draft.key in before:
            refused.append(_refused(draft, "repeated_in_file"))
            continue
        if draft.key in before and not landing.limits.may_retell(draft.key, clock_now().timestamp()):
            refused.append(_refused(draft, "changed_since_import"))
            continue
        known = before.get(draft.key) or before.get(draft.before) or here.get(draft.key)
        if known in (draft.content, draft.before) or draft.key in changed:
            unchanged += 1
        elif known is not None and draft.key not in before:
            refused.append(_refused(draft, "repeated_in_file"))
        elif draft.key in tried:
            refused.append(_refused(draft, "changed_since_import"))
        elif known is not None:
            changed[draft.key] = draft
        elif draft.code in taken or draft.legacy_code in taken:
            refused.append(_refused(draft, "already_used", "code" if draft.code in taken else "legacy_code"))
        else:
            here[draft.key] = draft.content
            taken.update(code for code in (draft.code, draft.legacy_code) if code)
            fresh.append(draft)
    if not changed:
        return _Sorted(fresh, [], unchanged, refused)
    again = landing.judge.judged([RawRecord(draft.line, draft.text) for draft in changed.values()])
    candidates = [each for each in again if isinstance(each, Candidate)]
    going_on, why_not = await continuations(connection, landing.reference, landing.ring, candidates)
    gone_on = {each.candidate.key for each in going_on}
    for key, draft in changed.items():
        if key not in gone_on:
            field_name, code = why_not.get(key, (None, "changed_since_import"))
            landing.limits.retold(key, clock_now().timestamp())
            refused.append(_refused(draft, code, field_name))
    return _Sorted(fresh, going_on, unchanged, refused)


def _told_in_several_ways(drafts: list[Draft]) -> set[bytes]:
    """The keys of records that stand there more than once and differ. Which of them is the one that landed before is
    not told: a file of one record with all identity numbers there are would tell whose is right."""
    contents: dict[bytes, set[bytes]] = defaultdict(set)
    for draft in drafts:
        contents[draft.key].add(draft.content)
    return {key for key, found in contents.items() if len(found) > 1}


def _refused(draft: Draft, code: str, field_name: str | None = None) -> Rejected:
    field_name = field_name or ("legacy_code" if draft.legacy_code else "code")
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
    seen = _prefixes(fresh)
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


def _prefixes(drafts: Iterable[Draft]) -> dict[str, int]:
    """Prefixes of the codes that came, and the highest number that came with each. Those of any agency: one may be
    given the identification code tomorrow under which they stand, and its counter then goes on behind them."""
    seen: dict[str, int] = {}
    for draft in drafts:
        issued = parts_of(draft.code) if draft.code else None
        if issued is not None and issued.day is not None and issued.number <= MOST_A_DAY:
            seen[issued.prefix] = max(issued.number, seen.get(issued.prefix, 0))
    return seen
