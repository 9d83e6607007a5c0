"""Trường hợp: a procedure has several terms on a channel; whoever knows the case names it, and the dossier keeps it."""

import json
from typing import Any

import asyncpg
import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.support import PROVINCE, a_draft, at, bearer

#: Chosen for its two cases at the counter, in working days: the longest is case 1.
PROCEDURE = "1.001765"
ANSWERED = {"reason": "Thiếu giấy tờ"}


@pytest.fixture
async def cases(intake: httpx.AsyncClient) -> dict[int, float]:
    """The terms of the procedure at the counter, in working days, as the catalogue lists them."""
    terms = (await intake.get(f"/v1/procedures/{PROCEDURE}")).json()["terms"]
    found = {each["case"]: each["value"] for each in terms if each["channel"] == "counter"}
    assert len(found) > 1
    assert {each["unit"] for each in terms if each["channel"] == "counter"} == {"working_day"}
    return found


async def preview(intake: httpx.AsyncClient, **more: Any) -> httpx.Response:
    asked = {"procedure": PROCEDURE, "agency": PROVINCE, "at": at("Monday 2026-09-07 09:00").isoformat(), **more}
    return await intake.get("/v1/deadline-preview", params=asked)


async def test_case_1_is_what_holds_when_nobody_names_one(intake: httpx.AsyncClient, cases: dict[int, float]) -> None:
    assert cases[1] == max(cases.values())
    assert (await preview(intake)).json() == (await preview(intake, case=1)).json()
    shorter = (await preview(intake, case=2)).json()
    assert shorter["case"] == 2
    assert shorter["due_at"] < (await preview(intake)).json()["due_at"]
    assert shorter["term"]["en"].startswith(f"{cases[2]:g} working day")


async def test_a_dossier_keeps_its_case(
    intake: httpx.AsyncClient, issuer: LocalIssuer, cases: dict[int, float]
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    draft = a_draft(procedure=PROCEDURE, agency=PROVINCE)
    usual = await intake.post("/v1/dossiers", json=draft, headers=headers)
    named = await intake.post("/v1/dossiers", json={**draft, "case": 2}, headers=headers)
    assert (usual.json()["case"], named.json()["case"]) == (1, 2)
    assert named.json()["due_at"] < usual.json()["due_at"]
    read = await intake.get(f"/v1/dossiers/{named.json()['code']}", headers=headers)
    assert read.json() == named.json()
    events = (await intake.get(f"/v1/dossiers/{named.json()['code']}/events", headers=headers)).json()["items"]
    assert events[0]["detail"]["case"] == 2
    # The term begins anew with the answer: the term of the case.
    code = named.json()["code"]
    assert (await intake.post(f"/v1/dossiers/{code}/supplement-requests", json=ANSWERED, headers=headers)).is_success
    assert (await intake.post(f"/v1/dossiers/{code}/supplements", json={}, headers=headers)).is_success
    account = (await intake.get(f"/v1/dossiers/{code}/deadline", headers=headers)).json()
    assert account["due_at"] == named.json()["due_at"]
    assert account["term"]["en"].startswith(f"{cases[2]:g} working day")


async def test_an_unknown_case_says_which_there_are(
    intake: httpx.AsyncClient, issuer: LocalIssuer, cases: dict[int, float]
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    draft = a_draft(procedure=PROCEDURE, agency=PROVINCE, case=98)
    answer = await intake.post("/v1/dossiers", json=draft, headers={**headers, "Accept-Language": "en"})
    assert (answer.status_code, reasons(answer)) == (422, {("case", "unknown_case")})
    assert ", ".join(map(str, cases)) in answer.json()["errors"][0]["reason"]
    assert reasons(await preview(intake, case=98)) == {("case", "unknown_case")}
    assert reasons(await preview(intake, case=0)) == {("case", "out_of_range")}
    for wrong in (0, 100, "two", 1.5):
        draft["case"] = wrong
        assert {field for field, _ in reasons(await intake.post("/v1/dossiers", json=draft, headers=headers))} == {
            "case"
        }


async def test_an_import_names_cases_too(
    intake: httpx.AsyncClient, issuer: LocalIssuer, database: Database, cases: dict[int, float]
) -> None:
    accepted = at("Monday 2026-09-07 09:00")
    headers = {**bearer(issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"}
    lines = [
        {
            "legacy_code": f"CASE-{case}",
            "procedure": PROCEDURE,
            "agency": PROVINCE,
            "channel": "counter",
            "applicant": {"kind": "person", "name": "Nguyễn Thị Đào"},
            "accepted_at": accepted.isoformat(),
            **({"case": case} if case else {}),
        }
        for case in (None, 2, 98)
    ]
    run = await intake.post("/v1/imports", content="\n".join(map(json.dumps, lines)).encode(), headers=headers)
    assert (run.json()["created"], run.json()["rejected"]) == (2, 1)
    rejects = (await intake.get(run.json()["rejects"], headers=headers)).json()["items"]
    assert [(each["field"], each["code"]) for each in rejects[0]["reasons"]] == [("case", "unknown_case")]
    for case in (None, 2):
        dossier = (await intake.get(f"/v1/dossiers/CASE-{case}", headers=headers)).json()
        expected = (await preview(intake, case=case or 1)).json()
        assert (dossier["case"], dossier["due_at"]) == (case or 1, expected["due_at"])
    csv = "legacy_code,procedure,agency,channel,applicant.kind,applicant.name,accepted_at,case\n"
    csv += f"CASE-csv,{PROCEDURE},{PROVINCE},counter,person,Nguyễn Thị Đào,{accepted.isoformat()},2\n"
    run = await intake.post("/v1/imports", content=csv.encode(), headers={**headers, "Content-Type": "text/csv"})
    assert run.json()["created"] == 1, run.text
    owner = await asyncpg.connect(database.owner_url)
    assert await owner.fetchval("SELECT case_no FROM dossier WHERE legacy_code = 'CASE-csv'") == 2
    await owner.close()


async def test_a_case_that_was_mis_entered_is_set_right_and_kept_by_other_corrections(
    intake: httpx.AsyncClient, issuer: LocalIssuer, cases: dict[int, float]
) -> None:
    headers = bearer(issuer, "supervisor", PROVINCE)
    draft = a_draft(procedure=PROCEDURE, agency=PROVINCE, case=2)
    dossier = (await intake.post("/v1/dossiers", json=draft, headers=bearer(issuer, "admin", PROVINCE))).json()
    path = f"/v1/dossiers/{dossier['code']}"

    async def corrected(**changes: Any) -> Any:
        about = {"reason": "Nhập nhầm", "decision": "07/BB", **changes}
        answer = await intake.post(f"{path}/corrections", json=about, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return (await intake.get(path, headers=headers)).json()

    kept = await corrected(accepted_at=f"{dossier['accepted_at'][:19]}+07:00")
    assert (kept["case"], kept["due_at"]) == (2, dossier["due_at"])
    right = await corrected(case=1)
    assert right["case"] == 1
    assert right["due_at"] > dossier["due_at"]
