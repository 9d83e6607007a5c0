"""What one can do with supplement rules: load those that come with the product, enter one, end one, ask what holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

import asyncpg

from intake_service.procedures.store import bump_revision
from intake_service.supplement_rules import rules, store
from intake_service.supplement_rules.rules import RuleRow, RulesLoaded
from shared.domain.civil_time import civil_day
from shared.domain.codes import ProcedureCode
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, invalid
from shared.web.versions import tag_of


async def load_supplement_rules(connection: Connection, rows: Sequence[RuleRow]) -> RulesLoaded:
    """Bring the rules that come with the product to what the list says, in one transaction. The same list twice changes
    nothing; what an operator entered, ended or replaced stays. Raises BrokenRules before anything is written."""
    rules.need_whole(rows)
    async with connection.transaction():
        await store.lock(connection)
        changed = await store.change_rules(connection, rows)  # first: it may end a rule that a new one follows
        added = await store.add_rules(connection, rows)
        loaded = RulesLoaded(added, changed)
        if loaded.anything:
            await bump_revision(connection)
    return loaded


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes a rule, by which decision and why. retroactive: knowingly over dossiers received already."""

    request: RequestKey | None
    now: datetime
    decision: str
    reason: str
    retroactive: bool


async def enter(
    connection: Writing, reference: Reference, principal: Principal, row: RuleRow, change: Change
) -> tuple[asyncpg.Record, bool]:
    """Enter a rule. The rule as it stands, and whether an earlier request with this key had entered it."""
    principal.need_whole_installation()
    procedure, begin = row.regime.procedure, row.regime.valid_from
    if procedure is not None and not _known(reference, procedure):
        raise invalid("procedure", "unknown_procedure")
    await store.lock(connection)
    entered = await claimed(connection, "intake", change.request, 201, "")
    if entered is not None:
        return await one(connection, int(entered)), True
    standing = await store.standing(connection, procedure)
    place = rules.placed(standing, row.regime, civil_day(change.now), retroactive=change.retroactive)
    if isinstance(place, Problem):
        raise place
    assert begin is not None, "an operator names the first day"
    by = store.By(principal.subject, change.now, change.decision, change.reason)
    await store.replace(connection, place.replaced, by)
    await store.end(connection, place.ended, begin - timedelta(days=1), by)
    await store.enter(connection, row, by)
    await bump_revision(connection)
    made = await _latest(connection, procedure, begin)
    await answered(connection, "intake", change.request, str(made["id"]))
    return made, False


async def end(
    connection: Writing, principal: Principal, rule_id: int, last: date, change: Change, tag: str | None
) -> asyncpg.Record:
    """Let a special rule end with the day `last`: what is received after it comes under the general one again.
    `tag`: what stands in the etag that it was decided upon; None for any."""
    principal.need_whole_installation()
    await store.lock(connection)
    if await claimed(connection, "intake", change.request, 200, str(rule_id)) is None:
        standing = await store.standing_one(connection, rule_id)
        if standing is None:
            raise Problem("not_found")
        if tag not in (None, tag_of(etag(await one(connection, rule_id)))):
            raise Problem("version_changed")
        refused = rules.ended(standing, last, civil_day(change.now), retroactive=change.retroactive)
        if refused is not None:
            raise Problem("invalid_request", refused)
        by = store.By(principal.subject, change.now, change.decision, change.reason)
        await store.end(connection, [rule_id], last, by)
        await bump_revision(connection)
    return await one(connection, rule_id)


def etag(row: asyncpg.Record) -> str:
    """Of a rule as it stands: another once it is ended or replaced."""
    return f'"{sha256(repr(tuple(row)).encode()).hexdigest()[:16]}"'


async def one(connection: Connection, rule_id: int) -> asyncpg.Record:
    """A rule, replaced or not."""
    row = await store.one(connection, rule_id)
    if row is None:
        raise Problem("not_found")
    return row


async def page(
    connection: Reading, reference: Reference, procedure: str | None, day: date | None, before: int | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The one rule that holds for `procedure` on `day`. Without a procedure: a page of the rules in force on `day`, or
    of all that ever were (None), and one row more if there is a next page."""
    if procedure is None:
        return await store.page(connection, day, before, limit + 1)
    core = _core(procedure)
    if core is None or not _known(reference, core):
        raise invalid("procedure", "unknown_procedure")
    if day is None:
        raise invalid("as_of", "required")
    row = await store.holding(connection, core, day)
    return [row] if row is not None else []


async def _latest(connection: Connection, procedure: str | None, begin: date | None) -> asyncpg.Record:
    row = await store.latest(connection, procedure, begin)
    if row is None:
        raise Problem("conflict")
    return row


def _core(code: str) -> str | None:
    """The national number of a procedure's code, with or without the suffix of who published it."""
    parsed = ProcedureCode.parse(code)
    return parsed.national_core if parsed is not None else None


def _known(reference: Reference, core: str) -> bool:
    return any(version.core == core for version in reference.versions.values())
