"""Several desks act on one case at the same moment: one wins, the others are told what holds."""

import asyncio
from collections import Counter

from tests.routing.conftest import reasons
from tests.routing.test_assignment import assign
from tests.routing.test_hand_over import MONDAY, give
from tests.support import JUSTICE, PROVINCE, WARD


async def finish(routing, code, headers):
    return await routing.http.post(f"/v1/cases/{code}/finish", json={}, headers=headers)


async def test_upon_one_version_one_wins_and_the_others_are_to_read_again(routing):
    for _ in range(5):
        code = (await routing.case(accepted=MONDAY)).code
        leader = {**routing.as_("leader"), "If-Match": '"1"'}
        answers = await asyncio.gather(
            give(routing, code, leader),
            give(routing, code, leader, to=PROVINCE),
            assign(routing, code, leader, assignee="an"),
            finish(routing, code, leader),
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert (statuses[201] + statuses[202], statuses[412]) == (1, 3)
        case = (await routing.http.get(f"/v1/cases/{code}", headers=leader)).json()
        assert case["version"] == 2


async def test_once_it_is_finished_nothing_else_happens_to_it(routing):
    for _ in range(5):
        code = (await routing.case(accepted=MONDAY)).code
        leader = routing.as_("leader")
        first, *others = await asyncio.gather(
            finish(routing, code, leader), *(give(routing, code, leader, to_desk=f"Bàn {n}") for n in range(5))
        )
        assert first.status_code == 202
        for answer in others:
            assert answer.status_code == 201 or reasons(answer) == {("", "case_over")}
        log = (await routing.http.get(f"/v1/cases/{code}/hand-overs", headers=leader)).json()["items"]
        assert len(log) == sum(answer.status_code == 201 for answer in others)


async def test_a_holder_that_has_given_it_away_is_no_holder(routing):
    """Without a version: whoever comes second is judged by what holds then."""
    for _ in range(5):
        code = (await routing.case(accepted=MONDAY)).code
        ward = routing.as_("leader", WARD)
        answers = await asyncio.gather(give(routing, code, ward), give(routing, code, ward, to=PROVINCE))
        assert sorted(answer.status_code for answer in answers) == [201, 403]
        assert {("", "not_the_holder")} == set().union(*(reasons(a) for a in answers if a.status_code == 403))
        case = (await routing.http.get(f"/v1/cases/{code}", headers=ward)).json()
        assert case["holder"] in (JUSTICE, PROVINCE)
