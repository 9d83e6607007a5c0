"""The identities of report 06/VPCP/KSTT hold in every row; what breaks them is named."""

import random
from datetime import date

from stats_service.figures.rules import ZERO, added, broken_identities, figures
from tests.builders_log import DAY, a_history
from tests.stats.recounts import counts


def test_they_hold_in_the_straight_recount_of_any_history():
    rng = random.Random(21)
    first, last = date(2019, 1, 1), date(2019, 12, 31)
    histories = [a_history(rng, agencies=[1, 2], versions=[1], first=first, last=last) for _ in range(400)]
    for _ in range(100):
        a = first + DAY * rng.randrange(360)
        b = a + DAY * rng.randrange(60)
        assert broken_identities(type(ZERO)(**counts(histories, a, b))) == []


def test_a_broken_row_is_named():
    assert broken_identities(ZERO._replace(resolved_late=1)) == ["resolved = early + on_day + late"]
    assert "to_handle = resolved + pending" in broken_identities(ZERO._replace(pending=2))
    assert "no figure is negative" in broken_identities(ZERO._replace(pending_overdue=1, pending_in_term=-1))


def test_nothing_added_is_zero():
    assert added([]) == ZERO == added([ZERO, ZERO])
    assert figures.__doc__
