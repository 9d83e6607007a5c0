"""What row-level security costs a request: reading one dossier, a page of a list, a reception, over HTTP.

The reference is the same service without the second wall: over a copy of the database where the policies are off, with
connections that are not told for whom they read (bench/untold.py). Both get the same requests, each another caller's
than the one before, so that every connection is told anew.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from urllib.parse import quote

from bench.client import drive, request
from bench.figures import Figure, Goal
from bench.filling import fill
from bench.ground import Ground, connected, reference_in
from bench.intake import CONNECTIONS, posts
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
_NEWEST = "SELECT code FROM dossier WHERE agency_id = ANY($1::int[]) ORDER BY id DESC LIMIT $2"

#: What each of several callers asks, one behind the other.
Asked = Sequence[Sequence[bytes]]


def measure(ground: Ground) -> list[Figure]:
    """Medians of both, in turn on one machine, and their ratio."""
    count = ground.scale.dossiers[0]
    urls = {name: ground.database(name) for name in (_ON, _OFF)}
    for url in urls.values():
        with ground.progress("filling", count) as done:
            fill(url, count, done, applicants=True)
    asyncio.run(_prepared(urls))
    reading, listing = asyncio.run(_asked(ground, urls[_ON]))
    received = [posts(ground, [draft]) for draft in drafts(asyncio.run(reference_in(urls[_ON])))]
    found: dict[str, dict[str, list[float]]] = {_ON: defaultdict(list), _OFF: defaultdict(list)}

    def reads(name: str, port: int) -> None:
        for way, asked in (("a dossier", reading), ("a page", listing)):
            sent = _mixed(asked)
            seen = drive(port, sent, connections=1, seconds=120, limit=len(sent))
            _all(seen.statuses, "200", seen.example)
            found[name][way].append(seen.p50)

    def receives(name: str, port: int) -> None:
        seen = drive(port, _mixed(received), connections=CONNECTIONS, seconds=ground.scale.seconds)
        _all(seen.statuses, "201", seen.example)
        found[name]["a reception"].append(1000 / seen.rate)

    # All reading first: what tidies up behind thousands of receptions would slow whoever reads next.
    _in_turn(ground, urls, "policies: reading", reads, 2 * ground.scale.starts)
    _in_turn(ground, urls, "policies: receptions", receives, ground.scale.starts)
    for name in (_ON, _OFF):
        ground.drop(name)
    notes = {
        "a dossier": f"p50 over HTTP, one connection, {count:,} dossiers, {_AGENCIES} agencies",
        "a page": f"the newest {_PAGE} of an agency; the rest as above",
        "a reception": f"milliseconds of the service a reception, {CONNECTIONS} connections",
    }
    return [
        Figure(
            f"policies, {way}",
            median(found[_ON][way]),
            "ms",
            median(found[_OFF][way]),
            _AGAINST,
            median(found[_ON][way]) / median(found[_OFF][way]),
            _GOAL,
            note,
        )
        for way, note in notes.items()
    ]


def _in_turn(
    ground: Ground, urls: dict[str, str], text: str, measured: Callable[[str, int], None], starts: int
) -> None:
    """Both sides in turn, in processes that are started anew: two processes of one program differ by some per cent for
    as long as they live."""
    with ground.progress(text, starts * ground.scale.rounds) as done:
        for start in range(starts):
            with (
                ground.serving(urls[_ON], "intake", idle=("intake",)) as (on,),
                ground.serving(urls[_OFF], "intake", idle=("intake",), program="bench.untold") as (off,),
            ):
                for turn in range(ground.scale.rounds):
                    # Who goes first takes turns too: the machine is not the same from one minute to the next.
                    for name, port in [(_ON, on.port), (_OFF, off.port)][:: 1 if turn % 2 else -1]:
                        measured(name, port)
                    done(start * ground.scale.rounds + turn + 1)


def _mixed(asked: Asked) -> list[bytes]:
    """The first of each, then the second of each, and so on."""
    return [one for some in zip(*asked, strict=True) for one in some]


def _all(statuses: dict[str, int], wanted: str, example: str) -> None:
    if set(statuses) != {wanted}:
        raise RuntimeError(f"not all were {wanted}: {statuses}, for instance {example}")


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
