"""Reading the national catalogue, and deciding what of it holds here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import structlog

from intake_service.catalogue import rules, store
from intake_service.catalogue.rules import Change, Difference, Finding, Kind, Ours, Published
from intake_service.national.client import Answer, NationalClient, NationalUnavailable
from intake_service.national.rules import Breaker
from intake_service.procedures import store as procedures
from intake_service.procedures.rules import OfferRow, ProcedureRow, TermRow
from shared.domain.agencies import Level
from shared.domain.civil_time import civil_day
from shared.domain.codes import ProcedureCode
from shared.domain.lifecycle import Channel
from shared.domain.terms import TermUnit
from shared.domain.vietnamese import normalised
from shared.reference import ProcedureVersion, Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.database import Connection, Reading, Writing
from shared.web.problems import Problem, Reason, invalid

#: Procedures asked for in a round, and calls under way at once.
ASKED, CALLS = 20, 4
#: A reading that did not get to its end in so long is given up, and says so.
PATIENCE = timedelta(days=1)
#: Where a version comes from that somebody took over.
BASIS = "national catalogue, taken over by decision {decision}"

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
        self._compared: tuple[object, _Comparer] | None = None

    async def pull_next(self, connection: Connection, reference: Reference, at: datetime) -> bool:
        """One step of the reading that is under way; whether there may be more at once."""
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
            made = await _proposed(connection, pull["id"], proposals)
            await store.note_findings(connection, pull["id"], findings)
            await store.note_done(connection, pull["id"], len(codes), made, now())

    async def _beside(self, connection: Connection, reference: Reference, pull: int) -> "_Comparer":
        """Ours, read once for a reading and what it reads beside."""
        known = (pull, reference.revision, civil_day(now()))
        if self._compared is None or self._compared[0] != known:
            self._compared = (known, await _Comparer.of(connection, reference))
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


class _Comparer:
    """Our procedures in force, beside what is published."""

    def __init__(
        self, in_force: Mapping[str, ProcedureVersion], about: Mapping[int, asyncpg.Record], mapped: Mapping[str, str]
    ) -> None:
        self._in_force = in_force
        self._about = about
        self._mapped = mapped

    @classmethod
    async def of(cls, connection: Connection, reference: Reference) -> "_Comparer":
        mapped = await store.mappings(connection, Kind.PROCEDURES)
        return cls(
            _in_force(reference, civil_day(now())),
            await store.about_ours(connection),
            {row["national_code"]: local for local, row in mapped.items()},
        )

    def proposed(self, theirs: Published, entry: int) -> tuple[store.Proposed | None, Finding | None]:
        """What a procedure would have us change, if anything; and why that cannot be told."""
        mapped = self._mapped.get(theirs.code)
        ours = self._in_force.get(mapped) if mapped else rules.matching(theirs.code, theirs.core, self._in_force)
        if isinstance(ours, Reason):
            return None, Finding(Kind.PROCEDURES, theirs.code, ours)
        if ours is None:
            found = rules.difference_of_new(theirs)
            return (_made(Change.NEW, theirs.code, None, entry, found) if theirs.public else None), None
        if not theirs.public:
            return _made(Change.GONE, theirs.code, ours.code, entry, [Difference("public", "có", "không")]), None
        about = self._about[ours.id]
        found = rules.differences(Ours(ours, about["publisher"], about["issuer"]), theirs)
        return (_made(Change.CHANGED, theirs.code, ours.code, entry, found) if found else None), None

    def missing(self, codes: Sequence[str]) -> list[ProcedureVersion]:
        """National procedures of ours that are published no more."""
        cores = {parsed.national_core for code in codes if (parsed := ProcedureCode.parse(code)) is not None}
        national = [v for v in self._in_force.values() if self._about[v.id]["scope"] == "national"]
        mapped = set(self._mapped.values())
        return [version for version in national if version.core not in cores and version.code not in mapped]

    @property
    def count(self) -> int:
        """How many of ours are in force."""
        return len(self._in_force)


def _in_force(reference: Reference, day: date) -> dict[str, ProcedureVersion]:
    found = {code: reference.procedure_on(code, day) for code in reference.procedures}
    return {code: version for code, version in found.items() if version is not None}


def _made(
    change: Change, code: str, ours: str | None, entry: int | None, found: Sequence[Difference]
) -> store.Proposed:
    return store.Proposed(change, code, ours, entry, found, rules.digest(change, found))


async def _proposed(connection: Connection, pull: int, proposals: Sequence[tuple[str, store.Proposed | None]]) -> int:
    """Make the proposals that are not there already, waiting or rejected; what waits and is none any more is let go."""
    last = await store.last_proposals(connection, [code for code, _ in proposals])
    today = civil_day(now())
    fresh, outdated = [], []
    for code, one in proposals:
        known = last.get(code)
        same = known is not None and one is not None and known["digest"] == one.digest
        if known is not None and known["state"] == "waiting" and not same:
            outdated.append(code)
        to_come = known is not None and known["state"] == "approved" and known["valid_from"] > today
        if one is not None and not (same and known is not None and (known["state"] != "approved" or to_come)):
            fresh.append(one)
    await store.supersede(connection, outdated, now())
    await store.propose(connection, pull, fresh, now())
    return len(fresh)


async def _ended(connection: Connection, reference: Reference, pull: asyncpg.Record) -> None:
    """Every procedure was asked for: what is published no more, and the end of the reading."""
    comparer = await _Comparer.of(connection, reference)
    missing = comparer.missing(pull["codes"])
    async with connection.transaction():
        if rules.shrunk(comparer.count, len(missing)):
            cut = Reason("", "catalogue_shrunk", {"count": len(missing), "known": comparer.count})
            await store.note_findings(connection, pull["id"], [Finding(Kind.PROCEDURES, Kind.PROCEDURES, cut)])
        else:
            gone = [Difference("public", "có", "không")]
            proposals = [(v.code, _made(Change.GONE, v.code, v.code, None, gone)) for v in missing]
            made = await _proposed(connection, pull["id"], proposals)
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


async def one_proposal(connection: Connection, proposal_id: int) -> asyncpg.Record:
    """A proposal."""
    row = await store.proposal(connection, proposal_id)
    if row is None:
        raise Problem("not_found")
    return row


@dataclass(frozen=True, slots=True)
class Approval:
    """What whoever approves says: from which day, by which decision, why; of a new procedure, which levels handle it.
    retroactive: knowingly from a day on that has begun: what was received since keeps its version."""

    valid_from: date
    decision: str
    reason: str
    levels: Sequence[Level]
    retroactive: bool
    tag: int | None
    at: datetime


async def approve(
    connection: Writing, reference: Reference, principal: Principal, proposal_id: int, approval: Approval
) -> asyncpg.Record:
    """Take over what is published: as a version that begins on a day, or as the end of one. Dossiers keep the version
    that they began with."""
    row = await _waiting(connection, principal, proposal_id, approval.tag)
    begin, today = approval.valid_from, civil_day(approval.at)
    if begin <= today and not approval.retroactive:
        tomorrow = (today + timedelta(days=1)).isoformat()
        raise invalid("valid_from", "back_dated", day=tomorrow, flag="retroactive")
    await procedures.lock(connection)
    change = Change(row["change"])
    made: int | None
    if change is Change.NEW:
        made = await _begun(connection, reference, row, approval)
    else:
        current = _current(reference, row["ours"], begin)
        if change is Change.GONE:
            await store.end_version(connection, current.id, begin - timedelta(days=1))
            made = None
        else:
            made = await _changed(connection, row, current, approval)
    await procedures.bump_revision(connection)
    await store.decide(
        connection,
        proposal_id,
        store.Decided("approved", principal.subject, approval.at, approval.reason, approval.decision, begin, made),
    )
    return await one_proposal(connection, proposal_id)


async def reject(
    connection: Writing, principal: Principal, proposal_id: int, reason: str, tag: int | None, at: datetime
) -> asyncpg.Record:
    """It stays as it is here. The same is not proposed again; something else is."""
    await _waiting(connection, principal, proposal_id, tag)
    await store.decide(connection, proposal_id, store.Decided("rejected", principal.subject, at, reason))
    return await one_proposal(connection, proposal_id)


async def _waiting(connection: Writing, principal: Principal, proposal_id: int, tag: int | None) -> asyncpg.Record:
    principal.need_whole_installation()
    await store.lock(connection)
    row = await one_proposal(connection, proposal_id)
    if tag not in (None, row["version"]):
        raise Problem("version_changed")
    if row["state"] != "waiting":
        raise Problem("conflict", Reason("", "proposal_not_waiting"))
    return row


def _current(reference: Reference, code: str, begin: date) -> ProcedureVersion:
    """The version that ends where another begins; a version to come is in the way."""
    versions = reference.procedures.get(code, ())
    later = [v.valid_from for v in versions if v.valid_from is not None and v.valid_from >= begin]
    if later:
        raise invalid("valid_from", "version_then", day=min(later).isoformat())
    current = reference.procedure_on(code, begin - timedelta(days=1))
    if current is None:
        raise invalid("valid_from", "procedure_not_in_force", day=(begin - timedelta(days=1)).isoformat())
    return current


async def _read(connection: Connection, row: asyncpg.Record) -> Published:
    published, _ = rules.read_procedure(row["code"], [await store.content(connection, row["entry_id"])])
    assert published is not None, "a proposal is made of an entry that could be read"
    return published


async def _begun(connection: Writing, reference: Reference, row: asyncpg.Record, approval: Approval) -> int:
    theirs = await _read(connection, row)
    if not approval.levels:
        raise invalid("levels", "required")
    if not theirs.sector:
        # Reports group by it; what the catalogue does not say nobody makes up.
        raise Problem("conflict", Reason("", "catalogue_no_sector"))
    code = theirs.code
    if code in reference.procedures:
        raise Problem("conflict", Reason("", "already_used"))
    basis = BASIS.format(decision=approval.decision)
    made = ProcedureRow(
        code,
        theirs.core,
        theirs.publisher,
        "national",
        theirs.name,
        theirs.sector,
        theirs.issuer,
        approval.decision,
        None,
        approval.valid_from,
        None,
        basis,
        tuple(OfferRow(level, None, basis) for level in dict.fromkeys(approval.levels)),
        rules.terms_to_be((), theirs),
    )
    return await _written(connection, made)


async def _changed(connection: Writing, row: asyncpg.Record, current: ProcedureVersion, approval: Approval) -> int:
    theirs = await _read(connection, row)
    about = (await store.about_ours(connection))[current.id]
    offers = [
        OfferRow(Level(offer["level"]), offer["valid_to"], offer["basis"])
        for offer in await store.offers(connection, current.id)
    ]
    terms = [
        TermRow(Channel(t["channel"]), t["case_no"], t["value"], TermUnit(t["unit"]), t["cutoff"], t["verbatim"])
        for t in await procedures.version_terms(connection, current.id)
    ]
    made = ProcedureRow(
        current.code,
        about["national_core"],
        theirs.publisher or about["publisher"],
        about["scope"],
        theirs.name,
        theirs.sector or current.sector,
        theirs.issuer or about["issuer"],
        approval.decision,
        about["online_level"],
        approval.valid_from,
        current.valid_to,
        BASIS.format(decision=approval.decision),
        tuple(offers),
        rules.terms_to_be(terms, theirs),
    )
    await store.end_version(connection, current.id, approval.valid_from - timedelta(days=1))
    return await _written(connection, made)


async def _written(connection: Writing, made: ProcedureRow) -> int:
    await procedures.change_procedures(connection, [made])
    await procedures.add_procedures(connection, [made])
    await procedures.set_offers(connection, [made])
    await procedures.set_terms(connection, [made])
    assert made.valid_from is not None, "whoever approves names the first day"
    return await store.version_from(connection, made.code, made.valid_from)


# --- mappings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mapped:
    """What of ours is called what. row: as somebody said; None: nobody has. suggested: whose name looks like it."""

    local: str
    name: str
    row: asyncpg.Record | None
    suggested: Sequence[rules.Suggestion]


async def mapped(
    connection: Reading, reference: Reference, kind: Kind, *, unmapped: bool, after: str, limit: int
) -> list[Mapped]:
    """A page of ours by their codes, and one more if there is a next page. unmapped: only what nobody has said yet."""
    said = await store.mappings(connection, kind)
    ours = _ours(reference, kind, civil_day(now()))
    codes = [code for code in sorted(ours) if code > after and not (unmapped and code in said)][: limit + 1]
    published = [
        (row["code"], row["name"], rules.grams(row["name"])) for row in await store.published(connection, kind)
    ]
    return [
        Mapped(code, ours[code], said.get(code), () if code in said else rules.suggestions(ours[code], published))
        for code in codes
    ]


async def say(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    kind: Kind,
    local: str,
    national: str,
    reason: str,
    *,
    tag: int | None,
    at: datetime,
) -> Mapped:
    """Say what one of ours is called in the national catalogue."""
    principal.need_whole_installation()
    ours = _ours(reference, kind, civil_day(at))
    if local not in ours:
        raise Problem("not_found")
    await store.lock_mapping(connection)
    known = (await store.mappings(connection, kind)).get(local)
    if tag not in (None, known["version"] if known else 0):
        raise Problem("version_changed")
    if (await store.latest(connection, kind, [national])).get(national, {"gone": True})["gone"]:
        raise invalid("national_code", "not_in_the_catalogue")
    other = await store.mapped_to(connection, kind, national)
    if other not in (None, local):
        raise invalid("national_code", "mapped_already", other=other)
    if known is None or (known["national_code"], known["reason"]) != (national, reason):
        await store.say(connection, kind, local, national, reason, by=principal.subject, now=at)
    row = (await store.mappings(connection, kind))[local]
    return Mapped(local, ours[local], row, ())


def _ours(reference: Reference, kind: Kind, day: date) -> dict[str, str]:
    if kind is Kind.AGENCIES:
        return {unit.code: unit.name for unit in reference.agencies.in_force(day)}
    versions = _in_force(reference, day)
    if kind is Kind.FIELDS:
        return {name: name for name in {normalised(version.sector) for version in versions.values()}}
    return {code: version.name for code, version in versions.items()}
