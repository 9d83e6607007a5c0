"""The verbs of cases: open, read, report the finish, tell intake."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from routing_service.cases import rules, store
from routing_service.cases.rules import CaseRow
from routing_service.reorganisations.usecases import overtake
from routing_service.workflows.usecases import begin, set_right
from shared.contracts.cases import CaseFinishIn, CaseOpening
from shared.contracts.intake import IntakeClient
from shared.contracts.neighbour import NeighbourRefused, NeighbourUnavailable
from shared.domain.vietnamese import has_control_characters
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import EVERY_ROW, Connection, Pool, Reading, Writing
from shared.web.problems import Problem, Reason

log = structlog.get_logger()


async def open_cases(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    openings: Sequence[CaseOpening],
    now: datetime,
    *,
    place: str = "items.{}.",
) -> list[tuple[str, bool, bool]]:
    """Open cases in one statement: (code, found, opened) each. A case that is there stays as it is, but for what a
    re-opening took back (a finish is void, segments live again) or a correction of the reception moved. Where a
    workflow holds for a new one, it begins; where a reorganisation has passed it by, it goes where the plan says."""
    ahead = [n for n, o in enumerate(openings) if o.opened_at and o.opened_at > now + rules.CLOCK_TOLERANCE]
    if ahead:
        raise Problem("invalid_request", *(Reason(f"{place.format(n)}opened_at", "in_future") for n in ahead))
    results = await store.open_cases(
        connection,
        [opening.code for opening in openings],
        [opening.desk for opening in openings],
        [opening.opened_at for opening in openings],
        sorted(principal.scope),
    )
    new = [code for code, _, opened in results if opened]
    await begin(connection, reference, principal, new, now)
    await overtake(connection, reference, new, now)
    there = [code for code, found, opened in results if found and not opened]
    await set_right(connection, reference, principal, there, now)
    return results


async def one(connection: Reading | Writing, code: str, principal: Principal) -> CaseRow:
    """A case that the caller may see; whoever may not sees that there is none."""
    return visible(await store.find(connection, known_form(code)), principal)


async def locked(connection: Writing, code: str) -> CaseRow:
    """A case for whoever may be about to change it, locked until the transaction ends."""
    case = (await store.locked(connection, [known_form(code)])).get(code)
    if case is None:
        raise Problem("not_found")
    return case


async def listed(connection: Reading, wanted: store.CaseFilter, *, after: int, limit: int) -> Sequence[CaseRow]:
    """A page of cases, and one more if there is a next page."""
    return await store.listed(connection, wanted, after=after, limit=limit + 1)


async def worklist(
    connection: Reading, wanted: store.WorklistFilter, *, after: tuple[datetime | None, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what holders have to do, and one more if there is a next page."""
    return await store.worklist(connection, wanted, after=after, limit=limit + 1)


async def finish(
    pool: Pool,
    intake: IntakeClient,
    reference: Reference,
    principal: Principal,
    code: str,
    asked: CaseFinishIn,
    *,
    expected_version: int | None,
    now: datetime,
) -> CaseRow:
    """Record the finish and commit; then tell intake at once. If it does not answer, the worker tells it later: the
    returned case has not `ended` yet, and nothing is lost. A definite refusal is a Problem, and the case is open again.

    The counter may finish the dossier at the same moment. Intake takes one of the two; the other is then judged by what
    holds: the same finish, or a Problem that says how it differs.
    """

    def decide(case: CaseRow) -> rules.Finished | rules.AlreadyFinished:
        decided = rules.finish(
            case,
            principal.scope,
            outcome=asked.outcome,
            reason=asked.reason,
            occurred_at=asked.occurred_at,
            now=now,
        )
        if isinstance(decided, Problem):
            raise decided
        return decided

    async with pool.acquire(principal.rows) as connection, connection.transaction():
        case = visible(await locked(Writing(connection), code), principal)
        expect(case, expected_version)
        decided = decide(case)
        if case.ended is not None:
            await store.settle(connection, case)
        elif isinstance(decided, rules.Finished):
            change = rules.Change(case, rules.gone_on_with(case, decided.occurred_at), finished=decided)
            await store.apply(
                connection,
                [change],
                actor=principal.subject,
                acting_agency_id=principal.agency.id,
                recorded_at=now,
            )
        case = visible(await store.find(connection, case.code), principal)
    refused = None
    if case.ended is None:
        try:
            refused = await tell(pool, intake, reference, case, now)
        except NeighbourUnavailable as silence:
            log.info("finish.not_told", case=case.code, why=str(silence))
        async with pool.acquire(principal.rows) as connection:
            case = visible(await store.find(connection, case.code), principal)
    if case.ended is not None:
        decide(case)
    elif refused is not None:
        raise rules.relayed(refused)
    return case


async def tell(pool: Pool, intake: IntakeClient, reference: Reference, case: CaseRow, now: datetime) -> str | None:
    """Tell intake of a recorded finish, and keep its answer: the code of a definite refusal, or None when it was taken.

    NeighbourUnavailable: it did not answer, or not for good; nothing is kept, it is to be told again. No connection is
    held while the neighbour thinks.
    """
    assert case.reported.at is not None, "only a recorded finish is told"
    refused: str | None = None
    async with pool.acquire(EVERY_ROW) as connection:
        reason = await store.reason_of(connection, case.dossier_id)
    try:
        await intake.finish(
            case.code,
            occurred_at=case.reported.at,
            outcome="granted" if case.reported.outcome == "granted" else "refused",
            reason=reason,
            actor=case.reported.by or "",
            agency=reference.agencies.by_id[case.holder_id].code,
            # One key for the finish: however often it is told, by whichever process, it happens once. What was
            # re-opened is finished at another instant.
            idempotency_key=f"case-finish-{case.code}-{case.reported.at.timestamp():.6f}",
        )
    except NeighbourRefused as refusal:
        if not rules.is_final(refusal.status, refusal.code):
            raise NeighbourUnavailable(refusal.code) from refusal
        refused = refusal.code
    async with pool.acquire(EVERY_ROW) as connection:
        if refused is not None:
            current = await store.find(connection, case.code)
            if current is None or not rules.taken_before(current):
                await store.mark_refused(connection, case, code=refused)
                log.warning("finish.refused", case=case.code, why=refused)
                return refused
        await store.mark_told(connection, case, told_at=now)
    return None


#: How long to wait after a neighbour that does not answer: doubled each time, up to the last.
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 30.0
ROUND_SIZE = 100


@dataclass
class FinishTeller:
    """The consumer that tells intake what it could not be told at once.

    It goes round through the untold cases and past those that fail, so that one that always fails holds up no other.
    What it remembers is only where it stands; all that must not be lost is in the table.
    """

    pool: Pool
    intake: Callable[[], IntakeClient]
    reference: Callable[[], Reference]
    clock: Callable[[], datetime]
    after: tuple[datetime, int] = store.BEGINNING
    pause: float = 0.0

    async def round(self, connection: Connection) -> bool:
        """Tell the next few; whether there may be more at once."""
        cases = await store.untold(connection, after=self.after, limit=ROUND_SIZE)
        for case in cases:
            assert case.reported.at is not None, "the query asks for reported finishes"
            self.after = (case.reported.at, case.dossier_id)
            await self._tell(case)
        if len(cases) == ROUND_SIZE:
            return True
        self.after = store.BEGINNING
        return False

    async def _tell(self, case: CaseRow) -> None:
        try:
            await tell(self.pool, self.intake(), self.reference(), case, self.clock())
        except NeighbourUnavailable as silence:
            self.pause = min(max(self.pause * 2, FIRST_PAUSE_SECONDS), LAST_PAUSE_SECONDS)
            log.info("finish.not_told", case=case.code, why=str(silence), pause=self.pause)
            await asyncio.sleep(self.pause)
        else:
            self.pause = 0.0


def known_form(code: str) -> str:
    """A code that no dossier can have is not found, and never reaches the database (it refuses NUL)."""
    if len(code) > 60 or has_control_characters(code):
        raise Problem("not_found")
    return code


def visible(case: CaseRow | None, principal: Principal) -> CaseRow:
    """The case, for whoever may see it; whoever may not sees that there is none."""
    if case is None or not case.visible(principal.scope):
        raise Problem("not_found")
    return case


def expect(case: CaseRow, version: int | None) -> None:
    """Refuse a change that was decided upon another version than the one that stands."""
    if version is not None and version != case.version:
        raise Problem("version_changed")
