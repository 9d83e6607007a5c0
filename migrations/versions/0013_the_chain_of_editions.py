"""The chain of sealed editions; those that are there are bound in the order in which they were sealed.

Revision: 0013
Revises: 0012
"""

import json
from datetime import UTC
from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TOLD = """
SELECT agency_id, corrects, format, id, last_event_id, last_txid::text AS last_txid, note, number, parameters,
  encode(picture, 'hex') AS picture, reason, report, sealed_at, sealed_by, encode(sha256, 'hex') AS sha256, snapshot,
  synthetic
FROM report_edition ORDER BY id
"""


def upgrade() -> None:
    op.create_table(
        "edition_link",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, without a gap"),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "seal",
            postgresql.BYTEA(),
            nullable=False,
            comment="SHA-256 over the seal before it and all that the row of the edition says",
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["report_edition.id"], name=op.f("fk_edition_link_edition_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_edition_link")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_edition_link_edition_id")),
        comment="append-only; the chain of sealed editions",
    )
    bind, seal = op.get_bind(), b""
    for number, row in enumerate(bind.execute(sa.text(_TOLD)).mappings().all(), start=1):
        # The words of stats_service/editions/rules.py:Edition.said as they were when the chain began.
        at = row["sealed_at"].astimezone(UTC).isoformat(timespec="microseconds")
        told = {**row, "sealed_at": at, "link": number}
        text = json.dumps(told, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        seal = sha256(seal + text.encode()).digest()
        bind.execute(
            sa.text("INSERT INTO edition_link (number, edition_id, seal) VALUES (:number, :edition, :seal)"),
            {"number": number, "edition": row["id"], "seal": seal},
        )


def downgrade() -> None:
    op.drop_table("edition_link")
