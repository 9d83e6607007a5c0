"""The SQL of the log of assignments. What is appended to it is written with the case, in `cases/store.py:apply`."""

from collections.abc import Sequence

import asyncpg

from shared.web.database import Connection


async def log(connection: Connection, dossier_id: int) -> Sequence[asyncpg.Record]:
    """All assignments of a case, in order: the n-th has the number n."""
    return await connection.fetch(
        "SELECT a.*, g.delegator FROM assignment a LEFT JOIN delegation g ON g.id = a.delegation_id"
        " WHERE a.dossier_id = $1 ORDER BY a.seq",
        dossier_id,
    )
