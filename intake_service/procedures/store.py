"""The SQL of procedures. Set-wise: the catalogue is a handful of statements, whatever its length."""

from collections.abc import Sequence
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from intake_service.procedures.rules import ProcedureRow
from shared.domain.vietnamese import search_key

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_GIVEN_PROCEDURES = """
WITH given AS (
    SELECT DISTINCT ON (code) * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        AS g (code, national_core, publisher, scope) ORDER BY code
)
"""

_CHANGE_PROCEDURES = (
    _GIVEN_PROCEDURES
    + """
UPDATE procedure p
SET national_core = g.national_core, publisher = g.publisher, scope = g.scope
FROM given g
WHERE p.code = g.code
  AND (p.national_core, p.publisher, p.scope) IS DISTINCT FROM (g.national_core, g.publisher, g.scope)
"""
)

_ADD_PROCEDURES = (
    _GIVEN_PROCEDURES
    + """
INSERT INTO procedure (code, national_core, publisher, scope)
SELECT g.code, g.national_core, g.publisher, g.scope FROM given g
WHERE NOT EXISTS (SELECT FROM procedure p WHERE p.code = g.code)
"""
)

_GIVEN_VERSIONS = """
WITH given AS (
    SELECT p.id AS procedure_id, g.*
    FROM unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[])
        AS g (code, valid_from, valid_to, name, name_search, sector, issuer, decision, online_level, basis)
    JOIN procedure p ON p.code = g.code
)
"""

# An end that the list leaves open does not re-open a version that was ended since.
_CHANGE_VERSIONS = (
    _GIVEN_VERSIONS
    + """
UPDATE procedure_version v
SET valid_to = coalesce(g.valid_to, v.valid_to), name = g.name, name_search = g.name_search, sector = g.sector,
    issuer = g.issuer, decision = g.decision, online_level = g.online_level, basis = g.basis
FROM given g
WHERE v.procedure_id = g.procedure_id AND v.valid_from IS NOT DISTINCT FROM g.valid_from
  AND (v.valid_to, v.name, v.name_search, v.sector, v.issuer, v.decision, v.online_level, v.basis)
      IS DISTINCT FROM
      (coalesce(g.valid_to, v.valid_to), g.name, g.name_search, g.sector, g.issuer, g.decision, g.online_level, g.basis)
"""
)

_ADD_VERSIONS = (
    _GIVEN_VERSIONS
    + """
INSERT INTO procedure_version
    (procedure_id, valid_from, valid_to, name, name_search, sector, issuer, decision, online_level, basis)
SELECT g.procedure_id, g.valid_from, g.valid_to, g.name, g.name_search, g.sector, g.issuer, g.decision, g.online_level,
       g.basis
FROM given g
WHERE NOT EXISTS (
    SELECT FROM procedure_version v
    WHERE v.procedure_id = g.procedure_id AND v.valid_from IS NOT DISTINCT FROM g.valid_from
)
"""
)

_OF_VERSION = """
JOIN procedure p ON p.code = g.code
JOIN procedure_version v ON v.procedure_id = p.id AND v.valid_from IS NOT DISTINCT FROM g.valid_from
"""

_SET_OFFERS = f"""
INSERT INTO procedure_offer AS o (version_id, level, valid_to, basis)
SELECT v.id, g.level, g.valid_to, g.basis
FROM unnest($1::text[], $2::date[], $3::text[], $4::date[], $5::text[]) AS g (code, valid_from, level, valid_to, basis)
{_OF_VERSION}
ON CONFLICT (version_id, level) DO UPDATE SET valid_to = excluded.valid_to, basis = excluded.basis
    WHERE (o.valid_to, o.basis) IS DISTINCT FROM (excluded.valid_to, excluded.basis)
"""

_SET_TERMS = f"""
INSERT INTO procedure_term AS t (version_id, channel, case_no, value, unit, cutoff, verbatim)
SELECT v.id, g.channel, g.case_no, g.value, g.unit, g.cutoff, g.verbatim
FROM unnest($1::text[], $2::date[], $3::smallint[], $4::smallint[], $5::numeric[], $6::text[], $7::time[], $8::text[])
    AS g (code, valid_from, channel, case_no, value, unit, cutoff, verbatim)
{_OF_VERSION}
ON CONFLICT (version_id, channel, case_no) DO UPDATE
    SET value = excluded.value, unit = excluded.unit, cutoff = excluded.cutoff, verbatim = excluded.verbatim
    WHERE (t.value, t.unit, t.cutoff, t.verbatim)
          IS DISTINCT FROM (excluded.value, excluded.unit, excluded.cutoff, excluded.verbatim)
"""


async def lock(connection: Connection) -> None:
    """Two loads at once: the second waits, then finds nothing to do."""
    await connection.execute("LOCK TABLE procedure IN SHARE ROW EXCLUSIVE MODE")


async def change_procedures(connection: Connection, procedures: Sequence[ProcedureRow]) -> int:
    """Bring the procedures and versions that are there to what the list says; how many rows changed."""
    changed = _count(await connection.execute(_CHANGE_PROCEDURES, *_procedures(procedures)))
    return changed + _count(await connection.execute(_CHANGE_VERSIONS, *_versions(procedures)))


async def add_procedures(connection: Connection, procedures: Sequence[ProcedureRow]) -> int:
    """Add the versions that are not there yet, and their procedures; how many versions."""
    await connection.execute(_ADD_PROCEDURES, *_procedures(procedures))
    return _count(await connection.execute(_ADD_VERSIONS, *_versions(procedures)))


async def set_offers(connection: Connection, procedures: Sequence[ProcedureRow]) -> int:
    """Say which levels handle each version; how many rows are new or changed."""
    rows = [(procedure, offer) for procedure in procedures for offer in procedure.offers]
    return _count(
        await connection.execute(
            _SET_OFFERS,
            [procedure.code for procedure, _ in rows],
            [procedure.valid_from for procedure, _ in rows],
            [offer.level.value for _, offer in rows],
            [offer.valid_to for _, offer in rows],
            [offer.basis for _, offer in rows],
        )
    )


async def set_terms(connection: Connection, procedures: Sequence[ProcedureRow]) -> int:
    """Say how long each version gives on each channel; how many rows are new or changed."""
    rows = [(procedure, term) for procedure in procedures for term in procedure.terms]
    return _count(
        await connection.execute(
            _SET_TERMS,
            [procedure.code for procedure, _ in rows],
            [procedure.valid_from for procedure, _ in rows],
            [int(term.channel) for _, term in rows],
            [term.case_no for _, term in rows],
            [term.value for _, term in rows],
            [term.unit.value for _, term in rows],
            [term.cutoff for _, term in rows],
            [term.verbatim for _, term in rows],
        )
    )


async def bump_revision(connection: Connection) -> None:
    """Tell the readers of intake's reference data to read again."""
    await connection.execute(
        "WITH bumped AS (UPDATE intake_revision SET revision = revision + 1 RETURNING 1)"
        " INSERT INTO intake_revision (revision) SELECT 1 WHERE NOT EXISTS (SELECT FROM bumped)"
    )


def _procedures(procedures: Sequence[ProcedureRow]) -> tuple[list[object], ...]:
    return (
        [row.code for row in procedures],
        [row.national_core for row in procedures],
        [row.publisher for row in procedures],
        [row.scope for row in procedures],
    )


def _versions(procedures: Sequence[ProcedureRow]) -> tuple[list[object], ...]:
    return (
        [row.code for row in procedures],
        [row.valid_from for row in procedures],
        [row.valid_to for row in procedures],
        [row.name for row in procedures],
        [search_key(row.name) for row in procedures],
        [row.sector for row in procedures],
        [row.issuer for row in procedures],
        [row.decision for row in procedures],
        [row.online_level for row in procedures],
        [row.basis for row in procedures],
    )


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])


async def version_detail(connection: Connection, version_id: int) -> asyncpg.Record:
    """Who issued a version, by which decision."""
    row = await connection.fetchrow("SELECT issuer, decision FROM procedure_version WHERE id = $1", version_id)
    assert row is not None
    return row


async def version_terms(connection: Connection, version_id: int) -> list[asyncpg.Record]:
    """The terms of a version, by channel and case."""
    return await connection.fetch(
        "SELECT channel, case_no, value, unit, cutoff, verbatim FROM procedure_term WHERE version_id = $1"
        " ORDER BY channel, case_no",
        version_id,
    )
