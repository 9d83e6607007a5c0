"""The SQL of reconciliation: rounds, how each dossier stands, and what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from intake_service.reconciliation.rules import Compared, Kind, Sending, State
from shared.domain.lifecycle import Status
from shared.web.database import Connection, Reading, Writing

_ROUND = (
    "SELECT id, begun_at, begun_by, first_day, last_id, after_id, state, tried_at, answered_at, error, ended_at"
    " FROM national_round"
)
#: Of these nothing more is to be expected.
_ENDED = [int(status) for status in (Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED)]
_COUNTS = ("in_step", "on_its_way", "differing", "missing", "not_answered")


# --- rounds ---------------------------------------------------------------------------------------------------------


async def lock(connection: Connection) -> None:
    """Two beginnings at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE national_round IN SHARE ROW EXCLUSIVE MODE")


async def running(connection: Connection) -> asyncpg.Record | None:
    """The round that is under way."""
    return await connection.fetchrow(f"{_ROUND} WHERE state = 'running'")


async def last_begun(connection: Connection) -> datetime | None:
    """When a round began last."""
    begun: datetime | None = await connection.fetchval("SELECT max(begun_at) FROM national_round")
    return begun


async def begin(connection: Connection, by: str | None, first_day: date, now: datetime) -> int:
    """Begin a round: of the dossiers that there are now."""
    made: int = await connection.fetchval(
        "INSERT INTO national_round (begun_at, begun_by, first_day, last_id)"
        " SELECT $1, $2, $3, coalesce(max(id), 0) FROM dossier RETURNING id",
        now,
        by,
        first_day,
    )
    return made


async def note_error(connection: Connection, round_id: int, error: str, now: datetime) -> None:
    """It does not go on for the moment."""
    await connection.execute("UPDATE national_round SET error = $2, tried_at = $3 WHERE id = $1", round_id, error, now)


async def move(connection: Connection, round_id: int, before: int, after: int, now: datetime) -> bool:
    """The dossiers up to an id were asked for. Whether it was still at `before`: nobody else did it meanwhile."""
    moved = await connection.fetchval(
        "UPDATE national_round SET after_id = $3, tried_at = $4, answered_at = $4, error = NULL"
        " WHERE id = $1 AND after_id = $2 AND state = 'running' RETURNING true",
        round_id,
        before,
        after,
        now,
    )
    return moved is True


async def end(connection: Connection, round_id: int, *, gave_up: bool, now: datetime) -> None:
    """It is over: done where every dossier was answered, or else unfinished."""
    await connection.execute(
        "UPDATE national_round SET ended_at = $3, state = CASE WHEN $2 OR EXISTS (SELECT FROM national_round_agency a"
        "  WHERE a.round_id = $1 AND a.not_answered > 0) THEN 'unfinished' ELSE 'done' END"
        " WHERE id = $1 AND state = 'running'",
        round_id,
        gave_up,
        now,
    )


_SUMMED = ", ".join(f"coalesce(sum(a.{name}), 0)::bigint AS {name}" for name in _COUNTS)


async def rounds(connection: Reading, agencies: Sequence[int], before: int, limit: int) -> list[asyncpg.Record]:
    """A page of rounds, the latest first, with the counts of these agencies."""
    return await connection.fetch(
        f"SELECT r.*, s.* FROM ({_ROUND} WHERE id < $2 ORDER BY id DESC LIMIT $3) r CROSS JOIN LATERAL ("
        f" SELECT {_SUMMED} FROM national_round_agency a WHERE a.round_id = r.id AND a.agency_id = ANY($1::int[])) s"
        " ORDER BY r.id DESC",
        list(agencies),
        before,
        limit,
    )


async def one_round(connection: Connection, round_id: int, agencies: Sequence[int]) -> asyncpg.Record | None:
    """A round, with the counts of these agencies."""
    return await connection.fetchrow(
        f"SELECT r.*, s.* FROM ({_ROUND} WHERE id = $2) r CROSS JOIN LATERAL ("
        f" SELECT {_SUMMED} FROM national_round_agency a WHERE a.round_id = r.id AND a.agency_id = ANY($1::int[])) s",
        list(agencies),
        round_id,
    )


async def by_agency(connection: Reading, round_id: int, agencies: Sequence[int]) -> dict[int, asyncpg.Record]:
    """The counts of a round, of those of these agencies that have any."""
    rows = await connection.fetch(
        f"SELECT agency_id, {', '.join(_COUNTS)} FROM national_round_agency"
        " WHERE round_id = $1 AND agency_id = ANY($2::int[])",
        round_id,
        list(agencies),
    )
    return {row["agency_id"]: row for row in rows}


# --- the dossiers of a round ----------------------------------------------------------------------------------------


async def next_dossiers(connection: Connection, asked: asyncpg.Record, limit: int) -> list[int]:
    """The next dossiers of a round: received since its first day, or open, or told since they were looked at, or not
    in step then."""
    rows = await connection.fetch(
        "SELECT d.id FROM dossier d LEFT JOIN national_comparison c ON c.dossier_id = d.id"
        " WHERE d.id > $1 AND d.id <= $2 AND ("
        "  coalesce(d.received_day, (d.submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) >= $3"
        "  OR d.status <> ALL($4::int[]) OR c.state <> 'in_step'"
        "  OR EXISTS (SELECT FROM national_message m WHERE m.dossier_id = d.id"
        "   AND m.settled_at > coalesce(c.compared_at, '-infinity')))"
        " ORDER BY d.id LIMIT $5",
        asked["after_id"],
        asked["last_id"],
        asked["first_day"],
        _ENDED,
        limit,
    )
    return [row[0] for row in rows]


class Sent(NamedTuple):
    """What became of a dossier's messages, and by what it is known that nothing changed meanwhile."""

    sending: Sending
    mark: tuple[Any, ...]


async def sent(connection: Connection, dossiers: Sequence[int], since: datetime | None) -> dict[int, Sent]:
    """What became of the messages of dossiers. since: what was recorded before is not told."""
    rows = await connection.fetch(
        "SELECT d.id, d.event_seq, e.recorded_at, m.sent, m.taken, m.head, m.queued_to, m.messages, m.settled_at"
        " FROM dossier d JOIN dossier_event e ON e.dossier_id = d.id AND e.seq = d.event_seq"
        " LEFT JOIN LATERAL (SELECT bool_or(o.attempts > 0) AS sent,"
        "   bool_or(o.step = 0 AND o.state = 'taken') AS taken,"
        "   (array_agg(o.state ORDER BY o.seq, o.round, o.step) FILTER (WHERE o.state <> 'taken'))[1] AS head,"
        "   max(o.seq) AS queued_to, count(*) AS messages, max(o.settled_at) AS settled_at"
        "  FROM national_message o WHERE o.dossier_id = d.id) m ON true"
        " WHERE d.id = ANY($1::bigint[])",
        list(dossiers),
    )
    found = {}
    for row in rows:
        to_come = (row["queued_to"] or 0) < row["event_seq"] and (since is None or row["recorded_at"] >= since)
        sending = Sending(row["head"], bool(row["sent"]), bool(row["taken"]), to_come)
        mark = (row["event_seq"], row["head"], row["messages"], row["settled_at"])
        found[row["id"]] = Sent(sending, mark)
    return found


@dataclass(frozen=True, slots=True)
class Looked:
    """A dossier that was looked at: as of which event, what became of it, and what they have of it (None: nothing)."""

    dossier_id: int
    agency_id: int
    seq: int
    compared: Compared
    theirs: Mapping[str, Any] | None


async def note(connection: Connection, round_id: int, looked: Sequence[Looked], now: datetime) -> None:
    """Note how dossiers stand now."""
    await connection.execute(
        "INSERT INTO national_comparison AS c"
        " (dossier_id, agency_id, round_id, compared_at, seq, state, there, why, kinds, theirs)"
        " SELECT g.dossier_id, g.agency_id, $1, $2, g.seq, g.state, g.there, g.why, string_to_array(g.kinds, ','),"
        "  g.theirs::jsonb FROM unnest($3::bigint[], $4::int[], $5::int[], $6::text[], $7::boolean[], $8::text[],"
        "  $9::text[], $10::text[]) AS g (dossier_id, agency_id, seq, state, there, why, kinds, theirs)"
        " ON CONFLICT (dossier_id) DO UPDATE SET agency_id = excluded.agency_id, round_id = excluded.round_id,"
        "  compared_at = excluded.compared_at, seq = excluded.seq, state = excluded.state, there = excluded.there,"
        "  why = excluded.why, kinds = excluded.kinds, theirs = excluded.theirs",
        round_id,
        now,
        [one.dossier_id for one in looked],
        [one.agency_id for one in looked],
        [one.seq for one in looked],
        [one.compared.state for one in looked],
        [one.compared.there for one in looked],
        [one.compared.why for one in looked],
        [",".join(sorted({each.kind for each in one.compared.differences})) for one in looked],
        [orjson.dumps(one.theirs).decode() if one.theirs is not None else None for one in looked],
    )


async def count(
    connection: Connection, round_id: int, looked: Sequence[Looked], not_answered: Mapping[int, int]
) -> None:
    """Add dossiers to the counts of a round. not_answered: how many, by agency."""
    counts: dict[int, list[int]] = {}
    for one in looked:
        row = counts.setdefault(one.agency_id, [0] * len(_COUNTS))
        row[_PLACE[one.compared.state]] += 1
        row[3] += any(each.kind is Kind.MISSING for each in one.compared.differences)
    for agency, many in not_answered.items():
        counts.setdefault(agency, [0] * len(_COUNTS))[4] += many
    await connection.execute(
        f"INSERT INTO national_round_agency AS a (round_id, agency_id, {', '.join(_COUNTS)})"
        " SELECT $1, * FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[])"
        " ON CONFLICT (round_id, agency_id) DO UPDATE SET "
        + ", ".join(f"{name} = a.{name} + excluded.{name}" for name in _COUNTS),
        round_id,
        list(counts),
        *([row[n] for row in counts.values()] for n in range(len(_COUNTS))),
    )


_PLACE = {State.IN_STEP: 0, State.ON_ITS_WAY: 1, State.DIFFERS: 2}


async def receivers(connection: Connection, dossiers: Sequence[int]) -> list[int]:
    """Which agency received each of these dossiers."""
    rows = await connection.fetch("SELECT agency_id FROM dossier WHERE id = ANY($1::bigint[])", list(dossiers))
    return [row[0] for row in rows]


# --- what differs ---------------------------------------------------------------------------------------------------


async def note_differences(connection: Connection, round_id: int, looked: Sequence[Looked], now: datetime) -> None:
    """Open what differs newly, close what does no more. What is on its way leaves what was open as it is."""
    judged = [one for one in looked if one.compared.state is not State.ON_ITS_WAY]
    flat = [(one.dossier_id, one.agency_id, *each) for one in judged for each in one.compared.differences]
    values = [[row[n] for row in flat] for n in range(7)]
    await connection.execute(
        f"WITH n AS MATERIALIZED ({_NOW_DIFFERS}), seen AS (UPDATE national_difference o SET last_round_id = $1 FROM n"
        f"  WHERE o.closed_at IS NULL AND {_SAME})"
        " UPDATE national_difference o SET closed_at = $2, closed_round_id = $1"
        " WHERE o.closed_at IS NULL AND o.dossier_id = ANY($10::bigint[])"
        f" AND NOT EXISTS (SELECT FROM n WHERE {_SAME})",
        round_id,
        now,
        *values,
        [one.dossier_id for one in judged],
    )
    await connection.execute(
        f"INSERT INTO national_difference ({_DIFFERENCE}, round_id, last_round_id, found_at)"
        f" SELECT {_DIFFERENCE}, $1, $1, $2 FROM ({_NOW_DIFFERS}) n WHERE NOT EXISTS"
        f" (SELECT FROM national_difference o WHERE o.closed_at IS NULL AND {_SAME}) ORDER BY n.place",
        round_id,
        now,
        *values,
    )


_DIFFERENCE = "dossier_id, agency_id, kind, field, ours, theirs, why"
_NOW_DIFFERS = (
    "SELECT * FROM unnest($3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])"
    f" WITH ORDINALITY AS g ({_DIFFERENCE}, place)"
)
_SAME = (
    "(n.dossier_id, n.kind, n.field) = (o.dossier_id, o.kind, o.field) AND n.ours IS NOT DISTINCT FROM o.ours"
    " AND n.theirs IS NOT DISTINCT FROM o.theirs AND n.why IS NOT DISTINCT FROM o.why"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of differences is narrowed to; None leaves a side open."""

    agencies: Sequence[int]
    kind: str | None = None
    dossier_id: int | None = None
    closed: bool | None = False


async def differences(connection: Reading, wanted: Filter, *, after: int, limit: int) -> list[asyncpg.Record]:
    """A page of differences, the oldest first, behind the id `after`."""
    return await connection.fetch(
        "SELECT o.id, coalesce(d.code, d.reference) AS code, o.agency_id, o.kind, o.field, o.ours, o.theirs, o.why,"
        " o.round_id, o.found_at, o.last_round_id, o.closed_at, o.closed_round_id"
        " FROM national_difference o JOIN dossier d ON d.id = o.dossier_id"
        " WHERE o.agency_id = ANY($1::int[]) AND o.id > $2 AND ($3::text IS NULL OR o.kind = $3)"
        " AND ($4::bigint IS NULL OR o.dossier_id = $4) AND ($5::boolean IS NULL OR (o.closed_at IS NOT NULL) = $5)"
        " ORDER BY o.id LIMIT $6",
        list(wanted.agencies),
        after,
        wanted.kind,
        wanted.dossier_id,
        wanted.closed,
        limit,
    )


async def differing(connection: Writing, agencies: Sequence[int], kind: str | None) -> list[int]:
    """The dossiers of which something differs, of these agencies."""
    rows = await connection.fetch(
        "SELECT DISTINCT dossier_id FROM national_difference WHERE closed_at IS NULL"
        " AND agency_id = ANY($1::int[]) AND ($2::text IS NULL OR kind = $2) ORDER BY dossier_id",
        list(agencies),
        kind,
    )
    return [row[0] for row in rows]
