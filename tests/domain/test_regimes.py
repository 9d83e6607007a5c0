"""Quy định bổ sung hồ sơ theo văn bản: the rule of the day of reception, the special law before the general one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.regimes import NO_RULE, Lapse, Regime, Regimes, SupplementEffect, SupplementRule
from shared.domain.terms import TermUnit
from tests.domain.builders import a_term, day, the_rule

STATE_BANK = "1.000195"


@pytest.mark.parametrize(
    ("received", "regime", "confirmed"),
    [
        ("Wednesday 2018-06-20", "09/2015/QĐ-TTg", False),
        ("Thursday 2018-06-21", "61/2018/NĐ-CP", True),
        ("Monday 2019-07-22", "61/2018/NĐ-CP", True),
        ("Monday 2025-06-30", "61/2018/NĐ-CP", True),
        ("Tuesday 2025-07-01", "118/2025/NĐ-CP", False),
    ],
)
def test_the_law_is_that_of_the_day_of_reception(received: str, regime: str, confirmed: bool) -> None:
    rule = the_rule(received)
    assert (rule.regime, rule.confirmed) == (regime, confirmed)
    assert rule.effect is SupplementEffect.RESTART


def test_decree_61_once_in_three_working_days_and_it_says_no_more() -> None:
    """Art. 11(2)c and 19(4)."""
    rule = the_rule("Monday 2019-07-22")
    assert (rule.limit, rule.ask_within) == (1, 3)
    assert (rule.answer_within, rule.submission_within, rule.lapse) == (None, None, Lapse.NOTHING)
    assert rule.citation == "Nghị định 61/2018/NĐ-CP, Điều 19(4)"


def test_a_special_law_goes_before_the_general_one_from_its_first_day_on() -> None:
    special = the_rule("Wednesday 2026-07-01", STATE_BANK)
    assert (special.ask_within, special.limit, special.lapse) == (5, None, Lapse.CLOSE)
    assert special.answer_within == a_term(60, TermUnit.CALENDAR_DAY)
    assert "60 ngày" in special.notice
    assert the_rule("Tuesday 2026-06-30", STATE_BANK) == the_rule("Tuesday 2026-06-30")
    assert the_rule("Wednesday 2026-07-01", "1.001193") == the_rule("Wednesday 2026-07-01")


def test_where_no_rule_holds_none_is_made_up() -> None:
    assert Regimes().on("1.001193", day("Monday 2019-07-22")) is NO_RULE
    assert not NO_RULE.confirmed


bounds = st.none() | st.dates(date(2018, 1, 1), date(2020, 12, 31))


@st.composite
def regimes(draw: st.DrawFn) -> list[Regime]:
    """Rules of two procedures and general ones, on any days, named by their place."""
    periods = draw(st.lists(st.tuples(bounds, bounds, st.sampled_from([None, "1.000001", "1.000002"])), max_size=6))
    return [
        Regime(SupplementRule(SupplementEffect.PAUSE, regime=str(number)), begin, end, procedure)
        for number, (begin, end, procedure) in enumerate(periods)
    ]


@given(regimes(), st.sampled_from([None, "1.000001", "1.000003"]), st.dates(date(2018, 1, 1), date(2020, 12, 31)))
def test_what_holds_is_in_force_and_nothing_more_special_is(known: list[Regime], procedure, received: date) -> None:
    held = [each for each in known if each.in_force(received)]
    found = Regimes(known).on(procedure, received)
    special = [each.rule for each in held if each.procedure == procedure]
    general = [each.rule for each in held if each.procedure is None]
    assert found in (special or general or [NO_RULE])
