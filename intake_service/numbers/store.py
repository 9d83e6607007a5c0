"""The SQL of sealing numbers anew, as the owner of the tables: batch by batch, in the order of dossiers."""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from shared.web.database import Connection, Reading
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


class Specimen(NamedTuple):
    """A number that is sealed under a key, and by what it is found."""

    key: int
    sealed: str | None
    found_by: bytes


async def specimens(connection: Connection | Reading) -> list[Specimen]:
    """Of each key under which any applicant's number is sealed, some of them: a look into an index for each key that
    there could be."""
    rows = await connection.fetch(
        "SELECT key, a.id_number, a.id_index FROM generate_series(1, 255) AS key CROSS JOIN LATERAL ("
        "  SELECT id_number, id_index FROM applicant WHERE id_index >= decode(lpad(to_hex(key), 2, '0'), 'hex')"
        "  AND id_index <= decode(lpad(to_hex(key), 2, '0') || repeat('ff', 15), 'hex') ORDER BY id_index LIMIT 5"
        ") a"
    )
    return [Specimen(*row) for row in rows]


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


async def words(connection: Connection, prefix: str | None, after: tuple[int, int], limit: int) -> list[asyncpg.Record]:
    """The next words whose numbers' key is not kept as it is to be."""
    otherwise = "NOT starts_with(numbers_key, $1)"
    if prefix is None:
        otherwise = f"starts_with(numbers_key, '{MARK}') AND $1 = ''"
    return await connection.fetch(
        f"SELECT dossier_id, seq, numbers_key FROM event_note WHERE numbers_key IS NOT NULL AND {otherwise}"
        " AND (dossier_id, seq) > ($2, $3) ORDER BY dossier_id, seq LIMIT $4 FOR UPDATE",
        prefix or "",
        *after,
        limit,
    )


async def put_words(connection: Connection, rows: Sequence[tuple[int, int, str | None]]) -> None:
    """Keep these keys of words: dossier, event, key."""
    await connection.execute(
        "UPDATE event_note n SET numbers_key = k.key FROM unnest($1::bigint[], $2::int[], $3::text[])"
        " AS k (dossier_id, seq, key) WHERE (n.dossier_id, n.seq) = (k.dossier_id, k.seq)",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def noted(connection: Connection) -> dict[int, int]:
    """Of words from before they had keys of their own, how many hold a number under which key. They are hashed, so
    they stay."""
    rows = await connection.fetch(
        r"SELECT (regexp_match(detail, '\\u0001(\d+):'))[1]::int AS key, count(*) AS words FROM event_note"
        r" WHERE numbers_key IS NULL AND strpos(detail, '\u0001') > 0 GROUP BY 1 ORDER BY 1"
    )
    return {row["key"]: row["words"] for row in rows}
