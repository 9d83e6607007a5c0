"""The SQL between the two rates: of each dossier of a period the verdict of the law, and how it stands at the portal.

What was compared and found in step, and had no event since, is there as it is here: the national verdict on ours is
theirs. Of the others theirs was kept, and is judged one by one; which of them are on time is handed in.
"""

from collections.abc import Sequence
from datetime import date

import asyncpg

from shared.web.database import Reading
from stats_service.national_scoring.store import COMPARED, WAITS, Comparison

# $12: whether open ones are among them.
_HELD = f"""{COMPARED}, held AS (
  SELECT c.*, n.dossier_id IS NOT NULL AS looked_at, coalesce(n.there, false) AS there, n.state, n.why, n.kinds,
    n.theirs, n.compared_at, n.seq = d.event_seq AS current,
    coalesce(n.state = 'in_step' AND n.seq = d.event_seq, false) AS same
  FROM compared c JOIN dossier d ON d.id = c.id LEFT JOIN national_comparison n ON n.dossier_id = c.id
  WHERE $12::boolean OR c.over_at IS NOT NULL
)
"""
_OTHERS = f"{_HELD} SELECT id, version_id, theirs FROM held WHERE there AND NOT same ORDER BY id"
# $13: those that are judged one by one, and are on time there. Where the rule itself explains it, it does; what else
# differs then is of no consequence.
_BRIDGED = f"""{_HELD}, stands AS (
  SELECT *, CASE WHEN NOT there THEN NULL WHEN same THEN NOT late_nationally ELSE id = ANY($13::bigint[]) END
    AS on_time_there
  FROM held
), bridged AS (
  SELECT *, CASE
    WHEN late_by_law = (on_time_there IS NOT TRUE) THEN NULL
    WHEN NOT looked_at THEN 'not_compared'
    WHEN NOT there AND state = 'on_its_way' THEN 'on_its_way'
    WHEN NOT there THEN why
    WHEN on_time_there <> late_nationally THEN kind
    WHEN NOT current THEN 'since_compared'
    WHEN state = 'on_its_way' THEN 'on_its_way'
    WHEN 'status' = ANY(kinds) THEN 'status'
    ELSE 'dates' END AS line
  FROM stands
)
"""
_TALLIED = f"""{_BRIDGED}
SELECT late_by_law, there, on_time_there, line, count(*) AS dossiers,
  count(*) FILTER (WHERE looked_at) AS looked_at, min(compared_at) AS first_at, max(compared_at) AS last_at
FROM bridged GROUP BY 1, 2, 3, 4
"""
# $14: a line, or null. $15, $16: after which day and id. $17: how many.
_LISTED = f"""{_BRIDGED}, page AS (
  SELECT * FROM bridged WHERE line IS NOT NULL AND ($14::text IS NULL OR line = $14)
    AND (received_day, id) > ($15::date, $16::bigint)
  ORDER BY received_day, id LIMIT $17
)
SELECT c.id, d.code, p.code AS procedure, v.name AS procedure_name, v.sector, c.agency_id, c.channel, d.status,
  c.received_day, c.due_day, c.over_day AS finished_day, CASE WHEN c.over_at IS NOT NULL THEN c.verdict END AS verdict,
  c.late_by_law, c.on_time_there, c.line, c.compared_at
FROM page c JOIN dossier d ON d.id = c.id JOIN procedure_version v ON v.id = c.version_id
JOIN procedure p ON p.id = v.procedure_id ORDER BY c.received_day, c.id
"""


async def others(connection: Reading, asked: Comparison, *, open_too: bool) -> list[asyncpg.Record]:
    """id, version_id, theirs (JSON) of what stands there otherwise than here, or did so when it was looked at."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return await connection.fetch(f"WITH {asked.asked.facts}, {WAITS}, {_OTHERS}", *asked.values, open_too)


async def tallied(
    connection: Reading, asked: Comparison, on_time: Sequence[int], *, open_too: bool
) -> list[asyncpg.Record]:
    """The fields of Tally, then how many were compared, and when the first and the last."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.asked.facts}, {WAITS}, {_TALLIED}"
    return await connection.fetch(sql, *asked.values, open_too, list(on_time))


async def listed(
    connection: Reading,
    asked: Comparison,
    on_time: Sequence[int],
    *,
    open_too: bool,
    line: str | None,
    after: tuple[date, int],
    limit: int,
) -> list[asyncpg.Record]:
    """The dossiers that stand otherwise there, by the day of reception and id, after a day and an id."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    sql = f"WITH {asked.asked.facts}, {WAITS}, {_LISTED}"
    return await connection.fetch(sql, *asked.values, open_too, list(on_time), line, *after, limit)
