"""Whether days may be set otherwise, and what that does to the dates of dossiers. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from routing_service.calendars.rules import DayRow
from shared.contracts.calendar_changes import ChangedDayIn
from shared.domain.civil_time import end_of, midnight
from shared.domain.deadline import Clock
from shared.domain.life import Happened, Life, told
from shared.domain.recompute import rescheduled, standing
from shared.domain.terms import Due
from shared.domain.working_calendar import SATURDAY, CalendarDay, DayKind, WorkingCalendar
from shared.web.problems import Reason

_OFF_IN_A_WEEK = (DayKind.IN_LIEU, DayKind.SWAP_OFF)
#: How sure an operator's word is, in the terms of the list that comes with the product.
_CONFIDENCE = {"announced": "high", "provisional": "medium"}


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day with its row as it is and as it is to be; None: no row, what its weekday says."""

    day: date
    before: DayRow | None
    after: DayRow | None


def changes_of(
    asked: Sequence[ChangedDayIn], rows: Mapping[date, DayRow], years: Collection[int]
) -> list[DayChange] | list[Reason]:
    """The changes that are asked for, in order of their days, or every reason why they cannot be made.

    rows: the deviations of every year that is touched.
    """
    reasons = [reason for index, each in enumerate(asked) for reason in _refused(f"days.{index}", each, rows, years)]
    seen: set[date] = set()
    for index, each in enumerate(asked):
        if each.day in seen:
            reasons.append(Reason(f"days.{index}.day", "day_repeated"))
        seen.add(each.day)
    if reasons:
        return reasons
    changes = [DayChange(each.day, rows.get(each.day), _row(each)) for each in sorted(asked, key=lambda each: each.day)]
    idle = _without_work(changes, rows)
    return [Reason("days", "year_without_work", {"year": year}) for year in idle] or changes


def _refused(field_name: str, asked: ChangedDayIn, rows: Mapping[date, DayRow], years: Collection[int]) -> list[Reason]:
    if asked.day.year not in years:
        return [Reason(f"{field_name}.day", "calendar_missing", {"year": asked.day.year})]
    if asked.kind == "normal":
        return [] if asked.day in rows else [Reason(f"{field_name}.kind", "already_normal")]
    kind, weekend = DayKind(asked.kind), asked.day.weekday() >= SATURDAY
    reasons = [Reason(f"{field_name}.{name}", "required") for name in _NAMED if getattr(asked, name) is None]
    if kind is DayKind.MAKE_UP_WORK and not weekend:
        reasons.append(Reason(f"{field_name}.kind", "make_up_on_weekday"))
    if kind in _OFF_IN_A_WEEK and weekend:
        reasons.append(Reason(f"{field_name}.kind", "off_on_weekend"))
    if not reasons and rows.get(asked.day) == _row(asked):
        reasons.append(Reason(field_name, "changes_nothing"))
    return reasons


_NAMED = ("name_vi", "name_en", "source")


def _row(asked: ChangedDayIn) -> DayRow | None:
    if asked.kind == "normal":
        return None
    return DayRow(
        asked.day,
        DayKind(asked.kind),
        asked.name_vi or "",
        asked.name_en or "",
        asked.status,
        asked.source or "",
        _CONFIDENCE[asked.status],
    )


def _without_work(changes: Sequence[DayChange], rows: Mapping[date, DayRow]) -> list[int]:
    """The years in which nobody would work at all: no term in them would ever end."""
    after = {**rows, **{change.day: change.after for change in changes}}
    touched = sorted({change.day.year for change in changes})
    calendar = WorkingCalendar.of([row.entry for row in after.values() if row is not None], touched)
    return [year for year in touched if not any(map(calendar.is_working, _days_of(year)))]


def _days_of(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1))


def entries(changes: Iterable[DayChange]) -> dict[date, CalendarDay | None]:
    """The days as the reckoning is to know them."""
    return {change.day: change.after.entry if change.after else None for change in changes}


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a change from first to last, as the search for dossiers needs them."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """The first instant of it."""
        return midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return end_of(self.last)


def span(changes: Sequence[DayChange]) -> Span:
    """From the first changed day to the last."""
    return Span(changes[0].day, changes[-1].day)


@dataclass(slots=True)
class Figures:
    """How many dossiers would move, and what that does to lateness."""

    moved: int = 0
    newly_late: int = 0
    no_longer_late: int = 0

    def add(self, move: "Move") -> None:
        """One more."""
        self.moved += 1
        self.newly_late += move.late_after and not move.late_before
        self.no_longer_late += move.late_before and not move.late_after


@dataclass(frozen=True, slots=True)
class Move:
    """A dossier that would move."""

    due_before: Due | None
    due_after: Due | None
    late_before: bool
    late_after: bool


@dataclass(slots=True)
class Tally:
    """What has been found so far. examples: (code, agency, its move)."""

    wanted: int
    whole: Figures = field(default_factory=Figures)
    by_agency: dict[int, Figures] = field(default_factory=dict)
    examples: list[tuple[str, int, Move]] = field(default_factory=list)
    looked_at: int = 0
    unreckoned: int = 0

    def add(self, code: str, agency_id: int, move: Move) -> None:
        """One more that moves."""
        self.whole.add(move)
        self.by_agency.setdefault(agency_id, Figures()).add(move)
        if len(self.examples) < self.wanted:
            self.examples.append((code, agency_id, move))


def move_of(history: Sequence[Happened], clock: Clock, before: WorkingCalendar, now: datetime) -> Move | None:
    """How the clock's calendar would move a dossier that was reckoned by `before`. Raises CalendarMissing."""
    event = rescheduled(history, clock, before, now, "")
    life = told(history)
    if event is None or life is None:
        return None
    judged, promised, stopped = standing(life)
    anew = event.anew
    will_be = (anew.judged, anew.promised) if anew is not None else (event.due, None)
    late = _late(life, None if stopped else judged, now), _late(life, event.due, now)
    return Move(judged or promised, will_be[0] or will_be[1], *late)


def _late(life: Life, due: Due | None, now: datetime) -> bool:
    return life.account is not None and due is not None and now >= due.late_from
