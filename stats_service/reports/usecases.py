"""What one can ask of the reports."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

import asyncpg

from shared.contracts.definitions import OnTimeDefinition
from shared.contracts.stats import AnyCountName, GroupBy
from shared.domain.agencies import Agency, Level
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.domain.vietnamese import sort_key
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.database import Reading
from shared.web.problems import invalid
from stats_service.counts import store as counts
from stats_service.definitions.rules import NEARLY_DUE_WITHIN
from stats_service.figures.rules import NOTHING, ON_DEMAND, ZERO, Figures, Sums, added, figures
from stats_service.figures.store import NATIONAL, Demand
from stats_service.national_scoring.usecases import NationalPeriod, nationally_overdue
from stats_service.on_time.rules import on_demand
from stats_service.reports import store
from stats_service.reports.rules import (
    Period,
    Row,
    Unit,
    agency_at_the_end,
    agency_rows,
    channel_rows,
    checked_as_of,
    checked_period,
    level_rows,
    month_rows,
    tree_rows,
    units_of,
)

#: What a figure is summed by before rules make rows of it.
PartBy = Literal["none", "agency", "channel", "version"]
_PART_OF: Mapping[GroupBy, PartBy] = {
    "agency": "agency",
    "tree": "agency",
    "level": "agency",
    "channel": "channel",
    "sector": "version",
    "procedure": "version",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question: an agency in force at the end of the period, and the units whose figures are its own.

    known_at: as_of, or else the instant of the question."""

    agency: Agency
    units: Sequence[Unit]
    period: Period
    as_of: datetime | None
    known_at: datetime

    @property
    def seen(self) -> store.Seen:
        """The question as the store needs it."""
        ids = [unit.agency.id for unit in self.units]
        return store.Seen(ids, self.period, self.as_of, civil_day(self.as_of) if self.as_of else None)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the figures of the whole, and its rows in their order; `definition`: by which rates are added."""

    asked: Asked
    group_by: GroupBy
    definition: OnTimeDefinition | None
    synthetic: bool
    total: Figures
    rows: Sequence[Row]


def checked(
    reference: Reference,
    scope: frozenset[int],
    now: datetime,
    *,
    agency: str,
    first: date,
    last: date,
    as_of: datetime | None,
) -> Asked:
    """The question, or the Problem that says what is wrong with it. `scope`: the agency ids that the asker may see."""
    period = checked_period(first, last, civil_day(now))
    checked_as_of(as_of, now)
    unit = agency_at_the_end(reference.agencies, agency, last, scope)
    return Asked(unit, units_of(reference.agencies, unit, last), period, as_of, as_of or now)


async def resolution(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    group_by: GroupBy,
    definition: OnTimeDefinition | None = None,
) -> Report:
    """The resolution report. All of it is of one snapshot of the database, so its figures fit together."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        counter = _OnDemand(connection, reference, asked, on_demand(definition) if definition else ())
        total, rows = await _figures(connection, asked, group_by, counter)
        return Report(asked, group_by, definition, await store.any_synthetic(connection), total, rows)


async def _figures(
    connection: Reading, asked: Asked, group_by: GroupBy, counter: "_OnDemand"
) -> tuple[Figures, Sequence[Row]]:
    period = asked.period
    if group_by == "month":
        months = list(period.months())
        sums = await _sums(connection, asked, [*(month.first for month in months), period.after], "none")
        at = [sums.get((mark, 0), NOTHING) for mark in range(len(months) + 1)]
        whole = await counter.added({0: figures(at[0], at[-1])}, period, "none")
        each = [await counter.added({0: figures(at[n], at[n + 1])}, m, "none") for n, m in enumerate(months)]
        return whole[0], month_rows((month, own[0]) for month, own in zip(months, each, strict=True))
    by = _PART_OF.get(group_by, "none")
    parts = _of_period(await _sums(connection, asked, [period.first, period.after], by))
    parts = await counter.added(parts, period, by)
    rows: Sequence[Row] = []
    match group_by:
        case "agency":
            rows = agency_rows(asked.units, parts)
        case "tree":
            rows = tree_rows(asked.units, parts)
        case "level":
            rows = level_rows(asked.units, parts)
        case "channel":
            rows = channel_rows(parts)
        case "sector" | "procedure":
            rows = _procedure_rows(parts, await store.versions(connection, list(parts)), group_by)
    return added(parts.values()), rows


@dataclass(frozen=True, slots=True)
class _OnDemand:
    """Counts the figures that a definition needs beside the standing ones: none, for most."""

    connection: Reading
    reference: Reference
    asked: Asked
    names: Sequence[str]

    async def added(self, parts: Mapping[int, Figures], period: Period, by: PartBy) -> dict[int, Figures]:
        """The parts of a period with these figures in them."""
        found = dict(parts)
        if self.names:
            seen = replace(self.asked.seen, period=period)
            demand = await _demand(self.connection, self.reference, seen, self.asked.known_at, self.names)
            for part, counted in await store.counted(self.connection, seen, demand, by):
                found[part] = found.get(part, ZERO)._replace(**dict(zip(self.names, counted, strict=True)))
        return found


async def _demand(
    connection: Reading, reference: Reference, seen: store.Seen, known_at: datetime, names: Sequence[str]
) -> Demand:
    """What the conditions of figures on demand need. A Problem where a year of it has no calendar."""
    demand, period = Demand(names), seen.period
    if "pending_nearly_due" in names:
        try:
            demand = replace(demand, near=reference.calendar.add_working_days(period.last, NEARLY_DUE_WITHIN))
        except CalendarMissing as missing:
            raise invalid("to", "calendar_missing", year=missing.year) from missing
    if NATIONAL.intersection(names):
        judged = NationalPeriod(seen.agencies, period.first, period.last, seen.as_of, known_at)
        demand = replace(demand, late=await nationally_overdue(connection, reference, judged))
    return demand


async def _sums(
    connection: Reading, asked: Asked, boundaries: Sequence[date], by: PartBy
) -> dict[tuple[int, int], Sums]:
    """(mark, part) → sums before that boundary: from the counts where they can tell, else from the dossiers."""
    if asked.as_of is None and by != "version":
        rows = await counts.sums_before(connection, asked.seen.agencies, boundaries, by)
    else:
        rows = await store.sums_before(connection, asked.seen, boundaries, by)
    return {(mark, part): Sums(*values) for mark, part, values in rows}


def _of_period(sums: Mapping[tuple[int, int], Sums]) -> dict[int, Figures]:
    """Each part's figures from its sums at the two ends of the period."""
    parts = {part for _, part in sums}
    return {part: figures(sums.get((0, part), NOTHING), sums.get((1, part), NOTHING)) for part in parts}


def _procedure_rows(
    parts: Mapping[int, Figures], versions: Iterable[asyncpg.Record], group_by: GroupBy
) -> Sequence[Row]:
    """One row a procedure (named as in its latest version that occurs) or sector, where there is anything to show."""
    found: dict[str, list[Figures]] = defaultdict(list)
    names: dict[str, str] = {}
    for version in sorted(versions, key=lambda v: v["valid_from"] or date.min):
        if any(parts[version["id"]]):
            key = version["code"] if group_by == "procedure" else version["sector"]
            found[key].append(parts[version["id"]])
            names[key] = version["name"] if group_by == "procedure" else key
    order = sorted(found, key=(lambda key: (key,)) if group_by == "procedure" else (lambda key: (sort_key(key), key)))
    return [Row(key, names[key], added(found[key]), {}) for key in order]


@dataclass(frozen=True, slots=True)
class Opened:
    """Which figure to open, and the row it stands in."""

    figure: AnyCountName
    scope: Literal["own", "tree"]
    unit: str | None
    level: Level | None
    channel: Channel | None
    sector: str | None
    procedure: str | None


async def figure_list(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    opened: Opened,
    *,
    after: tuple[date, int],
    limit: int,
) -> list[asyncpg.Record]:
    """The dossiers behind a figure, after the one of a day with an id."""
    if opened.procedure is not None and opened.procedure not in reference.procedures:
        raise invalid("procedure", "unknown_procedure")
    if opened.sector is not None and opened.sector not in reference.sectors:
        raise invalid("sector", "unknown_sector")
    seen = store.Seen(_agencies(asked, opened), asked.period, asked.as_of, asked.seen.day_of_knowledge)
    narrowed = store.Narrowed(opened.channel, opened.sector, opened.procedure)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        demand = None
        if opened.figure in ON_DEMAND:
            demand = await _demand(connection, reference, seen, asked.known_at, [opened.figure])
        return await store.listed(connection, seen, opened.figure, narrowed, after=after, limit=limit, demand=demand)


def _agencies(asked: Asked, opened: Opened) -> list[int]:
    row = asked.units[0]
    if opened.unit is not None:
        found = next((unit for unit in asked.units if unit.key == opened.unit), None)
        if found is None:
            raise invalid("unit", "unknown_agency")
        row = found
    wanted = row.under if opened.scope == "tree" else {row.agency.id}
    return [
        unit.agency.id for unit in asked.units if unit.agency.id in wanted and opened.level in (None, unit.agency.level)
    ]
