"""Who follows a log reads a window of it, and for each event what belongs to it: not whole tables, however Postgres
plans. It plans once for windows of any size, and of one of unknown size it expects a tenth of the log."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.national import store as national
from intake_service.outbox import store as outbox
from routing_service.webhook_deliveries import store as webhooks
from services.local_issuer import LocalIssuer
from shared.tables.policies import EVERY_ROW, SCOPED
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.importing import a_record, ndjson, sent
from tests.rows.conftest import session
from tests.support import PROVINCE, bearer, serving, settings_for

INTAKE, ROUTING = SCOPED
DOSSIERS, WINDOW = 5_000, 50

_MESSAGES = """
INSERT INTO national_message (dossier_id, seq, round, step, agency_id, state, queued_at, ready_at, settled_at)
SELECT dossier_id, seq, 0, step, agency_id, CASE WHEN dossier_id % 3 = 0 THEN 'waiting' ELSE 'taken' END, recorded_at,
  CASE WHEN dossier_id % 3 = 0 AND seq = 1 AND step = 0 THEN recorded_at END,
  CASE WHEN dossier_id % 3 <> 0 THEN recorded_at END
FROM dossier_event CROSS JOIN generate_series(0, 1) AS step
"""
_CASES = """
INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at) SELECT id, agency_id, agency_id, accepted_at
FROM dossier
"""
_MOVEMENTS = """
INSERT INTO hand_over (dossier_id, seq, kind, from_agency_id, to_agency_id, actor, acting_agency_id, occurred_at,
  recorded_at)
SELECT id, 1, 'hand_over', agency_id, agency_id + 1, 'a', agency_id, accepted_at, accepted_at FROM dossier
WHERE id % $2 = $1
"""


class Measured:
    """A session that carries a statement out as a prepared one, and tells how many rows of tables that took."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.read = 0.0
        self.plan = ""

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        kinds = await self._connection.prepare(sql)
        types = ", ".join(kind.name for kind in kinds.get_parameters())
        await self._connection.execute(f"PREPARE asked ({types}) AS {sql}")
        given = ", ".join(f"'{value}'" for value in values)
        explained = await self._connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({given})")
        await self._connection.execute("DEALLOCATE asked")
        self.plan = explained
        self.read = sum(_scanned(json.loads(explained)[0]["Plan"]))
        return []


def _scanned(node: dict[str, Any]) -> Iterator[float]:
    if "Relation Name" in node:
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
        yield (node["Actual Rows"] + dropped) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _scanned(inner)


BEGINNING = outbox.Position("0", 0)
FOLLOWERS: dict[str, tuple[str, Any]] = {
    "what routing is told": (INTAKE, lambda c: outbox.events_after(c, BEGINNING, WINDOW)),
    "what the national database is told of": (INTAKE, lambda c: national.events_after(c, BEGINNING, WINDOW)),
    "messages that may be sent": (INTAKE, lambda c: national.ready(c, now(), WINDOW)),
    "events that webhooks are told of": (
        ROUTING,
        lambda c: webhooks.events_after(c, webhooks.Position("0", 0), WINDOW),
    ),
    "movements that webhooks are told of": (
        ROUTING,
        lambda c: webhooks.movements_after(c, webhooks.Position("0", 0), WINDOW),
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(database: Database, issuer: LocalIssuer) -> Database:
    """Many more dossiers than a window holds, all of them told of in part."""
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        await sent(client, ndjson(a_record(n) for n in range(DOSSIERS)))
    owner = await asyncpg.connect(database.owner_url)
    for statement in (_MESSAGES, _CASES):
        await owner.execute(statement)
    for part in range(DOSSIERS // WINDOW):  # a transaction each: those of one are read together
        await owner.execute(_MOVEMENTS, part, DOSSIERS // WINDOW)
    await owner.execute("VACUUM (ANALYZE)")
    await owner.close()
    return database


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("follower", FOLLOWERS)
async def test_it_reads_what_its_window_holds(filled: Database, follower: str, mode: str) -> None:
    role, ask = FOLLOWERS[follower]
    async with session(filled, role, EVERY_ROW) as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        measured = Measured(connection)
        await ask(measured)
    assert WINDOW <= measured.read <= 12 * WINDOW, measured.plan


@pytest.mark.parametrize("follow", [outbox.events_after, national.events_after])
async def test_transactions_follow_each_other_as_numbers(filled: Database, follow: Any) -> None:
    """1000 comes behind 999: read in the order of texts, what stands between them would be passed over for good."""
    owner = await asyncpg.connect(filled.owner_url)
    await owner.execute("SET session_replication_role = replica")
    undone = owner.transaction()
    await undone.start()
    first = [row[0] for row in await owner.fetch("SELECT id FROM dossier_event ORDER BY id LIMIT 40")]
    await owner.execute(
        "UPDATE dossier_event SET txid = (CASE WHEN id <= $1 THEN '99' ELSE '100' END)::xid8 WHERE id <= $2",
        first[19],
        first[-1],
    )
    read = await follow(owner, BEGINNING, 30)
    rest = await follow(owner, outbox.Position(read[-1]["txid"], read[-1]["id"]), 10)
    await undone.rollback()
    await owner.close()
    assert [row["id"] for row in (*read, *rest)] == first
