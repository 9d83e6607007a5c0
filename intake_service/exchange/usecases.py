"""Reading at the national portal what citizens ask and say, and telling it what was answered and said here."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
import structlog

from intake_service.catalogue.rules import Kind as Catalogued
from intake_service.catalogue_mappings.store import mappings
from intake_service.exchange import rules, store
from intake_service.exchange.rules import Answered, Given, Kind, Question, Unread
from intake_service.national import rules as national
from intake_service.national.client import NationalClient, NationalUnavailable
from intake_service.national.store import holds_synthetic
from intake_service.petitions.rules import kinds_read_by as petitions_read_by
from intake_service.petitions.store import Received, Sender, dossier_named
from intake_service.petitions.usecases import take_in
from intake_service.ratings.rules import LEVELS, NAMES
from intake_service.ratings.store import of_dossier, rate, to_rate
from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection, Reading, Writing
from shared.web.problems import Problem, Reason, reasons_kept

#: Of what comes in, so much in a transaction; of what goes out, so much taken up at once.
TOGETHER, TAKEN_UP = 100, 50
#: Between two looks for what is to be sent.
IDLE_SECONDS = 20.0

log = structlog.get_logger()


def exchange_worker(room: Room, client: NationalClient) -> Worker:
    """What exchanges questions, feedback and ratings."""
    settings = room.settings
    minutes, place = settings.national_exchange_minutes, settings.national_place
    exchanger = Exchanger(
        client,
        place.unit if place else "",
        every=timedelta(minutes=minutes),
        since=settings.national_since,
        change_days=settings.rating_change_days,
        ratings_service=settings.national_ratings_service,
    )

    async def exchanging(connection: Connection) -> bool:
        return minutes > 0 and await exchanger.exchange_next(connection, room.reference.current, now())

    return Worker(room.pool, "intake.national_exchange", exchanging, idle=IDLE_SECONDS)


class Exchanger:
    """Reads the lists when it is time, and sends what is ready. What was read once is not read again; what was sent and
    not answered is sent again, and is there once: the portal knows it by its key."""

    def __init__(
        self,
        client: NationalClient,
        unit: str,
        *,
        every: timedelta,
        since: datetime | None,
        change_days: int,
        ratings_service: str | None,
    ) -> None:
        """unit: who speaks, where an agency has no code of theirs. since: what was said here before is not told.
        change_days: for which a rating can be changed. ratings_service: which gives ratings out; None: none does."""
        self._client = client
        self._unit = unit
        self._every = every
        self._since = since
        self._change_days = change_days
        self._lists: dict[str, Kind] = {
            rules.QUESTIONS: Kind.QUESTION,
            rules.AGENCY_QUESTIONS: Kind.AGENCY_QUESTION,
            **({ratings_service: Kind.RATING_GIVEN} if ratings_service else {}),
        }
        self._breaker = national.Breaker()

    async def exchange_next(self, connection: Connection, reference: Reference, at: datetime) -> bool:
        """Read what is due, send what is ready. Whether there may be more at once."""
        if not reference.loaded:
            return False  # an installation that is being made: beside nothing everything is new
        if self._breaker.is_open(asyncio.get_running_loop().time()) or await holds_synthetic(connection):
            return False
        inboxes = await store.inboxes(connection)
        for service, kind in self._lists.items():
            last = inboxes[service]["tried_at"] if service in inboxes else None
            if last is None or at - last >= self._every:
                await self._read(connection, reference, service, kind)
        await self._queue(connection, at)
        return await self._send(connection, reference)

    # --- in ---------------------------------------------------------------------------------------------------------

    async def _read(self, connection: Connection, reference: Reference, service: str, kind: Kind) -> None:
        try:
            answer = await self._client.integrate(service)
        except NationalUnavailable as error:
            self._failed()
            await store.note_error(connection, service, str(error), now())
            return
        if not answer.done:
            await store.note_error(connection, service, f"refused with code {answer.code[:20]}", now())
            return
        read: Callable[[Any], Question | Given | Unread] = (
            rules.read_rating if kind is Kind.RATING_GIVEN else rules.read_question
        )
        # Of what is listed twice the first counts.
        items: dict[str, Question | Given | Unread] = {}
        for one in map(read, answer.result):
            items.setdefault(one.key, one)
        units = await _units(connection, reference)
        fresh = unread = 0
        keys = list(items)
        for begin in range(0, len(keys), TOGETHER):
            some = keys[begin : begin + TOGETHER]
            async with connection.transaction():
                known = await store.known(connection, kind, some)
                if kind is Kind.AGENCY_QUESTION:
                    known |= await store.known(connection, Kind.PUBLISHED, some)
                for key in some:
                    if key not in known:
                        fresh += 1
                        unread += not await self._taken(connection, reference, kind, items[key], units)
        await store.note_read(connection, service, len(items), fresh, unread, now())

    async def _taken(
        self,
        connection: Connection,
        reference: Reference,
        kind: Kind,
        item: Question | Given | Unread,
        units: dict[str, Agency],
    ) -> bool:
        """Take one in. Whether something could be read."""
        at = now()
        province = _province(reference, at)
        if isinstance(item, Unread):
            new = store.Come(kind, item.key, province.id, "dead", reasons=reasons_kept([item.reason]))
        elif isinstance(item, Question):
            agency = units.get(item.unit or "", province)
            if item.answered:
                answered = reasons_kept([Reason("", "exchange_answered_there")])
                new = store.Come(kind, item.key, agency.id, "taken", item.unit, reasons=answered)
            else:
                petition = await take_in(connection, _petition(item, agency, at))
                new = store.Come(kind, item.key, agency.id, "taken", item.unit, petition)
        else:
            new = await _rated(connection, item, province, at)
        await store.take(connection, new, at)
        return new.state != "dead"

    # --- out --------------------------------------------------------------------------------------------------------

    async def _queue(self, connection: Connection, at: datetime) -> None:
        for question, answer in rules.ANSWERED.items():
            await store.queue_answers(connection, question, answer, at)
        await store.queue_published(connection, self._since, at)
        # A rating that can still be changed would be told twice.
        await store.queue_ratings(connection, self._since, at - timedelta(days=self._change_days + 1), at)

    async def _send(self, connection: Connection, reference: Reference) -> bool:
        limit = 1 if self._breaker.careful else TAKEN_UP
        rows = await store.ready(connection, list(rules.SENT_BY), now(), limit)
        units = {agency.id: code for code, agency in (await _units(connection, reference)).items()}
        for row in rows:
            if self._breaker.is_open(asyncio.get_running_loop().time()):
                return False
            if _is_gone(row):
                reasons = reasons_kept([Reason("NOIDUNGTRALOI", "exchange_words_erased")])
                await store.settle(connection, store.Settled(row["id"], "dead", reasons=reasons), now())
                continue
            await self._sent(connection, row, self._item(row, reference, units))
        return len(rows) == limit

    def _item(self, row: asyncpg.Record, reference: Reference, units: dict[int, str]) -> dict[str, Any]:
        kind = Kind(row["kind"])
        if kind is Kind.RATING:
            return rules.rating_item(row["key"], NAMES[row["level"]], row["rated_at"])
        agency = reference.agencies.by_id[row["agency_id"]]
        unit = row["unit"] or units.get(agency.id, self._unit)
        if kind is Kind.PUBLISHED:
            told = Answered(row["key"], unit, "", row["occurred_at"] or now(), row["answer"], row["content"])
            return rules.published_item(told, agency.name)
        told = Answered(row["key"], unit, row["actor"], row["occurred_at"], row["words"], row["asked"])
        return rules.published_item(told, agency.name) if kind is Kind.AGENCY_ANSWER else rules.answer_item(told)

    async def _sent(self, connection: Connection, row: asyncpg.Record, item: dict[str, Any]) -> None:
        kind = Kind(row["kind"])
        await store.note_trying(connection, row["id"], orjson.dumps(rules.kept(item)).decode(), now())
        try:
            answer = await self._client.integrate(rules.SENT_BY[kind], data=[item])
        except NationalUnavailable as error:
            log.warning("exchange.not_answered", error=str(error), kind=kind.value)
            self._failed()
            later = now() + national.backoff(row["attempts"] + 1, row["id"])
            await store.settle(connection, store.Settled(row["id"], "waiting", later), now())
            return
        # What the portal says of the others may repeat whose question it was, or whose dossier was rated.
        said = national.words_without_persons(answer.message, item) if kind is Kind.PUBLISHED else None
        if answer.done or national.is_there_already(answer.code, answer.message):
            self._breaker.taken()
            await store.settle(connection, store.Settled(row["id"], "taken", None, answer.code, said), now())
            return
        blameless = self._breaker.refused(row["id"], asyncio.get_running_loop().time())
        refusals = row["refusals"] + (not blameless)
        again = refusals < national.MOST_REFUSALS
        at = now() + national.backoff(row["attempts"] + 1, row["id"]) if again else None
        reasons = reasons_kept([Reason("", "national_refused", {"code": answer.code})])
        state = "waiting" if again else "dead"
        await store.settle(connection, store.Settled(row["id"], state, at, answer.code, said, reasons, refusals), now())

    def _failed(self) -> None:
        self._breaker.failed(asyncio.get_running_loop().time())


def _is_gone(row: asyncpg.Record) -> bool:
    """Whether what is to be sent was erased before it was."""
    match Kind(row["kind"]):
        case Kind.RATING:
            return False
        case Kind.PUBLISHED:
            return row["answer"] is None
        case Kind.AGENCY_ANSWER:
            return row["words"] is None or row["asked"] is None
    return row["words"] is None


def _petition(question: Question, agency: Agency, at: datetime) -> Received:
    sender = Sender(question.name, question.address, question.phone, question.email)
    return Received(
        agency.id,
        None,
        question.kind,
        "national_portal",
        at,
        civil_day(at),
        question.title,
        question.text,
        sender,
    )


async def _rated(connection: Connection, given: Given, province: Agency, at: datetime) -> store.Come:
    """Take a rating in. One that was given here, by whoever held the receipt, stands."""
    dossier_id = await dossier_named(connection, given.dossier)
    if dossier_id is None:
        reason = reasons_kept([Reason("MaHoSo", "unknown_dossier")])
        return store.Come(Kind.RATING_GIVEN, given.key, province.id, "dead", reasons=reason)
    dossier = await to_rate(connection, dossier_id)
    agency = dossier["agency_id"]
    if await of_dossier(connection, dossier_id) is not None:
        reason = reasons_kept([Reason("", "exchange_rated_here")])
        return store.Come(Kind.RATING_GIVEN, given.key, agency, "taken", reasons=reason)
    if dossier["finished_at"] is None or dossier["erased_at"] is not None:
        reason = reasons_kept([Reason("", "exchange_not_rateable")])
        return store.Come(Kind.RATING_GIVEN, given.key, agency, "dead", reasons=reason)
    # It counts to the day on which it came: what was published of an earlier one stays.
    await rate(connection, dossier_id, agency, LEVELS[given.level], "{}", given.words, at, civil_day(at))
    return store.Come(Kind.RATING_GIVEN, given.key, agency, "taken", dossier_id=dossier_id)


async def _units(connection: Connection, reference: Reference) -> dict[str, Agency]:
    """Agencies by what they are called there: as somebody said, or by their identification code."""
    tree, today = reference.agencies, civil_day(now())
    found = {unit.identification_code: unit for unit in tree.in_force(today) if unit.identification_code}
    for local, row in (await mappings(connection, Catalogued.AGENCIES)).items():
        agency = tree.on(local, today)
        if agency is not None:
            found[row["national_code"]] = agency
    return found


def _province(reference: Reference, at: datetime) -> Agency:
    """Who takes up what is put to nobody that is known here."""
    return next(unit for unit in reference.agencies.in_force(civil_day(at)) if unit.parent_id is None)


async def standing(
    connection: Reading, agencies: Sequence[int]
) -> tuple[Sequence[asyncpg.Record], dict[str, asyncpg.Record]]:
    """How many of each kind are in each state, and how the lists were read last."""
    return await store.counted(connection, agencies), await store.inboxes(connection)


async def page(
    connection: Reading,
    principal: Principal,
    agencies: Sequence[int],
    kind: str | None,
    state: str | None,
    *,
    after: int,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """A page of what was exchanged, as far as the caller's role reads what it is about, and one more if there is a next
    page."""
    kinds = [each for each in rules.kinds_read_by(principal.role) if kind in (None, each)]
    wanted = store.Filter(agencies, kinds, petitions_read_by(principal.role), state)
    return await store.listed(connection, wanted, after=after, limit=limit + 1)


async def resend(connection: Writing, principal: Principal, message: int, at: datetime) -> asyncpg.Record:
    """What is stuck waits again: to be sent, or to be read with the next list."""
    scope = sorted(principal.scope)
    if await store.find(connection, message, scope) is None:
        raise Problem("not_found")
    if not await store.send_again(connection, message, at):
        raise Problem("conflict", Reason("", "message_not_stuck"))
    row = await store.find(connection, message, scope)
    assert row is not None, "it was there"
    return row
