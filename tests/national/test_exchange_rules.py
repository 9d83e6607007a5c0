"""What is exchanged with the portal is known by its key, whatever that looks like."""

from datetime import UTC, datetime

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from intake_service.exchange.rules import Answered, answer_item, key_of


@given(st.integers(-(2**63), 2**64 - 1) | st.text("0123456789", min_size=1, max_size=100) | st.text(max_size=100))
@example("9" * 100)
@example("007")
@example(2**64 - 1)
def test_an_answer_goes_under_the_key_that_came(given: int | str) -> None:
    key = key_of(given)
    if key is None:
        return
    told = Answered(key, "000.00.00.H50", "lan", datetime(2026, 11, 27, tzinfo=UTC), "Đã xong")
    sent = orjson.loads(orjson.dumps(answer_item(told)))["HOIDAPID"]
    assert key_of(sent) == key
