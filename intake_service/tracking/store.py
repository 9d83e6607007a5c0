"""The SQL of tracking: what it takes to know who may look, and only then what there is to see."""

from collections.abc import Sequence

import asyncpg

from intake_service.lifecycle.store import NAMED
from shared.web.database import Connection


async def found(connection: Connection, code: str) -> asyncpg.Record | None:
    """Of a dossier by its code, its reference or its code in another system: whose it is and how far it has come."""
    return await connection.fetchrow(
        "SELECT d.id, d.code, coalesce(d.reference, d.code) AS name, d.status, d.accepted_at,"
        f" a.id_number AS owner FROM dossier d JOIN applicant a ON a.dossier_id = d.id WHERE {NAMED}",
        code,
    )


async def whole(connection: Connection, dossier_id: int) -> asyncpg.Record:
    """A dossier as its applicant may see it, and nothing of a person."""
    row = await connection.fetchrow(
        "SELECT d.code, d.version_id, d.agency_id, coalesce(c.holder_id, d.agency_id) AS holder_id, c.desk, d.status,"
        " d.submitted_at, d.reception_due_at, d.accepted_at, d.original_due_at, d.due_at, d.provisional,"
        " d.answer_due_at, d.finished_at, d.returned_at, d.outcome, d.return_channel"
        " FROM dossier d LEFT JOIN dossier_case c ON c.dossier_id = d.id WHERE d.id = $1",
        dossier_id,
    )
    assert row is not None, "nobody may delete a dossier"
    return row


async def told(connection: Connection, dossier_id: int, kinds: Sequence[str]) -> list[asyncpg.Record]:
    """The events of these kinds with what they say in words, the latest first."""
    return await connection.fetch(
        "SELECT e.kind, e.occurred_at, e.payload, n.reason, n.detail, p.new_due_at AS appointed"
        " FROM dossier_event e LEFT JOIN event_note n ON n.dossier_id = e.dossier_id AND n.seq = e.seq"
        " LEFT JOIN apology p ON p.dossier_id = e.dossier_id AND p.seq = e.seq"
        " WHERE e.dossier_id = $1 AND e.kind = ANY($2::text[]) ORDER BY e.seq DESC",
        dossier_id,
        kinds,
    )
