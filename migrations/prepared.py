"""The mark of what a database was prepared with. It stands in the database itself, so it goes where the data goes."""

import asyncpg

from migrations.revision import head_revision


async def prepared_with(url: str) -> str | None:
    """The mark, if whoever logs in by `url` finds the schema of this code; None whatever is in the way."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    try:
        mark: str | None = await connection.fetchval(
            "SELECT obj_description('alembic_version'::regclass) FROM alembic_version WHERE version_num = $1",
            head_revision(),
        )
        return mark
    except asyncpg.PostgresError:
        return None
    finally:
        await connection.close()


async def note_prepared(owner_url: str, mark: str) -> None:
    """Leave the mark, a word of hexadecimal digits."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(f"COMMENT ON TABLE alembic_version IS '{bytes.fromhex(mark).hex()}'")
    finally:
        await connection.close()
