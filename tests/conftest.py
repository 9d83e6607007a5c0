"""One real PostgreSQL for the whole run; a migrated database with the reference data, copied for each module."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import disk_usage, rmtree
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from migrations.apply import migrate
from migrations.logins import role_url
from services.embedded import start
from services.local_issuer import LocalIssuer
from services.reference import load_reference
from shared.tables.policies import EVERY_ROW, SETTING

_numbers = count(1)

#: Where files are memory, and how much must be free there for a worker: its log alone may grow to 1 GB.
IN_MEMORY, IN_MEMORY_BYTES = Path("/dev/shm"), 4 << 30  # noqa: S108 - a directory of one's own is made in it


@dataclass(frozen=True)
class Database:
    """A database of its own. `owner_url` may do all; `url(role)` only what the role may, of all dossiers."""

    owner_url: str

    def url(self, role: str) -> str:
        """The login of a service's role, which sees every row: whose they are is asked in tests/rows."""
        return f"{self.login(role)}?{SETTING}={quote(EVERY_ROW)}"

    def login(self, role: str) -> str:
        """The login of a service's role, as the service has it."""
        return role_url(self.owner_url, role)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests stay to the end: collecting over them again and again took a quarter of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the embedded one, or the one that MOTCUA_TEST_DATABASE_URL names."""
    given = os.environ.get("MOTCUA_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # Durability is tested where it matters (tests/launcher); elsewhere a test database need not reach the disk, and its
    # log need not be long.
    fast = {"fsync": "off", "synchronous_commit": "off", "max_wal_size": "1GB"}
    with _place(tmp_path_factory) as place, start(place, settings=fast) as server:
        yield server.url


@contextmanager
def _place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for the server: in memory, where a copy of the template takes a third of the time, if there is room.
    What a run that was killed has left there goes."""
    if not os.access(IN_MEMORY, os.W_OK) or disk_usage(IN_MEMORY).free < IN_MEMORY_BYTES:
        yield tmp_path_factory.mktemp("postgres")
        return
    for left in IN_MEMORY.glob("motcua-tests-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            rmtree(left, ignore_errors=True)
    place = IN_MEMORY / f"motcua-tests-{os.getpid()}"
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        rmtree(place)


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database with agencies, calendar and procedures, to be copied."""
    name = f"motcua_template_{os.getpid()}"

    async def make() -> None:
        url = await _create(server_url, name)
        await migrate(url)
        await load_reference(lambda role: role_url(url, role))

    asyncio.run(make())
    yield name
    asyncio.run(_drop(server_url, name))


async def _create(server_url: str, name: str, template: str | None = None) -> str:
    connection = await asyncpg.connect(server_url)
    # Copied file by file, not through the log: 40 to 60 ms, not 130 to 280. There are hundreds of copies.
    copied = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
    await connection.execute(f"CREATE DATABASE {name}{copied}")
    await connection.close()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


async def _drop(server_url: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


async def _copy(server_url: str, template: str | None) -> AsyncIterator[Database]:
    name = f"motcua_test_{os.getpid()}_{next(_numbers)}"
    yield Database(await _create(server_url, name, template))
    await _drop(server_url, name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(server_url: str, template: str) -> AsyncIterator[Database]:
    """A database with the reference data, shared by the tests of one module."""
    async for made in _copy(server_url, template):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _begin_empty(database: Database) -> str:
    """The statements that empty what a migrated database with the reference data has empty."""
    owner = await asyncpg.connect(database.owner_url)
    tables = [row[0] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    empty = [table for table in tables if not await owner.fetchval(f"SELECT EXISTS (SELECT FROM {table})")]
    await owner.close()
    return "; ".join(f"DELETE FROM {table}" for table in empty)


@pytest_asyncio.fixture(loop_scope="session")
async def emptied(database: Database, _begin_empty: str) -> AsyncIterator[Database]:
    """The module's database without what the test before left: no other copy, and no other room to start on it. For
    tests that add to it, and change nothing of the reference data."""
    yield database
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("SET session_replication_role = replica")  # what may not be taken back may be here
    await owner.execute(_begin_empty)
    await owner.close()


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_database(server_url: str, template: str) -> AsyncIterator[Database]:
    """A database with the reference data, for one test alone."""
    async for made in _copy(server_url, template):
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def empty_database(server_url: str) -> AsyncIterator[Database]:
    """A database with nothing in it."""
    async for made in _copy(server_url, None):
        yield made


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> LocalIssuer:
    """The local token issuer, with keys of this run."""
    directory: Path = tmp_path_factory.mktemp("issuer")
    return LocalIssuer(directory)
