"""Entering identification codes, and seeing what was entered."""

from collections.abc import Sequence

import asyncpg

from routing_service.agencies.store import bump_revision, lock
from routing_service.identification_codes import rules, store
from routing_service.identification_codes.rules import Done
from shared.contracts.identification_codes import IdentificationCodesIn
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.clock import now
from shared.web.database import Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, invalid


async def enter(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    asked: IdentificationCodesIn,
    request: RequestKey | None,
) -> tuple[Done, bool]:
    """Give units in force today their identification codes, all or none. Returns what came of it, and whether an
    earlier request with this key had done it."""
    principal.need_whole_installation()
    earlier = await claimed(connection, "routing", request, 200, "")
    if earlier is not None:
        return Done(*map(int, earlier.split("/"))), True
    await lock(connection)  # of two lists at once the second is judged by what the first left
    at = now()  # not before: by it they follow each other as they do by their ids
    day = civil_day(at)
    changes = rules.changes_of(asked.codes, await store.carriers(connection, day), reference.agencies, day)
    if isinstance(changes, Problem):
        raise changes
    if changes:
        await store.change(
            connection,
            changes,
            decision=asked.decision,
            reason=asked.reason,
            actor=principal.subject,
            acting_agency_id=principal.agency.id,
            now=at,
        )
        await bump_revision(connection)
    done = Done(len(changes), len(asked.codes) - len(changes))
    await answered(connection, "routing", request, f"{done.changed}/{done.unchanged}")
    return done, False


async def page(
    connection: Reading, reference: Reference, agency: str | None, *, before: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what was entered, and one more if there is a next page. agency: of every unit that ever carried this
    code; a code that nobody did is a Problem."""
    units = None
    if agency is not None:
        units = [unit.id for unit in reference.agencies.known(agency)]
        if not units:
            raise invalid("agency", "unknown_agency")
    return await store.entered(connection, units, before=before, limit=limit + 1)
