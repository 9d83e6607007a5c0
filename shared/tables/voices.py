"""Tables that intake writes of what citizens say: ratings of dossiers, feedback and petitions. Words stand apart from
what is counted."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from shared.tables.schema import Instant, metadata

rating = Table(
    "rating",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("agency_id", Integer, ForeignKey("agency.id"), nullable=False, comment="had received it when it was rated"),
    Column("level", SmallInteger, nullable=False, comment="1 very satisfied, 2 satisfied, 3 unsatisfied"),
    Column("criteria", JSONB, nullable=False, comment="points of 0 to 2 by the name of the index; may be none"),
    Column("rated_at", Instant, nullable=False, comment="first"),
    Column("rated_day", Date, nullable=False, comment="civil day of that: the one it counts to"),
    Column("changed_at", Instant, comment="last; null: never"),
    CheckConstraint("level IN (1, 2, 3)", name="level"),
    Index("ix_rating_agency", "agency_id", "rated_day", "dossier_id"),
    comment="how applicants rate dossiers that have ended, without a word of theirs",
)

rating_words = Table(
    "rating_words",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("rating.dossier_id"), primary_key=True),
    Column("words", Text, comment="the applicant's own; they may name a person"),
    comment="what applicants say with a rating",
)

petition_term = Table(
    "petition_term",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("step", Text, nullable=False, comment="to decide, ask, answer, publish"),
    Column("measure", Text, nullable=False, comment="the law's own, or the national scoring's"),
    Column("working_days", SmallInteger, nullable=False),
    Column("valid_from", Date, comment="of reception; null: from the beginning"),
    Column("valid_to", Date, comment="last day of reception; null: still"),
    Column("citation", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="where the fact comes from, and how sure it is"),
    Column("confirmed", Boolean, nullable=False, comment="false: the text was not read"),
    Column("decision", Text, comment="by which an operator entered or ended it; null: as it came with the product"),
    Column("reason", Text),
    Column("entered_by", Text),
    Column("entered_at", Instant),
    Column("replaced", Boolean, nullable=False, server_default=text("false"), comment="true: it never holds again"),
    Column("period", DATERANGE, Computed("daterange(valid_from, valid_to, '[]')", persisted=True)),
    CheckConstraint("step IN ('decide', 'ask', 'answer', 'publish')", name="step"),
    CheckConstraint("measure IN ('law', 'scoring')", name="measure"),
    CheckConstraint("working_days >= 1", name="working_days"),
    ExcludeConstraint(
        ("step", "="),
        ("measure", "="),
        ("period", "&&"),
        name="ex_petition_term_period",
        using="gist",
        where=text("NOT replaced"),
    ),
    comment="until when what is to be done with a petition, by the day of its reception",
)

petition = Table(
    "petition",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("agency_id", Integer, ForeignKey("agency.id"), nullable=False, comment="received it"),
    Column("holder_id", Integer, ForeignKey("agency.id"), nullable=False, comment="is to deal with it"),
    Column("giver_agency_id", Integer, comment="forwarded it last; null: nobody did"),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), comment="it is about; null: about none"),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_day", Date, nullable=False),
    Column("since_day", Date, nullable=False, comment="on which its present step began: terms run from there"),
    Column("version", Integer, nullable=False, server_default=text("1"), comment="its ETag"),
    CheckConstraint("kind IN ('about_procedure', 'about_behaviour')", name="kind"),
    CheckConstraint("channel IN ('online', 'counter', 'post', 'phone', 'email', 'national_portal')", name="channel"),
    CheckConstraint(
        "state IN ('received', 'in_hand', 'forwarded', 'information_asked', 'answered', 'refused', 'published',"
        " 'withheld')",
        name="state",
    ),
    Index("ix_petition_holder", "holder_id", "received_at", "id"),
    Index("ix_petition_dossier", "dossier_id", postgresql_where=text("dossier_id IS NOT NULL")),
    comment="what somebody has to say, without a word of it and without whose it is",
)

petition_words = Table(
    "petition_words",
    metadata,
    Column("petition_id", BigInteger, ForeignKey("petition.id"), primary_key=True),
    Column("name", Text, comment="null: the national portal did not say"),
    Column("address", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False),
    comment="whose a petition is and what it says: personal data, apart from everything that is counted",
)

petition_event = Table(
    "petition_event",
    metadata,
    Column("petition_id", BigInteger, ForeignKey("petition.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="after it"),
    Column("occurred_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("acting_agency_id", Integer, nullable=False),
    Column("to_agency_id", Integer, comment="to which it was forwarded"),
    Column("in_time_by_law", Boolean, comment="null: the law has no term for it"),
    Column("in_time_by_scoring", Boolean),
    comment="append-only; what became of petitions",
)

petition_event_words = Table(
    "petition_event_words",
    metadata,
    Column("petition_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("words", Text, nullable=False),
    ForeignKeyConstraint(
        ["petition_id", "seq"],
        ["petition_event.petition_id", "petition_event.seq"],
        name="fk_petition_event_words_petition_event",
    ),
    comment="append-only: reasons, questions, answers, notes; they may name a person",
)

petition_publication = Table(
    "petition_publication",
    metadata,
    Column("petition_id", BigInteger, ForeignKey("petition.id"), primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("answered_by_id", Integer, nullable=False, comment="the agency that did"),
    Column("kind", Text, nullable=False),
    Column("received_day", Date, nullable=False),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Index("ix_petition_publication_published_at", "published_at", "petition_id"),
    comment="append-only: what everybody may read, written anew without anybody's data",
)
