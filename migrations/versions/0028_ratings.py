"""Ratings: how applicants rate dossiers that have ended, and apart from it what they say.

On the way down no rating may be there: nobody could give it again.

Revision: 0028
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

_POLICIES = (
    """
CREATE POLICY seen ON rating TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON rating FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE rating ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON rating_words TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = rating_words.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = rating_words.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE rating_words ENABLE ROW LEVEL SECURITY",
)


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="had received it when it was rated"),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="1 very satisfied, 2 satisfied, 3 unsatisfied"),
        sa.Column(
            "criteria",
            postgresql.JSONB(),
            nullable=False,
            comment="points of 0 to 2 by the name of the index; may be none",
        ),
        sa.Column("rated_at", sa.TIMESTAMP(timezone=True), nullable=False, comment="first"),
        sa.Column("rated_day", sa.Date(), nullable=False, comment="civil day of that: the one it counts to"),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), comment="last; null: never"),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_rating")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_rating_dossier_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_rating_agency_id")),
        sa.CheckConstraint("level IN (1, 2, 3)", name=op.f("ck_rating_level")),
        comment="how applicants rate dossiers that have ended, without a word of theirs",
    )
    op.create_index("ix_rating_agency", "rating", ["agency_id", "rated_day", "dossier_id"])
    op.create_table(
        "rating_words",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), comment="the applicant's own; they may name a person"),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_rating_words")),
        sa.ForeignKeyConstraint(["dossier_id"], ["rating.dossier_id"], name=op.f("fk_rating_words_dossier_id")),
        comment="what applicants say with a rating",
    )
    for statement in _POLICIES:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM rating)")).scalar():
        raise RuntimeError("ratings are kept, and nobody could give them again")
    op.drop_table("rating_words")
    op.drop_table("rating")
