"""Petitions: what anybody has to say, what becomes of it, until when, and what is published of it.

The terms that come with the product are entered here; an operator enters others. On the way down no petition may be
there: nobody could say it again.

Revision: 0029
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0026"
branch_labels = None
depends_on = None

_SCORED = (
    "the formula document of the national scoring, read in a public copy; the text of Quyết định 766/QĐ-TTg was not"
)
_SCORING = "Quyết định 766/QĐ-TTg, công thức chấm điểm của Cổng Dịch vụ công quốc gia"
#: step, measure, working days, citation, basis, confirmed
_TERMS = (
    (
        *("decide", "law", 5, "Nghị định 20/2008/NĐ-CP, Điều 9(1)d"),
        "to forward to the competent agency, from reception: read in the codification (Pháp điển); whether Nghị định"
        " 48/2013 and 92/2017 changed it was not read",
        True,
    ),
    ("decide", "scoring", 2, _SCORING, _SCORED, False),
    ("ask", "scoring", 5, _SCORING, _SCORED, False),
    ("answer", "scoring", 15, _SCORING, _SCORED, False),
    ("publish", "scoring", 2, _SCORING, _SCORED, False),
)
_OF_PETITIONS = ("petition_words", "petition_event", "petition_event_words")
_POLICIES = (
    """
CREATE POLICY seen ON petition TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()) OR holder_id <@ (SELECT row_scope())
  OR giver_agency_id <@ (SELECT row_scope()))
WITH CHECK (agency_id <@ (SELECT row_scope()) OR holder_id <@ (SELECT row_scope())
  OR giver_agency_id <@ (SELECT row_scope()))
""",
    "ALTER TABLE petition ENABLE ROW LEVEL SECURITY",
    *(
        statement
        for table in _OF_PETITIONS
        for statement in (
            f"CREATE POLICY seen ON {table} TO motcua_intake, motcua_routing"
            f" USING ((SELECT true FROM petition p WHERE p.id = {table}.petition_id))"
            f" WITH CHECK ((SELECT true FROM petition p WHERE p.id = {table}.petition_id))",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        )
    ),
)


def upgrade() -> None:
    terms = op.create_table(
        "petition_term",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False, comment="to decide, ask, answer, publish"),
        sa.Column("measure", sa.Text(), nullable=False, comment="the law's own, or the national scoring's"),
        sa.Column("working_days", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), comment="of reception; null: from the beginning"),
        sa.Column("valid_to", sa.Date(), comment="last day of reception; null: still"),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="where the fact comes from, and how sure it is"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="false: the text was not read"),
        sa.Column(
            "decision",
            sa.Text(),
            comment="by which an operator entered or ended it; null: as it came with the product",
        ),
        sa.Column("reason", sa.Text()),
        sa.Column("entered_by", sa.Text()),
        sa.Column("entered_at", sa.TIMESTAMP(timezone=True)),
        sa.Column(
            "replaced",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="true: it never holds again",
        ),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(valid_from, valid_to, '[]')", persisted=True),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_term")),
        sa.CheckConstraint("step IN ('decide', 'ask', 'answer', 'publish')", name=op.f("ck_petition_term_step")),
        sa.CheckConstraint("measure IN ('law', 'scoring')", name=op.f("ck_petition_term_measure")),
        sa.CheckConstraint("working_days >= 1", name=op.f("ck_petition_term_working_days")),
        postgresql.ExcludeConstraint(
            ("step", "="),
            ("measure", "="),
            ("period", "&&"),
            name="ex_petition_term_period",
            using="gist",
            where=sa.text("NOT replaced"),
        ),
        comment="until when what is to be done with a petition, by the day of its reception",
    )
    op.bulk_insert(
        terms,
        [
            dict(zip(("step", "measure", "working_days", "citation", "basis", "confirmed"), row, strict=True))
            for row in _TERMS
        ],
    )
    op.create_table(
        "petition",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received it"),
        sa.Column("holder_id", sa.Integer(), nullable=False, comment="is to deal with it"),
        sa.Column("giver_agency_id", sa.Integer(), comment="forwarded it last; null: nobody did"),
        sa.Column("dossier_id", sa.BigInteger(), comment="it is about; null: about none"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_day", sa.Date(), nullable=False),
        sa.Column(
            "since_day", sa.Date(), nullable=False, comment="on which its present step began: terms run from there"
        ),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"), comment="its ETag"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_petition_agency_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["agency.id"], name=op.f("fk_petition_holder_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_petition_dossier_id")),
        sa.CheckConstraint("kind IN ('about_procedure', 'about_behaviour')", name=op.f("ck_petition_kind")),
        sa.CheckConstraint(
            "channel IN ('online', 'counter', 'post', 'phone', 'email')", name=op.f("ck_petition_channel")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'in_hand', 'forwarded', 'information_asked', 'answered', 'refused', 'published',"
            " 'withheld')",
            name=op.f("ck_petition_state"),
        ),
        comment="what somebody has to say, without a word of it and without whose it is",
    )
    op.create_index("ix_petition_holder", "petition", ["holder_id", "received_at", "id"])
    op.create_index(
        "ix_petition_dossier", "petition", ["dossier_id"], postgresql_where=sa.text("dossier_id IS NOT NULL")
    )
    op.create_table(
        "petition_words",
        sa.Column("petition_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_words")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_words_petition_id")),
        comment="whose a petition is and what it says: personal data, apart from everything that is counted",
    )
    op.create_table(
        "petition_event",
        sa.Column("petition_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="after it"),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acting_agency_id", sa.Integer(), nullable=False),
        sa.Column("to_agency_id", sa.Integer(), comment="to which it was forwarded"),
        sa.Column("in_time_by_law", sa.Boolean(), comment="null: the law has no term for it"),
        sa.Column("in_time_by_scoring", sa.Boolean()),
        sa.PrimaryKeyConstraint("petition_id", "seq", name=op.f("pk_petition_event")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_event_petition_id")),
        comment="append-only; what became of petitions",
    )
    op.create_table(
        "petition_event_words",
        sa.Column("petition_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "seq", name=op.f("pk_petition_event_words")),
        sa.ForeignKeyConstraint(
            ["petition_id", "seq"],
            ["petition_event.petition_id", "petition_event.seq"],
            name="fk_petition_event_words_petition_event",
        ),
        comment="append-only: reasons, questions, answers, notes; they may name a person",
    )
    op.create_table(
        "petition_publication",
        sa.Column("petition_id", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=False, comment="the agency that did"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_day", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_publication")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_publication_petition_id")),
        comment="append-only: what everybody may read, written anew without anybody's data",
    )
    op.create_index(
        "ix_petition_publication_published_at", "petition_publication", ["published_at", "petition_id"]
    )
    for statement in _POLICIES:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM petition)")).scalar():
        raise RuntimeError("petitions are kept, and nobody could say them again")
    for table in ("petition_publication", "petition_event_words", "petition_event", "petition_words", "petition"):
        op.drop_table(table)
    op.drop_table("petition_term")
