"""What routing decides about an assignment."""

from routing_service.cases.rules import Assigned, Change, gone_on_with
from routing_service.hand_overs.rules import Scene, held
from shared.contracts.assignments import AssignmentIn
from shared.web.problems import Problem, Reason


def assign(scene: Scene, given: AssignmentIn) -> Change | Problem:
    """Whether who asks may say who works on it: a leader of the holder, or a delegate. Whoever assigns what was not
    received yet has received it by that."""
    case = scene.case
    at = held(scene) or scene.at(given.occurred_at, *case.floor)
    if isinstance(at, Problem):
        return at
    authority = scene.authority("assign")
    if isinstance(authority, Problem):
        return authority
    if given.assignee is None and given.desk is None:
        return Problem("invalid_request", Reason("assignee", "nothing_assigned"))
    desk = given.desk or case.desk
    if (given.assignee, desk) == (case.assignee, case.desk):
        return Problem("conflict", Reason("", "assigned_so"))
    assigned = Assigned(desk, given.assignee, at, given.note)
    return Change(case, gone_on_with(case, at), assigned=assigned, delegation_id=authority.delegation_id)
