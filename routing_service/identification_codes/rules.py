"""Which identification codes may go in: two units in force never issue under one. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from routing_service.agencies.rules import absence
from shared.contracts.identification_codes import IdentificationCodeIn
from shared.domain.agencies import AgencyTree
from shared.domain.codes import is_identification_code
from shared.web.problems import Problem, Reason


class Carrier(NamedTuple):
    """A unit in force, with the identification code that it has."""

    id: int
    code: str
    identification_code: str | None


class Change(NamedTuple):
    """A unit that gets another identification code. before: None, it had none."""

    agency_id: int
    identification_code: str
    before: str | None


class Done(NamedTuple):
    """How many units got another code, and how many had theirs."""

    changed: int
    unchanged: int


def changes_of(
    asked: Sequence[IdentificationCodeIn], carriers: Sequence[Carrier], tree: AgencyTree, day: date
) -> list[Change] | Problem:
    """What the list changes, or every reason why it cannot go in. carriers: all units in force on `day`."""
    units = {unit.code: unit for unit in carriers}
    times = Counter(each.agency for each in asked)
    bearers = _bearers(asked, units)
    reasons: list[Reason] = []
    for n, each in enumerate(asked):
        if each.agency not in units:
            reasons.append(absence(f"codes.{n}.agency", tree, each.agency, day))
        elif times[each.agency] > 1:
            reasons.append(Reason(f"codes.{n}.agency", "agency_twice"))
        other = next((code for code in bearers[each.identification_code] if code != each.agency), None)
        if not is_identification_code(each.identification_code):
            reasons.append(Reason(f"codes.{n}.identification_code", "no_identification_code"))
        elif other is not None:
            reasons.append(Reason(f"codes.{n}.identification_code", "borne_by_another", {"other": other}))
    if reasons:
        return Problem("invalid_request", *reasons)
    given = [(units[each.agency], each.identification_code) for each in asked]
    return [Change(unit.id, new, unit.identification_code) for unit, new in given if unit.identification_code != new]


def _bearers(asked: Sequence[IdentificationCodeIn], units: Mapping[str, Carrier]) -> defaultdict[str, list[str]]:
    """Identification code → who would bear it, once the list is in."""
    after = {code: unit.identification_code for code, unit in units.items()}
    after |= {each.agency: each.identification_code for each in asked if each.agency in units}
    found = defaultdict(list)
    for code, identification in after.items():
        if identification is not None:
            found[identification].append(code)
    return found
