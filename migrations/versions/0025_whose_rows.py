"""Row-level security: whoever reads says for whom, and sees the dossiers in which one of these agencies has a part.

As shared/tables/policies.py declared it when it was written; a test holds the two together.

Revision: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_MADE = (
    """
CREATE FUNCTION row_scope() RETURNS int4multirange LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('motcua.scope', true), '')::int4multirange
""",
    """
CREATE FUNCTION every_row() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(row_scope() = '{(,)}'::int4multirange, false)
""",
    """
CREATE FUNCTION takes_part(dossier bigint, made_now boolean) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER COST 10 AS $$
DECLARE
  scope int4multirange := nullif(current_setting('motcua.scope', true), '')::int4multirange;
  receiver int;
BEGIN
  IF scope IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT d.agency_id INTO receiver FROM public.dossier d WHERE d.id = dossier;
  IF receiver OPERATOR(pg_catalog.<@) scope OR (receiver IS NULL AND made_now) THEN
    RETURN true;
  END IF;
  RETURN nullif(EXISTS (SELECT FROM public.dossier_case c
      WHERE c.dossier_id = dossier
        AND (c.holder_id OPERATOR(pg_catalog.<@) scope OR c.agency_id OPERATOR(pg_catalog.<@) scope))
    OR EXISTS (SELECT FROM public.hand_over h
      WHERE h.dossier_id = dossier
        AND (h.from_agency_id OPERATOR(pg_catalog.<@) scope OR h.to_agency_id OPERATOR(pg_catalog.<@) scope))
    OR EXISTS (SELECT FROM public.case_segment s
      WHERE s.dossier_id = dossier AND s.agency_id OPERATOR(pg_catalog.<@) scope)
    OR EXISTS (SELECT FROM public.opinion o
      WHERE o.dossier_id = dossier AND o.to_agency_id OPERATOR(pg_catalog.<@) scope), false);
END
$$
""",
    "CREATE VIEW dossier_key AS SELECT id, agency_id, code, reference, legacy_code FROM dossier",
    """
CREATE VIEW applicant_key AS SELECT dossier_id, name_search, phone_digits, id_number, id_index FROM applicant
""",
    "CREATE VIEW access_record_key AS SELECT id, dossiers FROM access_record",
    """
CREATE VIEW dossier_seen AS
SELECT d.id, d.code, d.reference, d.legacy_code, d.version_id, d.agency_id, d.channel, d.status, d.submitted_at,
  d.accepted_at, d.received_day, d.reception_due_at, d.original_due_at, d.due_at, d.due_day, d.late_from,
  d.answer_due_at, d.lapses_at, d.provisional, d.paused, d.finished_at, d.returned_at, d.outcome, d.verdict, d.version,
  d.summary, d.documents, d.return_channel, d.case_no, coalesce(c.holder_id, d.agency_id) AS holder_id, c.desk, a.kind,
  a.name AS applicant_name, a.id_number, a.phone, a.email, a.address, a.submitted_by, a.erased_at
FROM dossier d JOIN applicant a ON a.dossier_id = d.id LEFT JOIN dossier_case c ON c.dossier_id = d.id
WHERE d.agency_id <@ (SELECT row_scope())
  OR takes_part(d.id, false) IS NOT NULL
""",
    """
CREATE POLICY seen ON dossier TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(id, false) IS NOT NULL)
""",
    "CREATE POLICY summed ON dossier FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE dossier ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON dossier_event TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON dossier_event FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE dossier_event ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON dossier_case TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()) OR holder_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope()) OR holder_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON dossier_case FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE dossier_case ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON hand_over TO motcua_intake, motcua_routing
USING (from_agency_id <@ (SELECT row_scope()) OR to_agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (from_agency_id <@ (SELECT row_scope()) OR to_agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON hand_over FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE hand_over ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON case_segment TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON case_segment FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE case_segment ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON opinion TO motcua_intake, motcua_routing
USING (from_agency_id <@ (SELECT row_scope()) OR to_agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (from_agency_id <@ (SELECT row_scope()) OR to_agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE opinion ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON assignment TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON assignment FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE assignment ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON dossier_file TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK (agency_id <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE dossier_file ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON applicant TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = applicant.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = applicant.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE applicant ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON event_note TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = event_note.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = event_note.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE event_note ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON extension_proposal TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = extension_proposal.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = extension_proposal.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE extension_proposal ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON apology TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = apology.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = apology.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE apology ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON apology_delivery TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = apology_delivery.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = apology_delivery.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE apology_delivery ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON finish_reason TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = finish_reason.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = finish_reason.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE finish_reason ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON hand_over_receipt TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = hand_over_receipt.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = hand_over_receipt.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "CREATE POLICY summed ON hand_over_receipt FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE hand_over_receipt ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON reorganisation_left_over TO motcua_intake, motcua_routing
USING ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = reorganisation_left_over.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, false) IS NOT NULL)
WITH CHECK ((SELECT every_row())
  OR (SELECT k.agency_id FROM dossier_key k WHERE k.id = reorganisation_left_over.dossier_id) <@ (SELECT row_scope())
  OR takes_part(dossier_id, true) IS NOT NULL)
""",
    "ALTER TABLE reorganisation_left_over ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON access_record TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()))
WITH CHECK (agency_id <@ (SELECT row_scope()))
""",
    "ALTER TABLE access_record ENABLE ROW LEVEL SECURITY",
    """
CREATE POLICY seen ON import_run TO motcua_intake, motcua_routing
USING (agency_id <@ (SELECT row_scope()))
WITH CHECK (agency_id <@ (SELECT row_scope()))
""",
    "CREATE POLICY summed ON import_run FOR SELECT TO motcua_stats USING (true)",
    "ALTER TABLE import_run ENABLE ROW LEVEL SECURITY",
)

_TAKEN = (
    "ALTER TABLE dossier DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON dossier",
    "DROP POLICY summed ON dossier",
    "ALTER TABLE dossier_event DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON dossier_event",
    "DROP POLICY summed ON dossier_event",
    "ALTER TABLE dossier_case DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON dossier_case",
    "DROP POLICY summed ON dossier_case",
    "ALTER TABLE hand_over DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON hand_over",
    "DROP POLICY summed ON hand_over",
    "ALTER TABLE case_segment DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON case_segment",
    "DROP POLICY summed ON case_segment",
    "ALTER TABLE opinion DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON opinion",
    "ALTER TABLE assignment DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON assignment",
    "DROP POLICY summed ON assignment",
    "ALTER TABLE dossier_file DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON dossier_file",
    "ALTER TABLE applicant DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON applicant",
    "ALTER TABLE event_note DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON event_note",
    "ALTER TABLE extension_proposal DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON extension_proposal",
    "ALTER TABLE apology DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON apology",
    "ALTER TABLE apology_delivery DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON apology_delivery",
    "ALTER TABLE finish_reason DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON finish_reason",
    "ALTER TABLE hand_over_receipt DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON hand_over_receipt",
    "DROP POLICY summed ON hand_over_receipt",
    "ALTER TABLE reorganisation_left_over DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON reorganisation_left_over",
    "ALTER TABLE access_record DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON access_record",
    "ALTER TABLE import_run DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen ON import_run",
    "DROP POLICY summed ON import_run",
    "DROP VIEW dossier_key",
    "DROP VIEW applicant_key",
    "DROP VIEW access_record_key",
    "DROP VIEW dossier_seen",
    "DROP FUNCTION takes_part(bigint, boolean)",
    "DROP FUNCTION every_row()",
    "DROP FUNCTION row_scope()",
)


def upgrade() -> None:
    for statement in _MADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in _TAKEN:
        op.execute(statement)
