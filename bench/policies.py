"""What row-level security costs a request: reading one dossier, a page of a list, a reception, over HTTP.

The reference is the same service without the second wall: over a copy of the database where the policies are off, with
connections that are not told for whom they read (bench/untold.py). Both get the same requests, each another caller's
than the one before, so that every connection is told anew.

Weighed is the processor time of a request, of the service and of its backends: what the clock on the wall says of two
processes of one program varies by more, from one run to the next, than what is sought. It stands in the note.
"""

import asyncio
from collections import Counter, defaultdict
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
from shared.domain.civil_time import civil_day
from shared.tables.policies import switched
from shared.web.clock import now

_GOAL = Goal("ratio", "≤", 1.10)
_ON, _OFF = "bench_policies", "bench_no_policies"
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
    """A request of one side in one pair of processes: its processor time, and what the client saw, in ms."""

    processor: float
    wall: float


def measure(ground: Ground) -> list[Figure]:
    """Medians of both over pairs of processes, and their ratio."""
    count = ground.scale.dossiers[0]
    urls = {name: ground.database(name) for name in (_ON, _OFF)}
    for url in urls.values():
        with ground.progress("filling", count) as done:
            fill(url, count, done, applicants=True)
    asyncio.run(_prepared(urls))
    reading, listing = asyncio.run(_asked(ground, urls[_ON]))
    received = [posts(ground, [draft]) for draft in drafts(asyncio.run(reference_in(urls[_ON])))]
    starts, seconds = 2 * ground.scale.starts, ground.scale.seconds
    reads = {"a dossier": _Load(_mixed(reading), "200", 1), "a page": _Load(_mixed(listing), "200", 1)}
    receives = {"a reception": _Load(_mixed(received), "201", CONNECTIONS, seconds)}
    # All reading first: what tidies up behind thousands of receptions would slow whoever reads next.
    found = _weighed(ground, urls, reads, starts) | _weighed(ground, urls, receives, starts)
    for name in (_ON, _OFF):
        ground.drop(name)
    notes = {
        "a dossier": f"one connection, {count:,} dossiers, {_AGENCIES} agencies",
        "a page": f"the newest {_PAGE} of an agency; the rest as above",
        "a reception": f"{CONNECTIONS} connections",
    }
    return [_figure(way, found[way], note) for way, note in notes.items()]


def _figure(way: str, found: dict[str, list[_Weighed]], note: str) -> Figure:
    on, off = (median(one.processor for one in found[name]) for name in (_ON, _OFF))
    pairs = sorted(on.processor / off.processor for on, off in zip(found[_ON], found[_OFF], strict=True))
    wall = [median(one.wall for one in found[name]) for name in (_ON, _OFF)]
    told = f"of {len(pairs)} pairs of processes {pairs[0]:.2f} to {pairs[-1]:.2f}"
    seen = f"on the wall {wall[0]:.3g} ms against {wall[1]:.3g}"
    note = f"processor time of a request, the service and its backends; {note}; {told}; {seen}"
    return Figure(f"policies, {way}", 1000 * on, "ms", 1000 * off, _AGAINST, on / off, _GOAL, note)


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


def _weighed(
    ground: Ground, urls: dict[str, str], loads: dict[str, _Load], starts: int
) -> dict[str, dict[str, list[_Weighed]]]:
    """What each load costs on each side, a pair of processes after the other: two of one program differ by some per
    cent for as long as they live."""
    found: dict[str, dict[str, list[_Weighed]]] = {way: {_ON: [], _OFF: []} for way in loads}
    with ground.progress(f"policies: {', '.join(loads)}", starts) as done:
        for start in range(starts):
            seeded = {"PYTHONHASHSEED": str(start)}  # both of a pair have their dictionaries in the same order
            with (
                ground.serving(urls[_ON], "intake", idle=("intake",), settings=seeded) as on,
                ground.serving(urls[_OFF], "intake", idle=("intake",), settings=seeded, program="bench.untold") as off,
            ):
                for way, load in loads.items():
                    for name, one in _in_turn(ground, {_ON: on[0], _OFF: off[0]}, load).items():
                        found[way][name].append(one)
            done(start + 1)
    return found


def _in_turn(ground: Ground, sides: dict[str, Service], load: _Load) -> dict[str, _Weighed]:
    """Both of a pair. Who goes first takes turns too: the machine is not the same from one minute to the next."""
    spent: dict[str, float] = defaultdict(float)
    requests, walls = Counter[str](), defaultdict(list)
    for side in sides.values():
        load.drive(side.port)  # warm: what is planned and compiled once is not a request's
    for turn in range(ground.scale.rounds):
        for name, side in list(sides.items())[:: 1 if turn % 2 else -1]:
            before = _processor(ground, name, side)
            seen = load.drive(side.port)
            spent[name] += _since(before, _processor(ground, name, side))
            requests[name] += seen.requests
            walls[name].append(seen.p50 if load.connections == 1 else 1000 / seen.rate)
    return {name: _Weighed(spent[name] / requests[name], median(walls[name])) for name in sides}


def _processor(ground: Ground, name: str, service: Service) -> dict[int, float]:
    """The processor time that a service has used so far, and each of its backends, by process."""

    async def backends() -> list[int]:
        async with connected(ground.server.url) as connection:
            return [row[0] for row in await connection.fetch(_BACKENDS, name)]

    return {pid: cpu_seconds(pid) for pid in [service.pid, *asyncio.run(backends())]}


def _since(before: dict[int, float], after: dict[int, float]) -> float:
    if not before.keys() <= after.keys():
        raise RuntimeError("a backend ended while it was weighed")
    return sum(after.values()) - sum(before.values())


def _mixed(asked: Asked) -> list[bytes]:
    """The first of each, then the second of each, and so on."""
    return [one for some in zip(*asked, strict=True) for one in some]


async def _prepared(urls: dict[str, str]) -> None:
    """Cases as routing opens them, and no policies where there are to be none."""
    for name, url in urls.items():
        async with connected(url) as connection:
            await connection.execute(_CASES)
            if name == _OFF:
                for statement in switched(False):
                    await connection.execute(statement)
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
