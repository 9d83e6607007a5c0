"""Files of dossiers: what they are called, what they are, and the hash by which their contents are kept elsewhere.

On the way down no file may be there: nobody would know any more what the contents are of.

Revision: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossier_file",
        sa.Column("id", postgresql.UUID(), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "component", sa.Text(), comment="which paper it is, by the name or code that its sender gave; null: not said"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="what it is called; nothing is kept under it"),
        sa.Column("media_type", sa.Text(), nullable=False, comment="as its bytes tell"),
        sa.Column("size", sa.Integer(), nullable=False, comment="in bytes"),
        sa.Column("sha256", postgresql.BYTEA(), nullable=False, comment="of its content, by which that is kept"),
        sa.Column("uploaded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="for which the sender acted"),
        sa.Column("replaces", postgresql.UUID(), comment="the version before; null: the first"),
        sa.Column(
            "erased_at", sa.TIMESTAMP(timezone=True), comment="when name and content were taken away by a decision"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_file")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_file_dossier_id")),
        sa.ForeignKeyConstraint(["replaces"], ["dossier_file.id"], name=op.f("fk_dossier_file_replaces")),
        sa.UniqueConstraint("replaces", name=op.f("uq_dossier_file_replaces")),
        sa.CheckConstraint("octet_length(sha256) = 32 AND size > 0", name=op.f("ck_dossier_file_content")),
        comment="scans and electronic papers of dossiers; their contents are kept elsewhere, by their hash",
    )
    op.create_index("ix_dossier_file_dossier", "dossier_file", ["dossier_id"])
    op.create_index("ix_dossier_file_sha256", "dossier_file", ["sha256"])
    op.create_index(
        "uq_dossier_file_content",
        "dossier_file",
        ["dossier_id", "component", "sha256"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("erased_at IS NULL"),
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM dossier_file)")).scalar():
        raise RuntimeError("files of dossiers are kept, and nobody would know any more what they are of")
    op.drop_table("dossier_file")
