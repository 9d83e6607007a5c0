"""Replaying the synthetic half-year through the import endpoint, with a progress bar."""

from collections.abc import Iterator
from typing import Any

import httpx
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from services.client import good, told
from services.demo import half_year
from services.tables import number

TASK = "Nhập hồ sơ tổng hợp · synthetic"


def replay(intake: str, token: str) -> dict[str, Any] | None:
    """Send the half-year to intake's import; the import as intake reports it. None if it landed whole before: the same
    file twice changes nothing, so it is not sent again. Raises Refused."""
    headers = {"Authorization": f"Bearer {token}"}
    with told(), httpx.Client(base_url=intake, headers=headers, timeout=httpx.Timeout(120, connect=5)) as client:
        for earlier in good(client.get("/v1/imports")).json()["items"]:
            landed = earlier["created"] + earlier["unchanged"]
            if earlier["state"] == "done" and earlier["synthetic"] and landed == half_year.COUNT:
                return None
        with _bar() as bar:
            answer = client.post(
                "/v1/imports",
                params={"synthetic": "true"},
                headers={"Content-Type": "application/x-ndjson"},
                content=_shown(bar),
            )
        return dict(good(answer).json())


def _shown(bar: Progress) -> Iterator[bytes]:
    """The file's blocks; the bar moves as intake takes them in."""
    task = bar.add_task(TASK, total=half_year.COUNT)
    for block in half_year.ndjson():
        yield block
        bar.advance(task, block.count(b"\n"))


class _Count(ProgressColumn):
    """136.583/136.583"""

    def render(self, task: Task) -> Text:
        return Text(f"{number(int(task.completed))}/{number(half_year.COUNT)}")


def _bar() -> Progress:
    """As wide as 80 columns allow: where they do not suffice, it is the number at the end that would be cut."""
    return Progress(TextColumn("{task.description}"), BarColumn(bar_width=22), _Count(), TimeRemainingColumn())
