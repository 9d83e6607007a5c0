"""Liên thông điện tử: an electronic dossier goes to all that take part at once (NĐ 61/2018 Điều 19(6)); each has its
own clock, it lies where it was received, and its end closes what is still open."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio

from routing_service.segments.usecases import settle
from shared.domain.lifecycle import Channel, EventKind
from shared.web.clock import now
from tests.routing.conftest import Routing, reasons
from tests.routing.linked import CADASTRE, FINANCE, a_case, a_step, a_workflow, finish, finished, in_turn, segments
from tests.support import BIRTH, JUSTICE, PROVINCE, WARD


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def linked(routing: Routing) -> AsyncIterator[Routing]:
    """Routing with a workflow for land at the ward."""
    await a_workflow(routing, "LT-DAT", in_turn())
    yield routing


async def test_all_enter_at_once_and_nobody_waits_for_nobody(linked: Routing) -> None:
    code = (await a_case(linked, channel=Channel.ONLINE)).code
    found = await segments(linked, code, CADASTRE)
    assert found["mode"] == "parallel"
    assert {(s["state"], s["entered_at"], *s["after"]) for s in found["items"]} == {
        ("open", "2026-11-16T09:00:00+07:00")
    }
    assert [s["due_at"][5:16] for s in found["items"]] == [
        "11-16T15:00",
        "11-18T17:00",
        "11-17T09:00",
        "11-16T11:00",
    ]


async def test_each_is_done_when_it_is_done_and_the_dossier_stays_where_it_was_received(linked: Routing) -> None:
    code = (await a_case(linked, channel=Channel.ONLINE)).code
    await finished(linked, code, 3, FINANCE, "2026-11-16T16:00")
    await finished(linked, code, 1, WARD, "2026-11-16T10:00")
    await finished(linked, code, 4, WARD, "2026-11-16T10:30")
    after = await finished(linked, code, 2, CADASTRE, "2026-11-19T08:00")
    assert [s["result"] for s in after["items"]] == ["on_day", "late", "early", "on_day"]
    assert after["late"] == [CADASTRE]
    case = (await linked.http.get(f"/v1/cases/{code}", headers=linked.as_("handler", FINANCE))).json()
    assert (case["holder"], case["hand_overs"], case["version"]) == (WARD, 0, 5)


async def test_post_is_paper(linked: Routing) -> None:
    code = (await a_case(linked, channel=Channel.POST)).code
    assert (await segments(linked, code))["mode"] == "sequential"


async def test_paper_forks_and_joins_as_the_workflow_says(routing: Routing) -> None:
    steps = [
        a_step("one_stop", 1),
        a_step("lead", 8, agency=CADASTRE, after=[1]),
        a_step("coordinating", 8, agency=FINANCE, after=[1]),
        a_step("one_stop", 1, after=[2, 3]),
    ]
    await a_workflow(routing, "LT-FORK", steps, agency=JUSTICE)
    code = (await a_case(routing, agency=JUSTICE)).code

    async def states() -> list[str]:
        return [s["state"] for s in (await segments(routing, code, JUSTICE))["items"]]

    async def holder() -> str:
        case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", JUSTICE))).json()
        return str(case["holder"])

    await finished(routing, code, 1, JUSTICE, "2026-11-16T10:00")
    assert (await states(), await holder()) == (["over", "open", "waiting", "waiting"], CADASTRE)
    early = await finish(routing, code, 3, FINANCE, "2026-11-16T11:00")
    assert (early.status_code, reasons(early)) == (409, {("", "segment_waits")})
    assert "2" in early.json()["errors"][0]["reason"], "the paper is with the cadastre"
    after = await finished(routing, code, 2, CADASTRE, "2026-11-16T16:00")
    assert (await states(), await holder()) == (["over", "over", "open", "waiting"], FINANCE)
    # Its eight hours begin when the paper reaches it: Monday 16:00, so Tuesday 16:00.
    third = after["items"][2]
    assert (third["entered_at"][5:16], third["due_at"][5:16]) == ("11-16T16:00", "11-17T16:00")
    after = await finished(routing, code, 3, FINANCE, "2026-11-17T10:00")
    assert (await states(), await holder()) == (["over", "over", "over", "open"], JUSTICE)
    assert (after["items"][2]["worked_hours"], after["items"][2]["late"]) == (4.0, False)
    assert after["items"][3]["entered_at"] == "2026-11-17T10:00:00+07:00", "when the last of them was done"


async def test_paper_that_begins_with_two_goes_to_one_after_the_other(routing: Routing) -> None:
    steps = [
        a_step("lead", 8, agency=CADASTRE, after=[]),
        a_step("coordinating", 8, agency=FINANCE, after=[]),
        a_step("one_stop", 1, after=[1, 2]),
    ]
    await a_workflow(routing, "LT-TWO", steps, agency="18880")
    code = (await a_case(routing, agency="18880")).code
    found = (await segments(routing, code, CADASTRE))["items"]
    assert [s["state"] for s in found] == ["open", "waiting", "waiting"]
    # Eight hours each from Monday 09:00, one after the other; then one hour.
    assert [s["planned_due_at"][5:16] for s in found] == ["11-17T09:00", "11-18T09:00", "11-18T10:00"]
    after = (await finished(routing, code, 1, CADASTRE, "2026-11-16T15:00"))["items"]
    assert [s["state"] for s in after] == ["over", "open", "waiting"]
    assert after[1]["entered_at"] == "2026-11-16T15:00:00+07:00"


async def test_the_desks_of_one_agency_fork_where_there_is_no_paper(routing: Routing) -> None:
    steps = [
        a_step("reception", 1, desk="Một cửa"),
        a_step("specialist", 2, desk="A", after=[1]),
        a_step("specialist", 2, desk="B", after=[1]),
    ]
    await a_workflow(routing, "NB-FORK", steps, agency="18880", kind="internal", procedure=BIRTH)
    for channel, expected in (
        (Channel.ONLINE, ["over", "open", "open"]),
        (Channel.COUNTER, ["over", "open", "waiting"]),
    ):
        code = (await a_case(routing, agency="18880", procedure=BIRTH, channel=channel)).code
        after = await finished(routing, code, 1, PROVINCE, "2026-11-16T10:00")
        assert [s["state"] for s in after["items"]] == expected


async def test_the_end_of_the_dossier_closes_what_is_open(linked: Routing) -> None:
    built = await a_case(linked)
    await finished(linked, built.code, 1, WARD, "2026-11-16T10:00")
    await linked.owner.execute(
        "UPDATE dossier SET finished_at = '2026-11-17 08:00+07', finished_day = '2026-11-17', verdict = 1, outcome = 1,"
        " status = 9 WHERE id = $1",
        built.id,
    )
    shown = await segments(linked, built.code)
    assert [(s["state"], s["result"]) for s in shown["items"]] == [
        ("over", "on_day"),
        ("over", "early"),
        ("over", "not_needed"),
        ("over", "not_needed"),
    ]
    assert not await settle(linked.owner, linked.reference, now())
    rows = await linked.owner.fetch(
        "SELECT result, worked, left_at FROM case_segment WHERE dossier_id = $1 ORDER BY no", built.id
    )
    assert [row["result"] for row in rows] == ["on_day", "early", "not_needed", "not_needed"]
    assert rows[1]["worked"] == timedelta(hours=6)
    assert rows[2]["left_at"] is None
    assert await segments(linked, built.code) == shown, "shown as it was, before it was written"


async def test_a_wait_stops_all_of_them(linked: Routing) -> None:
    waited = [
        (EventKind.SUPPLEMENT_REQUESTED, "Monday 2026-11-16 10:00"),
        (EventKind.SUPPLEMENTED, "Tuesday 2026-11-17 10:00"),
    ]
    code = (await a_case(linked, channel=Channel.ONLINE, happened=waited)).code
    found = await segments(linked, code)
    # Eight working hours were waited; a day term moves by the working day that was.
    assert [s["due_at"][5:16] for s in found["items"]] == [
        "11-17T15:00",
        "11-19T17:00",
        "11-18T09:00",
        "11-17T11:00",
    ]


async def test_who_took_over_gets_the_share_of_a_unit_that_has_ended(routing: Routing) -> None:
    """The department of June 2025 ended with that month; its share enters in July."""
    steps = [a_step("one_stop", 8), a_step("lead", 8, agency="QT19-D03"), a_step("one_stop", 1)]
    await a_workflow(routing, "LT-2025", steps, agency=None, valid_from="2025-01-01", valid_to="2025-06-30")
    code = (await a_case(routing, agency="QT19-D05", accepted="Monday 2025-06-30 09:00")).code
    before = (await routing.http.get(f"/v1/cases/{code}/segments", headers=routing.as_("leader"))).json()["items"]
    assert before[1]["agency"] == "QT19-D03"
    after = await finished(routing, code, 1, PROVINCE, "2025-07-01T09:00")
    assert (after["items"][1]["agency"], after["items"][1]["state"]) == (JUSTICE, "open")
    case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("leader"))).json()
    assert case["holder"] == JUSTICE
    assert (await finished(routing, code, 2, JUSTICE, "2025-07-01T10:00"))["items"][1]["result"] == "early"


async def test_each_agency_has_a_list_of_its_shares_whoever_holds_the_dossier(linked: Routing) -> None:
    electronic = (await a_case(linked, channel=Channel.ONLINE)).code
    paper = (await a_case(linked)).code
    waiting = (
        await a_case(
            linked, channel=Channel.ONLINE, happened=[(EventKind.SUPPLEMENT_REQUESTED, "Monday 2026-11-16 10:00")]
        )
    ).code

    async def listed(caller: str, **asked: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            params = {"limit": "2", **asked, **({"cursor": cursor} if cursor else {})}
            answer = await linked.http.get("/v1/segments", params=params, headers=linked.as_("handler", caller))
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            cursor = answer.json()["next"]
            if cursor is None:
                return found

    def of(items: list[dict[str, Any]], code: str) -> list[int]:
        return [item["no"] for item in items if item["code"] == code]

    finance = await listed(FINANCE)
    assert (of(finance, electronic), of(finance, paper), of(finance, waiting)) == ([3], [], [3])
    shown = {item["code"]: (item["due_at"], item["late"]) for item in finance}
    assert shown[electronic] == ("2026-11-17T09:00:00+07:00", True)
    assert shown[waiting] == (None, False), "it waits for the applicant"
    ward = await listed(WARD)
    assert (of(ward, electronic), of(ward, paper)) == ([4, 1], [1]), "what runs out first at the top"
    assert of(await listed("44", agency=FINANCE), electronic) == [3]
    assert len({(item["code"], item["no"]) for item in ward}) == len(ward)
    await finished(linked, electronic, 3, FINANCE)
    assert of(await listed(FINANCE), electronic) == []
    outside = await linked.http.get("/v1/segments", params={"agency": FINANCE}, headers=linked.as_("leader", WARD))
    assert (outside.status_code, outside.json()["code"]) == (403, "agency_out_of_scope")
