"""One owner per table: what shared/tables/grants.py declares is what the database gives, and all else is refused to
whoever logs in as a service's role. The log is append-only for everybody (Decree 61/2018 art. 5(1)c)."""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from shared.tables.declared import metadata
from shared.tables.grants import COPIER, ROLES, TABLE_GRANTS, WORDS
from tests.conftest import Database

INTAKE, ROUTING, STATS = ROLES
#: MAINTAIN came with PostgreSQL 17.
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
TABLES = """
SELECT c.oid, c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


@pytest_asyncio.fixture(params=ROLES, loop_scope="session")
async def session(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A role, and a real session that logged in as it."""
    connection = await asyncpg.connect(database.url(request.param))
    assert await connection.fetchval("SELECT session_user") == request.param
    yield request.param, connection
    await connection.close()


async def refused(database: Database, role: str, statement: str) -> None:
    """The role must be refused for lack of a privilege, not for any other reason."""
    connection = await asyncpg.connect(database.url(role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_every_table_is_declared(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_url)
    tables = {row["relname"] for row in await connection.fetch(TABLES)}
    await connection.close()
    assert tables == set(TABLE_GRANTS), "each table stands in shared/tables/grants.py, and nothing else does"


async def test_each_role_has_what_is_declared_and_nothing_more(session: tuple[str, asyncpg.Connection]) -> None:
    role, connection = session
    version = connection.get_server_version().major
    asked = (*PRIVILEGES, "MAINTAIN") if version >= 17 else PRIVILEGES
    rows = await connection.fetch(
        f"SELECT relname, p AS privilege FROM ({TABLES}) t, unnest($1::text[]) AS p"
        " WHERE has_table_privilege(t.oid, p)",
        asked,
    )
    found = {(row["relname"], row["privilege"]) for row in rows}
    declared = {(table, p) for table, by_role in TABLE_GRANTS.items() for p in by_role.get(role, ())}
    assert found == declared - ({(table, "SELECT") for table in WORDS} if role == STATS else set())


async def test_sums_are_made_of_no_words(database: Database) -> None:
    """What staff write may name a person: what a dossier is about, what its papers are called, notes."""
    connection = await asyncpg.connect(database.url(STATS))
    for table, hidden in WORDS.items():
        columns = {column.name for column in metadata.tables[table].columns}
        read = await connection.fetch(
            "SELECT column_name FROM unnest($2::text[]) AS c (column_name)"
            " WHERE has_column_privilege($1, column_name, 'SELECT')",
            table,
            list(columns),
        )
        assert {row[0] for row in read} == columns - set(hidden)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT {hidden[0]} FROM {table}")
    await connection.close()


async def test_no_column_is_open_where_its_table_is_closed(session: tuple[str, asyncpg.Connection]) -> None:
    role, connection = session
    rows = await connection.fetch(
        f"SELECT relname, p AS privilege FROM ({TABLES}) t,"
        " unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) AS p"
        " WHERE has_any_column_privilege(t.oid, p) AND NOT has_table_privilege(t.oid, p)"
    )
    assert {tuple(row) for row in rows} == ({(table, "SELECT") for table in WORDS} if role == STATS else set())


async def test_no_role_has_a_power_beyond_its_tables(session: tuple[str, asyncpg.Connection]) -> None:
    role, connection = session
    row = await connection.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = $1",
        role,
    )
    assert row is not None
    assert not any(row)
    memberships = await connection.fetch(
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = $1::text::regrole", role
    )
    assert [row[0] for row in memberships] == ([COPIER] if role == INTAKE else [])
    owned = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1::text::regrole", role)
    assert owned == 0
    assert not await connection.fetchval("SELECT has_schema_privilege('public', 'CREATE')")
    assert not await connection.fetchval("SELECT has_database_privilege(current_database(), 'CREATE')")


async def test_no_role_has_anything_done_with_the_rights_of_the_owner(session: tuple[str, asyncpg.Connection]) -> None:
    """What looks past the policies looks where it was told to: a type of the caller's own, whose check is his, is not
    what it reads by."""
    role, connection = session
    await connection.execute(
        "CREATE FUNCTION pg_temp.mine(int4multirange) RETURNS boolean LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'as %', current_user; END $$;"
        " CREATE DOMAIN pg_temp.int4multirange AS pg_catalog.int4multirange CHECK (pg_temp.mine(VALUE))"
    )
    await connection.execute("SET search_path = pg_temp, public, pg_catalog; SET motcua.scope = '{[1,2)}'")
    assert not await connection.fetchval("SELECT public.takes_part(1)"), role


async def test_whatever_acts_with_the_rights_of_the_owner_says_where_it_looks(database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    rows = await owner.fetch(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    await owner.close()
    assert rows
    assert all(row["proconfig"] == ["search_path=pg_catalog, pg_temp"] for row in rows), rows


async def test_whoever_copies_an_import_in_adds_to_its_tables_and_does_nothing_else(database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    held = await owner.fetchrow("SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = $1", COPIER)
    assert held is not None
    assert not any(held)
    asked = await owner.fetch(
        f"SELECT relname, p FROM ({TABLES}) t, unnest($1::text[]) AS p WHERE has_table_privilege($2, t.oid, p)",
        PRIVILEGES,
        COPIER,
    )
    await owner.close()
    assert {tuple(row) for row in asked} == {
        (table, p) for table, by_role in TABLE_GRANTS.items() for p in by_role.get(COPIER, ())
    }
    assert {row["p"] for row in asked} == {"INSERT"}
    for statement in ("SELECT name FROM applicant", "UPDATE dossier SET summary = 'x'", "SELECT code FROM dossier"):
        await refused(database, INTAKE, f"SET ROLE {COPIER}; {statement}")
    for role in (ROUTING, STATS):
        await refused(database, role, f"SET ROLE {COPIER}")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dossier_event SET payload = '{}'",
        "DELETE FROM dossier_event",
        "TRUNCATE dossier_event",
        "UPDATE hand_over SET note = NULL",
        "DELETE FROM hand_over",
        "UPDATE access_record SET subject = 'x'",
        "DELETE FROM access_record",
        "DELETE FROM dossier",
        "DELETE FROM applicant",
        "TRUNCATE dossier CASCADE",
        "UPDATE alembic_version SET version_num = '9999'",
        "ALTER TABLE dossier_event DISABLE TRIGGER ALL",
        "DROP TABLE dossier_event",
        "CREATE TABLE mine (id int)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "SELECT rolpassword FROM pg_authid",
        "SELECT * FROM pg_shadow",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY dossier_event TO PROGRAM 'cat'",
        "SET ROLE postgres",
    ],
)
async def test_what_nobody_may(database: Database, role: str, statement: str) -> None:
    if statement.startswith("SET ROLE"):
        owner = await asyncpg.connect(database.owner_url)
        statement = f'SET ROLE "{await owner.fetchval("SELECT current_user")}"'
        await owner.close()
    await refused(database, role, statement)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (STATS, "SELECT name FROM applicant"),
        (ROUTING, "SELECT count(*) FROM applicant"),
        (STATS, "SELECT subject FROM access_record"),
        (ROUTING, "INSERT INTO access_record (agency_id, number) VALUES (1, 1)"),
        (STATS, "SELECT d.code FROM dossier d JOIN applicant a ON a.dossier_id = d.id"),
        (STATS, "INSERT INTO dossier_event (dossier_id) VALUES (1)"),
        (ROUTING, "INSERT INTO dossier (code) VALUES ('x')"),
        (ROUTING, "UPDATE dossier SET status = 9"),
        (ROUTING, "INSERT INTO dossier_event (dossier_id) VALUES (1)"),
        (ROUTING, "INSERT INTO dossier_number (prefix, last) VALUES ('x', 1)"),
        (ROUTING, "SELECT * FROM count_day"),
        (ROUTING, "SELECT * FROM intake_idempotency"),
        (INTAKE, "UPDATE agency SET name = 'x'"),
        (INTAKE, "INSERT INTO calendar_day (day) VALUES ('2019-07-22')"),
        (INTAKE, "UPDATE dossier_case SET holder_id = 1"),
        (INTAKE, "INSERT INTO hand_over (dossier_id) VALUES (1)"),
        (INTAKE, "UPDATE count_day SET received = 0"),
        (INTAKE, "SELECT * FROM routing_idempotency"),
        (STATS, "UPDATE dossier SET verdict = 1"),
        (STATS, "UPDATE agency SET name = 'x'"),
        (STATS, "INSERT INTO dossier_case (dossier_id) VALUES (1)"),
        (STATS, "DELETE FROM count_day"),
    ],
)
async def test_what_is_another_rooms(database: Database, role: str, statement: str) -> None:
    await refused(database, role, statement)


async def test_no_role_takes_over_another(database: Database) -> None:
    for role in ROLES:
        for other in set(ROLES) - {role}:
            await refused(database, role, f"SET ROLE {other}")


async def test_each_role_has_a_password_of_its_own_that_only_the_owners_secret_gives(database: Database) -> None:
    """Read where it is stored: a server that trusts its own machine asks nobody for one."""
    owner = await asyncpg.connect(database.owner_url)
    rows = await owner.fetch("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY($1)", ROLES)
    await owner.close()
    stored = {row[0]: row[1] for row in rows}
    for role in ROLES:
        for other in ROLES:
            assert _opens(stored[role], str(make_url(database.url(other)).password)) == (role == other)


def _opens(verifier: str, password: str) -> bool:
    """Whether a password is the one of a SCRAM-SHA-256 verifier (RFC 5802)."""
    method, rounds_and_salt, keys = verifier.split("$")
    rounds, salt = rounds_and_salt.split(":")
    assert method == "SCRAM-SHA-256"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return b64decode(keys.split(":")[0]) == hashlib.sha256(client_key).digest()
