"""The SQL of webhooks."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from routing_service.webhooks.rules import WebhookRow
from shared.contracts.webhooks import WebhookChange
from shared.web.database import Connection, Reading

_COLUMNS = (
    "id, agency_id, url, kinds, due_soon_days, description, state, disabled_reason, secret, previous_secret,"
    " previous_until, failures, resting_until, delivered, failed, dead, created_at, created_by, version"
)


async def lock(connection: Connection) -> None:
    """Two that are made at once: the second waits, and counts the first."""
    await connection.execute("LOCK TABLE webhook IN SHARE ROW EXCLUSIVE MODE")


async def counted(connection: Connection, agency_id: int) -> tuple[int, int]:
    """How many an agency has, and how many there are, whosever they are."""
    row = await connection.fetchrow(
        "SELECT count(*) FILTER (WHERE agency_id = $1), count(*) FROM webhook_key WHERE state <> 'deleted'", agency_id
    )
    assert row is not None, "an aggregate has a row"
    return row[0], row[1]


async def add(
    connection: Connection,
    agency_id: int,
    asked: WebhookChange,
    *,
    secret: str | None,
    by: str,
    at: datetime,
) -> WebhookRow:
    """Write a webhook."""
    row = await connection.fetchrow(
        "INSERT INTO webhook (agency_id, url, kinds, due_soon_days, description, secret, created_at, created_by,"
        f" changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8) RETURNING {_COLUMNS}",
        agency_id,
        asked.url,
        list(dict.fromkeys(asked.kinds)),
        asked.due_soon_days,
        asked.description,
        secret,
        at,
        by,
    )
    return _webhook(row)


async def find(connection: Connection | Reading, webhook_id: int, *, lock: bool = False) -> WebhookRow | None:
    """A webhook; locked until the transaction ends if it is to be changed."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM webhook WHERE id = $1{' FOR UPDATE' if lock else ''}", webhook_id
    )
    return _webhook(row) if row is not None else None


async def listed(
    connection: Connection | Reading, agencies: Sequence[int], *, after: int, limit: int
) -> list[WebhookRow]:
    """The webhooks of agencies, by number, after `after`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM webhook WHERE agency_id = ANY($1) AND state <> 'deleted' AND id > $2"
        " ORDER BY id LIMIT $3",
        list(agencies),
        after,
        limit,
    )
    return [_webhook(row) for row in rows]


async def collecting(connection: Connection) -> list[WebhookRow]:
    """Those for which messages are made: a paused one is told later."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM webhook WHERE state IN ('active', 'paused') ORDER BY id")
    return [_webhook(row) for row in rows]


_CHANGED = "changed_at = $2, changed_by = $3, version = version + 1"
#: Whoever says anew where messages go, or that they may, has looked at it: it is tried at once.
_RESTED = "failures = 0, resting_until = NULL"


async def change(
    connection: Connection,
    webhook_id: int,
    asked: WebhookChange,
    *,
    by: str,
    at: datetime,
) -> WebhookRow:
    """Change a locked webhook."""
    row = await connection.fetchrow(
        f"UPDATE webhook SET url = $4, kinds = $5, due_soon_days = $6, description = $7, {_RESTED}, {_CHANGED}"
        f" WHERE id = $1 RETURNING {_COLUMNS}",
        webhook_id,
        at,
        by,
        asked.url,
        list(dict.fromkeys(asked.kinds)),
        asked.due_soon_days,
        asked.description,
    )
    return _webhook(row)


async def put_state(connection: Connection, webhook_id: int, state: str, *, by: str, at: datetime) -> WebhookRow:
    """Let a locked webhook be active or paused."""
    row = await connection.fetchrow(
        f"UPDATE webhook SET state = $4, disabled_reason = NULL, {_RESTED}, {_CHANGED} WHERE id = $1"
        f" RETURNING {_COLUMNS}",
        webhook_id,
        at,
        by,
        state,
    )
    return _webhook(row)


async def delete(connection: Connection, webhook_id: int, *, by: str, at: datetime) -> WebhookRow:
    """Delete a locked webhook with its secrets. That it was there, and what it was sent, stays; what waits is over."""
    await connection.execute(
        "UPDATE webhook_message SET state = 'dead', ended_at = $2, claimed_until = NULL"
        " WHERE webhook_id = $1 AND state = 'waiting'",
        webhook_id,
        at,
    )
    row = await connection.fetchrow(
        "UPDATE webhook SET state = 'deleted', disabled_reason = NULL, secret = NULL, previous_secret = NULL,"
        f" previous_until = NULL, {_CHANGED} WHERE id = $1 RETURNING {_COLUMNS}",
        webhook_id,
        at,
        by,
    )
    return _webhook(row)


async def rotate(
    connection: Connection,
    webhook_id: int,
    secret: str | None,
    previous_until: datetime | None,
    *,
    by: str,
    at: datetime,
) -> WebhookRow:
    """Give a locked webhook another secret; the one that it had signs too until then, if at all."""
    row = await connection.fetchrow(
        "UPDATE webhook SET secret = $4, previous_secret = CASE WHEN $5::timestamptz IS NOT NULL THEN secret END,"
        f" previous_until = $5, {_CHANGED} WHERE id = $1 RETURNING {_COLUMNS}",
        webhook_id,
        at,
        by,
        secret,
        previous_until,
    )
    return _webhook(row)


async def secrets(connection: Connection) -> list[asyncpg.Record]:
    """All secrets, sealed, locked."""
    return await connection.fetch(
        "SELECT id, secret, previous_secret FROM webhook WHERE secret IS NOT NULL ORDER BY id FOR UPDATE"
    )


async def put_secrets(connection: Connection, rows: Sequence[tuple[int, str | None, str | None]]) -> None:
    """Write secrets that were sealed anew. Nothing else of a webhook changes, nor does its version."""
    await connection.executemany("UPDATE webhook SET secret = $2, previous_secret = $3 WHERE id = $1", rows)


async def totals(connection: Connection | Reading) -> tuple[int, int, int]:
    """Messages delivered, attempts failed, messages given up, of all there ever were."""
    row = await connection.fetchrow(
        "SELECT coalesce(sum(delivered), 0)::bigint, coalesce(sum(failed), 0)::bigint, coalesce(sum(dead), 0)::bigint"
        " FROM webhook"
    )
    assert row is not None, "an aggregate has a row"
    return row[0], row[1], row[2]


def _webhook(row: asyncpg.Record | None) -> WebhookRow:
    assert row is not None, "RETURNING gives the row"
    return WebhookRow(**{**row, "kinds": tuple(row["kinds"])})
