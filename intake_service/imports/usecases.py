"""Importing a stream of records: read, judge, land chunk by chunk. Reading goes on while a chunk lands."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import orjson
from starlette.requests import ClientDisconnect

from intake_service.dossiers.rules import chained, facts_of
from intake_service.dossiers.usecases import person_of
from intake_service.imports import store
from intake_service.imports.lines import CsvReader, NdjsonReader, RawRecord, Reader
from intake_service.imports.rules import Candidate, Judge, Rejected
from shared.domain.chain import GENESIS
from shared.domain.codes import parts_of
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.clock import now as clock_now
from shared.web.database import Connection
from shared.web.problems import Reason

#: Records that land together. Larger is faster and makes requests beside it wait longer (40 µs a record).
CHUNK = 2_000
#: Records judged before others get their turn: the chunk that is landing, and the requests beside the import.
BREATH = 16


@dataclass(slots=True)
class Chunk:
    """What was judged and is to land together."""

    candidates: list[Candidate] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    bytes_read: int = 0

    def __len__(self) -> int:
        return len(self.candidates) + len(self.rejected)


async def run_import(
    pool: asyncpg.Pool,
    reference: Reference,
    principal: Principal,
    body: AsyncIterator[bytes],
    *,
    form: str,
    synthetic: bool,
    now: datetime,
) -> UUID:
    """Import the records in `body` (`csv` or `ndjson`), in bounded memory whatever its length.

    The good ones land, the others are kept as (line, reasons). When the upload breaks off, what landed stays and the
    import says `interrupted`; sending the same file again goes on where it stopped, since what landed is unchanged.
    """
    run = uuid4()
    judge = Judge(reference, principal.scope, now)
    reader: Reader = CsvReader() if form == "csv" else NdjsonReader()
    async with pool.acquire() as connection:
        await store.begin(connection, run, form=form, actor=principal.subject, synthetic=synthetic, now=now)
        lander = _Lander(connection, run, principal, now)
        state = "interrupted"
        try:
            async for block in body:
                lander.chunk.bytes_read += len(block)
                await lander.take(reader.feed(block), judge)
            await lander.take(reader.close(), judge)
            await lander.finish()
            state = "done"
        except ClientDisconnect:
            pass  # nobody waits for an answer; the import itself says that it was interrupted
        finally:
            await lander.settle()
            await store.end(connection, run, state, clock_now())
    return run


class _Lander:
    """Lands full chunks one after the other, in the background of the reading."""

    def __init__(self, connection: Connection, run: UUID, principal: Principal, now: datetime) -> None:
        self.chunk = Chunk()
        self._connection = connection
        self._run = run
        self._principal = principal
        self._now = now
        self._landing: asyncio.Task[None] | None = None

    async def take(self, records: Iterable[RawRecord], judge: Judge) -> None:
        """Judge records and land each chunk that they fill."""
        for count, raw in enumerate(records):
            if count % BREATH == 0:
                await asyncio.sleep(0)
            judged = judge.judge(raw)
            if isinstance(judged, Candidate):
                self.chunk.candidates.append(judged)
            else:
                self.chunk.rejected.append(judged)
            if len(self.chunk) >= CHUNK:
                await self._land()

    async def finish(self) -> None:
        """Land the rest, and wait until all has landed."""
        await self._land()
        await self._settled()

    async def settle(self) -> None:
        """However the reading ended, the chunk that is landing has the connection: let it come to its end."""
        with suppress(Exception):  # its failure was raised to the reader, or the reader's own stands before it
            await self._settled()

    async def _land(self) -> None:
        await self._settled()
        full, self.chunk = self.chunk, Chunk(bytes_read=self.chunk.bytes_read)
        self._landing = asyncio.create_task(land(self._connection, self._run, self._principal, full, self._now))

    async def _settled(self) -> None:
        if self._landing is not None:
            landing, self._landing = self._landing, None
            await landing


async def land(connection: Connection, run: UUID, principal: Principal, chunk: Chunk, now: datetime) -> None:
    """Write a chunk in one transaction: dossiers, applicants, events, what was rejected, and the progress."""
    async with connection.transaction():
        await store.lock_landing(connection)
        fresh, unchanged, refused = await _sorted_out(connection, chunk.candidates)
        rejected = [*chunk.rejected, *refused]
        if fresh:
            await _write(connection, principal, fresh, now)
        if rejected:
            rows = [(run, r.line, r.reference, _kept(r.reasons)) for r in rejected]
            await store.copy_in(connection, "import_reject", ("import_id", "line", "reference", "reasons"), rows)
        await store.note_progress(
            connection,
            run,
            bytes_read=chunk.bytes_read,
            lines=len(chunk),
            created=len(fresh),
            unchanged=unchanged,
            rejected=len(rejected),
        )


def _kept(reasons: tuple[Reason, ...]) -> str:
    return orjson.dumps([{"field": r.field, "code": r.code, "params": r.params} for r in reasons]).decode()


async def _sorted_out(
    connection: Connection, candidates: list[Candidate]
) -> tuple[list[Candidate], int, list[Rejected]]:
    """(new, number unchanged, in conflict with what is there or stands earlier in the file)."""
    before = await store.landed_before(connection, [c.key for c in candidates])
    new = [c.record for c in candidates if c.key not in before]
    names = [name for record in new for name in (record.code, record.legacy_code) if name]
    taken = await store.codes_taken(connection, names) if names else set()
    fresh: list[Candidate] = []
    refused: list[Rejected] = []
    unchanged = 0
    here: dict[bytes, bytes] = {}
    for candidate in candidates:
        record = candidate.record
        known = before.get(candidate.key) or here.get(candidate.key)
        if known == candidate.content:
            unchanged += 1
        elif known is not None:
            code = "changed_since_import" if candidate.key in before else "repeated_in_file"
            refused.append(_refused(candidate, "legacy_code" if record.legacy_code else "code", code))
        elif record.code in taken or record.legacy_code in taken:
            refused.append(_refused(candidate, "code" if record.code in taken else "legacy_code", "already_used"))
        else:
            here[candidate.key] = candidate.content
            taken.update(code for code in (record.code, record.legacy_code) if code)
            fresh.append(candidate)
    return fresh, unchanged, refused


def _refused(candidate: Candidate, field_name: str, code: str) -> Rejected:
    return Rejected(candidate.line, candidate.record.legacy_code or candidate.record.code, (Reason(field_name, code),))


async def _write(connection: Connection, principal: Principal, fresh: list[Candidate], now: datetime) -> None:
    codes = await _codes(connection, fresh)
    ids = await store.new_ids(connection, len(fresh))
    dossiers, people, events, identities = [], [], [], []
    actor, acting = principal.subject, principal.agency.id
    for candidate, code, dossier_id in zip(fresh, codes, ids, strict=True):
        record, place = candidate.record, candidate.place
        chain = GENESIS
        for seq, step in enumerate(candidate.steps, 1):
            facts = facts_of(place, step.account)
            chain = chained(code, chain, seq, step, facts, actor=actor, acting_agency_id=acting, now=now)
            events.append(
                (
                    dossier_id,
                    seq,
                    step.kind.value,
                    int(step.status),
                    step.occurred_at,
                    now,
                    actor,
                    acting,
                    *facts,
                    step.payload,
                    chain,
                )
            )
        last = candidate.steps[-1]
        account = last.account
        due = account.due
        original = candidate.steps[0].account.original_due
        dossiers.append(
            (
                dossier_id,
                code,
                record.legacy_code,
                place.version.id,
                place.agency.id,
                int(place.channel),
                int(last.status),
                record.submitted_at or record.accepted_at,
                record.accepted_at,
                original.at if original else None,
                due.at if due else None,
                due.late_from if due else None,
                account.finished_at,
                record.returned_at,
                int(candidate.outcome) if candidate.outcome else None,
                *facts[2:7],
                facts.paused,
                candidate.provisional,
                len(candidate.steps),
                chain,
            )
        )
        people.append((dossier_id, *person_of(record.applicant, None)))
        identities.append((candidate.key, candidate.content, dossier_id))
    await store.copy_in(connection, "dossier", store.DOSSIER_COLUMNS, dossiers)
    await store.copy_in(connection, "applicant", store.APPLICANT_COLUMNS, people)
    await store.copy_in(connection, "dossier_event", store.EVENT_COLUMNS, events)
    await store.copy_in(connection, "import_identity", ("key", "content", "dossier_id"), identities)


async def _codes(connection: Connection, fresh: list[Candidate]) -> list[str]:
    """The dossiers' codes: as they came, or issued now under the agency and day of acceptance, in the file's order."""
    seen: dict[str, int] = {}
    for candidate in fresh:
        issued = parts_of(candidate.record.code) if candidate.record.code else None
        if issued is not None and issued.agency == candidate.place.agency.issuing_code:
            seen[issued.prefix] = max(issued.number, seen.get(issued.prefix, 0))
    if seen:
        await store.pass_numbers(connection, seen)
    wanted = Counter(candidate.place.prefix for candidate in fresh if candidate.record.code is None)
    last = await store.reserve_numbers(connection, wanted) if wanted else {}
    following = {prefix: last[prefix] - count for prefix, count in wanted.items()}
    codes = []
    for candidate in fresh:
        code = candidate.record.code
        if code is None:
            prefix = candidate.place.prefix
            following[prefix] += 1
            code = f"{prefix}{following[prefix]:04d}"
        codes.append(code)
    return codes
