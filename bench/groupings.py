"""The groupings of the resolution report: every agency of the province at once, and the procedures and sectors of one,
against what anyone would write. Measured on the database that `reports` has filled."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from statistics import median

import asyncpg

from bench.figures import Figure, Goal, percentile
from bench.filling import PROVINCE
from bench.ground import connected, reference_in
from shared.contracts.stats import GroupingName
from shared.reference import Reference
from shared.web.clock import now
from shared.web.database import Reading
from stats_service.periods.rules import PeriodAsked
from stats_service.reports import usecases
from stats_service.reports.usecases import Asked, Report

_HALF, _YEAR = "2025-H1", "2024"
#: Of a report that takes seconds, a few are enough.
_PATIENCE_MS = 10_000

# Straight SQL: the four figures that each row is compared by, in one pass over the dossiers.
_STRAIGHT = """
SELECT {key},
  count(*) FILTER (WHERE d.received_day BETWEEN $2 AND $3) AS received,
  count(*) FILTER (WHERE d.finished_day BETWEEN $2 AND $3) AS resolved,
  count(*) FILTER (WHERE d.finished_day BETWEEN $2 AND $3 AND d.verdict = 3) AS resolved_late,
  count(*) FILTER (WHERE (d.finished_day > $3) IS NOT FALSE) AS pending
FROM dossier d JOIN procedure_version v ON v.id = d.version_id JOIN procedure p ON p.id = v.procedure_id
WHERE d.agency_id = ANY($1::int[]) AND d.received_day <= $3 AND (d.finished_day >= $2) IS NOT FALSE
GROUP BY 1
"""
_KEYS: Mapping[GroupingName, str] = {"agency": "d.agency_id", "procedure": "p.code", "sector": "v.sector"}


def measured(url: str, times: int, size: str, straights: int = 3) -> list[Figure]:
    """A row each: by agency, and by procedure and sector within the one that received most of those without units under
    them. Straight SQL is asked `straights` times."""
    return asyncio.run(_measured(url, times, size, straights))


async def _measured(url: str, times: int, size: str, straights: int) -> list[Figure]:
    reference = await reference_in(url)
    async with connected(url) as connection:
        await connection.execute("SET jit = off")
        busiest = await connection.fetch("SELECT agency_id FROM dossier GROUP BY 1 ORDER BY count(*) DESC")
        alone = next(row[0] for row in busiest if len(reference.agencies.subtree(row[0])) == 1)
        one = reference.agencies.by_id[alone].code
        rows: Sequence[tuple[str, str, str, GroupingName, Goal]] = (
            ("report by agency", PROVINCE, _HALF, "agency", Goal("ours", "≤", 30)),
            ("report by procedure, one agency", one, _YEAR, "procedure", Goal("ours", "≤", 100)),
            ("report by sector, one agency", one, _YEAR, "sector", Goal("ours", "≤", 100)),
        )
        return [await _row(connection, reference, times, straights, size, *row) for row in rows]


async def _row(
    connection: asyncpg.Connection,
    reference: Reference,
    times: int,
    straights: int,
    size: str,
    name: str,
    agency: str,
    period: str,
    by: GroupingName,
    goal: Goal,
) -> Figure:
    scope = frozenset(reference.agencies.by_id)
    asked = usecases.checked(reference, scope, now(), agency=agency, period=PeriodAsked(None, None, period), as_of=None)
    ours: list[float] = []
    straight: list[float] = []
    for turn in range(times):
        began = time.perf_counter()
        report = await usecases.resolution(Reading(connection), reference, asked, [by])  # type: ignore[arg-type]
        ours.append(1000 * (time.perf_counter() - began))
        if turn < straights:
            began = time.perf_counter()
            days = (asked.period.first, asked.period.last)
            found = await connection.fetch(_STRAIGHT.format(key=_KEYS[by]), asked.landscape.agencies, *days)
            straight.append(1000 * (time.perf_counter() - began))
            _same(asked, report, by, found)
        if sum(ours) > _PATIENCE_MS:
            break
    reference_ms = median(straight)
    took = percentile(ours, 50)
    note = (
        f"{agency}, {period}: {len(report.rows)} rows of {report.total.to_handle:,} dossiers, with the whole use case"
    )
    return Figure(name, took, "ms", reference_ms, f"straight SQL; {size}", reference_ms / took, goal, note)


def _same(asked: Asked, report: Report, by: GroupingName, straight: Sequence[asyncpg.Record]) -> None:
    """Every row of straight SQL is a row of the report, with its figures."""
    keys = {unit.agency.id: unit.key for unit in asked.landscape.units}
    rows = {row.key: row.figures for row in report.rows}
    for found in straight:
        key = keys[found[0]] if by == "agency" else found[0]
        ours = tuple(getattr(rows[key], name) for name in ("received", "resolved", "resolved_late", "pending"))
        if ours != tuple(found)[1:]:
            raise ValueError(f"The report and straight SQL differ at {key}: {ours} {tuple(found)[1:]}")
