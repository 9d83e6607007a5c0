"""What of an item of DongBoHoSoMC its judgement rests on: status, dates, supplement requests. Nothing personal.

An item of theirs may say anything anywhere; what is kept of it is what reads as a status or an instant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from shared.domain.national import Compare, Ends, Scored, Wait, longest_limit, scored
from shared.domain.terms import Term
from shared.domain.working_calendar import WorkingCalendar

STATUS = "TrangThaiHoSo"
#: In this order they are compared.
DATES = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayTuChoi", "NgayKetThucXuLy", "NgayTra")
SUPPLEMENTS = "DanhSachHoSoBoSung"
_OF_A_SUPPLEMENT = ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi")
#: Stands for what is there and says nothing that could be read.
UNREADABLE = "?"
#: So many requests are kept of an item; nobody asks so often.
_MOST_SUPPLEMENTS = 100
_STATUSES = frozenset(str(number) for number in range(1, 12))
_ZONE = timezone(timedelta(hours=7))
_DIGITS = 14


@dataclass(frozen=True, slots=True)
class Told:
    """The facts of an item by name, as they stand in it; those that are absent are not there. supplements: the same of
    each request, in order."""

    facts: Mapping[str, str]
    supplements: Sequence[Mapping[str, str]] = ()

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Told":
        """Read from an item, theirs or ours, or from what was kept of one."""
        facts = {STATUS: _status(item.get(STATUS)), **{name: _instant(item.get(name)) for name in DATES}}
        listed = item.get(SUPPLEMENTS)
        each = listed[:_MOST_SUPPLEMENTS] if isinstance(listed, list) else []
        return cls(_there(facts), tuple(_supplement(one) for one in each))

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return {**self.facts, SUPPLEMENTS: [dict(one) for one in self.supplements]}

    def at(self, name: str) -> datetime | None:
        """One of its dates; None: absent, or not to be read."""
        return _read(self.facts.get(name))

    @property
    def status(self) -> str | None:
        """Of the dossier; None: it has none that could be read."""
        said = self.facts.get(STATUS)
        return said if said != UNREADABLE else None

    def judged(
        self, until: datetime, terms: Iterable[Term], calendar: WorkingCalendar, compare: Compare
    ) -> Scored | None:
        """The national verdict by what stands in the item; None: by then it was not received. Raises
        CalendarMissing."""
        accepted_at, promised = self.at("NgayTiepNhan"), self.at("NgayHenTra")
        if accepted_at is None or accepted_at > until:
            return None
        longest = longest_limit(accepted_at, terms, calendar) if promised is None else None
        return scored(
            promised,
            self._waits(),
            self._ends(),
            accepted_at=accepted_at,
            until=until,
            longest=longest,
            compare=compare,
        )

    def _waits(self) -> list[Wait]:
        found = []
        for one in self.supplements:
            asked_at = _read(one.get("NgayBoSung"))
            if asked_at is not None:
                found.append(Wait(asked_at, _read(one.get("NgayTiepNhanBoSung"))))
        return sorted(found, key=lambda wait: wait.asked_at)

    def _ends(self) -> Ends:
        ended_at, returned_at = self.at("NgayKetThucXuLy"), self.at("NgayTra")
        match self.status:
            case "9" | "10":
                return Ends(ended_at, returned_at)
            case "8":
                return Ends(None, returned_at, ended_at)
            case "7":
                return Ends(None, returned_at, None, ended_at)
            case "3":
                return Ends(None, returned_at, self.at("NgayTuChoi"))
        return Ends()


NOTHING_TOLD = Told(MappingProxyType({}))


def _there(facts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value is not None}


def _supplement(one: Any) -> dict[str, str]:
    if not isinstance(one, Mapping):
        return {"NgayBoSung": UNREADABLE}
    return _there({name: _instant(one.get(name)) for name in _OF_A_SUPPLEMENT})


def _status(value: Any) -> str | None:
    if value is None or value == "":
        return None
    said = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return said if said in _STATUSES else UNREADABLE


def _instant(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) and _read(value) is not None else UNREADABLE


def _read(value: str | None) -> datetime | None:
    if value is None or len(value) != _DIGITS or not (value.isascii() and value.isdigit()):
        return None
    try:
        return datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=_ZONE)
    except ValueError:
        return None
