"""All that speaks to the national database does so in one process: the pace that was set is one, however many run."""

import asyncio

import pytest

from shared.web import background
from shared.web.background import Worker
from shared.web.database import Connection, open_pool
from tests.conftest import Database

KINDS = ("telling", "comparing", "reading")


class Instance:
    """A process of the service, as far as its consumers go."""

    def __init__(self, name: str, said: list[tuple[str, str]]) -> None:
        self.name, self._said = name, said

    async def open(self, url: str) -> None:
        self.pool = await open_pool(url, size=5, name=self.name)
        telling, *others = [Worker(self.pool, f"test.{kind}", self._round(kind), idle=0.02) for kind in KINDS]
        self.workers = [telling, *(other.only_where(telling) for other in others)]

    def _round(self, kind: str) -> background.Round:
        async def one(connection: Connection) -> bool:
            self._said.append((kind, self.name))
            return False

        return one

    async def stop(self) -> None:
        for worker in self.workers:
            await worker.stop()
        await self.pool.close()


async def test_what_shares_a_pace_is_done_in_one_process(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.05)
    said: list[tuple[str, str]] = []
    instances = {name: Instance(name, said) for name in ("a", "b", "c")}
    for instance in instances.values():
        await instance.open(database.url("motcua_intake"))
        for worker in instance.workers[1:]:
            worker.start()
    await asyncio.sleep(0.2)
    for instance in reversed(instances.values()):  # what tells begins last, and elsewhere
        instance.workers[0].start()
    try:
        leaders = []
        for _ in range(2):
            await asyncio.sleep(0.6)
            said.clear()
            await asyncio.sleep(0.4)
            (leader,) = {name for _, name in said}
            assert {kind for kind, _ in said} == set(KINDS)
            leaders.append(leader)
            await instances.pop(leader).stop()
        assert len(set(leaders)) == 2, "another takes over all of it"
    finally:
        for instance in instances.values():
            await instance.stop()
