"""The first schema of the three rooms.

Revision: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.tables.schema import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "identification_code",
            sa.Text(),
            nullable=True,
            comment="national code; null where it is not known, never invented",
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False, comment="Vietnamese order"),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="null: from the beginning"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day in force; null: still"),
        sa.Column(
            "confirmed", sa.Boolean(), nullable=False, comment="false: general knowledge, an operator is to confirm it"
        ),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(valid_from, valid_to, '[]')", persisted=True),
            nullable=True,
        ),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("period"), "&&"), using="gist", name="ex_agency_code_period"
        ),
        sa.CheckConstraint("level IN ('ministry', 'province', 'district', 'commune')", name=op.f("ck_agency_level")),
        sa.ForeignKeyConstraint(["parent_id"], ["agency.id"], name=op.f("fk_agency_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_vi", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('holiday', 'in_lieu', 'swap_off', 'make_up_work')", name=op.f("ck_calendar_day_kind")
        ),
        sa.CheckConstraint("status IN ('announced', 'provisional')", name=op.f("ck_calendar_day_status")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
        comment="a year that is not here has no calendar: reckoning over it is an error",
    )
    op.create_table(
        "count_checkpoint",
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column(
            "month", sa.Date(), nullable=False, comment="first day of a month: the sums are over all days before it"
        ),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolved_early", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolved_on_day", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resolved_without_term", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fell_late", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("late_settled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paused_net", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "month", "channel", name=op.f("pk_count_checkpoint")),
    )
    op.create_table(
        "count_day",
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolved_early", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolved_on_day", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolved_without_term", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fell_late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late_settled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused_net", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "day", "channel", name=op.f("pk_count_day")),
        comment="how many dossiers did what on a day; any set of agencies and any period is a sum of these",
    )
    op.create_table(
        "dossier_number",
        sa.Column("prefix", sa.Text(), nullable=False, comment="agency code and day, as in the dossier code"),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_dossier_number")),
        comment="gapless: the row is locked until its dossier commits",
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "agency_id", sa.Integer(), nullable=False, comment="on whose behalf: who covers it may see the import"
        ),
        sa.Column("bytes_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lines_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'interrupted')", name=op.f("ck_import_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "intake_idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False, comment="code or id of what the request made"),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "route", "key", name=op.f("pk_intake_idempotency")),
    )
    op.create_index(op.f("ix_intake_idempotency_created_at"), "intake_idempotency", ["created_at"], unique=False)
    op.create_table(
        "intake_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("txid", Xid8(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_intake_position")),
    )
    op.create_table(
        "intake_revision",
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_intake_revision")),
    )
    op.create_table(
        "procedure",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="as published, publisher suffix included"),
        sa.Column("national_core", sa.Text(), nullable=False, comment="group.6 digits: what is compared"),
        sa.Column("publisher", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False, comment="national, or the province whose own procedure it is"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
        sa.UniqueConstraint("code", name=op.f("uq_procedure_code")),
    )
    op.create_index(op.f("ix_procedure_national_core"), "procedure", ["national_core"], unique=False)
    op.create_table(
        "routing_idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False, comment="code or id of what the request made"),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject", "route", "key", name=op.f("pk_routing_idempotency")),
    )
    op.create_index(op.f("ix_routing_idempotency_created_at"), "routing_idempotency", ["created_at"], unique=False)
    op.create_table(
        "routing_revision",
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_routing_revision")),
    )
    op.create_table(
        "stats_position",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("txid", Xid8(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_stats_position")),
    )
    op.create_table(
        "agency_succession",
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["predecessor_id"], ["agency.id"], name=op.f("fk_agency_succession_predecessor_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["agency.id"], name=op.f("fk_agency_succession_successor_id")),
        sa.PrimaryKeyConstraint("predecessor_id", "successor_id", name=op.f("pk_agency_succession")),
        comment="many-to-many: a merger is not one to one",
    )
    op.create_table(
        "import_reject",
        sa.Column("import_id", sa.UUID(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column(
            "reference",
            sa.Text(),
            nullable=True,
            comment="legacy_code or code of the record, if it is a well-formed one",
        ),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_import_reject_import_id")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_reject")),
        comment="why a line did not land; the line itself is not kept, it may hold personal data",
    )
    op.create_table(
        "procedure_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_search", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("online_level", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True, comment="null: from the beginning"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day in force; null: still"),
        sa.Column("basis", sa.Text(), nullable=False, comment="where this version comes from"),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_procedure_version_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version")),
    )
    op.create_index("ix_procedure_version_procedure", "procedure_version", ["procedure_id", "valid_from"], unique=False)
    op.create_table(
        "working_session",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True, comment="null: the default of the installation"),
        sa.Column("weekday", sa.SmallInteger(), nullable=False, comment="0 Monday … 6 Sunday"),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_working_session_opens_before_closing")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_working_session_weekday")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_working_session_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_session")),
    )
    op.create_table(
        "dossier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("legacy_code", sa.Text(), nullable=True, comment="its code in another system"),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="received it; its figure"),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("submitted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("original_due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "late_from",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="first instant that is late; null: no term, or the clock stands still",
        ),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("returned_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("received_day", sa.Date(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("late_day", sa.Date(), nullable=True),
        sa.Column("finished_day", sa.Date(), nullable=True),
        sa.Column("verdict", sa.SmallInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "provisional",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="due rests on such a day",
        ),
        sa.Column("return_channel", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("documents", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="its ETag"),
        sa.Column("event_seq", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("event_hash", postgresql.BYTEA(), nullable=False, comment="head of the chain"),
        sa.CheckConstraint("(finished_at IS NULL) = (verdict IS NULL)", name=op.f("ck_dossier_verdict_when_finished")),
        sa.CheckConstraint("channel IN (1, 2, 3)", name=op.f("ck_dossier_channel")),
        sa.CheckConstraint(
            "finished_at IS NULL OR finished_at >= accepted_at", name=op.f("ck_dossier_finish_after_acceptance")
        ),
        sa.CheckConstraint("status BETWEEN 1 AND 10", name=op.f("ck_dossier_status")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_dossier_agency_id")),
        sa.ForeignKeyConstraint(["version_id"], ["procedure_version.id"], name=op.f("fk_dossier_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("code", name=op.f("uq_dossier_code")),
    )
    op.create_index(
        "ix_dossier_finished",
        "dossier",
        ["agency_id", "finished_day", "id"],
        unique=False,
        postgresql_where=sa.text("finished_day IS NOT NULL"),
    )
    op.create_index(
        "ix_dossier_legacy_code",
        "dossier",
        ["legacy_code"],
        unique=True,
        postgresql_where=sa.text("legacy_code IS NOT NULL"),
    )
    op.create_index(
        "ix_dossier_open",
        "dossier",
        ["late_from", "id"],
        unique=False,
        postgresql_include=["agency_id", "version_id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index(
        "ix_dossier_open_agency",
        "dossier",
        ["agency_id", "late_from", "id"],
        unique=False,
        postgresql_include=["version_id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_dossier_received", "dossier", ["agency_id", "received_day", "id"], unique=False)
    op.create_table(
        "procedure_offer",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day on which the level offers it"),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["procedure_version.id"], name=op.f("fk_procedure_offer_version_id")),
        sa.PrimaryKeyConstraint("version_id", "level", name=op.f("pk_procedure_offer")),
        comment="at which administrative level a procedure is handled",
    )
    op.create_table(
        "procedure_term",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("case_no", sa.SmallInteger(), nullable=False, comment="1 is what holds when nobody names a case"),
        sa.Column("value", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("cutoff", sa.Time(), nullable=True, comment="same-day terms: from then on due the next working day"),
        sa.Column("verbatim", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "unit IN ('working_day', 'calendar_day', 'working_hour', 'month', 'same_day', 'none')",
            name=op.f("ck_procedure_term_unit"),
        ),
        sa.CheckConstraint("channel IN (1, 2, 3)", name=op.f("ck_procedure_term_channel")),
        sa.ForeignKeyConstraint(["version_id"], ["procedure_version.id"], name=op.f("fk_procedure_term_version_id")),
        sa.PrimaryKeyConstraint("version_id", "channel", "case_no", name=op.f("pk_procedure_term")),
        comment="a channel without a row is not offered",
    )
    op.create_table(
        "applicant",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False, comment="1 person, 2 business, 3 agency, 4 organisation"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_search", sa.Text(), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_digits", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "submitted_by",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="who handed it in, where that is not the applicant",
        ),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_applicant_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_applicant")),
        comment="personal data, apart from everything that is counted",
    )
    op.create_index(
        "ix_applicant_name_search",
        "applicant",
        ["name_search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_applicant_phone_digits",
        "applicant",
        ["phone_digits"],
        unique=False,
        postgresql_where=sa.text("phone_digits IS NOT NULL"),
    )
    op.create_table(
        "dossier_case",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False, comment="that opened it"),
        sa.Column("holder_id", sa.Integer(), nullable=False, comment="that holds it now"),
        sa.Column("desk", sa.Text(), nullable=True, comment="where in the holder"),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "finished_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=True,
            comment="when the handling agency finished",
        ),
        sa.Column("finished_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column(
            "told_at", postgresql.TIMESTAMP(timezone=True), nullable=True, comment="when intake answered that it knows"
        ),
        sa.Column(
            "refused", sa.Text(), nullable=True, comment="why intake does not take the finish: an operator looks at it"
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_dossier_case_agency_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_case_dossier_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["agency.id"], name=op.f("fk_dossier_case_holder_id")),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_dossier_case")),
    )
    op.create_index(
        "ix_dossier_case_holder",
        "dossier_case",
        ["holder_id", "dossier_id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index(
        "ix_dossier_case_untold",
        "dossier_case",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL AND told_at IS NULL AND refused IS NULL"),
    )
    op.create_table(
        "dossier_event",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("txid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="of the dossier, after it"),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acting_agency_id", sa.Integer(), nullable=False, comment="for which agency the actor acted"),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("received_day", sa.Date(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("late_day", sa.Date(), nullable=True),
        sa.Column("finished_day", sa.Date(), nullable=True),
        sa.Column("verdict", sa.SmallInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON, byte for byte as hashed"),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_dossier_event")),
        comment="append-only; the facts of the dossier as they stand after each event",
    )
    op.create_index("ix_dossier_event_log", "dossier_event", ["txid", "id"], unique=False)
    op.create_table(
        "import_identity",
        sa.Column(
            "key", postgresql.BYTEA(), nullable=False, comment="hash of the record's own code, or of its content"
        ),
        sa.Column("content", postgresql.BYTEA(), nullable=False, comment="hash of the whole record"),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_import_identity")),
    )
    op.create_table(
        "hand_over",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("from_agency_id", sa.Integer(), nullable=False),
        sa.Column("from_desk", sa.Text(), nullable=True),
        sa.Column("to_agency_id", sa.Integer(), nullable=False),
        sa.Column("to_desk", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier_case.dossier_id"], name=op.f("fk_hand_over_dossier_id")),
        sa.ForeignKeyConstraint(["from_agency_id"], ["agency.id"], name=op.f("fk_hand_over_from_agency_id")),
        sa.ForeignKeyConstraint(["to_agency_id"], ["agency.id"], name=op.f("fk_hand_over_to_agency_id")),
        sa.PrimaryKeyConstraint("dossier_id", "seq", name=op.f("pk_hand_over")),
        comment="append-only: who gave a dossier to whom, and when",
    )


def downgrade() -> None:
    op.drop_table("hand_over")
    op.drop_table("import_identity")
    op.drop_index("ix_dossier_event_log", table_name="dossier_event")
    op.drop_table("dossier_event")
    op.drop_index(
        "ix_dossier_case_untold",
        table_name="dossier_case",
        postgresql_where=sa.text("finished_at IS NOT NULL AND told_at IS NULL AND refused IS NULL"),
    )
    op.drop_index("ix_dossier_case_holder", table_name="dossier_case", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_table("dossier_case")
    op.drop_index(
        "ix_applicant_phone_digits", table_name="applicant", postgresql_where=sa.text("phone_digits IS NOT NULL")
    )
    op.drop_index(
        "ix_applicant_name_search",
        table_name="applicant",
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.drop_table("applicant")
    op.drop_table("procedure_term")
    op.drop_table("procedure_offer")
    op.drop_index("ix_dossier_received", table_name="dossier")
    op.drop_index("ix_dossier_open_agency", table_name="dossier", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_index("ix_dossier_open", table_name="dossier", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_index("ix_dossier_legacy_code", table_name="dossier", postgresql_where=sa.text("legacy_code IS NOT NULL"))
    op.drop_index("ix_dossier_finished", table_name="dossier", postgresql_where=sa.text("finished_day IS NOT NULL"))
    op.drop_table("dossier")
    op.drop_table("working_session")
    op.drop_index("ix_procedure_version_procedure", table_name="procedure_version")
    op.drop_table("procedure_version")
    op.drop_table("import_reject")
    op.drop_table("agency_succession")
    op.drop_table("stats_position")
    op.drop_table("routing_revision")
    op.drop_index(op.f("ix_routing_idempotency_created_at"), table_name="routing_idempotency")
    op.drop_table("routing_idempotency")
    op.drop_index(op.f("ix_procedure_national_core"), table_name="procedure")
    op.drop_table("procedure")
    op.drop_table("intake_revision")
    op.drop_table("intake_position")
    op.drop_index(op.f("ix_intake_idempotency_created_at"), table_name="intake_idempotency")
    op.drop_table("intake_idempotency")
    op.drop_table("import_run")
    op.drop_table("dossier_number")
    op.drop_table("count_day")
    op.drop_table("count_checkpoint")
    op.drop_table("calendar_year")
    op.drop_table("calendar_day")
    op.drop_table("agency")
    op.execute("DROP EXTENSION btree_gist")
    op.execute("DROP EXTENSION pg_trgm")
