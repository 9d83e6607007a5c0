"""Webhooks: addresses that are told of what happens to dossiers, and what became of each message; movements can be
followed like events, from now on.

On the way down no webhook may be there that is still told of something.

Revision: 0026
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.tables.schema import Xid8

revision = "0026"
down_revision = "0030"
branch_labels = None
depends_on = None

Instant = sa.TIMESTAMP(timezone=True)

_ROWS = (
    """
CREATE POLICY seen ON webhook TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())) WITH CHECK (agency_id <@ (SELECT row_scope()))
""",
    "ALTER TABLE webhook ENABLE ROW LEVEL SECURITY",
    "CREATE VIEW webhook_key AS SELECT id, agency_id, state FROM webhook",
)


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="of whose dossiers it is told"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("due_soon_days", sa.SmallInteger(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'active'")),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("secret", sa.Text(), comment="sealed under a key of the installation; null: deleted"),
        sa.Column("previous_secret", sa.Text(), comment="it signs too, until previous_until"),
        sa.Column("previous_until", Instant),
        sa.Column(
            "failures", sa.Integer(), nullable=False, server_default=sa.text("0"), comment="of the target, in a row"
        ),
        sa.Column("resting_until", Instant, comment="until then nothing is tried"),
        sa.Column("delivered", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("failed", sa.BigInteger(), nullable=False, server_default=sa.text("0"), comment="attempts"),
        sa.Column("dead", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_webhook_agency_id")),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled', 'deleted')", name=op.f("ck_webhook_state")),
        sa.CheckConstraint("(state = 'deleted') = (secret IS NULL)", name=op.f("ck_webhook_secret")),
        sa.CheckConstraint("(state = 'disabled') = (disabled_reason IS NOT NULL)", name=op.f("ck_webhook_disabled")),
        sa.CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhook_previous")),
        comment="addresses that are told of what happens to dossiers",
    )
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False, comment="in the order of what it tells"),
        sa.Column("message_id", sa.Text(), nullable=False, comment="webhook-id: the same at each attempt"),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="what it tells of: once to each"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), comment="null: a test"),
        sa.Column("code", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON, byte for byte as signed; it names no person"),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'waiting'")),
        sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("claimed_until", Instant, comment="somebody is sending it; from then on anybody may"),
        sa.Column("last_at", Instant),
        sa.Column("last_status", sa.SmallInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant, comment="when it was taken, or given up"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_message_webhook_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_message_message_id")),
        sa.UniqueConstraint("webhook_id", "event", name=op.f("uq_webhook_message_webhook_id_event")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_webhook_message_state")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_webhook_message_ended")),
        comment="what targets are to be told, and what became of it; what is over is let go after a month",
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_webhook_message_due", "webhook_message", ["webhook_id", "next_at", "id"], postgresql_where=waiting
    )
    op.create_index(
        "ix_webhook_message_turn", "webhook_message", ["webhook_id", "dossier_id", "id"], postgresql_where=waiting
    )
    op.create_index("ix_webhook_message_listed", "webhook_message", ["webhook_id", "id"])
    op.create_index(
        "ix_webhook_message_ended",
        "webhook_message",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_table(
        "routing_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("txid", Xid8(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", Instant, nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_routing_position")),
    )
    for statement in _ROWS:
        op.execute(statement)
    # First the column, then its default: movements that are there are not written anew.
    op.add_column("hand_over", sa.Column("txid", Xid8(), comment="null: from before webhooks"))
    op.alter_column("hand_over", "txid", server_default=sa.text("pg_current_xact_id()"))
    op.create_index("ix_hand_over_log", "hand_over", ["txid"], postgresql_where=sa.text("txid IS NOT NULL"))


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM webhook WHERE state <> 'deleted')")).scalar():
        raise RuntimeError("webhooks are there that are told of what happens: delete them first")
    op.drop_index("ix_hand_over_log", "hand_over")
    op.drop_column("hand_over", "txid")
    op.execute("DROP VIEW webhook_key")
    op.drop_table("routing_position")
    op.drop_table("webhook_message")
    op.drop_table("webhook")
