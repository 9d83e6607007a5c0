"""Which dossiers were ever re-opened: a finish that routing reported may not hold for them any more.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_dossier_event_reopened",
        "dossier_event",
        ["dossier_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'reopened'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_dossier_event_reopened", table_name="dossier_event", postgresql_where=sa.text("kind = 'reopened'")
    )
