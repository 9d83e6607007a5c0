"""The import of the half-year, validated, with events and counts, against psql's \\copy of the bare rows.

The reference gets the dossiers and applicants that the import made, as text that is ready to load, into the same
tables with the same indexes and foreign keys in a second database.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql, until_folded
from bench.processes import cpu_seconds, cpu_seconds_below, megabytes, peak_megabytes
from services.demo import half_year

_BLOCK = 65_536
_MOST_MEGABYTES = 300


def measure(ground: Ground) -> list[Figure]:
    """The rate of an import and its memory."""
    totals = half_year.LETTER.scaled(ground.scale.import_divisor)
    file = ground.directory / "half-year.ndjson"
    with ground.progress("import: making the half-year", totals.count) as done, file.open("wb") as target:
        written = 0
        for chunk in half_year.ndjson(totals=totals):
            target.write(chunk)
            written += chunk.count(b"\n")
            done(written)
    counted = _imported(ground, "bench_import", file, totals.count, "intake", "stats")
    copied = _copied(ground, totals.count)
    ground.drop("bench_import")
    whole = _imported(ground, "bench_import", file, totals.count, "intake", "routing", "stats")
    ground.drop("bench_import")
    count = totals.count
    return [
        Figure(
            "import",
            count / counted["folded"],
            "records/s",
            count / copied,
            "psql \\copy of the same dossiers and applicants",
            copied / counted["folded"],
            Goal("ratio", "≥", 0.30),
            f"{count:,} records until the counts were folded to the end, {counted['folded']:.1f} s; answered after "
            f"{counted['answered']:.1f} s ({count / counted['answered']:,.0f}/s, {copied / counted['answered']:.2f} of "
            f"\\copy); intake used {counted['intake']:.1f} s, stats {counted['stats']:.1f} s, the database "
            f"{counted['database']:.1f} s of processor time",
        ),
        Figure(
            "import, memory",
            counted["peak"],
            "MB",
            goal=Goal("ours", "≤", _MOST_MEGABYTES),
            note=f"VmHWM of the intake process; it held {counted['before']:.0f} MB before",
        ),
        Figure(
            "import beside all consumers",
            count / whole["folded"],
            "records/s",
            count / copied,
            "as above",
            copied / whole["folded"],
            note=f"routing is told of each open dossier meanwhile; peak {whole['peak']:.0f} MB",
        ),
    ]


def _imported(ground: Ground, name: str, file: Path, count: int, *rooms: str) -> dict[str, float]:
    """Import into a fresh database; seconds until the answer and until stats stood at the end of the log."""
    url = ground.database(name)
    token = ground.token("admin", "44")
    # Without routing to tell, intake's own consumer would only ask for it again and again.
    with ground.serving(url, *rooms, idle=() if "routing" in rooms else ("intake",)) as running:
        intake, stats = running[0], running[-1]
        pids = {"intake": intake.pid, "stats": stats.pid}
        used = {room: cpu_seconds(pid) for room, pid in pids.items()}
        database = cpu_seconds_below(ground.server.pid)
        before = megabytes(intake.pid)
        began = time.perf_counter()
        answer = httpx.post(
            f"{intake.address}/v1/imports?synthetic=true",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
            content=_blocks(ground, file),
            timeout=600,
        )
        answered = time.perf_counter() - began
        run: dict[str, Any] = answer.raise_for_status().json()
        if run["created"] != count:
            raise RuntimeError(f"Not every record landed: {run}")
        until_folded(url)
        return {
            "answered": answered,
            "folded": time.perf_counter() - began,
            "before": before,
            "peak": peak_megabytes(intake.pid),
            "database": cpu_seconds_below(ground.server.pid) - database,
            **{room: cpu_seconds(pid) - used[room] for room, pid in pids.items()},
        }


def _blocks(ground: Ground, file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    with ground.progress("import: sending (MB)", round(size / 1e6)) as done, file.open("rb") as source:
        sent = 0
        while block := source.read(_BLOCK):
            yield block
            sent += len(block)
            done(round(sent / 1e6))


def _copied(ground: Ground, count: int) -> float:
    """Seconds that \\copy takes, the median of the rounds."""
    source = ground.url("bench_import")
    files = {table: ground.directory / f"{table}.copy" for table in ("dossier", "applicant")}
    psql(source, *(f"\\copy {table} TO '{path}'" for table, path in files.items()))
    seconds: list[float] = []
    for _ in range(ground.scale.rounds):
        url = ground.database("bench_copy")
        began = time.perf_counter()
        psql(url, *(f"\\copy {table} FROM '{path}'" for table, path in files.items()))
        seconds.append(time.perf_counter() - began)
        if asyncio.run(_count(url)) != count:
            raise RuntimeError("\\copy did not bring every dossier")
        ground.drop("bench_copy")
    return median(seconds)


async def _count(url: str) -> int:
    async with connected(url) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM dossier JOIN applicant ON dossier_id = id"))
