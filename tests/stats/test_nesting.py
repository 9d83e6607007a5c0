"""Chia theo nhiều tầng: groupings one within another. Every row is a recount, the subtotal of the rows below it, and
the length of the list that its keys open."""

import csv
import random
from collections.abc import Iterable
from datetime import date
from io import StringIO
from typing import Any

import pytest

from shared.contracts.stats import COUNT_NAMES, ResolutionReport
from shared.domain.agencies import Agency
from shared.domain.lifecycle import Channel
from stats_service.counts.usecases import fold_once
from tests.builders_log import History, write
from tests.stats.cases import assigned_at_random
from tests.stats.recounts import counts
from tests.stats.scenes import PERIODS, Scene, a_scene

#: Each with what of it is in every row: a part that is cut into disjoint parts.
NESTINGS = (
    "level,agency,month",
    "tree,channel",
    "tree,month",
    "tree,level",
    "sector,procedure,agency",
    "agency,officer",
    "officer,month,channel",
    "channel,level,sector",
    "month,agency",
    "level,officer",
)
#: How far the list of a unit's row reaches.
UNITS = {"agency": "own", "tree": "tree"}


def figures(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in COUNT_NAMES}


def paths(report: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Each row by the keys it stands under."""
    return {(*row["within"], row["key"]): row for row in report["rows"]}


def of_row(
    scene: Scene, keys: dict[str, Agency], report: dict[str, Any], row: dict[str, Any]
) -> tuple[list[History], date, date]:
    """The histories that a row is about, told by its keys alone, and its days. `keys`: of units."""
    first, last = (date.fromisoformat(report["period"][end]) for end in ("from", "to"))
    found = list(scene.histories)
    for by, key in zip(report["group_by"].split(","), (*row["within"], row["key"]), strict=False):
        match by:
            case "agency":
                found = [h for h in found if h.events[-1].facts.agency_id == keys[key].id]
            case "tree":
                under = scene.tree.subtree(keys[key].id)
                found = [h for h in found if h.events[-1].facts.agency_id in under]
            case "level":
                found = [h for h in found if scene.tree.by_id[h.events[-1].facts.agency_id].level == key]
            case "channel":
                found = [h for h in found if Channel(h.events[-1].facts.channel).name.lower() == key]
            case "sector" | "procedure":
                found = [h for h in found if scene.procedures[h.version_id][by == "sector"] == key]
            case "officer":
                found = [h for h in found if scene.officers.get(h.code, "unassigned") == key]
            case "month":
                year, month = map(int, key.split("-"))
                begin = date(year, month, 1)
                first, last = (
                    max(first, begin),
                    min(last, date(year + month // 12, month % 12 + 1, 1) - begin.resolution),
                )
    return found, first, last


def narrowed(report: dict[str, Any], row: dict[str, Any]) -> dict[str, str]:
    """What the list of a row is asked with: its own key, and those of the rows it stands in."""
    asked: dict[str, str] = {}
    for by, key in zip(report["group_by"].split(","), (*row["within"], row["key"]), strict=False):
        asked |= {"unit": key, "scope": UNITS[by]} if by in UNITS else {by: key}
    return asked


@pytest.mark.parametrize("group_by", NESTINGS)
async def test_every_row_is_a_recount_and_opens(database: Any, issuer: Any, group_by: str) -> None:
    async with a_scene(database, issuer, seed=101, dossiers=120) as scene:
        await write(scene.owner, scene.histories)
        await assigned_at_random(scene, random.Random(5))
        await fold_once(scene.stats, limit=100)
        first, last = PERIODS[0]
        asked = {"first": first, "last": last}
        report = await scene.report(group_by=group_by, **asked)
        ResolutionReport.model_validate(report)
        assert figures(report["total"]) == counts(scene.histories, first, last)
        keys = scene.keys(last)
        rng, zeros = random.Random(group_by), 0
        for row in report["rows"]:
            about, a, b = of_row(scene, keys, report, row)
            straight = counts(about, a, b) if about else dict.fromkeys(COUNT_NAMES, 0)
            assert figures(row) == straight, row
            for figure in COUNT_NAMES:
                zeros += not row[figure]
                if (row[figure] and rng.random() < 0.1) or zeros < 12:
                    more = {**asked, **narrowed(report, row)}
                    listed = await scene.listed(
                        figure=figure, limit=rng.choice([1, 2, 7]) if row[figure] < 9 else 5, **more
                    )
                    assert len(listed) == len({item["code"] for item in listed}) == row[figure], (row["key"], figure)


@pytest.mark.parametrize("group_by", NESTINGS)
async def test_a_row_is_the_subtotal_of_those_below_it(database: Any, issuer: Any, group_by: str) -> None:
    async with a_scene(database, issuer, seed=102, dossiers=100) as scene:
        await write(scene.owner, scene.histories)
        await assigned_at_random(scene, random.Random(6))
        first, last = PERIODS[1]
        report = await scene.report(group_by=group_by, first=first, last=last)
        names, rows = group_by.split(","), paths(report)
        assert len(rows) == len(report["rows"]), "no two rows are the same"
        above: list[tuple[str, ...]] = []
        for row in report["rows"]:
            path = (*row["within"], row["key"])
            assert names[len(row["within"])] == row["by"]
            assert path[:-1] in rows or len(path) == 1, "it stands in a row that is there"
            below = [other for other in rows.values() if tuple(other["within"]) == path]
            if below and below[0]["by"] not in ("month", "tree"):
                assert figures(row) == added(map(figures, below)), path
            if below and below[0]["by"] == "month":  # each begins with what the one before ended with
                assert [m["pending"] for m in below[:-1]] == [m["carried_over"] for m in below[1:]]
                assert row["received"] == sum(month["received"] for month in below)
                assert (row["carried_over"], row["pending"]) == (below[0]["carried_over"], below[-1]["pending"])
            above = above[: len(path) - 1]
            assert above == [path[:n] for n in range(1, len(path))], "pre-order"
            above.append(path)


def added(rows: Iterable[dict[str, int]]) -> dict[str, int]:
    listed = list(rows)
    return {name: sum(row[name] for row in listed) for name in COUNT_NAMES}


@pytest.mark.parametrize(
    ("group_by", "inner"),
    [("channel,agency", "agency"), ("month,agency", "agency"), ("level,agency", "agency"), ("agency,month", "month")],
)
async def test_where_there_is_nothing_there_are_zeros(database: Any, issuer: Any, group_by: str, inner: str) -> None:
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        last = date(2019, 6, 30)
        report = await scene.report(group_by=group_by, first=date(2019, 5, 1), last=last)
        root = scene.tree.on("45", last)
        assert root is not None
        units = [unit for unit in scene.tree.in_force(last) if unit.id in scene.tree.subtree(root.id)]
        assert len(units) > 170
        outer = {"channel": 3, "month": 2, "level": 1, "agency": len(units)}[group_by.split(",")[0]]
        rows = [row for row in report["rows"] if row["by"] == inner]
        assert report["next"] is None or len(report["rows"]) == 1000
        if report["next"] is None:
            assert len(rows) == outer * (len(units) if inner == "agency" else 2)
        assert {row["received"] for row in rows} == {0}


async def test_pages_of_nested_rows_and_the_csv_are_the_same_rows(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=103, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        first, last = PERIODS[0]
        asked: dict[str, Any] = {"first": first, "last": last, "group_by": "tree,channel"}
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await scene.report(limit=150, **asked, **cursor)
            rows += page["rows"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert rows == (await scene.report(limit=1000, **asked))["rows"]
        params = {"agency": "45", "from": str(first), "to": str(last), "group_by": "tree,channel", "format": "csv"}
        answer = await scene.client.get("/v1/reports/resolution", params=params)
        *lines, total = csv.DictReader(StringIO(answer.text))
        assert total["key"] == "total"
        for line, row in zip(lines, rows, strict=True):
            assert (line["key"], line["by"], int(line["depth"])) == (row["key"], row["by"], row["depth"])
            assert [line[f"within_{n}"] for n in (1, 2) if line[f"within_{n}"]] == row["within"]
            assert {name: int(line[name]) for name in COUNT_NAMES} == figures(row)


async def test_more_rows_than_anyone_reads_are_refused(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        params = {"agency": "45", "from": "1995-01-01", "to": "2019-06-30", "group_by": "agency,month,channel"}
        answer = await scene.client.get("/v1/reports/resolution", params=params)
        assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("group_by", "too_many_rows")]
