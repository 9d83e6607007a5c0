"""Supplement rules as dated data; the case of a dossier, and until when its applicant is to complete it.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "supplement_rule",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "procedure_core", sa.Text(), comment="national core of the procedure it is for; null: the general rule"
        ),
        sa.Column("valid_from", sa.Date(), comment="of reception; null: from the beginning"),
        sa.Column("valid_to", sa.Date(), comment="last day of reception; null: still"),
        sa.Column(
            "effect", sa.Text(), nullable=False, comment="of a request after acceptance on the clock"
        ),
        sa.Column(
            "request_limit", sa.SmallInteger(), comment="how many requests after acceptance; null: not said"
        ),
        sa.Column("ask_within", sa.SmallInteger(), comment="in how many working days of reception; null: not said"),
        sa.Column("answer_value", sa.Numeric(7, 2), comment="how long the applicant has; null: not said"),
        sa.Column("answer_unit", sa.Text()),
        sa.Column("submission_value", sa.Numeric(7, 2), comment="the same before acceptance"),
        sa.Column("submission_unit", sa.Text()),
        sa.Column(
            "lapse",
            sa.Text(),
            server_default=sa.text("'nothing'"),
            nullable=False,
            comment="what happens when it runs out",
        ),
        sa.Column("notice", sa.Text(), comment="what the applicant is told then"),
        sa.Column("regime", sa.Text(), nullable=False, comment="the law, short"),
        sa.Column(
            "citation", sa.Text(), nullable=False, comment="the law, to the article, as an explanation cites it"
        ),
        sa.Column("basis", sa.Text(), nullable=False, comment="where the rule comes from, and how sure it is"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="false: the text of the law was not read"),
        sa.Column(
            "decision", sa.Text(), comment="by which an operator changed it; null: it is as it came with the product"
        ),
        sa.Column("reason", sa.Text(), comment="why an operator entered, ended or replaced it"),
        sa.Column(
            "entered_by",
            sa.Text(),
            comment="who did; null: nobody",
        ),
        sa.Column("entered_at", _INSTANT),
        sa.Column(
            "replaced",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="true: it never holds again",
        ),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(valid_from, valid_to, '[]')", persisted=True),
        ),
        postgresql.ExcludeConstraint(
            (sa.text("coalesce(procedure_core, '')"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            where=sa.text("NOT replaced"),
            name="ex_supplement_rule_period",
        ),
        sa.CheckConstraint("effect IN ('restart', 'pause', 'continue')", name=op.f("ck_supplement_rule_effect")),
        sa.CheckConstraint("lapse IN ('nothing', 'close')", name=op.f("ck_supplement_rule_lapse")),
        sa.CheckConstraint(
            "(answer_value IS NULL) = (answer_unit IS NULL)", name=op.f("ck_supplement_rule_answer_has_its_unit")
        ),
        sa.CheckConstraint(
            "(submission_value IS NULL) = (submission_unit IS NULL)",
            name=op.f("ck_supplement_rule_submission_has_its_unit"),
        ),
        sa.CheckConstraint(
            "answer_unit IN ('working_day', 'calendar_day', 'month')"
            " AND submission_unit IN ('working_day', 'calendar_day', 'month')",
            name=op.f("ck_supplement_rule_unit"),
        ),
        sa.CheckConstraint(
            "lapse = 'nothing' OR (notice IS NOT NULL AND coalesce(answer_value, submission_value) IS NOT NULL)",
            name=op.f("ck_supplement_rule_what_closes_says_when_and_why"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement_rule")),
        comment="what the law says of supplements; a dossier keeps the rule of the day on which it was received",
    )
    op.add_column(
        "dossier",
        sa.Column(
            "case_no",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="which of the procedure's terms",
        ),
    )
    op.add_column(
        "dossier",
        sa.Column(
            "answer_due_at",
            _INSTANT,
            comment="until when the applicant is to complete it; null: not asked, or not said",
        ),
    )
    op.add_column(
        "dossier",
        sa.Column(
            "lapses_at",
            _INSTANT,
            comment="from then on it is closed if it is not complete; null: nothing happens",
        ),
    )
    op.create_index(
        "ix_dossier_lapses",
        "dossier",
        ["lapses_at", "id"],
        postgresql_where=sa.text("lapses_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_dossier_lapses", table_name="dossier")
    for column in ("lapses_at", "answer_due_at", "case_no"):
        op.drop_column("dossier", column)
    op.drop_table("supplement_rule")
