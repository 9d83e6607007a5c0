"""The SQL of sealing numbers anew, as the owner of the tables: batch by batch, in the order of dossiers."""

from collections.abc import Sequence

import asyncpg

from shared.web.database import Connection
from shared.web.keyring import MARK

#: What is not as it is to be. $1: what is sealed under the first key begins with, or nothing where all is to be opened.
_OTHERWISE = """
((id_number IS NOT NULL AND NOT {}) OR (submitted_by ->> 'id_number' IS NOT NULL AND NOT {}))
"""
_SEALED = _OTHERWISE.format("starts_with(id_number, $1)", "starts_with(submitted_by ->> 'id_number', $1)")
_OPEN = _OTHERWISE.format(
    f"(NOT starts_with(id_number, '{MARK}') AND $1 = '')",
    f"(NOT starts_with(submitted_by ->> 'id_number', '{MARK}') AND $1 = '')",
)


def _condition(prefix: str | None) -> str:
    return _OPEN if prefix is None else _SEALED


async def last(connection: Connection) -> int:
    """The dossier behind which there is none."""
    found: int | None = await connection.fetchval("SELECT max(dossier_id) FROM applicant")
    return found or 0


async def batch(connection: Connection, prefix: str | None, after: int, limit: int) -> list[asyncpg.Record]:
    """The next applicants whose numbers are not as they are to be, kept until the transaction ends."""
    return await connection.fetch(
        "SELECT dossier_id, id_number, submitted_by FROM applicant"
        f" WHERE dossier_id > $2 AND {_condition(prefix)} ORDER BY dossier_id LIMIT $3 FOR UPDATE",
        prefix or "",
        after,
        limit,
    )


async def put(connection: Connection, rows: Sequence[tuple[int, str | None, bytes | None, str | None]]) -> None:
    """Keep these numbers: dossier, number, index, who handed it in."""
    await connection.execute(
        "UPDATE applicant a SET id_number = n.id_number, id_index = n.id_index, submitted_by = n.submitted_by::jsonb"
        " FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[])"
        " AS n (dossier_id, id_number, id_index, submitted_by) WHERE a.dossier_id = n.dossier_id",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def noted(connection: Connection) -> dict[int, int]:
    """Of words of corrections, how many hold a number under which key. They are hashed, so they stay."""
    rows = await connection.fetch(
        r"SELECT (regexp_match(detail, '\\u0001(\d+):'))[1]::int AS key, count(*) AS words FROM event_note"
        r" WHERE strpos(detail, '\u0001') > 0 GROUP BY 1 ORDER BY 1"
    )
    return {row["key"]: row["words"] for row in rows}
