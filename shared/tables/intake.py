"""Tables that intake writes: procedures, dossiers, the event log, files, imports, anchors, records of readings."""

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
    Numeric,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, DATERANGE, JSONB, UUID, ExcludeConstraint

from shared.tables.schema import Instant, Xid8, idempotency_table, metadata, position_table, revision_table

CHANNELS = "channel IN (1, 2, 3)"

procedure = Table(
    "procedure",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("code", Text, nullable=False, unique=True, comment="as published, publisher suffix included"),
    Column("national_core", Text, nullable=False, index=True, comment="group.6 digits: what is compared"),
    Column("publisher", Text),
    Column("scope", Text, nullable=False, comment="national, or the province whose own procedure it is"),
)

procedure_version = Table(
    "procedure_version",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("procedure_id", Integer, ForeignKey("procedure.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_search", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("decision", Text),
    Column("online_level", Text),
    Column("valid_from", Date, comment="null: from the beginning"),
    Column("valid_to", Date, comment="last day in force; null: still"),
    Column("basis", Text, nullable=False, comment="where this version comes from"),
    Index("ix_procedure_version_procedure", "procedure_id", "valid_from"),
)

procedure_offer = Table(
    "procedure_offer",
    metadata,
    Column("version_id", Integer, ForeignKey("procedure_version.id"), primary_key=True),
    Column("level", Text, primary_key=True),
    Column("valid_to", Date, comment="last day on which the level offers it"),
    Column("basis", Text, nullable=False),
    comment="at which administrative level a procedure is handled",
)

procedure_term = Table(
    "procedure_term",
    metadata,
    Column("version_id", Integer, ForeignKey("procedure_version.id"), primary_key=True),
    Column("channel", SmallInteger, primary_key=True),
    Column("case_no", SmallInteger, primary_key=True, comment="1 is what holds when nobody names a case"),
    Column("value", Numeric(7, 2), nullable=False),
    Column("unit", Text, nullable=False),
    Column("cutoff", Time, comment="same-day terms: from then on due the next working day"),
    Column("verbatim", Text),
    CheckConstraint(CHANNELS, name="channel"),
    CheckConstraint(
        "unit IN ('working_day', 'calendar_day', 'working_hour', 'month', 'same_day', 'none')", name="unit"
    ),
    comment="a channel without a row is not offered",
)

component_list = Table(
    "component_list",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("version_id", Integer, ForeignKey("procedure_version.id"), nullable=False),
    Column("valid_from", Date, nullable=False, comment="it holds from then on, until the next begins"),
    Column("components", JSONB, nullable=False, comment="code, name, required, forms with counts"),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column(
        "replaced",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="true: another took its place before it held",
    ),
    Index("uq_component_list_begin", "version_id", "valid_from", unique=True, postgresql_where=text("NOT replaced")),
    comment="the papers that a procedure asks for; a dossier keeps the list of the day on which it was handed in",
)

supplement_rule = Table(
    "supplement_rule",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("procedure_core", Text, comment="national core of the procedure it is for; null: the general rule"),
    Column("valid_from", Date, comment="of reception; null: from the beginning"),
    Column("valid_to", Date, comment="last day of reception; null: still"),
    Column("effect", Text, nullable=False, comment="of a request after acceptance on the clock"),
    Column("request_limit", SmallInteger, comment="how many requests after acceptance; null: not said"),
    Column("ask_within", SmallInteger, comment="in how many working days of reception; null: not said"),
    Column("answer_value", Numeric(7, 2), comment="how long the applicant has; null: not said"),
    Column("answer_unit", Text),
    Column("submission_value", Numeric(7, 2), comment="the same before acceptance"),
    Column("submission_unit", Text),
    Column("lapse", Text, nullable=False, server_default=text("'nothing'"), comment="what happens when it runs out"),
    Column("notice", Text, comment="what the applicant is told then"),
    Column("regime", Text, nullable=False, comment="the law, short"),
    Column("citation", Text, nullable=False, comment="the law, to the article, as an explanation cites it"),
    Column("basis", Text, nullable=False, comment="where the rule comes from, and how sure it is"),
    Column("confirmed", Boolean, nullable=False, comment="false: the text of the law was not read"),
    Column("decision", Text, comment="by which an operator changed it; null: it is as it came with the product"),
    Column("reason", Text, comment="why an operator entered, ended or replaced it"),
    Column("entered_by", Text, comment="who did; null: nobody"),
    Column("entered_at", Instant),
    Column("replaced", Boolean, nullable=False, server_default=text("false"), comment="true: it never holds again"),
    Column("period", DATERANGE, Computed("daterange(valid_from, valid_to, '[]')", persisted=True)),
    CheckConstraint("effect IN ('restart', 'pause', 'continue')", name="effect"),
    CheckConstraint("lapse IN ('nothing', 'close')", name="lapse"),
    CheckConstraint("(answer_value IS NULL) = (answer_unit IS NULL)", name="answer_has_its_unit"),
    CheckConstraint("(submission_value IS NULL) = (submission_unit IS NULL)", name="submission_has_its_unit"),
    CheckConstraint(
        "answer_unit IN ('working_day', 'calendar_day', 'month')"
        " AND submission_unit IN ('working_day', 'calendar_day', 'month')",
        name="unit",
    ),
    CheckConstraint(
        "lapse = 'nothing' OR (notice IS NOT NULL AND coalesce(answer_value, submission_value) IS NOT NULL)",
        name="what_closes_says_when_and_why",
    ),
    # One rule holds for a procedure on one day, and one in general.
    ExcludeConstraint(
        (text("coalesce(procedure_core, '')"), "="),
        ("period", "&&"),
        name="ex_supplement_rule_period",
        using="gist",
        where=text("NOT replaced"),
    ),
    comment="what the law says of supplements; a dossier keeps the rule of the day on which it was received",
)

dossier = Table(
    "dossier",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("code", Text, nullable=False, unique=True, comment="until acceptance: its reference"),
    Column("legacy_code", Text, comment="its code in another system"),
    Column("reference", Text, comment="of an online submission: what it was called until it was accepted"),
    Column("version_id", Integer, ForeignKey("procedure_version.id"), nullable=False),
    Column("agency_id", Integer, ForeignKey("agency.id"), nullable=False, comment="received it; its figure"),
    Column("channel", SmallInteger, nullable=False),
    Column("case_no", SmallInteger, nullable=False, server_default=text("1"), comment="which of the procedure's terms"),
    Column("status", SmallInteger, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("reception_due_at", Instant, comment="of a submission: until when the one-stop is to look at it"),
    Column("accepted_at", Instant, comment="null: submitted, not accepted"),
    Column("original_due_at", Instant),
    Column("due_at", Instant, comment="as the applicant knows it; late_from says what it is judged by"),
    Column("late_from", Instant, comment="first instant that is late; null: no term, or the clock stands still"),
    Column(
        "answer_due_at", Instant, comment="until when the applicant is to complete it; null: not asked, or not said"
    ),
    Column("lapses_at", Instant, comment="from then on it is closed if it is not complete; null: nothing happens"),
    Column("finished_at", Instant),
    Column("returned_at", Instant),
    Column("outcome", SmallInteger),
    Column("received_day", Date, comment="null before acceptance: nothing of it counts"),
    Column("due_day", Date),
    Column("late_day", Date),
    Column("finished_day", Date),
    Column("verdict", SmallInteger),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("provisional", Boolean, nullable=False, server_default=text("false"), comment="due rests on such a day"),
    Column("return_channel", SmallInteger, nullable=False, server_default=text("1")),
    Column("summary", Text),
    Column("documents", JSONB),
    Column("version", Integer, nullable=False, server_default=text("1"), comment="its ETag"),
    Column("event_seq", Integer, nullable=False, server_default=text("1")),
    Column("event_hash", BYTEA, nullable=False, comment="head of the chain"),
    CheckConstraint(CHANNELS, name="channel"),
    CheckConstraint("status BETWEEN 1 AND 10", name="status"),
    CheckConstraint("(accepted_at IS NULL) = (received_day IS NULL)", name="received_when_accepted"),
    CheckConstraint("accepted_at IS NOT NULL OR reference IS NOT NULL", name="a_submission_has_a_reference"),
    CheckConstraint("finished_at IS NULL OR finished_at >= accepted_at", name="finish_after_acceptance"),
    CheckConstraint("(finished_at IS NULL) = (verdict IS NULL)", name="verdict_when_finished"),
    Index("ix_dossier_received", "agency_id", "received_day", "id"),
    # What a report by procedure or sector counts stands in it: dossiers that were finished lie on as many pages as
    # there are of them. Reception does not touch it.
    Index(
        "ix_dossier_finished",
        "agency_id",
        "finished_day",
        "id",
        postgresql_include=["received_day", "due_day", "late_day", "verdict", "channel", "version_id"],
        postgresql_where=text("finished_day IS NOT NULL"),
    ),
    # Two partial indexes on what is open serve every overdue page: by scope of few agencies, and of many. What a page
    # is narrowed to is read in them: a scope of many takes 0.2 ms, not 13, at 10 M dossiers, a rare sector 5, not 55.
    Index(
        "ix_dossier_open_agency",
        "agency_id",
        "late_from",
        "id",
        postgresql_include=["version_id"],
        postgresql_where=text("finished_at IS NULL"),
    ),
    Index(
        "ix_dossier_open",
        "late_from",
        "id",
        postgresql_include=["agency_id", "version_id"],
        postgresql_where=text("finished_at IS NULL"),
    ),
    # What ended late, in the order in which it became late: a fortieth of all. Who is owed an apology stands in it.
    Index("ix_dossier_ended_late", "agency_id", "late_from", "id", postgresql_where=text("verdict = 3")),
    Index("ix_dossier_reference", "reference", unique=True, postgresql_where=text("reference IS NOT NULL")),
    Index(
        "ix_dossier_reception",
        "agency_id",
        "reception_due_at",
        "id",
        postgresql_where=text("reception_due_at IS NOT NULL"),
    ),
    # What waits for an applicant whose time runs out: the few that are to be closed are found without a scan.
    Index("ix_dossier_lapses", "lapses_at", "id", postgresql_where=text("lapses_at IS NOT NULL")),
    Index("ix_dossier_legacy_code", "legacy_code", unique=True, postgresql_where=text("legacy_code IS NOT NULL")),
)

applicant = Table(
    "applicant",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("kind", SmallInteger, nullable=False, comment="1 person, 2 business, 3 agency, 4 organisation"),
    Column("name", Text, nullable=False),
    Column("name_search", Text, nullable=False),
    Column("id_number", Text, comment="sealed under a key of the installation, if it has any"),
    Column("phone", Text),
    Column("phone_digits", Text),
    Column("email", Text),
    Column("address", Text),
    Column("submitted_by", JSONB, comment="who handed it in, where that is not the applicant"),
    Column("id_index", BYTEA, comment="by what the sealed number is found: HMAC, the key's id before it"),
    Column("erased_at", Instant, comment="when all of it was erased, by a decision"),
    Index(
        "ix_applicant_name_search",
        "name_search",
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    ),
    Index("ix_applicant_phone_digits", "phone_digits", postgresql_where=text("phone_digits IS NOT NULL")),
    Index("ix_applicant_id_index", "id_index", postgresql_where=text("id_index IS NOT NULL")),
    Index(
        "ix_applicant_id_number",
        text("upper(replace(id_number, ' '::text, ''::text))"),
        postgresql_where=text("id_number IS NOT NULL AND id_index IS NULL"),
    ),
    comment="personal data, apart from everything that is counted",
)

dossier_event = Table(
    "dossier_event",
    metadata,
    # No foreign key: it is written in the statement that writes the dossier, nobody may delete either, and the
    # check would cost a fifth of an import.
    Column("dossier_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("txid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", SmallInteger, nullable=False, comment="of the dossier, after it"),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("acting_agency_id", Integer, nullable=False, comment="for which agency the actor acted"),
    Column("agency_id", Integer, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("received_day", Date, comment="null before acceptance: nothing of it counts"),
    Column("due_day", Date),
    Column("late_day", Date),
    Column("finished_day", Date),
    Column("verdict", SmallInteger),
    Column("paused", Boolean, nullable=False),
    Column("payload", Text, nullable=False, comment="JSON, byte for byte as hashed"),
    Column("hash", BYTEA, nullable=False),
    Index("ix_dossier_event_log", "txid", "id"),
    # A handful of millions: routing asks which dossiers may be open again after a finish.
    Index("ix_dossier_event_reopened", "dossier_id", postgresql_where=text("kind = 'reopened'")),
    # A twentieth: the national scoring asks of which dossiers of a period a supplement was asked for. Without it every
    # event of the period is read: 1.2 s of 1.9 for half a year of one province.
    Index("ix_dossier_event_asked", "dossier_id", postgresql_where=text("kind = 'supplement_requested'")),
    comment="append-only; the facts of the dossier as they stand after each event",
)

event_note = Table(
    "event_note",
    metadata,
    Column("dossier_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("reason", Text),
    Column("detail", Text, comment="JSON as hashed: components asked for, number and signer of a letter"),
    Column(
        "salt", BYTEA, nullable=False, comment="erased with the words: without it the hash proves and tells nothing"
    ),
    Column(
        "numbers_key",
        Text,
        comment="of the identity numbers in detail; sealed under a key of the installation, if it has any",
    ),
    comment="what an event says in words; it may name a person, so the chain holds only its hash",
)

extension_proposal = Table(
    "extension_proposal",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True, comment="1 is the first of the dossier"),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("agency_id", Integer, nullable=False, comment="for which agency: the holder of then"),
    Column("new_due_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("apology", Text, nullable=False, comment="as the applicant is to read it"),
    Column("number", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("accepted", Boolean, comment="null: nobody has decided yet"),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("rejection", Text, comment="why it was not accepted"),
    CheckConstraint("(accepted IS NULL) = (decided_at IS NULL)", name="decided_when_said"),
    Index(
        "ix_extension_proposal_open",
        "dossier_id",
        unique=True,
        postgresql_where=text("accepted IS NULL"),
    ),
    comment="what the handling agency wrote to the one-stop (Decree 61/2018 art. 19(9)); its words may name a person",
)

apology = Table(
    "apology",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True, comment="1 is the first of the dossier"),
    Column("seq", Integer, nullable=False, comment="of its event; the letter's words stand in event_note"),
    Column("kind", SmallInteger, nullable=False, comment="1 extension, 2 overdue, 3 lost or damaged"),
    Column("made_at", Instant, nullable=False),
    Column("new_due_at", Instant),
    Column("sent_at", Instant, comment="first; null: the applicant does not know of it yet"),
    Column("received_at", Instant, comment="first"),
    CheckConstraint("kind IN (1, 2, 3)", name="kind"),
    Index("ix_apology_unsent", "made_at", "dossier_id", "n", postgresql_where=text("sent_at IS NULL")),
    comment="the register of apologies, without a word of them",
)

apology_delivery = Table(
    "apology_delivery",
    metadata,
    Column("dossier_id", BigInteger, primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("k", SmallInteger, primary_key=True, comment="1 is the first of the apology"),
    Column("received", Boolean, nullable=False, comment="false: it was sent"),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("acting_agency_id", Integer, nullable=False),
    Column("channel", Text, comment="of a sending"),
    Column("words", Text, comment="who received it, or where to it was sent; it may name a person"),
    ForeignKeyConstraint(["dossier_id", "n"], ["apology.dossier_id", "apology.n"], name="fk_apology_delivery_apology"),
    CheckConstraint(
        "channel IN ('sms', 'email', 'phone', 'post', 'counter', 'social_network')",
        name="channel",
    ),
    CheckConstraint("received = (channel IS NULL)", name="a_sending_has_a_channel"),
    comment="append-only: every sending and every receipt of an apology",
)

form_version = Table(
    "form_version",
    metadata,
    Column("kind", Text, primary_key=True, comment="what it is for: its number changes with the circular"),
    Column("legal_basis", Text, primary_key=True, comment="the circular"),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("paper", Text, nullable=False),
    Column("valid_from", Date, comment="null: from the beginning"),
    Column("valid_to", Date, comment="last day in force; null: still"),
    Column("confirmed", Boolean, nullable=False, comment="false: its printed body was not read"),
    Column("basis", Text, nullable=False, comment="where its name and body come from"),
    CheckConstraint("paper IN ('A4', 'A5')", name="paper"),
    comment="the forms of the circulars, by kind, basis and date",
)

dossier_number = Table(
    "dossier_number",
    metadata,
    Column("prefix", Text, primary_key=True, comment="agency code and day, as in the dossier code"),
    Column("last", Integer, nullable=False),
    comment="gapless: the row is locked until its dossier commits",
)

import_run = Table(
    "import_run",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("state", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agency_id", Integer, nullable=False, comment="on whose behalf: who covers it may see the import"),
    Column("bytes_read", BigInteger, nullable=False, server_default=text("0")),
    Column("lines_read", BigInteger, nullable=False, server_default=text("0")),
    Column("created", BigInteger, nullable=False, server_default=text("0")),
    Column(
        "updated",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="dossiers that had landed before, and went on",
    ),
    Column("unchanged", BigInteger, nullable=False, server_default=text("0")),
    Column("rejected", BigInteger, nullable=False, server_default=text("0")),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("trial", Boolean, nullable=False, server_default=text("false"), comment="nothing landed: what would have"),
    CheckConstraint("state IN ('running', 'done', 'interrupted')", name="state"),
)

import_reject = Table(
    "import_reject",
    metadata,
    Column("import_id", UUID(as_uuid=True), ForeignKey("import_run.id"), primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("reference", Text, comment="legacy_code or code of the record, if it is a well-formed one"),
    Column("reasons", JSONB, nullable=False),
    comment="why a line did not land; the line itself is not kept, it may hold personal data",
)

import_identity = Table(
    "import_identity",
    metadata,
    Column("key", BYTEA, primary_key=True, comment="hash of the record's own code, or of its content"),
    Column("content", BYTEA, nullable=False, comment="hash of the whole record"),
    Column("dossier_id", BigInteger, nullable=False),
)

calendar_recompute = Table(
    "calendar_recompute",
    metadata,
    Column("change_id", BigInteger, primary_key=True, comment="of routing's calendar_change"),
    Column("state", Text, nullable=False),
    Column("floor", Xid8, nullable=False, comment="dossiers of transactions from here on are looked at last"),
    Column("position", BigInteger, nullable=False, server_default=text("0"), comment="the dossier looked at last"),
    Column("to_look_at", Integer, nullable=False, comment="open dossiers whose clock rests on the changed days"),
    Column("looked_at", Integer, nullable=False, server_default=text("0")),
    Column("moved", Integer, nullable=False, server_default=text("0"), comment="an event each"),
    Column("unreckoned", Integer, nullable=False, server_default=text("0"), comment="a year without a calendar"),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    CheckConstraint("state IN ('sweeping', 'settling', 'done')", name="state"),
    comment="how far open dossiers are reckoned anew after a change of the calendar",
)

intake_idempotency = idempotency_table("intake")
intake_position = position_table("intake")
intake_revision = revision_table("intake")

anchor = Table(
    "anchor",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    Column("taken_at", Instant, nullable=False),
    Column("last_event_id", BigInteger, nullable=False, comment="of dossier_event; nothing up to it is to come"),
    Column("events", BigInteger, nullable=False, comment="since the anchor before"),
    Column("digest", BYTEA, nullable=False, comment="SHA-256 over their hashes in the order of their ids"),
    Column("edition", BigInteger, comment="number of the last edition_link; null: none"),
    Column("seal", BYTEA, comment="its seal"),
    Column("previous", BYTEA, nullable=False, comment="root of the anchor before; 32 zero bytes before the first"),
    Column("ends", Text, comment="of the chains of access_record, a line each; null: taken before there were any"),
    Column("root", BYTEA, nullable=False, comment="SHA-256 of the anchor's text"),
    Column("floor", Xid8, nullable=False, comment="every event after last_event_id is of this transaction or later"),
    comment="append-only; what a third party holds of the event log",
)

anchor_stamp = Table(
    "anchor_stamp",
    metadata,
    Column("number", BigInteger, ForeignKey("anchor.number"), primary_key=True, autoincrement=False),
    Column("stamped_at", Instant, nullable=False, comment="by the authority's clock"),
    Column("response", BYTEA, nullable=False, comment="TimeStampResp of RFC 3161"),
    comment="append-only; the anchors that a time-stamping authority has stamped",
)

dossier_file = Table(
    "dossier_file",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("component", Text, comment="which paper it is, by the name or code that its sender gave; null: not said"),
    Column("name", Text, nullable=False, comment="what it is called; nothing is kept under it"),
    Column("media_type", Text, nullable=False, comment="as its bytes tell"),
    Column("size", Integer, nullable=False, comment="in bytes"),
    Column("sha256", BYTEA, nullable=False, comment="of its content, by which that is kept"),
    Column("uploaded_at", Instant, nullable=False),
    Column("uploaded_by", Text, nullable=False),
    Column("agency_id", Integer, nullable=False, comment="for which the sender acted"),
    Column("replaces", UUID, ForeignKey("dossier_file.id"), unique=True, comment="the version before; null: the first"),
    Column("erased_at", Instant, comment="when name and content were taken away by a decision"),
    CheckConstraint("octet_length(sha256) = 32 AND size > 0", name="content"),
    Index("ix_dossier_file_dossier", "dossier_id"),
    Index("ix_dossier_file_sha256", "sha256"),
    Index(
        "uq_dossier_file_content",
        "dossier_id",
        "component",
        "sha256",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=text("erased_at IS NULL"),
    ),
    comment="scans and electronic papers of dossiers; their contents are kept elsewhere, by their hash",
)

file_mark = Table(
    "file_mark",
    metadata,
    Column("file_id", UUID, ForeignKey("dossier_file.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True, comment="1 is the first of the file; the last holds"),
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), nullable=False),
    Column("digitised", Boolean, comment="DuocSoHoa; null: nobody has said"),
    Column("reused", SmallInteger, comment="DuocTaiSuDung, as the national database numbers it"),
    Column("from_store", Boolean, comment="DuocLayTuKhoDMQG"),
    Column("marked_at", Instant, nullable=False),
    Column("marked_by", Text, nullable=False),
    Column("agency_id", Integer, nullable=False, comment="for which they acted"),
    CheckConstraint("reused IN (0, 1, 2)", name="reused"),
    Index("ix_file_mark_dossier", "dossier_id"),
    comment="append-only; what was said of files, and by whom",
)

access_record = Table(
    "access_record",
    metadata,
    Column("agency_id", Integer, primary_key=True, comment="for which the reader acted; each has a chain of its own"),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("at", Instant, nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False, comment="what was shown unmasked"),
    Column("dossiers", ARRAY(BigInteger), nullable=False),
    Column("reason", Text, comment="as the reader has said it; asked for where much is read at once"),
    Column("hash", BYTEA, nullable=False, comment="SHA-256 over the hash before it and all that the record says"),
    Index("ix_access_record_id", "id", unique=True),
    Index("ix_access_record_dossiers", "dossiers", postgresql_using="gin"),
    comment="append-only; who read personal data",
)
