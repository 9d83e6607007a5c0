"""Anchors of the event log, and the stamps on them.

Revision: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.tables.schema import Xid8

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, without a gap"),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "last_event_id",
            sa.BigInteger(),
            nullable=False,
            comment="of dossier_event; nothing up to it is to come",
        ),
        sa.Column("events", sa.BigInteger(), nullable=False, comment="since the anchor before"),
        sa.Column(
            "digest",
            postgresql.BYTEA(),
            nullable=False,
            comment="SHA-256 over their hashes in the order of their ids",
        ),
        sa.Column("edition", sa.BigInteger(), nullable=True, comment="number of the last edition_link; null: none"),
        sa.Column("seal", postgresql.BYTEA(), nullable=True, comment="its seal"),
        sa.Column(
            "previous",
            postgresql.BYTEA(),
            nullable=False,
            comment="root of the anchor before; 32 zero bytes before the first",
        ),
        sa.Column("root", postgresql.BYTEA(), nullable=False, comment="SHA-256 of the anchor's text"),
        sa.Column(
            "floor",
            Xid8(),
            nullable=False,
            comment="every event after last_event_id is of this transaction or later",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_anchor")),
        comment="append-only; what a third party holds of the event log",
    )
    op.create_table(
        "anchor_stamp",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False, comment="by the authority's clock"),
        sa.Column("response", postgresql.BYTEA(), nullable=False, comment="TimeStampResp of RFC 3161"),
        sa.ForeignKeyConstraint(["number"], ["anchor.number"], name=op.f("fk_anchor_stamp_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_anchor_stamp")),
        comment="append-only; the anchors that a time-stamping authority has stamped",
    )


def downgrade() -> None:
    op.drop_table("anchor_stamp")
    op.drop_table("anchor")
