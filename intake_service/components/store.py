"""The SQL of lists of components. One that another took the place of stays, and never holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from intake_service.components.rules import ListRow
from shared.web.database import Connection, Writing


async def lock(connection: Writing) -> None:
    """Two changes at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE component_list IN SHARE ROW EXCLUSIVE MODE")


async def of_version(connection: Connection, version_id: int) -> list[ListRow]:
    """The lists of a version of a procedure that hold or are to hold, by their first days."""
    return (await of_versions(connection, [version_id])).get(version_id, [])


async def of_versions(connection: Connection, versions: Sequence[int]) -> dict[int, list[ListRow]]:
    """The same of several versions; one without lists is not among them."""
    rows = await connection.fetch(
        "SELECT id, valid_from, components, decision, reason, version_id FROM component_list"
        " WHERE version_id = ANY($1::int[]) AND NOT replaced ORDER BY valid_from",
        list(versions),
    )
    found: dict[int, list[ListRow]] = defaultdict(list)
    for row in rows:
        found[row["version_id"]].append(ListRow(row[0], row[1], orjson.loads(row[2]), row[3], row[4]))
    return found


@dataclass(frozen=True, slots=True)
class By:
    """Who enters a list, when, by which decision and why."""

    subject: str
    at: datetime
    decision: str
    reason: str


async def replace(connection: Writing, ids: Sequence[int]) -> None:
    """Say of lists that another took their place before they held."""
    await connection.execute("UPDATE component_list SET replaced = true WHERE id = ANY($1::int[])", list(ids))


async def enter(
    connection: Writing, version_id: int, begin: date, components: Sequence[Mapping[str, Any]], by: By
) -> None:
    """Store a list."""
    await connection.execute(
        "INSERT INTO component_list (version_id, valid_from, components, decision, reason, entered_by, entered_at)"
        " VALUES ($1, $2, $3::text::jsonb, $4, $5, $6, $7)",
        version_id,
        begin,
        orjson.dumps(list(components)).decode(),
        by.decision,
        by.reason,
        by.subject,
        by.at,
    )
