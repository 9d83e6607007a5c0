"""Life before and after acceptance: online submissions, and what events say in words.

Going back is refused while there are submissions that were not accepted: the schema before has no place for them.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
#: (column, type, what it says from now on): null until the dossier is accepted.
_NULL_UNTIL_ACCEPTED = (
    ("dossier", "accepted_at", _INSTANT, "null: submitted, not accepted"),
    ("dossier", "received_day", sa.Date(), "null before acceptance: nothing of it counts"),
    ("dossier_event", "received_day", sa.Date(), "null before acceptance: nothing of it counts"),
)
_SAID = (
    ("code", sa.Text(), False, "until acceptance: its reference"),
    ("due_at", _INSTANT, True, "as the applicant knows it; late_from says what it is judged by"),
)
_CHECKS = {
    "received_when_accepted": "(accepted_at IS NULL) = (received_day IS NULL)",
    "a_submission_has_a_reference": "accepted_at IS NOT NULL OR reference IS NOT NULL",
}


def upgrade() -> None:
    op.create_table(
        "event_note",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "detail",
            sa.Text(),
            nullable=True,
            comment="JSON as hashed: components asked for, number and signer of a letter",
        ),
        sa.Column(
            "salt",
            postgresql.BYTEA(),
            nullable=False,
            comment="erased with the words: without it the hash proves and tells nothing",
        ),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_event_note")),
        comment="what an event says in words; it may name a person, so the chain holds only its hash",
    )
    op.add_column(
        "dossier",
        sa.Column(
            "reference", sa.Text(), comment="of an online submission: what it was called until it was accepted"
        ),
    )
    op.add_column(
        "dossier",
        sa.Column(
            "reception_due_at", _INSTANT, comment="of a submission: until when the one-stop is to look at it"
        ),
    )
    for table, column, kind, comment in _NULL_UNTIL_ACCEPTED:
        op.alter_column(table, column, existing_type=kind, nullable=True, comment=comment)
    for column, kind, nullable, comment in _SAID:
        op.alter_column("dossier", column, existing_type=kind, existing_nullable=nullable, comment=comment)
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_dossier_{name}"), "dossier", condition)
    op.create_index(
        "ix_dossier_reference",
        "dossier",
        ["reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_dossier_reception",
        "dossier",
        ["agency_id", "reception_due_at", "id"],
        postgresql_where=sa.text("reception_due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_dossier_reception", table_name="dossier")
    op.drop_index("ix_dossier_reference", table_name="dossier")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_dossier_{name}"), "dossier")
    for column, kind, nullable, _ in _SAID:
        op.alter_column("dossier", column, existing_type=kind, existing_nullable=nullable, comment=None)
    for table, column, kind, _ in _NULL_UNTIL_ACCEPTED:
        op.alter_column(table, column, existing_type=kind, nullable=False, comment=None)
    op.drop_column("dossier", "reception_due_at")
    op.drop_column("dossier", "reference")
    op.drop_table("event_note")
