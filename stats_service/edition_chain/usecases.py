"""The verbs of the chain of editions: add an edition to it, verify it."""

from collections.abc import AsyncIterator, Sequence

from shared.domain.differences import Difference
from shared.web.checks import Check
from shared.web.database import Connection, Writing
from stats_service.edition_chain import rules, store
from stats_service.edition_chain.rules import Anchor, Link
from stats_service.editions.rules import Edition
from stats_service.editions.store import every


async def linked(connection: Writing, edition: Edition) -> Link:
    """Bind an edition that is kept in this transaction to the one before it."""
    before = await store.last(connection)
    number = before.number + 1 if before else 1
    link = Link(number, edition.id, rules.seal(before.seal if before else b"", number, edition))
    await store.add(connection, link)
    return link


class EditionChain(Check):
    """The chain has no gap, every edition stands in it as it was sealed, and it holds what was noted outside."""

    role = "motcua_stats"

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        super().__init__()
        self._anchors = anchors

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """All of it at the end: it is as short as there are editions."""
        links, editions = await store.every(connection), {one.id: one for one in await every(connection)}
        self.seen["edition_links"] = len(links)
        for difference in rules.differences(links, editions, self._anchors):
            yield difference
