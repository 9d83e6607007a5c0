"""Sending a file to the import endpoint, with a progress bar, and fetching what was rejected."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import orjson
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from services.client import Refused, good, told

_BLOCK = 65_536
_FORMS = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}


def upload(intake: str, token: str, file: Path, *, synthetic: bool, rejects_to: Path | None) -> dict[str, Any]:
    """Import `file` (.csv, .ndjson, .jsonl); the import as intake reports it. Rejected lines go to `rejects_to`.
    Raises Refused."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise Refused(f"{file.name}: the name must end in one of {', '.join(_FORMS)}")
    headers = {"Authorization": f"Bearer {token}"}
    with told(), httpx.Client(base_url=intake, headers=headers, timeout=httpx.Timeout(300, connect=5)) as client:
        with file.open("rb") as source, _bar() as bar:
            answer = client.post(
                "/v1/imports",
                params={"synthetic": str(synthetic).lower()},
                headers={"Content-Type": form},
                content=_blocks(source, bar, file.stat().st_size),
            )
        run: dict[str, Any] = good(answer).json()
        if run["rejected"]:
            _write_rejects(client, run["rejects"], rejects_to or rejects_file(file))
    return run


def rejects_file(file: Path) -> Path:
    """Where the rejected lines of `file` go: beside it, under its whole name."""
    return file.with_name(f"{file.name}.rejects.ndjson")


def _blocks(source: IO[bytes], bar: Progress, size: int) -> Iterator[bytes]:
    task = bar.add_task(f"Nhập {Path(source.name).name}", total=size)
    while block := source.read(_BLOCK):
        yield block
        bar.advance(task, len(block))


def _write_rejects(client: httpx.Client, path: str, to: Path) -> None:
    cursor = None
    with to.open("wb") as target:
        while True:
            asked = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
            page = good(client.get(path, params=asked)).json()
            for item in page["items"]:
                target.write(orjson.dumps(item) + b"\n")
            cursor = page["next"]
            if cursor is None:
                return


def _bar() -> Progress:
    """In 80 columns: a long name gives way, the numbers do not."""
    name = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30))
    return Progress(name, BarColumn(bar_width=20), DownloadColumn(), TimeRemainingColumn())
