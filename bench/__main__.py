"""`python -m bench`: measure, print, keep. The exit code is 0 when all could be measured, whatever the figures say."""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.figures import Figure, keep, notes, table
from bench.ground import Ground, connected
from bench.processes import machine
from bench.rows import ROWS
from bench.scale import FULL, SMALL
from services.launcher import interruptible
from shared.web.clock import now

RESULTS = Path(__file__).parent / "results"
_FREE_GB = 25


def main(arguments: list[str] | None = None) -> None:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against references, in one run.")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), metavar="ROW", help=f"of: {', '.join(ROWS)}")
    parser.add_argument("--small", action="store_true", help="quick and rough, to see that the measuring works")
    parser.add_argument("--dir", type=Path, help="where databases may lie (default: the system's temporary directory)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    given = parser.parse_args(arguments)
    scale = SMALL if given.small else FULL
    console = Console(stderr=True)
    about = about_this_run(scale.name)
    measured: dict[str, list[Figure]] = {}
    failed: list[str] = []
    seconds: dict[str, float] = {}
    with interruptible(), tempfile.TemporaryDirectory(prefix="motcua-bench-", dir=given.dir) as directory:
        free = shutil.disk_usage(directory).free / 2**30
        if not given.small and free < _FREE_GB:
            parser.error(f"{free:.0f} GB are free, {_FREE_GB} are needed: choose another --dir, or --small")
        with Ground(Path(directory), scale, console) as ground:
            for name in given.only or ROWS:
                began = time.perf_counter()
                console.rule(name)
                try:
                    measured[name] = ROWS[name](ground)
                except Exception:  # what the other rows measure is not lost
                    console.print_exception()
                    failed.append(name)
                seconds[name] = round(time.perf_counter() - began, 1)
                ground.say(f"{seconds[name]} s")
            about["postgres"] = asyncio.run(version(ground))
    figures = [one for row in measured.values() for one in row]
    kept = [{"row": row, **one.wire()} for row, found in measured.items() for one in found]
    out = Console()
    out.print(table(figures))
    out.print(notes(figures), highlight=False, style="dim")
    run: dict[str, Any] = {**about, "seconds": seconds, "failed": failed, "figures": kept}
    console.print(f"kept in {keep(given.results, _name(about), run, only=bool(given.only))}")
    if failed:
        raise SystemExit(f"could not be measured: {', '.join(failed)}")


def about_this_run(scale: str) -> dict[str, Any]:
    """When, where and what is measured."""
    return {"date": f"{now():%Y-%m-%dT%H:%M:%SZ}", **_commit(), "scale": scale, "machine": machine()}


def _name(about: dict[str, Any]) -> str:
    return f"{about['date'][:10]}-{about['commit'] or 'unknown'}{'-small' if about['scale'] == 'small' else ''}"


def _commit() -> dict[str, Any]:
    """What was measured: the commit, and whether files were changed since."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=RESULTS.parent, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return {"commit": git("rev-parse", "--short", "HEAD") or None, "dirty": bool(git("status", "--porcelain"))}


async def version(ground: Ground) -> str:
    """Of the database server."""
    async with connected(ground.server.url) as connection:
        return str(await connection.fetchval("SHOW server_version"))


if __name__ == "__main__":
    main()
