"""The SQL of opinions."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from routing_service.opinions.rules import Asked, OpinionRow
from shared.web.database import Connection

_OPINION = """
SELECT o.dossier_id, o.no, d.code, o.from_agency_id, o.to_agency_id, o.content, o.asked_at, o.asked_by, o.due_at,
  o.late_from, o.answer, o.answered_at, o.answered_by, o.escalated_at
FROM opinion o JOIN dossier d ON d.id = o.dossier_id
"""

#: What is asked on a dossier that has ended is waited for by nobody.
_STATES = {
    "open": "o.answered_at IS NULL AND o.escalated_at IS NULL AND d.finished_at IS NULL",
    "escalated": "o.answered_at IS NULL AND o.escalated_at IS NOT NULL AND d.finished_at IS NULL",
    "answered": "o.answered_at IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class OpinionFilter:
    """Which opinions are asked for. `scope`: what the caller covers; `concerned`: asked of these, or on what these
    received; None for all of the scope."""

    scope: list[int]
    state: str
    concerned: list[int] | None = None


async def of(connection: Connection, dossier_id: int) -> list[OpinionRow]:
    """The opinions asked on a dossier, in order."""
    rows = await connection.fetch(f"{_OPINION} WHERE o.dossier_id = $1 ORDER BY o.no", dossier_id)
    return [_row(row) for row in rows]


async def add(connection: Connection, dossier_id: int, no: int, asked: Asked, *, actor: str, at: datetime) -> None:
    """Write a question; its case has another version."""
    await connection.execute(
        "WITH asked AS (INSERT INTO opinion (dossier_id, no, from_agency_id, to_agency_id, content, asked_at, asked_by,"
        " due_at, late_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))"
        " UPDATE dossier_case SET version = version + 1 WHERE dossier_id = $1",
        dossier_id,
        no,
        asked.from_agency_id,
        asked.to_agency_id,
        asked.content,
        at,
        actor,
        asked.due.at,
        asked.due.late_from,
    )


async def answer(connection: Connection, dossier_id: int, no: int, text: str, *, actor: str, at: datetime) -> None:
    """Write the answer; the case has another version."""
    await connection.execute(
        "WITH answered AS (UPDATE opinion SET answer = $3, answered_at = $4, answered_by = $5"
        " WHERE dossier_id = $1 AND no = $2)"
        " UPDATE dossier_case SET version = version + 1 WHERE dossier_id = $1",
        dossier_id,
        no,
        text,
        at,
        actor,
    )


async def escalate(connection: Connection, now: datetime, *, limit: int) -> int:
    """Note of silent units that the head of the one-stop is to act, once each; of how many."""
    rows = await connection.fetch(
        "UPDATE opinion SET escalated_at = $1 WHERE escalated_at IS NULL AND answered_at IS NULL"
        " AND (dossier_id, no) IN (SELECT o.dossier_id, o.no FROM opinion o JOIN dossier d ON d.id = o.dossier_id"
        " WHERE o.answered_at IS NULL AND o.escalated_at IS NULL AND o.late_from <= $1 AND d.finished_at IS NULL"
        " ORDER BY o.late_from LIMIT $2) RETURNING 1",
        now,
        limit,
    )
    return len(rows)


async def listed(
    connection: Connection, wanted: OpinionFilter, *, after: tuple[datetime, int, int] | None, limit: int
) -> list[OpinionRow]:
    """Opinions, the first due at the top, after (due_at, dossier id, number) `after`."""
    due_at, dossier_id, no = after or (None, None, None)
    rows = await connection.fetch(
        f"{_OPINION} WHERE {_STATES[wanted.state]}"
        " AND (d.agency_id = ANY($1) OR o.from_agency_id = ANY($1) OR o.to_agency_id = ANY($1))"
        " AND ($2::int[] IS NULL OR d.agency_id = ANY($2) OR o.to_agency_id = ANY($2))"
        " AND ($3::timestamptz IS NULL OR (o.due_at, o.dossier_id, o.no) > ($3, $4::bigint, $5::smallint))"
        " ORDER BY o.due_at, o.dossier_id, o.no LIMIT $6",
        wanted.scope,
        wanted.concerned,
        due_at,
        dossier_id,
        no,
        limit,
    )
    return [_row(row) for row in rows]


def _row(row: asyncpg.Record) -> OpinionRow:
    return OpinionRow(*row)
