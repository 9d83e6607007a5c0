"""The verbs of reorganisations: see what would move, decide it, and carry it out in the background."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import orjson

from routing_service.cases import store as cases
from routing_service.cases.rules import Change
from routing_service.reorganisations import rules, store
from routing_service.reorganisations.rules import Held, Plan
from shared.contracts.reorganisations import ReorganisationIn
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem

#: Dossiers moved in one transaction: what waits for one of them waits for this many.
BATCH = 500
_READ = 10_000
EXAMPLES = 100


@dataclass
class Preview:
    """What a reorganisation would move. moves: (from id, to id) → how many."""

    looked_at: int = 0
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    left_over: list[str] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many dossiers would move."""
        return self.moves.total()


async def preview(
    connection: Reading | Writing, reference: Reference, principal: Principal, asked: ReorganisationIn
) -> Preview:
    """What would move, as things stand. Nothing is written."""
    plan = await _plan(connection, reference, principal, asked)
    seen, after = Preview(), 0
    while some := await store.held(connection, plan, after=after, limit=_READ):
        for held, code in some:
            target = plan.target(held, reference)
            if target is None:
                seen.left_over.append(code)
            else:
                seen.moves[held.holder_id, target[0]] += 1
        seen.looked_at += len(some)
        after = some[-1][0].dossier_id
    return seen


async def decide(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    asked: ReorganisationIn,
    request: RequestKey | None,
    now: datetime,
) -> tuple[asyncpg.Record, bool]:
    """Keep a reorganisation; it is carried out in the background. Returns it, and whether an earlier request with this
    key had decided it."""
    earlier = await claimed(connection, "routing", request, 202, "")
    if earlier is not None:
        return await one(connection, int(earlier), principal), True
    plan = await _plan(connection, reference, principal, asked)
    number = await store.add(
        connection,
        asked,
        plan,
        actor=principal.subject,
        acting_agency_id=principal.agency.id,
        created_at=now,
    )
    await answered(connection, "routing", request, str(number))
    return await one(connection, number, principal), False


async def _plan(
    connection: Reading | Writing, reference: Reference, principal: Principal, asked: ReorganisationIn
) -> Plan:
    codes = [code for group in asked.dossiers for code in group.codes]
    found = await store.open_dossiers(connection, codes) if codes else {}
    plan = rules.plan_of(asked, found, reference, principal)
    if isinstance(plan, Problem):
        raise plan
    return plan


async def one(connection: Connection | Reading, number: int, principal: Principal) -> asyncpg.Record:
    """A reorganisation that concerns the caller; whom it does not concern sees that there is none."""
    row = await store.find(connection, number)
    if row is None or not principal.covers(row["acting_agency_id"]):
        raise Problem("not_found")
    return row


async def page(connection: Reading, agencies: list[int], *, before: int, limit: int) -> Sequence[asyncpg.Record]:
    """A page of reorganisations, and one more if there is a next page."""
    return await store.listed(connection, agencies, before=before, limit=limit + 1)


async def left_over(
    connection: Reading, number: int, principal: Principal, *, after: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what stayed where it was, and one more if there is a next page."""
    await one(connection, number, principal)
    return await store.left_over(connection, number, after=after, limit=limit + 1)


@dataclass
class Mover:
    """The consumer that carries reorganisations out, some dossiers in a transaction. How far it has come stands beside
    what it moved: killed, it goes on there, loses nothing and moves nothing twice."""

    reference: Callable[[], Reference]
    clock: Callable[[], datetime]

    async def round(self, connection: Connection) -> bool:
        """Move the next few; whether there may be more at once."""
        now, reference = self.clock(), self.reference()
        async with connection.transaction():
            row = await store.next_due(connection, civil_day(now))
            if row is None:
                return False
            plan = Plan.read(orjson.loads(row["plan"]))
            some = await store.held(connection, plan, after=row["after_dossier_id"], limit=BATCH)
            changes, stayed = await _moved(connection, reference, row, plan, [held for held, _ in some])
            await cases.apply(
                connection,
                changes,
                actor=row["actor"],
                acting_agency_id=row["acting_agency_id"],
                recorded_at=now,
            )
            await store.progress(
                connection,
                row["id"],
                looked_at=len(changes) + len(stayed),
                moved=len(changes),
                left_over=stayed,
                after=some[-1][0].dossier_id if some else row["after_dossier_id"],
                finished_at=None if len(some) == BATCH else now,
            )
        return True


async def overtake(connection: Writing, reference: Reference, codes: Sequence[str], now: datetime) -> None:
    """Let cases that have just been opened at a unit that has ended follow the reorganisations that were carried out
    before. One statement where none was: nearly always."""
    today = civil_day(now)
    at = await store.holders(connection, codes) if codes else {}
    ended = {code: unit for code, unit in at.items() if not reference.agencies.by_id[unit].in_force(today)}
    if not ended:
        return
    rows = await store.passed_by(connection, sorted(set(ended.values())), today)
    found = (await cases.locked(connection, list(ended))).values() if rows else ()
    for row in rows:
        late = [
            Held(case.dossier_id, case.holder_id, case.desk, case.version_id)
            for case in await cases.locked_in_order(connection, [case.dossier_id for case in found])
            if civil_day(case.accepted_at) < row["effective_day"]
            and (row["finished_at"] is not None or case.dossier_id <= row["after_dossier_id"])
        ]
        changes, stayed = await _moved(connection, reference, row, Plan.read(orjson.loads(row["plan"])), late)
        if not changes and not stayed:
            continue
        await cases.apply(
            connection, changes, actor=row["actor"], acting_agency_id=row["acting_agency_id"], recorded_at=now
        )
        await store.progress(
            connection,
            row["id"],
            looked_at=len(changes) + len(stayed),
            moved=len(changes),
            left_over=stayed,
            after=row["after_dossier_id"],
            finished_at=row["finished_at"],
        )


async def _moved(
    connection: Connection, reference: Reference, row: asyncpg.Record, plan: Plan, some: Sequence[Held]
) -> tuple[list[Change], list[tuple[Held, str]]]:
    """What moves of some dossiers, locked now, and what stays, with why. What was handed on or finished since it was
    read is no more a matter of the plan."""
    changes: list[Change] = []
    stayed: list[tuple[Held, str]] = []
    for case in await cases.locked_in_order(connection, [held.dossier_id for held in some]):
        if case.over or not (case.holder_id in plan.units or case.dossier_id in plan.listed):
            continue
        held = Held(case.dossier_id, case.holder_id, case.desk, case.version_id)
        target = plan.target(held, reference)
        if target is None:
            stayed.append((held, plan.why_not(held)))
        elif target[0] != case.holder_id:
            changes.append(rules.moved(case, target, row["id"], row["effective_day"]))
    return changes, stayed
