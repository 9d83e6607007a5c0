"""What alembic reads of a database it understands: a column of a type that it did not know would not be compared."""

import warnings

import asyncpg
import pytest
from sqlalchemy.exc import SAWarning

from migrations.apply import check
from tests.conftest import Database


async def test_no_column_is_of_a_type_that_is_not_recognised(database: Database) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SAWarning)
        await check(database.owner_url)


async def test_another_type_than_xid8_is_noticed(fresh_database: Database) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    await owner.execute("ALTER TABLE stats_position ALTER COLUMN txid TYPE text")
    await owner.close()
    with pytest.raises(Exception, match="New upgrade operations detected"):
        await check(fresh_database.owner_url)
