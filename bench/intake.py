"""POST /v1/dossiers on one worker at 32 connections, against pgbench running the same transaction.

The three take turns in one database, so that its growth and its caches are the same for all. Their rows are compared
first: a reference that writes less would flatter nobody for long.
"""

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from bench.client import Seen, drive, request
from bench.figures import Figure, Goal
from bench.ground import Ground, Service, connected, pgbench, reference_in, unfolded
from bench.processes import cpu_seconds, cpu_seconds_below
from bench.receiving import Draft, Sent, drafts

CONNECTIONS = 32
PGBENCH = ("-j", "2")
_TABLES = ("dossier", "applicant", "dossier_event", "intake_idempotency")
_WEIGHT = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {name}), (SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM {name} t)" for name in _TABLES
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn of the service: what the client saw, and processor seconds per request."""

    seen: Seen
    service: float
    database: float


def measure(ground: Ground) -> list[Figure]:
    """The rate of intake, with its latency and its cost."""
    scale = ground.scale
    url = ground.database("bench_intake")
    wanted, sent = asyncio.run(_prepared(url))
    plain, one_call = sent.write(ground.directory)
    requests = posts(ground, wanted)
    rates: dict[str, list[float]] = {"plain": [], "one call": []}
    turns: list[_Turn] = []
    with ground.serving(url, "intake", idle=("intake",)) as (intake,):
        ways: dict[str, Callable[[], object]] = {
            "service": lambda: _checked(drive(intake.port, requests, connections=4, seconds=10, limit=200)),
            "plain": lambda: pgbench_rate(url, plain, 4, "-t", "50"),
            "one call": lambda: pgbench_rate(url, one_call, 4, "-t", "50"),
        }
        note = same_rows(url, ways)
        with ground.progress("intake: service, plain statements, one call", scale.rounds) as done:
            for turn in range(scale.rounds):
                for name, script in (("plain", plain), ("one call", one_call)):
                    rates[name].append(
                        pgbench_rate(url, script, CONNECTIONS, *PGBENCH, "-T", str(round(scale.seconds)))
                    )
                turns.append(_turn(ground, intake, requests, scale.seconds))
                done(turn + 1)
    ours = median(turn.seen.rate for turn in turns)
    with_consumers = _beside_consumers(ground, url, requests)
    ground.drop("bench_intake")
    best = turns[[turn.seen.rate for turn in turns].index(sorted(turn.seen.rate for turn in turns)[len(turns) // 2])]
    cost = (
        f"{1e6 * best.service:.0f} µs of the service and {1e6 * best.database:.0f} µs of the database per request; "
        f"the client took {best.seen.cpu:.0%} of a core"
    )
    plain_rate, call_rate = median(rates["plain"]), median(rates["one call"])
    return [
        Figure(
            "intake",
            ours,
            "/s",
            plain_rate,
            "pgbench -M prepared -c 32 -j 2, one statement a table",
            ours / plain_rate,
            Goal("ratio", "≥", 0.70),
            f"{note}; {cost}; consumers in a worker of their own, not running here",
        ),
        Figure(
            "intake, one call",
            ours,
            "/s",
            call_rate,
            "pgbench, the service's own statement",
            ours / call_rate,
            Goal("ratio", "≥", 0.30),
        ),
        Figure("intake p50", median(turn.seen.p50 for turn in turns), "ms", note="32 connections kept busy"),
        Figure("intake p99", median(turn.seen.p99 for turn in turns), "ms"),
        Figure(
            "intake beside all consumers",
            with_consumers.rate,
            "/s",
            plain_rate,
            "as above",
            with_consumers.rate / plain_rate,
            note="three services with their consumers on the same cores, as `motcua up` runs them",
        ),
    ]


def posts(ground: Ground, wanted: Sequence[Draft]) -> list[bytes]:
    """A POST for each draft, by its own agency's counter."""
    return [
        request("POST", "/v1/dossiers", ground.token("counter", draft.agency), orjson.dumps(draft.body), key=True)
        for draft in wanted
    ]


def turns(clients: int) -> tuple[str, ...]:
    """Options of pgbench by which so many clients take the places of a script in turn."""
    return "-c", str(clients), "-D", f"clients={clients}", "-D", "turn=0"


def pgbench_rate(url: str, script: Path, clients: int, *options: str) -> float:
    """Transactions a second; an aborted client is an error."""
    command, environment = pgbench(url, script, *turns(clients), *options)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    return float(found[1])


async def _prepared(url: str) -> tuple[list[Draft], Sent]:
    reference = await reference_in(url)
    wanted = drafts(reference)
    return wanted, await Sent.by(reference, wanted)


def _turn(ground: Ground, intake: Service, requests: Sequence[bytes], seconds: float) -> _Turn:
    before = cpu_seconds(intake.pid), cpu_seconds_below(ground.server.pid)
    seen = _checked(drive(intake.port, requests, connections=CONNECTIONS, seconds=seconds))
    after = cpu_seconds(intake.pid), cpu_seconds_below(ground.server.pid)
    service, database = ((b - a) / seen.requests for a, b in zip(before, after, strict=True))
    return _Turn(seen, service, database)


def _beside_consumers(ground: Ground, url: str, requests: Sequence[bytes]) -> Seen:
    with ground.serving(url, "intake", "routing", "stats") as (intake, _, _):
        asyncio.run(_quiet(url))
        return _checked(drive(intake.port, requests, connections=CONNECTIONS, seconds=ground.scale.seconds))


async def _quiet(url: str) -> None:
    """Wait until the consumers have caught up with what came before them."""
    async with connected(url) as connection:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            waiting = await connection.fetchval("SELECT count(*) FROM dossier WHERE status = 2")
            if not waiting and not await unfolded(connection):
                return
            await asyncio.sleep(0.5)


def _checked(seen: Seen) -> Seen:
    if set(seen.statuses) != {"201"}:
        raise RuntimeError(f"not all were received: {seen.statuses}, for instance {seen.example}")
    return seen


def same_rows(url: str, ways: Mapping[str, Callable[[], object]]) -> str:
    """Run each way a little, and compare what it wrote: rows a dossier, and their size within two in a hundred."""
    written = {name: asyncio.run(_written(url, run)) for name, run in ways.items()}
    first = next(iter(written.values()))
    for name, found in written.items():
        if any(abs(ours - theirs) > 0.02 * ours for ours, theirs in zip(first, found, strict=True)):
            raise LookupError(f"{name} does not write what the service writes: {found} against {first}")
    return f"all write the same rows, {sum(first[1::2]):.0f} bytes a dossier in {len(_TABLES)} tables"


async def _written(url: str, run: Callable[[], object]) -> list[float]:
    async with connected(url) as connection:
        before = await connection.fetchrow(_WEIGHT)
        await asyncio.to_thread(run)
        after = await connection.fetchrow(_WEIGHT)
    assert before is not None
    assert after is not None
    return [float(b - a) / (after[0] - before[0]) for a, b in zip(before, after, strict=True)]
