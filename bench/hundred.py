"""`python -m bench.hundred`: a hundred million dossiers, what they cost to build, and the rows of the report and of the
overdue list over them. Some half an hour and 40 GB; `--dossiers` for fewer.

`--keep` leaves the database in `--dir`, and a later run finds it there and measures again.
"""

import argparse
import asyncio
import dataclasses
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from bench import groupings, overdue, reports
from bench.__main__ import RESULTS, about_this_run, version
from bench.building import NAME, Built, build
from bench.figures import Figure, keep, notes, table
from bench.ground import Ground
from bench.scale import FULL, SMALL
from services.launcher import interruptible
from shared.web.clock import now

_ALL = 100_000_000
_BYTES_PER_DOSSIER = 420
#: Of straight SQL over tens of gigabytes one run is enough.
_STRAIGHTS = 1
_SCALE = dataclasses.replace(FULL, reports=50, pages=500)
#: Fewer are a trial of the measuring.
_TRIAL = 1_000_000


def main(arguments: list[str] | None = None) -> None:
    """Build, measure, print, keep, and give the disk space back."""
    parser = argparse.ArgumentParser(prog="python -m bench.hundred", description="Measure at 100 M dossiers.")
    parser.add_argument("--dossiers", type=int, default=_ALL, metavar="N", help="how many (default: 100 million)")
    parser.add_argument("--dir", type=Path, help="where the database may lie (default: the temporary directory)")
    parser.add_argument("--keep", action="store_true", help="leave the database in --dir, for another measurement")
    parser.add_argument("--note", default="", help="what the file is to say of the circumstances, e.g. machine shared")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    given = parser.parse_args(arguments)
    if given.keep and not given.dir:
        parser.error("--keep needs a --dir")
    console = Console(stderr=True)
    about = about_this_run(f"{given.dossiers / 1e6:g} M")
    with interruptible(), _directory(given.dir, given.keep) as directory:
        found = directory / "built.json"
        free, needed = shutil.disk_usage(directory).free, given.dossiers * _BYTES_PER_DOSSIER + 3 * 2**30
        if not found.exists() and free < needed:
            parser.error(f"{free / 2**30:.0f} GB are free, {needed / 2**30:.0f} are needed: choose another --dir")
        with Ground(directory, _SCALE if given.dossiers >= _TRIAL else SMALL, console) as ground:
            if found.exists():
                built = Built(**orjson.loads(found.read_bytes()))
            else:
                minutes = given.dossiers * 12e-6 / 60
                ground.say(f"{now():%H:%M:%S} {given.dossiers:,} dossiers: expect about {minutes:.0f} minutes")
                built = build(ground, given.dossiers)
                found.write_bytes(orjson.dumps(built))
            ground.say(f"{now():%H:%M:%S} built; measuring")
            figures, seconds, failed = _measured(ground, built)
            about["postgres"] = asyncio.run(version(ground))
    out = Console()
    out.print(_costs(built))
    out.print(built.kept["said"], highlight=False)
    out.print(table(figures))
    out.print(notes(figures), highlight=False, style="dim")
    run: dict[str, Any] = {**about, "note": given.note, "build": dataclasses.asdict(built), "seconds": seconds}
    run |= {"failed": failed, "figures": [one.wire() for one in figures]}
    name = f"{about['date'][:10]}-{about['commit'] or 'unknown'}-{built.dossiers / 1e6:g}m"
    console.print(f"kept in {keep(given.results, name, run, latest=False)}")
    if failed:
        raise SystemExit(f"could not be measured: {', '.join(failed)}")


@contextmanager
def _directory(given: Path | None, kept: bool) -> Iterator[Path]:
    """Where the database lies: one that is removed, or the one that is kept."""
    if given and kept:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="motcua-bench-", dir=given) as directory:
        yield Path(directory)


def _measured(ground: Ground, built: Built) -> tuple[list[Figure], dict[str, float], list[str]]:
    """The rows that need no more than dossiers and counts. The overdue list last: it receives others meanwhile."""
    url, size = ground.url(NAME), f"{built.dossiers / 1e6:g} M dossiers"

    def report() -> list[Figure]:
        in_database, over_http = reports.shown(reports.measured(ground, url, built.dossiers, _STRAIGHTS))
        return [*in_database, *over_http]

    rows: dict[str, Callable[[], list[Figure]]] = {
        "report": report,
        "groupings": lambda: groupings.measured(url, ground.scale.reports, size, _STRAIGHTS),
        "overdue": lambda: overdue.measured(ground, url),
    }
    rate = built.kept["events_folded_per_second"]
    note = f"the {built.kept['events']:,} events that are kept, into an empty histogram"
    figures = [Figure("fold", rate, "events/s", note=note)]
    failed: list[str] = []
    seconds: dict[str, float] = {}
    # What the overdue list of an earlier measurement received: unfolded it would be added to every report.
    asyncio.run(reports.folded(url, lambda _: None))
    for name, row in rows.items():
        began = time.perf_counter()
        try:
            figures += row()
        except Exception:  # what the others measure is not lost
            ground.console.print_exception()
            failed.append(name)
        seconds[name] = round(time.perf_counter() - began, 1)
        ground.say(f"{now():%H:%M:%S} {name}: {seconds[name]} s")
    return figures, seconds, failed


def _costs(built: Built) -> Table:
    shown = Table(box=box.SIMPLE, title=f"What {built.dossiers:,} dossiers cost to build")
    for name in ("", "rows", "MB", "s"):
        shown.add_column(name, justify="right" if name else "left")
    for name, seconds in built.seconds.items():
        shown.add_row(name, "", "", f"{seconds:,.1f}")
    shown.add_row("all steps", "", "", f"{sum(built.seconds.values()):,.1f}", style="bold", end_section=True)
    for name, of in built.tables.items():
        shown.add_row(f"table {name}", f"{of['rows']:,}", f"{of['bytes'] / 1e6:,.0f}", "")
    for name, index in built.indexes.items():
        took = f"{index['seconds']:,.1f}" if "seconds" in index else ""
        shown.add_row(f"index {name}", "", f"{index['bytes'] / 1e6:,.0f}", took)
    shown.add_row("database", "", f"{built.database_bytes / 1e6:,.0f}", "", style="bold")
    return shown


if __name__ == "__main__":
    main()
