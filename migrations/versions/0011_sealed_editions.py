"""Sealed editions of reports, what they were made from, and stats' memory of the requests that made them.

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.tables.schema import Xid8

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "stats_idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False, comment="code or id of what the request made"),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "route", "key", name=op.f("pk_stats_idempotency")),
    )
    op.create_index(op.f("ix_stats_idempotency_created_at"), "stats_idempotency", ["created_at"], unique=False)
    op.create_table(
        "reference_picture",
        sa.Column("hash", postgresql.BYTEA(), nullable=False, comment="SHA-256 of content"),
        sa.Column(
            "content",
            postgresql.BYTEA(),
            nullable=False,
            comment="canonical JSON: units, successions, versions of procedures",
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_reference_picture")),
        comment="append-only; the reference data that editions were made from, whatever is corrected in it later",
    )
    op.create_table(
        "report_edition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column(
            "format", sa.Text(), nullable=False, comment="which writer made the bytes, and makes them again"
        ),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1, and one more with each correction"),
        sa.Column("corrects", sa.BigInteger(), nullable=True, comment="null: the first"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("sealed_at", _INSTANT, nullable=False),
        sa.Column("sealed_by", sa.Text(), nullable=False),
        sa.Column(
            "snapshot", sa.Text(), nullable=False, comment="pg_snapshot: the events it knows are those it sees"
        ),
        sa.Column("last_txid", Xid8(), nullable=True, comment="of the last of them; null: there was none"),
        sa.Column("last_event_id", sa.BigInteger(), nullable=True),
        sa.Column("picture", postgresql.BYTEA(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("sha256", postgresql.BYTEA(), nullable=False),
        sa.Column("content", postgresql.BYTEA(), nullable=False, comment="the bytes, as sealed"),
        sa.CheckConstraint("(corrects IS NULL) = (number = 1)", name=op.f("ck_report_edition_first")),
        sa.CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name=op.f("ck_report_edition_reason")),
        sa.ForeignKeyConstraint(["corrects"], ["report_edition.id"], name=op.f("fk_report_edition_corrects")),
        sa.ForeignKeyConstraint(["picture"], ["reference_picture.hash"], name=op.f("fk_report_edition_picture")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_edition")),
        sa.UniqueConstraint("corrects", name=op.f("uq_report_edition_corrects")),
        sa.UniqueConstraint("report", "parameters", "number", name=op.f("uq_report_edition_report_parameters_number")),
        comment="append-only; sealed editions of reports",
    )


def downgrade() -> None:
    op.drop_table("report_edition")
    op.drop_table("reference_picture")
    op.drop_index(op.f("ix_stats_idempotency_created_at"), table_name="stats_idempotency")
    op.drop_table("stats_idempotency")
