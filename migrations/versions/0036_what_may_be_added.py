"""A row is added to a dossier that is seen, whatever it says of whose it is: who says that he was given a dossier of
others would have a part in it from then on.

As shared/tables/policies.py declared it when it was written; a test holds the two together.

Revision: 0036
Revises: 0035
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

#: table → by which of its columns a row could be added.
_TABLES = {
    "dossier_event": ("agency_id",),
    "dossier_case": ("agency_id", "holder_id"),
    "hand_over": ("from_agency_id", "to_agency_id"),
    "case_segment": ("agency_id",),
    "opinion": ("from_agency_id", "to_agency_id"),
    "assignment": ("agency_id",),
    "dossier_file": ("agency_id",),
    "file_mark": ("agency_id",),
    "national_message": ("agency_id",),
    "national_comparison": ("agency_id",),
    "national_difference": ("agency_id",),
    "rating": ("agency_id",),
}
_SCOPE = "(SELECT row_scope())"


def _added(table: str, whose: str) -> None:
    op.execute(f"ALTER POLICY seen ON {table} WITH CHECK ({whose} OR takes_part(dossier_id, true) IS NOT NULL)")


def upgrade() -> None:
    for table in _TABLES:
        receiver = f"(SELECT k.agency_id FROM dossier_key k WHERE k.id = {table}.dossier_id)"
        _added(table, f"(SELECT every_row()) OR {receiver} <@ {_SCOPE}")


def downgrade() -> None:
    for table, columns in _TABLES.items():
        _added(table, " OR ".join(f"{column} <@ {_SCOPE}" for column in columns))
