"""Who may do what, declared once. The migration step turns it into Postgres privileges, the tests into refusals."""

from collections.abc import Mapping
from types import MappingProxyType

ROLES = ("motcua_intake", "motcua_routing", "motcua_stats")
#: As whom intake copies an import in (SET LOCAL ROLE): whom policies hold, to him a table that has any is closed for
#: COPY. Nobody logs in as it, no policy holds it, and all it may is add.
COPIER = "motcua_import"
#: Who may act as it.
COPIES = "motcua_intake"

_WRITE = ("SELECT", "INSERT", "UPDATE")
_APPEND = ("SELECT", "INSERT")
_READ = ("SELECT",)
_ADD = ("INSERT",)

#: table → role → privileges, of all columns but WORDS. What is not here is refused; nobody may DELETE except where it
#: says so.
TABLE_GRANTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # intake
        "procedure": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "procedure_version": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "procedure_offer": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "procedure_term": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "component_list": {"motcua_intake": _WRITE},
        "supplement_rule": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "dossier": {"motcua_intake": _WRITE, COPIER: _ADD, "motcua_routing": _READ, "motcua_stats": _READ},
        "applicant": {"motcua_intake": _WRITE, COPIER: _ADD},
        "dossier_event": {"motcua_intake": _APPEND, COPIER: _ADD, "motcua_routing": _READ, "motcua_stats": _READ},
        "event_note": {"motcua_intake": _APPEND},
        "extension_proposal": {"motcua_intake": _WRITE},
        "apology": {"motcua_intake": _WRITE, "motcua_routing": _READ},
        "apology_delivery": {"motcua_intake": _APPEND},
        "form_version": {"motcua_intake": _WRITE},
        "dossier_number": {"motcua_intake": _WRITE},
        "import_run": {"motcua_intake": _WRITE, "motcua_stats": _READ},
        "import_reject": {"motcua_intake": _APPEND},
        "import_identity": {"motcua_intake": _WRITE, COPIER: _ADD},
        "calendar_recompute": {"motcua_intake": _WRITE, "motcua_routing": _READ},
        "intake_idempotency": {"motcua_intake": (*_WRITE, "DELETE")},
        "intake_position": {"motcua_intake": _WRITE},
        "intake_revision": {"motcua_intake": _WRITE, "motcua_routing": _READ, "motcua_stats": _READ},
        "access_record": {"motcua_intake": _APPEND},
        "dossier_file": {"motcua_intake": _APPEND},
        "rating": {"motcua_intake": _WRITE, "motcua_stats": _READ},
        "rating_words": {"motcua_intake": _WRITE},
        "file_mark": {"motcua_intake": _APPEND},
        "petition_term": {"motcua_intake": _WRITE},
        "petition": {"motcua_intake": _WRITE},
        "petition_words": {"motcua_intake": _APPEND},
        "petition_event": {"motcua_intake": _APPEND},
        "petition_event_words": {"motcua_intake": _APPEND},
        "petition_publication": {"motcua_intake": _APPEND},
        "national_message": {"motcua_intake": _WRITE},
        "national_round": {"motcua_intake": _WRITE},
        "national_round_agency": {"motcua_intake": _WRITE},
        "national_comparison": {"motcua_intake": _WRITE, "motcua_stats": _READ},
        "national_difference": {"motcua_intake": _WRITE},
        "national_exchange": {"motcua_intake": _WRITE},
        "national_inbox": {"motcua_intake": _WRITE},
        "catalogue_pull": {"motcua_intake": _WRITE},
        "catalogue_entry": {"motcua_intake": _APPEND},
        "catalogue_finding": {"motcua_intake": _APPEND},
        "catalogue_proposal": {"motcua_intake": _WRITE},
        "catalogue_mapping": {"motcua_intake": _WRITE},
        "anchor": {"motcua_intake": _APPEND},
        "anchor_stamp": {"motcua_intake": _APPEND},
        # routing
        "agency": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "agency_succession": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "agency_identification": {"motcua_routing": _APPEND},
        # A day may become again what its weekday says; what it was stays in calendar_change_day.
        "calendar_day": {"motcua_routing": (*_WRITE, "DELETE"), "motcua_intake": _READ, "motcua_stats": _READ},
        "calendar_year": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "calendar_change": {"motcua_routing": _APPEND, "motcua_intake": _READ},
        "calendar_change_day": {"motcua_routing": _APPEND, "motcua_intake": _READ},
        "working_session": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "dossier_case": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "hand_over": {"motcua_routing": _APPEND, "motcua_intake": _READ, "motcua_stats": _READ},
        "workflow": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        "workflow_step": {"motcua_routing": _APPEND, "motcua_intake": _READ, "motcua_stats": _READ},
        # A corrected reception may lead to another workflow: then what nobody was done with is made anew.
        "case_segment": {"motcua_routing": (*_WRITE, "DELETE"), "motcua_intake": _READ, "motcua_stats": _READ},
        "opinion": {"motcua_routing": _WRITE},
        "finish_reason": {"motcua_routing": (*_WRITE, "DELETE")},
        "hand_over_receipt": {"motcua_routing": _APPEND, "motcua_intake": _READ, "motcua_stats": _READ},
        "assignment": {"motcua_routing": _APPEND, "motcua_intake": _READ, "motcua_stats": _READ},
        "delegation": {"motcua_routing": _WRITE},
        "reorganisation": {"motcua_routing": _WRITE},
        "reorganisation_left_over": {"motcua_routing": _APPEND},
        "webhook": {"motcua_routing": _WRITE},
        "webhook_message": {"motcua_routing": (*_WRITE, "DELETE")},
        "routing_position": {"motcua_routing": _WRITE},
        "routing_idempotency": {"motcua_routing": (*_WRITE, "DELETE")},
        "routing_revision": {"motcua_routing": _WRITE, "motcua_intake": _READ, "motcua_stats": _READ},
        # stats
        "count_day": {"motcua_stats": _WRITE},
        "count_checkpoint": {"motcua_stats": _WRITE},
        "stats_position": {"motcua_stats": _WRITE},
        "stats_idempotency": {"motcua_stats": (*_WRITE, "DELETE")},
        "reference_picture": {"motcua_stats": _APPEND},
        "report_edition": {"motcua_stats": _APPEND},
        "edition_link": {"motcua_stats": _APPEND, "motcua_intake": _READ},
        "official_form": {"motcua_stats": _WRITE},
        # What may be read past the policies (shared/tables/policies.py): a policy reads as whoever asks.
        "dossier_key": {"motcua_intake": _READ, "motcua_routing": _READ},
        "webhook_key": {"motcua_routing": _READ},
        "dossier_seen": {"motcua_intake": _READ},
        "applicant_key": {"motcua_intake": _READ},
        "access_record_key": {"motcua_intake": _READ},
        # the schema's own version: a service refuses to start on another
        "alembic_version": dict.fromkeys(ROLES, _READ),
    }
)


#: Who makes sums, and reads no words: whoever writes them may name a person in them, whatever he should.
SUMS = "motcua_stats"
WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dossier": ("summary", "documents"),
        "hand_over": ("note",),
        "assignment": ("note",),
        "case_segment": ("note",),
    }
)


def statements() -> list[str]:
    """The declaration as SQL: first everything is taken away, then given as declared."""
    roles = ", ".join((*ROLES, COPIER))
    taken = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {roles}",
        f"GRANT USAGE ON SCHEMA public TO {roles}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {roles}",
        # An import takes its ids beforehand; nobody else asks a sequence by name.
        "GRANT USAGE ON SEQUENCE dossier_id_seq TO motcua_intake",
    ]
    given = [
        f"GRANT {', '.join(privileges)}{_columns(table, role)} ON {table} TO {role}"
        for table, by_role in TABLE_GRANTS.items()
        for role, privileges in by_role.items()
    ]
    return taken + given


def _columns(table: str, role: str) -> str:
    """Which columns are read, where not all are."""
    if role != SUMS or table not in WORDS:
        return ""
    from shared.tables.declared import metadata  # whoever migrates needs it, and no service loads it

    read = [column.name for column in metadata.tables[table].columns if column.name not in WORDS[table]]
    return f" ({', '.join(read)})"


def copier_made_for(owner: str) -> str:
    """What a superuser runs once where the owner of the tables may not make COPIER."""
    return f'CREATE ROLE {COPIER} NOLOGIN BYPASSRLS; GRANT {COPIER} TO "{owner}" WITH ADMIN OPTION;'
