"""The SQL of reorganisations. Dossiers are read, never written: they are intake's."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import orjson

from routing_service.cases.store import OPEN, OPEN_SHARES
from routing_service.reorganisations.rules import Held, Plan
from shared.contracts.reorganisations import ReorganisationIn
from shared.web.database import Connection, Reading

_HELD = """(
SELECT d.id, c.holder_id, c.desk, d.version_id, d.code FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id
WHERE (c.holder_id = ANY($1::int[]) OR c.dossier_id = ANY($2::bigint[])) AND {share} AND c.dossier_id > $3
ORDER BY c.dossier_id LIMIT $4
)"""
_HELD_OPEN = f"{' UNION ALL '.join(_HELD.format(share=share) for share in OPEN_SHARES)} ORDER BY id LIMIT $4"


async def open_dossiers(connection: Connection | Reading, codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Code → (dossier id, holder) of open dossiers, by their code or by the code they had in another system."""
    rows = await connection.fetch(
        "SELECT g.code, c.dossier_id, c.holder_id FROM unnest($1::text[]) AS g (code)"
        " CROSS JOIN LATERAL (SELECT coalesce((SELECT id FROM dossier WHERE code = g.code),"
        " (SELECT id FROM dossier WHERE legacy_code = g.code)) AS id OFFSET 0) named"
        " JOIN dossier d ON d.id = named.id"
        f" JOIN dossier_case c ON c.dossier_id = d.id WHERE {OPEN}",
        codes,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def held(connection: Connection | Reading, plan: Plan, *, after: int, limit: int) -> list[tuple[Held, str]]:
    """The open dossiers that a plan is about, after dossier id `after`, in order; each with its code."""
    rows = await connection.fetch(_HELD_OPEN, plan.units, list(plan.listed), after, limit)
    return [(Held(*tuple(row)[:4]), row[4]) for row in rows]


async def add(
    connection: Connection,
    asked: ReorganisationIn,
    plan: Plan,
    *,
    actor: str,
    acting_agency_id: int,
    created_at: datetime,
) -> int:
    """Keep a reorganisation that is to be carried out; its number."""
    number: int = await connection.fetchval(
        "INSERT INTO reorganisation (name, decision_number, reason, effective_day, plan, beyond_succession, actor,"
        " acting_agency_id, created_at) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9) RETURNING id",
        asked.name,
        asked.decision_number,
        asked.reason,
        asked.effective_day,
        orjson.dumps(plan.kept()).decode(),
        asked.beyond_succession,
        actor,
        acting_agency_id,
        created_at,
    )
    return number


_COLUMNS = (
    "id, name, decision_number, reason, effective_day, beyond_succession, actor, acting_agency_id, created_at,"
    " looked_at, moved, left_over, after_dossier_id, finished_at"
)


async def find(connection: Connection | Reading, number: int) -> asyncpg.Record | None:
    """A reorganisation."""
    return await connection.fetchrow(f"SELECT {_COLUMNS} FROM reorganisation WHERE id = $1", number)


async def listed(connection: Reading, agencies: list[int], *, before: int, limit: int) -> list[asyncpg.Record]:
    """Reorganisations that somebody of `agencies` decided, newest first, below the number `before`."""
    return await connection.fetch(
        f"SELECT {_COLUMNS} FROM reorganisation WHERE acting_agency_id = ANY($1) AND id < $2 ORDER BY id DESC LIMIT $3",
        agencies,
        before,
        limit,
    )


async def next_due(connection: Connection, today: date) -> asyncpg.Record | None:
    """The first reorganisation whose day has come and that is not over, locked; with its plan (JSON text)."""
    return await connection.fetchrow(
        f"SELECT {_COLUMNS}, plan::text AS plan FROM reorganisation"
        " WHERE finished_at IS NULL AND effective_day <= $1 ORDER BY effective_day, id LIMIT 1 FOR UPDATE",
        today,
    )


async def holders(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    """Who holds cases, by the codes of their dossiers."""
    rows = await connection.fetch(
        "SELECT d.code, c.holder_id FROM dossier_case c JOIN dossier d ON d.id = c.dossier_id WHERE d.code = ANY($1)",
        list(codes),
    )
    return {row[0]: row[1] for row in rows}


async def passed_by(connection: Connection, holders: Sequence[int], today: date) -> list[asyncpg.Record]:
    """The reorganisations whose day has come and whose rules take dossiers from `holders`, in order; each with its plan
    (JSON text). What is still being carried out is locked: it waits until our cases are open, and sees them."""
    await connection.execute(
        "SELECT FROM reorganisation WHERE finished_at IS NULL AND effective_day <= $1 ORDER BY id FOR SHARE", today
    )
    return await connection.fetch(
        f"SELECT {_COLUMNS}, plan::text AS plan FROM reorganisation WHERE effective_day <= $1 AND EXISTS ("
        " SELECT FROM jsonb_array_elements(plan -> 'rules') AS rule WHERE (rule ->> 0)::int = ANY($2))"
        " ORDER BY effective_day, id",
        today,
        holders,
    )


async def progress(
    connection: Connection,
    number: int,
    *,
    looked_at: int,
    moved: int,
    left_over: Sequence[tuple[Held, str]],
    after: int,
    finished_at: datetime | None,
) -> None:
    """Note how far a locked reorganisation has come, and what it leaves where it is, with why."""
    await connection.execute(
        "INSERT INTO reorganisation_left_over (reorganisation_id, dossier_id, holder_id, reason)"
        " SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::text[])",
        number,
        [each.dossier_id for each, _ in left_over],
        [each.holder_id for each, _ in left_over],
        [why for _, why in left_over],
    )
    await connection.execute(
        "UPDATE reorganisation SET looked_at = looked_at + $2, moved = moved + $3, left_over = left_over + $4,"
        " after_dossier_id = $5, finished_at = $6 WHERE id = $1",
        number,
        looked_at,
        moved,
        len(left_over),
        after,
        finished_at,
    )


async def left_over(connection: Reading, number: int, *, after: int, limit: int) -> list[asyncpg.Record]:
    """Dossiers that a reorganisation left where they were, after dossier id `after`."""
    return await connection.fetch(
        "SELECT l.dossier_id, d.code, l.holder_id, l.reason FROM reorganisation_left_over l"
        " JOIN dossier d ON d.id = l.dossier_id WHERE l.reorganisation_id = $1 AND l.dossier_id > $2"
        " ORDER BY l.dossier_id LIMIT $3",
        number,
        after,
        limit,
    )
