"""The index of an agency in a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.index_766 import ScopeName
from shared.contracts.stats import CutName
from shared.domain.agencies import Agency, told_apart
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.database import Reading
from stats_service.index_766 import store
from stats_service.index_766.rule_file import RuleVersion
from stats_service.index_766.rules import (
    GroupScore,
    Offered,
    Points,
    index_period,
    knows_its_procedures,
    measures,
    months_of_year,
    points_added,
    scope_of,
    scored,
    version_for,
)
from stats_service.national_scoring.rules import (
    NO_HOURS,
    NOTHING,
    Average,
    Hours,
    NationalCounts,
    averages,
    hours_added,
    national_added,
)
from stats_service.national_scoring.usecases import FULL_ONLINE, NationalPeriod, national_counts, national_hours
from stats_service.periods.rules import Period, checked_as_of
from stats_service.reports.store import any_synthetic
from stats_service.units.rules import Unit, agency_at_the_end, as_they_were


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question: an agency in force at the end of the period, its units, and the rules to score by."""

    agency: Agency
    units: Sequence[Unit]
    period: Period
    as_of: datetime | None
    known_at: datetime
    rules: RuleVersion
    level: ScopeName | None

    def counted(self, period: Period) -> NationalPeriod:
        """The same question for other days."""
        agencies = [unit.agency.id for unit in self.units]
        return NationalPeriod(agencies, period.first, period.last, self.as_of, self.known_at)


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit, with all under it or alone, and its scores."""

    unit: Unit
    own: bool
    counts: NationalCounts
    averages: Sequence[Average]
    groups: Sequence[GroupScore]
    total: Points


@dataclass(frozen=True, slots=True)
class Index:
    """The index: the agency, the units directly below it, and the months of the year (None: outside the period)."""

    asked: Asked
    whole: Standing
    children: Sequence[Standing]
    months: Sequence[NationalCounts | None]
    synthetic: bool

    def printed_names(self) -> Sequence[str]:
        """The name of each of the children as every table prints it: all stand under the one agency."""
        return list(told_apart({child.unit.key: (child.unit.agency.name, None) for child in self.children}).values())


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as it came."""

    agency: str
    period: str | None
    first: date | None
    last: date | None
    as_of: datetime | None
    level: ScopeName | None
    rules: str | None
    cut: CutName = "calendar"


def checked(
    reference: Reference,
    scope: frozenset[int],
    now: datetime,
    versions: Sequence[RuleVersion],
    question: Question,
) -> Asked:
    """The question, or the Problem that says what is wrong with it. `scope`: the agency ids that the asker may see."""
    period = index_period(question.period, question.first, question.last, civil_day(now), question.cut)
    checked_as_of(question.as_of, now)
    agency = agency_at_the_end(reference.agencies, question.agency, period.last, scope)
    rules = version_for(versions, period, question.rules)
    units = as_they_were(reference.agencies, agency, period.last).units
    return Asked(agency, units, period, question.as_of, question.as_of or now, rules, question.level)


async def index(connection: Reading, reference: Reference, asked: Asked) -> Index:
    """The index, all of it of one snapshot of the database."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        period = asked.counted(asked.period)
        counts = await national_counts(connection, reference, period)
        hours = await national_hours(connection, reference, period)
        months = [await _month(connection, reference, asked, month, counts) for month in months_of_year(asked.period)]
        offered = [
            Offered(frozenset(row["levels"]), row["online_level"], row["online"], row["procedures"])
            for row in await store.offered(connection, asked.period.last)
        ]
        synthetic = await any_synthetic(connection)
    root = asked.units[0]
    whole = _standing(asked, root, root.under, counts, hours, offered)
    below = [_standing(asked, unit, unit.under, counts, hours, offered) for unit in asked.units if unit.depth == 1]
    shown = [row for row in below if row.unit.in_force or any(row.counts)]
    own = _standing(asked, root, {root.agency.id}, counts, hours, offered, own=True)
    if shown and any(own.counts):
        shown.insert(0, own)
    children = [row for row in shown if asked.level in (None, scope_of(row.unit.agency))]
    return Index(asked, whole, children, months, synthetic)


async def _month(
    connection: Reading, reference: Reference, asked: Asked, month: Period | None, whole: Mapping[int, NationalCounts]
) -> NationalCounts | None:
    if month is None:
        return None
    if month == asked.period:
        return national_added(whole.values())
    return national_added((await national_counts(connection, reference, asked.counted(month))).values())


def _standing(
    asked: Asked,
    unit: Unit,
    of: Iterable[int],
    counts: Mapping[int, NationalCounts],
    hours: Mapping[int, Hours],
    offered: Sequence[Offered],
    *,
    own: bool = False,
) -> Standing:
    ids = set(of)
    counted = national_added(counts.get(one, NOTHING) for one in ids)
    worked = hours_added(hours.get(one, NO_HOURS) for one in ids)
    levels = frozenset(each.agency.level for each in asked.units if each.agency.id in ids and each.in_force)
    knows = knows_its_procedures(unit.agency)
    groups = scored(
        asked.rules, scope_of(unit.agency), measures(counted, offered, levels if knows else None, FULL_ONLINE)
    )
    return Standing(unit, own, counted, averages(counted, worked), groups, points_added(groups))
