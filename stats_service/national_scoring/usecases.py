"""Counting as the national scoring does, by agency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from shared.domain.civil_time import civil_day
from shared.domain.national import Compare
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.database import Reading
from stats_service.national_scoring import store
from stats_service.national_scoring.rules import (
    NOTHING,
    Doubtful,
    Hours,
    NationalCounts,
    last_instant,
    national_added,
    on_time,
    versions_with_other_terms,
    working_days_through,
)

#: What the national catalogue calls a service that is online from the first step to the last.
FULL_ONLINE = "Toàn trình"


@dataclass(frozen=True, slots=True)
class NationalPeriod:
    """Whose dossiers, in which days. as_of: only what was recorded by then; known_at: as_of, or else now."""

    agencies: Sequence[int]
    first: date
    last: date
    as_of: datetime | None
    known_at: datetime

    @property
    def until(self) -> datetime:
        """What stands in for the end of what is open."""
        return last_instant(self.last, self.known_at)

    def question(self, compare: Compare) -> store.NationalQuestion:
        """As the store needs it."""
        return store.NationalQuestion(self.agencies, self.first, self.last, self.as_of, self.until, compare)


async def national_counts(
    connection: Reading, reference: Reference, period: NationalPeriod
) -> dict[int, NationalCounts]:
    """agency id → counts, for those that have any. In the caller's transaction."""
    rows = await store.national_counts(
        connection,
        period.question(reference.national),
        with_other_terms=versions_with_other_terms(reference.versions),
        working_days=working_days_through(reference.calendar, period.first, period.last),
        full_online=FULL_ONLINE,
    )
    found: dict[int, NationalCounts] = {}
    width = len(NationalCounts._fields)
    for row in rows:
        agency_id, sole, *counted = tuple(row)[: 2 + width]
        counts = NationalCounts(*counted)
        if sole is not None and on_time(_doubtful(row), reference, period.until):
            counts = counts._replace(on_time=1)
        found[agency_id] = national_added((found.get(agency_id, NOTHING), counts))
    return found


async def nationally_overdue(connection: Reading, reference: Reference, period: NationalPeriod) -> list[int]:
    """The ids of the dossiers of the period that are late by the national rule; the others that it sees are on time.
    In the caller's transaction."""
    rows = await store.nationally_overdue(
        connection,
        period.question(reference.national),
        with_other_terms=versions_with_other_terms(reference.versions),
        full_online=FULL_ONLINE,
    )
    return [row["id"] for row in rows if row["sole"] is None or not on_time(_doubtful(row), reference, period.until)]


async def national_hours(connection: Reading, reference: Reference, period: NationalPeriod) -> Mapping[int, Hours]:
    """agency id → how long dossiers with a term in hours took. In the caller's transaction."""
    found: dict[int, Hours] = {}
    for agency_id, accepted_at, over_at in await store.ended_by_hour(connection, period.question(reference.national)):
        ended, worked = found.get(agency_id, Hours())
        sessions = reference.sessions_of(agency_id, civil_day(accepted_at))
        took: timedelta | None
        try:
            took = reference.calendar.working_time_between(accepted_at, over_at, sessions)
        except CalendarMissing:
            took = None
        found[agency_id] = Hours(ended + 1, worked + took if worked is not None and took is not None else None)
    return found


def _doubtful(row: asyncpg.Record) -> Doubtful:
    return Doubtful(*(row[name] for name in Doubtful._fields))
