"""What the national database is told of dossiers, message by message.

On the way down no message may be there: what was told, and what the answer was, would be known no more.

Revision: 0027
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "national_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the event that it tells of"),
        sa.Column(
            "round", sa.SmallInteger(), nullable=False, comment="0: as it happened; n: told once more, the n-th time"
        ),
        sa.Column(
            "step", sa.SmallInteger(), nullable=False, comment="0 the dossier (DongBoHoSoMC), 1 its course (CapNhatTienDo…)"
        ),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received the dossier"),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("queued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "ready_at",
            sa.TIMESTAMP(timezone=True),
            comment="from when on it may be sent; null: another of its dossier goes before it",
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "refusals",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="since somebody last sent it again",
        ),
        sa.Column("tried_at", sa.TIMESTAMP(timezone=True), comment="when it was sent last; set before it is"),
        sa.Column("payload", postgresql.JSONB(), comment="as it was sent last, without what is personal in it"),
        sa.Column("answer_code", sa.Text(), comment="of the national side; null: it did not answer"),
        sa.Column("answer", sa.Text(), comment="its words, without what is personal in them"),
        sa.Column("reasons", postgresql.JSONB(), comment="why it cannot be sent, or went without its papers: field, code, params"),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), comment="when it was taken there"),
        sa.CheckConstraint(
            "state IN ('waiting', 'blocked', 'dead', 'taken')", name=op.f("ck_national_message_state")
        ),
        sa.CheckConstraint(
            "(state = 'taken') = (settled_at IS NOT NULL)", name=op.f("ck_national_message_settled_when_taken")
        ),
        sa.CheckConstraint("step IN (0, 1)", name=op.f("ck_national_message_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_message")),
        sa.UniqueConstraint("dossier_id", "seq", "round", "step", name="uq_national_message_tells"),
        comment="what the national database is told of dossiers: one behind the other of each, none twice, none lost",
    )
    op.create_index(
        "ix_national_message_ready",
        "national_message",
        ["ready_at", "id"],
        postgresql_where=sa.text("state = 'waiting' AND ready_at IS NOT NULL"),
    )
    op.create_index(
        "ix_national_message_open",
        "national_message",
        ["dossier_id"],
        postgresql_where=sa.text("state <> 'taken'"),
    )
    op.create_index(
        "ix_national_message_stuck",
        "national_message",
        ["agency_id", "id"],
        postgresql_where=sa.text("state IN ('blocked', 'dead')"),
    )
    for statement in _MADE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM national_message)")).scalar():
        raise RuntimeError("what the national database was told is kept, and would be known no more")
    op.drop_table("national_message")


_MADE = (
    """
CREATE POLICY seen ON national_message TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE national_message ENABLE ROW LEVEL SECURITY",
)
