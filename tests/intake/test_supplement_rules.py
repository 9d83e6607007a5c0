"""Quy định bổ sung hồ sơ: dated data that an operator can read, add to and end; dossiers keep the rule of their day."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from intake_service.supplement_rules.rules import BrokenRules, RuleRow, need_whole
from intake_service.supplement_rules.usecases import load_supplement_rules
from services import reference
from services.local_issuer import LocalIssuer
from shared.contracts.supplement_rules import SupplementRule
from shared.domain import regimes
from shared.domain.civil_time import civil_day
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.lives import reasons
from tests.support import BIRTH, PROVINCE, WARD, bearer, serving, settings_for

TODAY = civil_day(now())
STATE_BANK = "1.000195"
FORESTRY = "1.012694"


@pytest_asyncio.fixture(loop_scope="session")
async def room(fresh_database: Database, issuer: LocalIssuer):
    """Intake on a database of the test's own, speaking as the province's admin."""
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


def a_rule(**more: Any) -> dict[str, Any]:
    """The body of a new general rule, from tomorrow on."""
    return {
        "valid_from": (TODAY + timedelta(days=1)).isoformat(),
        "effect": "pause",
        "request_limit": 1,
        "ask_within": 5,
        "regime": "1/2027/NĐ-CP",
        "citation": "Nghị định 1/2027/NĐ-CP, Điều 20",
        "basis": "read whole",
        "confirmed": True,
        "decision": "12/QĐ-VP",
        "reason": "Nghị định mới",
        **more,
    }


async def holds(client: httpx.AsyncClient, procedure: str, day: date) -> dict[str, Any]:
    """The rule for what is received on a day; asked without a token."""
    asked = {"procedure": procedure, "as_of": day.isoformat()}
    answer = await client.get("/v1/supplement-rules", params=asked, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["items"]
    SupplementRule.model_validate(found)
    return dict(found)


async def test_what_holds_and_why_is_public(room: httpx.AsyncClient) -> None:
    then = await holds(room, BIRTH, date(2019, 7, 22))
    assert (then["regime"], then["confirmed"], then["procedure"]) == ("61/2018/NĐ-CP", True, None)
    assert (then["effect"], then["request_limit"], then["ask_within"], then["lapse"]) == ("restart", 1, 3, "nothing")
    today = await holds(room, BIRTH, TODAY)
    assert (today["regime"], today["confirmed"]) == ("118/2025/NĐ-CP", False)
    assert "not read" in today["basis"]
    special = await holds(room, f"{STATE_BANK}.000.00.00.H50", TODAY)
    assert (special["procedure"], special["ask_within"], special["lapse"]) == (STATE_BANK, 5, "close")
    assert special["answer_within"] == {"value": 60, "unit": "calendar_day"}


async def test_all_in_force_and_all_that_ever_were(room: httpx.AsyncClient) -> None:
    in_force = (await room.get("/v1/supplement-rules")).json()["items"]
    assert {item["regime"] for item in in_force} == {"118/2025/NĐ-CP", "4093/QĐ-NHNN"}
    first = (await room.get("/v1/supplement-rules", params={"history": "true", "limit": "3"})).json()
    rest = await room.get("/v1/supplement-rules", params={"history": "true", "limit": "3", "cursor": first["next"]})
    assert len(first["items"] + rest.json()["items"]) == len(reference.supplement_rules())


async def test_a_new_rule_takes_the_place_of_the_one_before(room: httpx.AsyncClient) -> None:
    made = await room.post("/v1/supplement-rules", json=a_rule(), headers={"Idempotency-Key": "new law"})
    assert made.status_code == 201, made.text
    again = await room.post("/v1/supplement-rules", json=a_rule(), headers={"Idempotency-Key": "new law"})
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (made.json(), "true")
    assert (await room.get(made.headers["Location"])).json() == made.json()
    assert (await holds(room, BIRTH, TODAY))["regime"] == "118/2025/NĐ-CP"
    assert (await holds(room, BIRTH, TODAY))["valid_to"] == TODAY.isoformat()
    assert (await holds(room, BIRTH, TODAY + timedelta(days=1)))["regime"] == "1/2027/NĐ-CP"
    assert (await holds(room, STATE_BANK, TODAY + timedelta(days=1)))["procedure"] == STATE_BANK


async def test_why_it_was_entered_stays_when_it_is_ended(room: httpx.AsyncClient) -> None:
    made = (await room.post("/v1/supplement-rules", json=a_rule(procedure=FORESTRY))).json()
    because = {"decision": "14/QĐ-VP", "reason": "Luật mới", "valid_to": (TODAY + timedelta(days=9)).isoformat()}
    ended = (await room.post(f"/v1/supplement-rules/{made['id']}/end", json=because)).json()
    assert (ended["decision"], ended["reason"]) == ("12/QĐ-VP; 14/QĐ-VP", "Nghị định mới; Luật mới")


async def test_what_was_changed_since_it_was_read_is_not_ended(room: httpx.AsyncClient) -> None:
    special = await holds(room, STATE_BANK, TODAY)
    path = f"/v1/supplement-rules/{special['id']}"
    read = (await room.get(path)).headers["ETag"]
    body = {"decision": "13/QĐ-VP", "reason": "Luật riêng hết hiệu lực"}
    later, sooner = (TODAY + timedelta(days=9)).isoformat(), (TODAY + timedelta(days=2)).isoformat()
    headers = {"If-Match": read, "Idempotency-Key": "ended once"}
    ended = await room.post(f"{path}/end", json={**body, "valid_to": later}, headers=headers)
    assert ended.status_code == 200, ended.text
    assert ended.headers["ETag"] == (await room.get(path)).headers["ETag"] != read
    again = await room.post(f"{path}/end", json={**body, "valid_to": later}, headers=headers)
    assert (again.status_code, again.json()) == (200, ended.json()), "the same request again is answered"
    stale = await room.post(f"{path}/end", json={**body, "valid_to": sooner}, headers={"If-Match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert (await room.get(path)).json()["valid_to"] == later
    nonsense = await room.post(f"{path}/end", json={**body, "valid_to": sooner}, headers={"If-Match": read.strip('"')})
    assert reasons(nonsense) == {("If-Match", "malformed")}


async def test_it_reaches_back_only_where_it_says_so(room: httpx.AsyncClient) -> None:
    begin = date(2025, 7, 1)
    back = a_rule(valid_from=begin.isoformat(), regime="118/2025/NĐ-CP", basis="read by now")
    assert reasons(await room.post("/v1/supplement-rules", json=back)) == {("valid_from", "back_dated")}
    today = a_rule(valid_from=TODAY.isoformat())
    assert reasons(await room.post("/v1/supplement-rules", json=today)) == {("valid_from", "back_dated")}
    made = await room.post("/v1/supplement-rules", json={**back, "retroactive": True})
    assert made.status_code == 201
    assert (await holds(room, BIRTH, begin))["basis"] == "read by now"
    assert (await holds(room, BIRTH, begin - timedelta(days=1)))["regime"] == "61/2018/NĐ-CP"
    ever = (await room.get("/v1/supplement-rules", params={"history": "true"})).json()["items"]
    assert [item["basis"] for item in ever if item["replaced"]] == [
        row.basis for row in reference.supplement_rules() if row.regime.valid_from == begin
    ]


async def test_a_special_rule_ends_and_the_general_one_holds_again(room: httpx.AsyncClient) -> None:
    special = await holds(room, STATE_BANK, TODAY)
    because = {"decision": "13/QĐ-VP", "reason": "Luật riêng hết hiệu lực"}
    path = f"/v1/supplement-rules/{special['id']}/end"
    past = await room.post(path, json={**because, "valid_to": (TODAY - timedelta(days=1)).isoformat()})
    assert reasons(past) == {("valid_to", "back_dated")}
    ended = await room.post(path, json={**because, "valid_to": TODAY.isoformat()})
    assert (ended.status_code, ended.json()["valid_to"]) == (200, TODAY.isoformat())
    assert (await holds(room, STATE_BANK, TODAY + timedelta(days=1)))["procedure"] is None
    again = await room.post(path, json={**because, "valid_to": (TODAY + timedelta(days=9)).isoformat()})
    assert reasons(again) == {("valid_to", "ended_before")}
    general = await holds(room, BIRTH, TODAY)
    whole = await room.post(
        f"/v1/supplement-rules/{general['id']}/end", json={**because, "valid_to": TODAY.isoformat()}
    )
    assert reasons(whole) == {("", "general_rule_needs_another")}
    assert (
        await room.post("/v1/supplement-rules/9999/end", json={**because, "valid_to": "2030-01-01"})
    ).status_code == 404


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"procedure": "9.999999"}, {("procedure", "unknown_procedure")}),
        ({"lapse": "close"}, {("answer_within", "required"), ("notice", "required")}),
        ({"effect": "reset"}, {("effect", "not_one_of")}),
        ({"answer_within": {"value": 0, "unit": "calendar_day"}}, {("answer_within.value", "out_of_range")}),
        ({"answer_within": {"value": 3, "unit": "working_hour"}}, {("answer_within.unit", "not_one_of")}),
        ({"request_limit": 0}, {("request_limit", "out_of_range")}),
        ({"decision": " "}, {("decision", "required")}),
        ({"valid_from": "1/1/2027"}, {("valid_from", "malformed")}),
        ({"validfrom": "2027-01-01"}, {("validfrom", "unknown_field")}),
    ],
)
async def test_a_bad_rule_says_why_and_changes_nothing(
    intake: httpx.AsyncClient, issuer: LocalIssuer, change: dict[str, Any], refused: set[tuple[str, str]]
) -> None:
    admin = bearer(issuer, "admin", PROVINCE)
    answer = await intake.post("/v1/supplement-rules", json=a_rule(**change), headers=admin)
    assert (answer.status_code, reasons(answer)) == (422, refused)
    assert len((await intake.get("/v1/supplement-rules", params={"history": "true"})).json()["items"]) == 4


@pytest.mark.parametrize(
    ("role", "agency", "code"), [("leader", PROVINCE, "forbidden"), ("admin", WARD, "agency_out_of_scope")]
)
async def test_only_the_admin_of_the_whole_installation(
    intake: httpx.AsyncClient, issuer: LocalIssuer, role: str, agency: str, code: str
) -> None:
    answer = await intake.post("/v1/supplement-rules", json=a_rule(), headers=bearer(issuer, role, agency))
    assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_loading_again_changes_nothing_and_leaves_what_an_operator_did(
    fresh_database: Database, issuer: LocalIssuer, room: httpx.AsyncClient
) -> None:
    rows = reference.supplement_rules()
    connection = await asyncpg.connect(fresh_database.url("motcua_intake"))
    before = await connection.fetch("SELECT xmin::text, * FROM supplement_rule ORDER BY id")
    assert not (await load_supplement_rules(connection, rows)).anything
    assert await connection.fetch("SELECT xmin::text, * FROM supplement_rule ORDER BY id") == before
    assert (await room.post("/v1/supplement-rules", json=a_rule())).status_code == 201
    entered = await connection.fetch("SELECT * FROM supplement_rule ORDER BY id")
    revision = (await read_reference(connection)).revision
    assert not (await load_supplement_rules(connection, rows)).anything
    assert await connection.fetch("SELECT * FROM supplement_rule ORDER BY id") == entered
    assert (await read_reference(connection)).revision == revision
    await connection.close()


async def test_what_the_room_reads_is_what_the_file_says(fresh_database: Database) -> None:
    connection = await asyncpg.connect(fresh_database.url("motcua_routing"))
    read = (await read_reference(connection)).regimes
    await connection.close()
    assert set(read.all) == {row.regime for row in reference.supplement_rules()}


def test_a_list_that_contradicts_itself_is_refused() -> None:
    def row(begin: date | None, end: date | None, procedure: str | None = None) -> RuleRow:
        rule = regimes.SupplementRule(regimes.SupplementEffect.PAUSE)
        return RuleRow(regimes.Regime(rule, begin, end, procedure), "")

    first, second = date(2019, 12, 31), date(2020, 1, 1)
    need_whole([row(None, first), row(second, None), row(second, None, STATE_BANK), row(second, None, FORESTRY)])
    for broken in (
        [],
        [row(second, None)],
        [row(None, first)],
        [row(None, second), row(second, None)],
        [row(None, first), row(second + timedelta(days=1), None)],
        [row(None, None), row(first, second, STATE_BANK), row(second, None, STATE_BANK)],
    ):
        with pytest.raises(BrokenRules):
            need_whole(broken)
