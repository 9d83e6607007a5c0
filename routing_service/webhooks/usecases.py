"""The verbs of webhooks: make one, change it, let it pause and go on, delete it, give it another secret."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes

from routing_service.webhook_deliveries.sending import Resolve, may_send, resolved
from routing_service.webhooks import rules, store
from routing_service.webhooks.rules import WebhookRow
from shared.contracts.webhooks import WebhookChange, WebhookIn
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.app import Room
from shared.web.auth import Principal
from shared.web.database import EVERY_ROW, Connection, Reading, Writing
from shared.web.idempotency import RequestKey, answered, claimed
from shared.web.keyring import WEBHOOKS, Keyring
from shared.web.metrics import Totals
from shared.web.problems import Problem, Reason, invalid
from shared.web.targets import Allowed, Wrong, target_of

#: Of a secret, as Standard Webhooks has it: 24 to 64 bytes.
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook with its secret, and whether an earlier request had made it."""

    row: WebhookRow
    secret: str
    replayed: bool = False


async def need_target(url: str, allowed: Allowed, resolve: Resolve = resolved) -> None:
    """Refuse an address to which nothing may be sent; the same is asked at every sending. That a name is not known and
    that it is the intranet's is the same refusal: whoever asks learns nothing of our network."""
    target = target_of(url, allowed)
    if isinstance(target, Wrong):
        raise invalid("url", target.code)
    if not await may_send(target, allowed, resolve):
        raise invalid("url", "target_not_allowed")


async def create(
    connection: Writing,
    reference: Reference,
    principal: Principal,
    asked: WebhookIn,
    *,
    allowed: Allowed,
    ring: Keyring,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """Make a webhook; its secret is shown now. A request that is repeated with its key is answered the same."""
    agency_id = rules.agency_of(asked.agency, principal, reference, civil_day(now))
    if isinstance(agency_id, Problem):
        raise agency_id
    if ring.prefix is None:
        raise Problem("conflict", Reason("", "keys_missing"))
    await need_target(asked.url, allowed)  # before anything is written: it takes its time
    earlier = await claimed(connection, "routing", request, 201, "")
    if earlier is not None:
        return await _shown_again(connection, int(earlier), ring)
    await store.lock(connection)
    refused = rules.too_many(*await store.counted(connection, agency_id))
    if refused is not None:
        raise refused
    secret = _new_secret()
    made = await store.add(
        connection,
        agency_id,
        asked,
        secret=ring.seal(secret, WEBHOOKS),
        by=principal.subject,
        at=now,
    )
    await answered(connection, "routing", request, str(made.id))
    return Shown(made, secret)


async def one(
    connection: Reading | Writing, webhook_id: int, principal: Principal, *, lock: bool = False
) -> WebhookRow:
    """A webhook that the caller may see."""
    found = rules.visible(await store.find(connection, webhook_id, lock=lock), principal)
    if isinstance(found, Problem):
        raise found
    return found


async def listed(connection: Reading, agencies: Sequence[int], *, after: int, limit: int) -> Sequence[WebhookRow]:
    """A page of the webhooks of agencies, and one more if there is a next page."""
    return await store.listed(connection, agencies, after=after, limit=limit + 1)


async def _to_change(connection: Writing, webhook_id: int, principal: Principal, expected: int | None) -> WebhookRow:
    found = await one(connection, webhook_id, principal, lock=True)
    if expected is not None and expected != found.version:
        raise Problem("version_changed")
    return found


async def change(
    connection: Writing,
    principal: Principal,
    webhook_id: int,
    asked: WebhookChange,
    *,
    allowed: Allowed,
    expected_version: int | None,
    now: datetime,
) -> WebhookRow:
    """Let a webhook be told of other things, or elsewhere. What waits goes where it says now."""
    await one(connection, webhook_id, principal)
    await need_target(asked.url, allowed)
    found = await _to_change(connection, webhook_id, principal, expected_version)
    return await store.change(connection, found.id, asked, by=principal.subject, at=now)


async def put_state(
    connection: Writing,
    principal: Principal,
    webhook_id: int,
    state: str,
    *,
    expected_version: int | None,
    now: datetime,
) -> WebhookRow:
    """Let a webhook pause or go on, after its target was gone too. The same twice changes nothing."""
    found = await _to_change(connection, webhook_id, principal, expected_version)
    if found.state == state and found.resting_until is None:
        return found
    return await store.put_state(connection, found.id, state, by=principal.subject, at=now)


async def delete(
    connection: Writing, principal: Principal, webhook_id: int, *, expected_version: int | None, now: datetime
) -> WebhookRow:
    """Delete a webhook: nothing is sent there any more."""
    found = await _to_change(connection, webhook_id, principal, expected_version)
    return await store.delete(connection, found.id, by=principal.subject, at=now)


async def rotate(
    connection: Writing,
    principal: Principal,
    webhook_id: int,
    overlap: timedelta,
    *,
    ring: Keyring,
    expected_version: int | None,
    request: RequestKey | None,
    now: datetime,
) -> Shown:
    """Give a webhook another secret, shown now; the one before signs beside it for as long as is said."""
    if ring.prefix is None:
        raise Problem("conflict", Reason("", "keys_missing"))
    await one(connection, webhook_id, principal)
    earlier = await claimed(connection, "routing", request, 200, str(webhook_id))
    if earlier is not None:
        return await _shown_again(connection, webhook_id, ring)
    found = await _to_change(connection, webhook_id, principal, expected_version)
    secret, until = _new_secret(), now + overlap if overlap else None
    row = await store.rotate(connection, found.id, ring.seal(secret, WEBHOOKS), until, by=principal.subject, at=now)
    return Shown(row, secret)


async def counted(room: Room) -> Totals:
    """What became of messages, for Prometheus: of all there ever were, whichever process sent them."""
    async with room.pool.acquire(EVERY_ROW) as connection:
        delivered, failed, dead = await store.totals(connection)
    outcomes = {"delivered": delivered, "failed": failed, "dead": dead}
    return Totals("motcua_webhook_deliveries", "Messages delivered and given up, attempts failed", outcomes)


async def seal_secrets(connection: Connection, ring: Keyring, *, undo: bool) -> int:
    """Bring all secrets under the first key, or open them; how many. Raises KeyMissing."""
    into = Keyring() if undo else ring

    def anew(kept: str | None) -> str | None:
        return into.seal(ring.unseal(kept, WEBHOOKS), WEBHOOKS)

    async with connection.transaction():
        rows = await store.secrets(connection)
        await store.put_secrets(
            connection, [(row["id"], anew(row["secret"]), anew(row["previous_secret"])) for row in rows]
        )
    return len(rows)


async def _shown_again(connection: Writing, webhook_id: int, ring: Keyring) -> Shown:
    row = await store.find(connection, webhook_id)
    if row is None or row.secret is None:
        raise Problem("not_found")
    secret = ring.unseal(row.secret, WEBHOOKS)
    assert secret is not None, "what is sealed is opened, or raises"
    return Shown(row, secret, replayed=True)


def _new_secret() -> str:
    return f"whsec_{b64encode(token_bytes(_SECRET_BYTES)).decode()}"
