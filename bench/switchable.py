"""`python -m bench.switchable serve ROOM`: the services, which go on as if there were no second wall when they are told
to (SIGUSR1), and back (SIGUSR2). Then no connection is told for whom it reads; the policies are switched in the
database."""

import signal

import asyncpg

from services.__main__ import main
from shared.web import database

WITHOUT, WITH = signal.SIGUSR1, signal.SIGUSR2


class _Switchable(database.Tellable):
    telling = True

    async def read_for(self, rows: database.Rows) -> None:
        """Nobody is told anything while there is no wall."""
        if _Switchable.telling:
            await super().read_for(rows)

    async def fetch_for(self, rows: database.Rows, query: str, *values: object) -> list[asyncpg.Record]:
        """The query as it is, while there is no wall."""
        if _Switchable.telling:
            return await super().fetch_for(rows, query, *values)
        found: list[asyncpg.Record] = await self.fetch(query, *values)
        return found


def _switch(number: int, _: object) -> None:
    _Switchable.telling = number == WITH


if __name__ == "__main__":
    signal.signal(WITHOUT, _switch)
    signal.signal(WITH, _switch)
    database.CONNECTION = _Switchable
    main()
