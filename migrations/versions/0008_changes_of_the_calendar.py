"""Changes of the calendar, kept with what was before, and how far dossiers are reckoned anew after each.

Revision: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.tables.schema import Xid8

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendar_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="gapless"),
        sa.Column(
            "revision",
            sa.BigInteger(),
            nullable=False,
            comment="of routing's reference data, from which on it is known",
        ),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="for which the actor acted"),
        sa.Column(
            "decision", sa.Text(), nullable=False, comment="number of the decision that the change rests on"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_calendar_change_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_change")),
        comment="append-only: who changed the calendar, when, why and by which decision; intake reckons by it anew",
    )
    op.create_table(
        "calendar_change_day",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the row of calendar_day as it was; null: what its weekday says",
        ),
        sa.Column(
            "after",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="… and as it is since; null: what its weekday says",
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["calendar_change.id"], name=op.f("fk_calendar_change_day_change_id")
        ),
        sa.PrimaryKeyConstraint("change_id", "day", name=op.f("pk_calendar_change_day")),
        comment="append-only",
    )
    op.create_index("ix_calendar_change_day_day", "calendar_change_day", ["day"])
    op.create_table(
        "calendar_recompute",
        sa.Column("change_id", sa.BigInteger(), nullable=False, comment="of routing's calendar_change"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "floor", Xid8(), nullable=False, comment="dossiers of transactions from here on are looked at last"
        ),
        sa.Column(
            "position",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="the dossier looked at last",
        ),
        sa.Column(
            "to_look_at",
            sa.Integer(),
            nullable=False,
            comment="open dossiers whose clock rests on the changed days",
        ),
        sa.Column("looked_at", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="an event each"),
        sa.Column(
            "unreckoned",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="a year without a calendar",
        ),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('sweeping', 'settling', 'done')", name=op.f("ck_calendar_recompute_state")
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_calendar_recompute")),
        comment="how far open dossiers are reckoned anew after a change of the calendar",
    )


def downgrade() -> None:
    op.drop_table("calendar_recompute")
    op.drop_index("ix_calendar_change_day_day", table_name="calendar_change_day")
    op.drop_table("calendar_change_day")
    op.drop_table("calendar_change")
