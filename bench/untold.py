"""`python -m bench.untold serve ROOM`: the services as they would be without the second wall, for the side that it is
held against. No connection is told for whom it reads; the policies are off in the database."""

import asyncpg

from services.__main__ import main
from shared.web import database


class _Untold(database.Tellable):
    async def read_for(self, rows: database.Rows) -> None:
        """Nobody is told anything."""

    async def fetch_for(self, rows: database.Rows, query: str, *values: object) -> list[asyncpg.Record]:
        """The query as it is."""
        found: list[asyncpg.Record] = await self.fetch(query, *values)
        return found


if __name__ == "__main__":
    database.CONNECTION = _Untold
    main()
