"""The SQL of records of readings: added one behind the other, read, and never changed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from intake_service.access_records.rules import Access, Record
from intake_service.lifecycle.store import NAMED
from shared.domain.chain import GENESIS
from shared.web.database import Connection, Reading

# One statement, and so one moment: whoever adds to the same chain meanwhile has the same number, waits, and adds
# nothing.
_ADD = """
INSERT INTO access_record (agency_id, number, at, subject, role, operation, fields, dossiers, reason, hash)
SELECT $1, next.number, $2, $3, $4, $5, $6::text[], $7::bigint[], $8,
  sha256(next.before || convert_to(next.number || E'\\n' || $9, 'UTF8'))
FROM (SELECT $10::bytea AS genesis) start
LEFT JOIN LATERAL (
  SELECT number, hash FROM access_record WHERE agency_id = $1 ORDER BY number DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (SELECT coalesce(last.number, 0) + 1 AS number, coalesce(last.hash, genesis) AS before) next
ON CONFLICT (agency_id, number) DO NOTHING
RETURNING number
"""


async def add(connection: Connection, access: Access) -> bool:
    """Add a record to its agency's chain; False: another came before, and it is to be tried again."""
    number: int | None = await connection.fetchval(
        _ADD,
        access.agency_id,
        access.at,
        access.subject,
        access.role,
        access.operation,
        list(access.fields),
        list(access.dossiers),
        access.reason,
        access.tail(),
        GENESIS,
    )
    return number is not None


# An instant that was changed beyond what can be told is the nearest that can be.
_AT = "least(greatest(r.at, '0001-01-02 00:00Z'), '9999-12-30 00:00Z') AS at"
_COLUMNS = f"r.id, r.agency_id, r.number, {_AT}, r.subject, r.role, r.operation, r.fields, r.dossiers, r.reason, r.hash"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of records is narrowed to; None leaves a side open. since, before: instants, the first included."""

    agencies: Sequence[int]
    dossier_id: int | None = None
    subject: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def listed(connection: Reading, wanted: Filter, *, below: int | None, limit: int) -> list[asyncpg.Record]:
    """A page of records, the newest first, below the id `below`."""
    values: list[Any] = [list(wanted.agencies)]
    conditions = ["r.agency_id = ANY($1::int[])"]

    def narrow(condition: str, value: object) -> None:
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("?", f"${len(values)}"))

    # Found past the policies, by its index, and read within them. As an array: Postgres 18 makes one table of the two
    # where it can, and then the index is lost again.
    by_dossier = "ARRAY(SELECT k.id FROM access_record_key k WHERE k.dossiers @> ARRAY[?::bigint])"
    narrow(f"r.id = ANY({by_dossier})", wanted.dossier_id)
    narrow("r.subject = ?", wanted.subject)
    narrow("r.at >= ?", wanted.since)
    narrow("r.at < ?", wanted.before)
    narrow("r.id < ?", below)
    values.append(limit)
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM access_record r WHERE {' AND '.join(conditions)} ORDER BY r.id DESC"
        f" LIMIT ${len(values)}",
        *values,
    )


async def find(connection: Reading, record_id: int, agencies: Sequence[int]) -> asyncpg.Record | None:
    """A record of one of these agencies."""
    return await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM access_record r WHERE r.id = $1 AND r.agency_id = ANY($2::int[])",
        record_id,
        list(agencies),
    )


async def dossier_named(connection: Reading, code: str) -> int | None:
    """The dossier of a code, its reference or its code in another system."""
    found: int | None = await connection.fetchval(f"SELECT d.id FROM dossier d WHERE {NAMED}", code)
    return found


async def codes(connection: Reading, dossiers: Sequence[int]) -> dict[int, str]:
    """The codes of dossiers, by id."""
    rows = await connection.fetch("SELECT id, code FROM dossier WHERE id = ANY($1::bigint[])", list(dossiers))
    return {row["id"]: row["code"] for row in rows}


async def between(
    connection: Connection, after: Mapping[int, int], upto: Mapping[int, int]
) -> AsyncIterator[tuple[bytes, Record]]:
    """The records of each agency behind one number, up to another, in order, each with the hash before it. after: of
    the agencies that have any; upto: of all that are asked for."""
    async for row in connection.cursor(
        f"SELECT coalesce(before.hash, $4) AS before, {_COLUMNS} FROM unnest($1::int[], $2::bigint[], $3::bigint[])"
        " AS t (agency_id, after, upto) JOIN access_record r"
        " ON r.agency_id = t.agency_id AND r.number > t.after AND r.number <= t.upto"
        " LEFT JOIN access_record before ON before.agency_id = r.agency_id AND before.number = r.number - 1"
        " ORDER BY r.agency_id, r.number",
        list(upto),
        [after.get(agency, 0) for agency in upto],
        list(upto.values()),
        GENESIS,
        prefetch=1000,
    ):
        yield row["before"], _record(row)


async def chains(connection: Connection) -> AsyncIterator[tuple[str, Record]]:
    """Every record of every chain in order, with its agency's code; of an agency that there is not, too."""
    async for row in connection.cursor(
        f"SELECT coalesce(a.code, '?') AS code, {_COLUMNS}"
        " FROM access_record r LEFT JOIN agency a ON a.id = r.agency_id"
        " ORDER BY r.agency_id, r.number",
        prefetch=1000,
    ):
        yield f"{row['code']} (#{row['agency_id']})", _record(row)


def _record(row: asyncpg.Record) -> Record:
    said = (row["at"], row["subject"], row["role"], row["agency_id"], row["operation"])
    what = (row["fields"], row["dossiers"], row["reason"])
    return Record(row["number"], row["hash"], Access(*said, *what))
