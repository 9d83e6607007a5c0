"""Đánh giá: one rating of a dossier that has ended, by whoever holds its receipt or is its applicant
(TT 01/2018/TT-VPCP art. 12); who rated is not for those who were rated (NĐ 61/2018 art. 27(3))."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.ratings.rules import changeable_until, refused
from intake_service.tracking.rules import secret_of
from services.local_issuer import LocalIssuer
from shared.tables.policies import SETTING
from tests.conftest import Database
from tests.intake.lives import did, reasons, received
from tests.rights.conftest import STRANGER
from tests.support import PROVINCE, TRACKING_KEY, WARD, at, bearer, serving, settings_for

NUMBER = "045190000001"
WORDS = "Cô Hoa ở quầy 3 hướng dẫn rất tận tình"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer, public_per_minute=100_000, wrong_secrets_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


async def ended(intake: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """A dossier whose result is there."""
    dossier = await received(intake, id_number=NUMBER, **more)
    return await did(intake, dossier, "finish")


def of(dossier: dict[str, Any]) -> dict[str, str]:
    """The secret on its receipt."""
    return {"secret": secret_of(TRACKING_KEY, dossier["reference"] or dossier["code"])}


async def rates(client: httpx.AsyncClient, dossier: dict[str, Any], **body: Any) -> httpx.Response:
    body = {"level": "satisfied", **body}
    return await client.put(f"/v1/track/{dossier['code']}/rating", params=of(dossier), json=body)


# --- giving one -----------------------------------------------------------------------------------------------------


async def test_the_holder_of_the_receipt_rates_what_has_ended(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    dossier = await ended(intake)
    answer = await rates(citizen, dossier, level="very_satisfied", criteria={"attitude": 2}, words=WORDS)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["code"], body["level"], body["criteria"], body["words"], body["changed_at"]) == (
        *(dossier["code"], "very_satisfied", {"attitude": 2}, WORDS),
        None,
    )
    assert answer.headers["cache-control"] == "no-store"
    again = await citizen.get(f"/v1/track/{dossier['code']}/rating", params=of(dossier))
    assert again.json() == body


async def test_so_does_the_citizen_whose_dossier_it_is(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await ended(intake)
    path = f"/v1/track/{dossier['code']}/rating"
    stranger = bearer(issuer, "citizen", WARD, id_number="045190000002")
    assert (await citizen.put(path, json={"level": "satisfied"}, headers=stranger)).status_code == 404
    own = bearer(issuer, "citizen", WARD, id_number=NUMBER)
    assert (await citizen.put(path, json={"level": "satisfied"}, headers=own)).status_code == 200


async def test_to_anybody_else_there_is_no_such_dossier(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await ended(intake)
    path = f"/v1/track/{dossier['code']}/rating"
    answers = [
        await citizen.put(path, json={"level": "unsatisfied"}),
        await citizen.put(path, json={"level": "unsatisfied"}, params={"secret": "A" * 16}),
        await citizen.put("/v1/track/X-260101-0001/rating", json={"level": "unsatisfied"}, params={"secret": "A" * 16}),
        await citizen.get(path, params=of(dossier)),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}


async def test_what_goes_on_is_not_rated(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    answer = await rates(citizen, dossier)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_in_status")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"level": "like"}, ("level", "not_one_of")),
        ({"criteria": {"attitude": 3}}, ("criteria.attitude", "out_of_range")),
        ({"criteria": {"attitude": True}}, ("criteria.attitude", "wrong_type")),
        ({"criteria": {"speed": 1}}, ("criteria.speed", "unknown_field")),
        ({"words": "…"}, ("words", "no_letter")),
        ({"words": "x" * 1001}, ("words", "too_long")),
        ({"name": "Nguyễn Thị Đào"}, ("name", "unknown_field")),
    ],
)
async def test_what_is_no_rating_is_refused(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, body: dict[str, Any], reason: tuple[str, str]
) -> None:
    answer = await rates(citizen, {"code": "X-260101-0001", "reference": None}, **body)
    assert (answer.status_code, reasons(answer)) == (422, {reason})


# --- changing it ----------------------------------------------------------------------------------------------------


async def test_it_is_changed_and_stays_one(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, database: Database
) -> None:
    dossier = await ended(intake)
    first = (await rates(citizen, dossier, words=WORDS)).json()
    after = (await rates(citizen, dossier, level="unsatisfied")).json()
    assert (after["level"], after["words"], after["rated_at"]) == ("unsatisfied", None, first["rated_at"])
    assert after["changed_at"] is not None
    owner = await asyncpg.connect(database.owner_url)
    count = "SELECT count(*) FROM rating r JOIN dossier d ON d.id = r.dossier_id WHERE d.code = $1"
    assert await owner.fetchval(count, dossier["code"]) == 1
    await owner.close()


async def test_many_at_once_leave_one(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await ended(intake)
    answers = await asyncio.gather(*(rates(citizen, dossier) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["rated_at"] for answer in answers}) == 1


async def test_after_its_days_it_stands(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, database: Database
) -> None:
    dossier = await ended(intake)
    assert (await rates(citizen, dossier)).status_code == 200
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "UPDATE rating SET rated_at = rated_at - interval '8 days', rated_day = rated_day - 8"
        " WHERE dossier_id = (SELECT id FROM dossier WHERE code = $1)",
        dossier["code"],
    )
    await owner.close()
    answer = await rates(citizen, dossier, level="unsatisfied")
    assert (answer.status_code, reasons(answer)) == (409, {("", "rating_stands")})


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        ("Monday 2026-11-02 23:59", False),
        ("Monday 2026-11-09 23:59", False),
        ("Tuesday 2026-11-10 00:00", True),
    ],
)
def test_seven_whole_days_after_its_own(now: str, stands: bool) -> None:
    rated = at("Monday 2026-11-02 08:00")
    assert changeable_until(rated, 7) == at("Tuesday 2026-11-10 00:00")
    ended_at = rated - timedelta(days=1)
    found = refused(finished_at=ended_at, erased_at=None, rated_at=rated, now=at(now), days=7)
    assert (found is not None) is stands


# --- who reads it ---------------------------------------------------------------------------------------------------


async def test_a_number_in_the_words_tells_nobody_who_rated(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await ended(intake)
    words = f"Gọi tôi 0905 123 654, {NUMBER}, hồ sơ {dossier['code']}, dao@example.vn, ngày 27/11, quầy 3, chậm 12 ngày"
    assert (await rates(citizen, dossier, words=words)).json()["words"] == words, "its giver reads it as it is"
    page = (await intake.get("/v1/ratings", headers=bearer(issuer, "supervisor", PROVINCE))).json()
    told = [item["words"] for item in page["items"] if (item["words"] or "").startswith("Gọi tôi")]
    assert told == ["Gọi tôi ***, ***, hồ sơ ***, ***, ngày 27/11, quầy 3, chậm 12 ngày"]


async def test_the_words_are_read_by_whoever_watches_and_never_with_the_dossier(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await ended(intake)
    await rates(citizen, dossier, level="unsatisfied", words="Chờ lâu quá")
    watching = bearer(issuer, "supervisor", WARD)
    answer = await intake.get("/v1/ratings", params={"level": "unsatisfied", "limit": 1}, headers=watching)
    (item,) = answer.json()["items"]
    assert (item["words"], item["agency"]) == ("Chờ lâu quá", WARD)
    assert dossier["code"] not in answer.text
    elsewhere = await intake.get("/v1/ratings", headers=bearer(issuer, "supervisor", STRANGER))
    assert elsewhere.json()["items"] == []
    for role in ("counter", "handler", "leader"):
        assert (await intake.get("/v1/ratings", headers=bearer(issuer, role, WARD))).status_code == 403


async def test_the_list_comes_in_pages(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    for n in range(3):
        await rates(citizen, await ended(intake), words=f"Lần {n}")
    watching, words, cursor = bearer(issuer, "admin", PROVINCE), [], None
    while True:
        params: dict[str, str] = {"limit": "2", "level": "satisfied", **({"cursor": cursor} if cursor else {})}
        page = (await intake.get("/v1/ratings", params=params, headers=watching)).json()
        words += [item["words"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        # The number of the dossier stands in it: whoever read it would know whose words the last on the page are.
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[8:])
    assert [one for one in words if one and one.startswith("Lần")] == ["Lần 2", "Lần 1", "Lần 0"]


async def test_wrong_secrets_are_counted(database: Database, issuer: LocalIssuer, intake: httpx.AsyncClient) -> None:
    dossier = await ended(intake)
    settings = settings_for(database, issuer, public_per_minute=100_000, wrong_secrets_per_hour=3)
    async with serving(create_app(settings)) as client:
        path = f"/v1/track/{dossier['code']}/rating"
        wrong = [
            (await client.put(path, json={"level": "satisfied"}, params={"secret": "B" * 16})).status_code
            for _ in range(5)
        ]
        assert wrong == [404, 404, 404, 429, 429]
        assert (await rates(client, dossier)).status_code == 200, "the right one is never refused"


async def test_a_client_is_counted_whatever_it_sends(database: Database, issuer: LocalIssuer) -> None:
    async with serving(create_app(settings_for(database, issuer, public_per_minute=2))) as client:
        answers = [await client.put("/v1/track/X/rating", content=b"{") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [415, 415, 429, 429]


async def test_stats_reads_no_word(database: Database) -> None:
    connection = await asyncpg.connect(database.url("motcua_stats"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SELECT FROM rating_words")
    await connection.close()


async def test_a_session_for_nobody_sees_none(
    database: Database, citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    await rates(citizen, await ended(intake))
    connection = await asyncpg.connect(database.login("motcua_intake"))
    for table in ("rating", "rating_words"):
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    await connection.execute("SELECT set_config($1, '{(,)}', false)", SETTING)
    assert await connection.fetchval("SELECT count(*) FROM rating") > 0
    await connection.close()
