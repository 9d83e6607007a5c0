"""The resolution report equals the straight recount: in every grouping, before, amid and after folding."""

import csv
from datetime import date
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest

from shared.contracts.stats import COUNT_NAMES, RATE_NAMES, ReportQuery, ResolutionReport, StatsClient
from shared.domain.lifecycle import Channel
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from stats_service.figures.rules import Figures, broken_identities
from stats_service.periods.rules import Period
from tests.builders_log import fold_all, write
from tests.stats.recounts import counts
from tests.stats.scenes import LAST, PERIODS, Scene, a_scene


def figures(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in COUNT_NAMES}


async def demand_equality(scene: Scene, a: date, b: date, **more: Any) -> None:
    """Every grouping of the report against the recount."""
    asked = {"first": a, "last": b, **more}
    total = counts(scene.histories, a, b)
    everything = await scene.report(**asked)
    assert figures(everything["total"]) == total
    assert everything["rows"] == []

    by_agency = await scene.report(group_by="agency", **asked)
    assert figures(by_agency["total"]) == total
    own = {row["key"]: figures(row) for row in by_agency["rows"]}
    root = scene.tree.on("45", a)
    assert root is not None
    assert len(own) == len(by_agency["rows"])
    for unit in scene.tree.by_id.values():
        straight = counts(scene.of(unit.id), a, b)
        in_force = unit.in_force(b)
        inside = unit.id in scene.tree.subtree(root.id)
        if inside and (in_force or any(straight.values())):
            shown = own.get(f"{unit.code}@{unit.valid_to}") or own[unit.code]
            assert shown == straight, unit
    assert {name: sum(row[name] for row in own.values()) for name in COUNT_NAMES} == total

    tree = await scene.report(group_by="tree", **asked)
    rows = {row["key"]: row for row in tree["rows"]}
    assert figures(tree["rows"][0]) == total
    assert tree["rows"][0]["depth"] == 0
    for row in tree["rows"]:
        below = [other for other in tree["rows"] if other["parent"] == row["key"]]
        summed = {name: row["own"][name] + sum(other[name] for other in below) for name in COUNT_NAMES}
        assert figures(row) == summed
        assert figures(row["own"]) == own.get(row["key"], dict.fromkeys(COUNT_NAMES, 0))
        assert row["parent"] is None or rows[row["parent"]]["depth"] == row["depth"] - 1

    for group, key_of in (
        ("level", lambda h: scene.tree.by_id[h.events[-1].facts.agency_id].level.value),
        ("channel", lambda h: Channel(h.events[-1].facts.channel).name.lower()),
        ("procedure", lambda h: scene.procedures[h.version_id][0]),
        ("sector", lambda h: scene.procedures[h.version_id][1]),
    ):
        report = await scene.report(group_by=group, **asked)
        assert figures(report["total"]) == total
        found = {row["key"]: figures(row) for row in report["rows"]}
        for key in {key_of(h) for h in scene.histories}:
            straight = counts([h for h in scene.histories if key_of(h) == key], a, b)
            assert found.get(key, dict.fromkeys(COUNT_NAMES, 0)) == straight, (group, key)

    months = await scene.report(group_by="month", **asked)
    assert figures(months["total"]) == total
    assert len(months["rows"]) == len(list(Period(a, b).months()))
    for row in months["rows"]:
        first, last = date.fromisoformat(row["from"]), date.fromisoformat(row["to"])
        assert figures(row) == counts(scene.histories, first, last)
    for before, after in pairwise(months["rows"]):
        assert before["pending"] == after["carried_over"]

    for report in (everything, by_agency, tree, months):
        ResolutionReport.model_validate(report)
        for row in [report["total"], *report["rows"]]:
            assert broken_identities(Figures(**figures(row))) == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_equals_the_recount_before_amid_and_after_folding(database, issuer, seed):
    async with a_scene(database, issuer, seed=seed) as scene:
        await write(scene.owner, scene.histories)
        await demand_equality(scene, *PERIODS[0])  # nothing is folded
        while not await fold_once(scene.stats, limit=len(scene.histories)):
            pass
        await bring_checkpoints_up(scene.stats, date(2019, 10, 20))
        for a, b in PERIODS:  # some of each dossier's events are folded, some are not
            await demand_equality(scene, a, b)
        await fold_all(scene.stats)
        await bring_checkpoints_up(scene.stats, LAST)
        for a, b in PERIODS:
            await demand_equality(scene, a, b)


async def test_agencies_without_a_dossier_are_there_with_zeros(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        report = await scene.report(first=date(2019, 1, 1), last=date(2019, 6, 30), group_by="agency")
        root = scene.tree.on("45", date(2019, 6, 30))
        assert root is not None
        in_force = [unit for unit in scene.tree.in_force(date(2019, 6, 30)) if unit.id in scene.tree.subtree(root.id)]
        assert len(in_force) > 170
        assert {row["key"] for row in report["rows"]} == {unit.code for unit in in_force}
        assert len(report["rows"]) == len(in_force)
        assert {row["received"] for row in report["rows"]} == {0}
        assert {row["on_time_rate"] for row in report["rows"]} == {None}
        assert report["total"]["national_on_time_rate"] is None


async def test_says_what_it_is(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        asked = {"first": date(2019, 1, 1), "last": date(2019, 6, 30)}
        row = (await scene.report(**asked, group_by="tree"))["rows"][0]
        place = ["key", "name", "printed_name", "level", "parent", "depth", "in_force", "own"]
        assert list(row) == [*place, *COUNT_NAMES, *RATE_NAMES], "one grouping says neither by nor within"
        report = await scene.report(**asked)
        assert (report["agency"], report["agency_name"]) == ("45", "UBND tỉnh Quảng Trị")
        assert report["period"] == {"from": "2019-01-01", "to": "2019-06-30"}
        assert report["basis"] == "as_known_now"
        assert report["definition"] == "resolution/1"
        assert report["synthetic"] is False
        await scene.owner.execute(
            "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic)"
            " VALUES (gen_random_uuid(), now(), 'done', 'csv', 'test', 1, true)"
        )
        assert (await scene.report(**asked))["synthetic"] is True
        await scene.owner.execute("TRUNCATE import_run CASCADE")


async def test_pages_of_rows_make_up_the_whole(database, issuer):
    async with a_scene(database, issuer, seed=3, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        whole = await scene.report(first=a, last=b, group_by="tree")
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await scene.report(first=a, last=b, group_by="tree", limit=50, **cursor)
            assert page["total"] == whole["total"]
            rows += page["rows"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert rows == whole["rows"]
        refused = await scene.client.get(
            "/v1/reports/resolution",
            params={"agency": "45", "from": "2019-01-01", "to": "2019-06-30", "group_by": "tree", **cursor},
        )
        assert refused.json()["errors"][0]["code"] == "malformed_cursor"


async def test_a_csv_carries_the_same_rows_and_their_origin(database, issuer):
    async with a_scene(database, issuer, seed=4, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        params = {"agency": "45", "from": "2019-08-13", "to": "2020-03-17", "group_by": "agency"}
        report = (await scene.client.get("/v1/reports/resolution", params=params)).json()
        answer = await scene.client.get("/v1/reports/resolution", params={**params, "format": "csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        lines = list(csv.DictReader(StringIO(answer.text)))
        assert lines[-1]["key"] == "total"
        for line, row in zip(lines, [*report["rows"], report["total"]], strict=True):
            assert {name: int(line[name]) for name in COUNT_NAMES} == figures(row)
            assert (line["on_time_rate"] or None) == row["on_time_rate"]
            assert (line["from"], line["to"], line["synthetic"]) == ("2019-08-13", "2020-03-17", "false")


async def test_the_typed_client_reads_it(database, issuer):
    async with a_scene(database, issuer, seed=5, dossiers=10) as scene:
        await write(scene.owner, scene.histories)
        client = StatsClient(scene.client, "http://room")
        query = {"agency": "45", "from": "2019-08-13", "to": "2020-03-17", "group_by": "tree"}
        report = await client.resolution(ReportQuery.model_validate(query))
        assert report.rows[0].own is not None
        assert report.total.received == report.rows[0].received
        assert [definition.name for definition in (await client.definitions()).items][:16] == list(COUNT_NAMES)
