"""Reading the national catalogue, step by step."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import structlog

from intake_service.catalogue import rules, store
from intake_service.catalogue.rules import Finding, Kind, Published
from intake_service.catalogue_proposals.usecases import Comparer, note_proposals
from intake_service.national.client import Answer, NationalClient, NationalUnavailable
from intake_service.national.rules import Breaker
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection, Writing
from shared.web.problems import Problem, Reason

#: Procedures asked for in a round, and calls under way at once.
ASKED, CALLS = 20, 4
#: A reading that did not get to its end in so long is given up, and says so.
PATIENCE = timedelta(days=1)

log = structlog.get_logger()


#: Between two looks whether there is anything to read.
IDLE_SECONDS = 5.0


def catalogue_worker(room: Room, client: NationalClient, *, close: Callable[[], Awaitable[None]]) -> Worker:
    """What reads the national catalogue."""
    hours = room.settings.national_catalogue_hours
    puller = Puller(client, timedelta(hours=hours) if hours else None)

    async def pulling(connection: Connection) -> bool:
        return await puller.pull_next(connection, room.reference.current, now())

    return Worker(room.pool, "intake.catalogue", pulling, idle=IDLE_SECONDS, close=close)


class Puller:
    """Reads the catalogue, a step at a time; a stop in between costs the step."""

    def __init__(self, client: NationalClient, every: timedelta | None) -> None:
        """every: how often it begins by itself; None: never."""
        self._client = client
        self._every = every
        self._breaker = Breaker()
        self._compared: tuple[object, Comparer] | None = None

    async def pull_next(self, connection: Connection, reference: Reference, at: datetime) -> bool:
        """One step of the reading that is under way; whether there may be more at once."""
        if not reference.loaded:
            return False  # an installation that is being made: beside nothing everything is new
        if self._breaker.is_open(asyncio.get_running_loop().time()):
            return False
        pull = await store.running(connection)
        if pull is None:
            return await self._begun_by_itself(connection, at)
        if at - pull["begun_at"] > PATIENCE:
            await store.end(connection, pull["id"], "failed", at)
            return False
        try:
            if pull["stage"] == "details":
                await self._details(connection, reference, pull)
            else:
                await self._listed(connection, pull["id"], Kind(pull["stage"]))
        except NationalUnavailable as error:
            log.warning("catalogue.not_answered", error=str(error))
            self._breaker.failed(asyncio.get_running_loop().time())
            await store.note_error(connection, pull["id"], str(error), at)
            return False
        self._breaker.taken()
        return True

    async def _begun_by_itself(self, connection: Connection, at: datetime) -> bool:
        if self._every is None:
            return False
        last = await store.last_begun(connection)
        if last is not None and at - last < self._every:
            return False
        async with connection.transaction():
            await store.lock(connection)
            if await store.running(connection) is None:
                await store.begin(connection, None, at)
        return True

    async def _listed(self, connection: Connection, pull: int, kind: Kind) -> None:
        service, *_ = rules.SERVICES[kind]
        entries, findings = rules.read_list(kind, (await self._answered(service)).result)
        following = rules.STAGES[rules.STAGES.index(kind) + 1] if kind is not Kind.PROCEDURES else "details"
        if not entries:
            # An answer that says "done" and lists nothing is no catalogue.
            raise NationalUnavailable(f"{service} lists nothing")
        codes = None
        async with connection.transaction():
            if kind is Kind.PROCEDURES:
                # One whose name cannot be read in the list is there all the same: what it says of itself is asked for.
                nameless = [one.code for one in findings if one.reason.code == "catalogue_name"]
                codes = sorted({entry.code for entry in entries} | set(nameless))
            else:
                findings += await _noted(connection, pull, kind, entries)
            await store.note_findings(connection, pull, findings)
            await store.move(connection, pull, following, now(), listed=len(entries), codes=codes)

    async def _details(self, connection: Connection, reference: Reference, pull: asyncpg.Record) -> None:
        codes = pull["codes"][pull["done"] : pull["done"] + ASKED]
        if not codes:
            await _ended(connection, reference, pull)
            return
        at_once = asyncio.Semaphore(CALLS)

        async def asked(code: str) -> list[Any]:
            async with at_once:
                answer = await self._client.integrate(rules.DETAIL, maTTHC=code)
                return answer.result if answer.done else []

        answers = await asyncio.gather(*map(asked, codes))
        if not any(answers):
            raise NationalUnavailable(f"{rules.DETAIL} tells nothing of {len(codes)} procedures")
        read = [rules.read_procedure(code, answer) for code, answer in zip(codes, answers, strict=True)]
        findings = [finding for _, found in read for finding in found]
        shapes = {one.code: answer[0] for (one, _), answer in zip(read, answers, strict=True) if one is not None}
        async with connection.transaction():
            entries = await _kept(connection, pull["id"], [one for one, _ in read if one is not None], shapes)
            comparer = await self._beside(connection, reference, pull["id"])
            proposals = []
            for one, _ in read:
                if one is not None:
                    proposed, finding = comparer.proposed(one, entries[one.code])
                    findings += [finding] if finding else []
                    proposals.append((one.code, proposed))
            made = await note_proposals(connection, pull["id"], proposals)
            await store.note_findings(connection, pull["id"], findings)
            await store.note_done(connection, pull["id"], len(codes), made, now())

    async def _beside(self, connection: Connection, reference: Reference, pull: int) -> "Comparer":
        """Ours, read once for a reading and what it reads beside."""
        known = (pull, reference.revision, civil_day(now()))
        if self._compared is None or self._compared[0] != known:
            self._compared = (known, await Comparer.of(connection, reference))
        return self._compared[1]

    async def _answered(self, service: str) -> Answer:
        answer = await self._client.share(service)
        if not answer.done:
            raise NationalUnavailable(f"{service} refused with code {answer.code[:20]}")
        return answer


async def _noted(connection: Connection, pull: int, kind: Kind, entries: Sequence[rules.Listed]) -> list[Finding]:
    """Note what a list says otherwise than before, and what it names no more."""
    before = {row["code"]: row for row in await store.published(connection, kind)}
    fresh = []
    for entry in entries:
        content = store.kept(entry.content)
        digest = sha256(content.encode()).digest()
        if entry.code not in before or before[entry.code]["digest"] != digest:
            fresh.append(store.Entry(kind, entry.code, None, None, entry.name, content, digest))
    gone = sorted(before.keys() - {entry.code for entry in entries})
    if rules.shrunk(len(before), len(gone)):
        cut = Reason("", "catalogue_shrunk", {"count": len(gone), "known": len(before)})
        await store.add(connection, pull, fresh, now())
        return [Finding(kind, kind, cut)]
    ended = [store.Entry(kind, code, None, None, before[code]["name"], None, None) for code in gone]
    await store.add(connection, pull, [*fresh, *ended], now())
    return []


async def _kept(
    connection: Connection, pull: int, read: Sequence[Published], shapes: Mapping[str, Any]
) -> dict[str, int]:
    """The entries of procedures by code; those that say something new are made."""
    known = await store.latest(connection, Kind.PROCEDURES, [one.code for one in read])
    ids = {code: row["id"] for code, row in known.items()}
    fresh = []
    for one in read:
        content = store.kept(shapes[one.code])
        digest = sha256(content.encode()).digest()
        if one.code not in known or known[one.code]["digest"] != digest:
            fresh.append(store.Entry(Kind.PROCEDURES, one.code, one.core, one.publisher, one.name, content, digest))
    made = await store.add(connection, pull, fresh, now())
    return ids | {entry.code: made_id for entry, made_id in zip(fresh, made, strict=True)}


async def _ended(connection: Connection, reference: Reference, pull: asyncpg.Record) -> None:
    """Every procedure was asked for: what is published no more, and the end of the reading."""
    comparer = await Comparer.of(connection, reference)
    missing = comparer.missing(pull["codes"])
    async with connection.transaction():
        if rules.shrunk(comparer.count, len(missing)):
            cut = Reason("", "catalogue_shrunk", {"count": len(missing), "known": comparer.count})
            await store.note_findings(connection, pull["id"], [Finding(Kind.PROCEDURES, Kind.PROCEDURES, cut)])
        else:
            proposals = [(version.code, comparer.ended(version)) for version in missing]
            made = await note_proposals(connection, pull["id"], proposals)
            await store.note_done(connection, pull["id"], 0, made, now())
        await store.end(connection, pull["id"], "done", now())


async def begin(connection: Writing, principal: Principal, *, to_be_read: bool, at: datetime) -> asyncpg.Record:
    """Begin a reading. to_be_read: whether the installation knows where."""
    principal.need_whole_installation()
    if not to_be_read:
        raise Problem("conflict", Reason("", "national_not_set"))
    await store.lock(connection)
    if await store.running(connection) is not None:
        raise Problem("conflict", Reason("", "pull_under_way"))
    return await one_pull(connection, await store.begin(connection, principal.subject, at))


async def one_pull(connection: Connection, pull_id: int) -> asyncpg.Record:
    """A reading."""
    row = await store.pull(connection, pull_id)
    if row is None:
        raise Problem("not_found")
    return row
