"""The short way past schema and reference data: taken only where `prepare` would change nothing."""

import asyncio

import asyncpg
import pytest

from migrations.apply import downgrade
from migrations.prepared import note_prepared
from services import preparation
from services.preparation import is_prepared, mark, prepare
from tests.conftest import Database


async def prepared(database: Database) -> bool:
    return await asyncio.to_thread(is_prepared, database.owner_url)


async def test_what_was_prepared_is_known_to_be(empty_database: Database) -> None:
    assert not await prepared(empty_database)
    assert (await asyncio.to_thread(prepare, empty_database.owner_url)).anything
    assert await prepared(empty_database)
    assert not (await asyncio.to_thread(prepare, empty_database.owner_url)).anything


async def test_other_code_or_data_prepares_anew(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await asyncio.to_thread(prepare, empty_database.owner_url)
    await note_prepared(empty_database.owner_url, "0" * 64)
    assert not await prepared(empty_database)
    monkeypatch.setattr(preparation, "mark", lambda: "0" * 64)
    assert await prepared(empty_database)


async def test_a_schema_taken_back_is_not_prepared(empty_database: Database) -> None:
    await asyncio.to_thread(prepare, empty_database.owner_url)
    await downgrade(empty_database.owner_url, to="base")
    assert not await prepared(empty_database)


async def test_a_service_that_cannot_log_in_is_not_prepared(empty_database: Database) -> None:
    """As after a change of the owner's password, from which the services' are derived."""
    await asyncio.to_thread(prepare, empty_database.owner_url)
    owner = await asyncpg.connect(empty_database.owner_url)
    try:
        await owner.execute("ALTER ROLE motcua_routing PASSWORD 'another'")
        assert not await prepared(empty_database)
    finally:  # roles are the whole server's
        await asyncio.to_thread(prepare, empty_database.owner_url)
        await owner.close()
    assert await prepared(empty_database)


def test_no_server_is_not_prepared() -> None:
    assert not is_prepared("postgresql://motcua:secret@127.0.0.1:9/motcua")


def test_the_mark_is_of_all_that_decides(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(preparation, "_ROOT", tmp_path)
    (tmp_path / "services" / "reference_data").mkdir(parents=True)
    calendar = tmp_path / "services" / "reference_data" / "calendar_vn.csv"
    marks = {mark()}
    calendar.write_text("2019-01-01")
    marks.add(mark())
    calendar.write_text("2019-01-02")
    marks.add(mark())
    calendar.rename(calendar.with_name("other.csv"))
    marks.add(mark())
    assert len(marks) == 4
