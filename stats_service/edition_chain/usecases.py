"""The verbs of the chain of editions: add a link, read it."""

from collections.abc import Callable

from shared.web.database import Connection, Writing
from stats_service.edition_chain import rules, store
from stats_service.edition_chain.rules import Link


async def alone(connection: Writing) -> None:
    """Nobody else seals before the transaction ends. Asked for before an edition gets its id, so that ids stand in the
    order of the links: migration 0013 binds by id, and gives each edition the seal that it had."""
    await store.alone(connection)


async def linked(connection: Writing, edition_id: int, said: Callable[[int], bytes]) -> Link:
    """Bind an edition that is kept in this transaction, and alone, to the one before it. said: what it says, as the
    link of a number."""
    before = await store.last(connection)
    number = before.number + 1 if before else 1
    link = Link(number, edition_id, rules.seal(before.seal if before else b"", said(number)))
    await store.add(connection, link)
    return link


async def links(connection: Connection) -> list[Link]:
    """All links, in order."""
    return await store.every(connection)
