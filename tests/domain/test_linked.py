"""Biên nhận liên thông: until when the receiving agency is done with its own part, the second date on the receipt."""

from datetime import datetime, timedelta

import pytest

from shared.domain.linked import Share, receiving_due_at
from tests.support import at

WARD, CADASTRE, FINANCE = 1, 2, 3
MONDAY = at("Monday 2026-11-16 00:00")


def a_share(no: int, agency: int, hour: int | None, *follows: int) -> Share:
    return Share(no, agency, follows, MONDAY + timedelta(hours=hour) if hour is not None else None)


@pytest.mark.parametrize(
    ("shares", "hour"),
    [
        ([a_share(1, WARD, 10), a_share(2, CADASTRE, 15, 1), a_share(3, WARD, 17, 2)], 10),
        ([a_share(1, WARD, 10), a_share(2, WARD, 11, 1), a_share(3, CADASTRE, 17, 2)], 11),
        ([a_share(1, CADASTRE, 10), a_share(2, WARD, 11, 1), a_share(3, FINANCE, 15, 2), a_share(4, WARD, 17, 3)], 11),
        ([a_share(1, WARD, 15), a_share(2, CADASTRE, 17), a_share(3, WARD, 11)], 15),
        ([a_share(1, WARD, 10), a_share(2, CADASTRE, 15, 1), a_share(3, WARD, 14, 1), a_share(4, WARD, 17, 2, 3)], 14),
        ([a_share(1, CADASTRE, 10)], None),
        ([a_share(1, WARD, 10), a_share(2, WARD, None, 1)], None),
        ([], None),
    ],
    ids=[
        "in turn",
        "two desks first",
        "begins elsewhere",
        "side by side",
        "fork",
        "none",
        "no calendar",
        "no workflow",
    ],
)
def test_it_is_done_when_the_last_of_its_shares_is_before_the_dossier_was_elsewhere(
    shares: list[Share], hour: int | None
) -> None:
    expected: datetime | None = MONDAY + timedelta(hours=hour) if hour is not None else None
    assert receiving_due_at(shares, WARD) == expected
