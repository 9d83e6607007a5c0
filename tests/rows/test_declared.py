"""Every table with rows of dossiers or agencies has a policy, or is named with the reason why it has none; and the
database has what is declared (shared/tables/policies.py)."""

import re
from pathlib import Path

import asyncpg
import pytest
from fastapi.routing import APIRoute

from services.serve import app_of
from shared.tables.declared import metadata
from shared.tables.grants import ROLES, TABLE_GRANTS
from shared.tables.policies import OPEN, POLICIES, SCOPED, UNSCOPED, statements, undoing
from shared.web.auth import allowed, right_of
from shared.web.database import _figures_at_length, _reading, _untold, _writing
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
#: A column of such a name says whose a row is.
_WHOSE = re.compile(r"(^|_)(dossier_id|dossiers|agency_id|holder_id|(predecessor|successor)_id)$")
_MADE = """
SELECT tablename || ' ' || policyname || ' ' || cmd || roles::text || coalesce(qual, '') || coalesce(with_check, '')
FROM pg_policies
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  AND proname IN ('row_scope', 'every_row', 'takes_part')
UNION ALL SELECT relname || pg_get_viewdef(oid) FROM pg_class
WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace
UNION ALL SELECT relname FROM pg_class WHERE relrowsecurity
ORDER BY 1
"""


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_table_says_whose_its_rows_are_or_why_that_does_not_matter(table: object) -> None:
    name, columns = table.name, table.columns  # type: ignore[attr-defined]
    whose = [column.name for column in columns if _WHOSE.search(column.name)]
    assert not whose or name in POLICIES or OPEN.get(name), (
        f"{name} has {', '.join(whose)}: every table with rows of a dossier or of an agency has a policy in"
        " shared/tables/policies.py:POLICIES, or stands in OPEN with the reason why it needs none"
    )
    assert not (name in POLICIES and name in OPEN), f"{name} has a policy: it does not stand in OPEN"


def test_nothing_is_declared_of_tables_that_are_not_there() -> None:
    assert {*POLICIES, *OPEN} <= set(metadata.tables)


async def test_the_database_has_what_is_declared(fresh_database: Database) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    migrated = [row[0] for row in await owner.fetch(_MADE)]
    for statement in [*undoing(), *statements()]:
        await owner.execute(statement)
    declared = [row[0] for row in await owner.fetch(_MADE)]
    await owner.close()
    assert migrated == declared, "what shared/tables/policies.py declares, the migrations make: write another migration"
    assert len([one for one in migrated if one in POLICIES]) == len(POLICIES), "row-level security is switched on"


@pytest.mark.parametrize("table", POLICIES)
async def test_a_policy_is_for_every_role_that_reads_the_table(database: Database, table: str) -> None:
    owner = await asyncpg.connect(database.owner_url)
    rows = await owner.fetch("SELECT policyname, roles::text[] AS roles FROM pg_policies WHERE tablename = $1", table)
    await owner.close()
    found = {row["policyname"]: set(row["roles"]) for row in rows}
    assert found.pop("seen") == set(SCOPED)
    assert found == ({"summed": {UNSCOPED}} if UNSCOPED in TABLE_GRANTS[table] else {})
    assert set(ROLES) == {*SCOPED, UNSCOPED}


def _guarded() -> list[APIRoute]:
    routes = [route for room in ("intake", "routing", "stats") for route in app_of(room).PLAN.routers]
    return [route for router in routes for route in router.routes if isinstance(route, APIRoute)]


@pytest.mark.parametrize("route", _guarded(), ids=lambda route: route.operation_id)
def test_a_session_is_opened_when_it_is_known_for_whom(route: APIRoute) -> None:
    """A session reads for the request's caller: opened before he is known, it would see nothing."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    sessions = [at for at, call in enumerate(calls) if call in (_reading, _untold, _writing, _figures_at_length)]
    if sessions and right_of(route).roles:
        assert calls.index(allowed) < min(sessions), (
            f"{route.operation_id}: `principal: Caller` stands before the session in its signature"
        )


@pytest.mark.parametrize("file", sorted(ROOT.glob("*_service/**/store.py")), ids=lambda file: file.parent.name)
def test_no_key_is_held_against_coalesce(file: Path) -> None:
    found = re.findall(r"\b\w+\.(?:id|dossier_id) = coalesce\(", file.read_text(encoding="utf-8"))
    assert not found, (
        f"{file.parent.name}: {found}: in a table with policies, what coalesce() makes leads into no index; put it into"
        " a subselect, as intake_service/lifecycle/store.py:NAMED does"
    )
