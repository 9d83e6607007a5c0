"""Both rates over the dossiers of an agency in a period, and the dossiers between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import orjson

from shared.contracts.rates import LineName
from shared.domain.national_item import Told
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.database import Reading
from stats_service.national_scoring.store import Comparison
from stats_service.national_verdicts.usecases import comparison_of, period_seen
from stats_service.rates import store
from stats_service.rates.rules import Bridge, Tally, bridge
from stats_service.reports.store import any_synthetic
from stats_service.reports.usecases import Asked


@dataclass(frozen=True, slots=True)
class Rates:
    """The way from one rate to the other. looked_at: how many were compared; first_at, last_at: when."""

    bridge: Bridge
    looked_at: int
    first_at: datetime | None
    last_at: datetime | None
    synthetic: bool


async def rates(connection: Reading, reference: Reference, asked: Asked, *, open_too: bool) -> Rates:
    """Of one snapshot of the database."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        comparison = await comparison_of(connection, reference, asked)
        on_time = await _on_time_there(connection, reference, asked, comparison, open_too=open_too)
        rows = await store.tallied(connection, comparison, on_time, open_too=open_too)
        synthetic = await any_synthetic(connection)
    return Rates(
        bridge(Tally(*(row[name] for name in _TALLY)) for row in rows),
        sum(row["looked_at"] for row in rows),
        min(_known(row["first_at"] for row in rows), default=None),
        max(_known(row["last_at"] for row in rows), default=None),
        synthetic,
    )


_TALLY = ("late_by_law", "there", "on_time_there", "line", "dossiers")


def _known(instants: Iterable[datetime | None]) -> list[datetime]:
    return [at for at in instants if at is not None]


async def page(
    connection: Reading,
    reference: Reference,
    asked: Asked,
    *,
    open_too: bool,
    line: LineName | None,
    after: tuple[date, int],
    limit: int,
) -> list[asyncpg.Record]:
    """Dossiers that stand otherwise there, after the one of a day with an id."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        comparison = await comparison_of(connection, reference, asked)
        on_time = await _on_time_there(connection, reference, asked, comparison, open_too=open_too)
        return await store.listed(
            connection, comparison, on_time, open_too=open_too, line=line, after=after, limit=limit
        )


async def _on_time_there(
    connection: Reading, reference: Reference, asked: Asked, comparison: Comparison, *, open_too: bool
) -> list[int]:
    """Of what stands there otherwise, which dossiers are on time by that. Without a calendar nobody can say so."""
    until = period_seen(asked).until
    found = []
    for row in await store.others(connection, comparison, open_too=open_too):
        terms = reference.versions[row["version_id"]].all_terms
        try:
            judged = Told.of(orjson.loads(row["theirs"])).judged(until, terms, reference.calendar, reference.national)
        except CalendarMissing:
            continue
        if judged is not None and judged.on_time:
            found.append(row["id"])
    return found
