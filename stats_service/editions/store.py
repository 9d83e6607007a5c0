"""The SQL of sealed editions: what is kept, the position at which it is sealed, and the sums as of a position.

The sums are not made as reports make them: from no counts, no dossier as it stands now, no instant of knowledge, but
from the events that a position knows, one movement after the other.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from shared.domain.differences import Span
from shared.web.database import Connection, Reading, Writing
from stats_service.editions.pictures import Procedure
from stats_service.editions.recounting import PAUSED_OVERDUE, Plan
from stats_service.editions.rules import Edition, Parameters, Position, Sealing
from stats_service.groupings.rules import Cell

_POSITION = """
SELECT pg_current_snapshot()::text, last.txid::text, last.id
FROM (VALUES (1)) one
LEFT JOIN LATERAL (SELECT txid, id FROM dossier_event ORDER BY txid DESC, id DESC LIMIT 1) last ON true
"""

_PROCEDURES = """
SELECT v.id, p.code, v.name, v.sector, v.valid_from, v.valid_to
FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
"""

_KEPT = """
SELECT e.id, e.report, e.format, e.agency_id, e.parameters, e.number, e.corrects, e.reason, e.note, e.sealed_at,
  e.sealed_by, e.snapshot, e.last_txid::text AS last_txid, e.last_event_id, e.picture, e.synthetic, e.sha256,
  octet_length(e.content) AS size, before.sha256 AS corrected, after.id AS corrected_by, link.number AS link, link.seal
FROM report_edition e
LEFT JOIN report_edition before ON before.id = e.corrects
LEFT JOIN report_edition after ON after.corrects = e.id
LEFT JOIN edition_link link ON link.edition_id = e.id
"""

_ADD_PICTURE = "INSERT INTO reference_picture (hash, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_ADD = """
INSERT INTO report_edition (report, format, agency_id, parameters, number, corrects, reason, note, sealed_at, sealed_by,
  snapshot, last_txid, last_event_id, picture, synthetic, sha256, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::xid8, $13, $14, $15, $16, $17)
ON CONFLICT DO NOTHING RETURNING id
"""

_CIVIL_DAY = "(e.occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
_KNOWN = "pg_visible_in_snapshot(e.txid, $5::text::pg_snapshot)"

# $1: agencies. [$2, $3]: the period. $4: boundaries. $5: the position. ($6, $7]: ids of dossiers. What was finished
# before the period cancels out of every figure. A day lies before boundary `mark` if fewer than `mark` boundaries are
# not after it. Pauses are movements on days, and stand where the dossier stands.
_MOVES = f"""
WITH known AS (
  SELECT e.dossier_id, e.seq, e.agency_id, e.channel, e.received_day, e.due_day, e.late_day, e.finished_day, e.verdict,
    e.paused, {_CIVIL_DAY} AS day, lag(e.paused, 1, false) OVER w AS paused_before,
    lead(e.seq) OVER w IS NULL AS last
  FROM dossier_event e WHERE e.dossier_id > $6 AND e.dossier_id <= $7 AND {_KNOWN}
  WINDOW w AS (PARTITION BY e.dossier_id ORDER BY e.seq)
), told AS MATERIALIZED (
  SELECT * FROM known WHERE last OR paused <> paused_before
), standing AS MATERIALIZED (
  SELECT t.*, {{sides}} AS part FROM told t
  WHERE t.last AND t.agency_id = ANY($1::int[]) AND t.received_day <= $3::date
    AND (t.finished_day IS NULL OR t.finished_day >= $2::date)
), moves AS (
  SELECT part, received_day AS day, 'received' AS metric, 1 AS by FROM standing
  UNION ALL SELECT part, received_day, 'received_online', 1 FROM standing WHERE channel = 2
  UNION ALL SELECT part, received_day, 'received_post', 1 FROM standing WHERE channel = 3
  UNION ALL SELECT part, late_day, 'fell_late', 1 FROM standing WHERE late_day IS NOT NULL
  UNION ALL SELECT part, finished_day, 'resolved', 1 FROM standing WHERE finished_day IS NOT NULL
  UNION ALL SELECT part, finished_day, CASE verdict WHEN 1 THEN 'resolved_early' ELSE 'resolved_on_day' END, 1
  FROM standing WHERE finished_day IS NOT NULL AND verdict IN (1, 2)
  UNION ALL SELECT part, finished_day, 'resolved_without_term', 1
  FROM standing WHERE finished_day IS NOT NULL AND due_day IS NULL
  UNION ALL SELECT part, greatest(late_day, finished_day), 'late_settled', 1
  FROM standing WHERE finished_day IS NOT NULL AND late_day IS NOT NULL
  UNION ALL SELECT s.part, t.day, 'paused_net', CASE WHEN t.paused THEN 1 ELSE -1 END
  FROM told t JOIN standing s ON s.dossier_id = t.dossier_id WHERE t.paused <> t.paused_before
  {{paused_overdue}}
)
SELECT part, metric, width_bucket(day, $4::date[]) AS bucket, sum(by)::bigint FROM moves GROUP BY 1, 2, 3
"""

# Of what is pending at the end of the period: waits for its applicant then, and is overdue.
_PAUSED_OVERDUE = f"""
  UNION ALL SELECT s.part, $3::date, '{PAUSED_OVERDUE}', 1 FROM standing s
  WHERE s.late_day <= $3::date AND (s.finished_day IS NULL OR s.finished_day > $3::date) AND 0 < (
    SELECT sum(CASE WHEN t.paused THEN 1 ELSE -1 END) FROM told t
    WHERE t.dossier_id = s.dossier_id AND t.paused <> t.paused_before AND t.day <= $3::date)
"""

# No payload is read as JSON here: whoever changed an event may have broken it.
# A dossier's procedure may be corrected after the position: then the first correction that the position does not know
# says what it was. $8 to $11: the versions of procedures as they were then: id, code, first and last day.
_VERSION = """coalesce((
  SELECT was.id FROM (
    SELECT substring(c.payload FROM '"was_procedure": ?"([^"]*)"') AS code FROM dossier_event c
    WHERE c.dossier_id = t.dossier_id AND c.seq > t.seq AND c.kind = 'corrected' ORDER BY c.seq LIMIT 1
  ) corrected JOIN unnest($8::int[], $9::text[], $10::date[], $11::date[]) AS was (id, code, first, last)
    ON was.code = corrected.code AND t.received_day BETWEEN coalesce(was.first, '-infinity')
      AND coalesce(was.last, 'infinity')
  LIMIT 1
), (SELECT d.version_id FROM dossier d WHERE d.id = t.dossier_id))"""
_SIDES: Mapping[str, str] = MappingProxyType({"agency": "t.agency_id", "channel": "t.channel", "version": _VERSION})


@dataclass(frozen=True, slots=True)
class Made:
    """An edition that is about to be kept."""

    agency_id: int
    sealed_by: str
    sealing: Sealing
    corrects: int | None
    sha256: bytes
    content: bytes


async def position(connection: Reading) -> Position:
    """What the transaction sees: one that reads one snapshot throughout."""
    row = await connection.fetchrow(_POSITION)
    assert row is not None
    return Position(*row)


async def procedures(connection: Reading) -> dict[int, Procedure]:
    """Every version of every procedure, by its id."""
    return {row[0]: Procedure(*tuple(row)[1:]) for row in await connection.fetch(_PROCEDURES)}


async def last_dossier(connection: Connection) -> int:
    """The highest id that a dossier has; 0 where there is none."""
    found: int = await connection.fetchval("SELECT coalesce(max(id), 0) FROM dossier")
    return found


async def moves_known(
    connection: Connection, plan: Plan, snapshot: str, span: Span
) -> AsyncIterator[tuple[Cell, str, int, int]]:
    """(cell, metric, how many boundaries are not after the day, by how many), by the events of a range of dossiers that
    `snapshot` sees."""
    by = ", ".join(f"({_SIDES[side]})::int" for side in plan.sides)
    last = date.fromordinal(plan.boundaries[-1].toordinal() - 1)
    values: list[object] = [plan.landscape.agencies, plan.boundaries[0], last, list(plan.boundaries), snapshot, *span]
    if "version" in plan.sides:
        listed = list(plan.picture.procedures.items())
        values += [[number for number, _ in listed], [one.code for _, one in listed]]
        values += [[one.valid_from for _, one in listed], [one.valid_to for _, one in listed]]
    also = _PAUSED_OVERDUE if plan.paused_overdue else ""
    sql = _MOVES.format(sides=f"ARRAY[{by}]::int[]", paused_overdue=also)
    for part, metric, bucket, moved in await connection.fetch(sql, *values):
        yield Cell(**dict(zip(plan.sides, part, strict=True))), metric, bucket, moved


async def add(connection: Writing, made: Made, picture: bytes) -> int | None:
    """Keep an edition and its picture; its id. None: the same report has an edition of that number, or the one it
    corrects is corrected."""
    sealing = made.sealing
    await connection.execute(_ADD_PICTURE, sealing.picture, picture)
    found: int | None = await connection.fetchval(
        _ADD,
        sealing.report,
        sealing.format,
        made.agency_id,
        sealing.parameters.stored,
        sealing.number,
        made.corrects,
        sealing.reason,
        sealing.note,
        sealing.sealed_at,
        made.sealed_by,
        *sealing.position,
        sealing.picture,
        sealing.synthetic,
        made.sha256,
        made.content,
    )
    return found


async def find(connection: Connection, edition_id: int, scope: Iterable[int]) -> Edition | None:
    """An edition whose agency lies in the scope."""
    row = await connection.fetchrow(
        f"{_KEPT} WHERE e.id = $1 AND e.agency_id = ANY($2::int[])", edition_id, list(scope)
    )
    return _edition(row) if row else None


async def newest_of(connection: Connection, agency_id: int, parameters: Parameters) -> int | None:
    """The edition of a report of an agency that holds."""
    rows = await connection.fetch(
        "SELECT id, parameters FROM report_edition WHERE report = $1 AND agency_id = $2 ORDER BY number DESC, id DESC",
        parameters.report,
        agency_id,
    )
    told = ((row["id"], Parameters.read(parameters.report, row["parameters"])) for row in rows)
    return next((number for number, one in told if one.identity == parameters.identity), None)


async def listed(
    connection: Reading, agencies: Iterable[int], report: str | None, *, before: int | None, limit: int
) -> list[Edition]:
    """Editions of the agencies, the newest first, from the one before an id on."""
    rows = await connection.fetch(
        f"{_KEPT} WHERE e.agency_id = ANY($1::int[]) AND ($2::text IS NULL OR e.report = $2)"
        " AND ($3::bigint IS NULL OR e.id < $3) ORDER BY e.id DESC LIMIT $4",
        list(agencies),
        report,
        before,
        limit,
    )
    return [_edition(row) for row in rows]


async def every(connection: Connection) -> list[Edition]:
    """All editions there are."""
    return [_edition(row) for row in await connection.fetch(f"{_KEPT} ORDER BY e.id")]


async def content(connection: Connection, edition_id: int) -> bytes:
    """The bytes of an edition that is there."""
    found: bytes = await connection.fetchval("SELECT content FROM report_edition WHERE id = $1", edition_id)
    return found


async def picture(connection: Connection, digest: bytes) -> bytes | None:
    """What an edition was made from."""
    found: bytes | None = await connection.fetchval("SELECT content FROM reference_picture WHERE hash = $1", digest)
    return found


def _edition(row: Any) -> Edition:
    sealing = Sealing(
        report=row["report"],
        format=row["format"],
        number=row["number"],
        parameters=Parameters.read(row["report"], row["parameters"]),
        sealed_at=row["sealed_at"],
        position=Position(row["snapshot"], row["last_txid"], row["last_event_id"]),
        picture=row["picture"],
        synthetic=row["synthetic"],
        note=row["note"],
        reason=row["reason"],
        corrected=row["corrected"],
    )
    return Edition(
        row["id"],
        row["agency_id"],
        row["sealed_by"],
        sealing,
        row["parameters"],
        row["sha256"],
        row["size"],
        row["corrects"],
        row["corrected_by"],
        (row["link"], row["seal"]) if row["link"] is not None else None,
    )
