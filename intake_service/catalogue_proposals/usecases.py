"""Holding ours against what is published, and deciding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
import orjson

from intake_service.catalogue import store as catalogue
from intake_service.catalogue.rules import Finding, Kind, Published, read_procedure
from intake_service.catalogue_mappings.store import mappings
from intake_service.catalogue_proposals import rules, store
from intake_service.catalogue_proposals.rules import Change, Difference, Ours
from intake_service.procedures import store as procedures
from intake_service.procedures.rules import OfferRow, ProcedureRow, TermRow
from shared.domain.agencies import Level
from shared.domain.civil_time import civil_day
from shared.domain.codes import ProcedureCode
from shared.domain.lifecycle import Channel
from shared.domain.terms import TermUnit
from shared.reference import ProcedureVersion, Reference
from shared.web.auth import Principal
from shared.web.clock import now
from shared.web.database import Connection, Writing
from shared.web.problems import Problem, Reason, invalid

#: Where a version comes from that somebody took over.
BASIS = "national catalogue, taken over by decision {decision}"
_GONE = (Difference("public", "có", "không"),)


class Comparer:
    """Our procedures in force, beside what is published."""

    def __init__(
        self, in_force: Mapping[str, ProcedureVersion], about: Mapping[int, asyncpg.Record], mapped: Mapping[str, str]
    ) -> None:
        self._in_force = in_force
        self._about = about
        self._mapped = mapped

    @classmethod
    async def of(cls, connection: Connection, reference: Reference) -> "Comparer":
        mapped = await mappings(connection, Kind.PROCEDURES)
        return cls(
            reference.procedures_on(civil_day(now())),
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
            return _made(Change.GONE, theirs.code, ours.code, entry, _GONE), None
        about = self._about[ours.id]
        found = rules.differences(Ours(ours, about["publisher"], about["issuer"]), theirs)
        return (_made(Change.CHANGED, theirs.code, ours.code, entry, found) if found else None), None

    def missing(self, codes: Sequence[str]) -> list[ProcedureVersion]:
        """National procedures of ours that are published no more."""
        cores = {parsed.national_core for code in codes if (parsed := ProcedureCode.parse(code)) is not None}
        national = [v for v in self._in_force.values() if self._about[v.id]["scope"] == "national"]
        mapped = set(self._mapped.values())
        return [version for version in national if version.core not in cores and version.code not in mapped]

    def ended(self, version: ProcedureVersion) -> store.Proposed:
        """That one of ours is published no more."""
        return _made(Change.GONE, version.code, version.code, None, _GONE)

    @property
    def count(self) -> int:
        """How many of ours are in force."""
        return len(self._in_force)


def _made(
    change: Change, code: str, ours: str | None, entry: int | None, found: Sequence[Difference]
) -> store.Proposed:
    return store.Proposed(change, code, ours, entry, found, rules.digest(change, found))


async def note_proposals(
    connection: Connection, pull: int, proposals: Sequence[tuple[str, store.Proposed | None]]
) -> int:
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
    await catalogue.lock(connection)
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
    published, _ = read_procedure(row["code"], [await store.content(connection, row["entry_id"])])
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
    found = rules.differences(Ours(current, about["publisher"], about["issuer"]), theirs)
    if [list(one) for one in found] != orjson.loads(row["differences"]):
        # What would change is not what somebody has read: ours was changed since.
        raise Problem("conflict", Reason("", "proposal_outdated"))
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
