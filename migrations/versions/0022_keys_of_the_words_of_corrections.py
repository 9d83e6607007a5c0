"""Numbers in the words of a correction have a key of their own, which is sealed anew when the installation's changes.

What corrections replaced before stays sealed as it is: its chain holds the hash of just that. On the way down no words
may rest on such a key: nobody could open them again.

Revision: 0022
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "event_note",
        sa.Column(
            "numbers_key",
            sa.Text(),
            nullable=True,
            comment="of the identity numbers in detail; sealed under a key of the installation, if it has any",
        ),
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM event_note WHERE numbers_key IS NOT NULL)")).scalar():
        raise RuntimeError("words of corrections hold numbers that nobody could open without event_note.numbers_key")
    op.drop_column("event_note", "numbers_key")
