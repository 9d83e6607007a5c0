"""The SQL of the chain of editions: its links are added one after the other, and read in order."""

from shared.web.database import Connection, Writing
from stats_service.edition_chain.rules import Link

#: Whoever adds a link holds this until it is committed: the chain is one line.
_ALONE = 7_366_013


async def alone(connection: Writing) -> None:
    """Nobody else adds a link before the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _ALONE)


async def last(connection: Connection) -> Link | None:
    """The last link."""
    row = await connection.fetchrow("SELECT number, edition_id, seal FROM edition_link ORDER BY number DESC LIMIT 1")
    return Link(*row) if row else None


async def add(connection: Writing, link: Link) -> None:
    """Add a link."""
    await connection.execute("INSERT INTO edition_link (number, edition_id, seal) VALUES ($1, $2, $3)", *link)


async def every(connection: Connection) -> list[Link]:
    """All links, in order."""
    rows = await connection.fetch("SELECT number, edition_id, seal FROM edition_link ORDER BY number")
    return [Link(*row) for row in rows]
