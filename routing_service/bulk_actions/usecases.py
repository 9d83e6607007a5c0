"""Many changes of cases in one transaction: the cases are locked in the order of dossiers, each is decided by the rule
of its own verb, and what was decided is written in a few statements."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from routing_service.assignments.rules import assign
from routing_service.cases import store as cases
from routing_service.cases.rules import AlreadyFinished, CaseRow, Change, Finished, finish, gone_on_with
from routing_service.delegations.rules import Officer
from routing_service.delegations.usecases import officer
from routing_service.hand_overs.rules import Scene, decline, hand_over, receive
from routing_service.hand_overs.usecases import Asked
from routing_service.segments.usecases import carry
from shared.contracts.case_actions import BulkAssign, BulkDecline, BulkFinish, BulkHandOver, BulkReceive
from shared.web.auth import Role
from shared.web.bulk import DONE, REPLAYED, Outcome, Read, items_of, kept, kept_before
from shared.web.database import Writing
from shared.web.idempotency import answered, claimed
from shared.web.problems import Problem, Reason

Item = BulkHandOver | BulkReceive | BulkDecline | BulkAssign | BulkFinish

_MODELS: Mapping[str, type[Item]] = MappingProxyType(
    {
        "hand_over": BulkHandOver,
        "receive": BulkReceive,
        "decline": BulkDecline,
        "assign": BulkAssign,
        "finish": BulkFinish,
    }
)
#: Who reports a finish alone may report many.
_FINISHERS = frozenset({Role.COUNTER, Role.HANDLER, Role.LEADER})


def _finish(scene: Scene, item: BulkFinish) -> Change | AlreadyFinished | Problem:
    if scene.officer.principal.role not in _FINISHERS:
        return Problem("forbidden")
    decided = finish(
        scene.case,
        scene.officer.scope,
        outcome=item.outcome,
        reason=item.reason,
        occurred_at=item.occurred_at,
        now=scene.now,
    )
    if isinstance(decided, Finished):
        return Change(scene.case, gone_on_with(scene.case, decided.occurred_at), finished=decided)
    return decided


_DECIDE: Mapping[str, Callable[[Scene, Any], Change | AlreadyFinished | Problem]] = MappingProxyType(
    {
        "hand_over": hand_over,
        "receive": lambda scene, item: receive(scene, scene.case.hand_overs, item),
        "decline": lambda scene, item: decline(scene, scene.case.hand_overs, item),
        "assign": assign,
        "finish": _finish,
    }
)


async def act(connection: Writing, asked: Asked, given: Sequence[object]) -> tuple[list[Outcome], bool]:
    """Carry out what can be: (what became of each item, whether an earlier call with this key had done it)."""
    earlier = await claimed(connection, "routing", asked.request, 200, "")
    if earlier is not None:
        return kept_before(earlier), True
    read = items_of(given, _MODELS)
    found = await cases.locked(connection, sorted({each.item.code for each in read if each.item is not None}))
    who = await officer(connection, asked.principal, asked.now)
    outcomes: list[Outcome] = []
    changes: list[Change] = []
    seen: set[int] = set()
    for each in read:
        case = found.get(each.item.code) if each.item is not None else None
        decided = _decided(each, case, asked, who, seen)
        outcomes.append(_outcome(each, case, decided))
        if isinstance(decided, Change):
            changes.append(decided)
            seen.add(decided.case.dossier_id)
    await cases.apply(
        connection,
        changes,
        actor=asked.principal.subject,
        acting_agency_id=asked.principal.agency.id,
        recorded_at=asked.now,
    )
    await carry(connection, asked.reference, changes, asked.now)
    await answered(connection, "routing", asked.request, kept(outcomes))
    return outcomes, False


def _decided(
    read: Read[Item], case: CaseRow | None, asked: Asked, who: Officer, seen: set[int]
) -> Change | AlreadyFinished | Problem:
    item = read.item
    if item is None:
        return read.problem or Problem("invalid_request")
    if case is None or not case.visible(asked.principal.scope):
        return Problem("not_found")
    if case.dossier_id in seen:
        return Problem("conflict", Reason("code", "repeated_in_call"))
    if item.version is not None and item.version != case.version:
        return Problem("version_changed")
    return _DECIDE[item.action](Scene(case, who, asked.reference, asked.now), item)


def _outcome(read: Read[Item], case: CaseRow | None, decided: Change | AlreadyFinished | Problem) -> Outcome:
    code = read.item.code if read.item is not None else None
    if isinstance(decided, Problem):
        return Outcome(code, "refused", decided)
    return Outcome(code, DONE if isinstance(decided, Change) else REPLAYED)
