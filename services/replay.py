"""Replaying the synthetic half-year through the import endpoint, with a progress bar."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from services.client import good, headers_of, told
from services.demo import half_year
from services.installation import Addresses
from services.province import PROVINCE
from services.refusals import Refused
from services.tables import number

_FIRST_DAY = "1990-01-01"  # the earliest of a report; what is older is carried over
TASK = "Phát lại hồ sơ mô phỏng · synthetic"


class RealDossiers(Refused):
    """The installation holds dossiers that are not synthetic: nothing invented is put among them."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Có {number(count)} hồ sơ không phải dữ liệu mô phỏng, nên không nạp nửa năm hồ sơ mô phỏng.\n"
            f"Dossiers that are not synthetic: {count}. So the synthetic half-year is not loaded; "
            "another --data-dir is another installation."
        )


def replay(addresses: Addresses, token: str, today: date) -> dict[str, Any] | None:
    """Send the half-year to intake's import; the import as intake reports it. None if it landed whole before: the same
    file twice changes nothing, so it is not sent again. Raises Refused, and RealDossiers where real ones are."""
    headers, patience = headers_of(token), httpx.Timeout(120, connect=5)
    with told(), httpx.Client(base_url=addresses.intake, headers=headers, timeout=patience) as client:
        made_up = 0
        for earlier in _imports(client):
            landed = earlier["created"] + earlier["unchanged"]
            if earlier["state"] == "done" and earlier["synthetic"] and landed == half_year.COUNT:
                return None
            made_up += earlier["created"] if earlier["synthetic"] else 0
        all_days = {"agency": PROVINCE, "from": _FIRST_DAY, "to": str(today)}
        report = good(client.get(f"{addresses.stats}/v1/reports/resolution", params=all_days)).json()
        if report["total"]["to_handle"] > made_up:
            raise RealDossiers(report["total"]["to_handle"] - made_up)
        with _bar() as bar:
            answer = client.post(
                "/v1/imports",
                params={"synthetic": "true"},
                headers={"Content-Type": "application/x-ndjson"},
                content=_shown(bar),
            )
        return dict(good(answer).json())


def _imports(client: httpx.Client) -> Iterator[dict[str, Any]]:
    """All imports that there were."""
    cursor: str | None = None
    while True:
        page = good(client.get("/v1/imports", params={"cursor": cursor} if cursor else {})).json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


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
