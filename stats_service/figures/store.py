"""The SQL of the figures on demand: which of the dossiers of a period make up each of them.

They are counted straight from the dossiers that the period sees (all of them are of to_handle), when a definition asks
for them; nothing is added to what an intake writes. $1 to $4 are those of facts.store, $5 is the day of knowledge.
Dossier is `f`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

_VIETNAM = "AT TIME ZONE 'Asia/Ho_Chi_Minh'"
_KNOWN = "coalesce($4::timestamptz, 'infinity')"
_OF_F = f"h.dossier_id = f.id AND h.recorded_at <= {_KNOWN}"
_BY_THE_END = f"(h.occurred_at {_VIETNAM})::date <= $3::date"


def _last_event(column: str) -> str:
    """Of the dossier's last event by the end of the period."""
    return f"(SELECT h.{column} FROM dossier_event h WHERE {_OF_F} AND {_BY_THE_END} ORDER BY h.seq DESC LIMIT 1)"


_RESOLVED = "f.finished_day BETWEEN $2::date AND $3::date"
_OPEN = "(f.finished_day IS NULL OR f.finished_day > $3::date)"
_OVERDUE = f"({_OPEN} AND coalesce(f.late_day <= least($3::date, $5::date), false))"
_DUE = "coalesce(f.due_day BETWEEN $2::date AND $3::date, false)"
# How it ended stands in the event that ended it; the row holds only the latest.
_OTHERWISE = f"""coalesce((
  SELECT h.kind <> 'finished' OR h.payload::jsonb ->> 'outcome' = 'refused' FROM dossier_event h
  WHERE {_OF_F} AND h.kind IN ('finished', 'withdrawn', 'stopped') ORDER BY h.seq DESC LIMIT 1), false)"""

#: Which of the dossiers of a period make up each figure; {…} are values of the Demand.
ON_DEMAND: Mapping[str, str] = MappingProxyType(
    {
        "resolved_otherwise": f"{_RESOLVED} AND {_OTHERWISE}",
        "uncollected": f"{_RESOLVED} AND {_last_event('status')} = 9",
        "pending_due_now": f"{_OPEN} AND f.due_day = $3::date AND NOT {_OVERDUE}",
        "pending_nearly_due": f"{_OPEN} AND f.due_day > $3::date AND f.due_day <= {{near}} AND NOT {_OVERDUE}",
        "pending_paused_overdue": f"{_OVERDUE} AND coalesce({_last_event('paused')}, false)",
        "due_in_period": _DUE,
        "due_on_time": f"{_DUE} AND NOT {_OPEN} AND f.verdict IN (1, 2)",
        "due_late": f"{_DUE} AND NOT {_OPEN} AND f.verdict NOT IN (1, 2)",
        "due_overdue": f"{_DUE} AND {_OVERDUE}",
        "due_in_term": f"{_DUE} AND {_OPEN} AND NOT {_OVERDUE}",
        "due_otherwise": f"{_DUE} AND NOT {_OPEN} AND {_OTHERWISE}",
        # The national rule is national_scoring's: it says which are late.
        "national_on_time": "f.id <> ALL({late})",
        "national_overdue": "f.id = ANY({late})",
    }
)
NATIONAL = frozenset({"national_on_time", "national_overdue"})


@dataclass(frozen=True, slots=True)
class Demand:
    """Which figures are wanted, and what their conditions need. near: the last day that is nearly due. late: ids of
    the dossiers that are late by the national rule."""

    names: Sequence[str]
    near: date | None = None
    late: Sequence[int] = ()


_TYPES = {"near": "date", "late": "bigint[]"}


def demanded(name: str, demand: Demand, values: list[object]) -> str:
    """The condition of a figure on demand. The values that it needs are added to `values`, the statement's."""
    condition = ON_DEMAND[name]
    for needed, kind in _TYPES.items():
        if f"{{{needed}}}" in condition:
            values.append(getattr(demand, needed))
            condition = condition.replace(f"{{{needed}}}", f"${len(values)}::{kind}")
    return condition
