"""Migrations: one history with one head, up and down and up again, and the schema that it makes is the declared one."""

import ast
import asyncio
import time
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.apply import alembic_config, check, downgrade, migrate
from migrations.revision import head_revision
from shared.tables.declared import metadata
from shared.tables.grants import ROLES
from tests.conftest import Database

SCRIPTS = ScriptDirectory.from_config(alembic_config())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
FILES = [Path(script.path) for script in SCRIPTS.walk_revisions()]
LOCK_TIMEOUT = 5.0

#: Whatever stands in the schemas that are ours, but for what belongs to an extension.
LEFT = """
SELECT c.relkind::text || ' ' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL SELECT 'function ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'type ' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND t.typrelid = 0 AND t.typelem = 0
UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')
"""


async def fetched(url: str, query: str) -> list[object]:
    """The first column of a query."""
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def version(url: str) -> list[object]:
    return await fetched(url, "SELECT version_num FROM alembic_version")


async def test_migrated_schema_is_the_declared_one(empty_database: Database) -> None:
    await migrate(empty_database.owner_url)
    await check(empty_database.owner_url)
    tables = await fetched(empty_database.owner_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert set(tables) == {*metadata.tables, "alembic_version"}


async def test_the_check_of_the_declared_schema_sees_a_difference(fresh_database: Database) -> None:
    connection = await asyncpg.connect(fresh_database.owner_url)
    await connection.execute("ALTER TABLE hand_over ALTER COLUMN note TYPE varchar(10)")
    await connection.close()
    with pytest.raises(Exception, match="New upgrade operations detected"):
        await check(fresh_database.owner_url)


async def test_up_and_down_to_nothing_and_up_again(empty_database: Database) -> None:
    url = empty_database.owner_url
    await migrate(url)
    await downgrade(url, to="base")
    # Alembic's own empty memory stays.
    assert sorted(map(str, await fetched(url, LEFT))) == ["i alembic_version_pkc", "r alembic_version"]
    assert await version(url) == []
    await migrate(url)
    assert await version(url) == [head_revision()]
    await check(url)


async def test_migrating_twice_changes_nothing(empty_database: Database) -> None:
    await migrate(empty_database.owner_url)
    before = await fetched(empty_database.owner_url, "SELECT relacl::text || relname FROM pg_class ORDER BY relname")
    await migrate(empty_database.owner_url)
    after = await fetched(empty_database.owner_url, "SELECT relacl::text || relname FROM pg_class ORDER BY relname")
    assert after == before


# The newest, and each fourth before: that each step is one way and back, the whole way up and down tells.
@pytest.mark.parametrize("revision", [*REVISIONS[:-5:4], *REVISIONS[-5:]])
async def test_from_an_earlier_revision_the_head_is_reached(fresh_database: Database, revision: str) -> None:
    url = fresh_database.owner_url
    await downgrade(url, to=revision)
    assert await version(url) == [revision]
    await migrate(url)
    assert await version(url) == [head_revision()]
    await check(url)


async def test_several_migrations_at_once_take_turns(empty_database: Database) -> None:
    await asyncio.gather(*(migrate(empty_database.owner_url) for _ in range(3)))
    assert await version(empty_database.owner_url) == [head_revision()]


async def test_another_database_of_the_server_may_migrate_at_the_same_moment(
    empty_database: Database, server_url: str
) -> None:
    """Roles belong to the server: the neighbour's migration has just altered them, and has not committed yet."""
    neighbour, watcher = await asyncpg.connect(server_url), await asyncpg.connect(server_url)
    try:
        async with neighbour.transaction():
            for role in ROLES:
                await neighbour.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
            ours = asyncio.create_task(migrate(empty_database.owner_url))
            name = make_url(empty_database.owner_url).database
            waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
            while not ours.done() and not await watcher.fetchval(waits, name):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await ours
    finally:
        await neighbour.close()
        await watcher.close()
    assert await version(empty_database.owner_url) == [head_revision()]


async def test_reference_data_does_not_stand_in_the_way(fresh_database: Database) -> None:
    """The template holds reference data: going down and up drops it without a word about foreign keys."""
    assert await fetched(fresh_database.owner_url, "SELECT count(*) > 100 FROM agency") == [True]
    await downgrade(fresh_database.owner_url, to="base")
    await migrate(fresh_database.owner_url)
    assert await fetched(fresh_database.owner_url, "SELECT count(*) FROM agency") == [0]


async def test_by_which_decision_a_code_was_entered_is_not_forgotten_on_the_way_down(fresh_database: Database) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    await owner.execute(
        "INSERT INTO agency_identification (agency_id, identification_code, decision, actor, acting_agency_id,"
        " recorded_at) SELECT id, 'H50', '1/QĐ', 'admin@44', id, now() FROM agency LIMIT 1"
    )
    await owner.close()
    with pytest.raises(RuntimeError, match="known no more"):
        await downgrade(fresh_database.owner_url, to="0038")
    assert await version(fresh_database.owner_url) == [head_revision()]


def test_history_has_one_head_and_one_root() -> None:
    assert SCRIPTS.get_heads() == [head_revision()]
    assert len(SCRIPTS.get_bases()) == 1
    assert all(not script.is_merge_point for script in SCRIPTS.walk_revisions())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem[:4])
def test_a_migration_can_be_taken_back_and_says_what_it_is(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert ast.get_docstring(tree), f"{file.name}: a migration begins by saying what it does"
    assert len(functions["upgrade"].body) > 0
    assert not isinstance(functions["downgrade"].body[0], ast.Pass), f"{file.name}: downgrade() does nothing"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem[:4])
def test_no_migration_lifts_the_lock_timeout(file: Path) -> None:
    assert "lock_timeout" not in file.read_text(encoding="utf-8"), (
        f"{file.name}: migrations/env.py sets lock_timeout for all migrations; none sets it itself"
    )


async def test_migrations_run_under_the_lock_timeout(empty_database: Database) -> None:
    shown: list[str] = []

    def run(connection: Connection) -> None:
        shown.append(connection.execute(text("SHOW lock_timeout")).scalar_one())
        for revision in REVISIONS:
            command.upgrade(alembic_config(connection), revision)
            shown.append(connection.execute(text("SHOW lock_timeout")).scalar_one())

    engine = create_async_engine(
        make_url(empty_database.owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()
    assert shown == ["0", *["5s" for _ in REVISIONS]]


async def test_a_migration_that_waits_for_a_lock_gives_up(fresh_database: Database) -> None:
    """It blocks every reader that queues behind it, so it may not wait for long."""
    reader = await asyncpg.connect(fresh_database.owner_url)
    try:
        async with reader.transaction():
            await reader.execute("LOCK TABLE alembic_version, dossier, agency IN ACCESS SHARE MODE")
            began = time.monotonic()
            with pytest.raises(DBAPIError, match="lock timeout"):
                await downgrade(fresh_database.owner_url, to="base")
            assert LOCK_TIMEOUT - 0.5 < time.monotonic() - began < LOCK_TIMEOUT + 5
    finally:
        await reader.close()
    assert await version(fresh_database.owner_url) == [head_revision()], "what gave up left nothing half done"
    await check(fresh_database.owner_url)
