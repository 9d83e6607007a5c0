"""Chuyển: to the agency that is competent, within 5 working days of reception (NĐ 20/2008/NĐ-CP art. 9(1)d), scored
within 2; the giver goes on seeing it, the receiver has its own term to answer."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import dues, in_time
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.intake.petitions import CALENDAR, TERMS, day, did, does, sent
from tests.support import JUSTICE, PROVINCE, WARD, bearer, serving, settings_for

STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, petitions_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize(
    ("received", "forwarded", "law", "scoring"),
    [
        ("Monday 2026-11-16", "Monday 2026-11-16", True, True),
        ("Monday 2026-11-16", "Wednesday 2026-11-18", True, True),
        ("Monday 2026-11-16", "Thursday 2026-11-19", True, False),
        ("Monday 2026-11-16", "Monday 2026-11-23", True, False),
        # Tuesday 24/11 is a holiday: what is over on Monday is over.
        ("Monday 2026-11-16", "Tuesday 2026-11-24", False, False),
        # A day off does not count, and is not begun upon either.
        ("Saturday 2026-11-21", "Wednesday 2026-11-25", True, True),
        ("Saturday 2026-11-21", "Thursday 2026-11-26", True, False),
        ("Monday 2026-08-31", "Friday 2026-09-04", True, True),
    ],
)
def test_five_working_days_by_law_and_two_by_the_scoring(
    received: str, forwarded: str, law: bool, scoring: bool
) -> None:
    begun = day(received)
    found = in_time(TERMS, "forwarded", "received", begun, begun, day(forwarded), CALENDAR)
    assert found == {"law": law, "scoring": scoring}


def test_who_has_it_forwarded_answers_within_fifteen_days_of_that() -> None:
    stands = ("forwarded", day("Monday 2026-11-16"), day("Wednesday 2026-11-18"))
    (due,) = dues(TERMS, *stands, day("Thursday 2026-12-10"), CALENDAR)  # type: ignore[arg-type]
    assert (due.term.step, due.day, due.late) == ("answer", day("Thursday 2026-12-10"), False)
    (late,) = dues(TERMS, *stands, day("Friday 2026-12-11"), CALENDAR)  # type: ignore[arg-type]
    assert late.late


def test_one_that_was_taken_up_is_not_judged_by_it() -> None:
    begun = day("Monday 2026-11-16")
    assert in_time(TERMS, "forwarded", "in_hand", begun, begun, day("Friday 2026-11-27"), CALENDAR) == {}


async def test_it_goes_to_another_agency(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, ward = await sent(citizen), bearer(issuer, "counter", WARD)
    after = await did(intake, made, "forward", ward, agency=JUSTICE, note="Thuộc thẩm quyền của Sở")
    assert (after["state"], after["agency"], after["holder"], after["version"]) == ("forwarded", WARD, JUSTICE, 2)
    event = after["events"][-1]
    assert (event["to_agency"], event["words"]) == (JUSTICE, "Thuộc thẩm quyền của Sở")
    assert (event["in_time_by_law"], event["in_time_by_scoring"]) == (True, True)
    justice = bearer(issuer, "handler", JUSTICE)
    assert (await intake.get(f"/v1/petitions/{made['code']}", headers=justice)).json()["phone"] == "0905 000 001"
    followed = await citizen.get(f"/v1/public/petitions/{made['code']}", params={"secret": made["secret"]})
    assert followed.json()["holder"] == JUSTICE
    assert "Thuộc thẩm quyền" not in followed.text, "a note is for the next agency"
    # Whoever gave it sees it, and does nothing with it any more.
    assert (await intake.get(f"/v1/petitions/{made['code']}", headers=ward)).status_code == 200
    refused = await does(intake, made, "take-up", ward)
    assert (refused.status_code, reasons(refused)) == (403, {("", "not_the_holder")})


async def test_it_goes_on_from_there(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen)
    await did(intake, made, "forward", bearer(issuer, "counter", WARD), agency=JUSTICE)
    onward = {**bearer(issuer, "handler", JUSTICE), "Idempotency-Key": "onward-1"}
    first = await did(intake, made, "forward", onward, agency=STRANGER)
    again = await does(intake, made, "forward", onward, agency=STRANGER)
    assert (again.status_code, again.json()["version"], first["holder"]) == (200, first["version"], STRANGER)
    assert (await did(intake, made, "take-up", bearer(issuer, "handler", STRANGER)))["state"] == "in_hand"


@pytest.mark.parametrize(
    ("agency", "code"), [(WARD, "changes_nothing"), ("99999", "unknown_agency"), ("19342", "agency_not_in_force")]
)
async def test_not_to_itself_nor_to_nobody(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, agency: str, code: str
) -> None:
    made = await sent(citizen)
    answer = await does(intake, made, "forward", bearer(issuer, "counter", WARD), agency=agency)
    assert (answer.status_code, reasons(answer)) == (422, {("agency", code)})


async def test_by_the_version_that_it_was_decided_upon(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, admin = await sent(citizen), bearer(issuer, "admin", PROVINCE)
    await did(intake, made, "take-up", admin)
    answer = await does(intake, made, "forward", {**admin, "If-Match": '"1"'}, agency=JUSTICE)
    assert (answer.status_code, answer.json()["code"]) == (412, "version_changed")
    assert (await does(intake, made, "forward", {**admin, "If-Match": '"2"'}, agency=JUSTICE)).status_code == 200
