"""What routing decides about delegations: who may give one, and for what it is good."""

from dataclasses import dataclass
from datetime import date, datetime

from routing_service.agencies.rules import absence
from shared.contracts.delegations import DelegationIn
from shared.domain.agencies import AgencyTree
from shared.reference import Reference
from shared.web.auth import Principal, Role
from shared.web.problems import Problem, Reason

#: Who decides for an agency without being delegated.
LEADING = frozenset({Role.LEADER, Role.ADMIN})
#: Who may do it in a leader's place. A supervisor watches, a machine answers for nothing, a citizen is no officer.
DELEGABLE_ROLES = frozenset({Role.COUNTER, Role.HANDLER})


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation in the civil days [valid_from, valid_to]. sectors, actions: None for all. `delegator`: the leader in
    whose place `delegate` acts, both as their tokens name them."""

    id: int
    agency_id: int
    delegator: str
    delegate: str
    valid_from: date
    valid_to: date
    sectors: tuple[str, ...] | None
    actions: tuple[str, ...] | None
    reason: str | None
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    version: int

    def covers(self, action: str, sector: str, holder_id: int, tree: AgencyTree) -> bool:
        """Whether it is good for an action on a dossier of `sector` that `holder_id` holds."""
        return (
            (self.actions is None or action in self.actions)
            and (self.sectors is None or sector in self.sectors)
            and holder_id in tree.scope(self.agency_id)
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """That somebody may decide for an agency. `delegation_id`: in whose place, if not in the own."""

    delegation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts, with the delegations that are in force for them today."""

    principal: Principal
    held: tuple[DelegationRow, ...] = ()

    @property
    def scope(self) -> frozenset[int]:
        """The agencies that the officer's token covers."""
        return self.principal.scope

    def authority(self, action: str, sector: str, holder_id: int, tree: AgencyTree) -> Authority | Problem:
        """By what right the officer decides on a dossier of `sector` that `holder_id` holds. A delegation is good only
        for an officer of the agency that gave it."""
        if self.principal.role in LEADING:
            return Authority()
        if self.principal.role in DELEGABLE_ROLES:
            for delegation in self.held:
                within = self.principal.agency.id in tree.scope(delegation.agency_id)
                if within and delegation.covers(action, sector, holder_id, tree):
                    return Authority(delegation.id)
        return Problem("forbidden", Reason("", "needs_leader"))


def new_delegation(given: DelegationIn, principal: Principal, reference: Reference, today: date) -> int | Problem:
    """For which agency a leader may delegate so, or every reason why not."""
    agency = reference.agencies.on(given.agency, today) if given.agency else principal.agency
    if agency is None or not agency.in_force(today):
        code = given.agency or principal.agency.code
        return Problem("invalid_request", absence("agency", reference.agencies, code, today))
    if not principal.covers(agency.id):
        return Problem("agency_out_of_scope")
    reasons = []
    if given.delegate == principal.subject:
        reasons.append(Reason("delegate", "delegate_is_delegator"))
    if given.from_ < today:
        reasons.append(Reason("from", "in_past"))
    if given.to < given.from_:
        reasons.append(Reason("to", "period_reversed"))
    if not reference.sectors.issuperset(given.sectors or ()):
        reasons.append(Reason("sectors", "unknown_sector"))
    return Problem("invalid_request", *reasons) if reasons else agency.id


def may_end(delegation: DelegationRow, principal: Principal, today: date) -> Problem | None:
    """Why who asks may not end a delegation: it is over, or does not concern the agency."""
    if not principal.covers(delegation.agency_id):
        return Problem("not_found")
    if delegation.ended_at is not None or delegation.valid_to < today:
        return Problem("conflict", Reason("", "delegation_over"))
    return None
