"""What row-level security costs a request: reading one dossier, a page of a list, a reception, over HTTP.

The reference is the same service without the second wall: the same process over the same database, in which the
policies are off, with connections that are not told for whom they read (bench/switchable.py). The wall is put up and
taken down in turn: two processes of one program, and two copies of a database, differ by more than what is sought.
Requests are the same, each another caller's than the one before, so that every connection is told anew.

Weighed is the processor time of a request, of the service and of its backends. What the client saw stands in the note.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from bench.client import Seen, drive, request
from bench.figures import Figure, Goal
from bench.filling import fill
from bench.ground import Ground, Service, connected, reference_in
from bench.intake import CONNECTIONS, posts
from bench.processes import cpu_seconds
from bench.receiving import drafts
from bench.switchable import WITH, WITHOUT
from shared.domain.civil_time import civil_day
from shared.tables.policies import switched
from shared.web.clock import now

_GOAL = Goal("ratio", "≤", 1.10)
_DATABASE = "bench_policies"
_AGENCIES, _PAGE, _PAGES = 16, 50, 20
_AGAINST = "the same with the policies off, and no connection told for whom it reads"
_CASES = """
INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at)
SELECT id, agency_id, agency_id, accepted_at FROM dossier
"""
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'"
_NEWEST = "SELECT code FROM dossier WHERE agency_id = ANY($1::int[]) ORDER BY id DESC LIMIT $2"

#: What each of several callers asks, one behind the other.
Asked = Sequence[Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A request: its processor time, and what the client saw, in ms."""

    processor: float
    wall: float


#: A request behind the wall, and without it, right after each other.
Pair = tuple[_Weighed, _Weighed]


def measure(ground: Ground) -> list[Figure]:
    """Medians of both, and their ratio."""
    count = ground.scale.dossiers[0]
    url = ground.database(_DATABASE)
    with ground.progress("filling", count) as done:
        fill(url, count, done, applicants=True)
    asyncio.run(_prepared(url))
    reading, listing = asyncio.run(_asked(ground, url))
    received = [posts(ground, [draft]) for draft in drafts(asyncio.run(reference_in(url)))]
    reads = {"a dossier": _Load(_mixed(reading), "200", 1), "a page": _Load(_mixed(listing), "200", 1)}
    receives = {"a reception": _Load(_mixed(received), "201", CONNECTIONS, ground.scale.seconds / 2)}
    # All reading first: what tidies up behind thousands of receptions would slow whoever reads next.
    found = _weighed(ground, url, reads) | _weighed(ground, url, receives)
    ground.drop(_DATABASE)
    notes = {
        "a dossier": f"one connection, {count:,} dossiers, {_AGENCIES} agencies",
        "a page": f"the newest {_PAGE} of an agency; the rest as above",
        "a reception": f"{CONNECTIONS} connections",
    }
    return [_figure(way, found[way], note) for way, note in notes.items()]


def _figure(way: str, pairs: Sequence[Pair], note: str) -> Figure:
    on, off = (median(pair[side].processor for pair in pairs) for side in (0, 1))
    ratios = sorted(pair[0].processor / pair[1].processor for pair in pairs)
    wall = [median(pair[side].wall for pair in pairs) for side in (0, 1)]
    told = f"of {len(pairs)} pairs the middle half {ratios[len(pairs) // 4]:.2f} to {ratios[-1 - len(pairs) // 4]:.2f}"
    seen = f"on the wall {wall[0]:.3g} ms against {wall[1]:.3g}"
    note = f"processor time of a request, the service and its backends; {note}; {told}; {seen}"
    return Figure(f"policies, {way}", on, "ms", off, _AGAINST, on / off, _GOAL, note)


@dataclass(frozen=True, slots=True)
class _Load:
    """Requests, what all are answered, and from how many at once; for how long, or else once each."""

    requests: Sequence[bytes]
    status: str
    connections: int
    seconds: float | None = None

    def drive(self, port: int) -> Seen:
        seen = drive(
            port,
            self.requests,
            connections=self.connections,
            seconds=self.seconds or 120,
            limit=len(self.requests) if self.seconds is None else 500_000,
        )
        if set(seen.statuses) != {self.status}:
            raise RuntimeError(f"not all were {self.status}: {seen.statuses}, for instance {seen.example}")
        return seen


def _weighed(ground: Ground, url: str, loads: dict[str, _Load]) -> dict[str, list[Pair]]:
    """Pairs of each load, in processes that are started anew now and then."""
    found: dict[str, list[Pair]] = defaultdict(list)
    pairs = 2 * ground.scale.rounds
    total = len(loads) * ground.scale.starts * pairs
    with ground.progress(f"policies: {', '.join(loads)}", total) as done:
        for _ in range(ground.scale.starts):
            with ground.serving(url, "intake", idle=("intake",), program="bench.switchable") as (service,):
                for way, load in loads.items():
                    for turn in range(pairs):
                        # Who goes first takes turns too: the machine is not the same from one minute to the next.
                        sides = {on: _one(ground, url, service, load, on=on) for on in (turn % 2 == 0, turn % 2 == 1)}
                        found[way].append((sides[True], sides[False]))
                        done(sum(map(len, found.values())))
    return found


def _one(ground: Ground, url: str, service: Service, load: _Load, *, on: bool) -> _Weighed:
    """Behind the wall, or without it."""
    asyncio.run(_switch(url, on=on))
    os.kill(service.pid, WITH if on else WITHOUT)
    load.drive(service.port)  # what is planned and told anew is not a request's
    before = _processor(ground, service)
    seen = load.drive(service.port)
    spent = _since(before, _processor(ground, service))
    wall = seen.p50 if load.connections == 1 else 1000 / seen.rate
    return _Weighed(1000 * spent / seen.requests, wall)


async def _switch(url: str, *, on: bool) -> None:
    async with connected(url) as connection:
        for statement in switched(on):
            await connection.execute(statement)


def _processor(ground: Ground, service: Service) -> dict[int, float]:
    """The processor time that a service has used so far, and each of its backends, by process."""

    async def backends() -> list[int]:
        async with connected(ground.server.url) as connection:
            return [row[0] for row in await connection.fetch(_BACKENDS, _DATABASE)]

    return {pid: cpu_seconds(pid) for pid in [service.pid, *asyncio.run(backends())]}


def _since(before: dict[int, float], after: dict[int, float]) -> float:
    if not before.keys() <= after.keys():
        raise RuntimeError("a backend ended while it was weighed")
    return sum(after.values()) - sum(before.values())


def _mixed(asked: Asked) -> list[bytes]:
    """The first of each, then the second of each, and so on."""
    return [one for some in zip(*asked, strict=True) for one in some]


async def _prepared(url: str) -> None:
    """Cases as routing opens them."""
    async with connected(url) as connection:
        await connection.execute(_CASES)
        await connection.execute("VACUUM (ANALYZE)")


async def _asked(ground: Ground, url: str) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """What the supervisors of the busiest agencies read: a dossier each time, and the first page of their list."""
    reference = await reference_in(url)
    tree, scopes = reference.agencies, {}
    async with connected(url) as connection:
        rows = await connection.fetch("SELECT agency_id, count(*) FROM dossier GROUP BY agency_id")
        counts: dict[int, int] = {row[0]: row[1] for row in rows}
        for agency in tree.in_force(civil_day(now())):
            if agency.parent_id is not None:
                scopes[agency.code] = sorted(tree.scope(agency.id))
        busy = sorted(scopes, key=lambda code: -sum(counts.get(one, 0) for one in scopes[code]))[:_AGENCIES]
        reading, listing = [], []
        for code in busy:
            token = ground.token("supervisor", code)
            codes = [row[0] for row in await connection.fetch(_NEWEST, scopes[code], _PAGE)]
            reading.append([request("GET", f"/v1/dossiers/{quote(one)}", token) for one in codes])
            listing.append([request("GET", f"/v1/dossiers?limit={_PAGE}", token)] * _PAGES)
    return reading, listing
