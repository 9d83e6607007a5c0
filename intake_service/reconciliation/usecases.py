"""Every day each dossier is asked for at the national database, and held against what should stand there."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import structlog

from intake_service.access_records.store import dossier_named
from intake_service.national import rules as national
from intake_service.national import store as messages
from intake_service.national.client import NationalClient, NationalUnavailable
from intake_service.national.usecases import Names, steps_of, subject_of
from intake_service.reconciliation import rules, store
from intake_service.reconciliation.rules import Compared, State
from shared.domain.civil_time import civil_day
from shared.domain.national import Scored
from shared.domain.national_item import Told
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason

#: Dossiers asked for in a step, and calls under way at once: fewer than telling has, which goes before.
ASKED, CALLS = 20, 2
#: How often one is asked for in a step, and how often a step of which some are not answered is begun again.
TRIES, AGAIN = 3, 3
#: So many dossiers in a row not answered, and none before: the rest of the step need not be asked for.
ENOUGH = 3
#: After so long without any answer a round is given up: nobody knows how the rest stands.
SILENCE = timedelta(hours=6)
IDLE_SECONDS = 5.0

log = structlog.get_logger()


def reconciliation_worker(room: Room, client: NationalClient) -> Worker:
    """What holds ours against theirs."""
    hours, days = room.settings.national_reconcile_hours, room.settings.national_reconcile_days
    reconciler = Reconciler(
        client,
        room.keyring,
        every=timedelta(hours=hours) if hours else None,
        days=days,
        since=room.settings.national_since,
    )

    async def comparing(connection: Connection) -> bool:
        return await reconciler.compare_next(connection, room.reference.current, now())

    return Worker(room.pool, "intake.reconciliation", comparing, idle=IDLE_SECONDS)


class _Ours(NamedTuple):
    """A dossier as it should stand there. terms: of its procedure."""

    row: asyncpg.Record
    told: Told
    sent: store.Sent


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered of a dossier; None: it is not there."""

    theirs: Told | None


class Reconciler:
    """Compares, a step at a time; a stop in between costs the step. What was not answered is not compared."""

    def __init__(
        self, client: NationalClient, ring: Keyring, *, every: timedelta | None, days: int, since: datetime | None
    ) -> None:
        """every: how often a round begins by itself; None: never. days: of reception, how far it looks back. since:
        what was recorded before is not told."""
        self._client = client
        self._ring = ring
        self._every = every
        self._days = days
        self._since = since
        self._breaker = national.Breaker()
        self._begun_again: tuple[tuple[int, int], int] = ((0, 0), 0)

    async def compare_next(self, connection: Connection, reference: Reference, at: datetime) -> bool:
        """One step of the round that is under way; whether there may be more at once."""
        if not reference.loaded:
            return False  # an installation that is being made: beside nothing everything is new
        if self._breaker.is_open(asyncio.get_running_loop().time()):
            return False
        row = await store.running(connection)
        if row is None:
            return await self._begun_by_itself(connection, at)
        if at - max(row["begun_at"], row["answered_at"] or row["begun_at"]) > SILENCE:
            await store.end(connection, row["id"], gave_up=True, now=at)
            return False
        dossiers = await store.next_dossiers(connection, row, ASKED)
        if not dossiers:
            await store.end(connection, row["id"], gave_up=False, now=at)
            return False
        if not await self._step(connection, reference, row, dossiers):
            self._breaker.failed(asyncio.get_running_loop().time())
            await store.note_error(connection, row["id"], "not answered", now())
            return False
        self._breaker.taken()
        return True

    async def _begun_by_itself(self, connection: Connection, at: datetime) -> bool:
        if self._every is None:
            return False
        last = await store.last_begun(connection)
        if (last is not None and at - last < self._every) or await messages.holds_synthetic(connection):
            return False  # of what is made up nothing was told
        async with connection.transaction():
            await store.lock(connection)
            if await store.running(connection) is None:
                await store.begin(connection, None, civil_day(at) - timedelta(days=self._days), at)
        return True

    async def _step(
        self, connection: Connection, reference: Reference, row: asyncpg.Record, dossiers: Sequence[int]
    ) -> bool:
        """Ask for dossiers and note how they stand. Whether that could be done: where some are not answered it is
        begun again, some times; where none is, until somebody answers."""
        ours, unread = await self._ours(connection, reference, dossiers)
        answers = await self._asked(ours)
        if len(answers) < len(ours) and (not answers or self._to_begin_again(row)):
            return False
        at = now()
        after = await store.sent(connection, list(answers), self._since)
        looked = [
            self._looked(ours[dossier], answer, after[dossier], reference, at) for dossier, answer in answers.items()
        ]
        passed = Counter(one.row["agency_id"] for dossier, one in ours.items() if dossier not in answers)
        passed.update(unread)
        async with connection.transaction():
            # Where another has done this step meanwhile, it counts once.
            if await store.move(connection, row["id"], row["after_id"], dossiers[-1], at):
                await store.note(connection, row["id"], looked, at)
                await store.note_differences(connection, row["id"], looked, at)
                await store.count(connection, row["id"], looked, passed)
        return True

    def _to_begin_again(self, row: asyncpg.Record) -> bool:
        step = (row["id"], row["after_id"])
        before, times = self._begun_again
        times = times + 1 if before == step else 1
        self._begun_again = (step, times)
        return times <= AGAIN

    async def _ours(
        self, connection: Connection, reference: Reference, dossiers: Sequence[int]
    ) -> tuple[dict[int, _Ours], list[int]]:
        """Dossiers as they should stand; and the agencies of those that nobody can read, which hold no others up."""
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await messages.subjects(connection, dossiers)
            events = await messages.histories(connection, dossiers)
            names = await Names.of(connection)
            sent = await store.sent(connection, dossiers, self._since)
        found: dict[int, _Ours] = {}
        unread: list[int] = []
        for dossier, row in rows.items():
            try:
                # Whose it is is not compared: no number need be opened for it.
                subject = subject_of({**row, "id_number": None}, reference, self._ring, names)
                item = national.item(subject, steps_of(row, events[dossier], reference))
            except Exception as error:
                log.error("reconciliation.not_read", dossier=dossier, error=type(error).__name__)
                unread.append(row["agency_id"])
            else:
                found[dossier] = _Ours(row, Told.of(item), sent[dossier])
        return found, unread

    async def _asked(self, ours: Mapping[int, _Ours]) -> dict[int, _Answer]:
        """What is answered of dossiers; those of which nothing is are not in it."""
        at_once = asyncio.Semaphore(CALLS)
        answers: dict[int, _Answer] = {}
        failed = 0

        async def asked(dossier: int, one: _Ours) -> None:
            nonlocal failed
            async with at_once:
                if failed >= ENOUGH and not answers:
                    return
                answer = await self._looked_up(one)
                if answer is None:
                    failed += 1
                else:
                    answers[dossier] = answer

        await asyncio.gather(*(asked(dossier, one) for dossier, one in ours.items()))
        return {dossier: answers[dossier] for dossier in ours if dossier in answers}

    async def _looked_up(self, ours: _Ours) -> _Answer | None:
        """Ask for one dossier. Of what was sent it is believed only at the second time that it is not there: an answer
        may be that of another call."""
        name, absent = ours.row["code"], 0
        for _ in range(TRIES):
            try:
                answer = await self._client.integrate(national.LOOK_UP, mahoso=name)
                if not answer.done:
                    continue
                found = national.found_in(answer.result, name)
            except (NationalUnavailable, national.WrongAnswer) as error:
                log.warning("reconciliation.not_answered", error=type(error).__name__)
                continue
            if found is not None:
                return _Answer(Told.of(found))
            absent += 1
            if absent > 1 or not ours.sent.sending.sent:
                return _Answer(None)
        return None

    def _looked(
        self, ours: _Ours, answer: _Answer, after: store.Sent, reference: Reference, at: datetime
    ) -> store.Looked:
        row, theirs = ours.row, answer.theirs
        judged = None
        if theirs is not None and theirs != ours.told:
            judged = _judged(ours.told, theirs, row, reference, at)
        found = rules.compared(ours.told, theirs, ours.sent.sending, judged=judged)
        if found.state is State.DIFFERS and after.mark != ours.sent.mark:
            # Something happened, or was told, while it was asked for.
            found = Compared(State.ON_ITS_WAY, theirs is not None)
        kept = theirs.kept() if theirs is not None else None
        return store.Looked(row["id"], row["agency_id"], row["event_seq"], found, kept)


def _judged(
    ours: Told, theirs: Told, row: asyncpg.Record, reference: Reference, at: datetime
) -> tuple[Scored | None, Scored | None] | None:
    terms = reference.versions[row["version_id"]].all_terms
    try:
        mine, other = (one.judged(at, terms, reference.calendar, reference.national) for one in (ours, theirs))
    except CalendarMissing:
        return None
    return mine, other


async def begin(
    connection: Writing, principal: Principal, first_day: date, *, to_be_asked: bool, at: datetime
) -> asyncpg.Record:
    """Begin a round. to_be_asked: whether the installation knows whom."""
    principal.need_whole_installation()
    if not to_be_asked:
        raise Problem("conflict", Reason("", "national_not_set"))
    if await messages.holds_synthetic(connection):
        raise Problem("conflict", Reason("", "national_synthetic"))
    await store.lock(connection)
    if await store.running(connection) is not None:
        raise Problem("conflict", Reason("", "round_under_way"))
    return await one_round(connection, await store.begin(connection, principal.subject, first_day, at), ())


async def one_round(connection: Connection, round_id: int, agencies: Sequence[int]) -> asyncpg.Record:
    """A round, with the counts of these agencies."""
    row = await store.one_round(connection, round_id, agencies)
    if row is None:
        raise Problem("not_found")
    return row


class Differing(NamedTuple):
    """Which differences are listed. code: of one dossier only."""

    agencies: Sequence[int]
    kind: str | None
    code: str | None
    closed: bool | None


async def page(connection: Reading, asked: Differing, *, after: int, limit: int) -> list[asyncpg.Record]:
    """A page of differences, and one more if there is a next page."""
    dossier_id = None
    if asked.code is not None:
        dossier_id = await dossier_named(connection, asked.code)
        if dossier_id is None:
            return []
    wanted = store.Filter(asked.agencies, asked.kind, dossier_id, asked.closed)
    return await store.differences(connection, wanted, after=after, limit=limit + 1)


async def resend(
    connection: Writing, agencies: Sequence[int], kind: str | None, request: RequestKey | None, at: datetime
) -> tuple[dict[str, Any], bool]:
    """Tell once more what differs. How many, of how many something is stuck or waits, and whether an earlier request
    with this key had done it."""
    earlier = await claimed(connection, "intake", request, 201, "0 0")
    if earlier is None:
        dossiers = await store.differing(connection, agencies, kind)
        queued = await messages.tell_these_once_more(connection, dossiers, at)
        await messages.make_ready(connection, queued, at)
        earlier, replayed = f"{len(queued)} {len(dossiers) - len(queued)}", False
        await answered(connection, "intake", request, earlier)
    else:
        replayed = True
    told, left = map(int, earlier.split())
    return {"queued": told, "left": left}, replayed
