"""The forms of official tables: codes and headings as data.

Revision: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "official_form",
        sa.Column("form", sa.Text(), nullable=False, comment="how it is asked for"),
        sa.Column("number", sa.Text(), nullable=False, comment="as printed: II.06a/VPCP/KSTT"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=True, comment="null: not known"),
        sa.Column("receiver", sa.Text(), nullable=False, comment="whom a province reports to"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="null: from the beginning"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day in force; null: still"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="false: its columns were not read"),
        sa.Column("basis", sa.Text(), nullable=False, comment="where its title and columns come from"),
        sa.Column(
            "headings",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="of the 13 columns, each as a path: Đã giải quyết > Trước hạn",
        ),
        sa.Column("entered_by", sa.Text(), nullable=True, comment="an operator; null: it came with the product"),
        sa.CheckConstraint("cardinality(headings) = 13", name=op.f("ck_official_form_thirteen_columns")),
        sa.PrimaryKeyConstraint("form", name=op.f("pk_official_form")),
        comment="the forms under which the table of 13 columns is sent",
    )


def downgrade() -> None:
    op.drop_table("official_form")
