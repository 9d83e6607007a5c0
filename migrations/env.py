"""Alembic's environment. The connection is handed in by migrations.apply; there is no alembic.ini to go stale."""

from alembic import context
from sqlalchemy.dialects.postgresql.base import ischema_names

from shared.tables.declared import metadata
from shared.tables.schema import Xid8

#: SQLAlchemy does not know it, and would compare a column of it with nothing.
ischema_names["xid8"] = Xid8

#: A migration that waits for a lock blocks every reader behind it: give up after this and try again later.
LOCK_TIMEOUT = "5s"

connection = context.config.attributes["connection"]
connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
with context.begin_transaction():
    context.run_migrations()
