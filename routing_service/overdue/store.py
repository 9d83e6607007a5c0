"""The SQL of what is late and what is due soon. It only reads, and what it reads are intake's dossiers."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime

import asyncpg

from routing_service.overdue.rules import Asked
from shared.domain.civil_time import civil_day
from shared.web.database import Connection

#: Up to so many agencies, each is asked for its own first rows on (agency_id, late_from, id), and these are merged: the
#: cost is bounded by agencies × page, however the late ones are spread. Above, one walk along (late_from, id) finds a
#: page sooner. Measured on 2 M dossiers, 300,000 open and 60,000 late, 279 agencies, under writes (planning and
#: execution, p50/p99 ms): 1 agency 0.2/0.7, 20 merged 0.5/1.0, 48 merged 1.0/1.6, 60 walked 0.6/1.2, all 0.5/1.1; all
#: merged would take 4/12.
MERGED_AGENCIES = 40

#: Before every dossier, and after every one of an instant.
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
LAST_ID = 2**63 - 1

_COLUMNS = """
d.id, d.code, d.version_id, d.agency_id, coalesce(c.holder_id, d.agency_id) AS holder_id, d.status, d.accepted_at,
  d.original_due_at, d.due_at, d.due_day, d.late_from
"""
_FROM = "FROM dossier d LEFT JOIN dossier_case c ON c.dossier_id = d.id"
_KEYS = "(o.late_from, o.id) > ($1, $2) AND o.late_from <= $3"

_MERGED = """
SELECT x.late_from, x.id FROM unnest($5::int[]) AS a (id) CROSS JOIN LATERAL (
  SELECT o.late_from, o.id FROM dossier o
  WHERE o.agency_id = a.id AND o.finished_at IS NULL AND {keys}{sector}
  ORDER BY o.late_from, o.id LIMIT $4
) x ORDER BY x.late_from, x.id LIMIT $4
"""

# "+ 0": the agency is a filter here and must not look like a way in: a prepared plan takes ANY($5) for ten agencies and
# would sort all that they have.
_WALKED = """
SELECT o.late_from, o.id FROM dossier o
WHERE o.finished_at IS NULL AND {keys}{agencies}{sector}
ORDER BY o.late_from, o.id LIMIT $4
"""

_PAGE = "SELECT {columns} {source} JOIN ({keys}) k ON k.id = d.id ORDER BY d.late_from, d.id"


async def page(
    connection: Connection, asked: Asked, *, after: tuple[datetime, int] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """The first `limit` dossiers of the list after (late_from, id) `after`, in that order."""
    begin = after or _begin(asked)
    if asked.historic:
        sql, own = _history(asked, first=5)
        return await connection.fetch(f"{sql} ORDER BY late_from, id LIMIT $4", *begin, asked.window.until, limit, *own)
    merged = not asked.whole and len(asked.agencies) <= MERGED_AGENCIES
    more: list[object] = [] if asked.whole else [asked.agencies]
    keys = (_MERGED if merged else _WALKED).format(
        keys=_KEYS,
        agencies="" if asked.whole else " AND o.agency_id + 0 = ANY($5)",
        sector=_sector(asked, more),
    )
    sql = _PAGE.format(columns=_COLUMNS, source=_FROM, keys=keys)
    return await connection.fetch(sql, *begin, asked.window.until, limit, *more)


async def everything(connection: Connection, asked: Asked, *, chunk: int) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The whole list in chunks, by a server-side cursor in the caller's transaction: one snapshot, bounded memory."""
    if asked.historic:
        sql, more = _history(asked, first=4)
    else:
        more = [] if asked.whole else [asked.agencies]
        agencies = "" if asked.whole else " AND d.agency_id = ANY($4)"
        where = f"WHERE d.finished_at IS NULL AND {_KEYS}{agencies}{_sector(asked, more, first=4)}".replace("o.", "d.")
        sql = f"SELECT {_COLUMNS} {_FROM} {where}"
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
    where = f"{_KEYS} AND o.accepted_at <= ${at} AND o.agency_id = ANY(${first + 2}){_sector(asked, more, first=first)}"
    where = where.replace("o.", "d.")
    still = f"SELECT {_COLUMNS} {_FROM} WHERE d.finished_at IS NULL AND {where}"
    later = f"SELECT {_COLUMNS} {_FROM} WHERE d.finished_day >= ${day} AND d.finished_at > ${at} AND {where}"
    return f"SELECT * FROM ({still} UNION ALL {later}) t", more


def _begin(asked: Asked) -> tuple[datetime, int]:
    after = asked.window.after
    return (BEGINNING, 0) if after is None else (after, LAST_ID)


def _sector(asked: Asked, more: list[object], *, first: int = 5) -> str:
    if asked.versions is None:
        return ""
    more.append(asked.versions)
    return f" AND o.version_id = ANY(${first + len(more) - 1})"
