"""What an edition was made from: what a report says of its units and procedures may be corrected later, so an edition
keeps it. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from shared.domain.agencies import Agency, AgencyTree, Level
from stats_service.editions.rules import canonical
from stats_service.groupings.rules import Named
from stats_service.official_tables.rules import OfficialForm


@dataclass(frozen=True, slots=True)
class Procedure(Named):
    """A version of a procedure. valid_to: its last day; None while it holds."""

    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether it held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Picture:
    """The reference data of an edition. `procedures`: by the id of the version; empty where no row is of one.
    `form`: of table II.06a and its kind. `superior`: the unit above the agency, where the report names it."""

    agencies: AgencyTree
    procedures: Mapping[int, Procedure]
    form: OfficialForm | None = None
    superior: str | None = None


def picture_of(picture: Picture, root: Agency) -> bytes:
    """As it is kept: the units that the agency's report counts, and who succeeded whom among them; versions of
    procedures; the form of the table."""
    tree = picture.agencies
    units = tree.scope(root.id)
    successions = [[old, new] for new in units for old in tree.predecessors.get(new, ()) if old in units]
    return canonical(
        {
            "agencies": [_agency_told(tree.by_id[unit]) for unit in sorted(units)],
            "procedures": [
                [number, one.code, one.name, one.sector, _day_told(one.valid_from), _day_told(one.valid_to)]
                for number, one in sorted(picture.procedures.items())
            ],
            "successions": sorted(successions),
            **({"form": form_told(picture.form)} if picture.form else {}),
            **({"superior": picture.superior} if picture.superior else {}),
        }
    )


def read_picture(content: bytes) -> Picture | None:
    """The other way. None: it is no picture."""
    try:
        return _read(json.loads(content))
    except (ValueError, KeyError, TypeError):
        return None


def _read(told: Mapping[str, Any]) -> Picture:
    units = [
        Agency(
            number,
            code,
            name,
            Level(level),
            "",
            parent,
            _day_read(first),
            _day_read(last),
            None,
            sort_key,
            confirmed=True,
        )
        for number, code, name, level, parent, first, last, sort_key in told["agencies"]
    ]
    procedures = {
        number: Procedure(code, name, sector, _day_read(first), _day_read(last))
        for number, code, name, sector, first, last in told["procedures"]
    }
    form = form_read(told["form"]) if "form" in told else None
    tree = AgencyTree.of(units, [(old, new) for old, new in told["successions"]])
    return Picture(tree, procedures, form, told.get("superior"))


def form_told(form: OfficialForm) -> dict[str, object]:
    """A form as canonical JSON takes it."""
    days = {"valid_from": _day_told(form.valid_from), "valid_to": _day_told(form.valid_to)}
    return {**asdict(form), **days, "headings": list(form.headings)}


def form_read(told: Mapping[str, Any]) -> OfficialForm:
    """The other way."""
    days = {name: _day_read(told[name]) for name in ("valid_from", "valid_to")}
    return OfficialForm(**{**told, **days, "headings": tuple(told["headings"])})


def _agency_told(unit: Agency) -> list[object]:
    days = (_day_told(unit.valid_from), _day_told(unit.valid_to))
    return [unit.id, unit.code, unit.name, unit.level.value, unit.parent_id, *days, unit.sort_key]


def _day_told(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day_read(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
