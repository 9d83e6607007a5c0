"""The SQL of the catalogue's part of the index: how many procedures are offered online. Dossiers are counted in
national_scoring."""

from datetime import date

import asyncpg

from shared.web.database import Reading

_OFFERED = """
SELECT levels, online_level, online, count(*)::int AS procedures FROM (
  SELECT v.online_level, EXISTS (SELECT FROM procedure_term t WHERE t.version_id = v.id AND t.channel = 2) AS online,
    (SELECT array_agg(o.level ORDER BY o.level) FROM procedure_offer o
     WHERE o.version_id = v.id AND (o.valid_to IS NULL OR o.valid_to >= $1::date)) AS levels
  FROM procedure_version v
  WHERE (v.valid_from IS NULL OR v.valid_from <= $1::date) AND (v.valid_to IS NULL OR v.valid_to >= $1::date)
) each WHERE levels IS NOT NULL GROUP BY levels, online_level, online
"""


async def offered(connection: Reading, day: date) -> list[asyncpg.Record]:
    """levels, online_level, online, procedures: the procedures in force on a day, by what they have in common."""
    return await connection.fetch(_OFFERED, day)
