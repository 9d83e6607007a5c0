"""A figure with its reference and its goal; the table on the screen and the file in bench/results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Literal

import orjson
from rich import box
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio, or on the figure itself."""

    of: Literal["ratio", "ours"]
    bound: Literal["≥", "≤"]
    limit: float

    def met(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value >= self.limit if self.bound == "≥" else value <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `ratio` is ours to the reference, or the reverse where the goal says "times faster"."""

    name: str
    ours: float
    unit: str
    reference: float | None = None
    against: str = ""
    ratio: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        value = self.ratio if self.goal.of == "ratio" else self.ours
        return value is not None and self.goal.met(value)

    def wire(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "name": self.name,
            "ours": _kept(self.ours),
            "unit": self.unit,
            "reference": _kept(self.reference),
            "against": self.against or None,
            "ratio": _kept(self.ratio),
            "goal": f"{self.goal.of} {self.goal.bound} {self.goal.limit:g}" if self.goal else None,
            "met": self.met,
            "note": self.note,
        }


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of the values do not exceed."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def table(figures: Sequence[Figure]) -> Table:
    """The figures for the screen."""
    shown = Table(box=box.SIMPLE, title="Ours against a reference, in one run on one machine")
    for name in ("figure", "ours", "reference", "ratio", "goal", "met"):
        shown.add_column(name, justify="left" if name == "figure" else "right", overflow="fold")
    for one in figures:
        shown.add_row(
            one.name,
            f"{_number(one.ours)} {one.unit}",
            f"{_number(one.reference)} {one.unit}" if one.reference is not None else "",
            f"{_number(one.ratio)}" if one.ratio is not None else "",
            _goal(one),
            {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[one.met],
        )
    return shown


def notes(figures: Sequence[Figure]) -> str:
    """What the table has no room for."""
    lines = []
    for one in figures:
        against = f"against {one.against}" if one.against else ""
        text = "; ".join(part for part in (against, one.note) if part)
        if text:
            lines.append(f"{one.name}: {text}")
    return "\n".join(lines)


def keep(directory: Path, name: str, run: dict[str, Any], *, latest: bool = True, only: bool = False) -> Path:
    """Write a run under its name and, where it is of the rows of every day, as the latest. `only`: it measured some of
    the rows, so the others stay as a run of the same name left them."""
    directory.mkdir(exist_ok=True)
    path = directory / f"{name}.json"
    if only and path.exists():
        run = joined(orjson.loads(path.read_bytes()), run)
    text = orjson.dumps(run, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if latest:
        (directory / "latest.json").write_bytes(text)
    path.write_bytes(text)
    return path


def joined(before: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """What `run` measured, and what it did not from `before`. A row that failed this time keeps what it had, and is
    named. A row has its figures together, where they first stood."""
    tried = set(run["seconds"])
    anew = tried - set(run["failed"])
    rows: dict[str, list[Any]] = {}
    for one in before["figures"]:
        rows.setdefault(one.get("row") or one["name"], []).append(one)
    rows |= {row: [one for one in run["figures"] if one["row"] == row] for row in run["seconds"] if row in anew}
    return {
        **run,
        "dirty": before["dirty"] or run["dirty"],
        "seconds": {**before["seconds"], **run["seconds"]},
        "failed": [*(row for row in before["failed"] if row not in tried), *run["failed"]],
        "figures": [one for row in rows.values() for one in row],
    }


def _goal(one: Figure) -> str:
    if one.goal is None:
        return ""
    unit = "" if one.goal.of == "ratio" else f" {one.unit}"
    return f"{one.goal.bound} {_number(one.goal.limit)}{unit}"


def _number(value: float) -> str:
    if value == int(value) and abs(value) >= 1:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def _kept(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}") if abs(value) < 10_000 else round(value)
