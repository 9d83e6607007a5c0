"""What a report counts of a finished dossier stands in the index by which it is found.

Revision: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_FINISHED = sa.text("finished_day IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_dossier_finished", table_name="dossier", postgresql_where=_FINISHED)
    op.create_index(
        "ix_dossier_finished",
        "dossier",
        ["agency_id", "finished_day", "id"],
        unique=False,
        postgresql_include=["received_day", "due_day", "late_day", "verdict", "channel", "version_id"],
        postgresql_where=_FINISHED,
    )


def downgrade() -> None:
    op.drop_index("ix_dossier_finished", table_name="dossier", postgresql_where=_FINISHED)
    op.create_index(
        "ix_dossier_finished",
        "dossier",
        ["agency_id", "finished_day", "id"],
        unique=False,
        postgresql_where=_FINISHED,
    )
