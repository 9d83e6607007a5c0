"""Telling the national database of every event of every dossier: queued from the log, sent in order, until it is taken
there. While it is down the messages wait, and intake works on."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar

import asyncpg
import orjson
import structlog

from intake_service.access_records.store import dossier_named
from intake_service.catalogue.rules import Kind
from intake_service.catalogue_mappings.store import mappings
from intake_service.deadlines.rules import history
from intake_service.documents.national import Message, message_of
from intake_service.documents.usecases import Papers, has_result
from intake_service.documents.usecases import papers as papers_of
from intake_service.files.links import addresses
from intake_service.lifecycle.rules import read_back
from intake_service.lifecycle.usecases import clock_of
from intake_service.national import rules, store
from intake_service.national.client import Answer, NationalClient, NationalUnavailable, Unanswered
from intake_service.outbox.store import Position, move, position
from shared.domain.lifecycle import Channel, EventKind
from shared.domain.vietnamese import normalised
from shared.reference import Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.keyring import KeyMissing, Keyring
from shared.web.problems import Problem, Reason, invalid, reasons_kept
from shared.web.settings import FileLinks

#: Events looked at in a round of queueing; messages taken up in a round of telling, and calls under way at once.
WINDOW, TAKEN_UP, CALLS = 2_000, 200, 4
#: How often an item goes with others that nobody answers, before it goes alone: it may be what they choke on.
TOGETHER = 3
#: So long what was sent, and not answered, may still be worked on over there. Sent again before, it would come twice.
IN_FLIGHT = timedelta(minutes=2)

log = structlog.get_logger()
_T = TypeVar("_T")


def national_workers(room: Room, client: NationalClient) -> tuple[Worker, Worker]:
    """The consumer that queues what is to be told, and the one that tells it."""
    needed = (*rules.NEEDED, *room.settings.national_needed)
    teller = Teller(client, room.keyring, needed, room.settings.file_links)

    warned = False

    async def queueing(connection: Connection) -> bool:
        nonlocal warned
        if not warned and await store.holds_synthetic(connection):
            warned = True
            log.warning("national.synthetic")  # queue_next holds them back
        return await queue_next(connection, room.settings.national_since, now())

    async def telling(connection: Connection) -> bool:
        return await teller.tell_next(connection, room.reference.current)

    return (
        Worker(room.pool, "intake.national_queue", queueing),
        Worker(room.pool, "intake.national_tell", telling),
    )


async def queue_next(connection: Connection, since: datetime | None, at: datetime) -> bool:
    """Queue the messages of the next events of the log, in the transaction that moves the position. since: what was
    recorded before is not told. Nothing is where there are made-up dossiers. Returns whether there may be more."""
    if await store.holds_synthetic(connection):
        return False  # what is made up is none of its business
    begin = await position(connection, store.CONSUMER)
    events = await store.events_after(connection, begin, WINDOW)
    if not events:
        return False
    latest: dict[int, int] = {}
    for event in events:
        latest[event["dossier_id"]] = max(event["seq"], latest.get(event["dossier_id"], 0))
    # Of a dossier none is queued before those that happened before it.
    before = await store.events_before(connection, begin, latest)
    messages = [
        store.Queued(event["dossier_id"], event["seq"], 0, step, event["agency_id"])
        for event in (*before, *events)
        if since is None or event["recorded_at"] >= since
        for step in range(len(rules.services_of(EventKind(event["kind"]))))
    ]
    dossiers = sorted({message.dossier_id for message in messages})
    async with connection.transaction():
        if messages:
            await store.queue(connection, messages, at)
            await store.release(connection, dossiers, at)
            await store.make_ready(connection, dossiers, at)
        await move(connection, store.CONSUMER, Position(events[-1]["txid"], events[-1]["id"]))
    return True


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with what it says. turned: it was sent as new and is an update after all, or the other way round.
    doubtful: it was sent before, and nobody knows what became of it. without: reasons (JSON) why it says nothing of the
    dossier's papers. persons: what an answer to a line may say of a person."""

    message: store.Ready
    told: dict[str, Any]
    turned: bool = False
    doubtful: bool = False
    without: str | None = None
    persons: Mapping[str, Any] | None = None

    def kept(self, words: str) -> str:
        """What is kept of the words that answer it."""
        return rules.words_without_persons(words, {**(self.persons or {}), **self.told})


class Teller:
    """Sends what is ready, and notes what became of it. Nothing is taken for done that was not answered so; what was
    sent and not answered is sent again, and the national side says that it is there already."""

    def __init__(
        self,
        client: NationalClient,
        ring: Keyring,
        needed: Sequence[str],
        links: FileLinks | None = None,
        *,
        in_flight: timedelta = IN_FLIGHT,
    ) -> None:
        self._client = client
        self._in_flight = in_flight
        self._led: tuple[Connection, datetime] | None = None
        self._links = links
        self._ring = ring
        self._needed = needed
        self._breaker = rules.Breaker()

    async def tell_next(self, connection: Connection, reference: Reference) -> bool:
        """Send what is ready; whether there may be more at once."""
        if self._breaker.is_open(asyncio.get_running_loop().time()):
            return False
        at = now()
        if self._led is None or self._led[0] is not connection:
            self._led = (connection, at)
        # Whoever led before may have sent something just before he was gone.
        abandoned = at - self._led[1] >= self._in_flight
        limit = rules.BATCH if self._breaker.careful else TAKEN_UP
        ready = await store.ready(connection, at, limit, abandoned=abandoned)
        if not ready:
            return False
        letters, blocked = await self._written(connection, reference, ready)
        if blocked:
            await store.settle(connection, blocked, now())
        return bool(letters) and await self._carried_out(connection, _calls(letters)) > 0

    async def _carried_out(self, connection: Connection, calls: Sequence[Sequence[Letter]]) -> int:
        """Make calls, some at once. First it is noted what is sent: whoever finds that noted, and no answer, knows that
        it may have been taken. How many were."""
        letters = [letter for call in calls for letter in call]
        kept = {each.message.id: orjson.dumps(rules.without_persons(each.told)).decode() for each in letters}
        await store.note_trying(connection, kept, now())
        at_once = asyncio.Semaphore(CALLS)

        async def made(call: Sequence[Letter]) -> list[store.Settled]:
            async with at_once:
                # Without its connection somebody else leads by now.
                if connection.is_closed() or self._breaker.is_open(asyncio.get_running_loop().time()):
                    return [_later(letter) for letter in call]
                return await self._sent(call)

        answered = await asyncio.gather(*map(made, calls))
        settled = [one for call in answered for one in call]
        taken = {one.id for one in settled if one.state == "taken"}
        lost = {one.id for one in settled if one.state == "waiting" and one.ready_at is None}
        async with connection.transaction():
            await store.settle(connection, settled, now())
            await store.tell_anew(connection, sorted(lost), now())
            dossiers = [letter.message.dossier_id for letter in letters if letter.message.id in taken | lost]
            await store.make_ready(connection, dossiers, now())
        return len(taken)

    async def _written(
        self, connection: Connection, reference: Reference, ready: Sequence[store.Ready]
    ) -> tuple[list[Letter], list[store.Settled]]:
        dossiers = [one.dossier_id for one in ready]
        rows = await store.subjects(connection, dossiers)
        events = await store.histories(connection, dossiers)
        names = await Names.of(connection)
        # Papers are told as they are now, with the last step: those before it are told over by it.
        last = [m.dossier_id for m in ready if m.step == 0 and m.seq == rows[m.dossier_id]["event_seq"]]
        found = await papers_of(connection, reference, [rows[dossier] for dossier in last])
        address_of = addresses(self._links, now())
        letters: list[Letter] = []
        blocked: list[store.Settled] = []

        def written(message: store.Ready) -> Letter | list[Reason]:
            row = rows[message.dossier_id]
            subject = subject_of(row, reference, self._ring, names)
            steps = steps_of(row, events[message.dossier_id][: message.seq], reference)
            doubtful = message.attempts > 0
            if message.step == 1:
                persons = rules.told_of_persons(subject, steps)
                return Letter(message, rules.progress(subject, steps), doubtful=doubtful, persons=persons)
            papers = _papers(found[message.dossier_id], row, address_of) if message.dossier_id in found else None
            told = rules.item(subject, steps)
            reasons = rules.blockers(told, subject, self._needed, papers)
            if reasons:
                return reasons
            if papers is None:
                return Letter(message, told, doubtful=doubtful)
            without = reasons_kept(papers.blockers) if papers.blockers else None
            return Letter(message, rules.with_papers(told, papers), doubtful=doubtful, without=without)

        for message in ready:
            try:
                letter = written(message)
            except KeyMissing:
                letter = [Reason("SoGiayToChuHoSo", "national_number_sealed")]
            except KeyError:  # of a version or an agency that was made just now; what is known is read anew in a moment
                reasons = reasons_kept([Reason("", "national_not_written")])
                soon = now() + rules.backoff(1, message.id)
                blocked.append(store.Settled(message.id, "waiting", soon, reasons=reasons))
                continue
            except Exception as error:  # a dossier that nobody can read holds none of the others up
                log.error("national.not_written", message=message.id, error=type(error).__name__)
                letter = [Reason("", "national_not_written")]
            if isinstance(letter, Letter):
                letters.append(letter)
            else:
                blocked.append(store.Settled(message.id, "blocked", reasons=reasons_kept(letter)))
        return letters, blocked

    async def _sent(self, call: Sequence[Letter]) -> list[store.Settled]:
        """Send letters of one kind in one call. Of which nobody knows then whether it was taken is sent alone. A line
        of a course that may be there already is looked for first: told twice, it would stand there twice."""
        (first, *others) = call
        try:
            if not others and first.message.step == 1 and first.doubtful:
                told = await self._is_told(first)
                if told is not False:
                    return [told]
            answer = await self._asked(call)
        except NationalUnavailable as error:
            log.warning("national.not_answered", error=str(error), waiting=len(call))
            at_least = self._in_flight if isinstance(error, Unanswered) else timedelta(0)
            return [_later(letter, at_least) for letter in call]
        names = [letter.told["MaHoSo"] for letter in call]
        verdicts = rules.verdicts(answer.done, answer.code, answer.message, answer.result, names)
        settled: list[store.Settled] = []
        for letter, name in zip(call, names, strict=True):
            verdict = verdicts[name]
            if verdict is not None:
                settled.append(await self._taken(letter, *verdict))
            elif others:
                settled += await self._sent([replace(letter, doubtful=True)])
            else:
                log.warning("national.not_answered", error="of other dossiers", waiting=1)
                settled.append(_later(letter))
        return settled

    async def _is_told(self, letter: Letter) -> store.Settled | Literal[False]:
        """What that settles; False: it is not there, and may be sent. It is believed only at the second time that the
        dossier is not: an answer may be that of another call. Raises NationalUnavailable."""
        name = letter.told["MaHoSo"]
        for _ in range(2):
            answer = await self._client.integrate(rules.LOOK_UP, mahoso=name)
            if not answer.done and not rules.is_not_there(answer.message):
                return self._refused(letter, answer.code, letter.kept(answer.message))
            try:
                found = rules.found_in(answer.result, name) if answer.done else None
            except rules.WrongAnswer as error:
                raise NationalUnavailable("of another dossier") from error
            if found is not None:
                lines = found.get("DanhSachTienDo")
                if isinstance(lines, list) and rules.is_told(lines, letter.told):
                    return store.Settled(letter.message.id, "taken", answer_code=rules.SUCCESS[0])
                return False
        return False

    async def _taken(self, letter: Letter, code: str, words: str) -> store.Settled:
        """What became of a letter, by what was said of it."""
        message = letter.message
        said = letter.kept(words)
        there = rules.is_there_already(code, words)
        # Of an update only the code says so: words may be of anything that is there, a paper's number.
        if rules.is_success(code) or (there and (message.step == 1 or (message.known and code in rules.THERE_ALREADY))):
            self._breaker.taken()
            return store.Settled(message.id, "taken", None, code, said, letter.without)
        wrong_way = rules.is_not_there(words) if message.known else there
        if message.step == 0 and not letter.turned and wrong_way:
            # It has the dossier, though we were not told so; or it has it no more: the same the other way.
            turned = replace(letter, message=replace(message, known=not message.known), turned=True)
            return (await self._sent([turned]))[0]
        return self._refused(letter, code, said, lost=message.step == 1 and rules.is_not_there(words))

    def _refused(self, letter: Letter, code: str, said: str, *, lost: bool = False) -> store.Settled:
        """A letter was refused. lost: for the dossier that it tells of is not there; then that goes before it."""
        message = letter.message
        blameless = self._breaker.refused(message.id, asyncio.get_running_loop().time())
        refusals = message.refusals + (not blameless)
        again = refusals < rules.MOST_REFUSALS
        at = now() + rules.backoff(message.attempts + 1, message.id) if again and not lost else None
        reasons = reasons_kept([Reason("", "national_refused", {"code": code})])
        return store.Settled(message.id, "waiting" if again else "dead", at, code, said, reasons, refusals)

    async def _asked(self, call: Sequence[Letter]) -> Answer:
        data = [letter.told for letter in call]
        try:
            if call[0].message.step == 0:
                updating = "True" if call[0].message.known else "False"
                answer = await self._client.integrate(rules.ITEM, isUpdating=updating, data=data)
            else:
                answer = await self._client.integrate(rules.PROGRESS, data=data)
        except NationalUnavailable:
            self._breaker.failed(asyncio.get_running_loop().time())
            raise
        return answer


def _later(letter: Letter, at_least: timedelta = timedelta(0)) -> store.Settled:
    message = letter.message
    wait = max(at_least, rules.backoff(message.attempts + 1, message.id))
    return store.Settled(message.id, "waiting", now() + wait)


def _calls(letters: Sequence[Letter]) -> list[Sequence[Letter]]:
    """Letters of one kind together, as many as one call takes; alone what may be there already, and what was often not
    answered: it may be what the others choke on."""
    kinds: dict[tuple[int, bool], list[Letter]] = defaultdict(list)
    alone: list[Sequence[Letter]] = []
    for letter in letters:
        if letter.message.attempts >= TOGETHER or (letter.message.step == 1 and letter.doubtful):
            alone.append([letter])
        else:
            kinds[letter.message.step, letter.message.known].append(letter)
    return [*(some for alike in kinds.values() for some in _several(alike, rules.BATCH)), *alone]


def _several(all_of_them: Sequence[_T], most: int) -> list[Sequence[_T]]:
    return [all_of_them[begin : begin + most] for begin in range(0, len(all_of_them), most)]


class Names(NamedTuple):
    """What procedures and fields of ours are called in the national catalogue, where somebody said so."""

    procedures: Mapping[str, str]
    fields: Mapping[str, str]

    @classmethod
    async def of(cls, connection: Connection) -> "Names":
        """As they hold now."""
        return cls(
            *[
                {local: row["national_code"] for local, row in (await mappings(connection, kind)).items()}
                for kind in (Kind.PROCEDURES, Kind.FIELDS)
            ]
        )


def subject_of(
    row: asyncpg.Record | Mapping[str, Any], reference: Reference, ring: Keyring, names: Names
) -> rules.Subject:
    """Whose a dossier is and what it is about (store.subjects)."""
    version = reference.versions[row["version_id"]]
    return rules.Subject(
        code=row["code"],
        accepted=row["accepted_at"] is not None,
        procedure=names.procedures.get(version.code, version.code),
        sector_code=names.fields.get(normalised(version.sector)),
        procedure_name=version.name,
        sector=version.sector,
        channel=Channel(row["channel"]),
        agency_name=reference.agencies.by_id[row["agency_id"]].name,
        return_channel=row["return_channel"],
        summary=row["summary"],
        kind=row["kind"],
        applicant=row["applicant"],
        id_number=ring.unseal(row["id_number"]),
        phone=row["phone"],
        email=row["email"],
        erased=row["erased_at"] is not None,
    )


def _papers(papers: Papers, row: asyncpg.Record, address_of: Callable[[str], str] | None) -> Message:
    done = has_result(row["status"], row["outcome"])
    return message_of(papers.held, papers.result, has_result=done, erased=False, address_of=address_of)


def steps_of(row: asyncpg.Record, events: Sequence[asyncpg.Record], reference: Reference) -> list[rules.Step]:
    """A dossier's events (store.histories), each with the dossier before and after it."""
    told = history(read_back((event[:3] for event in events), clock_of(reference, row)))
    agencies = reference.agencies.by_id
    return [
        rules.Step(one, event["actor"], agencies[event["acting_agency_id"]].name, event["reason"])
        for one, event in zip(told, events, strict=True)
    ]


async def standing(connection: Reading, agencies: Sequence[int]) -> tuple[dict[str, int], datetime | None]:
    """How many messages are in each state, and when the oldest was queued that is not taken yet."""
    return await store.counted(connection, agencies), await store.waiting_since(connection, agencies)


async def page(
    connection: Reading, agencies: Sequence[int], state: str | None, code: str | None, *, after: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of messages, and one more if there is a next page. code: of one dossier only."""
    wanted = store.Filter(agencies, state)
    if code is not None:
        dossier_id = await dossier_named(connection, code)
        if dossier_id is None:
            return []
        wanted = replace(wanted, dossier_id=dossier_id)
    return await store.listed(connection, wanted, after=after, limit=limit + 1)


async def one(connection: Connection, principal: Principal, message_id: int) -> asyncpg.Record:
    """A message of a dossier that an agency of the caller's received."""
    row = await store.find(connection, message_id, sorted(principal.scope))
    if row is None:
        raise Problem("not_found")
    return row


async def resend(connection: Writing, principal: Principal, message_id: int, at: datetime) -> asyncpg.Record:
    """A stuck message waits again."""
    await store.lock(connection, message_id)
    row = await one(connection, principal, message_id)
    if row["state"] not in ("blocked", "dead"):
        raise Problem("conflict", Reason("", "message_not_stuck"))
    await store.send_again(connection, message_id, at)
    return await one(connection, principal, message_id)


async def resend_all(
    connection: Writing, agencies: Sequence[int], state: str, answer_code: str | None, at: datetime
) -> int:
    """What is stuck in a state waits again. answer_code: only what was refused with it. How many."""
    return await store.send_all_again(connection, agencies, state, answer_code, at)


async def resync(
    connection: Writing, agencies: Sequence[int], first: date, last: date, request: RequestKey | None, at: datetime
) -> tuple[int, bool]:
    """Queue the dossiers of a period once more. How many, and whether an earlier request with this key had done it."""
    if first > last:
        raise invalid("to", "period_reversed")
    earlier = await claimed(connection, "intake", request, 201, "0")
    if earlier is not None:
        return int(earlier), True
    dossiers = await store.tell_once_more(connection, agencies, first, last, at)
    await store.make_ready(connection, dossiers, at)
    await answered(connection, "intake", request, str(len(dossiers)))
    return len(dossiers), False
