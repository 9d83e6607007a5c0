"""Anchors bind the records of who read personal data.

Revision: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "anchor",
        sa.Column(
            "ends",
            sa.Text(),
            nullable=True,
            comment="of the chains of access_record, a line each; null: taken before there were any",
        ),
    )


def downgrade() -> None:
    op.drop_column("anchor", "ends")
