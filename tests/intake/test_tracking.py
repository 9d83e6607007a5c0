"""Tra cứu: without a login the code and how far it has come, no more (TT 01/2018/TT-VPCP art. 16(2)d); with the secret
on the receipt or the applicant's own token all that concerns the applicant, and nobody else's data ever."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.tracking.rules import secret_of
from intake_service.tracking.usecases import track
from services.local_issuer import LocalIssuer
from shared.web.keyring import Keyring
from shared.web.problems import Problem
from tests.conftest import Database
from tests.intake.lives import ago, did, imported, reasons, received, submitted
from tests.intake.test_extension_and_apology import LETTER
from tests.support import IDENTITY_KEYS, PROVINCE, WARD, a_draft, bearer, serving, settings_for, workday

KEY = "a key that is for tests of receipts"
NUMBER = "045190000001"
DEGREE = {"code", "degree", "degree_name", "step", "steps"}
#: What must never be seen from outside, whoever looks.
PERSONAL = ("Nguyễn Thị Đào", NUMBER, "0905 000 001", "dao@example.vn", "12 Hùng Vương", "Trần Văn Bình", "counter@")
WHOSE = {"id_number": NUMBER, "phone": "0905 000 001", "email": "dao@example.vn", "address": "12 Hùng Vương"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def citizen(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at home, without a token; and no limit that a test would meet."""
    settings = settings_for(database, issuer, public_per_minute=100_000, wrong_secrets_per_hour=100_000)
    async with serving(create_app(settings)) as client:
        yield client


def draft(**more: Any) -> dict[str, Any]:
    body: dict[str, Any] = a_draft(procedure="2.000908", **more)
    body["applicant"] |= WHOSE
    return body


async def handed_in(intake: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await intake.post("/v1/dossiers", json=draft(**more))
    assert answer.status_code == 201, answer.text
    dossier: dict[str, Any] = answer.json()
    return dossier


async def seen(citizen: httpx.AsyncClient, dossier: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the holder of the receipt sees."""
    name = dossier["reference"] or dossier["code"]
    answer = await citizen.get(f"/v1/track/{dossier['code']}", params={"secret": secret_of(KEY, name)}, **more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


# --- anybody --------------------------------------------------------------------------------------------------------


async def test_anybody_sees_the_code_and_the_degree_and_no_more(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    dossier = await handed_in(intake)
    answer = await citizen.get(f"/v1/track/{dossier['code']}")
    assert answer.status_code == 200
    assert answer.json() == {
        "code": dossier["code"],
        "degree": "received",
        "degree_name": "Đã tiếp nhận",
        "step": 1,
        "steps": 4,
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_the_degree_follows_the_life(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    async def degree() -> tuple[str, int]:
        body = (await citizen.get(f"/v1/track/{dossier['code']}")).json()
        assert set(body) == DEGREE
        return body["degree"], body["step"]

    dossier = await received(intake)
    assert await degree() == ("received", 1)
    await did(intake, dossier, "supplement-requests", reason="Thiếu giấy")
    assert await degree() == ("waiting", 2)
    await did(intake, dossier, "supplements")
    assert await degree() == ("in_process", 2)
    await did(intake, dossier, "finish")
    assert await degree() == ("finished", 3)
    await did(intake, dossier, "return")
    assert await degree() == ("returned", 4)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("withdraw", {"reason": "Không cần nữa"}),
        ("stop", {"reason": "Trùng hồ sơ"}),
        ("finish", {"outcome": "refused", "reason": "Không đủ điều kiện"}),
    ],
)
async def test_how_it_ended_is_not_for_everybody(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, verb: str, body: dict[str, str]
) -> None:
    dossier = await received(intake)
    await did(intake, dossier, verb, **body)
    shown = (await citizen.get(f"/v1/track/{dossier['code']}")).json()
    assert (set(shown), shown["degree"]) == (DEGREE, "finished")
    told = await seen(citizen, dossier)
    assert told["notices"][0]["reason"] == body["reason"]


# --- the holder of the receipt --------------------------------------------------------------------------------------


async def test_with_the_secret_the_state_the_department_the_dates(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    dossier = await handed_in(intake)
    body = await seen(citizen, dossier)
    same = ("code", "status", "status_code", "status_name", "procedure", "procedure_name", "agency", "holder", "desk")
    more = ("submitted_at", "accepted_at", "original_due_at", "due_at", "due_is_provisional", "finished_at", "outcome")
    assert {name: body[name] for name in same + more} == {name: dossier[name] for name in same + more}
    assert body["status_name"] == "Được tiếp nhận"
    assert body["agency_name"] == "UBND Phường Đông Hà"
    assert body["notices"] == []


async def test_the_secret_may_come_in_a_header_and_be_typed_badly(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    dossier = await handed_in(intake)
    typed = f" {secret_of(KEY, dossier['code']).lower()} "
    answer = await citizen.get(f"/v1/track/{dossier['code']}", headers={"Receipt-Secret": typed})
    assert answer.json() == await seen(citizen, dossier)


async def test_what_is_asked_for_and_why(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await handed_in(intake)
    wanted = {"name": "Giấy chứng sinh", "kind": "copy", "count": 2}
    await did(intake, dossier, "supplement-requests", reason="Thiếu bản sao", documents=[wanted])
    body = await seen(citizen, dossier)
    (notice,) = body["notices"]
    assert (notice["kind"], notice["kind_name"]) == ("supplement_requested", "Yêu cầu bổ sung")
    assert (notice["reason"], notice["documents"]) == ("Thiếu bản sao", [wanted])
    staff = (await intake.get(f"/v1/dossiers/{dossier['code']}")).json()
    assert body["answer_due_at"] == staff["answer_due_at"]
    assert body["due_at"] is None


async def test_what_is_to_be_paid(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await handed_in(intake)
    await did(intake, dossier, "payment-requests", reason="Lệ phí", amount=8_000)
    assert (await seen(citizen, dossier))["notices"][0]["amount"] == 8_000


async def test_an_apology_with_its_new_date_and_without_who_signed_it(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    new = workday(20).isoformat()
    await did(intake, dossier, "extensions", **LETTER, new_due_at=new)
    body = await seen(citizen, dossier)
    (notice,) = body["notices"]
    assert (notice["kind"], notice["reason"], notice["new_due_at"]) == ("extended", LETTER["reason"], new)
    assert body["due_at"] == new
    assert LETTER["signed_by"] not in str(body)


async def test_an_apology_for_lateness_and_for_a_loss(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    new = workday(10).isoformat()
    await did(intake, dossier, "apologies", **LETTER, kind="overdue", new_due_at=new)
    await did(intake, dossier, "apologies", **LETTER, kind="lost_or_damaged")
    loss, late = (await seen(citizen, dossier))["notices"]
    assert (late["kind"], late["new_due_at"]) == ("apologised", new)
    assert (loss["kind"], loss["new_due_at"]) == ("apologised", None)


async def test_a_proposals_own_words_reach_the_applicant(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    proposal = {**LETTER, "apology": "Chúng tôi xin lỗi bà", "new_due_at": workday(20).isoformat()}
    path = f"/v1/dossiers/{dossier['code']}/extension-proposals"
    await intake.post(path, json=proposal, headers=bearer(issuer, "handler", WARD))
    assert (await seen(citizen, dossier))["notices"] == [], "what is only proposed is not told"
    await did(intake, dossier, "extensions", proposal=1)
    assert (await seen(citizen, dossier))["notices"][0]["apology"] == "Chúng tôi xin lỗi bà"


async def test_a_result_as_asked_for_is_no_notice(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await handed_in(intake)
    await did(intake, dossier, "finish")
    body = await seen(citizen, dossier)
    assert (body["notices"], body["outcome"]) == ([], "granted")
    assert body["finished_at"] is not None


async def test_a_submission_before_and_after_its_acceptance(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient
) -> None:
    submission = await submitted(intake)
    reference = submission["reference"]
    shown = (await citizen.get(f"/v1/track/{reference}")).json()
    assert (shown["degree"], shown["step"], shown["code"]) == ("submitted", 0, reference)
    await did(intake, submission, "supplement-requests", reason="Ảnh mờ")
    assert (await citizen.get(f"/v1/track/{reference}")).json()["step"] == 0
    before = await seen(citizen, submission)
    assert (before["accepted_at"], before["notices"][0]["reason"]) == (None, "Ảnh mờ")
    await did(intake, submission, "supplements")
    accepted = await did(intake, submission, "accept")
    # One secret through its whole life, by either name.
    assert await seen(citizen, accepted) == await seen(citizen, submission)
    assert (await citizen.get(f"/v1/track/{reference}")).json()["code"] == accepted["code"]


async def test_by_the_code_of_another_system(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    assert (await citizen.get(f"/v1/track/{dossier['legacy_code']}")).json()["code"] == dossier["code"]


# --- the owner ------------------------------------------------------------------------------------------------------


async def test_the_applicants_own_token_opens_it(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await handed_in(intake)
    headers = bearer(issuer, "citizen", "", id_number="045 190 000 001")
    answer = await citizen.get(f"/v1/track/{dossier['code']}", headers=headers)
    assert answer.json() == await seen(citizen, dossier)


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("citizen", {"id_number": "045190000002"}),
        ("citizen", {}),
        ("citizen", {"id_number": " "}),
        ("counter", {"id_number": NUMBER}),
        ("admin", {}),
    ],
)
async def test_any_other_token_is_anybodys(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer, role: str, claims: dict[str, str]
) -> None:
    for dossier in (await handed_in(intake), await received(intake)):
        headers = bearer(issuer, role, WARD, **claims)
        answer = await citizen.get(f"/v1/track/{dossier['code']}", headers=headers)
        assert set(answer.json()) == DEGREE


async def test_a_bad_token_is_told(citizen: httpx.AsyncClient, intake: httpx.AsyncClient) -> None:
    dossier = await handed_in(intake)
    for code in (dossier["code"], "none"):
        answer = await citizen.get(f"/v1/track/{code}", headers={"Authorization": "Bearer nothing"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_citizen_has_no_agency_and_reads_no_other_dossiers(
    citizen: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    answer = await citizen.get("/v1/dossiers", headers=bearer(issuer, "citizen", "", id_number=NUMBER))
    assert answer.status_code == 403


# --- what is not to be told apart -----------------------------------------------------------------------------------


async def test_a_wrong_secret_looks_like_no_dossier(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier, other = await handed_in(intake), await handed_in(intake)
    missing = dossier["code"][:-4] + "9999"
    owner = bearer(issuer, "citizen", "", id_number=NUMBER)
    for secret in ("", "A" * 16, "ế" * 16, secret_of(KEY, other["code"])):
        answers = [await citizen.get(f"/v1/track/{missing}", params={"secret": secret})]
        for headers in ({}, owner):
            answers.append(
                await citizen.get(f"/v1/track/{dossier['code']}", params={"secret": secret}, headers=headers)
            )
        for answer in answers:
            assert answer.status_code == 404
            assert answer.content == answers[0].content
            assert told(answer) == told(answers[0])


async def test_no_dossier_is_404(citizen: httpx.AsyncClient) -> None:
    answer = await citizen.get("/v1/track/19333-190101-0001")
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (404, "not_found", [])
    assert answer.headers["cache-control"] == "no-store"


def told(answer: httpx.Response) -> dict[str, str]:
    """The headers of an answer, without its own number and what the one before used up."""
    return {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "ratelimit")}


async def test_one_look_up_either_way(database: Database, intake: httpx.AsyncClient) -> None:
    """Whether there is such a dossier or not, a wrong secret costs the same one statement."""
    dossier = await handed_in(intake)
    connection = await asyncpg.connect(database.url("motcua_intake"))
    asked: dict[str, list[str]] = {dossier["code"]: [], "19333-190101-0001": []}
    for code, statements in asked.items():
        with connection.query_logger(lambda record, to=statements: to.append(record.query)):
            with pytest.raises(Problem) as refused:
                await track(connection, KEY, Keyring(), code, secret="A" * 16, citizen=None, wrong=lambda: None)
            await asyncio.sleep(0)  # it hears of a statement a moment later
        assert refused.value.code == "not_found"
    await connection.close()
    first, second = asked.values()
    assert first == second
    assert len(first) == 1


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_a_client_that_asks_too_often_is_told_when_to_come_again(
    database: Database, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await handed_in(intake)
    async with serving(create_app(settings_for(database, issuer, public_per_minute=3))) as client:
        answers = [await client.get(f"/v1/track/{dossier['code']}") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        refused = answers[-1]
        assert refused.json()["code"] == "too_many_requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit-policy"] == '"client";q=3;w=60'
        assert refused.headers["cache-control"] == "no-store"
        # A header that anybody can write makes nobody another client.
        forged = await client.get(f"/v1/track/{dossier['code']}", headers={"X-Forwarded-For": "198.51.100.9"})
        assert forged.status_code == 429


@pytest.mark.parametrize("query", [{"secret": "A" * 101}, {"secrets": "A"}])
async def test_what_is_refused_counts_and_is_kept_by_no_cache(
    database: Database, issuer: LocalIssuer, query: dict[str, str]
) -> None:
    async with serving(create_app(settings_for(database, issuer, public_per_minute=2))) as client:
        answers = [await client.get("/v1/track/none", params=query) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [422, 422, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
        assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_behind_a_proxy_each_is_counted_for_himself(
    database: Database, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await handed_in(intake)
    settings = settings_for(database, issuer, public_per_minute=1, trusted_proxies=1)
    async with serving(create_app(settings)) as client:

        async def status(forwarded: str) -> int:
            asked = await client.get(f"/v1/track/{dossier['code']}", headers={"X-Forwarded-For": forwarded})
            return asked.status_code

        assert [await status("198.51.100.1"), await status("198.51.100.2")] == [200, 200]
        assert await status("198.51.100.77, 198.51.100.1") == 429, "what stands before, the client has invented"


async def test_wrong_secrets_are_limited_and_lock_nobody_out(
    database: Database, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await handed_in(intake)
    async with serving(create_app(settings_for(database, issuer, wrong_secrets_per_hour=2))) as client:
        for code in (dossier["code"], "19333-190101-0001"):
            answers = [await client.get(f"/v1/track/{code}", params={"secret": "A" * 16}) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [404, 404, 429]
            assert answers[-1].headers["ratelimit-policy"] == '"secret";q=2;w=3600'
        assert (await seen(client, dossier))["code"] == dossier["code"]


# --- what is nowhere to be found ------------------------------------------------------------------------------------


#: A process of its own, for its log is its own: every way to look, right and wrong, and all answers on its output.
PROGRAM = """
import asyncio, json, sys
from intake_service.app import create_app
from shared.web.settings import read_settings
from tests.support import serving

async def main():
    code, ways = json.loads(sys.stdin.read())
    async with serving(create_app(read_settings())) as client:
        for params, headers in ways:
            answer = await client.get(f"/v1/track/{code}", params=params, headers=headers)
            print(answer.status_code, answer.headers, answer.text)

asyncio.run(main())
"""


async def test_no_answer_and_no_log_holds_a_secret_or_a_person(
    database: Database, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await handed_in(intake, submitted_by={"name": "Trần Văn Bình", "phone": "0905 000 002"})
    await did(intake, dossier, "supplement-requests", reason="Thiếu bản sao")
    secret = secret_of(KEY, dossier["code"])
    queries: tuple[dict[str, str], ...] = ({}, {"secret": secret}, {"secret": "W" + secret}, {"secret": "x" * 101})
    bearers: tuple[dict[str, str], ...] = (
        {},
        bearer(issuer, "citizen", "", id_number=NUMBER),
        {"Receipt-Secret": secret},
    )
    ways = [(params, headers) for params in queries for headers in bearers]
    environment = {
        **os.environ,
        "MOTCUA_DATABASE_URL": database.owner_url,
        "MOTCUA_EMBEDDED": "true",
        "MOTCUA_JWKS_FILE": str(issuer.jwks_file),
        "MOTCUA_CURSOR_KEY": "a key that is for tests",
        "MOTCUA_TRACKING_KEY": KEY,
        "MOTCUA_IDENTITY_KEYS": IDENTITY_KEYS,
        "MOTCUA_SERVICE_TOKEN": "a token that is not used",
        "MOTCUA_BACKGROUND": "false",
        "MOTCUA_ACCESS_LOG": "true",
        "MOTCUA_LOG_LEVEL": "DEBUG",
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([dossier["code"], ways]),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line[:3] for line in done.stdout.splitlines()].count("200") == 7
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert sum(line.get("route") == "/v1/track/{code}" for line in lines) == len(ways), "each was logged"
    staff = (await intake.get(f"/v1/dossiers/{dossier['code']}")).text
    events = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).text
    for text in (done.stdout, done.stderr, staff, events):
        assert secret not in text
    for text in (done.stdout, done.stderr):
        assert [word for word in PERSONAL if word in text] == []
    assert dossier["code"] not in done.stderr


async def test_the_paper_in_the_applicants_hand_opens_the_dossier_after_a_correction_too(
    citizen: httpx.AsyncClient, intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    """A receipt that is issued anew may never reach whoever was given the first one."""
    dossier = await handed_in(intake)
    right = {"applicant": {"name": "Nguyễn Thị Đào Hoa", "id_number": "045190000009"}, "channel": "post"}
    answer = await intake.post(
        f"/v1/dossiers/{dossier['code']}/corrections",
        json={"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC", **right},
        headers=bearer(issuer, "supervisor", PROVINCE),
    )
    assert answer.status_code == 200, answer.text
    body = await seen(citizen, dossier)
    assert [(notice["kind"], notice["reason"]) for notice in body["notices"]] == [("corrected", None)]
    assert "Nguyễn" not in str(body)
    assert "045190000009" not in str(body)


async def test_the_secret_is_stored_nowhere(database: Database, intake: httpx.AsyncClient) -> None:
    dossier = await handed_in(intake)
    connection = await asyncpg.connect(database.owner_url)
    tables = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        count = await connection.fetchval(
            f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%' || $1 || '%'", secret_of(KEY, dossier["code"])
        )
        assert count == 0, table
    await connection.close()


async def test_what_is_too_long_for_a_secret_is_refused(citizen: httpx.AsyncClient) -> None:
    answer = await citizen.get("/v1/track/none", params={"secret": "A" * 101})
    assert (answer.status_code, reasons(answer)) == (422, {("secret", "too_long")})
