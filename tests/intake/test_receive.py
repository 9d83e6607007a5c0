"""Tiếp nhận hồ sơ: NĐ 61/2018 art. 17. The code is issued at acceptance; number, dossier and event are one write."""

import asyncio
import re

import asyncpg
import httpx
import pytest

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.conftest import Database
from tests.support import BIRTH, PROVINCE, REGISTER_COPY, WARD, a_draft, bearer, serving, settings_for


async def test_the_receipt_has_code_and_due_date(intake: httpx.AsyncClient) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft())
    assert answer.status_code == 201
    dossier = answer.json()
    today = civil_day(now())
    assert re.fullmatch(rf"{WARD}-{today:%y%m%d}-\d{{4}}", dossier["code"])
    assert answer.headers["location"] == f"/v1/dossiers/{dossier['code']}"
    assert answer.headers["etag"] == '"1"'
    assert (dossier["status"], dossier["status_code"]) == ("accepted", 2)
    assert dossier["due_at"] == dossier["original_due_at"]
    assert dossier["due_at"].endswith("+07:00")
    assert dossier["due_at"] >= dossier["accepted_at"]


async def test_what_was_answered_is_what_is_read(intake: httpx.AsyncClient) -> None:
    draft = a_draft(
        procedure=REGISTER_COPY,
        submitted_by={"name": "Trần Văn Bình", "phone": "0905000002"},
        documents=[{"name": "Sổ gốc", "kind": "copy", "count": 2}],
        summary="Xin bản sao",
        return_channel="post",
    )
    made = (await intake.post("/v1/dossiers", json=draft)).json()
    read = (await intake.get(f"/v1/dossiers/{made['code']}")).json()
    assert read == made


async def test_the_event_is_the_first_of_a_chain(intake: httpx.AsyncClient) -> None:
    made = (await intake.post("/v1/dossiers", json=a_draft())).json()
    events = (await intake.get(f"/v1/dossiers/{made['code']}/events")).json()["items"]
    assert [event["kind"] for event in events] == ["accepted"]
    assert events[0]["actor"] == f"counter@{WARD}"
    assert events[0]["for_agency"] == WARD
    assert events[0]["detail"]["due_at"] == made["due_at"]
    assert re.fullmatch("[0-9a-f]{64}", events[0]["hash"])


async def test_numbers_have_no_gap_and_no_twin(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """Forty receptions at once, some refused after the number would have been taken."""
    agency = "19351"
    headers = bearer(issuer, "counter", agency)
    drafts = [a_draft(agency=agency) for _ in range(40)]
    answers = await asyncio.gather(
        *(
            intake.post("/v1/dossiers", json=draft, headers={**headers, "Idempotency-Key": f"gap-{index // 2}"})
            for index, draft in enumerate(drafts)
        )
    )
    codes = {answer.json()["code"] for answer in answers}
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(int(code.rsplit("-", 1)[1]) for code in codes) == list(range(1, 21))


async def test_the_ten_thousandth_keeps_its_digits(
    intake: httpx.AsyncClient, database: Database, issuer: LocalIssuer
) -> None:
    agency = "19333"
    prefix = f"{agency}-{civil_day(now()):%y%m%d}-"
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute("UPDATE dossier_number SET last = 9999 WHERE prefix = $1", prefix)
    await connection.close()
    answer = await intake.post("/v1/dossiers", json=a_draft(agency=agency))
    assert answer.json()["code"] == f"{prefix}10000"


@pytest.mark.parametrize(
    ("written", "stored"),
    [("Nguye\u0302\u0303n Thi\u0323 \u0110a\u0300o", "Nguyễn Thị Đào"), ("  Lê   Văn  An ", "Lê Văn An")],
)
async def test_text_is_stored_in_one_spelling(intake: httpx.AsyncClient, written: str, stored: str) -> None:
    made = (await intake.post("/v1/dossiers", json=a_draft(name=written))).json()
    assert made["applicant"]["name"] == stored


REFUSED = [
    ({"procedure": "9.999999"}, "procedure", "unknown_procedure"),
    ({"agency": "no-such"}, "agency", "unknown_agency"),
    ({"agency": "45"}, "agency", "agency_not_in_force"),
    ({"agency": "QT25-D03"}, "procedure", "not_offered_at_level"),
    ({"procedure": "1.000005"}, "channel", "channel_not_offered"),
    ({"channel": "fax"}, "channel", "not_one_of"),
    ({"surprise": 1}, "surprise", "unknown_field"),
    ({"applicant": {"kind": "person"}}, "applicant.name", "required"),
    ({"applicant": {"kind": "person", "name": "  "}}, "applicant.name", "required"),
    ({"applicant": {"kind": "person", "name": "An\u0007"}}, "applicant.name", "control_characters"),
    ({"applicant": {"kind": "person", "name": "x" * 301}}, "applicant.name", "too_long"),
    ({"applicant": {"kind": "ghost", "name": "An"}}, "applicant.kind", "not_one_of"),
    ({"applicant": {"kind": "person", "name": "An", "email": "nobody"}}, "applicant.email", "malformed"),
    ({"summary": "a\u0000b"}, "summary", "control_characters"),
    ({"documents": [{"name": "x", "count": 0}]}, "documents.0.count", "out_of_range"),
]


@pytest.mark.parametrize(("change", "field", "code"), REFUSED)
@pytest.mark.parametrize("language", ["vi", "en"])
async def test_bad_input_is_refused_with_field_and_reason(
    intake: httpx.AsyncClient, database: Database, change: dict[str, object], field: str, code: str, language: str
) -> None:
    before = await _counted(database)
    headers = {"Accept-Language": language, "Authorization": intake.headers["Authorization"]}
    answer = await intake.post("/v1/dossiers", json={**a_draft(), **change}, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert (field, code) in {(error["field"], error["code"]) for error in problem["errors"]}
    assert all(error["reason"] for error in problem["errors"])
    assert answer.headers["content-language"] == language
    assert await _counted(database) == before, "nothing may be half-written"


async def test_what_comes_without_a_body_is_told_so(intake: httpx.AsyncClient) -> None:
    """Where the request goes directly to its endpoint, and where it does not."""
    code = (await intake.post("/v1/dossiers", json=a_draft())).json()["code"]
    for path in ("/v1/dossiers", f"/v1/dossiers/{code}/withdraw"):
        answer = await intake.post(path, content=b"", headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error == {"field": "", "code": "no_body", "reason": "thiếu nội dung; cần một đối tượng JSON"}


async def test_a_term_that_cannot_be_reckoned_names_the_year(fresh_database: Database, issuer: LocalIssuer) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    year = civil_day(now()).year
    await owner.execute("DELETE FROM calendar_year WHERE year >= $1", year)
    async with serving(create_app(settings_for(fresh_database, issuer))) as intake:
        answer = await intake.post("/v1/dossiers", json=a_draft(), headers=bearer(issuer, "counter", WARD))
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["code"] == "calendar_missing"
        assert str(year) in error["reason"]
        assert await owner.fetchval("SELECT count(*) FROM dossier") == 0
    await owner.close()


async def test_an_agency_out_of_the_tokens_subtree_is_refused(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft(), headers=bearer(issuer, "counter", "19351"))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    province = await intake.post("/v1/dossiers", json=a_draft(), headers=bearer(issuer, "counter", PROVINCE))
    assert province.status_code == 201


@pytest.mark.parametrize("role", ["citizen", "handler", "leader", "supervisor"])
async def test_only_the_counter_receives(intake: httpx.AsyncClient, issuer: LocalIssuer, role: str) -> None:
    answer = await intake.post("/v1/dossiers", json=a_draft(), headers=bearer(issuer, role, WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"summary":"' + b"x" * 1_100_000 + b'"}', "application/json", 413, "body_too_large"),
    ],
)
async def test_bodies_that_are_none(intake: httpx.AsyncClient, body: bytes, media: str, status: int, code: str) -> None:
    answer = await intake.post("/v1/dossiers", content=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_refusal_never_repeats_what_was_sent(intake: httpx.AsyncClient) -> None:
    secret = "045190000001"
    draft = a_draft(id_number=secret * 10)
    answer = await intake.post("/v1/dossiers", json={**draft, "procedure": 7})
    assert answer.status_code == 422
    assert secret not in answer.text


async def test_same_day_birth_registration_is_due_today_or_the_next_working_day(intake: httpx.AsyncClient) -> None:
    made = (await intake.post("/v1/dossiers", json=a_draft(procedure=BIRTH))).json()
    assert made["due_at"][11:19] == "17:00:00"


async def _counted(database: Database) -> int:
    connection = await asyncpg.connect(database.owner_url)
    counted: int = await connection.fetchval(
        "SELECT (SELECT count(*) FROM dossier) + (SELECT count(*) FROM applicant)"
        " + (SELECT count(*) FROM dossier_event) + (SELECT coalesce(sum(last), 0) FROM dossier_number)"
    )
    await connection.close()
    return counted
