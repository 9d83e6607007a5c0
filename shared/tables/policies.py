"""Which rows a service sees, declared once: the second wall behind the checks of the code.

A session of intake or routing says for whom it reads (SETTING), and Postgres shows it the dossiers in which one of
these agencies has, or had, a part, with all that belongs to them. A session that says nothing sees none. What a caller
may do with what he sees is the first wall's to decide (shared/web/auth/rights.py).
"""

from collections.abc import Mapping
from types import MappingProxyType

from shared.tables.grants import TABLE_GRANTS

#: Whose sessions say for whom they read.
SCOPED = ("motcua_intake", "motcua_routing")
#: Sums are made of all dossiers, and of no data of a person: by its grants it reads none.
UNSCOPED = "motcua_stats"
#: Ids of agencies as an int4multirange.
SETTING = "motcua.scope"
NO_ROWS, EVERY_ROW = "", "{(,)}"

# What is asked once a statement stands in a subselect: Postgres computes it once, and not for every row.
_SCOPE = "(SELECT row_scope())"
_ALL = "(SELECT every_row())"
# Not as EXISTS: that could be planned as a hash of all dossiers, for the sake of one.
_RECEIVER = "(SELECT k.agency_id FROM dossier_key k WHERE k.id = {table}.dossier_id)"
# True or null, and asked whether it is null: so the planner takes it to let nearly all rows pass, and plans as it did.
# Of a function that is false or true it believes a third, and reads other indexes for a page.
_PART = "takes_part({}) IS NOT NULL"

#: Who received or holds a dossier, or had it handed over, or has a share of it, or was asked about it, now or once: a
#: giver goes on writing what he gave away. It looks past the policies, or they would ask each other without end. Where
#: it looks is fixed: whoever calls it may make types of his own, and they would be read with the owner's rights.
FUNCTIONS = (
    f"""
CREATE FUNCTION row_scope() RETURNS int4multirange LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('{SETTING}', true), '')::int4multirange
""",
    f"""
CREATE FUNCTION every_row() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(row_scope() = '{EVERY_ROW}'::int4multirange, false)
""",
    f"""
CREATE FUNCTION takes_part(dossier bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER COST 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  scope int4multirange := nullif(current_setting('{SETTING}', true), '')::int4multirange;
  receiver int;
BEGIN
  IF scope IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT d.agency_id INTO receiver FROM public.dossier d WHERE d.id = dossier;
  IF receiver OPERATOR(pg_catalog.<@) scope THEN
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
)
_DOSSIERS = """
SELECT d.id, d.code, d.reference, d.legacy_code, d.version_id, d.agency_id, d.channel, d.status, d.submitted_at,
  d.accepted_at, d.received_day, d.reception_due_at, d.original_due_at, d.due_at, d.due_day, d.late_from,
  d.answer_due_at, d.lapses_at, d.provisional, d.paused, d.finished_at, d.returned_at, d.outcome, d.verdict, d.version,
  d.summary, d.documents, d.return_channel, d.case_no, coalesce(c.holder_id, d.agency_id) AS holder_id, c.desk, a.kind,
  a.name AS applicant_name, a.id_number, a.phone, a.email, a.address, a.submitted_by, a.erased_at
FROM dossier d JOIN applicant a ON a.dossier_id = d.id LEFT JOIN dossier_case c ON c.dossier_id = d.id
"""
_RECEIVED = f"{{0}}agency_id <@ {_SCOPE} OR {_PART.format('{0}id')}"
#: What may be read past the policies: which agency received a dossier, and by what one, an applicant, or a record of
#: readings, is found. An index that is asked by LIKE or @> serves no table with policies, and a name is found by one.
#: How many webhooks there are. And dossier_seen, which has the policy of dossiers in it: what belongs to a dossier is
#: not asked once more. A page of 50 is planned and read in half the time (bench/policies.py).
VIEWS: Mapping[str, str] = MappingProxyType(
    {
        "dossier_key": "SELECT id, agency_id, code, reference, legacy_code FROM dossier",
        "applicant_key": "SELECT dossier_id, name_search, phone_digits, id_number, id_index FROM applicant",
        "access_record_key": "SELECT id, dossiers FROM access_record",
        "webhook_key": "SELECT id, agency_id, state FROM webhook",
        "dossier_seen": f"{_DOSSIERS} WHERE {_RECEIVED.format('d.')}",
    }
)


def _of_dossier(table: str, own: str | None = None) -> tuple[str, str]:
    """(what is seen, what may be added) of a table whose rows belong to dossiers. A row may be added to a dossier that
    is seen, or to one that the same statement makes: whose it says that it is makes no stranger a part of a dossier.
    `own`: what its own columns tell, without a look elsewhere; where they tell nothing, one row of an index does, for a
    third of what the function costs. A dossier that is being made stands in no index that this statement sees."""
    receiver, part = _RECEIVER.format(table=table), _PART.format("dossier_id")
    received = f"{_ALL} OR {receiver} <@ {_SCOPE}"
    return f"{own or received} OR {part}", f"coalesce({receiver} <@ {_SCOPE}, {_SCOPE} IS NOT NULL) OR {part}"


def _own(*columns: str) -> str:
    return " OR ".join(f"{column} <@ {_SCOPE}" for column in columns)


_OF_DOSSIERS = (
    *("applicant", "event_note", "extension_proposal", "apology", "apology_delivery"),
    *("finish_reason", "hand_over_receipt", "reorganisation_left_over"),
)
_OF_AGENCY = _own("agency_id")
# Not of whoever takes part in the dossier that it is about: it may be about them. A giver writes what he gave away.
_PETITIONS = _own("agency_id", "holder_id", "giver_agency_id")


def _of_petition(table: str) -> tuple[str, str]:
    seen = f"(SELECT true FROM petition p WHERE p.id = {table}.petition_id)"
    return seen, seen


#: table → (what is seen of it, what may be added to it or changed in it).
POLICIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dossier": (_RECEIVED.format(""), _RECEIVED.format("")),
        "dossier_event": _of_dossier("dossier_event", _own("agency_id")),
        "dossier_case": _of_dossier("dossier_case", _own("agency_id", "holder_id")),
        "hand_over": _of_dossier("hand_over", _own("from_agency_id", "to_agency_id")),
        "case_segment": _of_dossier("case_segment", _own("agency_id")),
        "opinion": _of_dossier("opinion", _own("from_agency_id", "to_agency_id")),
        "assignment": _of_dossier("assignment", _own("agency_id")),
        "dossier_file": _of_dossier("dossier_file", _own("agency_id")),
        "file_mark": _of_dossier("file_mark", _own("agency_id")),
        "national_message": _of_dossier("national_message", _own("agency_id")),
        "national_comparison": _of_dossier("national_comparison", _own("agency_id")),
        "national_difference": _of_dossier("national_difference", _own("agency_id")),
        **{table: _of_dossier(table) for table in _OF_DOSSIERS},
        "petition": (_PETITIONS, _PETITIONS),
        "petition_words": _of_petition("petition_words"),
        "petition_event": _of_petition("petition_event"),
        "petition_event_words": _of_petition("petition_event_words"),
        "rating": _of_dossier("rating", _own("agency_id")),
        "rating_words": _of_dossier("rating_words"),
        "access_record": (_OF_AGENCY, _OF_AGENCY),
        "import_run": (_OF_AGENCY, _OF_AGENCY),
        "webhook": (_OF_AGENCY, _OF_AGENCY),
        "national_round_agency": (_OF_AGENCY, _OF_AGENCY),
        "national_exchange": (_OF_AGENCY, _OF_AGENCY),
    }
)

#: Tables that name dossiers or agencies and have no policy, and why.
OPEN: Mapping[str, str] = MappingProxyType(
    {
        "import_identity": "hashes of what was imported, and ids of dossiers; an import asks for all of them",
        "import_reject": "lines and reasons, never the line itself; reached through its import, which has a policy",
        "webhook_message": "which dossier, what and when; reached through its webhook, which has a policy",
        "dossier_number": "counters of codes",
        "count_day": "sums, of which every leader compares those of all",
        "count_checkpoint": "sums likewise",
        "report_edition": "sealed sums, without a dossier; who may read one stands in its row",
        "reorganisation": "which units took over from which; its dossiers are in reorganisation_left_over",
        "calendar_change": "who changed the calendar for which agency",
        "delegation": "who decides in whose place in an agency",
        "agency": "public",
        "agency_succession": "public",
        "agency_identification": "which code an agency has is public; who entered it, among the staff",
        "working_session": "public",
        "workflow": "public among the staff",
        "workflow_step": "public among the staff",
    }
)


def statements() -> list[str]:
    """The declaration as SQL, for a schema that has none of it."""
    roles = ", ".join(SCOPED)
    made = [*FUNCTIONS, *(f"CREATE VIEW {name} AS {query}" for name, query in VIEWS.items())]
    for table, (seen, added) in POLICIES.items():
        made.append(f"CREATE POLICY seen ON {table} TO {roles} USING ({seen}) WITH CHECK ({added})")
        if UNSCOPED in TABLE_GRANTS[table]:
            made.append(f"CREATE POLICY summed ON {table} FOR SELECT TO {UNSCOPED} USING (true)")
        made.append(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    return made


def switched(on: bool) -> list[str]:
    """What puts all of it out of action, and back: to measure what it costs, and to see that it is needed."""
    view = VIEWS["dossier_seen"] if on else _DOSSIERS
    rows = [f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} ROW LEVEL SECURITY" for table in POLICIES]
    return [*rows, f"CREATE OR REPLACE VIEW dossier_seen AS {view}"]


def undoing() -> list[str]:
    """What takes it away."""
    taken = []
    for table in POLICIES:
        taken += [f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", f"DROP POLICY seen ON {table}"]
        if UNSCOPED in TABLE_GRANTS[table]:
            taken.append(f"DROP POLICY summed ON {table}")
    taken += [f"DROP VIEW {name}" for name in VIEWS]
    return [
        *taken,
        *(f"DROP FUNCTION {name}" for name in ("takes_part(bigint)", "every_row()", "row_scope()")),
    ]
