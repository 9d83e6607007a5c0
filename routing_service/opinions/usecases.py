"""The verbs of opinions: ask, answer, list; and tell the head of the one-stop of a unit that stays silent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from routing_service.cases.rules import CaseRow
from routing_service.cases.usecases import expect, locked, one, visible
from routing_service.opinions import rules, store
from routing_service.opinions.rules import OpinionRow
from routing_service.segments import store as segments
from shared.contracts.workflows import OpinionAnswerIn, OpinionIn
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.background import Worker
from shared.web.database import Connection, Pool, Reading, Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.problems import Problem

log = structlog.get_logger()

#: How often it is looked whether a term is over.
ESCALATE_SECONDS = 5.0
ESCALATED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """An opinion, and the version of its case. `replayed`: an earlier request with the same key had done it."""

    opinion: OpinionRow
    version: int
    replayed: bool


async def ask(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    code: str,
    asked: OpinionIn,
    *,
    expected_version: int | None,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """Ask another unit; it sees the case from now on."""
    case = await locked(connection, code)
    no = len(await store.of(connection, case.dossier_id)) + 1
    made = await claimed(connection, "routing", by_name(request, code, case.code), 201, f"{case.code}/opinions/{no}")
    if made is not None:
        return await _shown(connection, case, int(made.rpartition("/")[2]), replayed=True)
    visible(case, principal)
    expect(case, expected_version)
    at_work = (await segments.of(connection, case.dossier_id)).values()
    decided = rules.ask(case, at_work, principal.scope, asked, reference, now)
    if isinstance(decided, Problem):
        raise decided
    await store.add(connection, case.dossier_id, no, decided, actor=principal.subject, at=now)
    return await _shown(connection, case, no)


async def answer(
    connection: Writing,
    principal: Principal,
    code: str,
    no: int,
    asked: OpinionAnswerIn,
    *,
    expected_version: int | None,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """The asked unit answers, in time or late."""
    case = await locked(connection, code)
    made = await claimed(connection, "routing", by_name(request, code, case.code), 200, f"{case.code}/opinions/{no}")
    if made is not None:
        return await _shown(connection, case, no, replayed=True)
    visible(case, principal)
    expect(case, expected_version)
    opinion = next((each for each in await store.of(connection, case.dossier_id) if each.no == no), None)
    if opinion is None:
        raise Problem("not_found")
    refused = rules.answer(opinion, principal.scope)
    if refused is not None:
        raise refused
    await store.answer(connection, case.dossier_id, no, asked.answer, actor=principal.subject, at=now)
    return await _shown(connection, case, no)


async def of_case(connection: Reading, code: str, principal: Principal) -> list[OpinionRow]:
    """The opinions asked on a case that the caller may see, in order."""
    case = await one(connection, code, principal)
    return await store.of(connection, case.dossier_id)


async def listed(
    connection: Reading, wanted: store.OpinionFilter, *, after: tuple[datetime, int, int] | None, limit: int
) -> Sequence[OpinionRow]:
    """A page of opinions, and one more if there is a next page."""
    return await store.listed(connection, wanted, after=after, limit=limit + 1)


def escalating_worker(pool: Pool, clock: Callable[[], datetime]) -> Worker:
    """The consumer that tells of silent units. What it has told stands in the table: each is told once."""

    async def work(connection: Connection) -> bool:
        return await escalate(connection, clock())

    return Worker(pool, "routing.opinions", work, idle=ESCALATE_SECONDS)


async def escalate(connection: Connection, now: datetime) -> bool:
    """Escalate what nobody answered in time; whether there may be more at once."""
    count = await store.escalate(connection, now, limit=ESCALATED_AT_ONCE)
    if count:
        log.info("opinions.escalated", count=count)
    return count == ESCALATED_AT_ONCE


async def _shown(connection: Writing, case: CaseRow, no: int, *, replayed: bool = False) -> Shown:
    opinion = next(each for each in await store.of(connection, case.dossier_id) if each.no == no)
    after = (await locked(connection, case.code)).version
    return Shown(opinion, after, replayed)
