"""The openapi.json that is committed in each room is what its code promises."""

from services.contracts import stale


def test_the_committed_contracts_are_current() -> None:
    assert stale() == [], (
        "openapi.json differs from the code of these rooms: run `make contracts` and review the change"
    )
