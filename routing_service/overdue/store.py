"""The SQL of what is late and what is due soon. It only reads, and what it reads are intake's dossiers."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime

import asyncpg

from routing_service.overdue.rules import Asked
from shared.domain.civil_time import civil_day
from shared.web.database import Connection
from shared.web.paging import MAX_LIMIT

#: Up to so many agencies, each is asked for its own first rows on (agency_id, late_from, id), and these are merged.
MERGED_AGENCIES = 16
#: Of more agencies, so many late dossiers of the installation are looked through first, along (late_from, id): a page
#: is mostly among them. If it is not, the agencies have few that are late, and are asked one by one after all.
#: Measured at 10 M dossiers, 41,000 open and late, under writes: p50/p99 0.11/0.3 ms for 1 agency, 0.19/0.4 for 10
#: merged, 0.16/0.4 for 184 walked; 0.5 where 164 agencies have none.
WALKED = 1_000

#: Before every dossier, and after every one of an instant.
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
LAST_ID = 2**63 - 1

# First what every list says of a dossier, in the order in which `cases.rules.dossier_fields` takes it. Of an apology
# for lateness (kinds 1 and 2) one look in its index, for the rows of a page alone: null where none is recorded.
_LISTED = """
SELECT o.code, o.version_id, o.agency_id,
  coalesce((SELECT c.holder_id FROM dossier_case c WHERE c.dossier_id = o.id), o.agency_id) AS holder_id, o.status,
  o.accepted_at, o.original_due_at, o.due_at, o.id, o.due_day, o.late_from, o.finished_at,
  (SELECT bool_or(p.sent_at IS NOT NULL{until}) FROM apology p WHERE p.dossier_id = o.id AND p.kind IN (1, 2){made})
    AS apology_sent
FROM dossier o
"""
_LISTED_NOW = _LISTED.format(until="", made="")
_KEYS = "(o.late_from, o.id) > ($1, $2) AND o.late_from <= $3"


def _among(column: str, parameter: int) -> str:
    """Whether a column is one of an array's ids. Said so, they are hashed once; "= ANY" searches them row by row, which
    takes 0.6 µs a row for the agencies of a province, and this 0.1."""
    return f"({column} IN (SELECT unnest(${parameter}::int[]))) IS TRUE"


_PAGE = f"{_LISTED_NOW} JOIN ({{keys}}) k ON k.id = o.id ORDER BY k.late_from, k.id"

# The keys of a page are found in an index alone, and only its rows are fetched. The bound that is written out tells the
# planner that a page is small: of "LIMIT $4" it expects a tenth of everything, and would read whole tables for that.
_ALL = f"""
SELECT late_from, id FROM (
  SELECT o.late_from, o.id FROM dossier o WHERE o.finished_at IS NULL AND {_KEYS}{{narrowed}}
  ORDER BY o.late_from, o.id LIMIT {MAX_LIMIT + 1}
) o ORDER BY late_from, id LIMIT $4
"""

_MERGED = f"""
SELECT x.late_from, x.id FROM unnest($5::int[]) AS a (id) CROSS JOIN LATERAL (
  SELECT late_from, id FROM (
    SELECT o.late_from, o.id FROM dossier o WHERE o.agency_id = a.id AND o.finished_at IS NULL AND {_KEYS}{{narrowed}}
    ORDER BY o.late_from, o.id LIMIT {MAX_LIMIT + 1}
  ) o ORDER BY late_from, id LIMIT $4
) x ORDER BY x.late_from, x.id LIMIT $4
"""

_WALKED = f"""
WITH near AS (
  SELECT o.late_from, o.id FROM (
    SELECT late_from, id, agency_id, version_id FROM dossier o WHERE o.finished_at IS NULL AND {_KEYS}
    ORDER BY late_from, id LIMIT {WALKED}
  ) o WHERE {_among("o.agency_id", 5)}{{narrowed}} ORDER BY o.late_from, o.id LIMIT $4
)
SELECT late_from, id FROM near WHERE (SELECT count(*) FROM near) = $4
UNION ALL
SELECT late_from, id FROM ({_MERGED}) m WHERE (SELECT count(*) FROM near) < $4
"""


# What is late and what ended late, each along an index that begins with the agency. Measured at 1 M dossiers, 40,000
# late, 80,000 ended late, 40,000 apologies: 0.3 ms for 1 agency, 0.9 for 10, 13 for 184. The pages above take 0.2 to
# 0.4 there, and narrowed to what was or was not apologised for 0.2 to 1.8.
_OWED = f"""
SELECT x.late_from, x.id FROM unnest($5::int[]) AS a (id) CROSS JOIN LATERAL (
  SELECT late_from, id FROM (
    (SELECT o.late_from, o.id FROM dossier o WHERE o.agency_id = a.id AND o.finished_at IS NULL AND {_KEYS}{{narrowed}}
     ORDER BY o.late_from, o.id LIMIT {MAX_LIMIT + 1})
    UNION ALL
    (SELECT o.late_from, o.id FROM dossier o WHERE o.agency_id = a.id AND o.verdict = 3 AND {_KEYS}{{narrowed}}
     ORDER BY o.late_from, o.id LIMIT {MAX_LIMIT + 1})
  ) o ORDER BY late_from, id LIMIT $4
) x ORDER BY x.late_from, x.id LIMIT $4
"""


async def page(
    connection: Connection, asked: Asked, *, after: tuple[datetime, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The first `limit` dossiers of the list after (late_from, id) `after`, in that order."""
    begin = after or _begin(asked)
    if asked.historic:
        sql, own = _history(asked, first=5)
        return await connection.fetch(f"{sql} ORDER BY late_from, id LIMIT $4", *begin, asked.window.until, limit, *own)
    if asked.ended:
        keys = _OWED
    else:
        keys = _ALL if asked.whole else _MERGED if len(asked.agencies) <= MERGED_AGENCIES else _WALKED
    more: list[object] = [] if asked.whole and not asked.ended else [asked.agencies]
    sql = _PAGE.format(keys=keys.format(narrowed=_narrowed(asked, more, first=5)))
    return await connection.fetch(sql, *begin, asked.window.until, limit, *more)


async def everything(connection: Connection, asked: Asked, *, chunk: int) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The whole list in chunks, by a server-side cursor in the caller's transaction: one snapshot, bounded memory."""
    if asked.historic:
        sql, more = _history(asked, first=4)
    else:
        more = [] if asked.whole else [asked.agencies]
        agencies = "" if asked.whole else " AND o.agency_id = ANY($4)"
        where = f"{_KEYS}{agencies}{_narrowed(asked, more, first=4)}"
        sql = f"{_LISTED_NOW} WHERE o.finished_at IS NULL AND {where}"
        if asked.ended:  # each half along its own index
            sql = f"SELECT * FROM ({sql} UNION ALL {_LISTED_NOW} WHERE o.verdict = 3 AND {where}) t"
    cursor = await connection.cursor(f"{sql} ORDER BY late_from, id", *_begin(asked), asked.window.until, *more)
    while rows := await cursor.fetch(chunk):
        yield rows


def _history(asked: Asked, *, first: int) -> tuple[str, list[object]]:
    """The list as of an instant in the past, from the rows as they are known now: what was open then is open still, or
    was finished later. Each half has an index that begins with the agency.

    Parameters $1 to $3 are the keys; its own, which are returned, begin at `first`.
    """
    more: list[object] = [asked.as_of, civil_day(asked.as_of), asked.agencies]
    at, day = first, first + 1
    narrowed = _narrowed(asked, more, first=first, by=f" AND p.sent_at <= ${at}")
    where = f"{_KEYS} AND o.accepted_at <= ${at} AND o.agency_id = ANY(${first + 2}){narrowed}"
    listed = _LISTED.format(until=f" AND p.sent_at <= ${at}", made=f" AND p.made_at <= ${at}")
    still = f"{listed} WHERE o.finished_at IS NULL AND {where}"
    later = f"{listed} WHERE o.finished_day >= ${day} AND o.finished_at > ${at} AND {where}"
    return f"SELECT * FROM ({still} UNION ALL {later}) t", more


def _begin(asked: Asked) -> tuple[datetime, int]:
    after = asked.window.after
    return (BEGINNING, 0) if after is None else (after, LAST_ID)


def _narrowed(asked: Asked, more: list[object], *, first: int, by: str = "") -> str:
    """What else a row must be. by: until when an apology counts as sent."""
    conditions = ""
    if asked.versions is not None:
        more.append(asked.versions)
        conditions += f" AND {_among('o.version_id', first + len(more) - 1)}"
    if asked.apology_sent is not None:
        conditions += (
            f" AND {'' if asked.apology_sent else 'NOT '}EXISTS (SELECT FROM apology p WHERE p.dossier_id = o.id"
            f" AND p.kind IN (1, 2) AND p.sent_at IS NOT NULL{by})"
        )
    return conditions


async def counted(connection: Connection, asked: Asked) -> asyncpg.Record:
    """How many rows the list has that is or ended late: open, ended, and of both with an apology recorded."""
    more: list[object] = [asked.agencies]
    narrowed = _narrowed(asked, more, first=4)
    recorded = "EXISTS (SELECT FROM apology p WHERE p.dossier_id = o.id AND p.kind IN (1, 2)) AS recorded"
    where = f"{_KEYS} AND o.agency_id = ANY($4){narrowed}"
    row = await connection.fetchrow(
        "SELECT count(*) FILTER (WHERE NOT ended) AS open, count(*) FILTER (WHERE ended) AS ended,"
        " count(*) FILTER (WHERE recorded) AS recorded FROM ("
        f"SELECT false AS ended, {recorded} FROM dossier o WHERE o.finished_at IS NULL AND {where}"
        f" UNION ALL SELECT true, {recorded} FROM dossier o WHERE o.verdict = 3 AND {where}) t",
        *_begin(asked),
        asked.window.until,
        *more,
    )
    assert row is not None
    return row
