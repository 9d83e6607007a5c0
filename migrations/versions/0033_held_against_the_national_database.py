"""What the national database has of our dossiers, held against ours: rounds, how each dossier stands, what differs.

On the way down no round may be there: what differed, and since when, would be known no more.

Revision: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TABLES = ("national_difference", "national_comparison", "national_round_agency", "national_round")


def upgrade() -> None:
    op.create_table(
        "national_round",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("begun_by", sa.Text(), comment="null: by itself, when it was time"),
        sa.Column("first_day", sa.Date(), nullable=False, comment="of reception: what came later is always looked at"),
        sa.Column(
            "last_id", sa.BigInteger(), nullable=False, comment="the last dossier that there was when it began"
        ),
        sa.Column(
            "after_id",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="up to here all were asked for",
        ),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("tried_at", sa.TIMESTAMP(timezone=True), comment="when the national side was asked last"),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), comment="when it answered last"),
        sa.Column("error", sa.Text(), comment="why it does not go on; null: it does"),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint("state IN ('running', 'done', 'unfinished')", name=op.f("ck_national_round_state")),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_national_round_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_round")),
        comment="rounds in which ours is held against what the national database has, one at a time",
    )
    op.create_index(
        "uq_national_round_running",
        "national_round",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "national_round_agency",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received the dossiers"),
        sa.Column("in_step", sa.BigInteger(), nullable=False),
        sa.Column("on_its_way", sa.BigInteger(), nullable=False, comment="something of them was still to be sent"),
        sa.Column("differing", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False, comment="of those that differ: nothing is there"),
        sa.Column("not_answered", sa.BigInteger(), nullable=False, comment="nobody knows"),
        sa.ForeignKeyConstraint(["round_id"], ["national_round.id"], name=op.f("fk_national_round_agency_round_id")),
        sa.PrimaryKeyConstraint("round_id", "agency_id", name=op.f("pk_national_round_agency")),
        comment="what a round counted, agency by agency",
    )
    op.create_table(
        "national_comparison",
        sa.Column("dossier_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received the dossier"),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("compared_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "seq", sa.Integer(), nullable=False, comment="the event up to which ours was held against theirs"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("there", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), comment="nothing is there, or no more is sent"),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False, comment="of what differs"),
        sa.Column(
            "theirs",
            postgresql.JSONB(),
            comment="status and dates as they have them, nothing else; null: it is not there",
        ),
        sa.CheckConstraint("state IN ('in_step', 'on_its_way', 'differs')", name=op.f("ck_national_comparison_state")),
        sa.CheckConstraint(
            "there = (theirs IS NOT NULL)", name=op.f("ck_national_comparison_theirs_where_there")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["national_round.id"], name=op.f("fk_national_comparison_round_id")),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_national_comparison")),
        comment="how each dossier stood at the national database when it was looked at last",
    )
    op.create_table(
        "national_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received the dossier"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="of the item; empty: the whole"),
        sa.Column("ours", sa.Text(), comment="a status, an instant or a verdict"),
        sa.Column("theirs", sa.Text(), comment="likewise; ?: it cannot be read, and is not kept"),
        sa.Column("why", sa.Text(), comment="blocked, dead, never_told, lost; null: nobody knows"),
        sa.Column("round_id", sa.Integer(), nullable=False, comment="that found it"),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_round_id", sa.Integer(), nullable=False, comment="that saw it last"),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), comment="when it was seen no more"),
        sa.Column("closed_round_id", sa.Integer()),
        sa.CheckConstraint(
            "kind IN ('missing', 'unexpected', 'status', 'dates', 'verdict')", name=op.f("ck_national_difference_kind")
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_round_id IS NULL)", name=op.f("ck_national_difference_closed")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["national_round.id"], name=op.f("fk_national_difference_round_id")),
        sa.ForeignKeyConstraint(
            ["last_round_id"], ["national_round.id"], name=op.f("fk_national_difference_last_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["closed_round_id"], ["national_round.id"], name=op.f("fk_national_difference_closed_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_difference")),
        comment="what differs between ours and theirs; never deleted, closed when it is seen no more",
    )
    op.create_index(
        "uq_national_difference_open",
        "national_difference",
        ["dossier_id", "kind", "field"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_national_difference_open",
        "national_difference",
        ["agency_id", "id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for statement in _POLICIES:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM national_round)")).scalar():
        raise RuntimeError("what differed, and since when, is kept, and would be known no more")
    for table in _TABLES:
        op.drop_table(table)


def _of_dossier(table: str) -> tuple[str, ...]:
    return (
        f"""
CREATE POLICY seen ON {table} TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    )


_POLICIES = (
    *_of_dossier("national_comparison"),
    "CREATE POLICY summed ON national_comparison FOR SELECT TO motcua_stats USING (true)",
    *_of_dossier("national_difference"),
    """
CREATE POLICY seen ON national_round_agency TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()))
WITH CHECK (agency_id <@ (SELECT row_scope()))
""",
    "ALTER TABLE national_round_agency ENABLE ROW LEVEL SECURITY",
)
