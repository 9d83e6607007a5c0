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
from shared.press.threads import wanted, worked_out
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
from stats_service.reports.store import Summed
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


@dataclass(frozen=True, slots=True)
class OnDemand:
    """What was counted on demand in a period, as it was read: the figures, and of what reorganisations moved again."""

    names: Sequence[str]
    standing: Sequence[tuple[Cell, int | None, Sequence[int]]]
    moved: Sequence[tuple[Cell, int | None, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the database counted for a report, in one snapshot. The report is yet to be made of it, once and without the
    database: a great one takes longer to be made than to be counted."""

    asked: Asked
    group_by: Sequence[GroupingName]
    definition: OnTimeDefinition | None
    months: Sequence[Period]
    spans: int
    moved: Summed | None
    sums: Summed
    demanded: Mapping[tuple[int, int], OnDemand]
    versions: Mapping[int, Named]
    synthetic: bool

    @property
    def size(self) -> int:
        """As many rows, or cells, as there may be in it."""
        units = len(self.asked.landscape.units) * (self.spans + 1) if self.group_by else 0
        return max(units, len(self.sums.rows))

    def report(self) -> Report:
        """The report. A Problem if it has too many rows."""
        demanded = {span: _on_demand(self.asked, self.sums.sides, told) for span, told in self.demanded.items()}
        whole = Part(self._cells(), self.asked.landscape.units, 0, self.spans, demanded)
        rows = Splitter(self.months, self.versions).rows(whole, self.group_by, wanted)
        return Report(self.asked, self.group_by, self.definition, self.synthetic, whole.figures(), rows)

    def _cells(self) -> Mapping[Cell, Sequence[Sums]]:
        """Each cell's sums before each boundary, at the units in whose rows they stand."""
        found: dict[Cell, list[Sums]] = defaultdict(lambda: [NOTHING] * (self.spans + 1))
        landscape, by_agency = self.asked.landscape, "agency" in self.sums.sides

        def add(cell: Cell, moved_to: int | None, mark: int, sums: Sequence[int], by: int) -> None:
            if by_agency:
                cell = cell._replace(agency=landscape.place(cell.agency, moved_to))
            at = found[cell]
            if by == 1 and at[mark] is NOTHING:
                at[mark] = Sums._make(sums)
            else:
                at[mark] = Sums(*(old + by * new for old, new in zip(at[mark], sums, strict=True)))

        for mark, cell, to, sums in wanted(self.moved.taken() if self.moved else ()):
            add(cell, None, mark, sums, -1)
            add(cell, to, mark, sums, 1)
        for mark, cell, _, sums in wanted(self.sums.taken()):
            add(cell, None, mark, sums, 1)
        return found


async def resolution(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    group_by: Sequence[GroupingName],
    definition: OnTimeDefinition | None = None,
) -> Report:
    """The resolution report. All of it is of one snapshot of the database, so its figures fit together."""
    return await made(await counted(connection, reference, asked, group_by, definition))


async def made(counted: Counted) -> Report:
    """The report of what was counted; a great one beside the event loop."""
    return await worked_out(counted.report, of=counted.size)


async def counted(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    group_by: Sequence[GroupingName],
    definition: OnTimeDefinition | None = None,
) -> Counted:
    """What the resolution report is made of: all that the database does for it."""
    checked_nesting(group_by)
    months = list(asked.period.months()) if "month" in group_by else []
    spans = months or [asked.period]
    boundaries = [*(span.first for span in spans), asked.period.after]
    sides = tuple(sorted({side for name in group_by if (side := SIDE_OF[name])}))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _refuse_too_many_rows(connection, asked, group_by, len(months))
        demanded: dict[tuple[int, int], OnDemand] = {}
        if definition and (names := on_demand(definition)):
            demanded = {
                (n, n + 1): await _demanded(connection, reference, asked, sides, m, names) for n, m in enumerate(spans)
            }
            demanded[0, len(spans)] = await _demanded(connection, reference, asked, sides, asked.period, names)
        moved, sums = await _summed(connection, asked, boundaries, sides)
        occurring = sums.versions() | (moved.versions() if moved else set())
        versions = await store.versions(connection, list(occurring)) if occurring else []
        synthetic = await store.any_synthetic(connection)
    named = {row["id"]: Named(row["code"], row["name"], row["sector"], row["valid_from"]) for row in versions}
    return Counted(asked, group_by, definition, months, len(spans), moved, sums, demanded, named, synthetic)


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
) -> OnDemand:
    """What is counted on demand in a period."""
    landscape, seen = asked.landscape, replace(asked.seen(), period=period)
    demand = await demand_for(connection, reference, seen, asked.known_at, names)
    standing, moved = await store.counted(connection, seen, demand, sides), []
    if "agency" in sides and landscape.open:
        of_open = replace(seen, agencies=list(landscape.open))
        moved = await store.counted(connection, of_open, demand, sides, moved=True)
    return OnDemand(names, standing, moved)


def _on_demand(asked: Asked, sides: Sequence[str], told: OnDemand) -> Mapping[Cell, Figures]:
    """Each cell's figures on demand."""
    found: dict[Cell, Figures] = defaultdict(lambda: ZERO)

    def add(cell: Cell, moved_to: int | None, counts: Sequence[int], by: int) -> None:
        if "agency" in sides:
            cell = cell._replace(agency=asked.landscape.place(cell.agency, moved_to))
        counted = dict(zip(told.names, (by * count for count in counts), strict=True))
        found[cell] = added([found[cell], ZERO._replace(**counted)])

    for cell, _, found_there in wanted(told.standing):
        add(cell, None, found_there, 1)
    for cell, to, found_there in wanted(told.moved):
        add(cell, None, found_there, -1)
        add(cell, to, found_there, 1)
    return found


async def _summed(
    connection: Reading, asked: Asked, boundaries: Sequence[date], sides: tuple[str, ...]
) -> tuple[Summed | None, Summed]:
    """The sums before each boundary: of what reorganisations moved, and of everything, from the counts where these can
    tell, else from the dossiers. What was moved comes first: the counts narrow what the planner may do."""
    landscape, moved = asked.landscape, None
    if "agency" in sides and landscape.open:
        moved = await store.moved_sums_before(connection, asked.seen(list(landscape.open)), boundaries, sides)
    if asked.as_of is None and sides in _COUNTED:
        rows = await counts.sums_before(connection, landscape.agencies, boundaries, _COUNTED[sides])
        return moved, Summed(rows, sides)
    return moved, await store.sums_before(connection, asked.seen(), boundaries, sides)
