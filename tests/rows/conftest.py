"""The rooms of tests/rights over one database, and sessions that log in as a service and say for whom they read."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg

from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.tables.policies import NO_ROWS, SETTING
from shared.web.clock import now
from shared.web.database import Rows, rows_of
from tests.conftest import Database
from tests.rights.conftest import province

__all__ = ["province"]


@asynccontextmanager
async def session(database: Database, role: str, rows: str = NO_ROWS) -> AsyncIterator[asyncpg.Connection]:
    """A session of a service's role, with the service's own login, that reads for `rows`."""
    connection = await asyncpg.connect(database.login(role))
    try:
        await connection.execute("SELECT set_config($1, $2, false)", SETTING, rows)
        yield connection
    finally:
        await connection.close()


def rows_at(reference: Reference, code: str) -> Rows:
    """What somebody of an agency sees today."""
    agency = reference.agencies.latest(code, civil_day(now()))
    assert agency is not None
    return rows_of(reference.agencies.scope(agency.id))


async def seen(connection: asyncpg.Connection, tables: Iterable[str], dossier: int) -> dict[str, int]:
    """How many rows of a dossier each table shows."""
    found = {}
    for table in tables:
        key = "id" if table in ("dossier", "dossier_seen") else "dossier_id"
        found[table] = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {key} = $1", dossier)
    return found
