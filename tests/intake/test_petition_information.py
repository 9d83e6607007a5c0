"""Yêu cầu bổ sung thông tin: scored within 5 working days; nothing is due while the petitioner is waited for, and the
term to answer begins anew with what is given."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import dues, in_time
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.intake.petitions import CALENDAR, TERMS, day, did, sent
from tests.support import WARD, bearer, serving, settings_for

STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, petitions_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize(
    ("begun", "asked", "scoring"),
    [
        ("Monday 2026-11-16", "Monday 2026-11-23", True),
        ("Monday 2026-11-16", "Wednesday 2026-11-25", False),
        ("Friday 2026-08-28", "Wednesday 2026-09-09", True),
        ("Friday 2026-08-28", "Thursday 2026-09-10", False),
    ],
)
@pytest.mark.parametrize("state", ["received", "in_hand", "forwarded"])
def test_five_working_days(state: str, begun: str, asked: str, scoring: bool) -> None:
    since, today = day(begun), day(asked)
    found = in_time(TERMS, "information_asked", state, since, since, today, CALENDAR)  # type: ignore[arg-type]
    assert found == {"scoring": scoring}


def test_nothing_is_due_meanwhile() -> None:
    received, asked = day("Monday 2026-11-16"), day("Wednesday 2026-11-18")
    assert dues(TERMS, "information_asked", received, asked, day("Thursday 2026-12-31"), CALENDAR) == []


async def test_the_sender_answers(citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    made, counter = await sent(citizen), bearer(issuer, "counter", WARD)
    path, secret = f"/v1/public/petitions/{made['code']}", {"secret": made["secret"]}
    early = await citizen.post(f"{path}/information", params=secret, json={"information": "Thêm"})
    assert (early.status_code, reasons(early)) == (409, {("", "petition_state")})
    after = await did(intake, made, "information-requests", counter, question="Đề nghị cho biết ngày nộp hồ sơ")
    assert (after["state"], after["due"], after["events"][-1]["in_time_by_scoring"]) == ("information_asked", [], True)
    followed = (await citizen.get(path, params=secret)).json()
    assert followed["notices"][0]["words"] == "Đề nghị cho biết ngày nộp hồ sơ"
    given = await citizen.post(f"{path}/information", params=secret, json={"information": "Tôi nộp ngày 23/11"})
    assert (given.status_code, given.json()["state"]) == (200, "in_hand")
    read = (await intake.get(f"/v1/petitions/{made['code']}", headers=counter)).json()
    assert (read["events"][-1]["actor"], read["events"][-1]["words"]) == ("anybody", "Tôi nộp ngày 23/11")
    assert [due["step"] for due in read["due"]] == ["answer"]
    twice = await citizen.post(f"{path}/information", params=secret, json={"information": "Nữa"})
    assert twice.status_code == 409


async def test_or_staff_write_it_down(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, counter = await sent(citizen), bearer(issuer, "counter", WARD)
    await did(intake, made, "information-requests", counter, question="Ngày nào?")
    after = await did(intake, made, "information", counter, information="Qua điện thoại: ngày 23/11")
    assert after["state"] == "in_hand"


async def test_who_does_not_answer_is_refused(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, counter = await sent(citizen), bearer(issuer, "counter", WARD)
    await did(intake, made, "information-requests", counter, question="Ngày nào?")
    after = await did(intake, made, "refuse", counter, reason="Không bổ sung thông tin")
    event = after["events"][-1]
    assert (after["state"], event["in_time_by_law"], event["in_time_by_scoring"]) == ("refused", None, None)
