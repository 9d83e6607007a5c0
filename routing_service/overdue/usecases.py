"""What one can ask of what is late: a page, or all of it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime

import asyncpg

from routing_service.overdue import rules, store
from routing_service.overdue.rules import Asked, Window
from shared.domain.civil_time import civil_day
from shared.domain.working_calendar import CalendarMissing
from shared.reference import Reference
from shared.web.auth import Principal, asked_scope
from shared.web.database import Pool, Reading, Rows
from shared.web.problems import invalid

#: How many rows of a whole list are in memory at a time.
CHUNK = 500


def asked_overdue(
    reference: Reference,
    principal: Principal,
    *,
    agency: str | None,
    as_of: datetime | None,
    min_days: int,
    sector: str | None,
    now: datetime,
    apology_sent: bool | None = None,
) -> Asked:
    """The list of what is late at `as_of`, by `min_days` working days or more. A Problem where it cannot be asked."""
    at = _instant(as_of, now)
    try:
        _need_year(reference, civil_day(at))
        window = rules.overdue_window(reference.calendar, at, min_days)
    except CalendarMissing as missing:
        raise invalid("as_of", "calendar_missing", year=missing.year) from missing
    asked = _asked(reference, principal, agency, sector, window, at, historic=as_of is not None)
    return replace(asked, apology_sent=apology_sent)


def asked_owed(
    reference: Reference,
    principal: Principal,
    *,
    agency: str | None,
    first: date | None,
    last: date | None,
    now: datetime,
) -> Asked:
    """The list of what became late in a period, open or ended, and whose applicant was sent no apology."""
    today = civil_day(now)
    if last is not None and last > today:
        raise invalid("to", "period_in_future", day=today.isoformat())
    last = last or today
    if first is not None and first > last:
        raise invalid("to", "period_reversed")
    window = rules.owed_window(first, last, now)
    asked = _asked(reference, principal, agency, None, window, now, historic=False)
    return replace(asked, apology_sent=False, ended=True)


def asked_due_soon(
    reference: Reference,
    principal: Principal,
    *,
    agency: str | None,
    as_of: datetime | None,
    min_days: int,
    max_days: int,
    sector: str | None,
    now: datetime,
) -> Asked:
    """The list of what is due within `max_days` working days of `as_of`, but not within `min_days`."""
    if min_days > max_days:
        raise invalid("min_days", "out_of_range", limit="max_days")
    at = _instant(as_of, now)
    try:
        window = rules.due_soon_window(reference.calendar, at, min_days, max_days)
    except CalendarMissing as missing:
        raise invalid("as_of", "calendar_missing", year=missing.year) from missing
    return _asked(reference, principal, agency, sector, window, at, historic=as_of is not None)


async def page(
    connection: Reading, asked: Asked, *, after: tuple[datetime, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of the list, and one row more if there is a next page."""
    return await store.page(connection, asked, after=after, limit=limit + 1)


async def counted(connection: Reading, asked: Asked) -> asyncpg.Record:
    """How long the list of what is owed is: open, ended, and of both with an apology recorded."""
    return await store.counted(connection, asked)


async def everything(pool: Pool, seen: Rows, asked: Asked) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The whole list, chunk by chunk, as of one snapshot of the database."""
    async with (
        pool.acquire(seen) as connection,
        connection.transaction(readonly=True),
        aclosing(store.everything(connection, asked, chunk=CHUNK)) as chunks,
    ):
        async for rows in chunks:
            yield rows


def _instant(as_of: datetime | None, now: datetime) -> datetime:
    if as_of is not None and as_of > now:
        raise invalid("as_of", "as_of_in_future")
    return as_of or now


def _need_year(reference: Reference, day: date) -> None:
    """A year without a calendar is an error that names the year, even where no day has to be counted."""
    reference.calendar.is_working(day)


def _asked(
    reference: Reference,
    principal: Principal,
    agency: str | None,
    sector: str | None,
    window: Window,
    as_of: datetime,
    *,
    historic: bool,
) -> Asked:
    scope = asked_scope(agency, reference, principal, civil_day(as_of))
    versions = None
    if sector is not None:
        versions = sorted(version.id for version in reference.versions.values() if version.sector == sector)
        if not versions:
            raise invalid("sector", "unknown_sector")
    whole = scope >= reference.agencies.by_id.keys()
    return Asked(sorted(scope), whole, versions, window, as_of, historic)
