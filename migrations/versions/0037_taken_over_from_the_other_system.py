"""What went on in the other system since it was imported is taken over.

Revision: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_run",
        sa.Column(
            "updated",
            sa.BigInteger(),
            nullable=False,
            server_default=sa.text("0"),
            comment="dossiers that had landed before, and went on",
        ),
    )


def downgrade() -> None:
    op.drop_column("import_run", "updated")
