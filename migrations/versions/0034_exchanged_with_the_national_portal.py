"""Questions, feedback and ratings exchanged with the national portal; petitions that came through it.

On the way down nothing may have been exchanged: it would be taken in, or told, once more.

Revision: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_CHANNELS = "channel IN ('online', 'counter', 'post', 'phone', 'email'{})"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_petition_channel"), "petition")
    op.create_check_constraint(op.f("ck_petition_channel"), "petition", _CHANNELS.format(", 'national_portal'"))
    op.alter_column(
        "petition_words", "name", nullable=True, comment="null: the national portal did not say"
    )
    op.create_table(
        "national_exchange",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="by what it is known there: a question's id, a petition's, a dossier's",
        ),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="to which it came, or which said it"),
        sa.Column("unit", sa.Text(), comment="of a question: whom it was put to, as they call it"),
        sa.Column("petition_id", sa.BigInteger(), comment="what was made of it, or what it says"),
        sa.Column("seq", sa.Integer(), comment="of an answer: the event of the petition that says it"),
        sa.Column("dossier_id", sa.BigInteger(), comment="of a rating"),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("queued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ready_at", sa.TIMESTAMP(timezone=True), comment="from when on it may be sent"),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "refusals",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="since somebody last sent it again",
        ),
        sa.Column("tried_at", sa.TIMESTAMP(timezone=True), comment="when it was sent last; set before it is"),
        sa.Column("payload", postgresql.JSONB(), comment="as it was sent last, without its words"),
        sa.Column("answer_code", sa.Text(), comment="of the national side; null: it did not answer"),
        sa.Column("answer", sa.Text(), comment="its words; of an answer to a question they are not kept"),
        sa.Column(
            "reasons",
            postgresql.JSONB(),
            comment="why it is dead, or nothing was made of it: field, code, params",
        ),
        sa.Column("settled_at", sa.TIMESTAMP(timezone=True), comment="when it was taken, there or here"),
        sa.CheckConstraint(
            "kind IN ('question', 'agency_question', 'rating_given', 'answer', 'agency_answer', 'published', 'rating')",
            name=op.f("ck_national_exchange_kind"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'dead', 'taken')", name=op.f("ck_national_exchange_state")),
        sa.CheckConstraint(
            "(state = 'taken') = (settled_at IS NOT NULL)", name=op.f("ck_national_exchange_settled_when_taken")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_national_exchange_petition_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_national_exchange_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_exchange")),
        sa.UniqueConstraint("kind", "key", name="uq_national_exchange_key"),
        comment="questions, feedback and ratings between here and the national portal: none twice, none lost",
    )
    op.create_index(
        "ix_national_exchange_ready",
        "national_exchange",
        ["ready_at", "id"],
        postgresql_where=sa.text("state = 'waiting' AND ready_at IS NOT NULL"),
    )
    for column in ("petition", "dossier"):
        op.create_index(
            f"ix_national_exchange_{column}",
            "national_exchange",
            [f"{column}_id"],
            postgresql_where=sa.text(f"{column}_id IS NOT NULL"),
        )
    op.create_table(
        "national_inbox",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), comment="when it was read to its end last"),
        sa.Column("error", sa.Text(), comment="why it was not the last time; null: it was"),
        sa.Column(
            "listed", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="entries in it then"
        ),
        sa.Column("fresh", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="of these new"),
        sa.Column(
            "unread",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="of the new ones not to be read",
        ),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_national_inbox")),
        comment="the lists of the national portal that are read, and how that went last",
    )
    for statement in _POLICIES:
        op.execute(statement)


def downgrade() -> None:
    through = "SELECT EXISTS (SELECT FROM petition WHERE channel = 'national_portal')"
    exchanged = "SELECT EXISTS (SELECT FROM national_exchange)"
    if any(op.get_bind().execute(sa.text(query)).scalar() for query in (through, exchanged)):
        raise RuntimeError("what was exchanged is kept, or it would be taken in, and told, once more")
    op.drop_table("national_inbox")
    op.drop_table("national_exchange")
    op.alter_column("petition_words", "name", nullable=False, comment=None)
    op.drop_constraint(op.f("ck_petition_channel"), "petition")
    op.create_check_constraint(op.f("ck_petition_channel"), "petition", _CHANNELS.format(""))


_POLICIES = (
    """
CREATE POLICY seen ON national_exchange TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()))
WITH CHECK (agency_id <@ (SELECT row_scope()))
""",
    "ALTER TABLE national_exchange ENABLE ROW LEVEL SECURITY",
)
