"""Opening a figure: a page of its dossiers, or all of them, chunk by chunk."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import asyncpg

from shared.contracts.stats import AnyCountName
from shared.domain.agencies import Level
from shared.domain.lifecycle import Channel
from shared.reference import Reference
from shared.web.database import EVERY_ROW, Pool, Reading
from shared.web.problems import invalid
from stats_service.figure_lists import store
from stats_service.figures.rules import ON_DEMAND
from stats_service.figures.usecases import demand_for
from stats_service.reports.usecases import Asked
from stats_service.units.rules import Landscape, Unit, refuse_not_in_force, unit_of

#: Rows in memory at a time.
CHUNK = 1000


#: The day and the id after which a page begins.
After = tuple[date, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """Which figure to open, and the row it stands in; None leaves a side open."""

    figure: AnyCountName
    scope: Literal["own", "tree"] = "tree"
    unit: str | None = None
    level: Level | None = None
    channel: Channel | None = None
    sector: str | None = None
    procedure: str | None = None
    officer: str | None = None
    month: str | None = None


def checked_list(reference: Reference, scope: frozenset[int], asked: Asked, opened: Opened) -> store.Wanted:
    """The list to open, or the Problem that says what is wrong. `scope`: the agency ids that the asker may see."""
    if opened.procedure is not None and opened.procedure not in reference.procedures:
        raise invalid("procedure", "unknown_procedure")
    if opened.sector is not None and opened.sector not in reference.sectors:
        raise invalid("sector", "unknown_sector")
    landscape = asked.landscape
    row = landscape.units[0]
    if opened.unit is not None:
        row = unit_of(landscape, reference.agencies, opened.unit, asked.units_on, scope)
    within = row.under if opened.scope == "tree" else {row.agency.id}
    wanted = {
        unit.agency.id
        for unit in landscape.units
        if unit.agency.id in within and opened.level in (None, unit.agency.level)
    }
    agencies, moved = _agencies(landscape, wanted)
    channel = opened.channel.value if opened.channel else None
    narrowed = store.Narrowed(channel, opened.sector, opened.procedure, opened.officer, moved)
    seen = asked.seen(agencies)
    if opened.month is not None:
        seen = replace(seen, period=asked.period.of_month(opened.month))
    return store.Wanted(opened.figure, seen, narrowed)


async def need_row(
    connection: Reading, reference: Reference, scope: frozenset[int], asked: Asked, opened: Opened
) -> None:
    """A unit that was not there in the period, and of which nothing is counted in it, has no row: a Problem, which says
    who stands in for it. What a unit left behind stands in its row, however long it is gone."""
    if opened.unit is None:
        return
    row = unit_of(asked.landscape, reference.agencies, opened.unit, asked.units_on, scope)
    if _was_there(row, asked):
        return
    for figure in dict.fromkeys((opened.figure, _ALL_FIGURES)):
        whole = checked_list(reference, scope, asked, Opened(figure, opened.scope, opened.unit))
        if await page(connection, reference, asked, whole, after=None, limit=1):
            return
    refuse_not_in_force(reference.agencies, "unit", [row.agency], asked.units_on, scope)


#: Whatever a row counts at the beginning of a period, in it or at its end is in this one too.
_ALL_FIGURES: AnyCountName = "to_handle"


def _was_there(row: Unit, asked: Asked) -> bool:
    if asked.units == "today":
        return row.in_force
    first, last = row.agency.valid_from or date.min, row.agency.valid_to or date.max
    return first <= asked.period.last and asked.period.first <= last


def _agencies(landscape: Landscape, wanted: Collection[int]) -> tuple[list[int], store.Moved | None]:
    """Whose dossiers stand in the rows of `wanted`; and what tells it of those whose case decides."""
    whole = len(wanted) == len(landscape.units)
    sure = [agency for agency, unit in landscape.shown_at.items() if unit in wanted]
    if whole or not landscape.open:
        return sure, None
    into = [agency for agency, unit in landscape.heirs.items() if unit in wanted]
    staying = [agency for agency in landscape.open if agency in wanted]
    moved = store.Moved(list(landscape.open), list(landscape.heirs), into, staying)
    return list({*sure, *landscape.open}), moved


async def page(
    connection: Reading, reference: Reference, asked: Asked, wanted: store.Wanted, *, after: After | None, limit: int
) -> list[asyncpg.Record]:
    """The dossiers behind a figure, after the one of a day with an id."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        made = await _made(connection, reference, asked, wanted)
        return await store.listed(connection, made, after=after or store.BEGINNING, limit=limit)


async def everything(
    pool: Pool, reference: Reference, asked: Asked, wanted: store.Wanted
) -> AsyncGenerator[list[asyncpg.Record], None]:
    """All dossiers behind a figure, chunk by chunk in bounded memory, as of one snapshot of the database."""
    async with (
        pool.acquire(EVERY_ROW) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        made = await _made(Reading(connection), reference, asked, wanted)
        async with aclosing(store.everything(Reading(connection), made, chunk=CHUNK)) as chunks:
            async for rows in chunks:
                yield rows


async def _made(connection: Reading, reference: Reference, asked: Asked, wanted: store.Wanted) -> store.Wanted:
    """The list with what a figure on demand needs."""
    if wanted.figure not in ON_DEMAND:
        return wanted
    demand = await demand_for(connection, reference, wanted.seen, asked.known_at, [wanted.figure])
    return replace(wanted, demand=demand)
