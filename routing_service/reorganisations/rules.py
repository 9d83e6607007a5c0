"""What routing decides about a reorganisation: whether its plan may be, and where a dossier goes by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from routing_service.agencies.rules import absence
from routing_service.cases.rules import CaseRow, Change, Moved, Movement
from shared.contracts.reorganisations import ReorganisationIn, ReorganisationRule
from shared.domain.agencies import Agency, AgencyTree
from shared.domain.civil_time import midnight
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.problems import Problem, Reason

#: Spreads neighbouring ids evenly over 32 bits (Knuth's multiplicative hash).
_SPREAD, _BITS = 2_654_435_761, 2**32
#: How many reasons a refused plan names at most.
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Held:
    """What decides where an open dossier goes."""

    dossier_id: int
    holder_id: int
    desk: str | None
    version_id: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a unit's dossiers go. `to`: (agency id, share). sector, procedure, desk: None for any."""

    from_id: int
    to: tuple[tuple[int, int], ...]
    sector: str | None
    procedure: str | None
    desk: str | None
    to_desk: str | None

    def covers(self, other: "Rule") -> bool:
        """Whether nothing is left to the other where this one stands before it."""
        mine, its = (self.sector, self.procedure, self.desk), (other.sector, other.procedure, other.desk)
        return self.from_id == other.from_id and all(a in (None, b) for a, b in zip(mine, its, strict=True))

    def receiver(self, dossier_id: int) -> int:
        """The one among several that takes a dossier: by its id, so that it is the same whenever it is asked."""
        place = dossier_id * _SPREAD % _BITS * sum(share for _, share in self.to) // _BITS
        for agency_id, share in self.to:
            if place < share:
                return agency_id
            place -= share
        raise AssertionError("the place lies below the sum of shares")


class Listed(NamedTuple):
    """Where a dossier goes that is named by its code, and who held it when that was decided (None in plans of before
    it was recorded)."""

    to_id: int
    from_id: int | None


#: Why a dossier stays where it is: nothing covers it; or it is named, and somebody else holds it than when it was.
NO_RULE, OTHER_HOLDER = "no_rule", "other_holder"


@dataclass(frozen=True)
class Plan:
    """Where the dossiers of a reorganisation go. `listed`: by dossier id; they go before the rules."""

    rules: tuple[Rule, ...]
    listed: Mapping[int, Listed]

    @property
    def units(self) -> list[int]:
        """The units whose dossiers it is about."""
        return sorted({rule.from_id for rule in self.rules})

    def target(self, held: Held, reference: Reference) -> tuple[int, str | None] | None:
        """Where a dossier goes: (agency id, desk); None where nothing says so. What was named is taken from who held it
        then, and from nobody to whom it was handed since."""
        listed = self.listed.get(held.dossier_id)
        if listed is not None and listed.from_id in (None, held.holder_id):
            return listed.to_id, held.desk
        version = reference.versions[held.version_id]
        for rule in self.rules:
            if (
                rule.from_id == held.holder_id
                and rule.sector in (None, version.sector)
                and rule.procedure in (None, version.code)
                and rule.desk in (None, held.desk)
            ):
                return rule.receiver(held.dossier_id), rule.to_desk or held.desk
        return None

    def why_not(self, held: Held) -> str:
        """Why a dossier without a target stays."""
        return OTHER_HOLDER if held.dossier_id in self.listed else NO_RULE

    def kept(self) -> dict[str, Any]:
        """As it is stored, with the ids of units: codes are used again."""
        rules = [(r.from_id, r.to, r.sector, r.procedure, r.desk, r.to_desk) for r in self.rules]
        return {"rules": rules, "listed": [(dossier, *to) for dossier, to in self.listed.items()]}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Plan":
        """A stored plan."""
        rules = (
            Rule(from_id, tuple((agency, share) for agency, share in to), *narrowed)
            for from_id, to, *narrowed in kept["rules"]
        )
        listed = {dossier: Listed(to, *from_ or (None,)) for dossier, to, *from_ in kept["listed"]}
        return cls(tuple(rules), listed)


def plan_of(
    asked: ReorganisationIn, found: Mapping[str, tuple[int, int]], reference: Reference, principal: Principal
) -> Plan | Problem:
    """The plan that is asked for, or every reason why it cannot be. `found`: code → (dossier id, holder) of the open
    dossiers that are named."""
    day, beyond = asked.effective_day, asked.beyond_succession is not None
    judge = _Judge(reference, principal, day, beyond)
    rules = [judge.rule(f"rules.{n}", rule) for n, rule in enumerate(asked.rules)]
    for n, rule in enumerate(rules):
        before = next((m for m, other in enumerate(rules[:n]) if rule and other and other.covers(rule)), None)
        if before is not None:
            judge.reasons.append(Reason(f"rules.{n}", "never_applied", {"rule": f"rules.{before}"}))
    listed: dict[int, Listed] = {}
    for n, group in enumerate(asked.dossiers):
        receiver = judge.receiver(f"dossiers.{n}.to", group.to)
        for m, code in enumerate(group.codes):
            place = f"dossiers.{n}.codes.{m}"
            dossier_id, holder_id = found.get(code, (0, 0))
            if not principal.covers(holder_id):
                judge.reasons.append(Reason(place, "no_open_dossier"))
            elif dossier_id in listed:
                judge.reasons.append(Reason(place, "repeated_in_call"))
            elif receiver is not None:
                judge.follows(f"dossiers.{n}.to", reference.agencies.by_id[holder_id], receiver)
                listed[dossier_id] = Listed(receiver.id, holder_id)
    if not asked.rules and not asked.dossiers:
        judge.reasons.append(Reason("rules", "required"))
    if judge.reasons:
        return Problem("invalid_request", *judge.reasons[:_TOLD])
    return Plan(tuple(rule for rule in rules if rule is not None), listed)


class _Judge:
    """Gathers why a plan cannot be."""

    def __init__(self, reference: Reference, principal: Principal, day: date, beyond: bool) -> None:
        self.reasons: list[Reason] = []
        self._reference = reference
        self._tree = reference.agencies
        self._principal = principal
        self._day = day
        self._beyond = beyond

    def rule(self, place: str, asked: ReorganisationRule) -> Rule | None:
        """One rule; None where it cannot be."""
        before = self._day - timedelta(days=1)
        giver = self._unit(f"{place}.from", asked.from_, self._tree.latest(asked.from_, before), before)
        to: list[tuple[int, int]] = []
        for n, receiver in enumerate(asked.to):
            unit = self.receiver(f"{place}.to.{n}.agency", receiver.agency)
            if unit is not None and any(unit.id == agency_id for agency_id, _ in to):
                self.reasons.append(Reason(f"{place}.to.{n}.agency", "receiver_twice"))
            elif unit is not None and giver is not None:
                self.follows(f"{place}.to.{n}.agency", giver, unit)
                to.append((unit.id, receiver.share))
        if asked.sector is not None and asked.sector not in self._reference.sectors:
            self.reasons.append(Reason(f"{place}.sector", "unknown_sector"))
        if asked.procedure is not None and asked.procedure not in self._reference.procedures:
            self.reasons.append(Reason(f"{place}.procedure", "unknown_procedure"))
        if giver is None:
            return None
        return Rule(giver.id, tuple(to), asked.sector, asked.procedure, asked.desk, asked.to_desk)

    def receiver(self, place: str, code: str) -> Agency | None:
        """Who takes over: in force on the effective day."""
        return self._unit(place, code, self._tree.on(code, self._day), self._day)

    def follows(self, place: str, giver: Agency, receiver: Agency) -> None:
        """A receiver succeeds the giver, unless it is said why it need not."""
        if giver.id == receiver.id:
            self.reasons.append(Reason(place, "already_the_holder"))
        elif not self._beyond and not _succeeds(self._tree, giver.id, receiver.id):
            self.reasons.append(Reason(place, "not_a_successor"))

    def _unit(self, place: str, code: str, unit: Agency | None, day: date) -> Agency | None:
        if unit is None:
            self.reasons.append(absence(place, self._tree, code, day))
        elif not self._principal.covers(unit.id):
            self.reasons.append(Reason(place, "out_of_scope"))
        else:
            return unit
        return None


def _succeeds(tree: AgencyTree, old: int, new: int) -> bool:
    """Whether `new` took over from `old`, in one step or several."""
    seen, waiting = set(), [old]
    while waiting:
        for heir in tree.successors.get(waiting.pop(), ()):
            if heir == new:
                return True
            if heir not in seen:
                seen.add(heir)
                waiting.append(heir)
    return False


def moved(case: CaseRow, target: tuple[int, str | None], reorganisation_id: int, day: date) -> Change:
    """The movement of a dossier: as of the effective day, but not before what happened to it last. No clock moves."""
    agency_id, desk = target
    at = max(midnight(day), case.floor[0])
    return Change(case, moved=Moved(Movement.REORGANISATION, agency_id, desk, at, reorganisation_id=reorganisation_id))
