"""Which identification code was entered for an agency, by whom and by which decision.

On the way down nothing may have been entered: by whose decision an agency issues under its code would be known no more.

Revision: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency_identification",
        sa.Column(
            "id",
            sa.Integer(),
            sa.Identity(),
            nullable=False,
            comment="in the order in which codes followed each other",
        ),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("identification_code", sa.Text(), nullable=False, comment="that it has since"),
        sa.Column("before", sa.Text(), comment="null: it had none"),
        sa.Column("decision", sa.Text(), nullable=False, comment="number of the decision that gives it"),
        sa.Column("reason", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acting_agency_id", sa.Integer(), nullable=False, comment="for whom the actor acted"),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_agency_identification_agency_id")),
        sa.ForeignKeyConstraint(
            ["acting_agency_id"], ["agency.id"], name=op.f("fk_agency_identification_acting_agency_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_identification")),
        comment="append-only: which identification code was entered for an agency, by whom and by which decision",
    )
    op.create_index("ix_agency_identification_agency", "agency_identification", ["agency_id", "id"], unique=False)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM agency_identification)")).scalar():
        raise RuntimeError("by which decision agencies have their identification codes is kept, and would be known no more")
    op.drop_table("agency_identification")
