"""Whether a dossier can be received here today.

Pure. The POST and the import decide by the same functions, so that no door is wider than the other.
"""

from dataclasses import dataclass
from datetime import date

from shared.domain.agencies import Agency, AgencyTree
from shared.domain.codes import code_prefix
from shared.domain.deadline import Clock
from shared.domain.lifecycle import Channel
from shared.reference import FIRST_CASE, ProcedureVersion, Reference
from shared.web.problems import Reason


@dataclass(frozen=True, slots=True)
class Place:
    """A procedure at an agency through a channel on a day: that it can be received there has been checked."""

    version: ProcedureVersion
    agency: Agency
    channel: Channel
    clock: Clock
    case: int = FIRST_CASE

    def prefix(self, day: date) -> str:
        """What the codes issued here on `day` begin with."""
        return code_prefix(self.agency.issuing_code, day)


def checked_place(
    reference: Reference, procedure: str, agency: str, channel: Channel, day: date, case: int = FIRST_CASE
) -> tuple[Place | None, list[Reason]]:
    """The place, or every reason why a dossier cannot be received there on `day`. `case`: which of the terms that the
    procedure has on the channel."""
    reasons: list[Reason] = []
    version = reference.procedure_on(procedure, day)
    if version is None:
        known = procedure in reference.procedures
        code = "procedure_not_in_force" if known else "unknown_procedure"
        reasons.append(Reason("procedure", code, {"day": day.isoformat()}))
    unit = reference.agencies.on(agency, day)
    if unit is None:
        reasons.append(absent_agency("agency", reference.agencies, agency, day))
    if version is None or unit is None:
        return None, reasons
    if not version.offered_at(unit.level, day):
        reasons.append(Reason("procedure", "not_offered_at_level", {"level": unit.level.value, "day": day.isoformat()}))
    if channel not in version.terms:
        reasons.append(Reason("channel", "channel_not_offered", {"channel": channel.name.lower()}))
    elif case != FIRST_CASE and case not in version.cases.get(channel, {}):
        listed = ", ".join(map(str, version.cases.get(channel, [FIRST_CASE])))
        reasons.append(Reason("case", "unknown_case", {"expected": listed}))
    if reasons:
        return None, reasons
    clock = reference.clock(version, channel, unit.id, day, case)
    return Place(version, unit, channel, clock, case), []


def absent_agency(field: str, tree: AgencyTree, code: str, day: date) -> Reason:
    """Why no agency carries `code` on `day`; a code that was in force on another day names its successors."""
    known = tree.known(code)
    if not known:
        return Reason(field, "unknown_agency")
    heirs = ", ".join(sorted({tree.by_id[new].code for unit in known for new in tree.successors.get(unit.id, ())}))
    return Reason(
        field,
        "agency_not_in_force",
        {
            "day": day.isoformat(),
            "successor_vi": f"; đơn vị kế thừa: {heirs}" if heirs else "",
            "successor_en": f"; successor: {heirs}" if heirs else "",
        },
    )
