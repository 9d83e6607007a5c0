"""The verbs of delegations: give one, end it early, and say by what right somebody acts."""

from collections.abc import Sequence
from datetime import date, datetime

from routing_service.delegations import rules, store
from routing_service.delegations.rules import DelegationRow, Officer
from shared.contracts.delegations import DelegationIn
from shared.domain.civil_time import civil_day, midnight
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.problems import Problem, Reason


async def officer(connection: Writing, principal: Principal, now: datetime) -> Officer:
    """The caller, with what is delegated to them today."""
    if principal.role not in rules.DELEGABLE_ROLES:
        return Officer(principal)
    return Officer(principal, tuple(await store.held(connection, principal.subject, civil_day(now))))


async def delegate(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    given: DelegationIn,
    request: RequestKey | None,
    now: datetime,
) -> tuple[DelegationRow, bool]:
    """Let somebody decide in the caller's place: (the delegation, whether an earlier request had given it)."""
    earlier = await claimed(connection, "routing", request, 201, "")
    if earlier is not None:
        made = await store.find(connection, int(earlier))
        assert made is not None, "delegations are not deleted"
        return made, True
    agency_id = rules.new_delegation(given, principal, reference, civil_day(now))
    if isinstance(agency_id, Problem):
        raise agency_id
    made = await store.add(connection, agency_id, given, delegator=principal.subject, created_at=now)
    if made is None:
        raise Problem("conflict", Reason("from", "delegation_overlaps"))
    await answered(connection, "routing", request, str(made.id))
    return made, False


async def end(
    connection: Writing, principal: Principal, delegation_id: int, *, expected_version: int | None, now: datetime
) -> DelegationRow:
    """End a delegation before its last day: from now on nobody acts by it."""
    found = await store.find(connection, delegation_id, lock=True)
    if found is None:
        raise Problem("not_found")
    refused = rules.may_end(found, principal, civil_day(now))
    if refused is not None:
        raise refused
    if expected_version is not None and expected_version != found.version:
        raise Problem("version_changed")
    return await store.end(connection, delegation_id, ended_at=now, ended_by=principal.subject)


async def listed(
    connection: Reading, agencies: list[int], day: date, *, after: int, limit: int
) -> Sequence[DelegationRow]:
    """A page of the delegations that hold on `day`, and one more if there is a next page."""
    return await store.listed(connection, agencies, day, midnight(day), after=after, limit=limit + 1)
