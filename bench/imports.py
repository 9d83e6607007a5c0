"""The import of the half-year, validated, with events and counts, against psql's \\copy of the bare rows.

The reference gets the dossiers and applicants that the import made, as text that is ready to load, into the same
tables with the same indexes and foreign keys in a second database.
"""

import asyncio
import csv
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import orjson

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql, until_folded
from bench.processes import cpu_seconds, cpu_seconds_below, megabytes, peak_megabytes
from services.demo import half_year
from services.move.mapping_file import read_mapping
from services.move.records import Export, lines_of
from services.move.seen import Seen

_BLOCK = 65_536
_MOST_MEGABYTES = 300


def measure(ground: Ground) -> list[Figure]:
    """The rate of an import and its memory."""
    totals = half_year.LETTER.scaled(ground.scale.import_divisor)
    file = ground.directory / "half-year.ndjson"
    with ground.progress("import: making the half-year", totals.count) as done, file.open("wb") as target:
        written = 0
        for chunk in half_year.ndjson(totals=totals):
            target.write(chunk)
            written += chunk.count(b"\n")
            done(written)
    counted = _imported(ground, "bench_import", file, totals.count, "intake", "stats")
    copied = _copied(ground, totals.count)
    ground.drop("bench_import")
    whole = _imported(ground, "bench_import", file, totals.count, "intake", "routing", "stats")
    ground.drop("bench_import")
    mapped = _imported(ground, "bench_import", file, totals.count, "intake", "stats", content=_mapped(ground, file))
    ground.drop("bench_import")
    count = totals.count
    return [
        Figure(
            "import",
            count / counted["folded"],
            "records/s",
            count / copied,
            "psql \\copy of the same dossiers and applicants",
            copied / counted["folded"],
            Goal("ratio", "≥", 0.30),
            f"{count:,} records until the counts were folded to the end, {counted['folded']:.1f} s; answered after "
            f"{counted['answered']:.1f} s ({count / counted['answered']:,.0f}/s, {copied / counted['answered']:.2f} of "
            f"\\copy); intake used {counted['intake']:.1f} s, stats {counted['stats']:.1f} s, the database "
            f"{counted['database']:.1f} s of processor time",
        ),
        Figure(
            "import, memory",
            counted["peak"],
            "MB",
            goal=Goal("ours", "≤", _MOST_MEGABYTES),
            note=f"VmHWM of the intake process; it held {counted['before']:.0f} MB before",
        ),
        Figure(
            "import beside all consumers",
            count / whole["folded"],
            "records/s",
            count / copied,
            "as above",
            copied / whole["folded"],
            note=f"routing is told of each open dossier meanwhile; peak {whole['peak']:.0f} MB",
        ),
        Figure(
            "import by a mapping",
            count / mapped["folded"],
            "records/s",
            count / copied,
            "as above",
            copied / mapped["folded"],
            Goal("ratio", "≥", 0.30),
            f"an export of another system with its own words and dates, mapped on the way, {mapped['folded']:.1f} s; "
            f"peak of intake {mapped['peak']:.0f} MB",
        ),
    ]


_COLUMNS = {
    "legacy_code": "Số biên nhận",
    "procedure": "Thủ tục",
    "agency": "Đơn vị",
    "channel": "Kênh",
    "applicant.kind": "Loại đối tượng",
    "applicant.name": "Chủ hồ sơ",
    "submitted_at": "Ngày nộp",
    "accepted_at": "Ngày tiếp nhận",
    "due_at": "Ngày hẹn trả",
    "finished_at": "Ngày kết thúc",
    "returned_at": "Ngày trả",
    "outcome": "Kết quả",
    **{f"supplements.{n}.{name}": f"Bổ sung {n} {name}" for n in range(3) for name in ("requested_at", "answered_at")},
}
_CHANNELS = {"counter": "Trực tiếp", "online": "Trực tuyến", "post": "Bưu chính"}
_KINDS = {"person": "Cá nhân", "business": "Doanh nghiệp", "agency": "Cơ quan", "organisation": "Tổ chức"}


def _mapped(ground: Ground, file: Path) -> Iterator[bytes]:
    """The same records as another system exports them, read by a mapping as `motcua import --mapping` reads it."""
    export, mapping = ground.directory / "export.csv", ground.directory / "mapping.toml"
    with file.open("rb") as source, export.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, delimiter=";")
        writer.writerow(_COLUMNS.values())
        writer.writerows([_cell(orjson.loads(line), name) for name in _COLUMNS] for line in source)
    words = {"channels": _CHANNELS, "kinds": _KINDS}
    told = ['system = "bench"', 'delimiter = ";"', "[columns]", *(f'"{k}" = "{v}"' for k, v in _COLUMNS.items())]
    for table, meant in words.items():
        told += [f"[{table}]", *(f'"{theirs}" = "{ours}"' for ours, theirs in meant.items())]
    mapping.write_text("\n".join(told), encoding="utf-8")
    return _in_blocks(lines_of(Export(export, read_mapping(mapping)), Seen()))


def _in_blocks(lines: Iterator[bytes]) -> Iterator[bytes]:
    block = b""
    for line in lines:
        block += line
        if len(block) > _BLOCK:
            yield block
            block = b""
    yield block


def _cell(record: dict[str, Any], name: str) -> str:
    value: Any = record
    for part in name.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return ""
    if name.endswith("_at"):
        return f"{datetime.fromisoformat(value):%d/%m/%Y %H:%M:%S}"
    return str({"channel": _CHANNELS, "applicant.kind": _KINDS}.get(name, {}).get(value, value))


def _imported(
    ground: Ground, name: str, file: Path, count: int, *rooms: str, content: Iterator[bytes] | None = None
) -> dict[str, float]:
    """Import into a fresh database; seconds until the answer and until stats stood at the end of the log."""
    url = ground.database(name)
    token = ground.token("admin", "44")
    # Without routing to tell, intake's own consumer would only ask for it again and again.
    with ground.serving(url, *rooms, idle=() if "routing" in rooms else ("intake",)) as running:
        intake, stats = running[0], running[-1]
        pids = {"intake": intake.pid, "stats": stats.pid}
        used = {room: cpu_seconds(pid) for room, pid in pids.items()}
        database = cpu_seconds_below(ground.server.pid)
        before = megabytes(intake.pid)
        began = time.perf_counter()
        answer = httpx.post(
            f"{intake.address}/v1/imports?synthetic=true",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
            content=content or _blocks(ground, file),
            timeout=600,
        )
        answered = time.perf_counter() - began
        run: dict[str, Any] = answer.raise_for_status().json()
        if run["created"] != count:
            raise RuntimeError(f"Not every record landed: {run}")
        until_folded(url)
        return {
            "answered": answered,
            "folded": time.perf_counter() - began,
            "before": before,
            "peak": peak_megabytes(intake.pid),
            "database": cpu_seconds_below(ground.server.pid) - database,
            **{room: cpu_seconds(pid) - used[room] for room, pid in pids.items()},
        }


def _blocks(ground: Ground, file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    with ground.progress("import: sending (MB)", round(size / 1e6)) as done, file.open("rb") as source:
        sent = 0
        while block := source.read(_BLOCK):
            yield block
            sent += len(block)
            done(round(sent / 1e6))


def _copied(ground: Ground, count: int) -> float:
    """Seconds that \\copy takes, the median of the rounds."""
    source = ground.url("bench_import")
    files = {table: ground.directory / f"{table}.copy" for table in ("dossier", "applicant")}
    psql(source, *(f"\\copy {table} TO '{path}'" for table, path in files.items()))
    seconds: list[float] = []
    for _ in range(ground.scale.rounds):
        url = ground.database("bench_copy")
        began = time.perf_counter()
        psql(url, *(f"\\copy {table} FROM '{path}'" for table, path in files.items()))
        seconds.append(time.perf_counter() - began)
        if asyncio.run(_count(url)) != count:
            raise RuntimeError("\\copy did not bring every dossier")
        ground.drop("bench_copy")
    return median(seconds)


async def _count(url: str) -> int:
    async with connected(url) as connection:
        return int(await connection.fetchval("SELECT count(*) FROM dossier JOIN applicant ON dossier_id = id"))
