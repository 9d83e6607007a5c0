"""The bytes of sealed editions, a format for each report. Pure.

A format (`resolution/1`) is for good. Whatever makes other bytes of the same figures is a new format beside the old
one: a test holds each to the bytes that it made when it was new.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any

from shared.domain.agencies import Level
from shared.domain.civil_time import shown
from stats_service.editions.pictures import Picture, form_told
from stats_service.editions.rules import Parameters, Sealing, canonical
from stats_service.exports.table import Row as PrintedRow
from stats_service.figures.rules import Figures
from stats_service.groupings.rules import Row, printed_names
from stats_service.official_tables.rules import ANNEX, II_06A, annex_rows, ii_06a_rows, non_users, subjects_of
from stats_service.units.rules import Unit

#: report → the format that it is sealed in today.
FORMATS: Mapping[str, str] = MappingProxyType({"resolution": "resolution/1", "ii-06a": "ii-06a/2", "annex": "annex/2"})
#: report → all formats that it was ever sealed in.
EVER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "resolution": frozenset({"resolution/1"}),
        "ii-06a": frozenset({"ii-06a/1", "ii-06a/2"}),
        "annex": frozenset({"annex/1", "annex/2"}),
    }
)
#: The figures of resolution/1, whatever later reports carry beside them.
FIGURES_1 = (
    *("carried_over", "received", "received_online", "received_counter", "received_post", "to_handle"),
    *("resolved", "resolved_early", "resolved_on_day", "resolved_late", "resolved_on_time", "resolved_without_term"),
    *("pending", "pending_in_term", "pending_overdue", "pending_paused"),
    *("on_time_rate", "late_rate", "received_on_time_rate", "national_on_time_rate"),
)
#: What a row of resolution/1 may carry beside its figures.
_PLACE = ("key", "name", "level", "parent", "in_force", "by", "depth", "within", "from", "to")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a report counted: the agency's name, the units it knows, the figures of the whole, its rows in order."""

    agency_name: str
    units: Sequence[Unit]
    total: Figures
    rows: Sequence[Row]


def written(sealing: Sealing, counted: Counted, picture: Picture) -> bytes:
    """The bytes of an edition, by its format. Raises BrokenTable where the columns of a table do not add up."""
    told = {
        "agency_name": counted.agency_name,
        "corrects": sealing.corrected.hex() if sealing.corrected else None,
        "edition": sealing.number,
        "format": sealing.format,
        "note": sealing.note,
        "parameters": sealing.parameters.wire(),
        "picture": sealing.picture.hex(),
        "position": sealing.position._asdict(),
        "reason": sealing.reason,
        "report": sealing.report,
        "sealed_at": _instant(sealing.sealed_at),
        "synthetic": sealing.synthetic,
        **_WRITERS[sealing.format](sealing.parameters, counted, picture),
    }
    out = BytesIO()
    for n, name in enumerate(sorted(told)):
        out.write((b"," if n else b"{") + canonical(name) + b":")
        if name == "rows":
            _write_each(told[name], out)
        else:
            out.write(canonical(told[name]))
    out.write(b"}")
    return out.getvalue()


def _write_each(rows: Iterable[object], out: BytesIO) -> None:
    """A list as canonical JSON, a row at a time: fifty thousand at once would be eighty megabytes."""
    out.write(b"[")
    for n, row in enumerate(rows):
        out.write(b"," + canonical(row) if n else canonical(row))
    out.write(b"]")


def _resolution_1(_: Parameters, counted: Counted, __: Picture) -> dict[str, Any]:
    return {"rows": (_row_1(row.wire()) for row in counted.rows), "total": _figures_1(counted.total.wire())}


def _ii_06a_1(told: Parameters, counted: Counted, picture: Picture) -> dict[str, Any]:
    return _ii_06a(told, counted, picture, _names_1(counted))


def _ii_06a_2(told: Parameters, counted: Counted, picture: Picture) -> dict[str, Any]:
    return _ii_06a(told, counted, picture, printed_names(counted.rows, counted.units))


def _ii_06a(told: Parameters, counted: Counted, picture: Picture, names: Sequence[str]) -> dict[str, Any]:
    """The table as it is printed, with its form: nothing of it is to be looked up elsewhere."""
    assert picture.form is not None
    assert told.awaiting_column is not None
    by_sector, apart = told.group_by == "sector", told.awaiting_column == 9
    subjects = subjects_of(counted.rows, counted.units, names, by_sector=by_sector, awaiting_apart=apart)
    rows = ii_06a_rows(picture.form, subjects, told.awaiting_column, by_sector=by_sector)
    return {
        "form": form_told(picture.form),
        "moved_to_column_9": sum(subject.awaiting for subject in subjects),
        "rows": [_printed_1(row, II_06A) for row in rows],
    }


def _annex_1(_: Parameters, counted: Counted, picture: Picture) -> dict[str, Any]:
    return _annex(counted, picture, _names_1(counted))


def _annex_2(_: Parameters, counted: Counted, picture: Picture) -> dict[str, Any]:
    return _annex(counted, picture, printed_names(counted.rows, counted.units))


def _annex(counted: Counted, picture: Picture, names: Sequence[str]) -> dict[str, Any]:
    subjects = subjects_of(counted.rows, counted.units, names, by_sector=False)
    return {
        "non_users": [[subject.key, subject.name, subject.level] for subject in non_users(subjects)],
        "rows": [_printed_1(row, ANNEX) for row in annex_rows(subjects)],
        "superior": picture.superior,
    }


_WRITERS: Mapping[str, Callable[[Parameters, Counted, Picture], dict[str, Any]]] = MappingProxyType(
    {
        "resolution/1": _resolution_1,
        "ii-06a/1": _ii_06a_1,
        "ii-06a/2": _ii_06a_2,
        "annex/1": _annex_1,
        "annex/2": _annex_2,
    }
)


def _names_1(counted: Counted) -> list[str]:
    """The names of rows in ii-06a/1 and annex/1: of units that share a name, one with the name of the unit above, be it
    the same, or with the key where this tells nothing. The second formats have them as tables print them since."""
    units = {unit.key: unit for unit in counted.units}

    def longer(row: Row) -> str:
        parent = units[row.key].parent if row.key in units else None
        return f"{row.name} ({units[parent].agency.name})" if parent else row.name

    names = Counter(row.name for row in counted.rows)
    found = [longer(row) if names[row.name] > 1 else row.name for row in counted.rows]
    still = Counter(found)
    return [
        name if still[name] == 1 else f"{row.name} ({row.key})" for name, row in zip(found, counted.rows, strict=True)
    ]


def _printed_1(row: PrintedRow, columns: Sequence[str]) -> dict[str, object]:
    """A line of a table: its kind (line, group, total), what it is of, number and name as printed, its columns."""
    return {"row": row.kind, "key": row.key, **dict(zip(("number", "name", *columns), row.values, strict=True))}


def _row_1(wire: Mapping[str, Any]) -> dict[str, object]:
    place = {name: _plain(wire[name]) for name in _PLACE if name in wire}
    own = {"own": _figures_1(wire["own"])} if "own" in wire else {}
    return {**place, **own, **_figures_1(wire)}


def _figures_1(wire: Mapping[str, Any]) -> dict[str, int | str | None]:
    return {name: wire[name] for name in FIGURES_1}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value.value if isinstance(value, Level) else value


def _instant(instant: datetime) -> str:
    """To the microsecond, always: an instant without any would be written shorter."""
    local = shown(instant)
    assert local is not None
    return local.isoformat(timespec="microseconds")
