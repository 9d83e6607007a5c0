"""Verifying the counts against raw events, and making them anew."""

from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from datetime import date
from typing import NamedTuple

from shared.domain.counts import METRICS
from shared.domain.differences import Difference, Span
from shared.web import checks
from shared.web.checks import JOBS, RANGE, Check, Progress, one_moment, walked
from shared.web.database import Connection
from stats_service.counts.rules import checkpoints_until
from stats_service.counts.store import Position, locked_position, make_checkpoints
from stats_service.verification import rules, store
from stats_service.verification.rules import NOTHING, Cells, Wrong

ROLE = "motcua_stats"


class Recount(Check):
    """Counts the events up to the fold's position anew. What is behind it is no difference: every report adds it."""

    role = ROLE

    def __init__(self) -> None:
        super().__init__()
        self.place = store.Place(None, False, True, store.BEGINNING)
        self.marks: list[date] = []
        self.unmarked: list[date] = []
        self.odd_months: list[date] = []
        self._cells = Cells()

    async def begin(self, connection: Connection) -> None:
        """Where the fold stands."""
        self.place = await store.place(connection)

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """Count a range; what it comes to shows at the end."""
        for agency_id, channel, day, *values in await store.counted(connection, span, self.place.last):
            self._cells.add(agency_id, channel, day, values)
        for nothing in checks.NOTHING:
            yield nothing

    async def wrong_checkpoints(self, connection: Connection) -> AsyncIterator[Wrong]:
        """The checkpoints of marked months that are not the sum of the days before. To be asked before the days."""
        self.marks = await store.marked_months(connection)
        with_rows = await store.months_with_rows(connection)
        self.unmarked = rules.unmarked(self.marks, with_rows)
        self.odd_months = [month for month in with_rows if month.day != 1]
        months = [month for month in self.marks if month.day == 1]
        by_pair = self._cells.by_month()
        pair: tuple[int, int] | None = None
        expected: dict[date, rules.Values] = {}
        async for agency_id, channel, month, *values in store.stored_checkpoints(connection, months):
            self.seen["checkpoints"] += 1
            if (agency_id, channel) != pair:
                for wrong in _absent(pair, expected):
                    yield wrong
                pair = agency_id, channel
                expected = rules.checkpoints(by_pair.pop(pair, {}), months)
            must_be, found = expected.pop(month), tuple(values)
            if found != must_be:
                yield Wrong(agency_id, channel, month, must_be, found)
        for wrong in _absent(pair, expected):
            yield wrong
        for pair, sums in sorted(by_pair.items()):
            for wrong in _absent(pair, rules.checkpoints(sums, months)):
                yield wrong

    async def wrong_days(self, connection: Connection) -> AsyncIterator[Wrong]:
        """The cells of the histogram that are not what the events make. To be asked once, at the end."""
        async for agency_id, channel, day, *values in store.stored_days(connection):
            self.seen["days"] += 1
            expected, found = self._cells.taken(agency_id, channel, day), tuple(values)
            if expected != found:
                yield Wrong(agency_id, channel, day, expected, found)
        for agency_id, channel, day, expected in self._cells.left():
            yield Wrong(agency_id, channel, day, expected, None)


def _absent(pair: tuple[int, int] | None, expected: Mapping[date, rules.Values]) -> list[Wrong]:
    """Where no row is: it stands for zero."""
    if pair is None:
        return []
    return [Wrong(*pair, month, values, None) for month, values in expected.items() if values != NOTHING]


class Counts(Recount):
    """Position, histogram and checkpoints are what the raw events make them."""

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What is stored, beside what was counted."""
        codes = await store.agency_codes(connection)
        if foreign := await store.foreign_events(connection):
            yield Difference(rules.POSITION, "foreign", "dossier_event", "0", str(foreign))
        at, last = self.place.at, self.place.last
        if at is not None and (self.place.ahead or not self.place.on_an_event):
            what = "ahead" if self.place.ahead else "nowhere"
            yield Difference(rules.POSITION, what, "stats_position", _shown(last), _shown(at))
        async for wrong in self.wrong_checkpoints(connection):
            for difference in rules.of_cell(rules.CHECKPOINT, wrong, codes):
                yield difference
        for month in self.unmarked:
            yield rules.of_mark(month)
        for month in self.odd_months:
            yield rules.of_odd_month(month)
        async for wrong in self.wrong_days(connection):
            for difference in rules.of_cell(rules.DAY, wrong, codes):
                yield difference


def _shown(position: Position) -> str:
    return f"{position.txid}/{position.event_id}"


class Busy(Exception):
    """Somebody else makes the counts anew at this moment."""


class Moved(Exception):
    """The position was set by hand while the counts were made anew: nothing was changed."""


class Rebuilt(NamedTuple):
    """What was put right: cells of the histogram, checkpoints, months of checkpoints made anew; whether the position
    was."""

    cells: int
    checkpoints: int
    months: int
    position: bool


class _Corrections:
    """What to add to cells: eleven numbers each, so that a whole histogram takes no more than 90 bytes a cell."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def note(self, wrong: Wrong) -> None:
        """One more. What is beyond all days that can be told, no sum puts right: it stays a difference."""
        if wrong.day in store.BEYOND:
            return
        found = wrong.found or NOTHING
        by = (expected - stored for expected, stored in zip(wrong.expected, found, strict=True))
        self._numbers.extend((wrong.agency_id, wrong.day.toordinal(), wrong.channel, *by))

    def __len__(self) -> int:
        return len(self._numbers) // _ROW

    def columns(self) -> Iterator[list[list[int]]]:
        """Some at a time. In no order: whoever writes counts has locked the position."""
        for begin in range(0, len(self._numbers), _BLOCK * _ROW):
            block = self._numbers[begin : begin + _BLOCK * _ROW]
            yield [block[n::_ROW].tolist() for n in range(_ROW)]


_BLOCK = 10_000
_ROW = 3 + len(METRICS)


async def rebuild(
    url_of: Callable[[str], str], today: date, progress: Progress, *, jobs: int = JOBS, size: int = RANGE
) -> Rebuilt:
    """Make the counts anew while the services serve, with all checkpoints that are due `today`. Raises Busy and Moved.

    In one moment of the database, and without a lock, the events up to the position are counted, and set beside what is
    stored. By what it is wrong then, it is wrong ever after, however far the fold goes on: a fold adds what its events
    change, and asks not what was there. So what is lacking is added in one short transaction. Every report before it
    reads the old counts, every one after it the new; killed at any time, it has done all or nothing.
    """
    async with store.writing_alone(url_of(ROLE)) as writer:
        if writer is None:
            raise Busy
        recount, days, checkpoints = Recount(), _Corrections(), _Corrections()
        async with one_moment(url_of) as moment:
            async with aclosing(walked(moment, [recount], progress, jobs=jobs, size=size)) as nothing:
                async for _ in nothing:
                    pass
            session = await moment.session(ROLE)
            async for wrong in recount.wrong_checkpoints(session):
                checkpoints.note(wrong)
            async for wrong in recount.wrong_days(session):
                days.note(wrong)
        return await _put_right(writer, recount, days, checkpoints, today)


async def _put_right(
    writer: Connection, recount: Recount, days: _Corrections, checkpoints: _Corrections, today: date
) -> Rebuilt:
    place = recount.place
    async with writer.transaction():
        now_at = await locked_position(writer)
        was_at = place.at or store.BEGINNING
        if now_at != was_at and (place.ahead or not _leads_on(was_at, now_at)):
            raise Moved
        await store.add_to_days(writer, days.columns())
        await store.add_to_checkpoints(writer, checkpoints.columns())
        anew = rules.to_make(recount.marks, recount.unmarked, await store.marked_months(writer))
        await store.make_months(writer, anew)
        made = await make_checkpoints(writer, checkpoints_until(today))
        astray = now_at == was_at and now_at != place.last
        if astray:
            await store.set_position(writer, place.last)
    return Rebuilt(len(days), len(checkpoints), len(anew) + made, astray)


def _leads_on(before: Position, after: Position) -> bool:
    return (int(before.txid), before.event_id) <= (int(after.txid), after.event_id)
