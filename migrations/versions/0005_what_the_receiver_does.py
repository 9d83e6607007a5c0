"""What the receiver does with a hand-over: receipts, assignments, delegations; reorganisations; reasons of a refusal.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_HAND_OVER_CHECKS = {
    "kind": "kind IN ('hand_over', 'decline', 'recall', 'return', 'reorganisation')",
    "answers": "(kind IN ('decline', 'recall', 'return')) = (answers IS NOT NULL)",
    "reorganisation": "(kind = 'reorganisation') = (reorganisation_id IS NOT NULL)",
}
_HAND_OVER_COLUMNS = ("kind", "answers", "acting_agency_id", "delegation_id", "reorganisation_id")
_TABLES = (
    "hand_over_receipt",
    "assignment",
    "finish_reason",
    "reorganisation_left_over",
    "reorganisation",
    "delegation",
)


def _agency(table: str, column: str, *, nullable: bool = False, comment: str | None = None) -> sa.Column[int]:
    key = sa.ForeignKey("agency.id", name=op.f(f"fk_{table}_{column}"))
    return sa.Column(column, sa.Integer(), key, nullable=nullable, comment=comment)


def _delegation(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("delegation.id", name=op.f(f"fk_{table}_delegation_id"))
    return sa.Column("delegation_id", sa.Integer(), key, comment="in whose place, if not in the own")


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        _agency("delegation", "agency_id"),
        sa.Column("delegator", sa.Text(), nullable=False, comment="the leader in whose place the delegate acts"),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False, comment="last day"),
        sa.Column("sectors", postgresql.ARRAY(sa.Text()), comment="null: all"),
        sa.Column("actions", postgresql.ARRAY(sa.Text()), comment="null: all that can be delegated"),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, comment="ended early"),
        sa.Column("ended_by", sa.Text()),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), sa.Computed("daterange(valid_from, valid_to, '[]')", True)),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_delegation_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        postgresql.ExcludeConstraint(
            ("agency_id", "="),
            ("delegate", "="),
            ("period", "&&"),
            name="ex_delegation_agency_delegate_period",
            using="gist",
            where=sa.text("ended_at IS NULL"),
        ),
    )
    op.create_table(
        "reorganisation",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("effective_day", sa.Date(), nullable=False),
        sa.Column(
            "plan", postgresql.JSONB(), nullable=False, comment="which units' dossiers go where, by agency ids"
        ),
        sa.Column("beyond_succession", sa.Text(), comment="why a receiver need not be a successor"),
        sa.Column("actor", sa.Text(), nullable=False),
        _agency("reorganisation", "acting_agency_id"),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("looked_at", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("left_over", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "after_dossier_id",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="done up to here",
        ),
        sa.Column("finished_at", _INSTANT, comment="null: under way"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation")),
    )
    op.create_table(
        "reorganisation_left_over",
        sa.Column("reorganisation_id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        _agency("reorganisation_left_over", "holder_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reorganisation_id"],
            ["reorganisation.id"],
            name=op.f("fk_reorganisation_left_over_reorganisation_id"),
        ),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_reorganisation_left_over_dossier_id")),
        sa.PrimaryKeyConstraint("reorganisation_id", "dossier_id", name=op.f("pk_reorganisation_left_over")),
        comment="append-only: what no rule covers is listed, not guessed",
    )
    op.create_table(
        "finish_reason",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossier_case.dossier_id"], name=op.f("fk_finish_reason_dossier_id")
        ),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_finish_reason")),
        comment="why a reported finish is a refusal; it may name a person: no other room reads it, and it is deleted "
        "as soon as intake has answered",
    )
    op.create_table(
        "assignment",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _agency("assignment", "agency_id", comment="that held it"),
        sa.Column("desk", sa.Text()),
        sa.Column("assignee", sa.Text()),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        _agency("assignment", "acting_agency_id"),
        _delegation("assignment"),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier_case.dossier_id"], name=op.f("fk_assignment_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_assignment")),
        comment="append-only: at which desk and in whose hands a dossier lies within its holder",
    )
    op.create_table(
        "hand_over_receipt",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        _agency("hand_over_receipt", "acting_agency_id"),
        sa.Column(
            "implied",
            sa.Boolean(),
            nullable=False,
            comment="true: nobody said so, the receiver went on with it",
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id", "seq"],
            ["hand_over.dossier_id", "hand_over.seq"],
            name=op.f("fk_hand_over_receipt_dossier_id"),
        ),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_hand_over_receipt")),
        comment="append-only: who has what was handed over, and since when",
    )
    op.add_column("hand_over", sa.Column("kind", sa.Text(), server_default=sa.text("'hand_over'"), nullable=False))
    op.add_column(
        "hand_over",
        sa.Column(
            "answers", sa.Integer(), comment="of a decline, a recall, a return: the hand-over that it undoes"
        ),
    )
    op.add_column(
        "hand_over", _agency("hand_over", "acting_agency_id", nullable=True, comment="for whom the actor acted")
    )
    op.add_column("hand_over", _delegation("hand_over"))
    op.add_column(
        "hand_over",
        sa.Column(
            "reorganisation_id",
            sa.Integer(),
            sa.ForeignKey("reorganisation.id", name=op.f("fk_hand_over_reorganisation_id")),
        ),
    )
    for name, condition in _HAND_OVER_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", condition)
    op.add_column("dossier_case", sa.Column("assignee", sa.Text(), comment="who in the holder; null: not assigned"))
    op.add_column(
        "dossier_case",
        sa.Column(
            "received",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="false: the holder was given it and has not said that it has it",
        ),
    )


def downgrade() -> None:
    for column in ("received", "assignee"):
        op.drop_column("dossier_case", column)
    for name in _HAND_OVER_CHECKS:
        op.drop_constraint(op.f(f"ck_hand_over_{name}"), "hand_over")
    for column in _HAND_OVER_COLUMNS:
        op.drop_column("hand_over", column)
    for table in _TABLES:
        op.drop_table(table)
