"""Routing's words about a person's dossiers: told, erased."""

from collections.abc import Sequence
from typing import Any

from routing_service.persons import store
from shared.domain.civil_time import shown
from shared.web.database import Connection


async def words(connection: Connection, dossiers: Sequence[int]) -> list[dict[str, Any]]:
    """Every note, question and answer about these dossiers."""
    return [{**row, "at": shown(row["at"])} for row in await store.words(connection, dossiers)]


async def erase(connection: Connection, dossiers: Sequence[int]) -> None:
    """Take them away, in the caller's transaction."""
    await store.erase(connection, dossiers)
