"""Identity numbers may be sealed, and are found by an index then.

What is there stays as it is until `motcua seal-numbers` seals it, batch by batch. On the way down nothing may be sealed:
`motcua seal-numbers --undo`.

Revision: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_KEY = "upper(replace(id_number, ' '::text, ''::text))"
_SEALED = r"""
SELECT EXISTS (SELECT FROM applicant WHERE id_index IS NOT NULL OR submitted_by ->> 'id_index' IS NOT NULL)
"""


def upgrade() -> None:
    op.add_column(
        "applicant",
        sa.Column(
            "id_index",
            postgresql.BYTEA(),
            nullable=True,
            comment="by what the sealed number is found: HMAC, the key's id before it",
        ),
    )
    op.alter_column(
        "applicant",
        "id_number",
        existing_type=sa.Text(),
        existing_nullable=True,
        comment="sealed under a key of the installation, if it has any",
    )
    op.drop_index("ix_applicant_id_number", table_name="applicant")
    _index("id_number IS NOT NULL AND id_index IS NULL")
    op.create_index(
        "ix_applicant_id_index", "applicant", ["id_index"], postgresql_where=sa.text("id_index IS NOT NULL")
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text(_SEALED)).scalar():
        raise RuntimeError("identity numbers are sealed: run `motcua seal-numbers --undo` first")
    op.drop_index("ix_applicant_id_index", table_name="applicant")
    op.drop_index("ix_applicant_id_number", table_name="applicant")
    _index("id_number IS NOT NULL")
    op.alter_column(
        "applicant",
        "id_number",
        existing_type=sa.Text(),
        existing_nullable=True,
        comment=None,
        existing_comment="sealed under a key of the installation, if it has any",
    )
    op.drop_column("applicant", "id_index")


def _index(where: str) -> None:
    op.create_index(
        "ix_applicant_id_number", "applicant", [sa.literal_column(_KEY)], postgresql_where=sa.text(where)
    )
