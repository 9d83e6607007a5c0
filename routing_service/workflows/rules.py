"""What makes a definition a workflow: units in force, one lead, a graph that can be walked, and within the term.

A step waits for those that it follows. The steps on one path are worked on one after the other, so the sum along the
longest path is what the whole takes at most; it may not exceed the procedure's term.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from routing_service.agencies.rules import absence
from shared.contracts.workflows import WorkflowIn, WorkflowStepIn
from shared.domain.agencies import Agency, AgencyTree, Level
from shared.domain.codes import ProcedureCode
from shared.domain.terms import DAYS_PER_MONTH, HOURS_PER_WORKING_DAY, Term, TermUnit
from shared.domain.vietnamese import search_key
from shared.reference import ProcedureVersion, Reference
from shared.web.problems import Problem, Reason


class Kind(StrEnum):
    """linked: several agencies take part. internal: the desks of one."""

    LINKED = "linked"
    INTERNAL = "internal"


class Relation(StrEnum):
    """A unit that is found from the dossier, not named by its code."""

    RECEIVING = "receiving"
    ABOVE = "above"
    DEPARTMENT = "department"


class StepRole(StrEnum):
    """What a unit (of a linked procedure) or a desk (of an internal process) is in it."""

    ONE_STOP = "one_stop"
    LEAD = "lead"
    COORDINATING = "coordinating"
    RECEPTION = "reception"
    SPECIALIST = "specialist"
    DIVISION_HEAD = "division_head"
    UNIT_HEAD = "unit_head"
    CLERK = "clerk"
    UNSTATED = "unstated"


_LINKED_ROLES = (StepRole.ONE_STOP, StepRole.LEAD, StepRole.COORDINATING)
ROLES: Mapping[Kind, tuple[StepRole, ...]] = {
    Kind.LINKED: _LINKED_ROLES,
    Kind.INTERNAL: tuple(role for role in StepRole if role not in _LINKED_ROLES),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One share of the work. Either `agency_id` or `relation` says whose it is; `follows`: the steps it waits for."""

    no: int
    agency_id: int | None
    relation: Relation | None
    department: str | None
    desk: str | None
    role: StepRole
    task: str | None
    allotted: Term
    follows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow as an operator defines it. Neither `agency_id` nor `level`: it holds for every agency. adopted: False
    for an example from elsewhere, which holds for nobody, and of which the procedure or the steps may not be known."""

    code: str
    kind: Kind
    name: str
    procedure: str | None
    agency_id: int | None
    level: Level | None
    decision: str | None
    decided_on: date | None
    basis: str
    confirmed: bool
    adopted: bool
    valid_from: date | None
    valid_to: date | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    """A stored version of a workflow."""

    id: int
    version: int
    defined: Definition


# --- the graph ------------------------------------------------------------------------------------------------------


def in_order(follows: Mapping[int, Sequence[int]]) -> list[int]:
    """The steps that can be reached, each after those that it follows, of several the lowest first: so paper goes. What
    stands in or behind a circle is missing."""
    waiting = {no: set(before) for no, before in follows.items()}
    behind: dict[int, list[int]] = defaultdict(list)
    for no, before in waiting.items():
        for other in before:
            behind[other].append(no)
    ready = sorted(no for no, before in waiting.items() if not before)
    reached: list[int] = []
    while ready:
        no = ready.pop(0)
        reached.append(no)
        for later in behind[no]:
            waiting[later].discard(no)
            if not waiting[later]:
                insort(ready, later)
    return reached


def circular(follows: Mapping[int, Sequence[int]]) -> set[int]:
    """The steps that wait for themselves, through others or at once."""
    stuck = set(follows) - set(in_order(follows))
    found = set()
    for no in stuck:
        seen, waiting = set(), list(follows[no])
        while waiting:
            current = waiting.pop()
            if current not in seen and current in stuck:
                seen.add(current)
                waiting.extend(follows[current])
        if no in seen:
            found.add(no)
    return found


def longest_path(follows: Mapping[int, Sequence[int]], hours: Mapping[int, Fraction]) -> tuple[Fraction, list[int]]:
    """The sequential path that takes longest: how long, and its steps. The graph has no circle."""
    best: dict[int, tuple[Fraction, list[int]]] = {}
    for no in in_order(follows):
        before = max((best[other] for other in follows[no]), key=lambda path: path[0], default=(Fraction(), []))
        best[no] = (before[0] + hours[no], [*before[1], no])
    return max(best.values(), key=lambda path: path[0], default=(Fraction(), []))


def path_of(steps: Iterable[Step]) -> tuple[Fraction, list[int]]:
    """The longest path of a definition's steps, in working hours."""
    listed = list(steps)
    hours = {step.no: hours_of(step.allotted) or Fraction() for step in listed}
    return longest_path({step.no: step.follows for step in listed}, hours)


def hours_of(term: Term) -> Fraction | None:
    """A term in working hours, to compare terms: eight make a working day, and five of seven days are worked. None
    where no term is known."""
    value = Fraction(term.value)
    match term.unit:
        case TermUnit.WORKING_HOUR:
            return value
        case TermUnit.WORKING_DAY:
            return value * HOURS_PER_WORKING_DAY
        case TermUnit.CALENDAR_DAY:
            return value * HOURS_PER_WORKING_DAY * Fraction(5, 7)
        case TermUnit.MONTH:
            return value * DAYS_PER_MONTH * HOURS_PER_WORKING_DAY * Fraction(5, 7)
        case TermUnit.SAME_DAY:
            return Fraction(HOURS_PER_WORKING_DAY)
        case TermUnit.NONE:
            return None


# --- a definition ---------------------------------------------------------------------------------------------------


def defined(asked: WorkflowIn, reference: Reference, scope: frozenset[int], *, whole: bool) -> Definition | Problem:
    """The definition that is asked for, or every reason why it is none. `scope`: what the caller's agency covers;
    `whole`: whether that is the whole tree, which a workflow for all agencies of a level needs."""
    kind, day, tree = Kind(asked.kind), asked.valid_from, reference.agencies
    reasons: list[Reason] = []
    if asked.valid_to is not None and asked.valid_to < day:
        reasons.append(Reason("valid_to", "period_reversed"))
    if asked.agency is not None and asked.level is not None:
        reasons.append(Reason("level", "agency_or_level"))
    holds_for = _unit("agency", asked.agency, tree, asked, reasons)
    versions = _versions(asked.procedure, reference, day, reasons)
    steps = [_step(n, step, kind, tree, asked, reasons) for n, step in enumerate(asked.steps)]
    reasons += _walkable(steps) + _led(steps, kind) if steps else [Reason("steps", "required")]
    level = Level(asked.level) if asked.level else None
    receiving = _receiving(holds_for, level, tree, day)
    if level is not None and not receiving:
        reasons.append(Reason("level", "no_agency_of_level", {"day": day.isoformat()}))
    if not reasons:
        reasons += _within_term(steps, versions) + _found(steps, receiving, tree, day)
    if reasons:
        return Problem("invalid_request", *reasons)
    if not _governs(holds_for.id if holds_for else None, scope, whole=whole):
        return Problem("agency_out_of_scope")
    return Definition(
        code=asked.code,
        kind=kind,
        name=asked.name,
        procedure=core_of(asked.procedure),
        agency_id=holds_for.id if holds_for else None,
        level=level,
        decision=asked.decision,
        decided_on=asked.decided_on,
        basis=asked.basis,
        confirmed=asked.confirmed,
        adopted=True,
        valid_from=day,
        valid_to=asked.valid_to,
        steps=tuple(steps),
    )


def succeeds(
    new: Definition, former: WorkflowRow, tree: AgencyTree, scope: frozenset[int], *, whole: bool, today: date
) -> Problem | None:
    """Why `new` cannot be the next version of `former`: that is not the caller's to end, it is of another procedure or
    place, does not begin after it, or would end it on a day that has begun: what held then has been told and worked by.
    `scope`, `whole`: as of `defined`."""
    old = former.defined
    if not _governs(old.agency_id, scope, whole=whole):
        return Problem("agency_out_of_scope")
    reasons = [
        Reason(field, "not_one_of", {"expected": str(before)})
        for field, before, after in (("kind", old.kind, new.kind), ("procedure", old.procedure, new.procedure))
        if before != after
    ]
    if old.adopted and not _same_place(new, old, tree):
        reasons.append(Reason("level" if new.agency_id is None else "agency", "other_place"))
    begins = old.valid_from or date.min
    if new.valid_from is not None and new.valid_from <= begins:
        reasons.append(Reason("valid_from", "not_after_version", {"day": begins.isoformat()}))
    elif old.adopted and new.valid_from is not None and new.valid_from <= min(today, old.valid_to or date.max):
        reasons.append(Reason("valid_from", "day_begun", {"day": (today + timedelta(days=1)).isoformat()}))
    return Problem("conflict", *reasons) if reasons else None


def _governs(agency_id: int | None, scope: frozenset[int], *, whole: bool) -> bool:
    """Whether it is for the caller to say what holds there: at an agency of the scope; for a level or for all only
    where the scope is the whole tree."""
    return whole if agency_id is None else agency_id in scope


def _same_place(new: Definition, old: Definition, tree: AgencyTree) -> bool:
    """Whether both hold at one place: for one level or for all, or at one agency or who took over from it."""
    if new.agency_id is None or old.agency_id is None or new.valid_from is None:
        return (new.agency_id, new.level) == (old.agency_id, old.level)
    unit = carrying_on(tree.by_id[old.agency_id], tree, new.valid_from)
    return new.agency_id in (old.agency_id, unit.id if unit else None)


def core_of(procedure: str) -> str:
    """What of a procedure's code is compared: its national core, or all of it where it has none."""
    parsed = ProcedureCode.parse(procedure)
    return parsed.national_core if parsed else procedure


def unit_of(step: Step, receiving: Agency, tree: AgencyTree, day: date) -> Agency | None:
    """Whose a step is for a dossier that `receiving` received on `day`. A unit that has ended passes it on where it
    has one heir; None where nobody, or nobody in particular, is meant."""
    match step.relation:
        case Relation.RECEIVING:
            return receiving
        case Relation.ABOVE:
            above = tree.by_id[receiving.parent_id] if receiving.parent_id is not None else None
            return carrying_on(above, tree, day) if above else None
        case Relation.DEPARTMENT:
            return _department(step.department or "", receiving, tree, day)
        case None:
            return carrying_on(tree.by_id[step.agency_id], tree, day) if step.agency_id is not None else None


def _department(name: str, receiving: Agency, tree: AgencyTree, day: date) -> Agency | None:
    """The department of that name of the province that the receiving agency stands in."""
    top = _top(receiving, tree)
    wanted = search_key(name)
    found = [
        unit
        for unit in tree.in_force(day)
        if unit.level is Level.PROVINCE and search_key(unit.name) == wanted and unit.id in tree.subtree(top.id)
    ]
    return found[0] if len(found) == 1 else None


def _top(unit: Agency, tree: AgencyTree) -> Agency:
    while unit.parent_id is not None:
        unit = tree.by_id[unit.parent_id]
    return unit


def carrying_on(unit: Agency, tree: AgencyTree, day: date) -> Agency | None:
    """The unit itself where it is in force on `day`, else who took over from it; None where that is nobody in
    particular."""
    seen: set[int] = set()
    while not unit.in_force(day):
        seen.add(unit.id)
        heirs = tree.successors.get(unit.id, ())
        if len(heirs) != 1 or heirs[0] in seen:
            return None
        unit = tree.by_id[heirs[0]]
    return unit


def _unit(field: str, code: str | None, tree: AgencyTree, asked: WorkflowIn, reasons: list[Reason]) -> Agency | None:
    """The unit of that code when the workflow begins to hold; it or one that takes over is there until it ends."""
    if code is None:
        return None
    unit = tree.on(code, asked.valid_from)
    if unit is None:
        reasons.append(absence(field, tree, code, asked.valid_from))
    elif unit.valid_to is not None and carrying_on(unit, tree, asked.valid_to or date.max) is None:
        reasons.append(Reason(field, "ends_within", {"day": unit.valid_to.isoformat()}))
    return unit


def _receiving(holds_for: Agency | None, level: Level | None, tree: AgencyTree, day: date) -> list[Agency]:
    """The agencies that a workflow would open cases at on `day`."""
    if holds_for is not None:
        return [holds_for]
    return [unit for unit in tree.in_force(day) if level is None or unit.level is level]


def _found(steps: Iterable[Step], receiving: Sequence[Agency], tree: AgencyTree, day: date) -> list[Reason]:
    """The steps whose unit no dossier would lead to: with one of them a workflow never begins."""
    # One of each province, and one under each unit, stand for all the others.
    standing_for: Mapping[Relation | None, tuple[str, str, Mapping[int | None, Agency]]] = {
        Relation.DEPARTMENT: ("department", "unknown_department", {_top(unit, tree).id: unit for unit in receiving}),
        Relation.ABOVE: ("relation", "nothing_above", {unit.parent_id: unit for unit in receiving}),
    }
    reasons = []
    for step in steps:
        if receiving and step.relation in standing_for:
            field, code, units = standing_for[step.relation]
            if all(unit_of(step, unit, tree, day) is None for unit in units.values()):
                reasons.append(Reason(f"steps.{step.no - 1}.{field}", code, {"day": day.isoformat()}))
    return reasons


def _versions(procedure: str, reference: Reference, day: date, reasons: list[Reason]) -> list[ProcedureVersion]:
    core = core_of(procedure)
    known = [version for code, all_of in reference.procedures.items() if core_of(code) == core for version in all_of]
    held = [version for version in known if version.in_force(day)]
    if not known:
        reasons.append(Reason("procedure", "unknown_procedure"))
    elif not held:
        reasons.append(Reason("procedure", "procedure_not_in_force", {"day": day.isoformat()}))
    return held


def _step(
    index: int, asked: WorkflowStepIn, kind: Kind, tree: AgencyTree, workflow: WorkflowIn, reasons: list[Reason]
) -> Step:
    place, no, role = f"steps.{index}", index + 1, StepRole(asked.role)
    if role not in ROLES[kind]:
        reasons.append(Reason(f"{place}.role", "not_one_of", {"expected": ", ".join(ROLES[kind])}))
    relation = Relation(asked.relation) if asked.relation else None
    if kind is Kind.INTERNAL:
        # The desks of one agency: the one that received the dossier.
        if asked.agency is not None or relation not in (None, Relation.RECEIVING):
            reasons.append(Reason(f"{place}.agency", "one_agency_only"))
        relation = Relation.RECEIVING
    elif (asked.agency is None) == (relation is None):
        reasons.append(Reason(f"{place}.agency", "agency_or_relation"))
    if (relation is Relation.DEPARTMENT) != (asked.department is not None):
        reasons.append(Reason(f"{place}.department", "department_by_name"))
    unit = _unit(f"{place}.agency", asked.agency, tree, workflow, reasons)
    follows = ([index] if index else []) if asked.after is None else asked.after
    return Step(
        no=no,
        agency_id=unit.id if unit else None,
        relation=relation,
        department=asked.department,
        desk=asked.desk,
        role=role,
        task=asked.task,
        allotted=Term(Decimal(str(asked.allotted.value)), TermUnit(asked.allotted.unit)),
        follows=tuple(sorted(set(follows))),
    )


def _walkable(steps: Sequence[Step]) -> list[Reason]:
    numbers = {step.no for step in steps}
    unknown = [
        Reason(f"steps.{step.no - 1}.after", "unknown_step", {"limit": len(steps)})
        for step in steps
        if not numbers.issuperset(step.follows)
    ]
    if unknown:
        return unknown
    follows = {step.no: step.follows for step in steps}
    circle = circular(follows)
    named: dict[str, object] = {"steps": " → ".join(map(str, sorted(circle)))}
    behind = numbers - set(in_order(follows)) - circle
    return [Reason(f"steps.{no - 1}.after", "steps_in_a_circle", named) for no in sorted(circle)] + [
        Reason(f"steps.{no - 1}.after", "unreachable_step", named) for no in sorted(behind)
    ]


def _led(steps: Sequence[Step], kind: Kind) -> list[Reason]:
    """A linked procedure has one lead (chủ trì), which may have several steps."""
    if kind is Kind.INTERNAL:
        return []
    leads = [step for step in steps if step.role is StepRole.LEAD]
    if not leads:
        return [Reason("steps", "no_lead")]
    first = (leads[0].agency_id, leads[0].relation, leads[0].department)
    return [
        Reason(f"steps.{step.no - 1}.role", "two_leads", {"step": leads[0].no})
        for step in leads[1:]
        if (step.agency_id, step.relation, step.department) != first
    ]


def _within_term(steps: Sequence[Step], versions: Iterable[ProcedureVersion]) -> list[Reason]:
    """Σ along every sequential path, hence along the longest, is at most the term, on every channel that has one."""
    total, path = path_of(steps)
    terms = [hours for version in versions for term in version.terms.values() if (hours := hours_of(term)) is not None]
    term = min(terms, default=None)
    if term is None or total <= term:
        return []
    numbers: dict[str, object] = {
        "path": " + ".join(map(str, path)),
        "total": f"{float(total):g}",
        "term": f"{float(term):g}",
    }
    return [Reason("steps", "path_exceeds_term", numbers)]
