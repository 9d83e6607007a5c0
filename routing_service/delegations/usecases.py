"""The verbs of delegations: give one, end it early, and say by what right somebody acts."""

from datetime import datetime

from routing_service.delegations import rules, store
from routing_service.delegations.rules import Officer
from shared.domain.civil_time import civil_day
from shared.web.auth import Principal
from shared.web.database import Writing


async def officer(connection: Writing, principal: Principal, now: datetime) -> Officer:
    """The caller, with what is delegated to them today."""
    if principal.role not in rules.DELEGABLE_ROLES:
        return Officer(principal)
    return Officer(principal, tuple(await store.held(connection, principal.subject, civil_day(now))))
