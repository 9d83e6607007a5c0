"""The SQL of a dossier's papers: what supplements brought, and the results that were recorded."""

from collections.abc import Sequence

import asyncpg

from shared.domain.lifecycle import EventKind
from shared.web.database import Connection


async def supplements(connection: Connection, dossier_id: int) -> list[str]:
    """What supplements say was handed in, as JSON, in order."""
    rows = await connection.fetch(
        "SELECT n.detail FROM dossier_event e JOIN event_note n USING (dossier_id, seq)"
        " WHERE e.dossier_id = $1 AND e.kind = $2 AND n.detail IS NOT NULL ORDER BY e.seq",
        dossier_id,
        EventKind.SUPPLEMENTED,
    )
    return [row["detail"] for row in rows]


async def results(connection: Connection, dossier_id: int) -> Sequence[asyncpg.Record]:
    """The events that recorded a result, or took a finish back and its result with it, in order."""
    return await connection.fetch(
        "SELECT e.seq, e.kind, e.recorded_at, e.actor, e.acting_agency_id, n.reason, n.detail"
        " FROM dossier_event e LEFT JOIN event_note n ON n.dossier_id = e.dossier_id AND n.seq = e.seq"
        " WHERE e.dossier_id = $1 AND e.kind = ANY($2::text[]) ORDER BY e.seq",
        dossier_id,
        [EventKind.RESULT_RECORDED, EventKind.REOPENED],
    )
