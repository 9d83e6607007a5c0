"""The dearest files, over HTTP: how much memory the service ever holds for each, in a process of its own; and how fast
the list of what is late comes, against `\\copy` of the same rows as CSV."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import httpx

from bench.figures import Figure, Goal
from bench.filling import FIRST, LAST, PROVINCE
from bench.ground import Ground, Service, connected, psql
from bench.processes import megabytes, peak_megabytes
from bench.reports import NAME, filled_to, folded

_WANTED = 100_000
_MOST_MEGABYTES = 150
_LATE_LIST = "/v1/reports/official-tables/late-list"
_DOSSIERS = "/v1/reports/resolution/dossiers"
_RESOLUTION = "/v1/reports/resolution"
#: Of the report by agency, procedure and month: the longest period of which it has no more rows than it may.
_BEGINNINGS = (date(2024, 1, 1), date(2024, 7, 1), date(2025, 1, 1), date(2025, 6, 1))

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


@dataclass(frozen=True, slots=True)
class Export:
    """A file that came. lines: below its header, of a CSV. before: what the service held when it was asked."""

    lines: int
    size: int
    seconds: float
    before: float
    peak: float

    def memory(self, name: str, rows: int) -> Figure:
        """The figure of its memory."""
        return Figure(
            f"export of {name}, memory",
            self.peak,
            "MB",
            goal=Goal("ours", "≤", _MOST_MEGABYTES),
            note=f"VmHWM of the stats process after {rows:,} rows, {self.size / 1e6:.1f} MB in {self.seconds:.1f} s;"
            f" it held {self.before:.0f} MB before",
        )


def measure(ground: Ground) -> list[Figure]:
    """Rows a second of the list of what is late, and peak memory of each export."""
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
    return [*_late_list(ground, url, first, expected, copied), *_others(ground, url, first)]


def _late_list(ground: Ground, url: str, first: date, expected: int, copied: float) -> list[Figure]:
    figures = []
    for form in ("csv", "xlsx"):
        came = _exported(ground, url, _LATE_LIST, {"from": str(first), "format": form})
        if form == "csv" and came.lines != expected:
            raise RuntimeError(f"{came.lines} rows came, straight SQL has {expected}")
        figures += [
            Figure(
                f"export as {form}",
                expected / came.seconds,
                "rows/s",
                expected / copied,
                "\\copy of the same dossiers as CSV, by straight SQL",
                copied / came.seconds,
                note=f"{expected:,} rows of seven columns, {came.size / 1e6:.1f} MB",
            ),
            came.memory(f"what is late as {form}", expected),
        ]
    return figures


def _others(ground: Ground, url: str, first: date) -> list[Figure]:
    """What is judged dossier by dossier, and the report with the most rows."""
    judged = {"from": str(first), "figure": "national_overdue", "format": "csv"}
    listed = _exported(ground, url, _DOSSIERS, judged)
    great = {"from": str(_greatest(ground, url)), "group_by": "agency,procedure,month"}
    separated = _exported(ground, url, _RESOLUTION, {**great, "format": "csv"})
    rows = separated.lines - 1  # and the total
    book = _exported(ground, url, _RESOLUTION, {**great, "format": "xlsx"})
    return [
        listed.memory("what is late by the national rule as csv", listed.lines),
        separated.memory("the report of the most rows as csv", rows),
        book.memory("the report of the most rows as xlsx", rows),
    ]


def _greatest(ground: Ground, url: str) -> date:
    """Since when the report by agency, procedure and month has as many rows as it may have."""
    with _served(ground, url) as (stats, headers):
        for first in _BEGINNINGS:
            asked = {"agency": PROVINCE, "from": str(first), "to": str(LAST), "group_by": "agency,procedure,month"}
            answer = httpx.get(f"{stats.address}{_RESOLUTION}", params=asked, headers=headers, timeout=600)
            if answer.status_code == 200:
                return first
    raise RuntimeError(f"no report: {answer.status_code} {answer.text[:300]}")


async def _since(url: str) -> date | None:
    async with connected(url) as connection:
        found: date | None = await connection.fetchval(_SINCE, _WANTED, LAST)
        return found


@contextmanager
def _served(ground: Ground, url: str) -> Iterator[tuple[Service, Mapping[str, str]]]:
    with ground.serving(url, "stats", idle=("stats",)) as (stats,):
        yield stats, {"Authorization": f"Bearer {ground.token('leader', '44')}"}


def _exported(ground: Ground, url: str, path: str, more: Mapping[str, str]) -> Export:
    """A file of the province, up to the last day, by a process of its own: the peak is its own."""
    asked = {"agency": PROVINCE, "to": str(LAST), **more}
    with _served(ground, url) as (stats, headers):
        before = megabytes(stats.pid)
        began, size, lines = time.perf_counter(), 0, -1
        with httpx.stream("GET", f"{stats.address}{path}", params=asked, headers=headers, timeout=600) as answer:
            if answer.status_code != 200:
                answer.read()
                raise RuntimeError(f"no file: {answer.status_code} {answer.text[:300]}")
            for block in answer.iter_bytes():
                size += len(block)
                lines += block.count(b"\n")
        return Export(lines, size, time.perf_counter() - began, before, peak_megabytes(stats.pid))
