"""Pages of the overdue list at ten million dossiers while others are received, for every size of scope.

In the database means by the server's own clock: the session logs the duration of each statement that the store sends
(`log_duration`), bind and execute together, with neither the network nor Python in it.
"""

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import httpx

from bench.client import drive, request
from bench.figures import Figure, Goal, percentile
from bench.filling import LAST
from bench.ground import Ground, connected, pgbench, reference_in, stop
from bench.intake import turns
from bench.receiving import Sent, drafts, principal_at
from bench.reports import NAME, filled_to
from routing_service.overdue import usecases
from routing_service.overdue.rules import Asked
from shared.domain.agencies import Level
from shared.web.auth import Role
from shared.web.clock import now
from shared.web.database import Reading

Connection = asyncpg.Connection
_LIMIT = 50
_GOAL = Goal("ours", "≤", 2)
#: Receptions a second meanwhile.
_WRITERS = 300
_DURATION = re.compile(r"\[(\d+)\].*duration: ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of one scope, asked many times. Milliseconds."""

    name: str
    late: int
    p50: float
    p99: float
    client_p99: float
    http_p50: float
    http_p99: float


def measure(ground: Ground) -> list[Figure]:
    """p50 and p99 of a first page and a deep page."""
    if not ground.has(NAME):
        ground.database(NAME)
        filled_to(ground, ground.scale.dossiers[1])
    figures = measured(ground, ground.url(NAME))
    ground.drop(NAME)
    return figures


def measured(ground: Ground, url: str) -> list[Figure]:
    """The same of any filled database."""
    with ground.serving(url, "routing", idle=("routing",)) as (routing,), _writer(ground, url):
        pages = [
            page
            for scope, agency in asyncio.run(_scopes(url)).items()
            for page in asyncio.run(_measured(ground, url, routing.port, scope, agency))
        ]
    figures = []
    for page in pages:
        note = (
            f"{page.late:,} late; p50 {page.p50:.2f} ms; with transfer and decoding p99 {page.client_p99:.2f} ms; "
            f"over HTTP p50 {page.http_p50:.1f}, p99 {page.http_p99:.1f} ms"
        )
        figures.append(Figure(f"overdue p99, {page.name}", page.p99, "ms", goal=_GOAL, note=note))
    return figures


@contextmanager
def _writer(ground: Ground, url: str) -> Iterator[None]:
    """pgbench receiving dossiers at a steady pace, by the service's own statement."""

    async def script() -> Sent:
        reference = await reference_in(url)
        return await Sent.by(reference, drafts(reference))

    _, one_call = asyncio.run(script()).write(ground.directory)
    options = (*turns(4), "-R", str(_WRITERS), "-T", "600")
    command, environment = pgbench(url, one_call, *options)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
        if process.poll() is not None:
            raise RuntimeError("the writer stopped before the reading was over")
    finally:
        stop([process])


async def _scopes(url: str) -> dict[str, str]:
    """Whose list: the commune and the district with the most late dossiers, the district of the most agencies, the old
    province, and everybody."""
    reference = await reference_in(url)
    async with connected(url) as connection:
        rows = await connection.fetch(
            "SELECT agency_id, count(*) FROM dossier WHERE finished_at IS NULL AND late_from <= now() GROUP BY 1"
        )
    late = {row[0]: row[1] for row in rows}

    def of_most(level: Level, weight: Callable[[frozenset[int]], int]) -> str:
        units = [unit for unit in reference.agencies.in_force(LAST) if unit.level is level]
        return max(units, key=lambda unit: weight(reference.agencies.scope(unit.id))).code

    def lateness(scope: frozenset[int]) -> int:
        return sum(late.get(agency, 0) for agency in scope)

    return {
        "commune": of_most(Level.COMMUNE, lateness),
        "district": of_most(Level.DISTRICT, lateness),
        "widest district": of_most(Level.DISTRICT, len),
        "province 45": "45",
        "province 44": "44",
    }


async def _measured(ground: Ground, url: str, port: int, scope: str, agency: str) -> list[_Page]:
    reference = await reference_in(url)
    asked = usecases.asked_overdue(
        reference,
        principal_at(reference, agency, Role.LEADER),
        agency=None,
        as_of=None,
        min_days=0,
        sector=None,
        now=now(),
    )
    token = ground.token("leader", agency)
    async with connected(url) as connection:
        late, middle = await _middle(connection, asked)
        pages = []
        # A prepared statement settles on one plan for all pages: both kinds are asked before either is measured.
        for after in [middle] * 10 + [None] * 10:
            await usecases.page(Reading(connection), asked, after=after, limit=_LIMIT)  # type: ignore[arg-type]
        for name, after, cursor in (("first page", None, ""), ("deep page", middle, _deep_cursor(port, token))):
            inside, outside = await _timed(ground, connection, asked, after)
            get = request("GET", f"/v1/overdue?limit={_LIMIT}{cursor}", token)
            seen = await asyncio.to_thread(drive, port, [get], connections=1, seconds=30, limit=ground.scale.pages)
            if set(seen.statuses) != {"200"}:
                raise RuntimeError(f"no page: {seen.statuses} {seen.example}")
            p50, p99, outside_p99 = percentile(inside, 50), percentile(inside, 99), percentile(outside, 99)
            pages.append(_Page(f"{scope}, {name}", late, p50, p99, outside_p99, seen.p50, seen.p99))
    return pages


async def _middle(connection: Connection, asked: Asked) -> tuple[int, tuple[datetime, int] | None]:
    """How many are late, and the key in the middle of them."""
    late = (
        "FROM dossier WHERE finished_at IS NULL AND late_from <= $1 AND agency_id = ANY($2::int[])",
        asked.window.until,
        asked.agencies,
    )
    count = await connection.fetchval(f"SELECT count(*) {late[0]}", *late[1:])
    row = await connection.fetchrow(
        f"SELECT late_from, id {late[0]} ORDER BY late_from, id LIMIT 1 OFFSET $3", *late[1:], count // 2
    )
    return count, (row[0], row[1]) if row else None


async def _timed(
    ground: Ground, connection: Connection, asked: Asked, after: tuple[datetime, int] | None
) -> tuple[list[float], list[float]]:
    """Milliseconds of each page by the server's clock, and by ours."""
    log = ground.directory / "postgres" / "log"
    reading, times = Reading(connection), ground.scale.pages  # type: ignore[arg-type]
    begin = log.stat().st_size
    await connection.execute("SET log_duration = on")
    outside = []
    for _ in range(times):
        began = time.perf_counter()
        await usecases.page(reading, asked, after=after, limit=_LIMIT)
        outside.append(1000 * (time.perf_counter() - began))
    await connection.execute("SET log_duration = off")
    with log.open("rb") as lines:
        lines.seek(begin)
        text = lines.read().decode(errors="replace")
    mine = str(connection.get_server_pid())
    logged = [float(found[2]) for found in _DURATION.finditer(text) if found[1] == mine]
    if len(logged) != 1 + 2 * times:
        raise LookupError(f"{len(logged)} durations for {times} pages: one statement a page was expected")
    return [bind + execute for bind, execute in zip(logged[1::2], logged[2::2], strict=True)], outside


def _deep_cursor(port: int, token: str) -> str:
    """The cursor of a page that lies a few thousand dossiers down."""
    cursor = ""
    for _ in range(20):
        answer = httpx.get(
            f"http://127.0.0.1:{port}/v1/overdue?limit=200{cursor}", headers={"Authorization": f"Bearer {token}"}
        )
        following = answer.raise_for_status().json()["next"]
        if following is None:
            break
        cursor = f"&cursor={following}"
    return cursor
