"""The SQL of imports. A chunk lands in one transaction: what is new is copied in, set-wise, or none of it."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.tables.grants import COPIER
from shared.web.database import Connection, Reading

#: Namespace of the advisory locks that tell a running import from one whose process is gone.
_RUNNING = 3322
#: Imports land one chunk after the other: two uploads of one file cannot race for the same record.
_LANDING = 3323


class Begun(NamedTuple):
    """An import as it begins, in the order of its columns."""

    id: UUID
    started_at: datetime
    format: str
    actor: str
    agency_id: int
    synthetic: bool
    trial: bool


async def begin(connection: Connection, begun: Begun) -> None:
    """Note that an import runs, and hold the lock that says so for as long as this connection lives."""
    await connection.execute("SELECT pg_advisory_lock($1, $2)", _RUNNING, _lock_key(begun.id))
    await connection.execute(
        "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic, trial)"
        " VALUES ($1, $2, 'running', $3, $4, $5, $6, $7)",
        *begun,
    )


async def end(connection: Connection, run: UUID, state: str, now: datetime) -> None:
    """Note how it ended."""
    await connection.execute("UPDATE import_run SET state = $2, finished_at = $3 WHERE id = $1", run, state, now)
    await connection.execute("SELECT pg_advisory_unlock($1, $2)", _RUNNING, _lock_key(run))


async def any_since_before(connection: Connection, instant: datetime) -> bool:
    """Whether an import that began before an instant still runs: it judges by the picture that it began with."""
    found: bool = await connection.fetchval(
        f"SELECT EXISTS (SELECT FROM ({_RUN}) r WHERE r.started_at < $1 AND r.finished_at IS NULL"
        " AND r.state = 'running')",
        instant,
    )
    return found


async def lock_landing(connection: Connection) -> None:
    """Wait until no other import lands a chunk."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, 0)", _LANDING)


async def landed_before(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """Of these records, those that an import landed before: key → content."""
    rows = await connection.fetch("SELECT key, content FROM import_identity WHERE key = ANY($1::bytea[])", keys)
    return {row[0]: row[1] for row in rows}


async def dossiers_of(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Which dossiers these records made."""
    rows = await connection.fetch("SELECT key, dossier_id FROM import_identity WHERE key = ANY($1::bytea[])", keys)
    return {row[0]: row[1] for row in rows}


async def applicants(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, asyncpg.Record]:
    """Whose dossiers they are."""
    rows = await connection.fetch(
        "SELECT dossier_id, kind, name, phone, email, address, id_number, id_index, erased_at FROM applicant"
        " WHERE dossier_id = ANY($1::bigint[])",
        dossier_ids,
    )
    return {row["dossier_id"]: row for row in rows}


async def know_otherwise(connection: Connection, contents: Iterable[tuple[bytes, bytes]]) -> None:
    """Know records again by what they say now: (key, content)."""
    await connection.executemany("UPDATE import_identity SET content = $2 WHERE key = $1", contents)


async def unkeyed(connection: Connection, keyed_bytes: int, limit: int) -> list[asyncpg.Record]:
    """Some of the records that are known by a hash that anybody can make: (key, content)."""
    return await connection.fetch(
        "SELECT key, content FROM import_identity WHERE octet_length(content) > $1 LIMIT $2 FOR UPDATE",
        keyed_bytes,
        limit,
    )


async def key_otherwise(connection: Connection, rows: Sequence[tuple[bytes, bytes, bytes]]) -> None:
    """Know records by other hashes: (key of before, key, content)."""
    await connection.execute(
        "UPDATE import_identity i SET key = n.key, content = n.content"
        " FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS n (was, key, content) WHERE i.key = n.was",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def codes_taken(connection: Connection, names: Sequence[str]) -> set[str]:
    """Which of these belong to dossiers already, as their code or as their code in another system."""
    rows = await connection.fetch(
        "SELECT code FROM dossier WHERE code = ANY($1::text[])"
        " UNION ALL SELECT legacy_code FROM dossier WHERE legacy_code = ANY($1::text[])",
        names,
    )
    return {row[0] for row in rows}


async def reserve_numbers(connection: Connection, wanted: dict[str, int]) -> dict[str, int]:
    """Reserve `wanted[prefix]` numbers under each prefix; the last number of each reservation."""
    prefixes = sorted(wanted)
    rows = await connection.fetch(
        "INSERT INTO dossier_number AS n (prefix, last) SELECT * FROM unnest($1::text[], $2::int[])"
        " ON CONFLICT (prefix) DO UPDATE SET last = n.last + excluded.last RETURNING n.prefix, n.last",
        prefixes,
        [wanted[prefix] for prefix in prefixes],
    )
    return {row[0]: row[1] for row in rows}


async def lock_numbers(connection: Connection, prefixes: Sequence[str]) -> None:
    """Keep the counters of these prefixes until the transaction ends: no code is issued under them between the look
    whether one is taken and the copy."""
    await connection.execute(
        "INSERT INTO dossier_number AS n (prefix, last) SELECT unnest($1::text[]), 0"
        " ON CONFLICT (prefix) DO UPDATE SET last = n.last",
        prefixes,
    )


async def pass_numbers(connection: Connection, seen: dict[str, int]) -> None:
    """Codes that were issued elsewhere: the counters of their prefixes go on behind the highest of them."""
    prefixes = sorted(seen)
    await connection.execute(
        "INSERT INTO dossier_number AS n (prefix, last) SELECT * FROM unnest($1::text[], $2::int[])"
        " ON CONFLICT (prefix) DO UPDATE SET last = greatest(n.last, excluded.last)",
        prefixes,
        [seen[prefix] for prefix in prefixes],
    )


async def new_ids(connection: Connection, count: int) -> list[int]:
    """`count` ids for dossiers."""
    rows = await connection.fetch(
        "SELECT nextval(pg_get_serial_sequence('dossier', 'id')) FROM generate_series(1, $1)", count
    )
    return [row[0] for row in rows]


@asynccontextmanager
async def copying(connection: Connection) -> AsyncIterator[None]:
    """Copies within are made as the role that may add and nothing else: whom policies hold may not COPY. Should one
    fail, the transaction ends, and with it the role."""
    await connection.execute(f"SET LOCAL ROLE {COPIER}")
    yield
    await connection.execute("SET LOCAL ROLE NONE")


async def copy_in(connection: Connection, table: str, columns: Sequence[str], blocks: AsyncIterable[bytes]) -> None:
    """COPY blocks of rows in binary format into a table."""
    await connection.copy_to_table(table, source=_framed(blocks), columns=columns, format="binary")


async def _framed(blocks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield _COPY_BEGINS
    async for block in blocks:
        yield block
    yield _COPY_ENDS


# The binary format's signature, flags and empty extension; at the end a row of -1 fields.
_COPY_BEGINS, _COPY_ENDS = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


async def note_rejects(connection: Connection, rows: Iterable[tuple[UUID, int, str | None, str]]) -> None:
    """Keep what was rejected: (import, line, reference, reasons as JSON)."""
    columns = ("import_id", "line", "reference", "reasons")
    await connection.copy_records_to_table("import_reject", records=rows, columns=columns)


async def note_progress(
    connection: Connection,
    run: UUID,
    *,
    bytes_read: int,
    lines: int,
    created: int,
    updated: int,
    unchanged: int,
    rejected: int,
) -> None:
    """Add a chunk's outcome to the import's figures."""
    await connection.execute(
        "UPDATE import_run SET bytes_read = $2, lines_read = lines_read + $3, created = created + $4,"
        " updated = updated + $5, unchanged = unchanged + $6, rejected = rejected + $7 WHERE id = $1",
        run,
        bytes_read,
        lines,
        created,
        updated,
        unchanged,
        rejected,
    )


_RUN = f"""
SELECT id, format, started_at, finished_at, bytes_read, lines_read, created, updated, unchanged, rejected, synthetic,
  trial,
  actor, CASE WHEN state <> 'running' THEN state
       WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {_RUNNING}
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND objid::int8 = lock_key) THEN 'running'
       ELSE 'interrupted' END AS state
FROM (SELECT *, ('x' || lpad(left(replace(id::text, '-', ''), 7), 8, '0'))::bit(32)::int8 AS lock_key FROM import_run) r
"""


def _lock_key(run: UUID) -> int:
    return int(run.hex[:7], 16)


async def run(connection: Connection, wanted: UUID, scope: frozenset[int]) -> asyncpg.Record | None:
    """An import on behalf of an agency in `scope`. One that runs no longer, and never said so, was interrupted."""
    return await connection.fetchrow(f"{_RUN} WHERE id = $1 AND agency_id = ANY($2::int[])", wanted, list(scope))


async def runs(
    connection: Reading, scope: frozenset[int], *, before: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Imports on behalf of agencies in `scope`, newest first."""
    seen = f"{_RUN} WHERE agency_id = ANY($1::int[])"
    if before is None:
        return await connection.fetch(f"{seen} ORDER BY started_at DESC, id DESC LIMIT $2", list(scope), limit)
    return await connection.fetch(
        f"{seen} AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT $2",
        list(scope),
        limit,
        *before,
    )


async def rejects(connection: Reading, run_id: UUID, *, after: int, limit: int) -> list[asyncpg.Record]:
    """Rejected records of an import behind line `after`, in order."""
    return await connection.fetch(
        "SELECT line, reference, reasons FROM import_reject WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3",
        run_id,
        after,
        limit,
    )


async def totals(connection: Reading, agencies: Sequence[int]) -> Sequence[asyncpg.Record]:
    """Of dossiers that have a code of another system, by receiving agency and month of acceptance: how many, how many
    are finished, in time and late."""
    return await connection.fetch(
        "SELECT agency_id, to_char(received_day, 'YYYY-MM') AS month, count(*) AS received,"
        " count(finished_day) AS finished, count(*) FILTER (WHERE verdict IN (1, 2)) AS on_time,"
        " count(*) FILTER (WHERE verdict = 3) AS late"
        " FROM dossier WHERE legacy_code IS NOT NULL AND agency_id = ANY($1::int[]) GROUP BY 1, 2 ORDER BY 1, 2",
        list(agencies),
    )
