"""A dossier that the same statement makes is known by not being there yet, and not by a function: a reception costs
half of what the policies cost it.

As shared/tables/policies.py declared it when it was written; a test holds the two together.

Revision: 0038
Revises: 0037
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_SCOPE = "(SELECT row_scope())"
_FUNCTION = """
CREATE FUNCTION takes_part({signature}) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER COST 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  scope int4multirange := nullif(current_setting('motcua.scope', true), '')::int4multirange;
  receiver int;
BEGIN
  IF scope IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT d.agency_id INTO receiver FROM public.dossier d WHERE d.id = dossier;
  IF receiver OPERATOR(pg_catalog.<@) scope{made_now} THEN
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
"""
_CALLS = re.compile(r"takes_part\((\w+(?:\.\w+)?)(?:, (?:true|false))?\)")
_POLICIES = "SELECT tablename, qual, with_check FROM pg_policies WHERE policyname = 'seen' AND qual LIKE '%takes_part(%'"
_VIEW = "SELECT pg_get_viewdef('dossier_seen')"


def _receiver(table: str) -> str:
    return f"(SELECT k.agency_id FROM dossier_key k WHERE k.id = {table}.dossier_id)"


def _called(seen: str, added: str, made: str) -> None:
    """Everything that calls the function calls it with these arguments behind the dossier's: where it says what is
    seen, and what may be added. made: what may be added, of a table whose rows belong to dossiers."""
    connection = op.get_bind()
    anew = rf"takes_part(\1{seen})"
    part = f"takes_part(dossier_id{added}) IS NOT NULL"
    for table, qual, check in connection.execute(sa.text(_POLICIES)).all():
        adds = made.format(receiver=_receiver(table), scope=_SCOPE, part=part)
        if table == "dossier":
            adds = _CALLS.sub(anew, check)
        op.execute(f"ALTER POLICY seen ON {table} USING ({_CALLS.sub(anew, qual)}) WITH CHECK ({adds})")
    view = connection.execute(sa.text(_VIEW)).scalar_one()
    op.execute(f"CREATE OR REPLACE VIEW dossier_seen AS {_CALLS.sub(anew, view)}")


def upgrade() -> None:
    op.execute(_FUNCTION.format(signature="dossier bigint", made_now=""))
    _called("", "", "coalesce({receiver} <@ {scope}, {scope} IS NOT NULL) OR {part}")
    op.execute("DROP FUNCTION takes_part(bigint, boolean)")


def downgrade() -> None:
    made_now = " OR (receiver IS NULL AND made_now)"
    op.execute(_FUNCTION.format(signature="dossier bigint, made_now boolean", made_now=made_now))
    _called(", false", ", true", "(SELECT every_row()) OR {receiver} <@ {scope} OR {part}")
    op.execute("DROP FUNCTION takes_part(bigint)")
