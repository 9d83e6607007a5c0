"""A hand-over that a workflow made is declined or recalled: its share goes back to the giver, and on with the paper."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.domain.lifecycle import Channel
from tests.routing.conftest import Routing
from tests.routing.linked import CADASTRE, FINANCE, a_case, a_step, a_workflow, finished, in_turn, segments
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD

WHY = {"reason": "Không đúng thẩm quyền"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def linked(routing: Routing) -> AsyncIterator[Routing]:
    """Routing with a workflow for land at the ward."""
    await a_workflow(routing, "LT-DAT", in_turn())
    yield routing


async def share(routing: Routing, code: str, no: int = 2) -> tuple[Any, ...]:
    """Whose a share is, how it stands, since when and until when."""
    found = (await segments(routing, code, PROVINCE))["items"][no - 1]
    return tuple(found[name] and found[name][-20:-9] if name.endswith("at") else found[name] for name in (
        "agency", "state", "entered_at", "due_at",
    ))  # fmt: skip


async def listed(routing: Routing, agency: str, code: str) -> list[int]:
    """What of a dossier stands in an agency's list."""
    found = await routing.http.get("/v1/segments", params={"limit": 200}, headers=routing.as_("handler", agency))
    return [item["no"] for item in found.json()["items"] if item["code"] == code]


async def moved(routing: Routing, path: str, role: str, agency: str, when: str, **body: Any) -> None:
    """A hand-over or an answer, which is allowed."""
    answer = await routing.http.post(
        f"/v1/cases/{path}", json={"occurred_at": f"{when}:00+07:00", **body}, headers=routing.as_(role, agency)
    )
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("verb", ["decline", "recall", "bulk"])
async def test_the_share_goes_back_to_who_sent_it(linked: Routing, verb: str) -> None:
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")
    assert await listed(linked, CADASTRE, code) == [2]
    if verb == "bulk":
        item = {"action": "decline", "code": code, "occurred_at": "2026-11-17T09:00:00+07:00", **WHY}
        answer = await linked.http.post(
            "/v1/cases/bulk-actions", json={"items": [item]}, headers=linked.as_("leader", CADASTRE)
        )
        assert answer.json()["items"][0]["result"] == "done", answer.text
    else:
        by = CADASTRE if verb == "decline" else WARD
        await moved(linked, f"{code}/hand-overs/1/{verb}", "leader", by, "2026-11-17T09:00", **WHY)
    # Two working days from Tuesday 2026-11-17, at the ward.
    assert await share(linked, code) == (WARD, "open", "11-17T09:00", "11-19T17:00")
    assert (await listed(linked, CADASTRE, code), await listed(linked, WARD, code)) == ([], [2])


async def test_it_goes_on_with_the_paper_to_the_same_agency_or_another(linked: Routing) -> None:
    for receiver in (CADASTRE, JUSTICE):
        code = (await a_case(linked)).code
        await finished(linked, code, 1, WARD, "2026-11-16T14:00")
        await moved(linked, f"{code}/hand-overs/1/decline", "leader", CADASTRE, "2026-11-17T09:00", **WHY)
        await moved(linked, f"{code}/hand-overs", "handler", WARD, "2026-11-18T08:00", to_agency=receiver)
        # Two working days from Wednesday 2026-11-18.
        assert await share(linked, code) == (receiver, "open", "11-18T08:00", "11-20T17:00")
        after = await finished(linked, code, 2, receiver, "2026-11-18T16:00")
        assert [s["state"] for s in after["items"]] == ["over", "over", "open", "waiting"]
        assert await share(linked, code, 3) == (FINANCE, "open", "11-18T16:00", "11-19T16:00")


async def test_the_giver_may_do_it_itself(linked: Routing) -> None:
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")
    await moved(linked, f"{code}/hand-overs/1/decline", "leader", CADASTRE, "2026-11-17T09:00", **WHY)
    after = await finished(linked, code, 2, WARD, "2026-11-17T10:00")
    assert (after["items"][1]["worked_hours"], after["items"][2]["state"]) == (1.0, "open")
    assert after["receiving_due_at"] == after["items"][0]["planned_due_at"], "by the plan the ward had one share then"


async def test_what_the_opening_sent_goes_back_to_the_one_stop(linked: Routing) -> None:
    await a_workflow(linked, "LT-ELSE", in_turn()[1:], agency=JUSTICE)
    code = (await a_case(linked, agency=JUSTICE)).code
    await moved(linked, f"{code}/hand-overs/1/decline", "leader", CADASTRE, "2026-11-16T10:00", **WHY)
    assert await share(linked, code, 1) == (JUSTICE, "open", "11-16T10:00", "11-18T17:00")


async def test_a_desk_that_declines_gives_it_back_to_the_desk_before(linked: Routing) -> None:
    steps = [a_step("reception", 2, desk="Một cửa"), a_step("specialist", 3, desk="Hộ tịch")]
    await a_workflow(linked, "NB-BS", steps, kind="internal", procedure=REGISTER_COPY)
    code = (await a_case(linked, procedure=REGISTER_COPY)).code
    await moved(linked, f"{code}/assignments", "leader", WARD, "2026-11-16T09:00", desk="Một cửa")
    await finished(linked, code, 1, WARD, "2026-11-16T10:00")
    await moved(linked, f"{code}/hand-overs/1/decline", "leader", WARD, "2026-11-16T10:30", **WHY)
    second = (await segments(linked, code))["items"][1]
    assert (second["desk"], second["state"], second["entered_at"][-14:-9]) == ("Một cửa", "open", "10:30")


async def test_a_share_that_waits_only_for_the_paper_enters_when_it_is_handed_over(linked: Routing) -> None:
    steps = [
        a_step("lead", 8, agency=CADASTRE, after=[]),
        a_step("coordinating", 8, agency=FINANCE, after=[]),
    ]
    await a_workflow(linked, "LT-TWO", steps, agency="18880")
    code = (await a_case(linked, agency="18880")).code
    assert (await share(linked, code))[:2] == (FINANCE, "waiting")
    await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-16T15:00", to_agency=FINANCE)
    assert await share(linked, code) == (FINANCE, "open", "11-16T15:00", "11-17T15:00")


async def test_electronic_shares_and_other_hand_overs_are_as_they_were(linked: Routing) -> None:
    electronic = (await a_case(linked, channel=Channel.ONLINE)).code
    before = (await segments(linked, electronic))["items"]
    await moved(linked, f"{electronic}/hand-overs", "handler", WARD, "2026-11-16T10:00", to_agency=CADASTRE)
    await moved(linked, f"{electronic}/hand-overs/1/decline", "leader", CADASTRE, "2026-11-16T10:30", **WHY)
    after = (await segments(linked, electronic))["items"]
    assert [(s["agency"], s["entered_at"]) for s in after] == [(s["agency"], s["entered_at"]) for s in before]

    paper = (await a_case(linked)).code
    await moved(linked, f"{paper}/hand-overs", "handler", WARD, "2026-11-16T10:00", to_agency=JUSTICE)
    await moved(linked, f"{paper}/hand-overs/1/decline", "leader", JUSTICE, "2026-11-16T10:30", **WHY)
    assert (await share(linked, paper, 1))[:3] == (WARD, "open", "11-16T09:00")


async def at_finance(linked: Routing) -> str:
    """A dossier of which finance has declined its share, the third: the cadastre has it again since 14:00."""
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T10:00")
    await finished(linked, code, 2, CADASTRE, "2026-11-16T11:00")
    await moved(linked, f"{code}/hand-overs/2/decline", "leader", FINANCE, "2026-11-16T14:00", **WHY)
    assert (await share(linked, code, 3))[:3] == (CADASTRE, "open", "11-16T14:00")
    return code


async def test_it_goes_back_the_way_of_the_one_stop(linked: Routing) -> None:
    """From the last agency to the lead or the one-stop, which sends it on (art. 19(6)): at each the whole allotment,
    eight hours here."""
    code = await at_finance(linked)
    await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-16T15:00", to_agency=WARD)
    assert await share(linked, code, 3) == (WARD, "open", "11-16T15:00", "11-17T15:00")
    await moved(linked, f"{code}/hand-overs/4/receive", "handler", WARD, "2026-11-16T16:00")
    await moved(linked, f"{code}/hand-overs", "handler", WARD, "2026-11-17T08:00", to_agency=FINANCE)
    assert await share(linked, code, 3) == (FINANCE, "open", "11-17T08:00", "11-18T08:00")
    assert (await listed(linked, WARD, code), await listed(linked, FINANCE, code)) == ([], [3])
    await moved(linked, f"{code}/hand-overs/5/receive", "handler", FINANCE, "2026-11-17T09:00")
    after = await finished(linked, code, 3, FINANCE, "2026-11-17T10:00")
    assert (after["items"][2]["worked_hours"], after["items"][3]["state"]) == (2.0, "open")


async def test_who_passes_it_on_unreceived_passes_its_share_on(linked: Routing) -> None:
    code = await at_finance(linked)
    await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-16T15:00", to_agency=JUSTICE)
    await moved(linked, f"{code}/hand-overs", "handler", JUSTICE, "2026-11-16T16:00", to_agency=WARD)
    assert (await share(linked, code, 3))[:3] == (WARD, "open", "11-16T16:00")
    await moved(linked, f"{code}/hand-overs/5/recall", "handler", JUSTICE, "2026-11-16T16:30")
    assert (await share(linked, code, 3))[:3] == (JUSTICE, "open", "11-16T16:30")


async def test_who_received_it_in_the_place_of_another_has_taken_it_up(linked: Routing) -> None:
    """It does not come off its own lateness by handing the paper on; only the agency that the workflow names takes it
    from there."""
    code = await at_finance(linked)
    await moved(linked, f"{code}/hand-overs", "handler", CADASTRE, "2026-11-16T15:00", to_agency=JUSTICE)
    await moved(linked, f"{code}/hand-overs/4/receive", "handler", JUSTICE, "2026-11-16T15:30")
    await moved(linked, f"{code}/hand-overs", "handler", JUSTICE, "2026-11-18T08:00", to_agency=WARD)
    assert await share(linked, code, 3) == (JUSTICE, "open", "11-16T15:00", "11-17T15:00")
    assert (await segments(linked, code))["late"] == [JUSTICE]
    await moved(linked, f"{code}/hand-overs", "handler", WARD, "2026-11-18T09:00", to_agency=FINANCE)
    assert (await share(linked, code, 3))[:3] == (FINANCE, "open", "11-18T09:00")
