"""What leads into an index without policies leads there under them: Postgres lets nothing that might tell of a row come
before a policy, and a search of all rows would be the price."""

import re
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from intake_service.access_records import store as access_records
from intake_service.anchors import store as anchors
from intake_service.dossiers import store as dossiers
from intake_service.lifecycle import store as lifecycle
from intake_service.numbers import store as numbers
from routing_service.cases import store as cases
from routing_service.reorganisations import store as reorganisations
from routing_service.webhook_deliveries import store as webhooks
from shared.tables.policies import SCOPED
from tests.conftest import Database
from tests.rows.conftest import session

INTAKE, ROUTING = SCOPED
SCOPE = frozenset({1, 2, 3})
ROWS = "{[1,4)}"
MOMENT = datetime(2026, 11, 27, tzinfo=UTC)


class Explained:
    """A session that shows how a statement would be carried out, and finds nothing."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plan = self.sql = ""

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        self.sql = sql
        rows = await self._connection.fetch(f"EXPLAIN {sql}", *values)
        self.plan = "\n".join(row[0] for row in rows)
        return []

    async def fetchrow(self, sql: str, *values: Any) -> None:
        await self.fetch(sql, *values)

    fetchval = fetchrow


NUMBER = dossiers.Number([bytes(33)], ["045190000001"])
DOSSIER = r"pk_dossier on dossier d [^\n]*\n *Index Cond: \(id = "
CASE = r"pk_dossier_case on dossier_case c[^\n]*\n *Index Cond: \(dossier_id = "
WAYS: dict[str, tuple[str, Any, str]] = {
    "a dossier": (INTAKE, lambda c: dossiers.find(c, "x", SCOPE), DOSSIER),
    "an act": (INTAKE, lambda c: lifecycle.locked(c, "x", SCOPE), DOSSIER),
    "many acts": (
        INTAKE,
        lambda c: lifecycle.all_locked(c, ["x", "y"], SCOPE),
        DOSSIER,
    ),
    "keys of numbers": (INTAKE, numbers.specimens, r"ix_applicant_id_index[^\n]*\n *Index Cond"),
    "the events since an anchor": (
        INTAKE,
        lambda c: c.fetch(anchors._REACH),
        r"ix_dossier_event_log[^\n]*\n *Index Cond: \(txid >= ",
    ),
    "records of a dossier": (
        INTAKE,
        lambda c: access_records.listed(c, access_records.Filter([1], dossier_id=7), below=None, limit=5),
        r"ix_access_record_dossiers[^\n]*\n *Index Cond",
    ),
    "cases to be changed": (
        ROUTING,
        lambda c: cases.locked(c, ["x", "y"]),
        CASE,
    ),
    "cases that are moved": (
        ROUTING,
        lambda c: reorganisations.open_dossiers(c, ["x", "y"]),
        CASE,
    ),
    "events that webhooks are told of": (
        ROUTING,
        lambda c: webhooks.events_after(c, webhooks.Position("7", 7), 10),
        r"ix_dossier_event_log[^\n]*\n *Index Cond: \(\(ROW\(txid, id\) > ",
    ),
    "movements that webhooks are told of": (
        ROUTING,
        lambda c: webhooks.movements_after(c, webhooks.Position("7", 0), 10),
        r"ix_hand_over_log[^\n]*\n *Index Cond: \(\(txid > ",
    ),
    "the end of the log of events": (
        ROUTING,
        lambda c: c.fetch(webhooks._LAST_EVENT),
        r"Index Scan Backward using ix_dossier_event_log[^\n]*\n *Index Cond: \(txid < ",
    ),
    "the end of the log of movements": (
        ROUTING,
        lambda c: c.fetch(webhooks._LAST_MOVEMENT),
        r"Index Scan Backward using ix_hand_over_log[^\n]*\n *Index Cond: \(txid < ",
    ),
    "dates that come": (
        ROUTING,
        lambda c: webhooks.coming(c, 1, [1, 2], MOMENT, MOMENT, "overdue", 10),
        r"ix_dossier_open [^\n]*\n *Index Cond: \(\(late_from > ",
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_it_leads_into_its_index(database: Database, way: str) -> None:
    role, ask, wanted = WAYS[way]
    async with session(database, role, ROWS) as connection:
        # Tables without rows are read whole, whatever stands in the way of their indexes.
        await connection.execute("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
        await connection.execute("SET enable_indexonlyscan = off")
        explained = Explained(connection)
        if way == "cases to be changed":
            await explained.fetch(cases._LOCK, ["x", "y"])
        else:
            await ask(explained)
        assert re.search(wanted, explained.plan), explained.plan


SOUGHT = {
    "name_search LIKE '%nguyen%'": ("applicant", "ix_applicant_name_search"),
    "upper(replace(id_number, ' ', '')) = '045' AND id_index IS NULL": ("applicant", "ix_applicant_id_number"),
    "dossiers @> ARRAY[7::bigint]": ("access_record", "ix_access_record_dossiers"),
}


@pytest.mark.parametrize("sought", SOUGHT)
async def test_what_is_sought_past_the_policies_is_found_by_its_index(database: Database, sought: str) -> None:
    """And would not be within them: so it is looked up in a view that has only what it is found by."""
    table, index = SOUGHT[sought]
    async with session(database, INTAKE, ROWS) as connection:
        await connection.execute("SET enable_seqscan = off")
        explained = Explained(connection)
        for name, leads in ((f"{table}_key", True), (table, False)):
            await explained.fetch(f"SELECT FROM {name} WHERE {sought}")
            assert bool(re.search(rf"{index}[^\n]*\n *Index Cond", explained.plan)) is leads, explained.plan


@pytest.mark.parametrize("side", [{"name": "nguyen"}, {"phone": "0905123123"}, {"id_number": NUMBER}])
async def test_a_search_is_made_there(database: Database, side: dict[str, Any]) -> None:
    async with session(database, INTAKE, ROWS) as connection:
        explained = Explained(connection)
        await dossiers.listed(explained, dossiers.Filter([1], **side), before=None, limit=5)  # type: ignore[arg-type]
    assert " k ON k.dossier_id = d.id" in explained.sql
