"""Liên thông trên giấy: the paper goes from one agency to the next; each has its own clock from its own receipt, by its
own hours; who is late is blamed for that much, and the next one keeps its allotment."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from routing_service.calendars.rules import working_calendar
from routing_service.segment_clock.rules import Clock, Pause, due_of, pauses_of, worked_between
from services.reference import CALENDAR_YEARS, calendar_days
from shared.domain.lifecycle import EventKind
from shared.domain.terms import Term, TermUnit
from shared.domain.working_calendar import DEFAULT_SESSIONS
from tests.builders import Built
from tests.routing.conftest import Routing, reasons
from tests.routing.linked import CADASTRE, FINANCE, MONDAY, a_case, a_workflow, finish, finished, in_turn, segments
from tests.support import BIRTH, JUSTICE, WARD, at


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def linked(routing: Routing) -> AsyncIterator[Routing]:
    """Routing with a workflow for land at the ward."""
    await a_workflow(routing, "LT-DAT", in_turn())
    yield routing


def promised(built: Built) -> str:
    """The date on the receipt."""
    assert built.account.due is not None
    return built.account.due.at.isoformat()


async def test_the_case_opens_with_its_segments(linked: Routing) -> None:
    built = await a_case(linked)
    found = await segments(linked, built.code)
    assert (found["workflow"], found["workflow_version"], found["kind"], found["mode"]) == (
        "LT-DAT",
        1,
        "linked",
        "sequential",
    )
    assert [(s["no"], s["agency"], s["role"], s["state"], s["after"]) for s in found["items"]] == [
        (1, WARD, "one_stop", "open", []),
        (2, CADASTRE, "lead", "waiting", [1]),
        (3, FINANCE, "coordinating", "waiting", [2]),
        (4, WARD, "one_stop", "waiting", [3]),
    ]
    # Were nobody late: 4 hours from Monday 09:00, two days, 8 hours, 2 hours.
    assert [s["planned_due_at"] for s in found["items"]] == [
        "2026-11-16T15:00:00+07:00",
        "2026-11-18T17:00:00+07:00",
        "2026-11-19T17:00:00+07:00",
        "2026-11-20T09:00:00+07:00",
    ]
    # The receipt's two dates: the receiving unit's, and the whole dossier's, which is intake's.
    assert found["receiving_due_at"] == "2026-11-16T15:00:00+07:00"
    assert found["due_at"] == promised(built)


async def test_each_has_its_own_clock_and_who_is_late_is_blamed_alone(linked: Routing) -> None:
    built = await a_case(linked)
    code = built.code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")
    await finished(linked, code, 2, CADASTRE, "2026-11-19T08:00", note="Đã thẩm định")
    await finished(linked, code, 3, FINANCE, "2026-11-19T16:00")
    after = await finished(linked, code, 4, WARD, "2026-11-20T08:00")
    shown = [
        (s["entered_at"][5:16], s["due_at"][5:16], s["left_at"][5:16], s["worked_hours"], s["result"], s["late"])
        for s in after["items"]
    ]
    assert shown == [
        ("11-16T09:00", "11-16T15:00", "11-16T14:00", 3.0, "on_day", False),
        ("11-16T14:00", "11-18T17:00", "11-19T08:00", 20.0, "late", True),
        ("11-19T08:00", "11-20T08:00", "11-19T16:00", 6.0, "early", False),
        ("11-19T16:00", "11-20T08:00", "11-20T08:00", 2.0, "on_day", False),
    ]
    assert after["late"] == [CADASTRE]
    assert after["items"][1]["note"] == "Đã thẩm định"
    assert after["items"][1]["left_by"] == f"handler@{CADASTRE}"
    # The verdict on the dossier is its own: it is in term.
    assert after["due_at"] == promised(built)
    (row,) = await linked.owner.fetch(
        "SELECT sum(worked), count(*) FILTER (WHERE late) FROM case_segment WHERE dossier_id = $1", built.id
    )
    assert tuple(row) == (timedelta(hours=31), 1), "kept in columns, for statistics"


async def test_the_paper_follows_and_comes_back_to_where_it_was_filed(linked: Routing) -> None:
    code = (await a_case(linked)).code
    holders = []
    for no, agency, when in (
        (1, WARD, "2026-11-16T14:00"),
        (2, CADASTRE, "2026-11-17T10:00"),
        (3, FINANCE, "2026-11-17T15:00"),
    ):
        await finished(linked, code, no, agency, when)
        case = (await linked.http.get(f"/v1/cases/{code}", headers=linked.as_("leader"))).json()
        holders.append(case["holder"])
    assert holders == [CADASTRE, FINANCE, WARD]
    log = (await linked.http.get(f"/v1/cases/{code}/hand-overs", headers=linked.as_("leader"))).json()["items"]
    assert [(h["from_agency"], h["to_agency"], h["occurred_at"][5:16]) for h in log] == [
        (WARD, CADASTRE, "11-16T14:00"),
        (CADASTRE, FINANCE, "11-17T10:00"),
        (FINANCE, WARD, "11-17T15:00"),
    ]
    assert [h["receipt"]["implied"] for h in log[:2]] == [True, True], "whoever is done with it has had it"


async def test_after_the_last_it_goes_back_to_the_one_stop(routing: Routing) -> None:
    steps = [{**step, "after": None} for step in in_turn()[:3]]
    await a_workflow(
        routing,
        "LT-BIRTH",
        [{**step, "allotted": {"value": 1, "unit": "working_hour"}} for step in steps],
        procedure=BIRTH,
    )
    code = (await a_case(routing, procedure=BIRTH)).code
    for no, agency in ((1, WARD), (2, CADASTRE), (3, FINANCE)):
        await finished(routing, code, no, agency, f"2026-11-16T1{no}:00")
    case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", WARD))).json()
    assert case["holder"] == WARD


async def test_paper_that_begins_elsewhere_is_handed_over_when_the_case_opens(routing: Routing) -> None:
    await a_workflow(routing, "LT-ELSE", in_turn()[1:], agency=JUSTICE)
    code = (await a_case(routing, agency=JUSTICE)).code
    found = await segments(routing, code, CADASTRE)
    assert [(s["agency"], s["state"]) for s in found["items"]] == [
        (CADASTRE, "open"),
        (FINANCE, "waiting"),
        (JUSTICE, "waiting"),
    ]
    case = (await routing.http.get(f"/v1/cases/{code}", headers=routing.as_("handler", CADASTRE))).json()
    assert (case["holder"], case["received"], case["hand_overs"]) == (CADASTRE, False, 1)


async def test_a_wait_for_the_applicant_is_nobodys_time(linked: Routing) -> None:
    waited = [
        (EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2026-11-17 10:00"),
        (EventKind.SUPPLEMENTED, "Thursday 2026-11-19 10:00"),
    ]
    code = (await a_case(linked, happened=waited)).code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")
    after = await finished(linked, code, 2, CADASTRE, "2026-11-20T16:00")
    second = after["items"][1]
    # Two working days from Monday, and two that were waited: Friday. Worked: 3 + 3 + 5 + 7 hours.
    assert (second["due_at"], second["worked_hours"], second["late"]) == ("2026-11-20T17:00:00+07:00", 18.0, False)


async def test_while_it_waits_the_segment_has_no_date(linked: Routing) -> None:
    code = (await a_case(linked, happened=[(EventKind.SUPPLEMENT_REQUESTED, "Monday 2026-11-16 10:00")])).code
    first = (await segments(linked, code))["items"][0]
    assert (first["due_at"], first["worked_hours"], first["late"]) == (None, 1.0, False)


async def test_an_open_one_is_late_as_soon_as_it_is(linked: Routing) -> None:
    code = (await a_case(linked)).code
    found = await segments(linked, code)
    assert (found["items"][0]["state"], found["items"][0]["late"], found["late"]) == ("open", True, [WARD])


async def test_only_who_has_it_is_done_with_it_and_only_once(linked: Routing) -> None:
    code = (await a_case(linked)).code
    elsewhere = await finish(linked, code, 1, CADASTRE)
    assert (elsewhere.status_code, reasons(elsewhere)) == (403, {("", "not_your_segment")})
    early = await finish(linked, code, 2, CADASTRE)
    assert (early.status_code, reasons(early)) == (409, {("", "segment_waits")})
    assert "1" in early.json()["errors"][0]["reason"]
    for when, reason in (("2026-11-16T08:59", "out_of_order"), ("2199-01-01T08:00", "in_future")):
        wrong = await finish(linked, code, 1, WARD, when)
        assert (wrong.status_code, reasons(wrong)) == (422, {("occurred_at", reason)})
    assert (await finish(linked, code, 9, WARD)).status_code == 404
    stale = await finish(linked, code, 1, WARD, **{"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    first = await finish(linked, code, 1, WARD, **{"If-Match": '"1"', "Idempotency-Key": "s-1"})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    again = await finish(linked, code, 1, WARD, **{"If-Match": '"1"', "Idempotency-Key": "s-1"})
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    twice = await finish(linked, code, 1, WARD)
    assert (twice.status_code, reasons(twice)) == (409, {("", "segment_over")})


async def test_it_is_not_done_before_it_came_and_was_received(linked: Routing) -> None:
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")
    received = await linked.http.post(
        f"/v1/cases/{code}/hand-overs/1/receive",
        json={"occurred_at": "2026-11-17T09:00:00+07:00"},
        headers=linked.as_("handler", CADASTRE),
    )
    assert received.status_code == 200, received.text
    early = await finish(linked, code, 2, CADASTRE, "2026-11-17T08:59")
    assert (early.status_code, reasons(early)) == (422, {("occurred_at", "out_of_order")})
    after = await finished(linked, code, 2, CADASTRE, "2026-11-17T09:00")
    assert after["items"][2]["entered_at"] == "2026-11-17T09:00:00+07:00"


async def test_the_next_one_enters_when_it_is_handed_over_to_it(linked: Routing) -> None:
    """Assigned to somebody at 11:00, said to be done at 10:00: it was given on at 11:00, and the next one's time begins
    there."""
    code = (await a_case(linked)).code
    assigned = await linked.http.post(
        f"/v1/cases/{code}/assignments",
        json={"assignee": "handler@19333", "occurred_at": "2026-11-16T11:00:00+07:00"},
        headers=linked.as_("leader", WARD),
    )
    assert assigned.status_code == 201, assigned.text
    after = await finished(linked, code, 1, WARD, "2026-11-16T10:00")
    log = (await linked.http.get(f"/v1/cases/{code}/hand-overs", headers=linked.as_("leader"))).json()["items"]
    assert after["items"][0]["left_at"] == "2026-11-16T10:00:00+07:00"
    assert after["items"][1]["entered_at"] == log[0]["occurred_at"] == "2026-11-16T11:00:00+07:00"


async def test_nobody_takes_it_from_a_third_one_that_did_not_give_it(linked: Routing) -> None:
    code = (await a_case(linked)).code
    await finished(linked, code, 1, WARD, "2026-11-16T14:00")

    async def given(by: str, to: str, when: str) -> None:
        body = {"to_agency": to, "occurred_at": f"{when}:00+07:00"}
        answer = await linked.http.post(f"/v1/cases/{code}/hand-overs", json=body, headers=linked.as_("handler", by))
        assert answer.status_code == 201, answer.text

    await given(CADASTRE, JUSTICE, "2026-11-16T15:00")
    before = await segments(linked, code)
    refused = await finish(linked, code, 2, CADASTRE, "2026-11-16T16:00")
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_the_holder")})
    case = (await linked.http.get(f"/v1/cases/{code}", headers=linked.as_("leader"))).json()
    after = await segments(linked, code)
    assert (case["holder"], case["hand_overs"]) == (JUSTICE, 2)
    assert [(s["state"], s["left_at"]) for s in after["items"]] == [(s["state"], s["left_at"]) for s in before["items"]]
    # Once the next one has it, nothing is taken from anybody; its time begins when it was given it.
    await given(JUSTICE, FINANCE, "2026-11-17T08:00")
    done = await finished(linked, code, 2, CADASTRE, "2026-11-16T16:00")
    assert done["items"][2]["entered_at"] == "2026-11-17T08:00:00+07:00"
    case = (await linked.http.get(f"/v1/cases/{code}", headers=linked.as_("leader"))).json()
    assert (case["holder"], case["hand_overs"]) == (FINANCE, 3)


async def test_a_repeated_finish_by_the_other_code_is_the_same(linked: Routing) -> None:
    built = await a_case(linked)
    await linked.owner.execute("UPDATE dossier SET legacy_code = $2 WHERE id = $1", built.id, f"K-{built.id}")
    first = await finish(linked, f"K-{built.id}", 1, WARD, **{"Idempotency-Key": "s-other"})
    again = await finish(linked, built.code, 1, WARD, **{"Idempotency-Key": "s-other"})
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_others_see_nothing_of_it(linked: Routing) -> None:
    built = await a_case(linked)
    for agency in (WARD, CADASTRE, FINANCE, "44"):
        for path in ("", "/segments"):
            answer = await linked.http.get(f"/v1/cases/{built.code}{path}", headers=linked.as_("handler", agency))
            assert answer.status_code == 200, "who takes part sees it, before it is their turn too"
    for path in ("", "/segments"):
        answer = await linked.http.get(f"/v1/cases/{built.code}{path}", headers=linked.as_("handler", JUSTICE))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    hidden = await finish(linked, built.code, 1, JUSTICE)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    listed = (await linked.http.get("/v1/cases", params={"limit": 200}, headers=linked.as_("handler", FINANCE))).json()
    assert built.code in {item["code"] for item in listed["items"]}
    others = (await linked.http.get("/v1/cases", params={"limit": 200}, headers=linked.as_("handler", JUSTICE))).json()
    assert built.code not in {item["code"] for item in others["items"]}


async def test_where_no_workflow_holds_there_are_none(linked: Routing) -> None:
    for given_ in ({"procedure": "2.000908"}, {"accepted": "Monday 2025-12-15 09:00"}, {"agency": "18880"}):
        code = (await a_case(linked, **given_)).code
        answer = await linked.http.get(f"/v1/cases/{code}/segments", headers=linked.as_("leader"))
        found = answer.json()
        assert (found["workflow"], found["mode"], found["items"]) == (None, None, [])


async def test_a_thousand_open_at_once(linked: Routing) -> None:
    built = [await linked.dossier(accepted=MONDAY, procedure=procedure) for procedure in ("1.014275", "2.000908") * 20]
    body = {"items": [{"code": each.code} for each in built]}
    for expected in ({"opened": 40, "existing": 0}, {"opened": 0, "existing": 40}):
        answer = await linked.http.post("/v1/cases/bulk", json=body, headers=linked.as_("machine"))
        assert {name: answer.json()[name] for name in expected} == expected
    rows = await linked.owner.fetch(
        "SELECT dossier_id, count(*) AS n FROM case_segment WHERE dossier_id = ANY($1) GROUP BY 1",
        [each.id for each in built],
    )
    assert {row["dossier_id"]: row["n"] for row in rows} == {each.id: 4 for each in built[::2]}


async def test_a_dossier_keeps_the_version_it_began_with(routing: Routing) -> None:
    await a_workflow(routing, "LT-V", in_turn(), agency="18880")
    code = (await a_case(routing, agency="18880")).code
    later = [*in_turn()[:1], {**in_turn()[1], "allotted": {"value": 1, "unit": "working_day"}}]
    await a_workflow(routing, "LT-V", later, agency="18880", valid_from="2030-01-01")
    # Its first day has come: Tuesday 2026-11-17.
    await routing.owner.execute("UPDATE workflow SET valid_to = '2026-11-16' WHERE code = 'LT-V' AND version = 1")
    await routing.owner.execute("UPDATE workflow SET valid_from = '2026-11-17' WHERE code = 'LT-V' AND version = 2")
    headers = routing.as_("leader")
    kept = (await routing.http.get(f"/v1/cases/{code}/segments", headers=headers)).json()
    assert (kept["workflow_version"], len(kept["items"])) == (1, 4)
    newer = (await a_case(routing, agency="18880", accepted="Tuesday 2026-11-17 09:00")).code
    found = (await routing.http.get(f"/v1/cases/{newer}/segments", headers=headers)).json()
    assert (found["workflow_version"], len(found["items"])) == (2, 2)


# --- the clock, at random -------------------------------------------------------------------------------------------

CLOCK = Clock(working_calendar(calendar_days(), CALENDAR_YEARS), DEFAULT_SESSIONS)
BEGIN = at("Monday 2026-11-02 07:00")
INSTANTS = st.integers(0, 30 * 24 * 4).map(lambda quarters: BEGIN + timedelta(minutes=15 * quarters))
ALLOTTED = st.builds(
    Term,
    st.integers(1, 40).map(lambda quarters: Decimal(quarters) / 4),
    st.sampled_from([TermUnit.WORKING_DAY, TermUnit.WORKING_HOUR]),
)
WAITS = st.lists(INSTANTS, max_size=6, unique=True).map(
    lambda instants: pauses_of((instant, n % 2 == 0) for n, instant in enumerate(sorted(instants)))
)


@given(st.lists(INSTANTS, min_size=2, max_size=6).map(sorted), WAITS)
def test_what_is_worked_and_waited_is_the_whole_time(instants: list[datetime], pauses: tuple[Pause, ...]) -> None:
    """One segment after the other, each entered when the one before was left."""
    first, last = instants[0], instants[-1]
    worked = sum((worked_between(start, end, pauses, CLOCK) for start, end in pairwise(instants)), timedelta())
    waited = timedelta()
    for since, until in pauses:
        begin, end = max(since, first), min(until or last, last)
        waited += CLOCK.calendar.working_time_between(begin, end, CLOCK.sessions)
    assert worked + waited == CLOCK.calendar.working_time_between(first, last, CLOCK.sessions)


@given(ALLOTTED, INSTANTS)
def test_from_whichever_instant_it_enters_it_has_all_of_its_allotment(allotted: Term, entry: datetime) -> None:
    """However late the one before was."""
    due = due_of(allotted, entry, (), CLOCK)
    assert due is not None
    if allotted.unit is TermUnit.WORKING_DAY and allotted.value == int(allotted.value):
        assert CLOCK.calendar.working_days_between(entry.date(), due.day) == allotted.value
    else:
        hours = float(allotted.value) * (8 if allotted.unit is TermUnit.WORKING_DAY else 1)
        assert CLOCK.calendar.working_time_between(entry, due.at, CLOCK.sessions) == timedelta(hours=hours)


@given(ALLOTTED, INSTANTS, WAITS)
def test_a_wait_never_makes_it_due_earlier(allotted: Term, entry: datetime, pauses: tuple[Pause, ...]) -> None:
    without, waited_for = due_of(allotted, entry, (), CLOCK), due_of(allotted, entry, pauses, CLOCK)
    assert without is not None
    if waited_for is None:
        assert pauses[-1].until is None, "it has no date only while it waits"
    else:
        assert waited_for.late_from >= without.late_from
