"""A token bucket grants no more than its rate, keeps what it promises, and takes no more memory than it was given."""

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from shared.web.limits import client_of
from shared.web.rate import Buckets, Rate, refilled, taken

rates = st.builds(Rate, st.integers(1, 50), st.floats(1, 10_000))
#: Seconds between two requests.
gaps = st.lists(st.floats(0, 500), min_size=1, max_size=200)
_NEXT_TO_NOTHING = 1e-6


@given(rates, gaps)
def test_in_any_span_no_more_is_granted_than_the_quota_and_what_came_in(rate: Rate, gaps: list[float]) -> None:
    bucket, now, granted = None, 0.0, []
    for gap in gaps:
        now += gap
        bucket, allowance = taken(bucket, rate, now)
        assert 0 <= bucket.left <= rate.quota
        if allowance.granted:
            granted.append(now)
    for first in range(0, len(granted), 7):
        for last in range(first, len(granted), 5):
            span = granted[last] - granted[first]
            assert last - first + 1 <= rate.quota + span * rate.refill + _NEXT_TO_NOTHING


@given(rates, gaps)
def test_whoever_waits_as_told_is_served(rate: Rate, gaps: list[float]) -> None:
    bucket, now = None, 0.0
    for gap in gaps:
        now += gap
        bucket, allowance = taken(bucket, rate, now)
        if not allowance.granted:
            assert allowance.wait > 0
            assert taken(bucket, rate, now + allowance.wait + _NEXT_TO_NOTHING)[1].granted
            assert not taken(bucket, rate, now + allowance.wait * 0.99 - _NEXT_TO_NOTHING)[1].granted


@given(rates, st.floats(0, 1e6))
def test_a_clock_put_back_gives_nothing(rate: Rate, back: float) -> None:
    bucket = None
    for _ in range(rate.quota):
        bucket, _ = taken(bucket, rate, 1e6)
    assert refilled(bucket, rate, 1e6 - back).left == pytest.approx(0)
    assert not taken(bucket, rate, 1e6 - back)[1].granted


@given(st.lists(st.integers(0, 1_000), max_size=300), st.integers(1, 20))
def test_memory_is_bounded_whoever_comes(keys: list[int], most: int) -> None:
    buckets = Buckets(Rate(3, 60.0), most)
    for key in keys:
        buckets.take(str(key), 0.0)
        assert len(buckets) <= most


def test_one_does_not_pay_for_another() -> None:
    buckets = Buckets(Rate(2, 60.0), 10)
    assert [buckets.take("a", 0.0).granted for _ in range(3)] == [True, True, False]
    assert buckets.take("b", 0.0).granted


def asked(wire: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "headers": headers, "client": (wire, 1)})


@pytest.mark.parametrize(
    ("proxies", "wire", "forwarded", "client"),
    [
        (0, "203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        (1, "10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (1, "10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (1, "10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (2, "10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        (2, "10.0.0.1", ["198.51.100.1"], "10.0.0.1"),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", ["not an address"], "10.0.0.1"),
        (0, "::ffff:203.0.113.7", [], "203.0.113.7"),
    ],
)
def test_whom_a_request_comes_from(proxies: int, wire: str, forwarded: list[str], client: str) -> None:
    assert client_of(asked(wire, *forwarded), proxies) == client


def test_a_home_with_many_addresses_is_one_client() -> None:
    assert client_of(asked("2001:db8:1:2::1"), 0) == client_of(asked("2001:db8:1:2:ffff::9"), 0)
    assert client_of(asked("2001:db8:1:2::1"), 0) != client_of(asked("2001:db8:1:3::1"), 0)
