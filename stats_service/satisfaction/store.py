"""The SQL of satisfaction: ratings counted by agency and month, and the dossiers behind a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from shared.contracts.ratings import CriterionName
from shared.web.database import Reading
from stats_service.satisfaction.rules import Ratings

# $1: ids of agencies. [$2, $3]: days on which the ratings were first given. $4: the first days of the months.
_COUNTED = """
SELECT agency_id, width_bucket(rated_day, $4::date[]) - 1 AS month,
  count(*) FILTER (WHERE level = 1)::int AS very_satisfied, count(*) FILTER (WHERE level = 2)::int AS satisfied,
  count(*) FILTER (WHERE level = 3)::int AS unsatisfied
FROM rating WHERE agency_id = ANY($1::int[]) AND rated_day BETWEEN $2::date AND $3::date GROUP BY 1, 2
"""
_POINTS = """
SELECT r.agency_id, width_bucket(r.rated_day, $4::date[]) - 1 AS month, c.key AS criterion, count(*)::int AS rated,
  sum(c.value::int)::int AS points
FROM rating r CROSS JOIN LATERAL jsonb_each_text(r.criteria) AS c
WHERE r.agency_id = ANY($1::int[]) AND r.rated_day BETWEEN $2::date AND $3::date GROUP BY 1, 2, 3
"""
_LISTED = """
SELECT r.dossier_id AS id, d.code, p.code AS procedure, v.name AS procedure_name, v.sector, r.agency_id, d.channel,
  d.status, d.received_day, d.due_day, d.finished_day, d.verdict, r.rated_day AS day
FROM rating r JOIN dossier d ON d.id = r.dossier_id JOIN procedure_version v ON v.id = d.version_id
JOIN procedure p ON p.id = v.procedure_id
WHERE r.agency_id = ANY($1::int[]) AND r.rated_day BETWEEN $2::date AND $3::date
  AND ($4::smallint IS NULL OR r.level = $4) AND ($5::text IS NULL OR r.criteria ? $5)
  AND (r.rated_day, r.dossier_id) > ($6::date, $7::bigint)
ORDER BY r.rated_day, r.dossier_id LIMIT $8
"""


async def counted(
    connection: Reading, agencies: Sequence[int], first: date, last: date, months: Sequence[date]
) -> Mapping[tuple[int, int], Ratings]:
    """The ratings by agency and month (its place in `months`, the first day of each)."""
    values = (list(agencies), first, last, list(months))
    points: dict[tuple[int, int], dict[str, tuple[int, int]]] = {}
    for row in await connection.fetch(_POINTS, *values):
        points.setdefault((row["agency_id"], row["month"]), {})[row["criterion"]] = (row["rated"], row["points"])
    return {
        (row["agency_id"], row["month"]): Ratings(
            *(row["very_satisfied"], row["satisfied"], row["unsatisfied"]),
            points.get((row["agency_id"], row["month"]), {}),
        )
        for row in await connection.fetch(_COUNTED, *values)
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list: whose ratings of which days; level and criterion narrow it."""

    agencies: Sequence[int]
    first: date
    last: date
    level: int | None
    criterion: CriterionName | None


async def listed(connection: Reading, wanted: Wanted, *, after: tuple[date, int], limit: int) -> list[asyncpg.Record]:
    """The dossiers of a figure, by the day on which they were first rated (`day`) and id."""
    return await connection.fetch(
        _LISTED,
        list(wanted.agencies),
        *(wanted.first, wanted.last, wanted.level, wanted.criterion),
        *after,
        limit,
    )
