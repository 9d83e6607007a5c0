"""Trả lời: scored within 15 working days of sending, or of forwarding; who takes it up has the same term."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import in_time
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.intake.petitions import CALENDAR, TERMS, day, did, does, sent, since
from tests.support import WARD, bearer, serving, settings_for

STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, petitions_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize(
    ("begun", "answered", "scoring"),
    [
        ("Monday 2026-11-16", "Tuesday 2026-12-08", True),
        ("Monday 2026-11-16", "Wednesday 2026-12-09", False),
        ("Saturday 2026-11-14", "Monday 2026-12-07", True),
        ("Saturday 2026-11-14", "Tuesday 2026-12-08", False),
    ],
)
@pytest.mark.parametrize("state", ["received", "in_hand", "forwarded"])
def test_fifteen_working_days(state: str, begun: str, answered: str, scoring: bool) -> None:
    since, today = day(begun), day(answered)
    found = in_time(TERMS, "answered", state, since, since, today, CALENDAR)  # type: ignore[arg-type]
    assert found == {"scoring": scoring}


async def test_to_take_it_up_ends_the_term_to_decide_and_no_other(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, database: Database
) -> None:
    made, handler = await sent(citizen), bearer(issuer, "handler", WARD)
    before = (await intake.get(f"/v1/petitions/{made['code']}", headers=handler)).json()
    assert {(due["step"], due["measure"], due["confirmed"]) for due in before["due"]} == {
        ("decide", "law", True),
        ("decide", "scoring", False),
    }
    await since(database, made, day("Monday 2026-11-16"))
    after = await did(intake, made, "take-up", handler)
    (due,) = after["due"]
    assert (due["step"], due["due_day"]) == ("answer", "2026-12-08")


async def test_its_sender_reads_the_answer(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen)
    after = await did(intake, made, "answer", bearer(issuer, "leader", WARD), answer="Đã niêm yết bổ sung ngày 25/11.")
    assert (after["state"], after["events"][-1]["in_time_by_scoring"]) == ("answered", True)
    assert [due["step"] for due in after["due"]] == ["publish"]
    followed = await citizen.get(f"/v1/public/petitions/{made['code']}", params={"secret": made["secret"]})
    notice = followed.json()["notices"][0]
    assert (notice["kind_name"], notice["words"]) == ("Trả lời", "Đã niêm yết bổ sung ngày 25/11.")


async def test_an_answer_is_not_given_twice_nor_by_the_counter(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, leader = await sent(citizen), bearer(issuer, "leader", WARD)
    counter = bearer(issuer, "counter", WARD)
    assert (await does(intake, made, "answer", counter, answer="Đã xong")).status_code == 403
    await did(intake, made, "answer", leader, answer="Đã xong")
    answer = await does(intake, made, "answer", leader, answer="Đã xong rồi")
    assert (answer.status_code, reasons(answer)) == (409, {("", "petition_state")})
    assert "có thể làm: công khai, không công khai" in answer.json()["errors"][0]["reason"]
