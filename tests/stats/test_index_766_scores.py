"""Điểm theo Quyết định 766: the formulas give what the national portal printed.

The rows are of Phú Thọ, August 2026, as the national portal's reporting API gave them on 2026-09-26.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.stats import CutName
from shared.web.problems import Problem
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
    year_of,
)
from stats_service.periods.rules import BEGINS_ON, Period

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


def test_months_are_cut_as_in_the_other_reports():
    august = index_period("2026-08", None, None, TODAY, "21-20")
    assert (august.first, august.last) == (date(2026, 7, 21), date(2026, 8, 20))
    assert [n for n, month in enumerate(months_of_year(august), start=1) if month == august] == [8]
    january = index_period("2026-01", None, None, TODAY, "21-20")
    assert (january.first, january.last, year_of(january)) == (date(2025, 12, 21), date(2026, 1, 20), 2026)
    assert months_of_year(january)[0] == january
    quarter = months_of_year(index_period("2026-Q1", None, None, TODAY, "15-14"))
    assert [each.last for each in quarter if each] == [date(2026, 1, 14), date(2026, 2, 14), date(2026, 3, 14)]
    # Of days that begin on 21/12 the last month is January, of whichever year that is.
    days = index_period(None, date(2025, 12, 21), date(2025, 12, 31), TODAY, "21-20")
    assert (year_of(days), months_of_year(days)[0]) == (2026, Period(date(2025, 12, 21), date(2025, 12, 31), 21))


def test_a_month_that_is_cut_earlier_has_ended_earlier():
    assert index_period("2026-11", None, None, date(2026, 11, 21), "21-20").last == date(2026, 11, 20)
    for name, first, today in (
        ("2026-11", None, date(2026, 11, 20)),
        (None, date(2026, 11, 21), date(2026, 11, 30)),
        (None, date(2026, 11, 21), date(2026, 12, 20)),
    ):
        with pytest.raises(Problem) as refused:
            index_period(name, first, first, today, "21-20")
        assert [reason.code for reason in refused.value.reasons] == ["month_not_ended"]
    day = date(2026, 11, 21)
    assert index_period(None, day, day, date(2026, 12, 21), "21-20").first == day


def test_the_chart_has_the_months_of_one_year():
    months = months_of_year(index_period(None, date(2026, 1, 12), date(2026, 2, 20), TODAY))
    assert [(each.first, each.last) if each else None for each in months] == [
        (date(2026, 1, 12), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 20)),
        *[None] * 10,
    ]


@given(st.dates(date(2015, 1, 1), date(2026, 8, 20)), st.integers(0, 400), st.sampled_from(list(BEGINS_ON)))
def test_no_month_of_a_period_is_left_out(first: date, days: int, cut: CutName) -> None:
    """The chart has the months of one year: a period over two, as its months are cut, is refused."""
    last = min(first + timedelta(days=days), date(2026, 8, 20))
    years = {Period(day, day, BEGINS_ON[cut]).month.year for day in (first, last)}
    if len(years) == 2:
        with pytest.raises(Problem) as refused:
            index_period(None, first, last, TODAY, cut)
        assert {reason.code for reason in refused.value.reasons} <= {"period_in_two_years", "period_too_long"}
        return
    shown = [month for month in months_of_year(index_period(None, first, last, TODAY, cut)) if month]
    assert sum((month.last - month.first).days + 1 for month in shown) == (last - first).days + 1
