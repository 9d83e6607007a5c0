"""The SQL of routing's words about dossiers, as the owner of the tables."""

from collections.abc import Sequence

import asyncpg

from shared.web.database import Connection

#: What stands where there have to be words.
ERASED = "(đã xóa)"
_STATEMENTS = (
    "UPDATE hand_over SET note = NULL WHERE note IS NOT NULL AND dossier_id = ANY($1::bigint[])",
    "UPDATE assignment SET note = NULL WHERE note IS NOT NULL AND dossier_id = ANY($1::bigint[])",
    "UPDATE case_segment SET note = NULL WHERE note IS NOT NULL AND dossier_id = ANY($1::bigint[])",
    f"UPDATE opinion SET content = '{ERASED}', answer = CASE WHEN answer IS NOT NULL THEN '{ERASED}' END"
    " WHERE dossier_id = ANY($1::bigint[])",
    "DELETE FROM finish_reason WHERE dossier_id = ANY($1::bigint[])",
)


async def words(connection: Connection, dossiers: Sequence[int]) -> list[asyncpg.Record]:
    """Every note, question and answer about these dossiers, by the dossier's code."""
    return await connection.fetch(
        """
        SELECT d.code, w.what, w.at, w.words
        FROM (
          SELECT dossier_id, 'hand_over' AS what, occurred_at AS at, note AS words FROM hand_over
          UNION ALL SELECT dossier_id, 'assignment', occurred_at, note FROM assignment
          UNION ALL SELECT dossier_id, 'segment', left_at, note FROM case_segment
          UNION ALL SELECT dossier_id, 'opinion', asked_at, content FROM opinion
          UNION ALL SELECT dossier_id, 'opinion', answered_at, answer FROM opinion
        ) w JOIN dossier d ON d.id = w.dossier_id
        WHERE w.words IS NOT NULL AND w.dossier_id = ANY($1::bigint[])
        ORDER BY d.id, w.at
        """,
        list(dossiers),
    )


async def erase(connection: Connection, dossiers: Sequence[int]) -> None:
    """Take these words away; who had the dossier when, stays."""
    for statement in _STATEMENTS:
        await connection.execute(statement, list(dossiers))
