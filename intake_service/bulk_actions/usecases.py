"""Many dossiers taken a step on in one transaction, through the one engine: locked in the order of their ids, decided
one by one, and written in a few statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import asyncpg

from intake_service.lifecycle import store
from intake_service.lifecycle.usecases import Act, decided
from shared.contracts.verbs import BulkFinishIn, BulkReturnIn
from shared.domain.lifecycle import EventKind, Outcome
from shared.reference import Reference
from shared.web import bulk
from shared.web.auth import Principal, Role
from shared.web.bulk import DONE, Read, items_of, kept, kept_before
from shared.web.database import Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem

Item = BulkFinishIn | BulkReturnIn

_MODELS: Mapping[str, type[Item]] = MappingProxyType({"finish": BulkFinishIn, "return": BulkReturnIn})
#: Only the one-stop hands results over.
_HANDERS = frozenset({Role.COUNTER, Role.ADMIN, Role.MACHINE})


async def act(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    given: Sequence[object],
    request: RequestKey | None,
    now: datetime,
) -> tuple[list[bulk.Outcome], bool]:
    """Carry out what can be: (what became of each item, whether an earlier call with this key had done it)."""
    earlier = await claimed(connection, "intake", request, 200, "")
    if earlier is not None:
        return kept_before(earlier), True
    read = items_of(given, _MODELS)
    outcomes: dict[int, bulk.Outcome] = {
        each.index: bulk.Outcome(None, "refused", each.problem) for each in read if each.item is None
    }
    waiting = [each for each in read if each.item is not None]
    while waiting:
        waiting = await _one_each(connection, reference, principal, waiting, now, outcomes)
    made = [outcomes[index] for index in range(len(read))]
    await answered(connection, "intake", request, kept(made))
    return made, False


async def _one_each(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    waiting: Sequence[Read[Item]],
    now: datetime,
    outcomes: dict[int, bulk.Outcome],
) -> list[Read[Item]]:
    """Take each dossier one step on, by its first item; what waits for a step before it is left for the next time."""
    codes = sorted({each.item.code for each in waiting if each.item is not None})
    found = await store.all_locked(connection, codes, principal.scope)
    histories = await store.histories(connection, [row["id"] for row in found.values()])
    events: list[store.Appended] = []
    left: list[Read[Item]] = []
    stepped: set[int] = set()
    for each in waiting:
        item = each.item
        assert item is not None, "what cannot be read does not wait"
        row = found.get(item.code)
        if row is not None and row["id"] in stepped:
            left.append(each)
            continue
        problem: Problem | None = None
        try:
            events.append(_event(reference, principal, item, row, histories, now))
            stepped.add(events[-1].dossier_id)
        except Problem as refused:
            problem = refused
        outcomes[each.index] = bulk.Outcome(item.code, "refused" if problem else DONE, problem)
    await store.append(connection, events)
    return left


def _event(
    reference: Reference,
    principal: Principal,
    item: Item,
    row: asyncpg.Record | None,
    histories: Mapping[int, list[asyncpg.Record]],
    now: datetime,
) -> store.Appended:
    if row is None:
        raise Problem("not_found")
    if isinstance(item, BulkReturnIn) and principal.role not in _HANDERS:
        raise Problem("forbidden")
    if item.version is not None and item.version != row["version"]:
        raise Problem("version_changed")
    return decided(reference, principal, row, histories[row["id"]], _act(item, now))


def _act(item: Item, now: datetime) -> Act:
    by = (item.on_behalf_of.actor, item.on_behalf_of.agency) if item.on_behalf_of else None
    if isinstance(item, BulkFinishIn):
        outcome = Outcome[item.outcome.upper()]
        return Act(
            EventKind.FINISHED,
            None,
            now,
            occurred_at=item.occurred_at,
            outcome=outcome,
            reason=item.reason,
            on_behalf_of=by,
        )
    said = {"channel": item.channel} if item.channel else {}
    return Act(EventKind.RETURNED, None, now, occurred_at=item.occurred_at, on_behalf_of=by, said=said)
