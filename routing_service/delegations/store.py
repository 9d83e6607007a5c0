"""The SQL of delegations."""

from datetime import date

import asyncpg

from routing_service.delegations.rules import DelegationRow
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


def _delegation(row: asyncpg.Record) -> DelegationRow:
    given = {**row, "sectors": _tuple(row["sectors"]), "actions": _tuple(row["actions"])}
    return DelegationRow(**given)


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
