"""The SQL of agencies. Set-wise: a list of units is one statement, whatever its length."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from routing_service.agencies.rules import SuccessionRow, UnitKey, UnitRow
from shared.domain.vietnamese import sort_key

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_GIVEN = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[],
                         $9::boolean[])
        AS g (code, identification_code, name, sort_key, level, kind, valid_from, valid_to, confirmed)
)
"""

# What an operator knows better is not undone by loading the list again: a code that was entered stays whatever the list
# says, a code or an end that the list leaves open stays, and an unconfirmed row does not overwrite a confirmed one.
_CODE = """CASE WHEN EXISTS (SELECT FROM agency_identification i WHERE i.agency_id = a.id)
      THEN a.identification_code ELSE coalesce(g.identification_code, a.identification_code) END"""
_CHANGE = (
    _GIVEN
    + f"""
UPDATE agency a
SET identification_code = {_CODE},
    name = g.name, sort_key = g.sort_key, level = g.level, kind = g.kind,
    valid_to = coalesce(g.valid_to, a.valid_to), confirmed = g.confirmed
FROM given g
WHERE a.code = g.code AND a.valid_from IS NOT DISTINCT FROM g.valid_from
  AND (g.confirmed OR NOT a.confirmed)
  AND (a.identification_code, a.name, a.sort_key, a.level, a.kind, a.valid_to, a.confirmed)
      IS DISTINCT FROM
      ({_CODE}, g.name, g.sort_key, g.level, g.kind,
       coalesce(g.valid_to, a.valid_to), g.confirmed)
"""
)

_ADD = (
    _GIVEN
    + """
INSERT INTO agency (code, identification_code, name, sort_key, level, kind, valid_from, valid_to, confirmed)
SELECT g.code, g.identification_code, g.name, g.sort_key, g.level, g.kind, g.valid_from, g.valid_to, g.confirmed
FROM given g
WHERE NOT EXISTS (
    SELECT FROM agency a WHERE a.code = g.code AND a.valid_from IS NOT DISTINCT FROM g.valid_from
)
"""
)

_PLACE = """
UPDATE agency a
SET parent_id = p.id
FROM unnest($1::text[], $2::date[], $3::text[], $4::date[]) AS g (code, valid_from, parent_code, parent_from)
LEFT JOIN agency p ON p.code = g.parent_code AND p.valid_from IS NOT DISTINCT FROM g.parent_from
WHERE a.code = g.code AND a.valid_from IS NOT DISTINCT FROM g.valid_from AND a.parent_id IS DISTINCT FROM p.id
"""

_SUCCEED = """
INSERT INTO agency_succession AS s (predecessor_id, successor_id, note)
SELECT old.id, new.id, g.note
FROM unnest($1::text[], $2::date[], $3::text[], $4::date[], $5::text[]) AS g (code, valid_from, to_code, to_from, note)
JOIN agency old ON old.code = g.code AND old.valid_from IS NOT DISTINCT FROM g.valid_from
JOIN agency new ON new.code = g.to_code AND new.valid_from IS NOT DISTINCT FROM g.to_from
ON CONFLICT (predecessor_id, successor_id) DO UPDATE SET note = excluded.note
    WHERE s.note IS DISTINCT FROM excluded.note
"""


async def lock(connection: Connection) -> None:
    """Two loads at once: the second waits, then finds nothing to do."""
    await connection.execute("LOCK TABLE agency IN SHARE ROW EXCLUSIVE MODE")


async def change_units(connection: Connection, units: Sequence[UnitRow]) -> int:
    """Bring the units that are there to what the list says; how many changed."""
    return _count(await connection.execute(_CHANGE, *_columns(units)))


async def add_units(connection: Connection, units: Sequence[UnitRow]) -> int:
    """Add the units that are not there yet; how many."""
    return _count(await connection.execute(_ADD, *_columns(units)))


async def place(connection: Connection, parents: Mapping[UnitKey, UnitKey | None]) -> int:
    """Put each unit under its parent; how many moved."""
    pairs = list(parents.items())
    return _count(
        await connection.execute(
            _PLACE,
            [unit.code for unit, _ in pairs],
            [unit.valid_from for unit, _ in pairs],
            [above.code if above else None for _, above in pairs],
            [above.valid_from if above else None for _, above in pairs],
        )
    )


async def succeed(connection: Connection, successions: Sequence[SuccessionRow]) -> int:
    """Record who took over from whom; how many links are new or changed."""
    return _count(
        await connection.execute(
            _SUCCEED,
            [link.predecessor.code for link in successions],
            [link.predecessor.valid_from for link in successions],
            [link.successor.code for link in successions],
            [link.successor.valid_from for link in successions],
            [link.note for link in successions],
        )
    )


async def bump_revision(connection: Connection) -> None:
    """Tell the readers of routing's reference data to read again."""
    await connection.execute(
        "WITH bumped AS (UPDATE routing_revision SET revision = revision + 1 RETURNING 1)"
        " INSERT INTO routing_revision (revision) SELECT 1 WHERE NOT EXISTS (SELECT FROM bumped)"
    )


def _columns(units: Sequence[UnitRow]) -> tuple[list[object], ...]:
    return (
        [unit.code for unit in units],
        [unit.identification_code for unit in units],
        [unit.name for unit in units],
        [sort_key(unit.name) for unit in units],
        [unit.level.value for unit in units],
        [unit.kind for unit in units],
        [unit.valid_from for unit in units],
        [unit.valid_to for unit in units],
        [unit.confirmed for unit in units],
    )


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
