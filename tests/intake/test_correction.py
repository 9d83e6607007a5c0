"""Đính chính: what was mis-entered at reception is set right, on record, and everything follows but the code."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.numbers.rules import opened_words
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.keyring import Keyring
from stats_service.app import create_app as stats_app
from tests.conftest import Database
from tests.intake.lives import ago, did, does, imported, reasons, received, submitted
from tests.intake.test_cases import PROCEDURE as SEVERAL_CASES
from tests.support import (
    BIRTH,
    IDENTITY_KEYS,
    JUSTICE,
    PROVINCE,
    REGISTER_COPY,
    WARD,
    a_draft,
    at,
    bearer,
    serving,
    settings_for,
)

#: 23 working days.
LAND = "1.014275"
MINUTES = {"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The tables' owner."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """Intake, asked by the admin of the province."""
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


async def corrects(intake: httpx.AsyncClient, dossier: dict[str, Any], **changes: Any) -> httpx.Response:
    """A correction, under the minutes of the tests."""
    return await intake.post(f"/v1/dossiers/{dossier['code']}/corrections", json={**MINUTES, **changes})


async def corrected(intake: httpx.AsyncClient, dossier: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The dossier after a correction that must be allowed."""
    answer = await corrects(intake, dossier, **changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def last_event(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> dict[str, Any]:
    """What happened to it last."""
    items = (await intake.get(f"/v1/dossiers/{dossier['code']}/events")).json()["items"]
    found: dict[str, Any] = items[-1]
    return found


async def preview(intake: httpx.AsyncClient, instant: datetime, **more: str) -> str:
    """What a dossier accepted then is due."""
    params = {"procedure": REGISTER_COPY, "agency": WARD, "at": instant.isoformat(), **more}
    due: str = (await intake.get("/v1/deadline-preview", params=params)).json()["due_at"]
    return due


async def test_a_wrong_day_of_reception_starts_the_account_anew(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    right = ago(days=3)
    after = await corrected(intake, dossier, accepted_at=right.isoformat())
    assert after["code"] == dossier["code"], "the code never changes, whatever day it names"
    assert datetime.fromisoformat(after["accepted_at"]) == right
    assert after["submitted_at"] == after["accepted_at"]
    due = await preview(intake, right)
    assert (after["original_due_at"], after["due_at"]) == (due, due)
    assert (after["status"], after["version"]) == ("accepted", dossier["version"] + 1)
    event = await last_event(intake, dossier)
    assert (event["kind"], event["actor"]) == ("corrected", f"admin@{PROVINCE}")
    detail = event["detail"]
    assert len(detail.pop("note")) == 64
    assert detail.pop("version_id") == detail.pop("was_version_id")
    assert detail == {
        "due_at": due,
        "judged_at": due,
        "promised_at": due,
        "original_due_at": due,
        "accepted_at": after["accepted_at"],
        "procedure": REGISTER_COPY,
        "agency": WARD,
        "channel": "counter",
        "case": 1,
        "was_due_at": dossier["due_at"],
        "was_promised_at": dossier["due_at"],
        "was_original_due_at": dossier["original_due_at"],
        "was_accepted_at": dossier["accepted_at"],
        "was_procedure": REGISTER_COPY,
        "was_agency": WARD,
        "was_channel": "counter",
        "was_case": 1,
        "decision": MINUTES["decision"],
    }
    told = (await intake.get(f"/v1/dossiers/{dossier['code']}/deadline")).json()
    assert any(MINUTES["decision"] in line["vi"] and MINUTES["decision"] in line["en"] for line in told["explanation"])
    assert told["due_at"] == due


async def test_a_wrong_channel_or_procedure_is_another_term(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    accepted = datetime.fromisoformat(dossier["accepted_at"])
    after = await corrected(intake, dossier, procedure=BIRTH, channel="post")
    assert (after["procedure"], after["channel"]) == (BIRTH, "post")
    assert after["due_at"] == await preview(intake, accepted, procedure=BIRTH, channel="post")
    again = await corrected(intake, dossier, procedure=REGISTER_COPY, channel="counter")
    assert again["due_at"] == dossier["due_at"]


async def test_a_term_that_ends_after_the_new_appointment_is_what_is_told(intake: httpx.AsyncClient) -> None:
    """A re-appointment lies after the term (Decree 61/2018 art. 19(9)): none is left standing before its end."""
    dossier = await received(intake)
    accepted = datetime.fromisoformat(dossier["accepted_at"])
    letter = {"reason": "Chờ xác minh", "number": "12/PXL", "signed_by": "Trần Văn B"}
    new = datetime.fromisoformat(await preview(intake, datetime.fromisoformat(dossier["due_at"])))
    extended = await did(intake, dossier, "extensions", **letter, new_due_at=new.isoformat())
    assert datetime.fromisoformat(extended["due_at"]) == new
    after = await corrected(intake, dossier, procedure=LAND)
    assert after["due_at"] == await preview(intake, accepted, procedure=LAND) > extended["due_at"]
    again = await corrected(intake, dossier, procedure=REGISTER_COPY)
    assert again["due_at"] == extended["due_at"], "within the appointment that one stands"


async def test_a_wrong_case_is_another_term(intake: httpx.AsyncClient) -> None:
    named = {"procedure": SEVERAL_CASES, "agency": PROVINCE}
    dossier = (await intake.post("/v1/dossiers", json=a_draft(**named))).json()
    accepted = datetime.fromisoformat(dossier["accepted_at"])
    after = await corrected(intake, dossier, case=2)
    assert (after["case"], after["due_at"]) == (2, await preview(intake, accepted, case="2", **named))
    assert after["due_at"] != dossier["due_at"]
    assert (await corrected(intake, dossier, case=1))["due_at"] == dossier["due_at"]
    assert reasons(await corrects(intake, dossier, case=98)) == {("case", "unknown_case")}


async def test_what_is_over_is_judged_again(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    """Received a month earlier than it was entered: it was finished late."""
    dossier = await received(intake)
    done = await did(intake, dossier, "finish")
    assert done["verdict"] in ("early", "on_day")
    after = await corrected(intake, dossier, accepted_at=ago(days=30).isoformat())
    assert (after["status"], after["verdict"]) == ("finished", "late")
    assert after["finished_at"] == done["finished_at"]
    back = await corrected(intake, dossier, accepted_at=dossier["accepted_at"])
    assert back["verdict"] == done["verdict"]


async def test_a_term_that_began_again_is_still_counted_from_there(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "supplement-requests", reason="Thiếu giấy chứng sinh")
    again = await did(intake, dossier, "supplements")
    moment = datetime.fromisoformat(dossier["accepted_at"]) - timedelta(seconds=1)
    after = await corrected(intake, dossier, accepted_at=moment.isoformat())
    assert after["due_at"] == again["due_at"]
    month = ago(days=30)
    ran_out = await corrected(intake, dossier, accepted_at=month.isoformat())
    assert ran_out["due_at"] == await preview(intake, month), "it had run out before it was asked: late stays late"


async def test_a_date_that_another_system_promised_stands(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    accepted, promised = ago(days=3), at("Friday 2027-01-15 17:00")
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=accepted, due=promised)
    after = await corrected(intake, dossier, accepted_at=ago(days=2).isoformat())
    assert datetime.fromisoformat(after["due_at"]) == promised


async def test_an_applicant_is_set_right_and_no_date_moves(
    intake: httpx.AsyncClient, issuer: LocalIssuer, owner: asyncpg.Connection
) -> None:
    dossier = await received(intake, phone="0905 000 001", id_number="045190000001")
    after = await corrected(
        intake, dossier, applicant={"name": "Nguyễn Thị Đạo", "phone": "0905 000 777", "id_number": None}
    )
    counter = bearer(issuer, "counter", WARD)
    read = (await intake.get(f"/v1/dossiers/{dossier['code']}", headers=counter)).json()
    assert read["applicant"] == {
        "kind": "person",
        "name": "Nguyễn Thị Đạo",
        "id_number": None,
        "phone": "0905 000 777",
        "email": None,
        "address": None,
        "masked": [],
        "erased_at": None,
    }
    assert (after["due_at"], after["accepted_at"]) == (dossier["due_at"], dossier["accepted_at"])
    for params in ({"phone": "0905000777"}, {"name": "thi dao"}):
        found = (await intake.get("/v1/dossiers", params=params)).json()["items"]
        assert dossier["code"] in [item["code"] for item in found], "it is found by what is right"
    event = await last_event(intake, dossier)
    assert not {"Đào", "0905 000 001", "045190000001"} & set(str(event["detail"]).split()), "no person in the chain"
    assert "0905" not in orjson.dumps(event["detail"]).decode()
    kept = await owner.fetchrow(
        "SELECT n.detail, n.numbers_key FROM event_note n JOIN dossier d ON d.id = n.dossier_id WHERE d.code = $1",
        dossier["code"],
    )
    assert kept is not None
    assert "045190000001" not in kept["detail"]
    was = opened_words(kept["detail"], kept["numbers_key"], Keyring.of(IDENTITY_KEYS))["was"]
    assert was == {"id_number": "045190000001", "applicant_name": "Nguyễn Thị Đào", "phone": "0905 000 001"}


async def test_who_handed_it_in_is_set_right(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake, submitted_by={"name": "Trần Văn Bình"})
    after = await corrected(intake, dossier, submitted_by={"name": "Trần Văn Bính"})
    assert after["submitted_by"]["name"] == "Trần Văn Bính"
    assert (await corrected(intake, dossier, submitted_by=None))["submitted_by"] is None


async def test_every_count_follows(fresh_database: Database, issuer: LocalIssuer) -> None:
    """Another agency, channel and day: the old figures are taken back, to the last."""
    settings = settings_for(fresh_database, issuer)
    async with serving(create_app(settings)) as intake, serving(stats_app(settings)) as stats:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        stats.headers.update(bearer(issuer, "leader", PROVINCE))
        dossier = await received(intake)
        await did(intake, dossier, "payment-requests", reason="Lệ phí")
        today, before = civil_day(now()), civil_day(ago(days=4))
        await corrected(intake, dossier, agency=JUSTICE, channel="post", accepted_at=ago(days=4).isoformat())

        async def figures(agency: str, day: Any) -> dict[str, Any]:
            params = {"agency": agency, "from": str(day), "to": str(day)}
            answer = await stats.get("/v1/reports/resolution", params=params)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()["total"]
            return found

        assert (await figures(WARD, today))["to_handle"] == 0
        assert (await figures(JUSTICE, before))["received_post"] == 1
        later = await figures(JUSTICE, today)
        assert (later["received"], later["carried_over"], later["pending_paused"]) == (0, 1, 1)
        found = (await intake.get(f"/v1/dossiers/{dossier['code']}")).json()
        assert (found["agency"], found["channel"], found["code"]) == (JUSTICE, "post", dossier["code"])


async def test_its_course_goes_on(intake: httpx.AsyncClient) -> None:
    """A correction is no step of it: what a desk did before may still be recorded."""
    dossier = await received(intake)
    await corrected(intake, dossier, applicant={"address": "12 Hùng Vương"})
    done = await did(intake, dossier, "finish", occurred_at=dossier["accepted_at"])
    assert done["status"] == "finished"


async def test_the_same_request_again_has_one_effect(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    body = {**MINUTES, "channel": "post"}
    path, headers = f"/v1/dossiers/{dossier['code']}/corrections", {"Idempotency-Key": f"c-{dossier['code']}"}
    first = await intake.post(path, json=body, headers=headers)
    again = await intake.post(path, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()


async def test_a_correction_of_what_changed_meanwhile_is_refused(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    path = f"/v1/dossiers/{dossier['code']}/corrections"
    answer = await intake.post(path, json={**MINUTES, "channel": "post"}, headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_changed")
    answer = await intake.post(path, json={**MINUTES, "channel": "post"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200


async def test_impossible_instants(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    future = (now() + timedelta(days=1)).isoformat()
    assert reasons(await corrects(intake, dossier, accepted_at=future)) == {("accepted_at", "in_future")}
    asked = await did(intake, dossier, "supplement-requests", reason="Thiếu giấy")
    assert asked["paused"]
    refused = await corrects(intake, dossier, accepted_at=now().isoformat())
    assert reasons(refused) == {("accepted_at", "after_what_followed")}
    unknown = await corrects(intake, dossier, accepted_at="1999-01-04T08:00:00+07:00")
    assert unknown.status_code == 422
    assert reasons(unknown)
    submission = await submitted(intake)
    accepted = (await intake.post(f"/v1/dossiers/{submission['reference']}/accept", json={})).json()
    early = await corrects(intake, accepted, accepted_at=ago(days=1).isoformat())
    assert reasons(early) == {("accepted_at", "before_submission")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {("", "changes_nothing")}),
        ({"channel": "counter"}, {("", "changes_nothing")}),
        ({"applicant": {"name": "Nguyễn Thị Đào"}}, {("", "changes_nothing")}),
        ({"procedure": "9.999999"}, {("procedure", "unknown_procedure")}),
        ({"agency": "nowhere"}, {("agency", "unknown_agency")}),
        (
            {"procedure": "9.999999", "agency": "nowhere"},
            {("procedure", "unknown_procedure"), ("agency", "unknown_agency")},
        ),
        ({"channel": "fax"}, {("channel", "not_one_of")}),
        ({"applicant": {"name": None}}, {("applicant.name", "required")}),
        ({"applicant": {"kind": None}}, {("applicant.kind", "required")}),
        ({"reason": None}, {("reason", "wrong_type")}),
        ({"decision": " "}, {("decision", "required")}),
        ({"accepted_at": "2026-11-23T08:00:00"}, {("accepted_at", "without_offset")}),
    ],
)
async def test_what_is_no_correction_is_refused_and_nothing_is_written(
    intake: httpx.AsyncClient, changes: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    dossier = await received(intake)
    answer = await corrects(intake, dossier, **changes)
    assert answer.status_code == 422, answer.text
    assert reasons(answer) == expected
    assert (await intake.get(f"/v1/dossiers/{dossier['code']}")).json() == dossier
    assert (await last_event(intake, dossier))["kind"] == "accepted"


async def test_the_same_submitter_again_changes_nothing(intake: httpx.AsyncClient) -> None:
    whose = {"name": "Trần Văn Bình", "phone": "0905 000 002"}
    dossier = await received(intake, submitted_by=whose)
    assert reasons(await corrects(intake, dossier, submitted_by=whose)) == {("", "changes_nothing")}
    assert reasons(await corrects(intake, dossier, submitted_by={**whose, "id_number": None})) == {
        ("", "changes_nothing")
    }
    assert (await last_event(intake, dossier))["kind"] == "accepted"
    other = await corrected(intake, dossier, submitted_by={"name": "Trần Văn Bình"})
    assert other["submitted_by"] == {"name": "Trần Văn Bình", "id_number": None, "phone": None}
    assert (await corrected(intake, dossier, submitted_by=None))["submitted_by"] is None
    assert reasons(await corrects(intake, dossier, submitted_by=None)) == {("", "changes_nothing")}


async def test_a_procedure_that_is_not_offered_there_that_day(intake: httpx.AsyncClient) -> None:
    """Births are registered at communes."""
    dossier = await received(intake)
    answer = await corrects(intake, dossier, procedure=BIRTH, agency=JUSTICE)
    assert reasons(answer) == {("procedure", "not_offered_at_level")}


async def test_what_was_not_accepted_is_not_corrected(intake: httpx.AsyncClient) -> None:
    submission = await submitted(intake)
    answer = await corrects(intake, submission, channel="post")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_in_status")


async def test_who_may(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await received(intake)
    path = f"/v1/dossiers/{dossier['code']}/corrections"
    body = {**MINUTES, "channel": "post"}
    for role, agency, status in (
        ("counter", WARD, 403),
        ("handler", WARD, 403),
        ("leader", PROVINCE, 403),
        ("supervisor", "19351", 404),
        ("supervisor", WARD, 200),
    ):
        answer = await intake.post(path, json=body, headers=bearer(issuer, role, agency))
        assert answer.status_code == status, (role, agency)
    away = {**MINUTES, "agency": JUSTICE}
    answer = await intake.post(path, json=away, headers=bearer(issuer, "supervisor", WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")


async def test_both_receipts_can_be_printed(intake: httpx.AsyncClient) -> None:
    """The first as it was given out, and the one that sets it right."""
    dossier = await received(intake)
    await corrected(intake, dossier, applicant={"name": "Nguyễn Thị Đạo"})
    items = (await intake.get(f"/v1/dossiers/{dossier['code']}/forms")).json()["items"]
    assert [item["edition"] for item in items if item["form"] == "receipt"] == [1, 2]
    first, second = [
        await intake.get(f"/v1/dossiers/{dossier['code']}/forms/receipt.pdf", params={"edition": edition})
        for edition in (1, 2)
    ]
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content != second.content


async def test_a_finished_dossier_goes_on_to_its_return(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "finish")
    await corrected(intake, dossier, applicant={"email": "dao@example.vn"})
    assert (await does(intake, dossier, "return")).status_code == 200
