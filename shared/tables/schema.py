"""The one MetaData, and the column types that the rooms share."""

from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

#: Every instant is stored with its zone.
Instant = TIMESTAMP(timezone=True)


class Xid8(UserDefinedType[str]):
    """A 64-bit transaction id. It orders the event log: ids are not in commit order."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in SQL."""
        return "xid8"


def idempotency_table(room: str) -> Table:
    """One room's memory of the requests it has carried out: a repeated key has one effect (kept for 24 hours)."""
    return Table(
        f"{room}_idempotency",
        metadata,
        Column("subject", Text, primary_key=True),
        Column("route", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("body_hash", BYTEA, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("resource", Text, nullable=False, comment="code or id of what the request made"),
        Column("created_at", Instant, nullable=False, server_default=text("now()"), index=True),
    )


def position_table(room: str) -> Table:
    """How far each of a room's consumers has read the event log: everything up to (txid, id) is done."""
    return Table(
        f"{room}_position",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("txid", Xid8, nullable=False),
        Column("event_id", BigInteger, nullable=False),
        Column("moved_at", Instant, nullable=False, server_default=text("now()")),
    )


def revision_table(room: str) -> Table:
    """One number that grows whenever a room changes reference data, so that its readers know when to read again."""
    return Table(
        f"{room}_revision",
        metadata,
        Column("revision", BigInteger, primary_key=True),
    )
