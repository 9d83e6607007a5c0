"""Personal data that were erased say when.

Revision: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "applicant",
        sa.Column(
            "erased_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when all of it was erased, by a decision",
        ),
    )


def downgrade() -> None:
    op.drop_column("applicant", "erased_at")
