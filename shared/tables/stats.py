"""Tables that stats writes: additive day histograms and monthly checkpoints, folded from the event log; sealed editions
of reports; the forms of official tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from shared.domain.counts import METRICS
from shared.tables.schema import Instant, Xid8, idempotency_table, metadata, position_table

count_day = Table(
    "count_day",
    metadata,
    Column("agency_id", Integer, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("channel", SmallInteger, primary_key=True),
    *(Column(metric, Integer, nullable=False, server_default="0") for metric in METRICS),
    comment="how many dossiers did what on a day; any set of agencies and any period is a sum of these",
)

count_checkpoint = Table(
    "count_checkpoint",
    metadata,
    Column("agency_id", Integer, primary_key=True),
    Column("month", Date, primary_key=True, comment="first day of a month: the sums are over all days before it"),
    Column("channel", SmallInteger, primary_key=True),
    *(Column(metric, BigInteger, nullable=False, server_default="0") for metric in METRICS),
)

stats_position = position_table("stats")

stats_idempotency = idempotency_table("stats")

reference_picture = Table(
    "reference_picture",
    metadata,
    Column("hash", BYTEA, primary_key=True, comment="SHA-256 of content"),
    Column("content", BYTEA, nullable=False, comment="canonical JSON: units, successions, versions of procedures"),
    comment="append-only; the reference data that editions were made from, whatever is corrected in it later",
)

report_edition = Table(
    "report_edition",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("report", Text, nullable=False),
    Column("format", Text, nullable=False, comment="which writer made the bytes, and makes them again"),
    Column("agency_id", Integer, nullable=False),
    Column("parameters", Text, nullable=False, comment="canonical JSON"),
    Column("number", Integer, nullable=False, comment="1, and one more with each correction"),
    Column("corrects", BigInteger, ForeignKey("report_edition.id"), unique=True, comment="null: the first"),
    Column("reason", Text),
    Column("note", Text),
    Column("sealed_at", Instant, nullable=False),
    Column("sealed_by", Text, nullable=False),
    Column("snapshot", Text, nullable=False, comment="pg_snapshot: the events it knows are those it sees"),
    Column("last_txid", Xid8, comment="of the last of them; null: there was none"),
    Column("last_event_id", BigInteger),
    Column("picture", BYTEA, ForeignKey("reference_picture.hash"), nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("sha256", BYTEA, nullable=False),
    Column("content", BYTEA, nullable=False, comment="the bytes, as sealed"),
    UniqueConstraint("report", "parameters", "number"),
    CheckConstraint("(corrects IS NULL) = (number = 1)", name="first"),
    CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="reason"),
    comment="append-only; sealed editions of reports",
)

edition_link = Table(
    "edition_link",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    Column("edition_id", BigInteger, ForeignKey("report_edition.id"), nullable=False, unique=True),
    Column(
        "seal",
        BYTEA,
        nullable=False,
        comment="SHA-256 over the seal before it and all that the row of the edition says",
    ),
    comment="append-only; the chain of sealed editions",
)

official_form = Table(
    "official_form",
    metadata,
    Column("form", Text, primary_key=True, comment="how it is asked for"),
    Column("number", Text, nullable=False, comment="as printed: II.06a/VPCP/KSTT"),
    Column("title", Text, nullable=False),
    Column("legal_basis", Text, comment="null: not known"),
    Column("receiver", Text, nullable=False, comment="whom a province reports to"),
    Column("valid_from", Date, comment="null: from the beginning"),
    Column("valid_to", Date, comment="last day in force; null: still"),
    Column("confirmed", Boolean, nullable=False, comment="false: its columns were not read"),
    Column("basis", Text, nullable=False, comment="where its title and columns come from"),
    Column(
        "headings",
        ARRAY(Text),
        nullable=False,
        comment="of the 13 columns, each as a path: Đã giải quyết > Trước hạn",
    ),
    Column("entered_by", Text, comment="an operator; null: it came with the product"),
    CheckConstraint("cardinality(headings) = 13", name="thirteen_columns"),
    comment="the forms under which the table of 13 columns is sent",
)
