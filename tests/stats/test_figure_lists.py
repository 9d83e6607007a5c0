"""Every figure opens: its list is as long as the figure says, and holds the very dossiers that the recount finds."""

import csv
import json
from datetime import date
from io import StringIO

import httpx
import pytest

from shared.contracts.stats import COUNT_NAMES, ListedDossier
from stats_service.counts.usecases import fold_once
from tests.builders_log import write
from tests.stats.recounts import members
from tests.stats.scenes import PERIODS, a_scene


@pytest.mark.parametrize("seed", [11, 12])
async def test_every_figure_of_every_row_has_its_list(database, issuer, seed):
    async with a_scene(database, issuer, seed=seed, dossiers=150) as scene:
        await write(scene.owner, scene.histories)
        await fold_once(scene.stats, limit=200)
        a, b = PERIODS[0]
        asked = {"first": a, "last": b}
        whole = await scene.report(**asked)
        for figure in COUNT_NAMES:
            listed = await scene.listed(figure=figure, limit=17, **asked)
            codes = [item["code"] for item in listed]
            assert len(codes) == len(set(codes)) == whole["total"][figure], figure
            assert set(codes) == members(figure, scene.histories, a, b), figure
        narrowings = {
            "agency": lambda row: {"unit": row["key"], "scope": "own"},
            "tree": lambda row: {"unit": row["key"], "scope": "tree"},
            "level": lambda row: {"level": row["key"]},
            "channel": lambda row: {"channel": row["key"]},
            "sector": lambda row: {"sector": row["key"]},
            "procedure": lambda row: {"procedure": row["key"]},
            "month": lambda row: {"first": row["from"], "last": row["to"]},
        }
        for group_by, narrowed in narrowings.items():
            report = await scene.report(group_by=group_by, **asked)
            opened = 0
            for row in report["rows"]:
                for figure in COUNT_NAMES:
                    if row[figure] or opened < 40:  # of the many zeros, some
                        opened += 1
                        listed = await scene.listed(figure=figure, **{**asked, **narrowed(row)})
                        assert len(listed) == row[figure], (group_by, row["key"], figure)


async def test_an_item_says_what_it_is_and_nothing_personal(database, issuer):
    async with a_scene(database, issuer, seed=13, dossiers=30) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        listed = await scene.listed(figure="to_handle", first=a, last=b)
        for item in listed:
            ListedDossier.model_validate(item)
            assert set(item) == set(ListedDossier.model_fields)
        by_code = {history.code: history for history in scene.histories}
        item = listed[0]
        facts = by_code[item["code"]].events[-1].facts
        assert item["received_day"] == str(facts.received_day)
        assert item["procedure"] == scene.procedures[by_code[item["code"]].version_id][0]


async def test_a_unit_outside_the_tree_is_refused(database, issuer):
    async with a_scene(database, issuer, seed=14, dossiers=0) as scene:
        answer = await scene.client.get(
            "/v1/reports/resolution/dossiers",
            params={"agency": "45", "from": "2019-01-01", "to": "2019-06-30", "figure": "pending", "unit": "QT25-D03"},
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "unit"


async def test_a_whole_list_streams_as_lines(database, issuer):
    async with a_scene(database, issuer, seed=403, dossiers=120) as scene:
        await write(scene.owner, scene.histories)
        pages = await scene.listed(first=PERIODS[0][0], last=PERIODS[0][1], figure="to_handle", limit=13)
        params = {"agency": "45", "from": str(PERIODS[0][0]), "to": str(PERIODS[0][1]), "figure": "to_handle"}
        answer = await scene.client.get("/v1/reports/resolution/dossiers", params={**params, "format": "ndjson"})
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        assert [json.loads(line) for line in answer.text.splitlines()] == pages
        answer = await scene.client.get("/v1/reports/resolution/dossiers", params={**params, "format": "csv"})
        lines = list(csv.DictReader(StringIO(answer.text)))
        assert [line["code"] for line in lines] == [item["code"] for item in pages]
        assert list(lines[0]) == list(pages[0])


async def test_a_unit_that_was_not_there_says_who_stands_in_for_it(database, issuer):
    async with a_scene(database, issuer, seed=14, dossiers=200) as scene:
        merged = [unit for unit in scene.tree.by_id.values() if unit.valid_to == date(2019, 12, 31)]
        days = (date(2020, 2, 1), date(2020, 3, 31))
        unit = next(one for one in merged if members("to_handle", scene.of(one.id), *days))
        heir = scene.tree.by_id[next(iter(scene.tree.successors[unit.id]))]
        whole = {"agency": "45", "from": "2020-02-01", "to": "2020-03-31", "figure": "pending_overdue"}

        async def opened(key: str, **more: str) -> httpx.Response:
            return await scene.client.get("/v1/reports/resolution/dossiers", params={**whole, "unit": key, **more})

        key = next(key for key, one in scene.keys(date(2020, 3, 31)).items() if one.id == unit.id)
        for form in ("json", "csv", "ndjson"):
            for scope in ("own", "tree"):
                answer = await opened(key, format=form, scope=scope)
                (error,) = answer.json()["errors"]
                assert (answer.status_code, error["field"], error["code"]) == (422, "unit", "agency_not_in_force")
                assert error["reason"].endswith(f"đơn vị kế thừa: {heir.code}"), error["reason"]
        before = {"from": "2019-08-01", "to": "2019-09-30"}
        came = next(key for key, one in scene.keys(date(2019, 9, 30)).items() if one.id == heir.id)
        if heir.valid_from == date(2020, 1, 1):
            answer = await opened(came, **before)
            assert "đơn vị tiền thân" in answer.json()["errors"][0]["reason"]
        assert (await opened(key, **{"from": "2019-12-01", "to": "2020-03-31"})).json()["items"] == [], "it was there"
        today = await opened("19333", units="today", agency="44")
        assert today.status_code == 200, today.text

        await write(scene.owner, scene.histories)
        report = await scene.report(first=days[0], last=days[1], group_by="agency")
        row = next(row for row in report["rows"] if row["key"] == key)
        assert row["to_handle"] > 0, "what it left behind stands in its row"
        for figure in COUNT_NAMES:
            answer = await opened(key, figure=figure, scope="own", limit="1000")
            assert (answer.status_code, len(answer.json()["items"])) == (200, row[figure]), figure
