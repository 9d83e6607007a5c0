"""A hundred million dossiers, built once in two sessions: all dossiers with all their indexes, the events of some.

Those of a part are kept: of every fiftieth block of numbers, over all ten years, and of the last ones, where dossiers
are open. They are folded by the service's own fold and recounted by the service's own recount. What set-wise SQL counts
from the same dossiers must be the same in every cell; only then are all other dossiers counted by it, block by block,
as they are made.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bench import filling
from bench.filling import Removable
from bench.ground import Ground, connected, reference_in
from bench.reports import folded
from migrations.logins import role_url
from shared.domain.civil_time import civil_day
from shared.domain.counts import METRICS
from shared.web.checks import one_moment, walked
from shared.web.clock import now
from stats_service.counts.usecases import bring_checkpoints_up
from stats_service.verification.usecases import Counts

Connection = asyncpg.Connection
NAME = "bench_hundred"
_SESSIONS = 2
_BLOCKS = 400
_EVERY, _LAST = 50, 4
_LOGGED = ("dossier", "dossier_event")

#: What dossiers add to the histogram, as their events do when all are folded.
_COUNTED_ROWS = """
  SELECT agency_id, channel, received_day AS day, count(*) AS received, 0 AS resolved, 0 AS resolved_early,
    0 AS resolved_on_day, 0 AS resolved_without_term, 0 AS fell_late, 0 AS late_settled, 0 AS paused_net
  FROM made GROUP BY 1, 2, 3
  UNION ALL
  SELECT agency_id, channel, finished_day, 0, count(*), count(*) FILTER (WHERE verdict = 1),
    count(*) FILTER (WHERE verdict = 2), count(*) FILTER (WHERE due_day IS NULL), 0, 0, 0
  FROM made WHERE finished_day IS NOT NULL GROUP BY 1, 2, 3
  UNION ALL
  SELECT agency_id, channel, late_day, 0, 0, 0, 0, 0, count(*), 0, 0
  FROM made WHERE late_day IS NOT NULL GROUP BY 1, 2, 3
  UNION ALL
  SELECT agency_id, channel, greatest(late_day, finished_day), 0, 0, 0, 0, 0, 0, count(*), 0
  FROM made WHERE late_day IS NOT NULL AND finished_day IS NOT NULL GROUP BY 1, 2, 3
  UNION ALL
  SELECT agency_id, channel, (accepted_at + interval '1 hour')::date, 0, 0, 0, 0, 0, 0, 0, count(*)
  FROM made WHERE paused GROUP BY 1, 2, 3
"""
_ADDED = ", ".join(f"sum({metric})::int AS {metric}" for metric in METRICS)
_NONZERO = " OR ".join(f"sum({metric}) <> 0" for metric in METRICS)
_CELLS = f"SELECT agency_id, day, channel, {_ADDED} FROM {{of}} GROUP BY 1, 2, 3 HAVING {_NONZERO}"
# A cell that the fold went through and left at zero says what a missing one says.
_STORED = f"""SELECT agency_id, day, channel, {", ".join(METRICS)} FROM count_day
WHERE ({", ".join(METRICS)}) <> ({", ".join("0" for _ in METRICS)})"""
_MADE_AND_COUNTED = f"""
WITH made AS ({filling.DOSSIERS_WITHOUT_EVENTS} RETURNING agency_id, channel, received_day, due_day, late_day,
  finished_day, verdict, paused, accepted_at)
INSERT INTO bench_count (agency_id, channel, day, {", ".join(METRICS)}) {_COUNTED_ROWS}
"""
_OF_DOSSIERS = _CELLS.format(of=f"(WITH made AS (SELECT * FROM dossier) {_COUNTED_ROWS}) counted")
_DIFFERENT = f"""
SELECT (SELECT count(*) FROM ({_OF_DOSSIERS}) a), (SELECT count(*) FROM (
  (({_OF_DOSSIERS}) EXCEPT ({_STORED})) UNION ALL (({_STORED}) EXCEPT ({_OF_DOSSIERS}))) b)
"""
_ADD_UP = f"""
INSERT INTO count_day AS c (agency_id, day, channel, {", ".join(METRICS)})
{_CELLS.format(of="bench_count")} ORDER BY 1, 2, 3
ON CONFLICT (agency_id, day, channel) DO UPDATE SET {", ".join(f"{m} = c.{m} + excluded.{m}" for m in METRICS)}
"""

# A table that is written to the log may not refer to one that is not: what refers to a dossier comes first.
_REFERRING = """
WITH RECURSIVE referring (of, depth) AS (
  SELECT unnest($1::text[])::regclass::oid, 0
  UNION
  SELECT c.conrelid, r.depth + 1 FROM referring r
  JOIN pg_constraint c ON c.contype = 'f' AND c.confrelid = r.of AND c.conrelid <> r.of WHERE r.depth < 8
)
SELECT of::regclass::text FROM referring GROUP BY of ORDER BY max(depth) DESC
"""


@dataclass
class Built:
    """What it cost: seconds by step, bytes by table and index, and what is there in the end."""

    dossiers: int
    kept: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    indexes: dict[str, dict[str, float]] = field(default_factory=dict)
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    database_bytes: int = 0

    @asynccontextmanager
    async def step(self, ground: Ground, name: str) -> AsyncIterator[None]:
        """Weigh a step by the clock."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 1)
        ground.say(f"{now():%H:%M:%S} {name}: {self.seconds[name]:,} s")


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers [first, first + count)."""

    first: int
    count: int


def blocks(dossiers: int) -> tuple[list[Block], list[Block]]:
    """Those whose events are kept, and the rest."""
    size = -(-dossiers // _BLOCKS)
    every = [Block(n + 1, min(size, dossiers - n)) for n in range(0, dossiers, size)]
    keeps = {n for n in range(len(every)) if n % _EVERY == _EVERY // 2 or n >= len(every) - _LAST}
    kept = [block for n, block in enumerate(every) if n in keeps]
    return kept, [block for n, block in enumerate(every) if n not in keeps]


def build(ground: Ground, dossiers: int) -> Built:
    """Build the database NAME."""
    url = ground.database(NAME)
    return asyncio.run(_build(ground, url, dossiers))


async def _build(ground: Ground, url: str, dossiers: int) -> Built:
    built = Built(dossiers)
    kept, rest = blocks(dossiers)
    async with connected(url) as connection, _makers(url) as makers:
        await connection.execute(filling.IN_BULK)
        secondary, referring = await _bared(connection)
        of_events = [each for each in secondary if each.of == "dossier_event"]
        of_dossiers = [each for each in secondary if each.of != "dossier_event"]
        days = await filling.worked_days(makers[0])

        async def with_events(maker: Connection, block: Block) -> None:
            async with maker.transaction():
                await maker.execute(filling.DOSSIERS, block.first, block.count, dossiers, 1, days)
                await maker.execute(filling.FIRST_EVENTS, block.first, block.count)
                await maker.execute(filling.SECOND_EVENTS, block.first, block.count)

        async def without(maker: Connection, block: Block) -> None:
            await maker.execute(_MADE_AND_COUNTED, block.first, block.count, dossiers, 1, days)

        async with built.step(ground, "dossiers whose events are kept, with them"):
            await _filled(ground, makers, kept, with_events)
        async with built.step(ground, "indexes of events"):
            await _indexed(ground, makers, of_events, built)
            await connection.execute("VACUUM (ANALYZE) dossier_event")
            await connection.execute("ANALYZE dossier")
        await _proved(ground, url, connection, built)
        key = await _without_key(connection)
        async with built.step(ground, "all other dossiers, counted as they are made"):
            await _filled(ground, makers, rest, without)
        async with built.step(ground, "VACUUM of the dossiers"):
            await connection.execute("VACUUM dossier")
        async with built.step(ground, "keys and indexes of dossiers"):
            await _indexed(ground, makers, [key, *of_dossiers], built)
            for each in referring:
                await connection.execute(each.make)
        async with built.step(ground, "ANALYZE"):
            await connection.execute("ANALYZE dossier")
        async with built.step(ground, "counts added up, checkpoints made"):
            await connection.execute("SET work_mem = '1GB'")
            await connection.execute(_ADD_UP)
            await bring_checkpoints_up(connection, civil_day(now()))
            await connection.execute("DROP TABLE bench_count")
            await connection.execute("VACUUM (ANALYZE) count_day, count_checkpoint")
        await connection.execute("SELECT setval(pg_get_serial_sequence('dossier', 'id'), $1::bigint)", dossiers)
        await connection.execute("CHECKPOINT")
        await _weighed(connection, built)
    return built


@asynccontextmanager
async def _makers(url: str) -> AsyncIterator[list[Connection]]:
    """Sessions that fill, each with the tables that are drawn from."""
    reference = await reference_in(url)
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(connected(url)) for _ in range(_SESSIONS)]
        for session in sessions:
            await filling.tables_to_draw_from(session, reference)
            # Two build at a time, on two cores: none asks for helpers.
            await session.execute(f"{filling.IN_BULK}; SET max_parallel_maintenance_workers = 0")
        yield sessions


async def _bared(connection: Connection) -> tuple[list[Removable], list[Removable]]:
    """Empty tables outside the write-ahead log, without secondary indexes: these, and the foreign keys on dossiers."""
    for (table,) in await connection.fetch(_REFERRING, _LOGGED):
        await connection.execute(
            f"ALTER TABLE {table} SET UNLOGGED; ALTER TABLE {table} SET (autovacuum_enabled = off)"
        )
    secondary = await filling.removable(connection, _LOGGED)
    referring = await connection.fetch(
        "SELECT conname AS name, conrelid::regclass::text AS of, pg_get_constraintdef(oid) AS made FROM pg_constraint"
        " WHERE contype = 'f' AND confrelid = 'dossier'::regclass"
    )
    keys = [filling.constraint(each["name"], each["of"], each["made"]) for each in referring]
    for each in [*keys, *secondary]:
        await connection.execute(each.remove)
    columns = ", ".join(f"{metric} int" for metric in METRICS)
    await connection.execute(f"CREATE UNLOGGED TABLE bench_count (agency_id int, channel int2, day date, {columns})")
    return secondary, keys


async def _without_key(connection: Connection) -> Removable:
    """Take the dossiers' own key away: two sessions that fill side by side would leave half-full pages in it."""
    made = await connection.fetchval("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pk_dossier'")
    key = filling.constraint("pk_dossier", "dossier", made)
    await connection.execute(key.remove)
    return key


async def _filled(
    ground: Ground,
    makers: list[Connection],
    given: Iterable[Block],
    make: Callable[[Connection, Block], Coroutine[Any, Any, None]],
) -> None:
    """Every block, by whichever session is free."""
    waiting = list(given)
    total, made, began = sum(block.count for block in waiting), 0, time.perf_counter()
    told = 0
    with ground.progress(f"{total:,} dossiers", total) as progress:

        async def work(maker: Connection) -> None:
            nonlocal made, told
            while waiting:
                block = waiting.pop(0)
                await make(maker, block)
                made += block.count
                progress(made)
                if 10 * made // total > told:
                    told = 10 * made // total
                    left = (time.perf_counter() - began) * (total - made) / made
                    ground.say(f"{now():%H:%M:%S} {made:,} of {total:,} dossiers; about {left:.0f} s more")

        async with asyncio.TaskGroup() as group:
            for maker in makers:
                group.create_task(work(maker))


async def _indexed(ground: Ground, makers: list[Connection], given: Iterable[Removable], built: Built) -> None:
    """Build them, two at a time, those of all rows before those of a few."""
    waiting = sorted(given, key=lambda each: " WHERE " in each.make)

    async def build_one(maker: Connection, each: Removable) -> None:
        began = time.perf_counter()
        if not each.make.startswith("ALTER TABLE"):
            await maker.execute(each.make)
        else:  # adding a constraint locks out the other session; its index by itself does not
            columns = each.make[each.make.index("(") :]
            await maker.execute(f"CREATE UNIQUE INDEX {each.name} ON {each.of} {columns}")
            constraints.append(each)
        size = await maker.fetchval("SELECT pg_relation_size($1::text::regclass)", each.name)
        seconds = round(time.perf_counter() - began, 1)
        built.indexes[each.name] = {"bytes": size, "seconds": seconds}
        ground.say(f"{now():%H:%M:%S} {each.name}: {size:,} bytes, {seconds:,} s")

    async def work(maker: Connection) -> None:
        while waiting:
            await build_one(maker, waiting.pop(0))

    constraints: list[Removable] = []
    async with asyncio.TaskGroup() as group:
        for maker in makers:
            group.create_task(work(maker))
    for each in constraints:
        kind = "PRIMARY KEY" if "PRIMARY KEY" in each.make else "UNIQUE"
        await makers[0].execute(f"ALTER TABLE {each.of} ADD CONSTRAINT {each.name} {kind} USING INDEX {each.name}")


async def _proved(ground: Ground, url: str, connection: Connection, built: Built) -> None:
    """Fold what is kept; recount it; and set beside it what is counted from the dossiers. Raises where they differ."""
    async with built.step(ground, "fold of the kept events, by the service's own code"):
        # Without the counts of other days yet: checkpoints are made at the end, from all of them.
        with ground.progress("folding", None) as progress:
            events, seconds = await folded(url, progress, checkpoints=False)
    async with built.step(ground, "recount of the kept events, by the service's own code"):
        check = Counts()
        with ground.progress("recounting", 1) as progress:
            async with (
                one_moment(lambda role: role_url(url, role)) as moment,
                aclosing(walked(moment, [check], progress)) as differences,
            ):
                async for difference in differences:
                    raise ValueError(f"The fold and the recount differ: {difference}")
    async with built.step(ground, "the same counted from dossiers, compared cell by cell"):
        await connection.execute("SET work_mem = '512MB'")
        compared = await connection.fetchrow(_DIFFERENT)
        assert compared is not None
        cells, different = compared
        if different or not cells:
            raise ValueError(f"{different} of {cells} cells differ from the fold")
    built.kept = {
        "dossiers_with_events": await connection.fetchval("SELECT count(*) FROM dossier"),
        "events": events,
        "events_folded_per_second": round(events / seconds),
        "cells_equal": cells,
        "said": "events of every fiftieth block over all ten years and of the last; of the others none, and no chain: "
        "their counts are set-wise, by the statement that gave the fold's own cells for those kept. Applicants and "
        "cases: none. Dossiers and events lie outside the write-ahead log (UNLOGGED).",
    }


async def _weighed(connection: Connection, built: Built) -> None:
    tables = await connection.fetch(
        "SELECT relid::regclass::text AS name, pg_table_size(relid) AS bytes, pg_indexes_size(relid) AS indexes,"
        " c.reltuples::bigint AS rows FROM pg_stat_user_tables JOIN pg_class c ON c.oid = relid"
        " WHERE relid = ANY($1::text[]::regclass[]) ORDER BY 2 DESC",
        [*_LOGGED, "count_day", "count_checkpoint"],
    )
    for each in tables:
        built.tables[each["name"]] = {"rows": each["rows"], "bytes": each["bytes"], "bytes_of_indexes": each["indexes"]}
    for name, size in await connection.fetch(
        "SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY($1::text[]::regclass[])",
        ["count_day", "count_checkpoint"],
    ):
        built.indexes[name] = {"bytes": size}
    built.database_bytes = await connection.fetchval("SELECT pg_database_size(current_database())")
