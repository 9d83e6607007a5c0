"""Workflows with their steps, the segments that they make of a dossier, and opinions asked of other units.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workflow",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False, comment="1 is the first; a new one ends the former"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "procedure", sa.Text(), nullable=True, comment="national core of its code; null: not known, of an example"
        ),
        sa.Column("agency_id", sa.Integer(), nullable=True, comment="holds for what this agency received"),
        sa.Column(
            "level", sa.Text(), nullable=True, comment="… or what any agency of this level received; neither: for all"
        ),
        sa.Column("decision", sa.Text(), nullable=True, comment="number of the decision that approves it"),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False, comment="where it comes from, and how sure it is"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="false: an operator is to confirm it"),
        sa.Column("adopted", sa.Boolean(), nullable=False, comment="false: an example; it holds for nobody"),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="null: not known, of an example"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day in force; null: still"),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(valid_from, valid_to, '[]')", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "place", sa.Text(), sa.Computed("coalesce(agency_id::text, level, '')", persisted=True), nullable=True
        ),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("period"), "&&"), using="gist", name="ex_workflow_code_period"
        ),
        postgresql.ExcludeConstraint(
            (sa.column("kind"), "="),
            (sa.column("procedure"), "="),
            (sa.column("place"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("adopted"),
            using="gist",
            name="ex_workflow_place_period",
        ),
        sa.CheckConstraint("kind IN ('linked', 'internal')", name=op.f("ck_workflow_kind")),
        sa.CheckConstraint("level IN ('ministry', 'province', 'district', 'commune')", name=op.f("ck_workflow_level")),
        sa.CheckConstraint(
            "NOT adopted OR (valid_from IS NOT NULL AND procedure IS NOT NULL)",
            name=op.f("ck_workflow_adopted_is_whole"),
        ),
        sa.CheckConstraint("agency_id IS NULL OR level IS NULL", name=op.f("ck_workflow_one_place")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_workflow_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_workflow_code_version")),
        comment="a version of a linked procedure or of an internal process; only its end is ever set later",
    )
    op.create_table(
        "workflow_step",
        sa.Column("workflow_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True, comment="a unit; null: found by `relation`"),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column(
            "department", sa.Text(), nullable=True, comment="name of the department that `relation` department means"
        ),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "follows",
            postgresql.ARRAY(sa.SmallInteger()),
            nullable=False,
            comment="the steps it waits for; none: it begins",
        ),
        sa.CheckConstraint(
            "(relation IS NOT DISTINCT FROM 'department') = (department IS NOT NULL)",
            name=op.f("ck_workflow_step_department"),
        ),
        sa.CheckConstraint("relation IN ('receiving', 'above', 'department')", name=op.f("ck_workflow_step_relation")),
        sa.CheckConstraint("unit IN ('working_day', 'working_hour')", name=op.f("ck_workflow_step_unit")),
        sa.CheckConstraint("(agency_id IS NULL) <> (relation IS NULL)", name=op.f("ck_workflow_step_one_agency")),
        sa.CheckConstraint("value > 0", name=op.f("ck_workflow_step_allotted")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_workflow_step_agency_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"], name=op.f("fk_workflow_step_workflow_id")),
        sa.PrimaryKeyConstraint("workflow_id", "no", name=op.f("pk_workflow_step")),
        comment="append-only: who works on a dossier, for how long, after whom",
    )
    op.create_table(
        "case_segment",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=False, comment="the version it began with"),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="whose segment it is"),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(precision=6, scale=2), nullable=False, comment="allotted"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "follows",
            postgresql.ARRAY(sa.SmallInteger()),
            nullable=False,
            comment="none: it entered when the case was opened",
        ),
        sa.Column(
            "planned_due_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="were all before it on time to the hour: for receipts",
        ),
        sa.Column("entered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "due_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="by its own allotment from its own entry; waits added when it is closed",
        ),
        sa.Column("late_from", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("left_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "worked",
            sa.Interval(),
            nullable=True,
            comment="working time of the agency from entry to leave, waits left out",
        ),
        sa.Column("late", sa.Boolean(), nullable=True, comment="by its own allotment: the blame"),
        sa.Column("result", sa.Text(), nullable=True, comment="null: not over yet"),
        sa.Column("left_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("result IN ('early', 'on_day', 'late', 'not_needed')", name=op.f("ck_case_segment_result")),
        sa.CheckConstraint("(left_at IS NULL) = (worked IS NULL)", name=op.f("ck_case_segment_worked_when_left")),
        sa.CheckConstraint("left_at IS NULL OR left_at >= entered_at", name=op.f("ck_case_segment_left_after_entry")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_case_segment_agency_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier_case.dossier_id"], name=op.f("fk_case_segment_dossier_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"], name=op.f("fk_case_segment_workflow_id")),
        sa.PrimaryKeyConstraint("dossier_id", "no", name=op.f("pk_case_segment")),
        comment="what a workflow makes of a dossier: one row for each agency's share",
    )
    op.create_index("ix_case_segment_agency", "case_segment", ["agency_id", "dossier_id"], unique=False)
    op.create_index(
        "ix_case_segment_open", "case_segment", ["dossier_id"], unique=False, postgresql_where=sa.text("result IS NULL")
    )
    op.create_table(
        "opinion",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("from_agency_id", sa.Integer(), nullable=False, comment="that asks"),
        sa.Column("to_agency_id", sa.Integer(), nullable=False, comment="that is asked"),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("late_from", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column(
            "escalated_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="the head of the one-stop was told: once",
        ),
        sa.CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_opinion_answered")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier_case.dossier_id"], name=op.f("fk_opinion_dossier_id")),
        sa.ForeignKeyConstraint(["from_agency_id"], ["agency.id"], name=op.f("fk_opinion_from_agency_id")),
        sa.ForeignKeyConstraint(["to_agency_id"], ["agency.id"], name=op.f("fk_opinion_to_agency_id")),
        sa.PrimaryKeyConstraint("dossier_id", "no", name=op.f("pk_opinion")),
        comment="opinions asked of other units (Decree 61/2018 art. 19(5)); the words may name a person",
    )
    op.create_index(
        "ix_opinion_silent",
        "opinion",
        ["late_from"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL AND escalated_at IS NULL"),
    )
    op.create_index("ix_opinion_to", "opinion", ["to_agency_id", "dossier_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_opinion_to", table_name="opinion")
    op.drop_index(
        "ix_opinion_silent",
        table_name="opinion",
        postgresql_where=sa.text("answered_at IS NULL AND escalated_at IS NULL"),
    )
    op.drop_table("opinion")
    op.drop_index("ix_case_segment_open", table_name="case_segment", postgresql_where=sa.text("result IS NULL"))
    op.drop_index("ix_case_segment_agency", table_name="case_segment")
    op.drop_table("case_segment")
    op.drop_table("workflow_step")
    op.drop_table("workflow")
