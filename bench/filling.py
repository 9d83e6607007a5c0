"""Millions of dossiers, made in the database by set-wise statements: real agencies, procedures and terms, ten years.

What becomes of each is drawn from a hash of its number: some 2.4 % late, 0.2 % never finished, the last weeks still
open, a few of them waiting for their applicant. Each has its acceptance in the log and, when there is one, its
second event, written as they come in life: the second long after the first. Their chain is the true one, so that it
can be verified. Applicants only where they are asked for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import asyncpg

from bench.ground import connected, reference_in
from services import reference as data
from services.demo.landscape import landscape
from services.province import LAST_DAY_OF_45
from shared.domain.civil_time import civil_day
from shared.domain.codes import code_prefix
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit
from shared.reference import Reference
from shared.web.clock import now

Connection = asyncpg.Connection
#: The ten years that end with the last day of the province of 45.
FIRST, LAST = date(2015, 7, 1), LAST_DAY_OF_45
PROVINCE = "45"
_CHUNK = 250_000
_SLOTS = 8192
#: A session that makes millions of rows.
IN_BULK = (
    "SET synchronous_commit = off; SET session_replication_role = replica;"
    " SET maintenance_work_mem = '1GB'; SET work_mem = '64MB'; SET max_parallel_maintenance_workers = 2"
)
_TABLES = ("dossier", "dossier_event", "applicant")


def _micros(instant: str) -> str:
    return f"(extract(epoch FROM {instant}) * 1000000)::bigint"


_PAYLOAD = (
    '\'{"procedure":"1.001193","version_id":\' || version_id || \',"due_at":"\' ||'
    " to_char(original_due_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '+07:00\"}'"
)
_SECOND_AT = "coalesce(finished_at, accepted_at + interval '1 hour')"
_SECOND_KIND = "CASE WHEN paused THEN 'supplement_requested' ELSE 'finished' END"
_SECOND_PAYLOAD = '\'{"outcome":"granted"}\''
# As shared.domain.chain has it: the hash before, then what the event says.
_FIRST_HASH = f"""sha256(decode(repeat('00', 32), 'hex') || convert_to(concat(code, E'\\n1\\naccepted\\n2\\n',
  {_micros("accepted_at")}, E'\\n', {_micros("accepted_at")}, E'\\ncounter@', agency_id, E'\\n', agency_id, E'\\n',
  agency_id, ',', channel, ',', received_day, ',', original_due_at::date, ',', original_due_at::date + 1, E',,,0\\n',
  {_PAYLOAD}), 'UTF8'))"""
_SECOND_HASH = f"""sha256(first_hash || convert_to(concat(code, E'\\n2\\n', {_SECOND_KIND}, E'\\n', status, E'\\n',
  {_micros(_SECOND_AT)}, E'\\n', {_micros(_SECOND_AT)}, E'\\nhandler@', agency_id, E'\\n', agency_id, E'\\n',
  agency_id, ',', channel, ',', received_day, ',', due_day, ',', late_day, ',', finished_day, ',', verdict, ',',
  paused::int, E'\\n', {_SECOND_PAYLOAD}), 'UTF8'))"""

#: Where no events are kept there is no chain either: its head is bytes of the same length.
_NO_CHAIN = "sha256(int8send(n))"
# One row a number in [$1, $1 + $2): $3 numbers are spread over the days in their order.
_DOSSIERS_HEADED = """
INSERT INTO dossier (id, code, version_id, agency_id, channel, status, submitted_at, accepted_at, original_due_at,
  due_at, late_from, finished_at, outcome, received_day, due_day, late_day, finished_day, verdict, paused, event_seq,
  event_hash)
SELECT made.*, {head}
FROM (
SELECT one.n, p.prefix || came.yymmdd || '-' || one.n AS code, p.version_id, p.agency_id, p.channel,
  CASE WHEN finished THEN 9 WHEN paused THEN 5 ELSE 2 END AS status, accepted_at AS submitted_at, accepted_at,
  due.closes AS original_due_at, CASE WHEN NOT paused THEN due.closes END AS due_at,
  CASE WHEN NOT paused THEN due.late_from END AS late_from,
  CASE WHEN finished THEN greatest(accepted_at + interval '5 minutes', gone.opens + seconds * interval '1 second') END
    AS finished_at,
  CASE WHEN finished THEN 1 END AS outcome, came.day AS received_day, CASE WHEN NOT paused THEN due.day END AS due_day,
  CASE WHEN NOT paused THEN due.day + 1 END AS late_day, CASE WHEN finished THEN gone.day END AS finished_day,
  CASE WHEN finished THEN CASE WHEN gone.n < due.n THEN 1 WHEN gone.n = due.n THEN 2 ELSE 3 END END AS verdict,
  paused, CASE WHEN finished OR paused THEN 2 ELSE 1 END AS event_seq
FROM (
  SELECT n, ((n - $4) * $5 / $3)::int AS day, hashint8extended(n, 1) AS h1, hashint8extended(n, 2) AS h2
  FROM generate_series($1::bigint, $1::bigint + $2::bigint - 1) AS n
) one
JOIN bench_slot s ON s.slot = h1 & 8191
JOIN bench_place p ON p.n = s.place
JOIN bench_day came ON came.n = one.day
JOIN bench_day due ON due.n = one.day + p.days
CROSS JOIN LATERAL (
  SELECT (h2 & 8191) AS fate, ((h2 >> 16) & 1023) AS spread, ((h2 >> 32) & 8191) * 4 AS seconds
) drawn
CROSS JOIN LATERAL (
  SELECT came.opens + seconds * interval '1 second' AS accepted_at,
    one.day + CASE WHEN fate < 200 THEN p.days + 1 + spread / 100 WHEN fate < 4500 THEN p.days
      ELSE p.days * spread / 1024 END AS leaves
) fated
JOIN bench_day gone ON gone.n = least(leaves, $5 + 60)
CROSS JOIN LATERAL (SELECT leaves < $5 AND fate < 8175 AS finished) ended
CROSS JOIN LATERAL (SELECT NOT finished AND one.day > $5 - 25 AND spread < 40 AS paused) waits
) made
{begun}
"""
DOSSIERS = _DOSSIERS_HEADED.format(
    head=f"CASE event_seq WHEN 1 THEN first_hash ELSE {_SECOND_HASH} END",
    begun=f"CROSS JOIN LATERAL (SELECT {_FIRST_HASH} AS first_hash) begun",
)
DOSSIERS_WITHOUT_EVENTS = _DOSSIERS_HEADED.format(head=_NO_CHAIN, begun="")

_EVENTS = """
INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor, acting_agency_id, agency_id,
  channel, received_day, due_day, late_day, finished_day, verdict, paused, payload, hash)
"""
FIRST_EVENTS = f"""{_EVENTS}
SELECT id, 1, 'accepted', 2, accepted_at, accepted_at, 'counter@' || agency_id, agency_id, agency_id, channel,
  received_day, original_due_at::date, original_due_at::date + 1, NULL, NULL, false, {_PAYLOAD},
  CASE event_seq WHEN 1 THEN event_hash ELSE {_FIRST_HASH} END
FROM dossier WHERE id >= $1 AND id < $1::bigint + $2::bigint ORDER BY id
"""
SECOND_EVENTS = f"""{_EVENTS}
SELECT id, 2, {_SECOND_KIND}, status, {_SECOND_AT}, {_SECOND_AT}, 'handler@' || agency_id, agency_id, agency_id,
  channel, received_day, due_day, late_day, finished_day, verdict, paused, {_SECOND_PAYLOAD}, event_hash
FROM dossier WHERE id >= $1 AND id < $1::bigint + $2::bigint AND event_seq = 2 ORDER BY id
"""
_APPLICANTS = """
INSERT INTO applicant (dossier_id, kind, name, name_search, phone, phone_digits)
SELECT id, 1, 'Nguyễn Thị Đào ' || id, 'nguyen thi dao ' || id, '0905 ' || id, '0905' || id FROM dossier
WHERE id >= $1 AND id < $1::bigint + $2::bigint
"""


def fill(url: str, upto: int, progress: Callable[[float], None], *, applicants: bool = False) -> None:
    """Add dossiers until there are `upto`, and leave the tables as an installation has them: indexed and analysed."""
    asyncio.run(_fill(url, upto, progress, applicants=applicants))


async def _fill(url: str, upto: int, progress: Callable[[float], None], *, applicants: bool) -> None:
    reference = await reference_in(url)
    async with connected(url) as connection:
        await tables_to_draw_from(connection, reference)
        begin = await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM dossier")
        days = await worked_days(connection)
        await connection.execute(IN_BULK)
        async with _unindexed(connection):
            for n in range(begin, upto + 1, _CHUNK):
                count = min(_CHUNK, upto + 1 - n)
                async with connection.transaction():
                    await connection.execute(DOSSIERS, n, count, upto + 1 - begin, begin, days)
                    await connection.execute(FIRST_EVENTS, n, count)
                    await connection.execute(SECOND_EVENTS, n, count)
                    if applicants:
                        await connection.execute(_APPLICANTS, n, count)
                progress(n + count - 1)
        await connection.execute(
            "SELECT setval(pg_get_serial_sequence('dossier', 'id'), (SELECT max(id) FROM dossier))"
        )
        for table in _TABLES:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
        await connection.execute("CHECKPOINT")


@dataclass(frozen=True, slots=True)
class Removable:
    """A secondary index or a constraint of a table: how it is removed, and how it is made again."""

    name: str
    of: str
    remove: str
    make: str


async def removable(connection: Connection, tables: Sequence[str]) -> list[Removable]:
    """All of `tables` but a dossier's own key: its events are read from it."""
    indexes = await connection.fetch(
        "SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS of,"
        " pg_get_indexdef(i.indexrelid) AS made FROM pg_index i"
        " WHERE i.indrelid = ANY($1::text[]::regclass[])"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))",
        tables,
    )
    constraints = await connection.fetch(
        "SELECT conname AS name, conrelid::regclass::text AS of, pg_get_constraintdef(oid) AS made FROM pg_constraint"
        " WHERE contype IN ('p', 'u') AND conrelid = ANY($1::text[]::regclass[])"
        " AND NOT (contype = 'p' AND conrelid = 'dossier'::regclass)",
        tables,
    )
    return [constraint(each["name"], each["of"], each["made"]) for each in constraints] + [
        Removable(each["name"], each["of"], f"DROP INDEX {each['name']}", each["made"]) for each in indexes
    ]


def constraint(name: str, of: str, made: str) -> Removable:
    """A constraint, as the catalogue has it."""
    return Removable(
        name, of, f"ALTER TABLE {of} DROP CONSTRAINT {name}", f"ALTER TABLE {of} ADD CONSTRAINT {name} {made}"
    )


@asynccontextmanager
async def _unindexed(connection: Connection) -> AsyncIterator[None]:
    """Without the secondary indexes, unique constraints and the autovacuum; afterwards they are as they were."""
    removed = await removable(connection, _TABLES)
    for table in _TABLES:
        await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    for each in removed:
        await connection.execute(each.remove)
    yield
    for each in removed:
        await connection.execute(each.make)
    for table in _TABLES:
        await connection.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


async def worked_days(connection: Connection) -> int:
    """Over how many days dossiers are spread."""
    days: int = await connection.fetchval("SELECT count(*) FROM bench_day WHERE day <= $1", LAST)
    return days


async def tables_to_draw_from(connection: Connection, reference: Reference) -> None:
    """Where dossiers come in, how often, and which days were worked: temporary tables, which the statements read."""
    await connection.execute(
        "CREATE TEMP TABLE bench_place (n int PRIMARY KEY, agency_id int, version_id int, channel int2, days int,"
        " prefix text);"
        " CREATE TEMP TABLE bench_slot (slot int8 PRIMARY KEY, place int);"
        " CREATE TEMP TABLE bench_day (n int PRIMARY KEY, day date, yymmdd text, opens timestamptz, closes timestamptz,"
        " late_from timestamptz)"
    )
    units, _ = data.agencies()
    lines = landscape(units, data.procedures(), Random(2019))
    usable = [
        (agency, version, line)
        for line in lines.lines
        if (agency := reference.agencies.on(line.agency, date(2019, 6, 30))) is not None
        and agency.in_force(LAST)
        and (version := reference.procedure_on(line.procedure, date(2019, 6, 30))) is not None
    ]
    places = [
        (n, a.id, v.id, int(Channel(line.channel)), _days(line.term), code_prefix(a.issuing_code, FIRST)[:-7])
        for n, (a, v, line) in enumerate(usable)
    ]
    rng = Random(1)
    drawn = rng.choices(range(len(usable)), [line.weight for _, _, line in usable], k=_SLOTS)
    await connection.copy_records_to_table("bench_place", records=places)
    await connection.copy_records_to_table("bench_slot", records=list(enumerate(drawn)))
    worked = [day for day in _every_day() if _is_worked(reference, day)]
    await connection.executemany(
        "INSERT INTO bench_day SELECT $1, $2, to_char($2::date, 'YYMMDD'), $2::date + time '07:00',"
        " $2::date + time '17:00', ($2::date + 1)::timestamptz",
        list(enumerate(worked)),
    )
    await connection.execute("ANALYZE bench_place; ANALYZE bench_slot; ANALYZE bench_day")


def _every_day() -> list[date]:
    until = min(LAST + timedelta(days=220), civil_day(now()))
    return [FIRST + timedelta(days=n) for n in range((until - FIRST).days)]


def _is_worked(reference: Reference, day: date) -> bool:
    """By the calendar; in years that it does not cover, Monday to Friday."""
    return reference.calendar.is_working(day) if day.year in data.CALENDAR_YEARS else day.weekday() < 5


def _days(term: Term) -> int:
    """A term in whole working days: all that matters here is which day."""
    per_day = {TermUnit.WORKING_HOUR: 1 / 8, TermUnit.MONTH: 22, TermUnit.SAME_DAY: 0, TermUnit.CALENDAR_DAY: 5 / 7}
    return min(60, int(float(term.value) * per_day.get(term.unit, 1)))
