"""The write-ahead log of an intake: the statement alone, against the statement with its counts folded beside it.

Counting costs what stats writes when it folds: the day's histogram, its position, its commits. The busier the desks,
the more dossiers share a fold; so it is weighed at full speed, and at the pace of a province.
"""

import asyncio
from pathlib import Path
from statistics import median

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql, reference_in, until_folded
from bench.intake import CONNECTIONS, PGBENCH, pgbench_rate
from bench.processes import cpu_seconds
from bench.receiving import Sent, drafts

#: Receptions a second; the average of the letter's half-year is one in 26 seconds.
PACE = 10


def measure(ground: Ground) -> list[Figure]:
    """Bytes of log per dossier, alone and with counts."""
    scale = ground.scale
    url = ground.database("bench_wal")
    script = asyncio.run(_script(url, ground.directory))
    each = max(1, scale.weighed // 32)
    busy = (CONNECTIONS, *PGBENCH, "-t", str(each))
    calm = (4, "-R", str(PACE), "-T", str(round(2 * scale.seconds)))
    # What each page writes once after a checkpoint is written before the weighing, and no other comes between; nor
    # does the autovacuum, whose turn it would be.
    pgbench_rate(url, script, *busy)
    psql(url, "VACUUM (ANALYZE)")
    calm_alone = _weighed(url, script, calm, counted=False)
    with ground.serving(url, "stats"):
        until_folded(url)
        calm_counted = _weighed(url, script, calm, counted=True)
    alone: list[float] = []
    counted: list[float] = []
    with ground.progress("log: alone, with counts", scale.rounds) as done:
        for turn in range(scale.rounds):
            alone.append(_weighed(url, script, busy, counted=False))
            with ground.serving(url, "stats") as (stats,):
                until_folded(url)
                counted.append(_weighed(url, script, busy, counted=True))
                used = cpu_seconds(stats.pid)
            done(turn + 1)
    ground.drop("bench_wal")
    return [
        Figure(
            "log per intake",
            median(counted),
            "bytes",
            median(alone),
            "the same statement without a fold beside it",
            median(counted) / median(alone),
            Goal("ratio", "≤", 1.25),
            f"{32 * each} receptions a turn at full speed, until stats stood at the end; stats used {used:.1f} s",
        ),
        Figure(
            "log per intake, calm",
            calm_counted,
            "bytes",
            calm_alone,
            "the same without a fold",
            calm_counted / calm_alone,
            note=f"{PACE} receptions a second: few dossiers share a fold; heartbeats of the server are in it",
        ),
    ]


async def _script(url: str, directory: Path) -> Path:
    reference = await reference_in(url)
    return (await Sent.by(reference, drafts(reference))).write(directory)[1]


def _weighed(url: str, script: Path, options: tuple[int, *tuple[str, ...]], *, counted: bool) -> float:
    """Bytes of log per dossier received; `counted`: until a running stats has folded them."""
    before = asyncio.run(_state(url))
    pgbench_rate(url, script, *options)
    if counted:
        until_folded(url)
    after = asyncio.run(_state(url))
    return (after[0] - before[0]) / (after[1] - before[1])


async def _state(url: str) -> tuple[int, int]:
    async with connected(url) as connection:
        row = await connection.fetchrow(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8, count(*) FROM dossier"
        )
        assert row is not None
        return row[0], row[1]
