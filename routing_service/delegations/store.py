"""The SQL of delegations."""

from datetime import date, datetime

import asyncpg

from routing_service.delegations.rules import DelegationRow
from shared.contracts.delegations import DelegationIn
from shared.web.database import Connection

_COLUMNS = (
    "id, agency_id, delegator, delegate, valid_from, valid_to, sectors, actions, reason, created_at, ended_at,"
    " ended_by, version"
)


async def held(connection: Connection, delegate: str, day: date) -> list[DelegationRow]:
    """The delegations by which somebody acts on `day`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM delegation WHERE delegate = $1 AND $2 BETWEEN valid_from AND valid_to"
        " AND ended_at IS NULL ORDER BY id",
        delegate,
        day,
    )
    return [_delegation(row) for row in rows]


async def add(
    connection: Connection, agency_id: int, given: DelegationIn, *, delegator: str, created_at: datetime
) -> DelegationRow | None:
    """Write a delegation; None where it would overlap one that the delegate has of this agency."""
    try:
        async with connection.transaction():
            row = await connection.fetchrow(
                "INSERT INTO delegation (agency_id, delegator, delegate, valid_from, valid_to, sectors, actions,"
                f" reason, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_COLUMNS}",
                agency_id,
                delegator,
                given.delegate,
                given.from_,
                given.to,
                given.sectors,
                given.actions,
                given.reason,
                created_at,
            )
    except asyncpg.ExclusionViolationError:
        return None
    return _delegation(row)


async def find(connection: Connection, delegation_id: int, *, lock: bool = False) -> DelegationRow | None:
    """A delegation; locked until the transaction ends if it is to be changed."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM delegation WHERE id = $1{' FOR UPDATE' if lock else ''}", delegation_id
    )
    return _delegation(row) if row is not None else None


async def end(connection: Connection, delegation_id: int, *, ended_at: datetime, ended_by: str) -> DelegationRow:
    """End a locked delegation early."""
    row = await connection.fetchrow(
        f"UPDATE delegation SET ended_at = $2, ended_by = $3, version = version + 1 WHERE id = $1 RETURNING {_COLUMNS}",
        delegation_id,
        ended_at,
        ended_by,
    )
    return _delegation(row)


async def listed(
    connection: Connection, agencies: list[int], day: date, begins: datetime, *, after: int, limit: int
) -> list[DelegationRow]:
    """The delegations of `agencies` that hold on `day`, which begins at an instant; by number, after `after`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM delegation WHERE agency_id = ANY($1) AND $2 BETWEEN valid_from AND valid_to"
        " AND (ended_at IS NULL OR ended_at > $3) AND id > $4 ORDER BY id LIMIT $5",
        agencies,
        day,
        begins,
        after,
        limit,
    )
    return [_delegation(row) for row in rows]


def _delegation(row: asyncpg.Record | None) -> DelegationRow:
    assert row is not None, "RETURNING gives the row"
    given = {**row, "sectors": _tuple(row["sectors"]), "actions": _tuple(row["actions"])}
    return DelegationRow(**given)


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
