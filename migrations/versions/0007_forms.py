"""The forms of the circulars, by kind, legal basis and date.

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_version",
        sa.Column("kind", sa.Text(), nullable=False, comment="what it is for: its number changes with the circular"),
        sa.Column("legal_basis", sa.Text(), nullable=False, comment="the circular"),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="null: from the beginning"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day in force; null: still"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="false: its printed body was not read"),
        sa.Column("basis", sa.Text(), nullable=False, comment="where its name and body come from"),
        sa.CheckConstraint("paper IN ('A4', 'A5')", name=op.f("ck_form_version_paper")),
        sa.PrimaryKeyConstraint("kind", "legal_basis", name=op.f("pk_form_version")),
        comment="the forms of the circulars, by kind, basis and date",
    )


def downgrade() -> None:
    op.drop_table("form_version")
