"""Which papers a procedure asks for, from a day on; and what was said of each file: digitised, reused, from a store.

On the way down neither may be there, nor a result in the log: who came before does not know what that is.

Revision: 0030
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

_POLICY = """
CREATE POLICY seen ON file_mark TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()) OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope()) OR takes_part(dossier_id, true) IS NOT NULL)
"""
_THERE = (
    "SELECT EXISTS (SELECT FROM component_list) OR EXISTS (SELECT FROM file_mark)"
    " OR EXISTS (SELECT FROM dossier_event WHERE kind = 'result_recorded')"
)


def upgrade() -> None:
    op.create_table(
        "component_list",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="it holds from then on, until the next begins"),
        sa.Column("components", postgresql.JSONB(), nullable=False, comment="code, name, required, forms with counts"),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "replaced",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="true: another took its place before it held",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_list")),
        sa.ForeignKeyConstraint(["version_id"], ["procedure_version.id"], name=op.f("fk_component_list_version_id")),
        comment="the papers that a procedure asks for; a dossier keeps the list of the day on which it was handed in",
    )
    op.create_index(
        "uq_component_list_begin",
        "component_list",
        ["version_id", "valid_from"],
        unique=True,
        postgresql_where=sa.text("NOT replaced"),
    )
    op.create_table(
        "file_mark",
        sa.Column("file_id", postgresql.UUID(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False, comment="1 is the first of the file; the last holds"),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("digitised", sa.Boolean(), comment="DuocSoHoa; null: nobody has said"),
        sa.Column("reused", sa.SmallInteger(), comment="DuocTaiSuDung, as the national database numbers it"),
        sa.Column("from_store", sa.Boolean(), comment="DuocLayTuKhoDMQG"),
        sa.Column("marked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="for which they acted"),
        sa.PrimaryKeyConstraint("file_id", "n", name=op.f("pk_file_mark")),
        sa.ForeignKeyConstraint(["file_id"], ["dossier_file.id"], name=op.f("fk_file_mark_file_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_file_mark_dossier_id")),
        sa.CheckConstraint("reused IN (0, 1, 2)", name=op.f("ck_file_mark_reused")),
        comment="append-only; what was said of files, and by whom",
    )
    op.create_index("ix_file_mark_dossier", "file_mark", ["dossier_id"])
    op.execute(_POLICY)
    op.execute("ALTER TABLE file_mark ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    if op.get_bind().execute(sa.text(_THERE)).scalar():
        raise RuntimeError("lists of papers, marks of files or results are kept, and nobody would know of them any more")
    op.drop_table("file_mark")
    op.drop_table("component_list")
