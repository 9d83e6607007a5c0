"""Records of who read personal data.

Revision: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_record",
        sa.Column(
            "agency_id",
            sa.Integer(),
            nullable=False,
            comment="for which the reader acted; each has a chain of its own",
        ),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, without a gap"),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False, comment="what was shown unmasked"),
        sa.Column("dossiers", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="as the reader has said it; asked for where much is read at once"
        ),
        sa.Column(
            "hash",
            postgresql.BYTEA(),
            nullable=False,
            comment="SHA-256 over the hash before it and all that the record says",
        ),
        sa.PrimaryKeyConstraint("agency_id", "number", name=op.f("pk_access_record")),
        comment="append-only; who read personal data",
    )
    op.create_index("ix_access_record_id", "access_record", ["id"], unique=True)
    op.create_index("ix_access_record_dossiers", "access_record", ["dossiers"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("access_record")
