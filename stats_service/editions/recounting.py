"""How an edition is computed again: from its picture, and the events that its position knows. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from shared.contracts.stats import GroupingName
from shared.domain.agencies import Agency
from shared.domain.differences import Span
from stats_service.editions.formats import EVER, Counted, written
from stats_service.editions.pictures import Picture
from stats_service.editions.rules import Edition, Parameters, Sealing
from stats_service.figures.rules import ZERO, Sums
from stats_service.groupings.rules import SIDE_OF, Cell, Part, Splitter
from stats_service.periods.rules import BEGINS_ON, Period
from stats_service.units.rules import Landscape, as_they_were

#: What is counted beside the sums, where a report needs it.
PAUSED_OVERDUE = "pending_paused_overdue"


@dataclass(frozen=True)
class Plan:
    """What to count for an edition, and how to make its rows of it. `boundaries`: the first day of the period, days
    within it, and the day after it. `sides`: of a cell, those that its groupings look at. `by_procedure`: whether they
    tell procedures apart, and not their sectors only."""

    agency: Agency
    landscape: Landscape
    months: Sequence[Period]
    boundaries: Sequence[date]
    sides: Sequence[str]
    by_procedure: bool
    picture: Picture
    paused_overdue: bool

    def content(self, sealing: Sealing, cells: Mapping[Cell, Sequence[Sums]], waiting: Mapping[Cell, int]) -> bytes:
        """The bytes. cells: the sums before every boundary. waiting: what waits for its applicant and is overdue, at
        the end."""
        spans = len(self.boundaries) - 1
        apart = {cell: ZERO._replace(**{PAUSED_OVERDUE: count}) for cell, count in waiting.items()}
        whole = Part(cells, self.landscape.units, 0, spans, {(0, spans): apart} if self.paused_overdue else {})
        rows = Splitter(self.months, self.picture.procedures).rows(whole, sealing.parameters.groupings)
        return written(sealing, Counted(self.agency.name, self.landscape.units, whole.figures(), rows), self.picture)


def plan_of(edition: Edition, picture: Picture) -> Plan | None:
    """None: its parameters cannot be those by which it was sealed."""
    sealing = edition.sealing
    told, tree = sealing.parameters, picture.agencies
    agency = tree.on(told.agency, told.last)
    known = told.cut in BEGINS_ON and set(told.groupings) <= set(SIDE_OF) and told.first <= told.last
    known = known and sealing.format in EVER.get(sealing.report, ())
    if agency is None or agency.id != edition.agency_id or not known:
        return None
    if sealing.report == "ii-06a" and not (
        picture.form and picture.form.form == told.form and told.awaiting_column in (9, 12) and told.receiver
    ):
        return None
    period = Period(told.first, told.last, BEGINS_ON[told.cut])
    months = list(period.months()) if "month" in told.groupings else []
    boundaries = [*(month.first for month in months or [period]), period.after]
    landscape = as_they_were(tree, agency, told.last)
    sides, by_procedure = sides_of(told.groupings), "procedure" in told.groupings
    return Plan(agency, landscape, months, boundaries, sides, by_procedure, picture, counts_paused_overdue(told))


def counts_paused_overdue(told: Parameters) -> bool:
    """Whether the report tells apart what waits for its applicant in term."""
    return told.awaiting_column == 9


def sides_of(groupings: Iterable[GroupingName]) -> list[str]:
    """The sides of a cell that groupings look at, in order."""
    return sorted({side for name in groupings if (side := SIDE_OF[name])})


def spans(last: int, size: int) -> Iterator[Span]:
    """All dossiers there may be, those up to `last` in ranges of `size`: one statement over a long log would take more
    memory and time than a statement is given."""
    edges = [-(2**63), *range(size, last, size), 2**63 - 1]
    return (Span(after, upto) for after, upto in pairwise(edges))
