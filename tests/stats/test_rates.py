"""Rates: percent, two decimals, half up, each on its own, and null where there is nothing to divide by."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.definitions import ON_DEMAND_COUNTS
from shared.contracts.stats import COUNT_NAMES, RATE_NAMES
from shared.contracts.stats import Figures as WireFigures
from shared.domain.counts import METRICS
from stats_service.definitions.rules import DEFINITIONS, DEFINITIONS_ON_DEMAND
from stats_service.figures.rules import ON_DEMAND, STANDING, ZERO, Figures, Sums, figures, rate, rates


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (125_638, 128_843, "97.51"),
        (3_205, 128_843, "2.49"),
        (0, 0, None),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),  # 0.125: half up, where a float or half-even would say 0.12
        (1, 20_000, "0.01"),
        (1, 20_001, "0.00"),
        (19_999, 20_000, "100.00"),
    ],
)
def test_rounded_half_up(part, whole, shown):
    assert rate(part, whole) == shown


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 3))
def test_equals_decimal_arithmetic(part, whole, decimals):
    exact = Decimal(part) * 100 / Decimal(whole)
    assert rate(part, whole, decimals) == str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def test_the_letter_of_2019():
    """3322/UBND-NC: 4,098 carried over, 132,485 received, 128,843 resolved, 3,205 of them late."""
    before = Sums(received=10_000, resolved=10_000 - 4_098)
    through = before._replace(
        received=before.received + 132_485,
        resolved=before.resolved + 128_843,
        resolved_early=70_000,
        resolved_on_day=55_638,
        fell_late=500,
        late_settled=300,
    )
    row = figures(before, through)
    assert (row.to_handle, row.resolved_on_time, row.resolved_late, row.pending) == (136_583, 125_638, 3_205, 7_740)
    assert (row.pending_overdue, row.pending_in_term) == (200, 7_540)
    assert rates(row) == {
        "on_time_rate": "97.51",
        "late_rate": "2.49",
        "received_on_time_rate": "91.99",
        "national_on_time_rate": "97.51",
    }


def test_nothing_is_no_hundred_percent():
    assert set(rates(ZERO).values()) == {None}


def test_each_name_stands_once_and_in_one_order():
    assert Figures._fields == (*COUNT_NAMES, *ON_DEMAND_COUNTS)
    assert (STANDING, ON_DEMAND) == (COUNT_NAMES, ON_DEMAND_COUNTS)
    assert tuple(definition.name for definition in DEFINITIONS_ON_DEMAND) == ON_DEMAND_COUNTS
    assert tuple(ZERO.wire()) == tuple(WireFigures.model_fields) == (*COUNT_NAMES, *RATE_NAMES)
    assert tuple(definition.name for definition in DEFINITIONS) == (*COUNT_NAMES, *RATE_NAMES)
    assert Sums._fields[: len(METRICS)] == METRICS
