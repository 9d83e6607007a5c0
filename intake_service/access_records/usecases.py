"""Recording that personal data were read, before they are shown; and reading those records."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from weakref import WeakValueDictionary

import asyncpg

from intake_service.access_records import rules, store
from intake_service.access_records.rules import Access, Entry
from shared.domain.differences import Difference
from shared.domain.personal import Datum
from shared.web.auth import Principal
from shared.web.checks import Check
from shared.web.database import Connection, Reading, Recorded
from shared.web.problems import Problem

#: Others who add to the same chain from other processes get in between this often at most; each time one is done.
_TRIES = 200
#: In this process one after the other: waiting costs nothing, being too late a statement.
_TURNS: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()


async def record(
    connection: Recorded,
    principal: Principal,
    operation: str,
    shown: frozenset[Datum],
    dossiers: Sequence[int],
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Record that the caller is about to see these data of these dossiers. Nothing of them: nothing to record."""
    if not shown:
        return
    fields = [datum for datum in Datum if datum in shown]
    who = (principal.subject, principal.role.value, principal.agency.id)
    if not await enter(connection, Access(now, *who, operation, fields, dossiers, reason)):
        raise Problem("unavailable")  # what cannot be recorded is not shown


async def enter(connection: Connection, access: Access) -> bool:
    """Add a record; False where others were faster all the time."""
    async with _TURNS.setdefault(access.agency_id, asyncio.Lock()):
        for _ in range(_TRIES):
            if await store.add(connection, access):
                return True
    return False


async def page(
    connection: Reading, wanted: store.Filter, code: str | None, *, below: int | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of records, the newest first, and one row more if there is a next page. code: of one dossier only."""
    if code is not None:
        dossier_id = await store.dossier_named(connection, code)
        if dossier_id is None:
            return []
        wanted = store.Filter(wanted.agencies, dossier_id, wanted.subject, wanted.since, wanted.before)
    return await store.listed(connection, wanted, below=below, limit=limit + 1)


async def one(connection: Reading, principal: Principal, record_id: int) -> asyncpg.Record:
    """A record of an agency that the caller covers."""
    row = await store.find(connection, record_id, sorted(principal.scope))
    if row is None:
        raise Problem("not_found")
    return row


async def codes(connection: Reading, dossiers: Sequence[int]) -> dict[int, str]:
    """The codes of dossiers, by id."""
    return await store.codes(connection, dossiers)


async def readings(connection: Connection, after: Mapping[int, int], upto: Mapping[int, int]) -> AsyncIterator[Entry]:
    """What was read between two anchors, agency by agency: the records behind `after`, up to `upto`, as they are
    hashed."""
    async for before, record in store.between(connection, after, upto):
        said = rules.told(record.number, record.access.tail())
        yield Entry(record.access.agency_id, before, said, record.hash)


class AccessChain(Check):
    """No record of a reading was changed, or taken out of the midst of its chain."""

    role = "motcua_intake"

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What is wrong with the chains, agency by agency."""
        chain, of = rules.Chain(""), ""
        async for agency, kept in store.chains(connection):
            if agency != of:
                chain, of = rules.Chain(agency), agency
            self.seen["accesses"] += 1
            difference = chain.follow(kept)
            if difference is not None:
                yield difference
