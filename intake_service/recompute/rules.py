"""A change of the calendar, and what it makes of one dossier. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shared.domain.civil_time import end_of, midnight
from shared.domain.working_calendar import CalendarDay, DayKind, WorkingCalendar

#: Every process has read a changed calendar by then (it asks every 2 s, shared/reference/keeper.py), and every request
#: that began before has ended. An import may take longer: it is asked for.
SETTLED_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as routing has recorded it. before: the days as they were; None: what the weekday says."""

    id: int
    revision: int
    recorded_at: datetime
    actor: str
    agency_id: int
    decision: str
    before: Mapping[date, CalendarDay | None]

    @property
    def first(self) -> date:
        """The first changed day."""
        return min(self.before)

    @property
    def last(self) -> date:
        """The last."""
        return max(self.before)

    @property
    def begins(self) -> datetime:
        """The first instant of the first changed day."""
        return midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after the last."""
        return end_of(self.last)

    @property
    def settled_at(self) -> datetime:
        """From then on whatever is received is received by the changed calendar."""
        return self.recorded_at + SETTLED_AFTER

    def undone(self, calendar: WorkingCalendar) -> WorkingCalendar:
        """`calendar` as if this change alone had not been made. Changes that came after it stay: a dossier is moved to
        where the calendar in force has it, and once."""
        return calendar.with_days(self.before)


def day_before(day: date, kept: Mapping[str, Any] | None) -> CalendarDay | None:
    """A day as it was, from what routing keeps of it."""
    if kept is None:
        return None
    provisional = kept["status"] == "provisional"
    return CalendarDay(day, DayKind(kept["kind"]), kept["name_vi"], kept["name_en"], provisional)
