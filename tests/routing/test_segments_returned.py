"""Trả lại sau khi đã nhận: paper that was received goes back to its giver, its share does not: what its agency used is
its own. Back with it, it goes on as it was; with somebody else, whoever holds the paper says that it is done."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.routing.conftest import Routing, reasons
from tests.routing.linked import CADASTRE, FINANCE, a_case, a_workflow, finish, finished, in_turn, segments
from tests.routing.test_segments_declined import WHY, listed, moved, share
from tests.support import JUSTICE, PROVINCE, WARD


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def linked(routing: Routing) -> AsyncIterator[Routing]:
    """Routing with a workflow for land at the ward."""
    await a_workflow(routing, "LT-DAT", in_turn())
    yield routing


async def returned(linked: Routing, when: str) -> str:
    """A dossier of which finance has the third share, eight hours from Monday 2026-11-16 11:00 on, and which it has
    received and returned to the cadastre."""
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T10:00")
    await finished(linked, code, 2, CADASTRE, "2026-11-16T11:00")
    await moved(linked, f"{code}/hand-overs/2/receive", "handler", FINANCE, "2026-11-16T13:30")
    await moved(linked, f"{code}/hand-overs/2/return", "leader", FINANCE, when, **WHY)
    assert await share(linked, code, 3) == (FINANCE, "open", "11-16T11:00", "11-17T11:00")
    return code


@pytest.mark.parametrize("way", ["straight", "by the one-stop"])
async def test_given_back_it_is_done_where_it_was_on_the_same_clock(linked: Routing, way: str) -> None:
    code, giver = await returned(linked, "2026-11-16T14:30"), CADASTRE
    if way != "straight":
        await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-16T15:00", to_agency=WARD)
        giver = WARD
    await moved(linked, f"{code}/hand-overs", "handler", giver, "2026-11-17T10:00", to_agency=FINANCE)
    assert await share(linked, code, 3) == (FINANCE, "open", "11-16T11:00", "11-17T11:00")
    after = await finished(linked, code, 3, FINANCE, "2026-11-17T14:00")
    done, following = after["items"][2:]
    assert (done["agency"], done["result"], following["state"]) == (FINANCE, "late", "open")


@pytest.mark.parametrize(("when", "result"), [("16T15:00", "early"), ("17T14:00", "late")])
async def test_with_another_its_holder_says_that_it_is_done(linked: Routing, when: str, result: str) -> None:
    """What finance used it used until it gave the paper back: neither does it come off its lateness, nor is it blamed
    for who takes its place."""
    code = await returned(linked, f"2026-11-{when}")
    await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-17T15:00", to_agency=JUSTICE)
    elsewhere = await finish(linked, code, 3, CADASTRE, "2026-11-19T10:00")
    assert (elsewhere.status_code, reasons(elsewhere)) == (403, {("", "not_your_segment")})
    early = await finish(linked, code, 3, JUSTICE, "2026-11-17T14:59")
    assert (early.status_code, reasons(early)) == (422, {("occurred_at", "out_of_order")})
    await finished(linked, code, 3, JUSTICE, "2026-11-19T10:00")
    after = await segments(linked, code, PROVINCE)
    done, following = after["items"][2:]
    assert (done["agency"], done["left_at"][5:16], done["left_by"]) == (FINANCE, f"11-{when}", f"handler@{JUSTICE}")
    assert done["result"] == result
    assert (following["state"], following["entered_at"][5:16]) == ("open", "11-19T10:00")
    assert (await listed(linked, WARD, code), await listed(linked, FINANCE, code)) == ([4], [])
    await finished(linked, code, 4, WARD, "2026-11-19T11:00")


async def test_the_giver_may_say_so_as_well(linked: Routing) -> None:
    code = await returned(linked, "2026-11-16T15:00")
    await finished(linked, code, 3, CADASTRE, "2026-11-17T09:00")
    assert (await share(linked, code, 4))[:3] == (WARD, "open", "11-17T09:00")


async def test_of_what_its_agency_handed_on_itself_nobody_else_says_so(linked: Routing) -> None:
    code = (await a_case(linked)).code
    await moved(linked, f"{code}/hand-overs", "handler", WARD, "2026-11-16T10:00", to_agency=JUSTICE)
    refused = await finish(linked, code, 1, JUSTICE, "2026-11-16T11:00")
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_your_segment")})
