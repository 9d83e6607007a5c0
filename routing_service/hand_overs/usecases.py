"""The verbs of hand-overs: what they decide stands in the rules; here it is loaded, written and answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from routing_service.cases import store as cases
from routing_service.cases.rules import CaseRow, Change
from routing_service.cases.usecases import expect, locked, one, visible
from routing_service.delegations.usecases import officer
from routing_service.hand_overs import store
from routing_service.hand_overs.rules import HandOverRow, Scene
from routing_service.segments.usecases import carry
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Reading, Writing
from shared.web.idempotency import RequestKey, by_name, claimed
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a change, upon which version of the case, and when. `request`: its Idempotency-Key."""

    principal: Principal
    reference: Reference
    request: RequestKey | None
    expected_version: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """A case as it stands after a change, with its log. `replayed`: an earlier request with the same key had done it,
    and `resource` names what that made."""

    case: CaseRow
    log: Sequence[HandOverRow]
    resource: str
    replayed: bool


async def changed(
    connection: Writing,
    asked: Asked,
    code: str,
    decide: Callable[[Scene], Change | Problem],
    *,
    resource: Callable[[CaseRow], str],
    seq: int | None = None,
    status: int = 200,
) -> Changed:
    """Change one case as `decide` says. `resource` names what is made of it; `seq`: of a hand-over that must exist."""
    case = await locked(connection, code)
    # The key comes first: whoever gave a case away may no longer see it, and still gets the same answer again.
    made = resource(case)
    earlier = await claimed(connection, "routing", by_name(asked.request, code, case.code), status, made)
    if earlier is None:
        visible(case, asked.principal)
        if seq is not None and not 1 <= seq <= case.hand_overs:
            raise Problem("not_found")
        expect(case, asked.expected_version)
        log = await store.log(connection, case.dossier_id)
        who = await officer(connection, asked.principal, asked.now)
        decided = decide(Scene(case, who, asked.reference, asked.now, log))
        if isinstance(decided, Problem):
            raise decided
        await cases.apply(
            connection,
            [decided],
            actor=asked.principal.subject,
            acting_agency_id=asked.principal.agency.id,
            recorded_at=asked.now,
        )
        await carry(connection, asked.reference, [decided], asked.now)
    after = await cases.find(connection, case.code)
    assert after is not None, "its row is locked by this transaction"
    return Changed(after, await store.log(connection, case.dossier_id), earlier or made, earlier is not None)


async def log_of(connection: Reading, code: str, principal: Principal) -> list[HandOverRow]:
    """The movements of a case, in order."""
    case = await one(connection, code, principal)
    return await store.log(connection, case.dossier_id)
