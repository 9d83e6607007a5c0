"""What one can ask of the reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate
from operator import mul

from shared.contracts.definitions import OnTimeDefinition
from shared.contracts.stats import GroupingName, UnitsName
from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel
from shared.reference import Reference
from shared.web.database import Reading
from shared.web.problems import invalid
from stats_service.counts import store as counts
from stats_service.facts.store import Seen
from stats_service.figures.rules import NOTHING, ZERO, Figures, Sums, added
from stats_service.figures.usecases import demand_for
from stats_service.groupings.rules import (
    MAX_ROWS,
    SIDE_OF,
    Cell,
    Named,
    Part,
    Row,
    Splitter,
    checked_nesting,
    printed_names,
)
from stats_service.on_time.rules import on_demand
from stats_service.periods.rules import Period, PeriodAsked, checked_as_of, period_of
from stats_service.reports import store
from stats_service.units.rules import Landscape, agency_at_the_end, as_they_were, on_todays_map

#: The sides of a cell that the counts can tell apart, and their name for it.
_COUNTED: Mapping[tuple[str, ...], counts.PartBy] = {
    (): "none",
    ("agency",): "agency",
    ("channel",): "channel",
    ("agency", "channel"): "agency_channel",
}

#: The groupings of which there is as much as the dossiers have.
_BY_DOSSIERS: frozenset[GroupingName] = frozenset({"sector", "procedure", "officer"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question: an agency, the units in whose rows its dossiers stand, the period.

    units_on: the day whose map its units are on. known_at: as_of, or else the instant of the question."""

    agency: Agency
    landscape: Landscape
    units: UnitsName
    units_on: date
    period: Period
    as_of: datetime | None
    known_at: datetime

    @property
    def restated_on(self) -> date | None:
        """The day whose units the figures are restated on; None: they are of the units as they were."""
        return self.units_on if self.units == "today" else None

    def seen(self, agencies: Sequence[int] | None = None) -> Seen:
        """The question as the stores need it, of all its agencies or of some."""
        whose = self.landscape.agencies if agencies is None else agencies
        return Seen(whose, self.period, self.as_of, civil_day(self.as_of) if self.as_of else None)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the figures of the whole, and its rows in their order; `definition`: by which rates are added."""

    asked: Asked
    group_by: Sequence[GroupingName]
    definition: OnTimeDefinition | None
    synthetic: bool
    total: Figures
    rows: Sequence[Row]

    def printed_names(self) -> list[str]:
        """The name of each row as every table prints it: of units that share a name, one that tells them apart."""
        return printed_names(self.rows, self.asked.landscape.units)


def checked(
    reference: Reference,
    scope: frozenset[int],
    now: datetime,
    *,
    agency: str,
    period: PeriodAsked,
    as_of: datetime | None = None,
    units: UnitsName = "then",
) -> Asked:
    """The question, or the Problem that says what is wrong with it. `scope`: the agency ids that the asker may see."""
    tree, today = reference.agencies, civil_day(now)
    days = period_of(period, today)
    checked_as_of(as_of, now)
    if units == "today":
        # A code of today's map; one that nobody carries today is of whoever carried it in the period.
        unit = agency_at_the_end(tree, agency, today if tree.on(agency, today) else days.last, scope)
        return Asked(unit, on_todays_map(tree, unit, today), units, today, days, as_of, as_of or now)
    unit = agency_at_the_end(tree, agency, days.last, scope)
    return Asked(unit, as_they_were(tree, unit, days.last), units, days.last, days, as_of, as_of or now)


def superior(reference: Reference, asked: Asked) -> str | None:
    """The unit above the one that reports; None for a province."""
    above = asked.agency.parent_id
    return reference.agencies.by_id[above].name if above is not None else None


async def resolution(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    group_by: Sequence[GroupingName],
    definition: OnTimeDefinition | None = None,
) -> Report:
    """The resolution report. All of it is of one snapshot of the database, so its figures fit together."""
    checked_nesting(group_by)
    months = list(asked.period.months()) if "month" in group_by else []
    spans = months or [asked.period]
    boundaries = [*(span.first for span in spans), asked.period.after]
    sides = tuple(sorted({side for name in group_by if (side := SIDE_OF[name])}))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _refuse_too_many_rows(connection, asked, group_by, len(months))
        demanded: dict[tuple[int, int], Mapping[Cell, Figures]] = {}
        if definition and (names := on_demand(definition)):
            demanded = {
                (n, n + 1): await _demanded(connection, reference, asked, sides, m, names) for n, m in enumerate(spans)
            }
            demanded[0, len(spans)] = await _demanded(connection, reference, asked, sides, asked.period, names)
        cells = await _cells(connection, asked, boundaries, sides)
        versions = (
            await store.versions(connection, list({cell.version for cell in cells})) if "version" in sides else []
        )
        synthetic = await store.any_synthetic(connection)
    whole = Part(cells, asked.landscape.units, 0, len(spans), demanded)
    named = {row["id"]: Named(row["code"], row["name"], row["sector"], row["valid_from"]) for row in versions}
    rows = Splitter(months, named).rows(whole, group_by)
    return Report(asked, group_by, definition, synthetic, whole.figures(), rows)


async def _refuse_too_many_rows(
    connection: Reading, asked: Asked, group_by: Sequence[GroupingName], months: int
) -> None:
    """Raises the Problem if there must be too many rows, before any is counted. What is always there (units in force,
    channels, months) has a row in each row it stands in; of what the dossiers are told apart by, as much as occurs.
    What does not show before the count is refused after it."""
    always = {"agency": sum(unit.in_force for unit in asked.landscape.units), "channel": len(Channel), "month": months}
    always["tree"] = always["agency"]
    by_dossiers = [n for n, name in enumerate(group_by) if name in _BY_DOSSIERS]
    inner = group_by[by_dossiers[-1] + 1 :] if by_dossiers else group_by
    each = list(accumulate((always.get(name, 1) for name in inner), mul))  # rows of each inner grouping, in one key
    most = MAX_ROWS // max(1, sum(each) + bool(by_dossiers))
    if not by_dossiers or len(group_by) < 2:
        found = 1
    else:
        # Units of today's map share rows, and levels do: they are left out, so that nothing is refused that would fit.
        left_out = {"month", "level", "tree"} | ({"agency"} if asked.units == "today" else set())
        told = [name for name in group_by[: by_dossiers[-1] + 1] if name not in left_out]
        found = await store.keys_of_rows(connection, asked.seen(), told, limit=most + 1)
    if found > most:
        raise invalid("group_by", "too_many_rows", limit=MAX_ROWS)


async def _demanded(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    sides: tuple[str, ...],
    period: Period,
    names: Sequence[str],
) -> Mapping[Cell, Figures]:
    """Each cell's figures on demand in a period: none, for most definitions."""
    landscape, seen = asked.landscape, replace(asked.seen(), period=period)
    demand = await demand_for(connection, reference, seen, asked.known_at, names)
    found: dict[Cell, Figures] = defaultdict(lambda: ZERO)

    def add(cell: Cell, moved_to: int | None, counts: Sequence[int], by: int) -> None:
        if "agency" in sides:
            cell = cell._replace(agency=landscape.place(cell.agency, moved_to))
        counted = dict(zip(names, (by * count for count in counts), strict=True))
        found[cell] = added([found[cell], ZERO._replace(**counted)])

    for cell, _, made in await store.counted(connection, seen, demand, sides):
        add(cell, None, made, 1)
    if "agency" in sides and landscape.open:
        of_open = replace(seen, agencies=list(landscape.open))
        for cell, to, made in await store.counted(connection, of_open, demand, sides, moved=True):
            add(cell, None, made, -1)
            add(cell, to, made, 1)
    return found


async def _cells(
    connection: Reading, asked: Asked, boundaries: Sequence[date], sides: tuple[str, ...]
) -> Mapping[Cell, Sequence[Sums]]:
    """Each cell's sums before each boundary, at the units in whose rows they stand: from the counts where these can
    tell, else from the dossiers. What reorganisations moved comes first: the counts narrow what the planner may do."""
    found: dict[Cell, list[Sums]] = defaultdict(lambda: [NOTHING] * len(boundaries))
    landscape = asked.landscape

    def add(cell: Cell, moved_to: int | None, mark: int, sums: Sequence[int], by: int) -> None:
        if "agency" in sides:
            cell = cell._replace(agency=landscape.place(cell.agency, moved_to))
        at = found[cell]
        at[mark] = Sums(*(old + by * new for old, new in zip(at[mark], sums, strict=True)))

    if "agency" in sides and landscape.open:
        moved = await store.moved_sums_before(connection, asked.seen(list(landscape.open)), boundaries, sides)
        for mark, cell, to, sums in moved:
            add(cell, None, mark, sums, -1)
            add(cell, to, mark, sums, 1)
    if asked.as_of is None and sides in _COUNTED:
        counted = await counts.sums_before(connection, landscape.agencies, boundaries, _COUNTED[sides])
        for mark, part, sums in counted:
            values = part if isinstance(part, list) else [part] * len(sides)
            add(store.cell_of(sides, values), None, mark, sums, 1)
    else:
        for mark, cell, sums in await store.sums_before(connection, asked.seen(), boundaries, sides):
            add(cell, None, mark, sums, 1)
    return found
