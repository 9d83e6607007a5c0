"""Where takes_part() looks is fixed: whoever calls it could have it read types of his own with the owner's rights.

Revision: 0035
Revises: 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER FUNCTION takes_part(bigint, boolean) SET search_path = pg_catalog, pg_temp")


def downgrade() -> None:
    op.execute("ALTER FUNCTION takes_part(bigint, boolean) RESET search_path")
