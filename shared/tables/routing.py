"""Tables that routing writes: agencies, calendars, cases and hand-overs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint

from shared.tables.schema import Instant, idempotency_table, metadata, revision_table

agency = Table(
    "agency",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("code", Text, nullable=False),
    Column("identification_code", Text, comment="national code; null where it is not known, never invented"),
    Column("name", Text, nullable=False),
    Column("sort_key", Text, nullable=False, comment="Vietnamese order"),
    Column("level", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_id", Integer, ForeignKey("agency.id")),
    Column("valid_from", Date, comment="null: from the beginning"),
    Column("valid_to", Date, comment="last day in force; null: still"),
    Column("confirmed", Boolean, nullable=False, comment="false: general knowledge, an operator is to confirm it"),
    Column("period", DATERANGE, Computed("daterange(valid_from, valid_to, '[]')", persisted=True)),
    CheckConstraint("level IN ('ministry', 'province', 'district', 'commune')", name="level"),
    # A code means one unit on one day; codes are reused (44 was Quảng Bình and is the merged Quảng Trị).
    ExcludeConstraint(("code", "="), ("period", "&&"), name="ex_agency_code_period", using="gist"),
)

agency_succession = Table(
    "agency_succession",
    metadata,
    Column("predecessor_id", Integer, ForeignKey("agency.id"), primary_key=True),
    Column("successor_id", Integer, ForeignKey("agency.id"), primary_key=True),
    Column("note", Text),
    comment="many-to-many: a merger is not one to one",
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name_vi", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("confidence", Text, nullable=False),
    CheckConstraint("kind IN ('holiday', 'in_lieu', 'swap_off', 'make_up_work')", name="kind"),
    CheckConstraint("status IN ('announced', 'provisional')", name="status"),
)

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("year", SmallInteger, primary_key=True),
    comment="a year that is not here has no calendar: reckoning over it is an error",
)

working_session = Table(
    "working_session",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("agency_id", Integer, ForeignKey("agency.id"), comment="null: the default of the installation"),
    Column("weekday", SmallInteger, nullable=False, comment="0 Monday … 6 Sunday"),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("basis", Text, nullable=False),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint("opens < closes", name="opens_before_closing"),
)

dossier_case = Table(
    "dossier_case",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("agency_id", Integer, ForeignKey("agency.id"), nullable=False, comment="that opened it"),
    Column("holder_id", Integer, ForeignKey("agency.id"), nullable=False, comment="that holds it now"),
    Column("desk", Text, comment="where in the holder"),
    Column("opened_at", Instant, nullable=False),
    Column("finished_at", Instant, comment="when the handling agency finished"),
    Column("finished_by", Text),
    Column("outcome", Text),
    Column("told_at", Instant, comment="when intake answered that it knows"),
    Column("refused", Text, comment="why intake does not take the finish: an operator looks at it"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index("ix_dossier_case_holder", "holder_id", "dossier_id", postgresql_where=text("finished_at IS NULL")),
    Index(
        "ix_dossier_case_untold",
        "finished_at",
        postgresql_where=text("finished_at IS NOT NULL AND told_at IS NULL AND refused IS NULL"),
    ),
)

hand_over = Table(
    "hand_over",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier_case.dossier_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("from_agency_id", Integer, ForeignKey("agency.id"), nullable=False),
    Column("from_desk", Text),
    Column("to_agency_id", Integer, ForeignKey("agency.id"), nullable=False),
    Column("to_desk", Text),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text),
    comment="append-only: who gave a dossier to whom, and when",
)

routing_idempotency = idempotency_table("routing")
routing_revision = revision_table("routing")
