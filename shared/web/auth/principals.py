"""The holder of a token: what an endpoint allows him, and the part of the agency tree that he covers."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from shared.domain.agencies import Agency
from shared.domain.personal import Datum
from shared.reference import Reference
from shared.web.auth.rights import RIGHTS, Right
from shared.web.auth.roles import Role
from shared.web.auth.sights import NOTHING, SIGHTS, Tie
from shared.web.clock import now
from shared.web.database import ROWS, Rows, rows_of
from shared.web.problems import Problem, invalid

#: Where a request keeps the headers of its answer that tell how much is left.
TOLD = "motcua.told"


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a token. `scope`: ids of the agencies it covers, successors' predecessors included. `own`: of these
    the agency itself, and what it succeeded."""

    subject: str
    role: Role
    agency: Agency
    scope: frozenset[int]
    own: frozenset[int]

    @property
    def rows(self) -> Rows:
        """What a session that reads for him sees: what the agencies of his scope have a part in."""
        return rows_of(self.scope)

    def covers(self, agency_id: int) -> bool:
        """Whether the agency lies in the token's part of the tree."""
        return agency_id in self.scope

    def sees(self, receiver: int, holder: int) -> frozenset[Datum]:
        """What is shown of an applicant whose dossier one agency received, and one has in hands."""
        sights = SIGHTS[self.role]
        if not sights:
            return NOTHING
        ties = {Tie.RECEIVER: receiver in self.own, Tie.HOLDER: holder in self.own}
        ties[Tie.ABOVE] = any(one in self.scope and one not in self.own for one in (receiver, holder))
        return NOTHING.union(*(seen for tie, seen in sights.items() if ties[tie]))

    def need_whole_installation(self) -> None:
        """What holds for every agency is not for those of one of them. Problem `agency_out_of_scope`."""
        if self.agency.parent_id is not None:
            raise Problem("agency_out_of_scope")


async def _principal(request: Request) -> Principal:
    room = request.app.state.room
    principal: Principal = await room.authenticator.principal(request, room.reference.current)
    return principal


async def allowed(request: Request) -> Principal:
    """The holder of the request's token, if his role may do what this endpoint does; else a Problem."""
    principal = await _principal(request)
    limits = request.app.state.room.limits
    # The outermost skin writes them on the answer (shared/web/edge.py).
    told = limits.call(principal.subject, now().timestamp(), machine=principal.role is Role.MACHINE)
    request.scope.setdefault(TOLD, {}).update(told)
    if principal.role not in RIGHTS[request.scope["route"].operation_id].roles:
        raise Problem("forbidden")
    request.scope[ROWS] = principal.rows
    return principal


#: Who calls an endpoint. Which roles may stands in rights.RIGHTS, by the operation's id.
Caller = Annotated[Principal, Depends(allowed)]


def right_of(route: APIRoute) -> Right:
    """Whose the action of an endpoint is. KeyError: the table has no row for it."""
    return RIGHTS[route.operation_id or route.name]


def asked_scope(code: str | None, reference: Reference, principal: Principal, day: Any) -> frozenset[int]:
    """The agencies that a list is about: all that the caller covers, or those of them that are or stand under the one
    that a filter names, as asked_agency() reads it."""
    if code is None:
        return principal.scope
    return reference.agencies.scope(asked_agency(code, reference, principal, day).id) & principal.scope


def asked_agency(code: str, reference: Reference, principal: Principal, day: Any) -> Agency:
    """The agency that a filter names, in force on `day` or the last to carry the code; a Problem if out of scope."""
    agency = reference.agencies.on(code, day) or reference.agencies.latest(code, day)
    if agency is None:
        raise invalid("agency", "unknown_agency")
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    return agency
