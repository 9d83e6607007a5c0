"""Số liệu quy về đơn vị hiện nay: the figures of units that are no more, in the rows of their heirs. Quảng Trị merged
communes on 1/1/2020 and 1/3/2025, and all of them, with the province, on 1/7/2025."""

from datetime import date
from typing import Any

from shared.contracts.stats import COUNT_NAMES, ResolutionReport
from shared.domain.agencies import Agency, AgencyTree
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from stats_service.counts.usecases import fold_once
from stats_service.units.rules import on_todays_map
from tests.builders_log import instant, write
from tests.domain.builders import a_tree, a_unit, day
from tests.stats.cases import a_reorganisation
from tests.stats.recounts import counts
from tests.stats.scenes import PERIODS, Scene, a_scene

TODAY = day("Thursday 2026-11-26")


def heirs_today(tree: AgencyTree, unit: Agency, today: date) -> set[str]:
    """Told anew: the codes of those in force that its successors lead to."""
    if unit.in_force(today):
        return {unit.code}
    return {code for one in tree.successors.get(unit.id, ()) for code in heirs_today(tree, tree.by_id[one], today)}


def row_of(scene: Scene, agency: int, today: date) -> str:
    """The key of the row of today in which the dossiers of an agency stand."""
    unit = scene.tree.by_id[agency]
    found = heirs_today(scene.tree, unit, today)
    return found.pop() if len(found) == 1 else unit.code


def figures(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in COUNT_NAMES}


async def test_each_unit_of_today_has_what_it_succeeded(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=201, dossiers=200) as scene:
        await write(scene.owner, scene.histories)
        await fold_once(scene.stats, limit=300)
        today = civil_day(now())
        for first, last in PERIODS:
            then = await scene.report(first=first, last=last, group_by="agency")
            report = await scene.report(first=first, last=last, group_by="agency", units="today")
            ResolutionReport.model_validate(report)
            assert (then["units"], report["units"]) == ("then", "today")
            assert report["total"] == then["total"]
            rows = {row["key"]: row for row in report["rows"]}
            assert all("divided" not in row for row in then["rows"])
            for key in {row_of(scene, h.events[-1].facts.agency_id, today) for h in scene.histories}:
                mine = [h for h in scene.histories if row_of(scene, h.events[-1].facts.agency_id, today) == key]
                straight = counts(mine, first, last)
                assert figures(rows[key]) == straight if key in rows else not any(straight.values()), key
            # Communes that were merged twice stand in one of today; the province in its successor.
            merged = [scene.tree.by_id[h.events[-1].facts.agency_id] for h in scene.histories]
            assert any(unit.valid_to == date(2019, 12, 31) for unit in merged)
            assert rows["44"]["in_force"]
            assert not {unit.code for unit in merged if unit.valid_to == date(2019, 12, 31)} & set(rows)
            tree = await scene.report(first=first, last=last, group_by="tree", units="today")
            assert figures(tree["rows"][0]) == figures(report["total"])
            assert tree["rows"][0]["key"] == "44"


async def test_every_row_of_todays_map_opens(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=202, dossiers=150) as scene:
        await write(scene.owner, scene.histories)
        first, last = PERIODS[0]
        asked: dict[str, Any] = {"first": first, "last": last, "units": "today"}
        moved = await some_districts_dossiers_moved(scene)
        assert len(moved) > 3
        for group_by, scope in (("agency", "own"), ("tree", "tree"), ("agency,procedure", "own")):
            report = await scene.report(group_by=group_by, **asked)
            assert report["total"] == (await scene.report(first=first, last=last))["total"]
            for row in report["rows"]:
                if not row["to_handle"]:
                    continue
                inner = (
                    {"unit": row["key"]}
                    if not row.get("within")
                    else {
                        "unit": row["within"][0],
                        "procedure": row["key"],
                    }
                )
                for figure in ("to_handle", "resolved", "resolved_late", "pending", "pending_overdue", "received_post"):
                    listed = await scene.listed(figure=figure, scope=scope, limit=7, **inner, **asked)
                    assert len(listed) == row[figure], (row["key"], figure)


async def test_where_a_case_is_known_to_have_gone_its_dossier_goes(database: Any, issuer: Any) -> None:
    """The districts ended on 1/7/2025 and nobody succeeded them: what a reorganisation moved stands with the receiver,
    the rest in rows of their own."""
    async with a_scene(database, issuer, seed=203, dossiers=200) as scene:
        await write(scene.owner, scene.histories)
        await fold_once(scene.stats, limit=300)
        moved = await some_districts_dossiers_moved(scene)
        today = civil_day(now())
        for first, last in PERIODS:
            for more in ({}, {"as_of": now()}):
                report = await scene.report(first=first, last=last, group_by="agency", units="today", **more)
                rows = {row["key"]: row for row in report["rows"]}
                for key in {
                    *moved.values(),
                    *(row_of(scene, h.events[-1].facts.agency_id, today) for h in scene.histories),
                }:
                    mine = [
                        h
                        for h in scene.histories
                        if moved.get(h.code, row_of(scene, h.events[-1].facts.agency_id, today)) == key
                    ]
                    straight = counts(mine, first, last)
                    assert figures(rows[key]) == straight if key in rows else not any(straight.values()), key
                assert report["total"] == (await scene.report(first=first, last=last))["total"]
        first, last = PERIODS[0]
        early = await scene.report(
            first=first, last=last, group_by="agency", units="today", as_of="2025-07-10T08:00:00+07:00"
        )
        kept = {row["key"]: row["to_handle"] for row in early["rows"]}
        assert not any(kept.get(key) for key in moved.values()), "nobody knew yet that they would be moved"


async def some_districts_dossiers_moved(scene: Scene) -> dict[str, str]:
    """Moves the cases of every other dossier of a district to a ward of today: dossier code → the ward's code."""
    heirs = {row_of(scene, unit.id, TODAY) for unit in scene.keys(TODAY).values() if unit.level == "commune"}
    wards = [unit for unit in scene.tree.in_force(TODAY) if unit.code in heirs][:2]
    of_districts = [h for h in scene.histories if scene.tree.by_id[h.events[-1].facts.agency_id].level == "district"]
    moves = {h.code: (h, wards[n % 2]) for n, h in enumerate(of_districts[::2])}
    await a_reorganisation(scene, {code: (h, ward.id) for code, (h, ward) in moves.items()}, instant(date(2025, 7, 15)))
    return {code: ward.code for code, (_, ward) in moves.items()}


OLD = a_unit(1, "45", until="2025-06-30")
NEW = a_unit(2, "44", since="2025-07-01")
SPLIT = a_unit(10, "19528", under=1, until="2019-12-31")
LEFT = a_unit(11, "19501", under=1, since="2020-01-01", until="2025-06-30")
RIGHT = a_unit(12, "19502", under=1, since="2020-01-01", until="2025-06-30")
WEST = a_unit(20, "19496", under=2, since="2025-07-01")
EAST = a_unit(21, "19497", under=2, since="2025-07-01")
SPLIT_BETWEEN = [(1, 2), (10, 11), (10, 12), (11, 20)]


def test_one_heir_at_any_distance_takes_all() -> None:
    tree = a_tree(OLD, NEW, SPLIT, LEFT, RIGHT, WEST, EAST, successions=[*SPLIT_BETWEEN, (12, 20)])
    found = on_todays_map(tree, OLD, TODAY)
    assert found.shown_at == {1: 2, 10: 20, 11: 20, 12: 20}
    assert [(unit.key, unit.depth, unit.divided) for unit in found.units] == [("44", 0, False), ("19496", 1, False)]
    assert not found.open


def test_among_several_heirs_nobody_is_chosen() -> None:
    tree = a_tree(OLD, NEW, SPLIT, LEFT, RIGHT, WEST, EAST, successions=[*SPLIT_BETWEEN, (12, 21)])
    found = on_todays_map(tree, OLD, TODAY)
    assert found.shown_at == {1: 2, 10: 10, 11: 20, 12: 21}
    assert {unit.key: unit.divided for unit in found.units} == {
        "44": False,
        "19496": False,
        "19497": False,
        "19528": True,
    }
    assert found.open == {10}
    assert found.place(10) == 10
    assert found.place(10, 12) == 21, "the case went to the unit of 2020 whose heir is the east"
    assert found.place(10, 20) == 20
    assert found.place(10, 99) == 10, "to a unit that has no row"


async def test_a_code_of_today_means_the_unit_of_today(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=204, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        first, last = PERIODS[0]
        old = await scene.report(first=first, last=last)
        new = await scene.report(first=first, last=last, agency="44", units="today")
        assert new["total"] == old["total"]
        params = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30", "figure": "pending", "units": "today"}
        today = civil_day(now())
        merged = next(
            unit
            for unit in scene.tree.by_id.values()
            if unit.valid_to == date(2019, 12, 31) and scene.tree.on(unit.code, today) is None
        )
        answer = await scene.client.get("/v1/reports/resolution/dossiers", params={**params, "unit": merged.code})
        reason = answer.json()["errors"][0]
        assert (reason["field"], reason["code"]) == ("unit", "agency_not_in_force")
        assert row_of(scene, merged.id, today) in reason["reason"], "who stands in for it"


async def test_a_unit_that_was_not_there_yet_is_refused(database: Any, issuer: Any) -> None:
    async with a_scene(database, issuer, seed=205, dossiers=0) as scene:
        params = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30", "figure": "pending"}
        known = next(
            unit
            for unit in scene.tree.by_id.values()
            if unit.valid_from == date(2025, 7, 1)
            and len(scene.tree.known(unit.code)) == 1
            and unit.level == "province"
            and unit.code != "44"
        )
        answer = await scene.client.get("/v1/reports/resolution/dossiers", params={**params, "unit": known.code})
        assert answer.json()["errors"][0]["code"] == "agency_not_in_force"
        own = {"agency": "19333", "from": "2026-01-01", "to": "2026-03-31", "figure": "pending", "unit": known.code}
        answer = await scene.client.get("/v1/reports/resolution/dossiers", params=own)
        assert answer.json()["errors"][0]["code"] == "not_within_agency"
