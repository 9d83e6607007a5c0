"""Figures that only some definitions need: each is the length of its list, and the very dossiers of the recount."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.contracts.definitions import DEFINITION_IDS, ON_DEMAND_COUNTS
from shared.contracts.stats import ResolutionReport
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import EventKind
from shared.reference.store import read_reference
from stats_service.definitions.rules import NEARLY_DUE_WITHIN
from stats_service.figures.rules import Figures, broken_identities
from tests.builders import a_dossier
from tests.builders_log import instant, recorded_by, write
from tests.stats.recounts import RECOUNTED, on_demand
from tests.stats.scenes import PERIODS, a_scene
from tests.support import PROVINCE, WARD, at

NARROWED = {
    "agency": lambda row: {"unit": row["key"], "scope": "own"},
    "tree": lambda row: {"unit": row["key"], "scope": "tree"},
    "level": lambda row: {"level": row["key"]},
    "channel": lambda row: {"channel": row["key"]},
    "sector": lambda row: {"sector": row["key"]},
    "procedure": lambda row: {"procedure": row["key"]},
    "month": lambda row: {"first": row["from"], "last": row["to"]},
    "channel,month": lambda row: (
        {"channel": row["key"]}
        if row["by"] == "channel"
        else {"channel": row["within"][0], "first": row["from"], "last": row["to"]}
    ),
}


def test_all_but_the_national_ones_are_recounted():
    assert {*RECOUNTED, "national_on_time", "national_overdue"} == set(ON_DEMAND_COUNTS)


@pytest.mark.parametrize("as_of", [None, instant(date(2020, 2, 10), 12)])
async def test_a_list_is_the_recount(database, issuer, as_of):
    async with a_scene(database, issuer, seed=31) as scene:
        await write(scene.owner, scene.histories)
        calendar = (await read_reference(scene.owner)).calendar
        known = [history for h in scene.histories if (history := recorded_by(h, as_of))] if as_of else scene.histories
        more = {"as_of": as_of} if as_of else {}
        for a, b in PERIODS:
            near = calendar.add_working_days(b, NEARLY_DUE_WITHIN)
            for figure in RECOUNTED:
                listed = {item["code"] for item in await scene.listed(figure=figure, first=a, last=b, limit=40, **more)}
                wanted = on_demand(figure, known, a, b, near=near, known_on=civil_day(as_of) if as_of else None)
                assert listed == wanted, (figure, a, b)
        # The seed's lives know each of them, or nothing was shown.
        found = {f for f in RECOUNTED for a, b in PERIODS if on_demand(f, known, a, b, near=b + timedelta(days=9))}
        assert found == set(RECOUNTED)


@pytest.mark.parametrize("group_by", [*NARROWED, "none"])
async def test_a_figure_of_any_row_is_the_length_of_its_list(database, issuer, group_by):
    async with a_scene(database, issuer, seed=32, dossiers=120) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        for definition in ("gia-lai-monthly", "due-in-period", "decision-766"):
            report = await scene.report(group_by=group_by, first=a, last=b, definition=definition)
            ResolutionReport.model_validate(report)
            opened = 0
            for row, narrowed in [(report["total"], {}), *((r, NARROWED[group_by](r)) for r in report["rows"])]:
                for figure, count in row["counts"].items():
                    if count or opened < 10:  # of the many zeros, some
                        opened += 1
                        listed = await scene.listed(figure=figure, **{"first": a, "last": b, **narrowed})
                        assert len(listed) == count, (definition, group_by, row.get("key"), figure)
                figures = {name: row[name] for name in row if name in Figures._fields} | row["counts"]
                assert broken_identities(Figures(**figures)) == []


async def test_every_definition_adds_to_every_row(database, issuer):
    async with a_scene(database, issuer, seed=33, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        plain = await scene.report(group_by="agency", first=a, last=b)
        assert "rates" not in plain["total"]
        for one in DEFINITION_IDS:
            report = await scene.report(group_by="agency", first=a, last=b, definition=one)
            assert report["definition"] == f"{one}/1"
            for row, before in zip([report["total"], *report["rows"]], [plain["total"], *plain["rows"]], strict=True):
                assert {name: row[name] for name in before} == before, "what stood there stands there"
                assert row["rates"]
                for rate in row["rates"].values():
                    assert (rate["value"] is None) == (rate["denominator"] == 0)


async def test_a_year_without_a_calendar_is_said(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        asked = {"agency": "45", "from": "2017-01-01", "to": "2017-12-31"}
        answer = await scene.client.get("/v1/reports/resolution", params={**asked, "definition": "gia-lai-monthly"})
        assert answer.status_code == 422
        assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == ("to", "calendar_missing")
        for more in ({}, {"group_by": "month"}):
            named = {"agency": "45", "period": "2017", "definition": "gia-lai-monthly", **more}
            answer = await scene.client.get("/v1/reports/resolution", params=named)
            assert answer.json()["errors"][0]["field"] == "period", "of days that nobody gave none is to blame"


async def test_the_two_verdicts_of_a_dossier_stand_side_by_side(database, issuer):
    """A second supplement request is late by the national rule, and early here; a restarted term is the other way."""
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        reference = await read_reference(scene.owner)
        ask, answer, finish = EventKind.SUPPLEMENT_REQUESTED, EventKind.SUPPLEMENTED, EventKind.FINISHED
        asked_twice = await a_dossier(
            scene.owner,
            reference,
            agency=WARD,
            accepted=at("Monday 2026-03-02 08:00"),
            happened=[
                (ask, at("Monday 2026-03-02 09:00")),
                (answer, at("Monday 2026-03-02 10:00")),
                (ask, at("Monday 2026-03-02 11:00")),
                (answer, at("Monday 2026-03-02 14:00")),
                (finish, at("Monday 2026-03-02 15:00")),
            ],
        )
        plain = await a_dossier(
            scene.owner,
            reference,
            agency=WARD,
            accepted=at("Monday 2026-03-02 08:00"),
            happened=[(finish, at("Monday 2026-03-02 15:00"))],
        )
        asked: dict[str, Any] = {"agency": WARD, "first": "2026-03-01", "last": "2026-03-31"}
        report = await scene.report(definition="decision-766", **asked)
        total = report["total"]
        assert (total["on_time_rate"], total["national_on_time_rate"]) == ("100.00", "100.00")
        assert total["rates"]["on_time"] == {"value": "50.00", "numerator": 1, "denominator": 2}
        (late,) = await scene.listed(figure="national_overdue", **asked)
        (on_time,) = await scene.listed(figure="national_on_time", **asked)
        assert (late["code"], on_time["code"]) == (asked_twice.code, plain.code)
        assert late["verdict"] in ("early", "on_day")


async def test_on_todays_map_they_are_the_same_dossiers_elsewhere(database, issuer):
    """Communes merged on 1/1/2020 and 1/7/2025: restated, a figure moves with its dossiers, and none is lost."""
    async with a_scene(database, issuer, seed=34, dossiers=120) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        then = await scene.report(first=a, last=b, definition="due-in-period")
        asked: dict[str, Any] = {"agency": PROVINCE, "first": a, "last": b, "units": "today"}
        today = await scene.report(group_by="agency", definition="due-in-period", **asked)
        assert today["total"]["counts"] == then["total"]["counts"]
        opened = 0
        for row in today["rows"]:
            for figure, count in row["counts"].items():
                if count:
                    opened += 1
                    assert len(await scene.listed(figure=figure, unit=row["key"], scope="own", **asked)) == count
        assert opened > 20
        for figure, count in today["total"]["counts"].items():
            assert sum(row["counts"][figure] for row in today["rows"]) == count
