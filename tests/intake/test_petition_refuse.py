"""Không xử lý: the sender reads why; scored within 2 working days of reception or forwarding, and never once it was
taken up."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import in_time
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
    ("begun", "refused", "law", "scoring"),
    [
        ("Friday 2026-11-20", "Wednesday 2026-11-25", True, True),
        ("Friday 2026-11-20", "Thursday 2026-11-26", True, False),
        ("Friday 2026-11-20", "Monday 2026-11-30", True, False),
        ("Friday 2026-11-20", "Tuesday 2026-12-01", False, False),
    ],
)
@pytest.mark.parametrize("state", ["received", "forwarded"])
def test_two_working_days(state: str, begun: str, refused: str, law: bool, scoring: bool) -> None:
    found = in_time(TERMS, "refused", state, day(begun), day(begun), day(refused), CALENDAR)  # type: ignore[arg-type]
    assert found == {"law": law, "scoring": scoring}


async def test_its_sender_reads_why(citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    made = await sent(citizen)
    why = "Nội dung đã được trả lời.\nĐề nghị xem văn bản số 12."
    after = await did(intake, made, "refuse", bearer(issuer, "counter", WARD), reason=why)
    assert (after["state"], after["due"]) == ("refused", [])
    followed = await citizen.get(f"/v1/public/petitions/{made['code']}", params={"secret": made["secret"]})
    assert followed.json()["notices"][0]["words"] == why


async def test_not_without_a_reason_nor_twice_nor_after_it_was_taken_up(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, counter = await sent(citizen), bearer(issuer, "counter", WARD)
    assert reasons(await does(intake, made, "refuse", counter)) == {("reason", "required")}
    await did(intake, made, "take-up", counter)
    answer = await does(intake, made, "refuse", counter, reason="Không thuộc thẩm quyền")
    assert (answer.status_code, reasons(answer)) == (409, {("", "petition_state")})
    assert '"in_hand" (đang xử lý)' in answer.json()["errors"][0]["reason"]


async def test_nobody_elses(citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    made = await sent(citizen)
    for agency in (STRANGER, JUSTICE):
        headers = bearer(issuer, "leader", agency)
        assert (await does(intake, made, "refuse", headers, reason="Không")).status_code == 404
    supervisor = bearer(issuer, "supervisor", PROVINCE)
    assert (await does(intake, made, "refuse", supervisor, reason="Không")).status_code == 403
