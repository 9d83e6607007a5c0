"""What the figures on demand need to be counted: asked once for a question, whichever of its parts are counted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.database import Reading
from shared.web.problems import invalid
from stats_service.definitions.rules import NEARLY_DUE_WITHIN
from stats_service.facts.store import Seen
from stats_service.figures.store import NATIONAL, Demand
from stats_service.national_scoring.usecases import NationalPeriod, nationally_overdue


async def demand_for(
    connection: Reading, reference: Reference, seen: Seen, known_at: datetime, names: Sequence[str]
) -> Demand:
    """What the conditions of figures on demand need. A Problem where a year of it has no calendar."""
    demand, period = Demand(names), seen.period
    if "pending_nearly_due" in names:
        try:
            demand = replace(demand, near=reference.calendar.add_working_days(period.last, NEARLY_DUE_WITHIN))
        except CalendarMissing as missing:
            raise invalid(period.end_field, "calendar_missing", year=missing.year) from missing
    if NATIONAL.intersection(names):
        judged = NationalPeriod(seen.agencies, period.first, period.last, seen.as_of, known_at)
        demand = replace(demand, late=await nationally_overdue(connection, reference, judged))
    return demand
