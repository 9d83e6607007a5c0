"""The SQL of forms: the circulars' versions, a dossier's history with its words, the hand-overs, the ledger's rows."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from intake_service.forms.rules import FormVersion
from shared.web.database import Connection


async def versions(connection: Connection) -> list[FormVersion]:
    """All versions of all forms."""
    rows = await connection.fetch(
        "SELECT kind, legal_basis, number, title, paper, valid_from, valid_to, confirmed, basis FROM form_version"
        " ORDER BY kind, valid_from NULLS FIRST"
    )
    return [FormVersion(**row) for row in rows]


async def set_versions(connection: Connection, given: Sequence[FormVersion]) -> int:
    """Bring the versions to what a list says; how many rows are new or changed."""
    status: str = await connection.execute(
        """
        INSERT INTO form_version AS f
          (kind, legal_basis, number, title, paper, valid_from, valid_to, confirmed, basis)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[],
          $8::bool[], $9::text[])
        ON CONFLICT (kind, legal_basis) DO UPDATE SET number = excluded.number, title = excluded.title,
          paper = excluded.paper, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
          confirmed = excluded.confirmed, basis = excluded.basis
        WHERE (f.number, f.title, f.paper, f.valid_from, f.valid_to, f.confirmed, f.basis) IS DISTINCT FROM
          (excluded.number, excluded.title, excluded.paper, excluded.valid_from, excluded.valid_to,
           excluded.confirmed, excluded.basis)
        """,
        [version.kind for version in given],
        [version.legal_basis for version in given],
        [version.number for version in given],
        [version.title for version in given],
        [version.paper for version in given],
        [version.valid_from for version in given],
        [version.valid_to for version in given],
        [version.confirmed for version in given],
        [version.basis for version in given],
    )
    return int(status.rsplit(" ", 1)[-1])


async def history(connection: Connection, dossier_id: int) -> list[asyncpg.Record]:
    """A dossier's events in order, with what they say in words: (kind, occurred_at, payload) first."""
    return await connection.fetch(
        "SELECT e.kind, e.occurred_at, e.payload, e.recorded_at, e.actor, e.acting_agency_id, n.reason, n.detail,"
        " n.numbers_key FROM dossier_event e LEFT JOIN event_note n USING (dossier_id, seq)"
        " WHERE e.dossier_id = $1 ORDER BY e.seq",
        dossier_id,
    )


async def hand_overs(connection: Connection, dossier_id: int) -> list[asyncpg.Record]:
    """Who gave a dossier to whom, in order, and who received it: three more columns, null until somebody has."""
    return await connection.fetch(
        "SELECT h.kind, h.from_agency_id, h.from_desk, h.to_agency_id, h.to_desk, h.occurred_at, h.recorded_at,"
        " h.actor, h.note, r.occurred_at, r.recorded_at, r.actor"
        " FROM hand_over h LEFT JOIN hand_over_receipt r USING (dossier_id, seq) WHERE h.dossier_id = $1 ORDER BY seq",
        dossier_id,
    )


async def may_be_linked(connection: Connection, dossier_id: int) -> bool:
    """Whether a linked procedure is in force for what was received, where and when it was: whether routing may find a
    plan for it when it opens the case."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
          SELECT FROM dossier d
          JOIN procedure_version v ON v.id = d.version_id
          JOIN procedure p ON p.id = v.procedure_id
          JOIN agency a ON a.id = d.agency_id
          JOIN workflow w ON w.adopted AND w.kind = 'linked' AND w.procedure IN (p.national_core, p.code)
            AND w.period @> d.received_day
            AND (w.agency_id = d.agency_id OR (w.agency_id IS NULL AND (w.level IS NULL OR w.level = a.level)))
          WHERE d.id = $1)
        """,
        dossier_id,
    )
    return found


async def ledger(
    connection: Connection, agencies: Sequence[int], first: date, last: date, limit: int
) -> list[asyncpg.Record]:
    """The dossiers that `agencies` received in a period, in order of reception; no more than `limit`, of which too many
    are not sorted first."""
    return await connection.fetch(
        """
        SELECT d.id, d.code, d.version_id, d.agency_id, coalesce(c.agency_id, d.agency_id) AS handler_id,
          coalesce(c.holder_id, d.agency_id) AS holder_id, d.accepted_at,
          d.due_at, d.original_due_at, d.returned_at, d.return_channel, d.verdict, d.status, a.kind, a.name, a.phone,
          a.address
        FROM (SELECT id FROM dossier WHERE agency_id = ANY($1::int[]) AND received_day BETWEEN $2 AND $3 LIMIT $4) of_it
        JOIN dossier d USING (id) JOIN applicant a ON a.dossier_id = d.id
        LEFT JOIN dossier_case c ON c.dossier_id = d.id
        ORDER BY d.accepted_at, d.id
        """,
        agencies,
        first,
        last,
        limit,
    )
