"""What everybody may read has an ETag, and is not sent again while it is the same; a browser's page may do and read all
that the contracts speak of."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from services.serve import ROOMS, app_of
from shared.web.origins import ALLOWED
from shared.web.versions import is_known
from tests.conftest import Database
from tests.contracts.documents import ALL, Operation
from tests.support import PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for

#: Public, and another answer each time or for one pair of eyes.
NOT_KEPT = {
    "trackDossier": "of one applicant",
    "readRating": "of one applicant",
    "fetchFile": "of whoever holds its link",
    "trackPetition": "of its sender",
    "previewDeadline": "reckoned from now",
    "healthz": "of the moment",
    "readyz": "of the moment",
    "metrics": "of the moment",
}
#: Headers that a page reads or sends without being allowed to (Fetch: CORS-safelisted).
SAFE = {"accept", "accept-language", "cache-control", "content-language", "content-length", "content-type"}
PUBLIC = [one for one in ALL if one.method == "get" and not one.told["security"]]
SAME = ["/v1/procedures?limit=5", f"/v1/procedures/{REGISTER_COPY}", "/v1/supplement-rules"]
TOLD = {
    "intake": SAME,
    "routing": ["/v1/agencies", f"/v1/agencies/{WARD}", "/v1/calendar?year=2026"],
    "stats": ["/v1/definitions", "/v1/reports/official-tables/forms"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=ROOMS)
async def room(
    request: pytest.FixtureRequest, database: Database, issuer: LocalIssuer
) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    async with serving(app_of(request.param).create_app(settings_for(database, issuer))) as client:
        yield request.param, client


@pytest.mark.parametrize("operation", PUBLIC, ids=str)
def test_what_is_public_is_kept(operation: Operation) -> None:
    answers = operation.told["responses"]
    kept = "ETag" in answers["200"].get("headers", {})
    assert kept is (operation.told["operationId"] not in NOT_KEPT)
    asked = [each for each in operation.told.get("parameters", ()) if each["name"] == "If-None-Match"]
    assert len(asked) == ("304" in answers)


async def test_it_is_sent_once(room: tuple[str, httpx.AsyncClient]) -> None:
    name, client = room
    for path in TOLD[name]:
        first = await client.get(path)
        assert (first.status_code, first.headers["Cache-Control"]) == (200, "private, no-cache"), path
        tag = first.headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag), path
            assert "Content-Type" not in again.headers
        lines = [("If-None-Match", '"other"'), ("If-None-Match", tag)]
        assert (await client.get(path, headers=lines)).status_code == 304, "a list in two lines is one list"
        other = await client.get(path, headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


async def test_another_answer_has_another_tag(database: Database, issuer: LocalIssuer) -> None:
    async with serving(app_of("routing").create_app(settings_for(database, issuer))) as routing:
        tags = {(await routing.get(f"/v1/agencies?limit={limit}")).headers["ETag"] for limit in (1, 2, 3)}
        assert len(tags) == 3


async def test_a_changed_list_is_sent_again(database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(database, issuer)
    forms = "/v1/reports/official-tables/forms"
    async with serving(app_of("stats").create_app(settings)) as stats:
        before = await stats.get(forms)
        one = before.json()["items"][0]
        draft = {key: value for key, value in one.items() if key != "form"} | {"title": "Biểu khác"}
        entered = await stats.put(f"{forms}/bieu-khac", json=draft, headers=bearer(issuer, "admin", PROVINCE))
        assert entered.status_code == 200, entered.text
        after = await stats.get(forms, headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert after.headers["ETag"] != before.headers["ETag"]


async def test_what_is_refused_or_behind_a_token_has_none(database: Database, issuer: LocalIssuer) -> None:
    async with serving(app_of("intake").create_app(settings_for(database, issuer))) as intake:
        for path in ("/v1/procedures?limit=0", "/v1/procedures/nothing"):
            assert "ETag" not in (await intake.get(path)).headers
        listed = await intake.get("/v1/dossiers", headers=bearer(issuer, "leader", PROVINCE))
        assert (listed.status_code, listed.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in listed.headers


@pytest.mark.parametrize(
    ("known", "right"),
    [
        *((None, False), ("", False), ('"b"', False), ("a", False)),
        *(('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True)),
    ],
)
def test_a_tag_is_one_of_those_that_are_known(known: str | None, right: bool) -> None:
    assert is_known(known, '"a"') is right


def test_a_page_may_read_and_send_every_header_of_the_contracts() -> None:
    answers = [answer for one in ALL for answer in one.told["responses"].values()]
    told = {header.lower() for answer in answers for header in answer.get("headers", {})}
    assert told - SAFE <= {header.lower() for header in ALLOWED["expose_headers"]}
    sent = {each["name"].lower() for one in ALL for each in one.told.get("parameters", ()) if each["in"] == "header"}
    allowed = {header.lower() for header in ALLOWED["allow_headers"]}
    assert sent <= allowed
    assert {"authorization", "content-type"} <= allowed
    assert {one.method.upper() for one in ALL} <= set(ALLOWED["allow_methods"])
