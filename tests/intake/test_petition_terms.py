"""Thời hạn xử lý: dated data, each with its source and whether that was read; what is due and what is late is listed by
them, and a changed term or calendar holds at once."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import AWAITED, bounds, dues
from services.local_issuer import LocalIssuer
from shared.contracts.petitions import PetitionState
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.intake.petitions import CALENDAR, TERMS, day, did, sent, since
from tests.support import PROVINCE, WARD, bearer, serving, settings_for

STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, petitions_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


TODAY = civil_day(now())


async def listed(intake: httpx.AsyncClient, headers: dict[str, str], **asked: str) -> list[str]:
    codes, cursor = [], None
    while True:
        params = {**asked, "limit": "3", **({"cursor": cursor} if cursor else {})}
        answer = await intake.get("/v1/petitions", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        codes += [item["code"] for item in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            return codes


async def test_what_comes_with_the_product_says_how_sure_it_is(citizen: httpx.AsyncClient) -> None:
    items = (await citizen.get("/v1/petition-terms")).json()["items"]
    assert {(one["step"], one["measure"], one["working_days"], one["confirmed"]) for one in items} == {
        ("decide", "law", 5, True),
        ("decide", "scoring", 2, False),
        ("ask", "scoring", 5, False),
        ("answer", "scoring", 15, False),
        ("publish", "scoring", 2, False),
    }
    assert all(one["basis"] and one["citation"] for one in items)


@pytest.mark.parametrize(
    ("today", "late"),
    [
        ("Wednesday 2026-11-18", []),
        ("Thursday 2026-11-19", ["decide"]),
        ("Monday 2026-11-23", ["decide"]),
        ("Tuesday 2026-11-24", ["decide", "decide"]),
    ],
)
def test_the_day_after_the_last_is_late(today: str, late: list[str]) -> None:
    begun = day("Monday 2026-11-16")
    found = dues(TERMS, "received", begun, begun, day(today), CALENDAR)
    assert [due.term.step for due in found if due.late] == late


@pytest.mark.parametrize("state", list(AWAITED))
def test_the_bound_of_a_list_is_the_clock(state: PetitionState) -> None:
    """Day by day through a year with all its holidays: a list finds just what the clock calls late."""
    first = day("Thursday 2026-01-01")
    for n in range(0, 365, 3):
        today = first + timedelta(days=n)
        ended = bounds(TERMS, today, CALENDAR)
        for back in range(45):
            since = today - timedelta(days=back)
            found = any(state in one.states and since <= one.since for one in ended)
            clock = any(due.late for due in dues(TERMS, state, since, since, today, CALENDAR))
            assert found == clock, (today, since)


def test_a_year_without_a_calendar_is_told_as_unknown() -> None:
    begun = day("Monday 2029-01-01")
    (law, scoring) = dues(TERMS, "received", begun, begun, begun, CALENDAR)
    assert (law.day, law.late, scoring.day) == (None, False, None)


def test_what_is_over_long_ago_is_late_without_one() -> None:
    begun, today = day("Monday 1995-01-02"), day("Thursday 2026-11-26")
    for found in dues(TERMS, "received", begun, begun, today, CALENDAR):
        assert (found.day, found.late) == (None, True), "as the list has it"


async def test_what_is_late_and_what_is_due_is_listed(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, database: Database
) -> None:
    headers = bearer(issuer, "handler", STRANGER)
    begun = {"old": 90, "older": 120, "of_today": 0, "waiting": 90, "in_hand": 90}
    made = {name: await sent(citizen, agency=STRANGER) for name in begun}
    await did(intake, made["in_hand"], "take-up", headers)
    await did(intake, made["waiting"], "information-requests", headers, question="Ngày nào?")
    for name, days in begun.items():
        await since(database, made[name], TODAY - timedelta(days=days))
    code = {name: one["code"] for name, one in made.items()}
    assert sorted(await listed(intake, headers)) == sorted(code.values())
    late = await listed(intake, headers, late="true")
    assert sorted(late) == sorted([code["old"], code["older"], code["in_hand"]])
    by_law = await listed(intake, headers, late="true", measure="law")
    assert sorted(by_law) == sorted([code["old"], code["older"]]), "the law has no term to answer"
    soon = await listed(intake, headers, due_by=(TODAY + timedelta(days=30)).isoformat())
    assert sorted(soon) == sorted([*late, code["of_today"]])
    assert await listed(intake, headers, state="information_asked") == [code["waiting"]]
    items = (await intake.get("/v1/petitions", params={"late": "true"}, headers=headers)).json()["items"]
    assert all(any(due["late"] for due in item["due"]) for item in items)


def a_term(**more: Any) -> dict[str, Any]:
    return {
        "step": "answer",
        "measure": "scoring",
        "working_days": 10,
        "citation": "Thông tư 1/2027/TT-BTP, Điều 9",
        "basis": "read whole",
        "confirmed": True,
        "valid_from": (TODAY + timedelta(days=10)).isoformat(),
        "decision": "12/QĐ-VP",
        "reason": "Quy định mới",
        **more,
    }


async def test_an_operator_enters_another_for_what_is_to_come(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    admin = {**bearer(issuer, "admin", PROVINCE), "Idempotency-Key": "term-1"}
    answers = [await intake.post("/v1/petition-terms", json=a_term(), headers=admin) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[1].json()

    async def days(on: date) -> list[int]:
        items = (await citizen.get("/v1/petition-terms", params={"as_of": on.isoformat()})).json()["items"]
        return [one["working_days"] for one in items if (one["step"], one["measure"]) == ("answer", "scoring")]

    begin = TODAY + timedelta(days=10)
    assert (await days(begin - timedelta(days=1)), await days(begin)) == ([15], [10])
    another = a_term(working_days=12, valid_from=(TODAY + timedelta(days=5)).isoformat())
    assert (await intake.post("/v1/petition-terms", json=another, headers=bearer(issuer, "admin", PROVINCE))).is_success
    assert (await days(begin), await days(TODAY + timedelta(days=4))) == ([12], [15])
    whole = (await citizen.get("/v1/petition-terms", params={"history": "true"})).json()["items"]
    assert len([one for one in whole if one["step"] == "answer"]) == 3, "what it was stays to be read"


async def test_not_of_a_day_that_has_begun_nor_by_one_agency(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    body = a_term(valid_from=TODAY.isoformat())
    answer = await intake.post("/v1/petition-terms", json=body, headers=bearer(issuer, "admin", PROVINCE))
    assert (answer.status_code, reasons(answer)) == (422, {("valid_from", "day_begun")})
    answer = await intake.post("/v1/petition-terms", json=a_term(), headers=bearer(issuer, "admin", WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    for bad in ({"working_days": 0}, {"working_days": True}, {"step": "close"}):
        answer = await intake.post("/v1/petition-terms", json=a_term(**bad), headers=bearer(issuer, "admin", PROVINCE))
        assert answer.status_code == 422
