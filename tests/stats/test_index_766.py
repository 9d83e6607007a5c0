"""Bộ chỉ số theo Quyết định 766: the formulas give what the national portal printed, and an agency's index says what it
is made of, what it cannot tell, and why.

The rows are of Phú Thọ, August 2026, as the national portal's reporting API gave them on 2026-09-26.
"""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from shared.contracts.index_766 import Index766Report
from shared.domain.civil_time import civil_day
from shared.domain.lifecycle import Channel, EventKind
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.problems import Problem
from shared.web.settings import SettingsMissing
from stats_service.app import create_app
from stats_service.index_766 import rule_file
from stats_service.index_766.rule_file import ScoreRule, rule_versions
from stats_service.index_766.rules import (
    GroupScore,
    Measured,
    MetricScore,
    group_scored,
    half_up,
    index_period,
    months_of_year,
    points_added,
    share_scored,
)
from tests.builders import a_dossier
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for

REPORT = "/v1/reports/index-766"
OCTOBER = {"agency": PROVINCE, "period": "2025-10"}
(RULES,) = rule_versions(None)
GROUPS = {group.code: group for group in RULES.groups}
METRICS = {metric.code: metric for group in RULES.groups for metric in group.metrics}


def scored(code: str, numerator: int, denominator: int) -> MetricScore:
    """An indicator of the rules that come with the product, as if its numbers were known."""
    rule = METRICS[code]
    assert rule.max is not None
    ratio, score = share_scored(rule.rule, rule.max, numerator, denominator)
    return MetricScore(rule, Measured(numerator, denominator), ratio, score, None)


def printed(value: Decimal | None) -> float | None:
    """As the portal prints numbers."""
    return float(value) if value is not None else None


def of(group: str, numbers: dict[str, tuple[int, int]]) -> GroupScore:
    return group_scored(GROUPS[group], [scored(code, *pair) for code, pair in numbers.items()])


@pytest.mark.parametrize(
    ("unit", "on_time", "received", "ratio", "score"),
    [
        ("H44", 144_625, 184_513, 78.38, 15.68),
        ("H44.01", 0, 0, None, 0),  # nothing to divide by: the portal prints the share as 0, and so is the score
        ("H44.03", 486, 588, 82.65, 16.53),
        ("H44.07", 332, 482, 68.88, 13.78),
        ("H44.08", 207, 326, 63.5, 12.7),
        ("H44.13", 0, 2, 0, 0),
        ("H44.100", 2348, 2971, 79.03, 15.81),
        ("H44.101", 1415, 1780, 79.49, 15.9),
        ("H44.102", 1360, 1770, 76.84, 15.37),
        ("H44.103", 2134, 2645, 80.68, 16.14),
        ("H44.104", 854, 1270, 67.24, 13.45),
        ("H44.105", 939, 1038, 90.46, 18.09),
        ("H44.108", 1511, 1610, 93.85, 18.77),
        ("H44.117", 783, 851, 92.01, 18.4),
        ("H44.142", 774, 866, 89.38, 17.88),
    ],
)
def test_progress_as_the_portal_scores_it(unit, on_time, received, ratio, score):
    found = scored("DOSSIER_ON_TIME", on_time, received)
    assert (printed(found.ratio), printed(found.score)) == (ratio, score), unit


#: unit, paid online, with an obligation, procedures paid online, integrated, with a fee, score
PAYMENT = [
    ("H44", 82913, 98459, 93, 56, 310, 6.25),
    ("H44.03", 7, 7, 2, 0, 3, 7.67),
    ("H44.07", 44, 44, 7, 0, 8, 8.0),
    ("H44.100", 1516, 1707, 12, 7, 35, 6.69),
    ("H44.101", 851, 938, 9, 4, 35, 6.37),
    ("H44.102", 621, 754, 12, 6, 36, 6.19),
    ("H44.103", 1491, 1651, 7, 6, 31, 6.46),
    ("H44.104", 446, 522, 9, 5, 34, 6.16),
    ("H44.105", 765, 912, 12, 6, 36, 6.28),
    ("H44.106", 1089, 1284, 15, 9, 36, 6.76),
    ("H44.107", 887, 1014, 12, 6, 36, 6.5),
    ("H44.108", 1310, 1429, 18, 11, 37, 7.46),
    ("H44.119", 790, 813, 14, 8, 36, 7.36),
    ("H44.117", 363, 506, 12, 7, 35, 5.66),
]


@pytest.mark.parametrize(("unit", "paid", "owed", "online", "integrated", "fees", "score"), PAYMENT)
def test_payment_as_the_portal_scores_it(unit, paid, owed, online, integrated, fees, score):
    found = of(
        "TTTT",
        {
            "PAYMENT_DOSSIERS": (paid, owed),
            "PAYMENT_PROCEDURES": (online, fees),
            "PAYMENT_INTEGRATED": (integrated, fees),
        },
    )
    assert printed(found.points.score) == score, unit


def test_the_cap_on_the_third_part_of_payment_is_data():
    """The formula first recovered, 6A + min(2, 2.5B) + 2.5C, has none; the later statement caps C at 2."""
    capped = METRICS["PAYMENT_INTEGRATED"].rule
    assert capped.capped
    free = capped.model_copy(update={"capped": False})
    assert share_scored(capped, Decimal(2), 9, 10) == (Decimal("90.00"), Decimal("2.00"))
    assert share_scored(free, Decimal(2), 9, 10) == (Decimal("90.00"), Decimal("2.25"))
    assert share_scored(free, Decimal(2), 7, 10) == share_scored(capped, Decimal(2), 7, 10)


def test_transparency_counts_what_has_no_denominator_as_nothing_and_keeps_the_maximum():
    found = of(
        "CKMB",
        {
            "PUBLISH_ON_TIME": (0, 0),
            "PUBLIC_UPDATE_ON_TIME": (0, 0),
            "PUBLIC_CONTENT_FULL": (87, 89),
            "DOSSIER_SYNC": (138_744, 138_744),
        },
    )
    assert [(printed(each.ratio), printed(each.score)) for each in found.metrics] == [
        (None, None),
        (None, None),
        (97.75, 1.96),
        (100, 6),
    ]
    assert (printed(found.points.score), printed(found.points.max), printed(found.points.ratio)) == (7.96, 18, 44.22)


@pytest.mark.parametrize(
    ("numbers", "scores", "total", "ratio"),
    [
        (((144_574, 184_513), (182, 247), (137, 247)), [5.22, 4.42, 3.33], 12.97, 72.06),
        (((0, 0), (0, 0), (0, 0)), [0, 6, 6], 12, 66.67),  # no dossier scores nothing, no petition everything
        (((486, 588), (0, 0), (0, 0)), [5.51, 6, 6], 17.51, 97.28),
        (((332, 482), (0, 0), (0, 0)), [4.59, 6, 6], 16.59, 92.17),
        (((205, 326), (3, 3), (3, 3)), [4.19, 6, 6], 16.19, 89.94),
        (((1660, 2079), (2, 2), (0, 2)), [5.32, 6, 0], 11.32, 62.89),
        (((939, 1038), (0, 0), (0, 0)), [6, 6, 6], 18, 100),  # above the 90 % that give full marks
    ],
)
def test_satisfaction_as_the_portal_scores_it(numbers, scores, total, ratio):
    codes = ("DOSSIER_RECEIVING_SATISFACTION", "PETITION_PROCESSING_ON_TIME", "PETITION_HANDLING_SATISFACTION")
    found = of("MDHL", dict(zip(codes, numbers, strict=True)))
    assert [printed(each.score) for each in found.metrics] == scores
    assert (printed(found.points.score), printed(found.points.ratio)) == (total, ratio)


@pytest.mark.parametrize(
    ("numbers", "scores", "total", "ratio"),
    [
        (
            ((133_274, 184_513), (21_233, 184_513), (3160, 184_513), (0, 184_513), (85_644, 184_513), (297, 1301)),
            [4.33, 0.46, 0.04, 0, 0.93, 0.46, 2],
            8.22,
            37.36,
        ),
        (((0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 3)), [None, None, None, None, None, 0, 2], 2, 9.09),
        (
            ((385, 588), (312, 588), (0, 588), (0, 588), (588, 588), (10, 42)),
            [3.93, 2.12, 0, 0, 2, 0.48, 2],
            10.53,
            47.86,
        ),
        (
            ((291, 326), (261, 326), (0, 326), (0, 326), (326, 326), (7, 39)),
            [5.36, 3.2, 0, 0, 2, 0.36, 2],
            12.92,
            58.73,
        ),
        (
            ((2469, 2971), (479, 2971), (35, 2971), (0, 2971), (1137, 2971), (46, 385)),
            [4.99, 0.64, 0.03, 0, 0.77, 0.24, 2],
            8.67,
            39.41,
        ),
    ],
)
def test_digitisation_as_the_portal_scores_it(numbers, scores, total, ratio):
    codes = (
        "ORIGINAL_RESULT_AVAILABLE",
        "SO_HOA_GIAY_TO_GIAI_QUYET",
        "REUSED_DIGITIZED_DATA",
        "SYNCED_WITH_DVCQG_PERSONAL_STORAGE",
        "CITIZEN_DATA_CONNECTED_DOSSIER",
        "CITIZEN_DATA_CONNECTED_FORMALITY",
    )
    # The portal gives certified copies as 100 % without their numbers.
    found = of("MDSH", {**dict(zip(codes, numbers, strict=True)), "ELECTRONIC_CERTIFIED_COPY": (1, 1)})
    assert [printed(each.score) for each in found.metrics] == scores
    assert (printed(found.points.score), printed(found.points.ratio)) == (total, ratio)


def test_a_score_of_a_group_needs_all_of_it_and_says_how_much_it_has():
    missing = MetricScore(METRICS["PETITION_PROCESSING_ON_TIME"], None, None, None, UNKNOWN)
    found = group_scored(GROUPS["MDHL"], [scored("DOSSIER_RECEIVING_SATISFACTION", 9, 10), missing])
    assert (found.points.score, found.points.computed) == (None, Decimal("6.00"))
    assert (found.points.max, found.points.max_computed) == (Decimal(18), Decimal(6))
    whole = of("TDGQ", {"DOSSIER_ON_TIME": (1, 2)})
    together = points_added([found, whole])
    assert (together.score, together.computed, together.max) == (None, Decimal("16.00"), Decimal(38))
    assert points_added([whole]).score == Decimal("10.00")


class _Unknown:
    code, why_vi, why_en = "no_data", "không có", "none"


UNKNOWN: Any = _Unknown()


def test_rounded_half_up_once():
    rule = ScoreRule(kind="share")
    assert share_scored(rule, Decimal(2), 1, 1600) == (Decimal("0.06"), Decimal("0.00"))
    assert share_scored(rule, Decimal(20), 1, 4000) == (Decimal("0.03"), Decimal("0.01"))  # 0.005: not half-even
    assert half_up(_fraction("2.675")) == Decimal("2.68")  # a float would say 2.67


def _fraction(text: str) -> Any:
    from fractions import Fraction

    return Fraction(text)


def test_the_rules_are_the_hundred_points_and_nothing_of_them_is_called_confirmed():
    assert {group.code: int(group.max) for group in RULES.groups} == {
        "CKMB": 18,
        "TDGQ": 20,
        "DVTT": 12,
        "TTTT": 10,
        "MDHL": 18,
        "MDSH": 22,
    }
    assert not RULES.confirmed
    assert not any(metric.confirmed for metric in METRICS.values())
    assert sorted({metric.no for metric in METRICS.values()}) == list(range(1, 25))


TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2026", date(2026, 1, 1), TODAY),  # a year, half or quarter that runs is taken up to today
        ("2026-H2", date(2026, 7, 1), TODAY),
        ("2026-Q4", date(2026, 10, 1), TODAY),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_a_period_by_its_name(name, first, last):
    found = index_period(name, None, None, TODAY)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    ("name", "today", "code"),
    [
        ("2026-11", TODAY, "month_not_ended"),
        ("2026-11", date(2026, 11, 30), "month_not_ended"),  # its last day is not over
        ("2026-12", TODAY, "period_in_future"),
        ("2027", TODAY, "period_in_future"),
    ],
)
def test_a_month_is_there_once_it_has_ended(name, today, code):
    with pytest.raises(Problem) as refused:
        index_period(name, None, None, today)
    assert [reason.code for reason in refused.value.reasons] == [code]
    assert index_period("2026-11", None, None, date(2026, 12, 1)).last == date(2026, 11, 30)


def test_the_chart_has_the_months_of_one_year():
    months = months_of_year(index_period(None, date(2025, 12, 21), date(2026, 2, 20), TODAY))
    assert [(each.first, each.last) if each else None for each in months] == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 20)),
        *[None] * 10,
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(database, issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A ward, a department and the province itself, in October 2025."""
    owner = await asyncpg.connect(database.owner_url)
    reference = await read_reference(owner)
    done = EventKind.FINISHED
    for agency, channel, accepted, finished in (
        (WARD, Channel.COUNTER, "Monday 2025-10-06 08:00", "Tuesday 2025-10-07 16:00"),  # on the day
        (WARD, Channel.ONLINE, "Monday 2025-10-06 08:00", "Wednesday 2025-10-08 08:00"),  # late
        (WARD, Channel.ONLINE, "Friday 2025-10-31 08:00", None),  # open, due on Monday 3/11
        (WARD, Channel.COUNTER, "Monday 2025-09-29 08:00", None),  # carried over, late
        (JUSTICE, Channel.POST, "Monday 2025-10-13 08:00", "Tuesday 2025-10-14 08:00"),
        (JUSTICE, Channel.COUNTER, "Monday 2025-09-01 08:00", "Wednesday 2025-09-03 08:00"),  # over before
        (PROVINCE, Channel.COUNTER, "Monday 2025-10-20 08:00", "Friday 2025-10-24 08:00"),  # late
    ):
        happened = [(done, finished)] if finished else []
        await a_dossier(
            owner,
            reference,
            accepted=accepted,
            agency=agency,
            channel=channel,
            procedure=REGISTER_COPY,
            happened=happened,
        )
    await owner.close()
    async with serving(create_app(settings_for(database, issuer))) as made:
        made.headers.update(bearer(issuer, "leader", PROVINCE))
        yield made


async def asked(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    params = {name: value for name, value in {**OCTOBER, **changed}.items() if value is not None}
    answer = await client.get(REPORT, params=params)
    assert answer.status_code == 200, answer.text
    Index766Report.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def metric_of(report: dict[str, Any], code: str) -> dict[str, Any]:
    return next(metric for group in report["groups"] for metric in group["metrics"] if metric["code"] == code)


async def test_progress_is_the_national_count(client):
    report = await asked(client)
    assert report["progress"] == {
        "received": 6,
        "on_time": 3,
        "overdue": 3,
        "completed": 4,
        "ratio": "50.00",
        "averages": [{"unit": "working_day", "dossiers": 4, "average": "2.00"}],
    }
    group = next(group for group in report["groups"] if group["code"] == "TDGQ")
    assert (group["score"], group["max"], group["ratio"]) == ("10.00", "20.00", "50.00")
    metric = metric_of(report, "DOSSIER_ON_TIME")
    assert (metric["numerator"], metric["denominator"], metric["score"]) == (3, 6, "10.00")
    assert (metric["unavailable"], metric["confirmed"], metric["rule_version"]) == (None, False, "766/1")


async def test_what_cannot_be_known_is_null_with_its_reason_and_never_zero(client):
    report = await asked(client)
    total = report["total"]
    assert (total["score"], total["ratio"]) == (None, None)
    assert (total["computed"], total["max_computed"], total["max_unavailable"]) == ("10.00", "20.00", "80.00")
    for group in report["groups"]:
        if group["code"] != "TDGQ":
            assert (group["score"], group["computed"]) == (None, None), group["code"]
        for metric in group["metrics"]:
            assert (metric["score"] is None) == (metric["unavailable"] is not None), metric["code"]
            if metric["unavailable"] and metric["unavailable"]["code"] == "no_data":
                assert (metric["numerator"], metric["denominator"], metric["ratio"]) == (None, None, None)
    assert metric_of(report, "DOSSIER_RECEIVING_SATISFACTION")["unavailable"]["code"] == "no_data"


async def test_channels_have_numbers_and_no_score(client):
    metric = metric_of(await asked(client), "ONLINE_CHANNEL")
    assert (metric["numerator"], metric["denominator"], metric["ratio"], metric["score"]) == (2, 5, "40.00", None)
    assert metric["parts"] == {"online": 2, "counter": 2, "post": 1}
    assert metric["unavailable"]["code"] == "formula_unknown"


async def test_procedures_offered_online_are_of_the_units_levels(client):
    province = metric_of(await asked(client), "ONLINE_PROCEDURES")
    ward = metric_of(await asked(client, agency=WARD), "ONLINE_PROCEDURES")
    assert 0 < ward["numerator"] <= ward["denominator"] < province["denominator"]
    assert 0 < province["parts"]["level_not_known"] <= province["denominator"]
    department = metric_of(await asked(client, agency=JUSTICE), "ONLINE_PROCEDURES")
    assert (department["numerator"], department["unavailable"]["code"]) == (None, "no_data")


async def test_the_units_below_add_up_to_the_agency(client):
    report = await asked(client)
    rows = {(row["key"], row["own"]): row for row in report["children"]}
    assert rows[WARD, False]["progress"]["received"] == 4
    assert rows[WARD, False]["channels"] == {"online": 2, "counter": 1, "post": 0}
    assert rows[JUSTICE, False]["total"]["computed"] == "20.00"
    assert rows[PROVINCE, True]["progress"]["overdue"] == 1
    for name in ("received", "on_time", "overdue", "completed"):
        assert sum(row["progress"][name] for row in report["children"]) == report["progress"][name]
    idle = [row for row in report["children"] if not row["progress"]["received"]]
    assert idle
    assert {(row["progress"]["ratio"], row["total"]["computed"]) for row in idle} == {(None, "0.00")}
    assert {group["ratio"] for row in idle for group in row["groups"] if group["code"] == "TDGQ"} == {None}


async def test_units_of_one_level(client):
    everyone = (await asked(client))["children"]
    by_level = {level: (await asked(client, level=level))["children"] for level in ("province", "commune")}
    assert [len(rows) > 1 for rows in by_level.values()] == [True, True]
    assert {row["level"] for row in by_level["commune"]} == {"commune"}
    assert sum(map(len, by_level.values())) == len(everyone)


async def test_a_commune_is_scored_as_one_and_what_is_not_for_it_says_so(client):
    report = await asked(client, agency=WARD)
    assert (report["level"], report["scored_as"], report["children"]) == ("commune", "commune", [])
    for code in ("FULL_ONLINE_DOSSIERS", "CITIZEN_DATA_CONNECTED_DOSSIER"):
        assert metric_of(report, code)["unavailable"]["code"] == "not_applicable"
    assert report["total"]["computed"] == "10.00"  # two of four


async def test_twelve_months_and_null_outside_the_period(client):
    quarter = await asked(client, period=None, **{"from": "2025-09-01", "to": "2025-10-31"})
    months = {each["month"]: each for each in quarter["months"]}
    assert list(months) == [f"2025-{number:02d}" for number in range(1, 13)]
    assert [each["received"] for each in months.values()] == [None] * 8 + [2, 6] + [None] * 2
    october = (await asked(client))["months"][9]
    assert (
        months["2025-10"]
        == october
        == {
            "month": "2025-10",
            "received": 6,
            "on_time_rate": "50.00",
            "overdue_rate": "50.00",
        }
    )
    assert (
        months["2025-09"]["on_time_rate"] == "100.00"
    )  # at its end: open and due that day; due on 3/9 after the holiday


async def test_as_recorded_then(client):
    then = await asked(client, as_of="2025-10-07T08:00:00+07:00")
    assert (then["basis"], then["progress"]["received"], then["progress"]["on_time"]) == ("as_recorded_then", 3, 2)
    assert (await asked(client))["basis"] == "as_known_now"


async def test_the_year_that_runs_is_taken_up_to_today(client):
    report = await asked(client, period=f"{civil_day(now()).year}")
    assert report["period"]["to"] == civil_day(now()).isoformat()


async def test_what_the_numbers_bear_on(client):
    found = (await asked(client))["contributes_to"]
    assert [(each["index"], each["confirmed"]) for each in found] == [("PAR INDEX", False), ("SIPAS", False)]
    assert all(each["source"] and each["text_vi"] for each in found)


async def test_before_the_decision_there_is_a_trial_only(client):
    before = {"agency": "45", "period": None, "from": "2019-01-01", "to": "2019-06-30"}
    answer = await client.get(REPORT, params={name: value for name, value in before.items() if value})
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [("to", "no_rule_version")]
    report = await asked(client, **before, rules="766/1")
    assert (report["rules"]["version"], report["rules"]["in_force"]) == ("766/1", False)
    assert (await asked(client))["rules"]["in_force"]
    assert {row["level"] for row in report["children"]} == {"province", "district"}


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"period": None}, "period", "period_or_days"),
        ({"from": "2025-10-01"}, "period", "period_or_days_only"),
        ({"period": None, "from": "2025-10-01"}, "to", "required"),
        ({"period": None, "to": "2025-10-01"}, "from", "required"),
        ({"period": None, "from": "2025-10-02", "to": "2025-10-01"}, "from", "period_reversed"),
        ({"period": None, "from": "2023-10-01", "to": "2025-10-01"}, "from", "period_too_long"),
        ({"period": "2025-13"}, "period", "malformed"),
        ({"period": "2025-Q5"}, "period", "malformed"),
        ({"period": "２０２５"}, "period", "malformed"),
        ({"period": "tháng 10"}, "period", "malformed"),
        ({"period": "1950"}, "period", "period_absurd"),
        ({"period": "2099"}, "period", "period_in_future"),
        ({"agency": "nowhere"}, "agency", "unknown_agency"),
        ({"agency": "45"}, "agency", "agency_not_in_force"),
        ({"level": "district"}, "level", "not_one_of"),
        ({"rules": "766/9"}, "rules", "unknown_rule_version"),
        ({"as_of": "2150-01-01T00:00:00+07:00"}, "as_of", "as_of_in_future"),
        ({"as_of": "2025-10-01"}, "as_of", "without_offset"),
        ({"metric": "x"}, "query", "unknown_parameter"),
    ],
)
async def test_refused_with_field_and_reason(client, changed, field, code):
    params = {name: value for name, value in {**OCTOBER, **changed}.items() if value is not None}
    answer = await client.get(REPORT, params=params)
    assert answer.status_code == 422, answer.text
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [(field, code)]


async def test_this_month_is_refused_by_its_days_too(client):
    today = civil_day(now())
    params = {"agency": PROVINCE, "from": today.replace(day=1).isoformat(), "to": today.isoformat()}
    answer = await client.get(REPORT, params=params)
    assert [reason["code"] for reason in answer.json()["errors"]] == ["month_not_ended"]
    params["to"] = (today + timedelta(days=1)).isoformat()
    answer = await client.get(REPORT, params=params)
    assert [reason["code"] for reason in answer.json()["errors"]] == ["period_in_future"]


async def test_whoever_may_not_see_an_agency_gets_no_index_of_it(client, issuer):
    answer = await client.get(REPORT, params=OCTOBER, headers=bearer(issuer, "leader", WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    answer = await client.get(REPORT, params=OCTOBER, headers=bearer(issuer, "citizen", PROVINCE))
    assert answer.status_code == 403


def the_rules() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(rule_file.__file__).with_name("rule_versions.json").read_text("utf-8"))
    return found


async def test_an_operator_supersedes_a_version_by_a_file(database, issuer, tmp_path):
    """A second version from 2025-10-01 on, with 25 points for progress."""
    told = the_rules()
    new = json.loads(json.dumps(told["versions"][0]))
    told["versions"][0]["valid_to"] = "2025-09-30"
    new["version"], new["valid_from"], new["confirmed"] = "766/2", "2025-10-01", True
    progress = next(group for group in new["groups"] if group["code"] == "TDGQ")
    progress["max"] = progress["metrics"][0]["max"] = "25"
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"versions": [told["versions"][0], new]}), "utf-8")
    async with serving(create_app(settings_for(database, issuer, index_766_file=file))) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        october, september = await asked(client), await asked(client, period="2025-09")
        assert (october["rules"]["version"], september["rules"]["version"]) == ("766/2", "766/1")
        assert october["rules"]["confirmed"]
        assert (metric_of(october, "DOSSIER_ON_TIME")["score"], october["total"]["max"]) == ("12.50", "105.00")
        assert metric_of(september, "DOSSIER_ON_TIME")["max"] == "20.00"


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda told: told["versions"].clear(), "versions"),
        (lambda told: told["versions"].append(told["versions"][0]), "one name"),
        (lambda told: told["versions"].append({**told["versions"][0], "version": "766/2"}), "hold on one day"),
        (lambda told: told["versions"][0]["groups"][0].update(max="17"), "CKMB: the maxima"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0].update(colour="red"), "colour"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0].update(reason=None), "needs a reason"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0]["rule"].update(threshold="1.5"), "threshold"),
        (lambda told: told["versions"][0]["contributes_to"][0].update(groups=["X"]), "names no group: X"),
        (lambda told: told["versions"][0]["groups"].append(told["versions"][0]["groups"][0]), "stands twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_the_start(database, issuer, tmp_path, break_it, says):
    told = the_rules()
    break_it(told)
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(told), "utf-8")
    with pytest.raises(SettingsMissing, match=says):
        create_app(settings_for(database, issuer, index_766_file=file))


def test_a_file_that_is_not_there_is_refused_at_the_start(database, issuer, tmp_path):
    with pytest.raises(SettingsMissing, match="MOTCUA_INDEX_766_FILE"):
        create_app(settings_for(database, issuer, index_766_file=tmp_path / "none.json"))
