"""Which dossiers a supplement was ever asked of: the national scoring judges them by it, and they are few.

Revision: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_dossier_event_asked",
        "dossier_event",
        ["dossier_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'supplement_requested'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_dossier_event_asked", table_name="dossier_event", postgresql_where=sa.text("kind = 'supplement_requested'")
    )
