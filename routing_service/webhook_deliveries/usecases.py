"""The verbs of messages: follow the logs and make them, send what is due, try one out, send one again.

Nothing of this is on the way of who writes: the logs are followed after the commit, as decision 0001 has it. No
transaction is open while a target is waited for: it would hold up whoever else follows the log. A message is claimed
for less than a minute instead; who ends hands it back, and who dies with a claim loses nothing, since another takes it
when its time is up.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex

import asyncpg
import structlog

from routing_service.overdue.rules import due_soon_window
from routing_service.webhook_deliveries import rules, store
from routing_service.webhook_deliveries.rules import Answer, Happened
from routing_service.webhook_deliveries.sending import Sender
from routing_service.webhook_deliveries.store import Claimed, Position
from routing_service.webhooks import store as webhooks
from routing_service.webhooks.rules import ACTIVE, WebhookRow
from routing_service.webhooks.usecases import one
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.database import Connection, Pool, Reading, Writing
from shared.web.idempotency import RequestKey, claimed
from shared.web.keyring import WEBHOOKS, KeyMissing, Keyring
from shared.web.problems import Problem, Reason
from shared.web.targets import Wrong, target_of

EVENTS, MOVEMENTS = "webhooks", "webhooks.movements"
#: Events read at once. With the most webhooks there can be, each told of all, that is 40,000 messages a transaction.
WINDOW = 200
FOLLOW_SECONDS = 0.5
#: How often dates are looked at, and what is over is let go.
SWEEP = timedelta(seconds=60)
SWEPT_AT_ONCE = 1_000
#: A date that passed while nobody looked is told for so long.
OVERDUE_NEWS = rules.NEWS

#: At a time to one target: a slow one holds up nobody but itself.
LANE = 2
#: Longer than the longest attempt.
LEASE = timedelta(seconds=45)
SEND_SECONDS = 0.5

log = structlog.get_logger()


class Follower:
    """Makes messages of what the logs say, and of dates that come."""

    def __init__(self, reference: Callable[[], Reference], clock: Callable[[], datetime], *, window: int = WINDOW):
        self._reference = reference
        self._clock = clock
        self._window = window
        self._swept: datetime | None = None

    async def round(self, connection: Connection) -> bool:
        """Read on in both logs, and look at dates if it is time; whether there may be more at once."""
        now, reference = self._clock(), self._reference()
        async with connection.transaction():
            told = _Told(await webhooks.collecting(connection), reference)
            more = await self._follow_events(connection, told, now)
            more = await self._follow_movements(connection, told, now) or more
        if self._swept is None or now - self._swept >= SWEEP:
            await sweep(connection, reference, now)
            self._swept = now
        return more

    async def _follow_events(self, connection: Connection, told: "_Told", now: datetime) -> bool:
        begin = await store.position(connection, EVENTS)
        if not told.webhooks:
            return await _pass_over(connection, EVENTS, begin, await store.last_event(connection))
        rows = await store.events_after(connection, begin, self._window)
        if not rows:
            return False
        await _tell(connection, told, [_event(row, told.reference) for row in rows if row["code"] is not None], now)
        await store.move(connection, EVENTS, Position(rows[0]["last_txid"], rows[0]["last_id"]))
        return len(rows) >= self._window

    async def _follow_movements(self, connection: Connection, told: "_Told", now: datetime) -> bool:
        begin = await store.position(connection, MOVEMENTS)
        if not told.webhooks:
            return await _pass_over(connection, MOVEMENTS, begin, await store.last_movement(connection))
        rows = await store.movements_after(connection, begin, self._window)
        if not rows:
            return False
        await _tell(connection, told, [_movement(row, told.reference) for row in rows], now)
        await store.move(connection, MOVEMENTS, Position(rows[0]["last_txid"], 0))
        return len(rows) >= self._window


async def _pass_over(connection: Connection, consumer: str, begin: Position, end: Position | None) -> bool:
    """Nobody is told of anything: only how far that was so is noted."""
    if end is not None and end != begin:
        await store.move(connection, consumer, end)
    return False


class _Told:
    """Who is told of what, and of whose dossiers."""

    def __init__(self, rows: Sequence[WebhookRow], reference: Reference) -> None:
        self.webhooks = rows
        self.reference = reference
        self.scopes = {row.id: reference.agencies.scope(row.agency_id) for row in rows}
        self._by_kind: dict[str, list[WebhookRow]] = {}
        for row in rows:
            for kind in row.kinds:
                self._by_kind.setdefault(kind, []).append(row)

    def of(self, happened: Happened) -> Iterable[WebhookRow]:
        """Who is told of it."""
        for row in self._by_kind.get(happened.kind, ()):
            if rules.is_news(happened, row.created_at) and not self.scopes[row.id].isdisjoint(happened.concerned):
                yield row


async def _tell(connection: Connection, told: _Told, all_of_it: Iterable[Happened], now: datetime) -> None:
    messages = []
    for happened in all_of_it:
        to = list(told.of(happened))
        if to:
            body = rules.body_of(happened)
            messages += [(row.id, happened, body) for row in to]
    if messages:
        await store.add(connection, messages, now)


def _event(row: asyncpg.Record, reference: Reference) -> Happened:
    agencies, code = reference.agencies.by_id, row["code"]
    return Happened(
        event=f"{code}/events/{row['seq']}",
        kind=row["kind"],
        dossier_id=row["dossier_id"],
        code=code,
        agency=agencies[row["agency_id"]].code,
        holder=agencies[row["holder_id"]].code,
        concerned=frozenset((row["agency_id"], row["holder_id"])),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        link=f"/v1/dossiers/{code}",
    )


def _movement(row: asyncpg.Record, reference: Reference) -> Happened:
    agencies, code = reference.agencies.by_id, row["code"]
    return Happened(
        event=f"{code}/hand-overs/{row['seq']}",
        kind="transferred",
        dossier_id=row["dossier_id"],
        code=code,
        agency=agencies[row["agency_id"]].code,
        holder=agencies[row["to_agency_id"]].code,
        concerned=frozenset((row["agency_id"], row["from_agency_id"], row["to_agency_id"])),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        link=f"/v1/cases/{code}/hand-overs",
    )


async def sweep(connection: Connection, reference: Reference, now: datetime) -> None:
    """Tell of dates that come and of those that have passed, and let go what is over. A date that moved is another
    date: it is told of anew."""
    rows = await webhooks.collecting(connection)
    for row in rows:
        scope = reference.agencies.scope(row.agency_id)
        for kind, after, until in _windows(row, reference, now):
            async with connection.transaction():
                found = await store.coming(connection, row.id, sorted(scope), after, until, kind, SWEPT_AT_ONCE)
                happened = [_date(each, kind, reference, now) for each in found]
                await store.add(connection, [(row.id, each, rules.body_of(each)) for each in happened], now)
    old = now - rules.KEPT
    while await store.give_up(connection, old, now, SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
        pass
    while await store.forget(connection, old, SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
        pass


def _windows(row: WebhookRow, reference: Reference, now: datetime) -> Iterable[tuple[str, datetime, datetime]]:
    if "overdue" in row.kinds:
        yield "overdue", max(row.created_at, now - OVERDUE_NEWS), now
    if "due_soon" in row.kinds:
        try:
            window = due_soon_window(reference.calendar, now, 0, row.due_soon_days)
        except CalendarMissing as missing:
            log.warning("webhooks.calendar_missing", year=missing.year)
        else:
            yield "due_soon", now, window.until


def _date(row: asyncpg.Record, kind: str, reference: Reference, now: datetime) -> Happened:
    agencies, code, late_from = reference.agencies.by_id, row["code"], row["late_from"]
    return Happened(
        event=f"{code}/{kind}/{late_from:%Y%m%dT%H%M%SZ}",
        kind=kind,
        dossier_id=row["id"],
        code=code,
        agency=agencies[row["agency_id"]].code,
        holder=agencies[row["holder_id"]].code,
        concerned=frozenset((row["agency_id"], row["holder_id"])),
        occurred_at=late_from if kind == "overdue" else now,
        recorded_at=now,
        link=f"/v1/dossiers/{code}",
    )


class Dispatcher:
    """Sends what is due, for as long as it leads; several at once would do no harm: each message is claimed by one."""

    def __init__(
        self,
        sender: Sender,
        ring: Keyring,
        clock: Callable[[], datetime],
        *,
        lease: timedelta = LEASE,
        idle: float = SEND_SECONDS,
    ) -> None:
        self._sender = sender
        self._ring = ring
        self._clock = clock
        self._lease = lease
        self._idle = idle
        self._claims: dict[int, datetime] = {}

    async def round(self, connection: Connection) -> bool:
        """Send and send on; it ends only by being ended, or when the database does. Ended, it hands back what it was
        sending, so that whoever comes next need not wait until its claims are over."""
        turn, wake = asyncio.Lock(), asyncio.Event()
        self._claims.clear()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    wake.clear()
                    async with turn:
                        now = self._clock()
                        found = await store.claim(connection, now, self._lease, lane=LANE, ill=rules.RESTS_AFTER)
                    for message in found:
                        self._claims[message.id] = now + self._lease
                        group.create_task(self._handle(connection, turn, wake, message, now + self._lease))
                    if not found:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(self._idle):
                                await wake.wait()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await asyncio.shield(store.hand_back(connection, self._claims))

    async def _handle(
        self, connection: Connection, turn: asyncio.Lock, wake: asyncio.Event, message: Claimed, until: datetime
    ) -> None:
        answer = await self._attempt(message)
        now = self._clock()
        async with turn, connection.transaction():
            verdict = rules.judged(
                answer,
                attempts=message.attempts + 1,
                failures=await store.failures(connection, message.webhook_id),
                draw=random.random(),  # noqa: S311 so that they do not all come at once
                now=now,
            )
            await store.finish(connection, message, until, answer, verdict, now)
        self._claims.pop(message.id, None)
        if verdict.error is not None:
            log.warning(
                "webhooks.not_delivered",
                webhook=message.webhook_id,
                error=verdict.error,
                status=answer.status,
                attempt=message.attempts + 1,
                state=verdict.state,
                disabled=verdict.disables,
            )
        wake.set()

    async def _attempt(self, message: Claimed) -> Answer:
        """What comes of sending a message now. The target is read and held up anew: what may be sent to can change."""
        target = target_of(message.url, self._sender.allowed)
        if isinstance(target, Wrong):
            return Answer(error="address_not_allowed")
        try:
            kept = (message.secret, message.previous_secret)
            secrets = [opened for each in kept if (opened := self._ring.unseal(each, WEBHOOKS)) is not None]
        except KeyMissing:
            return Answer(error="secret_unreadable")
        headers = rules.signed(message.message_id, message.body, secrets, self._clock())
        try:
            return await self._sender.send(target, headers, message.body.encode())
        except Exception as error:  # a defect in one attempt must not end all others
            log.error("webhooks.failed", webhook=message.webhook_id, error=type(error).__name__)
            return Answer(error="unreachable")


def following_worker(pool: Pool, reference: Callable[[], Reference], clock: Callable[[], datetime]) -> Worker:
    """The consumer that makes messages."""
    return Worker(pool, "routing.webhooks", Follower(reference, clock).round, idle=FOLLOW_SECONDS)


def sending_worker(pool: Pool, sender: Sender, ring: Keyring, clock: Callable[[], datetime]) -> Worker:
    """The consumer that sends them."""
    return Worker(pool, "routing.webhooks.sending", Dispatcher(sender, ring, clock).round)


async def try_out(
    connection: Writing, principal: Principal, webhook_id: int, *, request: RequestKey | None, now: datetime
) -> tuple[asyncpg.Record, bool]:
    """Have a test message sent: (the message, whether an earlier request had it made)."""
    await one(connection, webhook_id, principal)
    message_id = f"msg_{token_hex(16)}"
    earlier = await claimed(connection, "routing", request, 202, message_id)
    if earlier is not None:
        made = await store.find(connection, webhook_id, earlier)
        if made is None:
            raise Problem("not_found")
        return made, True
    found = await one(connection, webhook_id, principal, lock=True)
    if found.state != ACTIVE:
        raise Problem("conflict", Reason("", "webhook_not_active"))
    if await store.test_waits(connection, webhook_id):
        raise Problem("conflict", Reason("", "test_under_way"))
    return await store.add_test(connection, webhook_id, message_id, rules.test_body(now), now), False


async def listed(
    connection: Reading, principal: Principal, webhook_id: int, state: str | None, *, before: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of a webhook's messages, the newest first, and one more if there is a next page."""
    await one(connection, webhook_id, principal)
    return await store.listed(connection, webhook_id, state, before=before, limit=limit + 1)


async def send_again(
    connection: Writing, principal: Principal, webhook_id: int, message_id: str, now: datetime
) -> asyncpg.Record:
    """Have a message sent that was given up. What its dossier has been told of since stays told: it comes late."""
    await one(connection, webhook_id, principal)
    found = await store.find(connection, webhook_id, message_id, lock=True)
    if found is None:
        raise Problem("not_found")
    if found["state"] != "dead":
        raise Problem("conflict", Reason("", "delivery_not_dead"))
    return await store.revive(connection, found["id"], now)
