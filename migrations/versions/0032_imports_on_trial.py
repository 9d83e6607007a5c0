"""Imports on trial: everything is judged, and nothing lands.

Revision: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_run",
        sa.Column(
            "trial",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="nothing landed: what would have",
        ),
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM import_run WHERE trial)")).scalar():
        raise RuntimeError("imports on trial would look as if they had landed")
    op.drop_column("import_run", "trial")
