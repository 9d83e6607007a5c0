"""The list of what is late as a file, over HTTP: how fast, and how much memory the service ever holds, against `\\copy`
of the same rows as CSV."""

import asyncio
import time
from datetime import date

import httpx

from bench.figures import Figure, Goal
from bench.filling import FIRST, LAST, PROVINCE
from bench.ground import Ground, Service, connected, psql
from bench.processes import megabytes, peak_megabytes
from bench.reports import NAME, filled_to, folded

_WANTED = 100_000
_MOST_MEGABYTES = 150

# The same dossiers, by unit and reception, without what is worked out of their dates.
_LATE = """(finished_day BETWEEN '{first}' AND '{last}' AND verdict NOT IN (1, 2))
 OR (late_day <= '{last}' AND (finished_day IS NULL OR finished_day > '{last}'))"""
_STRAIGHT = f"""SELECT row_number() OVER (ORDER BY agency_id, received_day, id), code, received_day, due_day,
 finished_day, agency_id FROM dossier WHERE {_LATE} ORDER BY agency_id, received_day, id"""
# The day since which so many were resolved late; null where there are fewer.
_SINCE = """
SELECT finished_day FROM dossier WHERE verdict NOT IN (1, 2) AND finished_day <= $2
ORDER BY finished_day DESC OFFSET greatest(0, $1 - (
  SELECT count(*) FROM dossier WHERE late_day <= $2 AND (finished_day IS NULL OR finished_day > $2))) LIMIT 1
"""


def measure(ground: Ground) -> list[Figure]:
    """Rows a second and peak memory, in each format that takes its rows one after the other."""
    if not ground.has(NAME):
        ground.database(NAME)
        filled_to(ground, ground.scale.dossiers[1])
        asyncio.run(folded(ground.url(NAME), lambda _: None))
    url = ground.url(NAME)
    psql(url, "VACUUM (ANALYZE) dossier")
    first = asyncio.run(_since(url)) or FIRST
    began = time.perf_counter()
    straight = " ".join(_STRAIGHT.format(first=first, last=LAST).split())
    psql(url, f"\\copy ({straight}) TO '{ground.directory / 'late.csv'}' (FORMAT csv)")
    copied = time.perf_counter() - began
    with (ground.directory / "late.csv").open("rb") as lines:
        expected = sum(1 for _ in lines)
    figures = []
    for form in ("csv", "xlsx"):
        with ground.serving(url, "stats", idle=("stats",)) as (stats,):  # a process of its own: the peak is its own
            before = megabytes(stats.pid)
            rows, seconds, size = _downloaded(stats, ground.token("leader", "44"), form, first)
            peak = peak_megabytes(stats.pid)
        if form == "csv" and rows != expected:
            raise RuntimeError(f"{rows} rows came, straight SQL has {expected}")
        figures += [
            Figure(
                f"export as {form}",
                expected / seconds,
                "rows/s",
                expected / copied,
                "\\copy of the same dossiers as CSV, by straight SQL",
                copied / seconds,
                note=f"{expected:,} rows of seven columns, {size / 1e6:.1f} MB",
            ),
            Figure(
                f"export as {form}, memory",
                peak,
                "MB",
                goal=Goal("ours", "≤", _MOST_MEGABYTES),
                note=f"VmHWM of the stats process after {expected:,} rows; it held {before:.0f} MB before",
            ),
        ]
    return figures


async def _since(url: str) -> date | None:
    async with connected(url) as connection:
        found: date | None = await connection.fetchval(_SINCE, _WANTED, LAST)
        return found


def _downloaded(stats: Service, token: str, form: str, first: date) -> tuple[int, float, int]:
    """Lines of a CSV below its header (0 for other formats), seconds, bytes."""
    asked = {"agency": PROVINCE, "from": str(first), "to": str(LAST), "format": form}
    began, size, lines = time.perf_counter(), 0, -1
    address = f"{stats.address}/v1/reports/official-tables/late-list"
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", address, params=asked, headers=headers, timeout=600) as answer:
        if answer.status_code != 200:
            answer.read()
            raise RuntimeError(f"no list: {answer.status_code} {answer.text[:300]}")
        for block in answer.iter_bytes():
            size += len(block)
            lines += block.count(b"\n")
    return (lines if form == "csv" else 0), time.perf_counter() - began, size
