"""How satisfied applicants are: a report, the list behind each of its figures, and what is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from shared.contracts.satisfaction import SatisfactionGrouping, SatisfactionListQuery
from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.database import Reading
from shared.web.problems import Problem
from stats_service.periods.rules import Period
from stats_service.reports.usecases import Asked
from stats_service.satisfaction import rules, store
from stats_service.satisfaction.rules import Ratings
from stats_service.units.rules import Unit, as_they_were, unit_of

#: Before all days and ids.
BEGINNING = (date.min, 0)
_LEVELS = {"very_satisfied": 1, "satisfied": 2, "unsatisfied": 3}


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a unit, or a month by its key."""

    ratings: Ratings
    unit: Unit | None = None
    month: tuple[str, Period] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole, and its rows in their order."""

    total: Ratings
    rows: Sequence[Row]


async def report(connection: Reading, asked: Asked, group_by: SatisfactionGrouping) -> Report:
    """The ratings that an agency and all under it were given in a period, of one snapshot of the database."""
    months = list(asked.period.months())
    agencies, period = asked.landscape.agencies, asked.period
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        counted = await store.counted(connection, agencies, period.first, period.last, [each.first for each in months])
    total = rules.added(counted.values())
    if group_by == "none":
        return Report(total, [])
    if group_by == "month":
        rows = [
            Row(
                rules.added(one for (_, month), one in counted.items() if month == n),
                month=(f"{each.month:%Y-%m}", each),
            )
            for n, each in enumerate(months)
        ]
        return Report(total, rows)
    return Report(total, _by_unit(asked.landscape.units, counted, subtotals=group_by == "tree"))


def _by_unit(units: Sequence[Unit], counted: Mapping[tuple[int, int], Ratings], *, subtotals: bool) -> list[Row]:
    rows = []
    for unit in units:
        of = unit.under if subtotals else {unit.agency.id}
        ratings = rules.added(one for (agency, _), one in counted.items() if agency in of)
        if unit.in_force or ratings.rated:
            rows.append(Row(ratings, unit))
    return rows


def checked_list(
    reference: Reference, scope: frozenset[int], asked: Asked, query: SatisfactionListQuery
) -> store.Wanted:
    """The list to open, or the Problem that says what is wrong. `scope`: the agency ids that the asker may see."""
    landscape, period = asked.landscape, asked.period
    row = landscape.units[0]
    if query.unit is not None:
        row = unit_of(landscape, reference.agencies, query.unit, asked.units_on, scope)
    if query.month is not None:
        period = period.of_month(query.month)
    agencies = sorted(row.under) if query.scope == "tree" else [row.agency.id]
    return store.Wanted(agencies, period.first, period.last, _LEVELS.get(query.figure), query.criterion)


async def page(
    connection: Reading, wanted: store.Wanted, *, after: tuple[date, int] | None, limit: int
) -> list[asyncpg.Record]:
    """The dossiers behind a figure, and one more if there is a next page."""
    return await store.listed(connection, wanted, after=after or BEGINNING, limit=limit + 1)


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody may know of a quarter. rows: each unit's own figures."""

    quarter: str
    period: Period
    total: Mapping[str, Any]
    rows: Sequence[tuple[Agency, str, Mapping[str, Any]]]


async def published(
    connection: Reading, reference: Reference, quarter: str | None, now: datetime, *, days: int, minimum: int
) -> Published:
    """A quarter as it is published. days: for which a rating can be changed. Raises Problem."""
    name, period = rules.quarter_of(quarter, civil_day(now), days)
    tree = reference.agencies
    tops = [one for one in tree.by_id.values() if one.parent_id is None and one.in_force(period.last)]
    if not tops:
        raise Problem("not_found")
    units = as_they_were(tree, min(tops, key=lambda one: one.id), period.last).units
    ids = [unit.agency.id for unit in units]
    counted = await store.counted(connection, ids, period.first, period.last, [period.first])
    rows = _by_unit(units, counted, subtotals=False)
    total = rules.added(row.ratings for row in rows)
    unseen = rules.hidden(total.rated, [row.ratings.rated for row in rows], minimum)
    return Published(
        name,
        period,
        rules.figures(total, minimum, hidden=total.rated < minimum),
        [
            (row.unit.agency, row.unit.key, rules.figures(row.ratings, minimum, hidden=place in unseen))
            for place, row in enumerate(rows)
            if row.unit is not None
        ],
    )
