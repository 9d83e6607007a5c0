"""The SQL of the recompute: the change that is next, the dossiers that rest on its days, how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import orjson

from intake_service.recompute.rules import Change, day_before
from shared.domain.lifecycle import EventKind
from shared.web.database import Connection

# What a clock that rests on the days leaves in the row: it began before they ended, and is not over before they began.
# While a clock stands still its date is in the log alone.
_RESTS = """
finished_at IS NULL AND CASE WHEN accepted_at IS NOT NULL
  THEN received_day <= $2::date AND (paused OR due_day >= $1::date)
  ELSE submitted_at < $4::timestamptz AND reception_due_at >= $3::timestamptz END
"""
#: What reckons a date.
_RECKONING = [
    EventKind.SUBMITTED.value,
    EventKind.ACCEPTED.value,
    EventKind.SUPPLEMENTED.value,
    EventKind.PAID.value,
    EventKind.CORRECTED.value,
    EventKind.REOPENED.value,
]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a change has come. state: sweeping, settling, done. floor: transactions from here on are swept last."""

    state: str
    floor: str
    position: int


_CHANGE = """
SELECT c.id, c.revision, c.recorded_at, c.actor, c.agency_id, c.decision,
  (SELECT jsonb_agg(jsonb_build_object('day', d.day, 'before', d.before)) FROM calendar_change_day d
   WHERE d.change_id = c.id)::text AS days
FROM calendar_change c
"""


async def next_change(connection: Connection) -> Change | None:
    """The oldest change that is not done."""
    row = await connection.fetchrow(
        f"{_CHANGE} LEFT JOIN calendar_recompute r ON r.change_id = c.id WHERE r.state IS DISTINCT FROM 'done'"
        " ORDER BY c.id LIMIT 1"
    )
    return _change(row) if row is not None else None


async def changes_since(connection: Connection, day: date) -> list[Change]:
    """The changes of a day or of any later one, the oldest first."""
    rows = await connection.fetch(
        f"{_CHANGE} WHERE EXISTS (SELECT FROM calendar_change_day o WHERE o.change_id = c.id AND o.day >= $1)"
        " ORDER BY c.id",
        day,
    )
    return [_change(row) for row in rows]


def _change(row: asyncpg.Record) -> Change:
    number, revision, recorded_at, actor, agency_id, decision, days = row
    kept = {date.fromisoformat(each["day"]): each["before"] for each in orjson.loads(days)}
    before = {day: day_before(day, was) for day, was in kept.items()}
    return Change(number, revision, recorded_at, actor, agency_id, decision, before)


async def progress(connection: Connection, change_id: int, *, lock: bool = False) -> Progress | None:
    """How far a change has come, locked if asked: should two processes believe to lead, they take turns."""
    row = await connection.fetchrow(
        "SELECT state, floor::text, position FROM calendar_recompute WHERE change_id = $1"
        + (" FOR UPDATE" if lock else ""),
        change_id,
    )
    return Progress(*row) if row else None


async def begin(connection: Connection, change: Change, now: datetime) -> None:
    """Note that it begins, and how many dossiers there are to look at.

    The floor is read before they are counted: whatever a transaction below it wrote can be seen by then.
    """
    floor = await connection.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
    await connection.execute(
        "INSERT INTO calendar_recompute (change_id, state, floor, to_look_at, started_at)"
        f" SELECT $5, 'sweeping', $6::text::xid8, (SELECT count(*) FROM dossier WHERE {_RESTS}), $7"
        " ON CONFLICT DO NOTHING",
        *_days(change),
        change.id,
        floor,
        now,
    )


async def resting(connection: Connection, change: Change, after: int) -> list[int]:
    """The open dossiers after an id whose clock may rest on the changed days, in order."""
    statement = f"SELECT id FROM dossier WHERE {_RESTS} AND id > $5 ORDER BY id"
    return [row[0] for row in await connection.fetch(statement, *_days(change), after)]


async def resting_since(connection: Connection, change: Change, floor: str, after: int) -> list[int]:
    """Of them, those whose date was reckoned in a transaction from the floor on."""
    rows = await connection.fetch(
        f"SELECT id FROM dossier WHERE {_RESTS} AND id > $5 AND id IN (SELECT dossier_id FROM dossier_event"
        " WHERE txid >= $6::text::xid8 AND kind = ANY($7::text[])) ORDER BY id",
        *_days(change),
        after,
        floor,
        _RECKONING,
    )
    return [row[0] for row in rows]


async def move(
    connection: Connection, change_id: int, *, position: int, looked_at: int, more: int, moved: int, unreckoned: int
) -> None:
    """Note a batch, in its transaction. more: dossiers that were not counted at the beginning."""
    await connection.execute(
        "UPDATE calendar_recompute SET position = $2, looked_at = looked_at + $3, to_look_at = to_look_at + $4,"
        " moved = moved + $5, unreckoned = unreckoned + $6 WHERE change_id = $1",
        change_id,
        position,
        looked_at,
        more,
        moved,
        unreckoned,
    )


async def swept(connection: Connection, change_id: int) -> None:
    """All that were there at the beginning are looked at. Those that ended meanwhile are not missing."""
    await connection.execute(
        "UPDATE calendar_recompute SET state = 'settling', position = 0, to_look_at = looked_at"
        " WHERE change_id = $1 AND state = 'sweeping'",
        change_id,
    )


async def settled(connection: Connection, change_id: int, now: datetime) -> None:
    """It is done."""
    await connection.execute(
        "UPDATE calendar_recompute SET state = 'done', finished_at = $2 WHERE change_id = $1 AND state = 'settling'",
        change_id,
        now,
    )


async def set_provisional(connection: Connection, dossiers: Sequence[tuple[int, bool]]) -> None:
    """Dates that stand, and rest on days that were announced now, or are not announced any more."""
    await connection.execute(
        "UPDATE dossier d SET provisional = n.provisional FROM unnest($1::bigint[], $2::bool[]) AS n (id, provisional)"
        " WHERE d.id = n.id",
        [dossier_id for dossier_id, _ in dossiers],
        [provisional for _, provisional in dossiers],
    )


def _days(change: Change) -> tuple[date, date, datetime, datetime]:
    return change.first, change.last, change.begins, change.ends
