"""Mã định danh điện tử: an administrator of the province enters which agency has which, by a decision; what an agency
had before stays on record, and a dossier keeps the code that it has."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app as create_intake
from routing_service.agencies.usecases import load_agencies
from services import reference
from shared.contracts.identification_codes import (
    MOST_CODES,
    IdentificationCodesEntered,
    IdentificationEntry,
    IdentificationEntryPage,
)
from shared.domain.civil_time import civil_day
from shared.web.auth import STAFF
from shared.web.clock import now
from tests.conftest import Database
from tests.routing.conftest import Routing, reasons
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, a_draft, serving, settings_for

OTHER = "19351"
DECISION = "512/QĐ-UBND"
PATH = "/v1/identification-codes"


async def enter(
    routing: Routing, given: dict[str, str] | list[Any], headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    pairs = list(given.items()) if isinstance(given, dict) else given
    body = {"decision": DECISION, "codes": [{"agency": a, "identification_code": c} for a, c in pairs], **more}
    return await routing.http.post(PATH, json=body, headers={**routing.as_("admin"), **(headers or {})})


async def entered(routing: Routing, **asked: Any) -> list[dict[str, Any]]:
    answer = await routing.http.get(PATH, params=asked, headers=routing.as_("handler", WARD))
    assert answer.status_code == 200, answer.text
    return list(IdentificationEntryPage.model_validate(answer.json()).model_dump(mode="json")["items"])


async def of(routing: Routing, agency: str) -> str | None:
    """The code that an agency has."""
    found: str | None = await routing.owner.fetchval(
        "SELECT identification_code FROM agency WHERE code = $1 AND period @> current_date", agency
    )
    return found


async def revision(routing: Routing) -> int:
    return int(await routing.owner.fetchval("SELECT revision FROM routing_revision"))


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def as_it_came(routing: Routing) -> AsyncIterator[None]:
    """Only the province has a code, and nothing is on record."""
    yield
    await routing.owner.execute(
        "DELETE FROM agency_identification;"
        "UPDATE agency SET identification_code = NULL WHERE code NOT IN ('44', '45');"
        "UPDATE agency SET identification_code = 'H50' WHERE code = '44'"
    )


async def test_codes_go_in_and_what_was_before_stays_on_record(routing: Routing) -> None:
    before = await revision(routing)
    done = await enter(routing, {WARD: "H50.142", OTHER: "000.15.21.H50"}, reason="Cấp mã cho các xã mới")
    assert (done.status_code, done.json()) == (200, {"changed": 2, "unchanged": 0})
    IdentificationCodesEntered.model_validate(done.json())
    assert (await of(routing, WARD), await of(routing, OTHER)) == ("H50.142", "000.15.21.H50")
    assert await revision(routing) == before + 1, "the services read it"

    assert (await enter(routing, {WARD: "H50.143"}, decision="9/QĐ-UBND")).json() == {"changed": 1, "unchanged": 0}
    latest, *earlier = await entered(routing)
    assert set(latest) == set(IdentificationEntry.model_fields)
    assert {name: latest[name] for name in latest if name not in ("id", "recorded_at")} == {
        "agency": WARD,
        "agency_name": "UBND Phường Đông Hà",
        "identification_code": "H50.143",
        "before": "H50.142",
        "decision": "9/QĐ-UBND",
        "reason": None,
        "actor": "admin@44",
        "for_agency": PROVINCE,
    }
    assert {(each["agency"], each["before"], each["decision"], each["reason"]) for each in earlier} == {
        (WARD, None, DECISION, "Cấp mã cho các xã mới"),
        (OTHER, None, DECISION, "Cấp mã cho các xã mới"),
    }
    assert [each["identification_code"] for each in await entered(routing, agency=WARD)] == ["H50.143", "H50.142"]


async def test_it_is_read_page_by_page(routing: Routing) -> None:
    for n in range(3):
        await enter(routing, {WARD: f"H50.1{n}"})
    asked: dict[str, Any] = {"limit": 2, "agency": WARD}
    first = (await routing.http.get(PATH, params=asked, headers=routing.as_("supervisor"))).json()
    assert [each["identification_code"] for each in first["items"]] == ["H50.12", "H50.11"]
    rest = await routing.http.get(PATH, params={**asked, "cursor": first["next"]}, headers=routing.as_("supervisor"))
    assert [each["identification_code"] for each in rest.json()["items"]] == ["H50.10"]
    assert rest.json()["next"] is None
    assert await entered(routing, agency=OTHER) == []
    unknown = await routing.http.get(PATH, params={"agency": "nowhere"}, headers=routing.as_("admin"))
    assert reasons(unknown) == {("agency", "unknown_agency")}


async def test_repeated_it_changes_nothing(routing: Routing) -> None:
    await enter(routing, {WARD: "H50.142"})
    before = await revision(routing), await entered(routing)
    assert (await enter(routing, {WARD: "H50.142", PROVINCE: "H50"})).json() == {"changed": 0, "unchanged": 2}
    assert (await revision(routing), await entered(routing)) == before


async def test_a_key_has_one_effect(routing: Routing) -> None:
    key = {"Idempotency-Key": "mã của phường".encode().hex()}
    made = await enter(routing, {WARD: "H50.142"}, headers=key)
    await enter(routing, {WARD: "H50.143"})
    again = await enter(routing, {WARD: "H50.142"}, headers=key)
    assert (again.status_code, again.json()) == (made.status_code, made.json()) == (200, {"changed": 1, "unchanged": 0})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await of(routing, WARD) == "H50.143", "sent again, it does not undo what was entered since"
    other = await enter(routing, {WARD: "H50.144"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("codes", "refused"),
    [
        ([("nowhere", "H50.143")], {("codes.1.agency", "unknown_agency")}),
        ([("45", "H50.143")], {("codes.1.agency", "agency_not_in_force")}),  # the province until 30/6/2025
        ([(OTHER, "H50.143")] * 2, {("codes.1.agency", "agency_twice"), ("codes.2.agency", "agency_twice")}),
        ([(OTHER, "h50.143")], {("codes.1.identification_code", "no_identification_code")}),
        ([(OTHER, OTHER)], {("codes.1.identification_code", "no_identification_code")}),
        ([(OTHER, "H50")], {("codes.1.identification_code", "borne_by_another")}),  # the province's
        (
            [(OTHER, "H50.142")],
            {(f"codes.{n}.identification_code", "borne_by_another") for n in (0, 1)},
        ),
        (
            [("nowhere", "soon")],
            {("codes.1.agency", "unknown_agency"), ("codes.1.identification_code", "no_identification_code")},
        ),
        # What is missing hides nothing else that is wrong.
        (
            [(OTHER, ""), ("", "H50.143"), ("nowhere", "H50.144")],
            {
                ("codes.1.identification_code", "no_identification_code"),
                ("codes.2.agency", "unknown_agency"),
                ("codes.3.agency", "unknown_agency"),
            },
        ),
        (
            [("\x00", "H50\x00")],
            {("codes.1.agency", "unknown_agency"), ("codes.1.identification_code", "no_identification_code")},
        ),
        ([(OTHER, "H50" * 30)], {("codes.1.identification_code", "too_long")}),
    ],
)
async def test_a_bad_one_says_why_and_none_goes_in(
    routing: Routing, codes: list[Any], refused: set[tuple[str, str]]
) -> None:
    answer = await enter(routing, [(WARD, "H50.142"), *codes])
    assert (answer.status_code, reasons(answer)) == (422, refused)
    assert await of(routing, WARD) is None
    assert await entered(routing) == []


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"codes": []}, ("codes", "required")),
        ({"codes": [{"agency": WARD, "identification_code": "H50.142"}] * (MOST_CODES + 1)}, ("codes", "too_many")),
        ({"decision": " "}, ("decision", "required")),
        ({"decision": None}, ("decision", "wrong_type")),
        ({"reason": "…"}, ("reason", "no_letter")),
        ({"since": "2026-01-01"}, ("since", "unknown_field")),
    ],
)
async def test_a_body_that_is_none_is_refused(routing: Routing, more: dict[str, Any], refused: tuple[str, str]) -> None:
    answer = await enter(routing, {WARD: "H50.142"}, **more)
    assert (answer.status_code, reasons(answer)) == (422, {refused})


async def test_who_would_bear_it_too_is_named_in_both_languages(routing: Routing) -> None:
    for language, told in (
        ("vi", "cơ quan 44 cũng mang mã định danh này"),
        ("en", "44 would have this identification code too"),
    ):
        answer = await enter(routing, {WARD: "H50"}, headers={"Accept-Language": language})
        assert [each["reason"] for each in answer.json()["errors"]] == [told]


async def test_blanks_around_a_code_are_none_of_it(routing: Routing) -> None:
    assert (await enter(routing, {f" {WARD}": "H50.142 "})).json()["changed"] == 1
    assert await of(routing, WARD) == "H50.142"


async def test_two_agencies_change_codes_in_one_list(routing: Routing) -> None:
    await enter(routing, {WARD: "H50.142", OTHER: "H50.143"})
    assert (await enter(routing, {WARD: "H50.143"})).status_code == 422
    assert (await enter(routing, {WARD: "H50.143", OTHER: "H50.142"})).json()["changed"] == 2
    assert (await of(routing, WARD), await of(routing, OTHER)) == ("H50.143", "H50.142")


async def test_of_two_at_once_the_second_sees_the_first(routing: Routing) -> None:
    answers = await asyncio.gather(*(enter(routing, {unit: "H50.142"}) for unit in (WARD, OTHER, JUSTICE)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    assert len(await entered(routing)) == 1
    await enter(routing, {WARD: "H50.150", OTHER: "H50.151", JUSTICE: "H50.152"})
    same = await asyncio.gather(*(enter(routing, {WARD: "H50.160"}) for _ in range(4)))
    assert sorted(answer.json()["changed"] for answer in same) == [0, 0, 0, 1]


async def test_what_waited_is_recorded_as_of_when_it_went_in(routing: Routing) -> None:
    """Or who was told last would stand there as the earlier one."""
    async with routing.owner.transaction():
        await routing.owner.execute("LOCK TABLE agency IN SHARE ROW EXCLUSIVE MODE")
        waiting = asyncio.create_task(enter(routing, {WARD: "H50.142"}))
        waits = "SELECT count(*) FROM pg_locks WHERE relation = 'agency'::regclass AND NOT granted"
        while not await routing.owner.fetchval(waits):  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.01)
        until = now()
    assert (await waiting).status_code == 200
    (found,) = await entered(routing)
    assert datetime.fromisoformat(found["recorded_at"]) >= until


async def test_it_is_for_administrators_of_the_province(routing: Routing) -> None:
    for role in STAFF:
        answer = await enter(routing, {WARD: "H50.142"}, headers=routing.as_(role, PROVINCE))
        assert answer.status_code == (200 if role == "admin" else 403), role
        read = await routing.http.get(PATH, headers=routing.as_(role, OTHER))
        assert read.status_code == 200, role
    of_the_ward = await enter(routing, {WARD: "H50.143"}, headers=routing.as_("admin", WARD))
    assert (of_the_ward.status_code, of_the_ward.json()["code"]) == (403, "agency_out_of_scope")
    assert await of(routing, WARD) == "H50.142"
    assert (await routing.http.get(PATH)).status_code == 401


async def test_intake_issues_under_it_and_a_dossier_keeps_its_code(routing: Routing, database: Database) -> None:
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        intake.headers.update(routing.as_("counter", WARD))

        async def issued() -> str:
            return str((await intake.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY))).json()["code"])

        before = await issued()
        assert before.startswith(f"{WARD}-")
        assert (await enter(routing, {WARD: "H50.142"})).status_code == 200
        await intake._transport.app.state.room.reference.refresh()  # type: ignore[attr-defined]
        assert (await issued()).startswith("H50.142-")
        assert (await intake.get(f"/v1/dossiers/{before}")).json()["code"] == before


async def test_numbers_go_on_behind_codes_that_came_before_it(routing: Routing, database: Database) -> None:
    """On the day of a move: the other system's dossiers of this morning landed, and then the code is entered."""
    today = civil_day(now())
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        landed = [
            {
                **{"code": f"H50.147-{today:%y%m%d}-{n}", "procedure": REGISTER_COPY, "agency": WARD},
                **{"channel": "counter", "accepted_at": now().isoformat()},
                "applicant": {"kind": "person", "name": "Nguyễn Mô Phỏng"},
            }
            for n in ("0001", "0003", "1000000")  # no agency receives a million in a day: the last is passed by
        ]
        done = await intake.post(
            "/v1/imports",
            content="\n".join(map(json.dumps, landed)),
            headers={**routing.as_("admin"), "Content-Type": "application/x-ndjson"},
        )
        assert done.json()["created"] == 3, done.text
        assert (await enter(routing, {WARD: "H50.147"})).status_code == 200
        await intake._transport.app.state.room.reference.refresh()  # type: ignore[attr-defined]
        received = await intake.post(
            "/v1/dossiers", json=a_draft(procedure=REGISTER_COPY), headers=routing.as_("counter", WARD)
        )
        assert (received.status_code, received.json().get("code")) == (201, f"H50.147-{today:%y%m%d}-0004")


async def test_what_was_issued_under_the_local_code_before_it_is_its_own(routing: Routing, database: Database) -> None:
    """Its own alone: another agency's dossier does not bring such a code along."""
    await enter(routing, {WARD: "H50.142"})
    async with serving(create_intake(settings_for(database, routing.issuer))) as intake:
        landed = [
            {
                **{"code": f"{WARD}-251006-000{n}", "procedure": REGISTER_COPY, "agency": agency},
                **{"channel": "counter", "accepted_at": "2025-10-06T08:10:00+07:00"},
                "applicant": {"kind": "person", "name": "Nguyễn Mô Phỏng"},
            }
            for n, agency in enumerate((WARD, OTHER))
        ]
        done = await intake.post(
            "/v1/imports",
            content="\n".join(map(json.dumps, landed)),
            headers={**routing.as_("admin"), "Content-Type": "application/x-ndjson"},
        )
        assert (done.json()["created"], done.json()["rejected"]) == (1, 1), done.text
        assert (await intake.get(f"/v1/dossiers/{WARD}-251006-0000", headers=routing.as_("admin"))).status_code == 200


async def test_the_list_that_comes_with_the_product_does_not_undo_it(routing: Routing) -> None:
    """It says H50 of the province."""
    await enter(routing, {PROVINCE: "H51"})
    assert not (await load_agencies(routing.owner, *reference.agencies())).anything
    assert await of(routing, PROVINCE) == "H51"
