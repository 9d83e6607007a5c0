"""A request repeated with its Idempotency-Key has one effect. Kept per subject: keys of others are not visible."""

import hmac
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request

from shared.web.background import Worker
from shared.web.database import Connection, Pool
from shared.web.parameters import spelled
from shared.web.problems import Problem, invalid

#: How long a repeated request is recognised.
KEPT_HOURS = 24
FORGET_SECONDS = 600.0

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Any string unique to this request. Repeating the request with it has no second effect.",
        examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"],
    ),
]


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes two requests the same: who, where, which key, and what was sent."""

    subject: str
    route: str
    key: str
    body_hash: bytes

    @classmethod
    async def of(cls, request: Request, subject: str, key: str | None) -> "RequestKey | None":
        """The key of a request, or None when the client sent none. Where: its method and its address, as spelled."""
        if key is None:
            return None
        if not key or not key.isprintable():
            raise invalid("Idempotency-Key", "malformed", expected="1-200 printable characters")
        route = f"{request.method} {spelled(request.scope['path'])}"
        # Keyed: whoever has the tables, where the rest of a body stands, would try identity numbers out.
        secret = request.app.state.room.settings.cursor_key.get_secret_value().encode()
        return cls(subject, route, key, hmac.digest(secret, await request.body(), sha256))


def by_name(request: RequestKey | None, code: str, name: str) -> RequestKey | None:
    """The same request, whichever of a dossier's codes its address spells: its code, its reference, another system's.
    `name`: the one that never changes."""
    if request is None or code == name:
        return request
    return replace(request, route=request.route.replace(f"/{code}/", f"/{name}/", 1))


async def claimed(
    connection: Connection, room: str, request: RequestKey | None, status: int, resource: str
) -> str | None:
    """Claim the key in this transaction. None: go on, the effect is yours. Else the resource that a first request
    made, and nothing is to be done. A concurrent first request is waited for."""
    if request is None:
        return None
    made = await connection.fetchval(
        f"INSERT INTO {room}_idempotency (subject, route, key, body_hash, status, resource)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true",
        request.subject,
        request.route,
        request.key,
        request.body_hash,
        status,
        resource,
    )
    return None if made else await earlier(connection, room, request)


async def answered(connection: Connection, room: str, request: RequestKey | None, resource: str) -> None:
    """What a request made that has claimed its key before it could know."""
    if request is not None:
        await connection.execute(
            f"UPDATE {room}_idempotency SET resource = $4 WHERE subject = $1 AND route = $2 AND key = $3",
            request.subject,
            request.route,
            request.key,
            resource,
        )


async def earlier(connection: Connection, room: str, request: RequestKey) -> str:
    """The resource that an earlier request with this key made; a Problem if that request was a different one."""
    row = await connection.fetchrow(
        f"SELECT body_hash, resource FROM {room}_idempotency WHERE subject = $1 AND route = $2 AND key = $3",
        request.subject,
        request.route,
        request.key,
    )
    if row is None:
        raise Problem("conflict")
    if row["body_hash"] != request.body_hash:
        raise Problem("idempotency_key_reused")
    return str(row["resource"])


def forgetting_worker(pool: Pool, room: str) -> Worker:
    """The consumer that lets keys go that are older than KEPT_HOURS, a few thousand at a time."""

    async def work(connection: Connection) -> bool:
        gone = await connection.fetch(
            f"DELETE FROM {room}_idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM {room}_idempotency"
            f" WHERE created_at < now() - interval '{KEPT_HOURS} hours' LIMIT 5000)) RETURNING 1"
        )
        return bool(gone)

    return Worker(pool, f"{room}.forget_keys", work, idle=FORGET_SECONDS)
