"""Taking an anchor, having it stamped, handing out what it binds; and holding the log against all of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from hashlib import sha256

import structlog

from intake_service.access_records.rules import Entry
from intake_service.access_records.usecases import readings
from intake_service.anchors import rules, store
from intake_service.anchors.rules import Anchor
from intake_service.anchors.stamping import Authority, NotStamped
from intake_service.anchors.store import Event, Kept
from shared.domain.differences import Difference, Span
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.checks import Check
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Connection, Pool
from shared.web.problems import Problem, Reason, invalid

ROLE = "motcua_intake"
#: How often a worker looks whether a day is over or a stamp is missing.
LOOK_SECONDS = 60.0
#: Stamps asked for in one round.
STAMPED_AT_ONCE = 20
#: How often it is looked whether what is open is over, and how long between.
_LOOKS = 500
_PAUSE_SECONDS = 0.02

log = structlog.get_logger()


def anchoring_worker(room: Room) -> Worker:
    """The consumer that anchors each day, and has anchors stamped where an authority is set."""
    authority = Authority.of(room.settings)

    async def work(connection: Connection) -> bool:
        found = await store.last(connection)
        if rules.is_due(found.anchor if found else None, now()):
            try:
                await take(connection, now(), only_due=True)
            except Problem as problem:
                log.warning("anchor.not_taken", code=problem.code)
        if authority is not None:
            await have_stamped(connection, authority)
        return False

    return Worker(room.pool, "intake.anchor", work, idle=LOOK_SECONDS)


async def take(connection: Connection, at: datetime, *, only_due: bool = False) -> Kept | None:
    """Anchor all events there are by now. None: `only_due`, and another has taken the day's. Problem `unavailable`:
    a transaction is open that may still write an event of before."""
    reach = await _settled(connection)
    async with connection.transaction():
        await store.alone(connection)
        before = await store.last(connection)
        if only_due and not rules.is_due(before.anchor if before else None, at):
            return None
        after = before.anchor.last_event_id if before else 0
        upto = max(after, reach.last_event_id)
        events, digest = await _digest(connection, Span(after, upto), await _floor(connection, before))
        number, seal = await store.last_link(connection) or (None, None)
        anchor = Anchor(
            before.anchor.number + 1 if before else 1,
            at,
            upto,
            events,
            digest,
            number,
            seal,
            before.root if before else rules.NOTHING,
            rules.ends_told(await store.ends(connection)),
        )
        # Where another has taken one since, and further, its floor stands for what comes after.
        overtaken = before is not None and before.anchor.last_event_id > reach.last_event_id
        await store.add(connection, anchor, before.floor if before and overtaken else reach.floor)
    return await store.last(connection)


async def _settled(connection: Connection) -> store.Reach:
    """How far the log has come, when nothing before can come any more."""
    reach = await store.reach(connection)
    for _ in range(_LOOKS):
        if await store.is_settled(connection, reach):
            return reach
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Problem("unavailable")


async def _floor(connection: Connection, before: Kept | None) -> str:
    """The transaction from which on the events behind an anchor are found. Of a restored log none is: those of before
    have no transaction any more, and new ones smaller numbers than the anchor knows."""
    return "0" if before is None or await store.is_restored(connection) else before.floor


async def _digest(connection: Connection, span: Span, floor: str) -> tuple[int, bytes]:
    """How many events there are in a range, and the SHA-256 over their hashes."""
    count, digest = 0, sha256()
    async for events, joined in store.hashes(connection, span, floor):
        count += events
        digest.update(joined)
    return count, digest.digest()


async def have_stamped(connection: Connection, authority: Authority) -> None:
    """Have the authority stamp what is not yet stamped, the oldest first; where it does not, later again."""
    for kept in await store.unstamped(connection, STAMPED_AT_ONCE):
        try:
            stamp = await authority.stamp(kept.anchor.text.encode())
        except NotStamped as error:
            log.warning("anchor.not_stamped", number=kept.anchor.number, error=str(error))
            return
        await store.stamp(connection, kept.anchor.number, stamp.at, stamp.response)


async def page(connection: Connection, principal: Principal, before: int | None, limit: int) -> list[Kept]:
    """Anchors, the last first. Problem `agency_out_of_scope`."""
    principal.need_whole_installation()
    return await store.page(connection, before, limit)


async def one(connection: Connection, principal: Principal, number: int) -> Kept:
    """An anchor. Problem `not_found`, `agency_out_of_scope`."""
    principal.need_whole_installation()
    found = await store.one(connection, number)
    if found is None:
        raise Problem("not_found")
    return found


async def stamp_of(connection: Connection, principal: Principal, number: int) -> bytes:
    """What the authority answered. Problem `not_found`: no such anchor, or it is not stamped yet."""
    await one(connection, principal, number)
    found = await store.response(connection, number)
    if found is None:
        raise Problem("not_found", Reason("number", "not_stamped"))
    return found


async def between(connection: Connection, principal: Principal, after: int, upto: int) -> list[Kept]:
    """The anchors behind one, up to another; after=0: from the beginning. Problem `not_found`, `invalid_request`."""
    last = await one(connection, principal, upto)
    if after >= upto:
        raise invalid("after", "not_before_number")
    anchors = await store.every(connection)
    return [kept for kept in anchors if after < kept.anchor.number < upto] + [last]


async def ends_of(connection: Connection, number: int) -> str:
    """The ends of the chains of records of readings that an anchor binds; none of none."""
    found = await store.one(connection, number)
    return (found.anchor.ends or "") if found else ""


async def bound(pool: Pool, after: int, anchors: list[Kept]) -> AsyncGenerator[Event | Entry | Kept, None]:
    """The events that each of some anchors in a row binds, in its order, then the records of readings, and behind them
    the anchor."""
    async with (
        pool.acquire(EVERY_ROW) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        before = await store.one(connection, after)
        restored = await store.is_restored(connection)
        for kept in anchors:
            span = Span(before.anchor.last_event_id if before else 0, kept.anchor.last_event_id)
            async for event in store.events(connection, span, before.floor if before and not restored else "0"):
                yield event
            if kept.anchor.ends is not None:
                told = (before.anchor.ends or "") if before else ""
                async for entry in readings(connection, numbers(told), numbers(kept.anchor.ends)):
                    yield entry
            yield kept
            before = kept


def numbers(ends: str) -> dict[int, int]:
    """How far each chain of records of readings goes, by the ids of agencies."""
    return {agency: end.number for agency, end in rules.ends_read(ends).items()}


class Anchors(Check):
    """The anchors are one line, and each binds the events, and the records of readings, that are there."""

    role = ROLE

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What is wrong, anchor by anchor."""
        anchors = await store.every(connection)
        self.seen["anchors"] = len(anchors)
        for difference in rules.out_of_line((kept.anchor, kept.root) for kept in anchors):
            yield difference
        restored, codes = await store.is_restored(connection), await store.agency_codes(connection)
        after, floor = 0, "0"
        for kept in anchors:
            found = await _digest(connection, Span(after, kept.anchor.last_event_id), floor)
            for difference in rules.of_events(kept.anchor, *found):
                yield difference
            standing = await store.records_at(connection, rules.ends_read(kept.anchor.ends or ""))
            for difference in rules.of_readings(kept.anchor, standing, codes):
                yield difference
            after, floor = kept.anchor.last_event_id, "0" if restored else kept.floor
