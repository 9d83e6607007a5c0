"""The SQL of sealed editions: what is kept, the position at which it is sealed, and the sums as of a position.

The sums are not made as reports make them: from no counts, no dossier as it stands now, no instant of knowledge, but
from the events that a position knows, one movement after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.differences import Span
from shared.web.database import Connection, Reading, Writing
from stats_service.editions import movements
from stats_service.editions.movements import Movement, Question
from stats_service.editions.pictures import Procedure
from stats_service.editions.rules import Edition, Parameters, Position, Sealing

_POSITION = """
SELECT pg_current_snapshot()::text, last.txid::text, last.id
FROM (VALUES (1)) one
LEFT JOIN LATERAL (SELECT txid, id FROM dossier_event ORDER BY txid DESC, id DESC LIMIT 1) last ON true
"""

_PROCEDURES = """
SELECT v.id, p.code, v.name, v.sector, v.valid_from, v.valid_to
FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id
"""

# An instant that was changed beyond what can be told and printed (ZIP: 1980 to 2107) is the nearest that can be.
_KEPT = """
SELECT e.id, e.report, e.format, e.agency_id, e.parameters, e.number, e.corrects, e.reason, e.note,
  least(greatest(e.sealed_at, '1980-01-02 00:00Z'), '2107-12-30 00:00Z') AS sealed_at, e.sealed_by,
  e.snapshot, e.last_txid::text AS last_txid, e.last_event_id, e.picture, e.synthetic, e.sha256,
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

# ($1, $2]: ids of dossiers. $3: where each position ends, in their order; $4: how many there are. [$5, $6]: the days
# that are asked for. $7: boundaries. $8: agencies. What was finished before the first day cancels out of every figure.
# Of a day, `bucket` says how many boundaries are not after it. Pauses are movements on days, and stand where the
# dossier stands.
_MOVEMENTS = f"""
WITH born AS (
  SELECT e.dossier_id, e.seq, e.agency_id, e.channel, e.received_day, e.due_day, e.late_day, e.finished_day, e.verdict,
    e.paused, {_CIVIL_DAY} AS day, {{born}} AS born
  FROM dossier_event e {{late}}
  WHERE e.dossier_id > $1 AND e.dossier_id <= $2
), known AS (
  SELECT *, lag(paused, 1, false) OVER w AS paused_before, lead(born, 1, $4::int) OVER w AS gone
  FROM born WHERE born < $4 WINDOW w AS (PARTITION BY dossier_id ORDER BY seq)
), told AS MATERIALIZED (
  SELECT * FROM known WHERE born <> gone OR paused <> paused_before
), standing AS MATERIALIZED (
  SELECT t.*, {{sides}} FROM told t {{versions}}
  WHERE t.born < t.gone AND t.agency_id = ANY($8::int[]) AND t.received_day <= $6::date
    AND (t.finished_day IS NULL OR t.finished_day >= $5::date)
), moves AS (
  SELECT {movements.RECEIVED} AS kind, {{side}}, received_day AS day, born, gone, 1 AS by FROM standing
  UNION ALL SELECT {movements.FELL_LATE}, {{side}}, late_day, born, gone, 1 FROM standing WHERE late_day IS NOT NULL
  UNION ALL SELECT {movements.FINISHED} + CASE verdict WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 0 END + (due_day IS NULL)::int,
    {{side}}, finished_day, born, gone, 1 FROM standing WHERE finished_day IS NOT NULL
  UNION ALL SELECT {movements.LATE_SETTLED}, {{side}}, greatest(late_day, finished_day), born, gone, 1
  FROM standing WHERE finished_day IS NOT NULL AND late_day IS NOT NULL
  UNION ALL
  SELECT {movements.PAUSED}, {{side_of_standing}}, p.day, s.born, s.gone, CASE WHEN p.paused THEN 1 ELSE -1 END
  FROM told p JOIN standing s ON s.dossier_id = p.dossier_id AND s.seq >= p.seq WHERE p.paused <> p.paused_before
  {{awaiting}}
)
SELECT {movements.DISORDER}, 0, 0, 0, NULL::text, NULL::text, 0, 0, 0, 0
WHERE EXISTS (SELECT FROM told WHERE gone < born)
UNION ALL
SELECT kind, {{side}}, width_bucket(day, $7::date[]) AS bucket, born, gone, sum(by)::int
FROM moves GROUP BY kind, {{side}}, bucket, born, gone
"""
_SIDE = "agency_id, channel, version, was, received"
_SIDE_OF_STANDING = "s.agency_id, s.channel, s.version, s.was, s.received"

# Nearly all events are older than the first position.
_END = "CASE WHEN e.txid < ($3::text[]::xid8[])[1] THEN 0 ELSE width_bucket(e.txid, $3::text[]::xid8[]) END"
_LATE = "LEFT JOIN unnest($9::text[]::xid8[], $10::int[]) AS late (txid, born) ON late.txid = e.txid"

# A dossier waits from a day on, by its applicant, while more pauses were begun than ended; and it is overdue from its
# late day on, until it is finished. The days of both are days of waiting overdue.
_AWAITING = f"""
  UNION ALL SELECT {movements.PAUSED_OVERDUE}, {{side}}, edge.day, born, gone, edge.by FROM (
    SELECT s.*, p.day AS since, lead(p.day) OVER by_day AS until,
      sum(CASE WHEN p.paused THEN 1 ELSE -1 END) OVER by_day AS depth
    FROM told p JOIN standing s ON s.dossier_id = p.dossier_id AND s.seq >= p.seq
    WHERE p.paused <> p.paused_before AND s.late_day IS NOT NULL AND s.agency_id = ANY({{agencies}}::int[])
    WINDOW by_day AS (PARTITION BY s.dossier_id, s.seq ORDER BY p.day)
  ) s CROSS JOIN LATERAL (
    VALUES (greatest(s.since, s.late_day), 1), (least(s.until, s.finished_day), -1)
  ) AS edge (day, by)
  WHERE s.depth > 0 AND edge.day IS NOT NULL
    AND greatest(s.since, s.late_day) < coalesce(least(s.until, s.finished_day), 'infinity')
"""

_VERSION = "coalesce(c.version, d.version_id, 0)"

# No payload is read as JSON here: whoever changed an event may have broken it.
# A dossier's procedure may be corrected after the position: then the first correction that the position does not know
# says what it was, in which version. Older corrections say the procedure only: movements finds its version.
_VERSIONS = """
LEFT JOIN dossier d ON d.id = t.dossier_id AND t.agency_id = ANY({agencies}::int[])
LEFT JOIN LATERAL (
  SELECT left(substring(payload FROM '"was_version_id": ?([0-9]+)'), 9)::int AS version,
    substring(payload FROM '"was_procedure": ?"([^"]*)"') AS was FROM dossier_event c
  WHERE d.event_seq > t.seq AND c.dossier_id = d.id AND c.seq > t.seq AND c.kind = 'corrected' ORDER BY c.seq LIMIT 1
) c ON true
"""
# What nobody tells apart is one group here, and not one a version.
_ALIKE = f"""LEFT JOIN unnest({{those}}::int[], {{stand}}::int[]) AS alike (version, stands)
  ON alike.version = {_VERSION}"""
_SIDES = (
    f"coalesce(alike.stands, {_VERSION}) AS version, CASE WHEN c.version IS NULL THEN c.was END AS was,"
    " CASE WHEN c.version IS NULL AND c.was IS NOT NULL THEN t.received_day::text END AS received"
)
_NO_SIDES = "0 AS version, NULL::text AS was, NULL::text AS received"


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


async def moved(connection: Connection, question: Question, span: Span) -> Sequence[Movement] | None:
    """What the events of a range of dossiers move. None: their transactions are in another order than they are, so
    each position must be asked alone."""
    order, days = question.order, question.boundaries
    values: list[object] = [*span, list(map(str, order.ends)), len(order.snapshots), days[0], question.last]
    values += [list(days), list(question.agencies)]

    def given(*more: object) -> str:
        values.extend(more)
        return f"${len(values)}"

    late, born = "", _END
    if order.late:
        given(list(map(str, order.late)), list(order.late.values()))
        late, born = _LATE, f"coalesce(late.born, {_END})"
    versions, sides = "", _NO_SIDES
    if question.by_version:
        versions, sides = _VERSIONS.format(agencies=given(list(question.by_version))), _SIDES
        versions += _ALIKE.format(those=given(list(question.alike)), stand=given(list(question.alike.values())))
    awaiting = ""
    if question.awaiting:
        awaiting = _AWAITING.format(side=_SIDE, agencies=given(list(question.awaiting)))
    sql = _MOVEMENTS.format(
        born=born,
        late=late,
        versions=versions,
        sides=sides,
        side=_SIDE,
        side_of_standing=_SIDE_OF_STANDING,
        awaiting=awaiting,
    )
    found = await connection.fetch(sql, *values)
    return None if found and found[0][0] == movements.DISORDER else found


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
