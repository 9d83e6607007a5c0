"""The catalogue: every definition of "on time" in terms of figures, named, sourced, and rounded as it says."""

import csv
from datetime import date
from io import StringIO
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.definitions import DEFINITION_IDS, DefinitionId
from shared.contracts.stats import COUNT_NAMES, RATE_NAMES, StatsClient
from stats_service.figures.rules import ON_DEMAND, ZERO, Figures, summed, terms_of
from stats_service.on_time.rules import BY_ID, ON_TIME, by_definition, made, on_demand
from tests.builders_log import write
from tests.stats.scenes import PERIODS, a_scene


def test_what_can_be_asked_for_is_what_makes_rates():
    assert get_args(DefinitionId) == tuple(one.id for one in ON_TIME if one.kind == "rates")
    assert len({one.id for one in ON_TIME}) == len(ON_TIME) == 9


@pytest.mark.parametrize("one", ON_TIME, ids=lambda one: one.id)
def test_each_is_made_of_figures_and_says_where_it_comes_from(one):
    sums = [sum_ for each in one.rates for sum_ in (each.numerator, each.denominator)]
    sums += [column.formula for column in one.columns if column.formula]
    for sum_ in sums:
        assert {name for _, name in terms_of(sum_)} <= set(Figures._fields), sum_
    assert set(one.counts) <= set(ON_DEMAND)
    for each in one.rates:
        assert each.name in one.formula
    assert all((one.used_by, one.source, one.note))
    assert one.title_vi != one.title_en
    assert (one.kind == "rates") == bool(one.rates)


@given(st.lists(st.integers(0, 10**6), min_size=7, max_size=7))
def test_the_columns_of_the_766_report_add_up(parts):
    """Whatever the figures, what that software calls received is what it calls resolved, in process and paused."""
    early, on_day, late, in_term, overdue, paused_in_term, paused_overdue = parts
    row = ZERO._replace(
        to_handle=sum(parts),
        resolved=early + on_day + late,
        pending=in_term + overdue + paused_in_term + paused_overdue,
        pending_in_term=in_term + paused_in_term,
        pending_overdue=overdue + paused_overdue,
        pending_paused=paused_in_term + paused_overdue,
        pending_paused_overdue=paused_overdue,
    )
    of = {
        column.name: summed(column.formula, row._asdict())
        for column in BY_ID["decision-766-columns"].columns
        if column.formula
    }
    assert of["tongTiepNhan"] == of["tongDaXuLy"] + of["tongDangXuLy"] + of["tongTamDungXuLy"]
    assert (of["dangXuLyTrongHan"], of["dangXuLyQuaHan"]) == (in_term, overdue)
    assert (of["tamDungXuLyTrongHan"], of["tamDungXuLyQuaHan"]) == (paused_in_term, paused_overdue)


def test_gia_lai_takes_the_rounded_late_from_a_hundred():
    """1 of 800 is 0.125 %: late 0.13, on time 99.87. Rounded on its own it would be 99.88."""
    row = ZERO._replace(to_handle=800, resolved_late=1)
    rates = made(BY_ID["gia-lai-monthly"], row._asdict())
    assert rates == {"late": ("0.13", 1, 800), "on_time": ("99.87", 799, 800)}
    assert made(BY_ID["gia-lai-monthly"], ZERO._asdict()) == {"late": (None, 0, 0), "on_time": (None, 0, 0)}


def test_what_has_no_term_is_a_share_of_its_own():
    row = ZERO._replace(resolved=8, resolved_early=3, resolved_on_day=4, resolved_late=1, resolved_without_term=2)
    rates = made(BY_ID["three-shares"], row._asdict())
    assert {name: value for name, (value, _, _) in rates.items()} == {
        "early": "37.5",
        "on_day": "25.0",
        "late": "12.5",
        "without_term": "25.0",
    }


def test_most_need_no_more_than_every_report_holds():
    needs = {one.id: on_demand(one) for one in ON_TIME if one.kind == "rates" and on_demand(one)}
    assert set(needs) == {"gia-lai-monthly", "due-in-period", "decision-766"}
    assert by_definition(None, ZERO) == {}


async def test_the_catalogue_is_public(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        del scene.client.headers["Authorization"]
        told = await StatsClient(scene.client, "http://room").definitions()
        assert [one.name for one in told.items] == [*COUNT_NAMES, *RATE_NAMES]
        assert [one.name for one in told.on_demand] == list(ON_DEMAND)
        assert [one.id for one in told.on_time] == [one.id for one in ON_TIME]
        assert {one.id for one in told.on_time if not one.confirmed} == {
            "due-in-period",
            "decision-766",
            "decision-766-columns",
        }


async def test_an_unknown_one_is_refused_with_those_there_are(database, issuer):
    async with a_scene(database, issuer, seed=0, dossiers=0) as scene:
        asked = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30", "definition": "by-feeling"}
        answer = await scene.client.get("/v1/reports/resolution", params=asked)
        (reason,) = answer.json()["errors"]
        assert (answer.status_code, reason["field"], reason["code"]) == (422, "definition", "not_one_of")
        assert all(one in reason["reason"] for one in DEFINITION_IDS)
        assert "by-feeling" not in answer.text


async def test_a_csv_carries_the_same_rates(database, issuer):
    async with a_scene(database, issuer, seed=41, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        a, b = PERIODS[0]
        asked = {"first": a, "last": b, "group_by": "agency", "definition": "due-in-period"}
        report = await scene.report(**asked)
        params = {"agency": "45", "from": str(a), "to": str(b), "group_by": "agency", "definition": "due-in-period"}
        answer = await scene.client.get("/v1/reports/resolution", params={**params, "format": "csv"})
        lines = list(csv.DictReader(StringIO(answer.text)))
        for line, row in zip(lines, [*report["rows"], report["total"]], strict=True):
            assert line["definition"] == "due-in-period/1"
            assert (line["rates.on_time.value"] or None) == row["rates"]["on_time"]["value"]
            assert int(line["rates.late.numerator"]) == row["rates"]["late"]["numerator"]
            assert {name: int(line[f"counts.{name}"]) for name in row["counts"]} == row["counts"]


async def test_what_is_finished_in_an_earlier_month_than_it_falls_due(database, issuer):
    """It fell due in the whole period, and in none of its months: in its own it was no longer to be handled."""
    async with a_scene(database, issuer, seed=42, dossiers=300) as scene:
        await write(scene.owner, scene.histories)
        asked = {"first": date(2019, 7, 1), "last": date(2020, 4, 30), "definition": "due-in-period"}
        report = await scene.report(group_by="month", **asked)
        by_month = sum(row["counts"]["due_in_period"] for row in report["rows"])
        due = await scene.listed(figure="due_in_period", first=asked["first"], last=asked["last"])
        before = [item for item in due if item["finished_day"] and item["finished_day"][:7] < item["due_day"][:7]]
        assert before
        assert report["total"]["counts"]["due_in_period"] == len(due) == by_month + len(before)
