"""The SQL of files: what each is, and turns of those who add and take away the same content."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from intake_service.lifecycle.store import NAMED
from shared.tables.policies import SETTING
from shared.web.database import EVERY_ROW, Connection

#: Of the advisory locks, those of contents: by the first bytes of the hash.
_LOCKS = 0x6D63_6669
_COLUMNS = (
    "f.id, f.component, f.name, f.media_type, f.size, f.sha256, f.uploaded_at, f.uploaded_by, f.agency_id, f.replaces,"
    " f.erased_at, n.id AS replaced_by, coalesce(m.n, 0) AS marks_version, m.digitised, m.reused, m.from_store,"
    " m.marked_at, m.marked_by"
)
_BESIDE = (
    " LEFT JOIN dossier_file n ON n.replaces = f.id"
    " LEFT JOIN LATERAL (SELECT * FROM file_mark WHERE file_id = f.id ORDER BY n DESC LIMIT 1) m ON true"
)
_FILES = f"SELECT {_COLUMNS} FROM dossier_file f{_BESIDE}"


class NewFile(NamedTuple):
    """A file as it is written."""

    id: UUID
    dossier_id: int
    component: str | None
    name: str
    media_type: str
    size: int
    sha256: bytes
    uploaded_at: datetime
    uploaded_by: str
    agency_id: int
    replaces: UUID | None


class Mark(NamedTuple):
    """What is said of a file; None: nobody has said."""

    digitised: bool | None = None
    reused: int | None = None
    from_store: bool | None = None


async def of_applicant(connection: Connection, code: str) -> asyncpg.Record | None:
    """A dossier by any of its codes, and whose it is."""
    return await connection.fetchrow(
        "SELECT d.id, d.status, a.erased_at, a.id_number AS owner FROM dossier d"
        f" JOIN applicant a ON a.dossier_id = d.id WHERE {NAMED}",
        code,
    )


async def take_turn(connection: Connection, sha256: bytes) -> None:
    """Until the transaction ends nobody else adds or takes away this content."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1::int, $2::int)", _LOCKS, int.from_bytes(sha256[:4], "big", signed=True)
    )


async def lock_dossier(connection: Connection, dossier_id: int) -> asyncpg.Record:
    """It as it stands now; until the transaction ends nobody changes it, erases it, or adds a file."""
    await connection.execute("SELECT FROM dossier WHERE id = $1 FOR NO KEY UPDATE", dossier_id)
    row = await connection.fetchrow(
        "SELECT d.status, a.erased_at, (SELECT count(*) FROM dossier_file f WHERE f.dossier_id = d.id) AS files"
        " FROM dossier d JOIN applicant a ON a.dossier_id = d.id WHERE d.id = $1",
        dossier_id,
    )
    assert row is not None, "nobody may delete a dossier"
    return row


async def same(connection: Connection, dossier_id: int, component: str | None, sha256: bytes) -> asyncpg.Record | None:
    """The file that has this content already, under the same component."""
    return await connection.fetchrow(
        f"{_FILES} WHERE f.dossier_id = $1 AND f.component IS NOT DISTINCT FROM $2 AND f.sha256 = $3"
        " AND f.erased_at IS NULL",
        dossier_id,
        component,
        sha256,
    )


async def add(connection: Connection, new: NewFile) -> None:
    """Write it."""
    await connection.execute(
        "INSERT INTO dossier_file (id, dossier_id, component, name, media_type, size, sha256, uploaded_at, uploaded_by,"
        " agency_id, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *new,
    )


async def mark(
    connection: Connection,
    file_id: UUID,
    dossier_id: int,
    n: int,
    said: Mark,
    *,
    at: datetime,
    by: str,
    agency_id: int,
) -> None:
    """Write what is said of a file, the `n`-th time. Its dossier is locked."""
    await connection.execute(
        "INSERT INTO file_mark (file_id, dossier_id, n, digitised, reused, from_store, marked_at, marked_by, agency_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        file_id,
        dossier_id,
        n,
        *said,
        at,
        by,
        agency_id,
    )


async def marks(connection: Connection, file_id: UUID) -> Sequence[asyncpg.Record]:
    """All that was ever said of a file, the latest first."""
    return await connection.fetch(
        "SELECT n, digitised, reused, from_store, marked_at, marked_by, agency_id FROM file_mark"
        " WHERE file_id = $1 ORDER BY n DESC",
        file_id,
    )


async def find(connection: Connection, dossier_id: int, file_id: UUID) -> asyncpg.Record | None:
    """A file of a dossier."""
    return await connection.fetchrow(f"{_FILES} WHERE f.dossier_id = $1 AND f.id = $2", dossier_id, file_id)


async def one(connection: Connection, file_id: UUID) -> asyncpg.Record | None:
    """A file by its id alone, with its dossier and who received that."""
    return await connection.fetchrow(
        f"SELECT {_COLUMNS}, d.id AS dossier_id, d.agency_id AS receiver_id"
        f" FROM dossier_file f JOIN dossier d ON d.id = f.dossier_id{_BESIDE} WHERE f.id = $1",
        file_id,
    )


async def listed(
    connection: Connection, dossier_id: int, limit: int, sender: str | None = None
) -> Sequence[asyncpg.Record]:
    """Files of a dossier, in the order in which they came. sender: only those that he sent."""
    return await connection.fetch(
        f"{_FILES} WHERE f.dossier_id = $1 AND ($3::text IS NULL OR f.uploaded_by = $3)"
        " ORDER BY f.uploaded_at, f.id LIMIT $2",
        dossier_id,
        limit,
        sender,
    )


async def there(connection: Connection, dossiers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """Files of these dossiers that are not erased, in the order in which they came."""
    return await connection.fetch(
        f"SELECT f.dossier_id, {_COLUMNS} FROM dossier_file f{_BESIDE}"
        " WHERE f.dossier_id = ANY($1::bigint[]) AND f.erased_at IS NULL ORDER BY f.uploaded_at, f.id",
        list(dossiers),
    )


# --- as the owner of the tables --------------------------------------------------------------------------------------


async def of_dossiers(connection: Connection, dossiers: Sequence[int]) -> Sequence[asyncpg.Record]:
    """Files of these dossiers, as they are told to whose they are."""
    return await connection.fetch(
        "SELECT dossier_id, name, component, media_type, size, encode(sha256, 'hex') AS sha256, uploaded_at, erased_at"
        " FROM dossier_file WHERE dossier_id = ANY($1::bigint[]) ORDER BY dossier_id, uploaded_at, id",
        list(dossiers),
    )


async def erase(connection: Connection, dossiers: Sequence[int], erased: str, now: datetime) -> None:
    """Take away what the files of these dossiers are called. The hashes stay: by them the contents are taken away."""
    await connection.execute(
        "UPDATE dossier_file SET name = $2, component = NULL, erased_at = $3"
        " WHERE dossier_id = ANY($1::bigint[]) AND erased_at IS NULL",
        list(dossiers),
        erased,
        now,
    )


async def erased_contents(connection: Connection, dossiers: Sequence[int]) -> list[bytes]:
    """The hashes of what was erased in these dossiers."""
    rows = await connection.fetch(
        "SELECT DISTINCT sha256 FROM dossier_file WHERE dossier_id = ANY($1::bigint[]) AND erased_at IS NOT NULL",
        list(dossiers),
    )
    return [row["sha256"] for row in rows]


async def see_all(connection: Connection) -> None:
    """From now on this session sees every file, whoever it logged in as: what is not seen would be taken away."""
    await connection.execute("SELECT set_config($1, $2, false)", SETTING, EVERY_ROW)


async def not_needed(connection: Connection, contents: Sequence[bytes]) -> set[bytes]:
    """Those of these contents that no file has that is not erased."""
    rows = await connection.fetch(
        "SELECT sha256 FROM unnest($1::bytea[]) AS kept (sha256) WHERE NOT EXISTS"
        " (SELECT FROM dossier_file f WHERE f.sha256 = kept.sha256 AND f.erased_at IS NULL)",
        list(contents),
    )
    return {row["sha256"] for row in rows}


async def is_needed(connection: Connection, sha256: bytes) -> bool:
    """Whether a file that is not erased has this content."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM dossier_file WHERE sha256 = $1 AND erased_at IS NULL)", sha256
    )
    return found
