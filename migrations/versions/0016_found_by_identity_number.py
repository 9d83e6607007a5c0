"""Dossiers are found by their applicant's identity number.

Revision: 0016
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_applicant_id_number",
        "applicant",
        [sa.literal_column("upper(replace(id_number, ' '::text, ''::text))")],
        postgresql_where=sa.text("id_number IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_applicant_id_number", table_name="applicant")
