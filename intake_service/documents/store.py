"""The SQL of a dossier's papers: what supplements brought, and the results that were recorded."""

from collections.abc import Sequence

import asyncpg

from shared.domain.lifecycle import EventKind
from shared.web.database import Connection


async def supplements(connection: Connection, dossiers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """What supplements say was handed in, as JSON, in the order of each dossier."""
    return await connection.fetch(
        "SELECT e.dossier_id, n.detail FROM dossier_event e JOIN event_note n USING (dossier_id, seq)"
        " WHERE e.dossier_id = ANY($1::bigint[]) AND e.kind = $2 AND n.detail IS NOT NULL ORDER BY e.dossier_id, e.seq",
        list(dossiers),
        EventKind.SUPPLEMENTED,
    )


async def results(connection: Connection, dossiers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """The events that recorded a result, or took a finish back and its result with it, in the order of each dossier."""
    return await connection.fetch(
        "SELECT e.dossier_id, e.seq, e.kind, e.recorded_at, e.actor, e.acting_agency_id, n.reason, n.detail"
        " FROM dossier_event e LEFT JOIN event_note n ON n.dossier_id = e.dossier_id AND n.seq = e.seq"
        " WHERE e.dossier_id = ANY($1::bigint[]) AND e.kind = ANY($2::text[]) ORDER BY e.dossier_id, e.seq",
        list(dossiers),
        [EventKind.RESULT_RECORDED, EventKind.REOPENED],
    )
