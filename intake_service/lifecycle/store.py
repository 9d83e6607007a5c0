"""The SQL of a dossier's life: the dossier locked with its history, and one more event with the state it leaves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import asyncpg

from shared.domain.counts import Facts
from shared.domain.linked import Share
from shared.web.database import Connection, Reading, Writing

#: What a step needs to know of a dossier. `name` is what its event chain is bound to: it never changes.
_COLUMNS = """
  d.id, d.code, coalesce(d.reference, d.code) AS name, d.version_id, d.agency_id, d.channel, d.accepted_at,
  d.submitted_at, d.received_day, d.returned_at, d.outcome, d.provisional, d.version, d.event_seq, d.event_hash,
  d.answer_due_at, d.lapses_at, d.case_no
"""
_NEEDED = f"SELECT {_COLUMNS} FROM dossier d"
# What happened last where the dossier lay, as routing has it: before that nobody was done with it. Most dossiers are
# finished where they were received: then the case alone is read.
_GONE_ON = """
  CASE WHEN c.version > 1 THEN (SELECT max(at) FROM (
    SELECT occurred_at FROM hand_over WHERE dossier_id = d.id
    UNION ALL SELECT occurred_at FROM hand_over_receipt WHERE dossier_id = d.id
    UNION ALL SELECT occurred_at FROM assignment WHERE dossier_id = d.id
    UNION ALL SELECT left_at FROM case_segment WHERE dossier_id = d.id AND left_by IS NOT NULL
  ) AS step (at)) END AS gone_on_at
"""
# A code of our own goes before the same text as another system's code: nobody can shadow a dossier.
# In a subselect of its own: under the policies nothing that coalesce() makes leads into an index.
_ID = (
    "coalesce((SELECT id FROM dossier_key WHERE code = $1), (SELECT id FROM dossier_key WHERE reference = $1),"
    " (SELECT id FROM dossier_key WHERE legacy_code = $1))"
)
NAMED = f"d.id = (SELECT {_ID})"
_EACH_NAMED = f"CROSS JOIN LATERAL (SELECT {_ID.replace('$1', 'g.asked')} AS id OFFSET 0) named"


async def locked(connection: Writing, code: str, scope: frozenset[int]) -> asyncpg.Record | None:
    """A dossier by its code, its reference or its code in another system, if its receiver or holder is in `scope`;
    locked until the transaction ends. gone_on_at: when it was last handed over, received, assigned, or a share of it
    was done."""
    return await connection.fetchrow(
        f"SELECT {_COLUMNS}, {_GONE_ON} FROM dossier d LEFT JOIN dossier_case c ON c.dossier_id = d.id WHERE {NAMED}"
        " AND (d.agency_id = ANY($2::int[]) OR c.holder_id = ANY($2::int[])) FOR NO KEY UPDATE OF d",
        code,
        list(scope),
    )


async def all_locked(connection: Writing, codes: Sequence[str], scope: frozenset[int]) -> dict[str, asyncpg.Record]:
    """Dossiers by the codes that they were asked for, locked like `locked`, in the order of their ids: no two callers
    wait for each other."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, {_GONE_ON}, g.asked FROM unnest($1::text[]) AS g (asked) {_EACH_NAMED}"
        " JOIN dossier d ON d.id = named.id"
        " LEFT JOIN dossier_case c ON c.dossier_id = d.id"
        " WHERE d.agency_id = ANY($2::int[]) OR c.holder_id = ANY($2::int[])"
        " ORDER BY d.id FOR NO KEY UPDATE OF d",
        codes,
        list(scope),
    )
    return {row["asked"]: row for row in rows}


async def not_begun(connection: Connection, dossier_ids: Sequence[int]) -> list[asyncpg.Record]:
    """Of these dossiers, those that were accepted and nobody has begun to process, locked."""
    return await connection.fetch(
        f"{_NEEDED} WHERE d.id = ANY($1::bigint[]) AND d.status = 2 ORDER BY d.id FOR NO KEY UPDATE", dossier_ids
    )


async def planned(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, list[Share]]:
    """The shares of the linked ones among these dossiers, as routing plans them now."""
    found = defaultdict[int, list[Share]](list)
    rows = await connection.fetch(
        "SELECT s.dossier_id, s.no, s.agency_id, s.follows, s.planned_due_at FROM case_segment s"
        " JOIN workflow w ON w.id = s.workflow_id AND w.kind = 'linked'"
        " WHERE s.dossier_id = ANY($1::bigint[]) ORDER BY s.dossier_id, s.no",
        dossier_ids,
    )
    for dossier_id, no, agency_id, follows, due_at in rows:
        found[dossier_id].append(Share(no, agency_id, tuple(follows), due_at))
    return found


async def locked_open(connection: Connection, dossier_ids: Sequence[int]) -> list[asyncpg.Record]:
    """Of these dossiers, those that have not ended, locked."""
    return await connection.fetch(
        f"{_NEEDED} WHERE d.id = ANY($1::bigint[]) AND d.finished_at IS NULL ORDER BY d.id FOR NO KEY UPDATE",
        dossier_ids,
    )


# Whoever works on it here leaves one of these behind; what the opening of its case sent on begins with that. Not by
# EXISTS, which may be taken for a look through whole tables.
_IN_HAND = """
  coalesce(
    (SELECT true FROM hand_over h JOIN dossier_case c USING (dossier_id) WHERE h.dossier_id = d.id
      AND h.kind <> 'reorganisation' AND NOT (h.seq = 1 AND h.occurred_at <= c.opened_at) LIMIT 1),
    (SELECT true FROM hand_over_receipt WHERE dossier_id = d.id LIMIT 1),
    (SELECT true FROM assignment WHERE dossier_id = d.id LIMIT 1),
    (SELECT true FROM case_segment WHERE dossier_id = d.id AND left_by IS NOT NULL LIMIT 1),
    (SELECT true FROM dossier_case WHERE dossier_id = d.id AND finished_at IS NOT NULL), false) AS in_hand
"""


async def locked_by_id(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, asyncpg.Record]:
    """These dossiers, locked. in_hand: whether routing has that somebody works on it, or did."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, {_IN_HAND} FROM dossier d WHERE d.id = ANY($1::bigint[]) ORDER BY d.id FOR NO KEY UPDATE",
        dossier_ids,
    )
    return {row["id"]: row for row in rows}


async def lapsed(connection: Connection, at: datetime, limit: int) -> list[asyncpg.Record]:
    """The next dossiers whose applicants have not answered in time, locked. What somebody else has locked is passed
    over: it may be the answer."""
    return await connection.fetch(
        f"{_NEEDED} WHERE d.lapses_at <= $1 ORDER BY d.lapses_at, d.id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
        at,
        limit,
    )


async def histories(connection: Connection | Reading, dossier_ids: Sequence[int]) -> dict[int, list[asyncpg.Record]]:
    """The events of dossiers in order: (kind, occurred_at, payload) first."""
    found: dict[int, list[asyncpg.Record]] = {dossier_id: [] for dossier_id in dossier_ids}
    for row in await connection.fetch(
        "SELECT kind, occurred_at, payload, dossier_id FROM dossier_event WHERE dossier_id = ANY($1::bigint[])"
        " ORDER BY dossier_id, seq",
        dossier_ids,
    ):
        found[row["dossier_id"]].append(row)
    return found


async def issue_number(connection: Writing, prefix: str) -> str:
    """The next code under a prefix. Its row stays locked until the transaction ends: codes are gapless."""
    last = await connection.fetchval(
        "INSERT INTO dossier_number AS n (prefix, last) VALUES ($1, 1)"
        " ON CONFLICT (prefix) DO UPDATE SET last = n.last + 1 RETURNING last",
        prefix,
    )
    return f"{prefix}{last:04d}"


@dataclass(frozen=True, slots=True)
class Note:
    """What an event says in words: the reason, and what was asked for or handed in (JSON). It may name a person, so it
    is kept apart from the chain, which holds its hash. salt: erased with the words, so that nobody guesses them.
    numbers_key: of the identity numbers in detail, sealed; not hashed, for it is sealed anew."""

    reason: str | None
    detail: str | None
    salt: bytes
    numbers_key: str | None = None

    @property
    def hash(self) -> str:
        """What the chain holds of it, hex."""
        return sha256(self.salt + f"{self.reason or ''}\n{self.detail or ''}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Appended:
    """One more event of a dossier, with the dossier as it stands after it."""

    dossier_id: int
    code: str
    seq: int
    kind: str
    status: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_agency_id: int
    facts: Facts
    payload: str
    hash: bytes
    accepted_at: datetime | None
    reception_due_at: datetime | None
    original_due_at: datetime | None
    due_at: datetime | None
    late_from: datetime | None
    provisional: bool
    answer_due_at: datetime | None
    lapses_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    outcome: int | None
    note: Note | None = None


async def append(connection: Connection, events: Sequence[Appended]) -> None:
    """Write one more event for each of several locked dossiers, and the dossiers' cached state with it."""
    if not events:
        return
    await connection.execute(_LOG, *_columns([_logged(event) for event in events]))
    await connection.execute(_CACHE, *_columns([_cached(event) for event in events]))
    noted = [
        (e.dossier_id, e.seq, note.reason, note.detail, note.salt, note.numbers_key)
        for e in events
        if (note := e.note) is not None
    ]
    if noted:
        await connection.execute(
            "INSERT INTO event_note (dossier_id, seq, reason, detail, salt, numbers_key)"
            " SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::bytea[], $6::text[])",
            *_columns(noted),
        )


_LOG = """
INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id,
  agency_id, channel, received_day, due_day, late_day, finished_day, verdict, paused, payload, hash)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int2[], $5::timestamptz[], $6::timestamptz[],
  $7::text[], $8::int[], $9::int[], $10::int2[], $11::date[], $12::date[], $13::date[], $14::date[],
  $15::int2[], $16::bool[], $17::text[], $18::bytea[])
"""


def _logged(e: Appended) -> tuple[object, ...]:
    acted = (e.occurred_at, e.recorded_at, e.actor, e.acting_agency_id)
    return (e.dossier_id, e.seq, e.kind, e.status, *acted, *e.facts, e.payload, e.hash)


_CACHE = """
UPDATE dossier d SET code = n.code, status = n.status, accepted_at = n.accepted_at,
  reception_due_at = n.reception_due_at, original_due_at = n.original_due_at, due_at = n.due_at,
  late_from = n.late_from, provisional = n.provisional, finished_at = n.finished_at, returned_at = n.returned_at,
  outcome = n.outcome, received_day = n.received_day, due_day = n.due_day, late_day = n.late_day,
  finished_day = n.finished_day, verdict = n.verdict, paused = n.paused, answer_due_at = n.answer_due_at,
  lapses_at = n.lapses_at, event_seq = n.seq, event_hash = n.hash,
  version = d.version + 1
FROM unnest($1::bigint[], $2::text[], $3::int2[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::timestamptz[], $9::bool[], $10::timestamptz[], $11::timestamptz[], $12::int2[], $13::date[],
  $14::date[], $15::date[], $16::date[], $17::int2[], $18::bool[], $19::timestamptz[], $20::timestamptz[], $21::int[],
  $22::bytea[])
  AS n (id, code, status, accepted_at, reception_due_at, original_due_at, due_at, late_from, provisional, finished_at,
  returned_at, outcome, received_day, due_day, late_day, finished_day, verdict, paused,
  answer_due_at, lapses_at, seq, hash)
WHERE d.id = n.id
"""


def _cached(e: Appended) -> tuple[object, ...]:
    clock = (e.accepted_at, e.reception_due_at, e.original_due_at, e.due_at, e.late_from, e.provisional)
    ended = (e.finished_at, e.returned_at, e.outcome)
    return (e.dossier_id, e.code, e.status, *clock, *ended, *e.facts[2:], e.answer_due_at, e.lapses_at, e.seq, e.hash)


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
