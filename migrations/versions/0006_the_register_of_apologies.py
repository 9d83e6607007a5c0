"""The register of apologies: what was proposed, what was apologised for, and what was sent.

Apologies that the log has already are entered: it says of each whether it moved the date, not whether it was sent.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "extension_proposal",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False, comment="1 is the first of the dossier"),
        sa.Column("proposed_at", _INSTANT, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="for which agency: the holder of then"),
        sa.Column("new_due_at", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("apology", sa.Text(), nullable=False, comment="as the applicant is to read it"),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True, comment="null: nobody has decided yet"),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("rejection", sa.Text(), nullable=True, comment="why it was not accepted"),
        sa.CheckConstraint(
            "(accepted IS NULL) = (decided_at IS NULL)", name=op.f("ck_extension_proposal_decided_when_said")
        ),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_extension_proposal_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "n", name=op.f("pk_extension_proposal")),
        comment="what the handling agency wrote to the one-stop (Decree 61/2018 art. 19(9)); its words may name a person",
    )
    op.create_index(
        "ix_extension_proposal_open",
        "extension_proposal",
        ["dossier_id"],
        unique=True,
        postgresql_where=sa.text("accepted IS NULL"),
    )
    op.create_table(
        "apology",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False, comment="1 is the first of the dossier"),
        sa.Column(
            "seq", sa.Integer(), nullable=False, comment="of its event; the letter's words stand in event_note"
        ),
        sa.Column("kind", sa.SmallInteger(), nullable=False, comment="1 extension, 2 overdue, 3 lost or damaged"),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("new_due_at", _INSTANT, nullable=True),
        sa.Column("sent_at", _INSTANT, nullable=True, comment="first; null: the applicant does not know of it yet"),
        sa.Column("received_at", _INSTANT, nullable=True, comment="first"),
        sa.CheckConstraint("kind IN (1, 2, 3)", name=op.f("ck_apology_kind")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_apology_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", "n", name=op.f("pk_apology")),
        comment="the register of apologies, without a word of them",
    )
    op.create_index(
        "ix_apology_unsent",
        "apology",
        ["made_at", "dossier_id", "n"],
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "apology_delivery",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("k", sa.SmallInteger(), nullable=False, comment="1 is the first of the apology"),
        sa.Column("received", sa.Boolean(), nullable=False, comment="false: it was sent"),
        sa.Column("occurred_at", _INSTANT, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acting_agency_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True, comment="of a sending"),
        sa.Column(
            "words", sa.Text(), nullable=True, comment="who received it, or where to it was sent; it may name a person"
        ),
        sa.CheckConstraint(
            "channel IN ('sms', 'email', 'phone', 'post', 'counter', 'social_network')",
            name=op.f("ck_apology_delivery_channel"),
        ),
        sa.CheckConstraint(
            "received = (channel IS NULL)", name=op.f("ck_apology_delivery_a_sending_has_a_channel")
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id", "n"], ["apology.dossier_id", "apology.n"], name="fk_apology_delivery_apology"
        ),
        sa.PrimaryKeyConstraint("dossier_id", "n", "k", name=op.f("pk_apology_delivery")),
        comment="append-only: every sending and every receipt of an apology",
    )
    op.create_index(
        "ix_dossier_ended_late",
        "dossier",
        ["agency_id", "late_from", "id"],
        postgresql_where=sa.text("verdict = 3"),
    )
    op.execute(
        "INSERT INTO apology (dossier_id, n, seq, kind, made_at, new_due_at)"
        " SELECT dossier_id, row_number() OVER (PARTITION BY dossier_id ORDER BY seq), seq,"
        " CASE WHEN kind = 'extended' THEN 1 WHEN payload::jsonb->>'apology' = 'overdue' THEN 2 ELSE 3 END, occurred_at,"
        " CASE kind WHEN 'extended' THEN (payload::jsonb->>'due_at')::timestamptz END"
        " FROM dossier_event WHERE kind IN ('extended', 'apologised')"
    )


def downgrade() -> None:
    op.drop_index("ix_dossier_ended_late", table_name="dossier")
    op.drop_table("apology_delivery")
    op.drop_table("apology")
    op.drop_table("extension_proposal")
