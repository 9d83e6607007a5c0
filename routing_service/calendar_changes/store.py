"""The SQL of calendar changes. Dossiers and their events are read, never written: they are intake's."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import asyncpg
import orjson

from routing_service.calendar_changes.rules import DayChange, Span
from routing_service.calendars.rules import DayRow
from shared.domain.working_calendar import DayKind
from shared.web.database import Connection, Reading, Writing


async def next_number(connection: Writing) -> int:
    """The number of the next change, under the calendar's lock: gapless."""
    number: int = await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM calendar_change")
    return number


async def years(connection: Connection | Reading) -> set[int]:
    """The years whose calendar is loaded."""
    return {row[0] for row in await connection.fetch("SELECT year FROM calendar_year")}


async def rows_of(connection: Connection | Reading, touched: Collection[int]) -> dict[date, DayRow]:
    """The deviations of some years."""
    rows = await connection.fetch(
        "SELECT day, kind, name_vi, name_en, status, source, confidence FROM calendar_day"
        " WHERE extract(year FROM day)::int = ANY($1::int[])",
        sorted(touched),
    )
    return {row[0]: DayRow(row[0], DayKind(row[1]), *tuple(row)[2:]) for row in rows}


async def set_days(connection: Writing, changes: Sequence[DayChange]) -> None:
    """Bring the calendar to what the changes say."""
    gone = [change.day for change in changes if change.after is None]
    await connection.execute("DELETE FROM calendar_day WHERE day = ANY($1::date[])", gone)
    set_now = [change.after for change in changes if change.after is not None]
    await connection.execute(
        "INSERT INTO calendar_day (day, kind, name_vi, name_en, status, source, confidence)"
        " SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"
        " ON CONFLICT (day) DO UPDATE SET kind = excluded.kind, name_vi = excluded.name_vi,"
        " name_en = excluded.name_en, status = excluded.status, source = excluded.source,"
        " confidence = excluded.confidence",
        *([getattr(row, column) for row in set_now] for column in _COLUMNS),
    )


_COLUMNS = ("day", "kind", "name_vi", "name_en", "status", "source", "confidence")


async def record(
    connection: Writing,
    number: int,
    changes: Sequence[DayChange],
    *,
    actor: str,
    agency_id: int,
    decision: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep a change with what was before and is after. The revision must have been bumped before."""
    await connection.execute(
        "INSERT INTO calendar_change (id, revision, recorded_at, actor, agency_id, decision, reason)"
        " SELECT $1, max(revision), $2, $3, $4, $5, $6 FROM routing_revision",
        number,
        now,
        actor,
        agency_id,
        decision,
        reason,
    )
    await connection.execute(
        "INSERT INTO calendar_change_day (change_id, day, before, after)"
        " SELECT $1, * FROM unnest($2::date[], $3::text[]::jsonb[], $4::text[]::jsonb[])",
        number,
        [change.day for change in changes],
        [_kept(change.before) for change in changes],
        [_kept(change.after) for change in changes],
    )


def _kept(row: DayRow | None) -> str | None:
    if row is None:
        return None
    return orjson.dumps({column: getattr(row, column) for column in _COLUMNS[1:]}).decode()


# A change without a row of intake's is not begun yet.
_CHANGES = """
SELECT c.id, c.recorded_at, c.actor, c.agency_id, c.decision, c.reason,
  (SELECT jsonb_agg(jsonb_build_object('day', d.day, 'before', d.before, 'after', d.after) ORDER BY d.day)
   FROM calendar_change_day d WHERE d.change_id = c.id)::text AS days,
  coalesce(r.state, 'waiting') AS state, r.to_look_at, r.looked_at, r.moved, r.unreckoned, r.started_at, r.finished_at
FROM calendar_change c LEFT JOIN calendar_recompute r ON r.change_id = c.id
"""


async def change(connection: Connection | Reading, number: int) -> asyncpg.Record | None:
    """A change with its days and how far it has come."""
    return await connection.fetchrow(f"{_CHANGES} WHERE c.id = $1", number)


async def changes(connection: Reading, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Changes, newest first, below the number `before`."""
    return await connection.fetch(
        f"{_CHANGES} WHERE c.id < coalesce($1, {2**63 - 1}) ORDER BY c.id DESC LIMIT $2", before, limit
    )


# What a clock that rests on the days leaves in the row: it began before they ended, and is not over before they began.
# While a clock stands still its date is in the log alone. The same question is intake's, of its own tables
# (intake_service/recompute/store.py).
_RESTING = """
SELECT id FROM dossier WHERE finished_at IS NULL AND CASE WHEN accepted_at IS NOT NULL
  THEN received_day <= $2::date AND (paused OR due_day >= $1::date)
  ELSE submitted_at < $4::timestamptz AND reception_due_at >= $3::timestamptz END
ORDER BY id
"""


async def resting(connection: Reading, days: Span) -> list[int]:
    """The open dossiers whose clock may rest on the days, in order."""
    rows = await connection.fetch(_RESTING, days.first, days.last, days.begins, days.ends)
    return [row[0] for row in rows]


async def histories(connection: Reading, ids: Sequence[int]) -> list[tuple[asyncpg.Record, list[Any]]]:
    """Dossiers with their events (kind, when, payload), in order."""
    rows = await connection.fetch(
        "SELECT id, code, version_id, agency_id, channel, case_no, received_day, submitted_at FROM dossier"
        " WHERE id = ANY($1::bigint[]) ORDER BY id",
        ids,
    )
    events: dict[int, list[Any]] = {row["id"]: [] for row in rows}
    for event in await connection.fetch(
        "SELECT kind, occurred_at, payload, dossier_id FROM dossier_event WHERE dossier_id = ANY($1::bigint[])"
        " ORDER BY dossier_id, seq",
        ids,
    ):
        if event[3] in events:
            events[event[3]].append(event[:3])
    return [(row, events[row["id"]]) for row in rows]
