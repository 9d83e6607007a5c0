"""Công khai: scored within 2 working days of the answer; what everybody reads is written anew and names nobody
(NĐ 20/2008/NĐ-CP art. 19)."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.petitions.rules import in_time
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.intake.petitions import CALENDAR, PETITIONER, TERMS, day, did, does, sent
from tests.support import PROVINCE, WARD, bearer, serving, settings_for

STRANGER = "19351"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, petitions_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


TOLD = {
    "title": "Niêm yết thiếu thủ tục",
    "content": "Bảng niêm yết tại phường thiếu thủ tục 2.000908.",
    "answer": "Đã niêm yết bổ sung ngày 25/11/2026 theo Quyết định 12/QĐ-UBND.",
}


async def answered(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, **more: str
) -> dict[str, str]:
    made = await sent(citizen, **more)
    await did(intake, made, "answer", bearer(issuer, "leader", WARD), answer="Chào bà Nguyễn Thị Đào, đã xong")
    return made


@pytest.mark.parametrize(
    ("answered_on", "published_on", "scoring"),
    [
        ("Monday 2026-11-23", "Thursday 2026-11-26", True),
        ("Monday 2026-11-23", "Friday 2026-11-27", False),
        ("Friday 2026-11-27", "Tuesday 2026-12-01", True),
    ],
)
@pytest.mark.parametrize("event", ["published", "withheld"])
def test_two_working_days(event: str, answered_on: str, published_on: str, scoring: bool) -> None:
    stands = ("answered", day("Monday 2026-11-16"), day(answered_on), day(published_on))
    assert in_time(TERMS, event, *stands, CALENDAR) == {"scoring": scoring}  # type: ignore[arg-type]


async def test_everybody_reads_it_and_nobodys_data(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await answered(citizen, intake, issuer)
    after = await did(intake, made, "publish", bearer(issuer, "leader", WARD), **TOLD)
    assert (after["state"], after["due"], after["events"][-1]["in_time_by_scoring"]) == ("published", [], True)
    listed = await citizen.get("/v1/public/petitions", params={"agency": PROVINCE})
    (item,) = [one for one in listed.json()["items"] if one["code"] == made["code"]]
    assert {name: item[name] for name in TOLD} == TOLD
    assert (item["agency"], item["kind"]) == (WARD, "about_procedure")
    for text in PETITIONER.values():
        assert text not in listed.text
    assert listed.headers["etag"]
    assert made["code"] not in (await citizen.get("/v1/public/petitions", params={"agency": STRANGER})).text


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("content", "Bà NGUYỄN THỊ ĐÀO cho biết bảng thiếu", "names_the_petitioner"),
        ("content", "Ba Nguyen Thi Dao cho biet", "names_the_petitioner"),
        ("answer", "Trả lời bà ở 12 Hùng Vương, phường Đông Hà", "names_the_petitioner"),
        ("answer", "Đã gửi về dao@example.vn", "names_the_petitioner"),
        ("title", "Số 0905-000-001 hỏi", "names_the_petitioner"),
        ("title", "Số 0905 000 001 hỏi", "holds_a_number"),
        ("answer", "Căn cước 045190000009", "holds_a_number"),
    ],
)
async def test_a_text_that_names_somebody_is_refused(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, field: str, text: str, code: str
) -> None:
    made = await answered(citizen, intake, issuer)
    answer = await does(intake, made, "publish", bearer(issuer, "leader", WARD), **{**TOLD, field: text})
    assert (answer.status_code, reasons(answer)) == (422, {(field, code)})
    assert text not in answer.text
    assert made["code"] not in (await citizen.get("/v1/public/petitions?limit=200")).text


async def test_not_before_the_answer_and_by_a_leader(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made = await sent(citizen)
    early = await does(intake, made, "publish", bearer(issuer, "leader", WARD), **TOLD)
    assert (early.status_code, reasons(early)) == (409, {("", "petition_state")})
    assert (await does(intake, made, "publish", bearer(issuer, "handler", WARD), **TOLD)).status_code == 403


async def test_or_it_is_withheld_and_why_is_on_record(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    made, leader = await answered(citizen, intake, issuer, kind="about_behaviour"), bearer(issuer, "leader", WARD)
    after = await did(intake, made, "withhold", leader, reason="Liên quan đời tư")
    assert (after["state"], after["due"], after["events"][-1]["words"]) == ("withheld", [], "Liên quan đời tư")
    followed = await citizen.get(f"/v1/public/petitions/{made['code']}", params={"secret": made["secret"]})
    assert "đời tư" not in followed.text
    assert (await does(intake, made, "publish", leader, **TOLD)).status_code == 409


async def test_the_list_comes_in_pages(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    for n in range(3):
        made = await answered(citizen, intake, issuer)
        await did(intake, made, "publish", bearer(issuer, "admin", WARD), **{**TOLD, "title": f"Việc thứ {n}"})
    titles, cursor = [], None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await citizen.get("/v1/public/petitions", params=params)).json()
        titles += [item["title"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert [title for title in titles if title.startswith("Việc")] == ["Việc thứ 2", "Việc thứ 1", "Việc thứ 0"]
