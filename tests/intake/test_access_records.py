"""Nhật ký xem dữ liệu cá nhân: whatever was shown unmasked is on record, chained, and what was not shown is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from intake_service.access_records import rules
from intake_service.access_records.usecases import AccessChain
from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from shared.domain.chain import GENESIS
from shared.domain.civil_time import civil_day
from shared.domain.personal import Datum, holds_a_number
from shared.web.clock import now
from shared.web.limits import MACHINES
from tests.conftest import Database
from tests.intake.lives import did, reasons, received
from tests.support import JUSTICE, PROVINCE, WARD, at, bearer, serving, settings_for

WHOSE = {"id_number": "045190123987", "phone": "0905 123 654", "address": "12 Hùng Vương"}
PERSON = {"kind": "person", "name": "Nguyễn Thị Đào", **WHOSE}
SHOWN = ["id_number", "phone", "address"]
WHY = "Đối chiếu sổ giấy quý IV"


@pytest_asyncio.fixture(loop_scope="session")
async def owner(emptied: Database) -> AsyncIterator[asyncpg.Connection]:
    """The tables' owner; each test begins without records."""
    connection = await asyncpg.connect(emptied.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
def inspector(issuer: LocalIssuer) -> dict[str, str]:
    """A supervisor of the province."""
    return bearer(issuer, "supervisor", PROVINCE)


async def records(intake: httpx.AsyncClient, inspector: dict[str, str], **params: str) -> list[dict[str, Any]]:
    """A page of records, the newest first."""
    answer = await intake.get("/v1/access-records", params={"limit": "200", **params}, headers=inspector)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def read(intake: httpx.AsyncClient, dossier: dict[str, Any], path: str = "", **more: Any) -> httpx.Response:
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}{path}", **more)
    assert answer.status_code == 200, answer.text
    return answer


async def differences(database: Database) -> list[tuple[str, str]]:
    """What the verification finds: (what, where)."""
    connection = await asyncpg.connect(database.url("motcua_intake"))
    try:
        async with connection.transaction():
            return [(found.what, found.where) async for found in AccessChain().conclude(connection)]
    finally:
        await connection.close()


@pytest.mark.usefixtures("owner")
async def test_who_what_when(intake: httpx.AsyncClient, inspector: dict[str, str]) -> None:
    dossier = await received(intake, applicant=PERSON)
    before = now()
    await read(intake, dossier)
    (told,) = await records(intake, inspector)
    assert (told["subject"], told["role"], told["agency"], told["number"]) == (f"counter@{WARD}", "counter", WARD, 1)
    assert (told["operation"], told["fields"], told["reason"]) == ("readDossier", SHOWN, None)
    assert (told["dossier_count"], told["codes"]) == (1, [dossier["code"]])
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(told["at"]) <= now()
    one = await intake.get(f"/v1/access-records/{told['id']}", headers=inspector)
    assert one.json() == told
    for text in WHOSE.values():
        assert text not in one.text, "a record says what was shown, not what it was"


@pytest.mark.usefixtures("owner")
async def test_what_is_masked_or_not_there_is_no_reading(
    intake: httpx.AsyncClient, issuer: LocalIssuer, inspector: dict[str, str]
) -> None:
    dossier, unknown = await received(intake, applicant=PERSON), await received(intake)
    await read(intake, unknown)
    await read(intake, dossier, headers=inspector)
    await read(intake, dossier, headers=bearer(issuer, "leader", PROVINCE))
    for path in ("/events", "/deadline", "/forms", "/apologies", "/extension-proposals", "/forms/control-slip.pdf"):
        await read(intake, dossier, path)
    await intake.get("/v1/dossiers", params={"name": "Đào"})
    await intake.get("/v1/dossiers", params={"id_number": "045190123000"})
    await intake.get(f"/v1/track/{dossier['code']}")
    await did(intake, dossier, "finish")
    assert await records(intake, inspector) == []


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"id_number": WHOSE["id_number"]}, ["id_number"]),
        ({"phone": WHOSE["phone"]}, ["phone"]),
        ({"q": "0905123654"}, ["id_number", "phone"]),
        ({"id_number": WHOSE["id_number"], "phone": WHOSE["phone"]}, ["id_number", "phone"]),
    ],
)
async def test_what_a_search_by_a_number_finds_is_a_reading(
    intake: httpx.AsyncClient, inspector: dict[str, str], asked: dict[str, str], fields: list[str]
) -> None:
    """Whoever sees `***987` and searches for all that it could be would know it, and nobody would know that."""
    dossier = await received(intake, applicant=PERSON)
    await received(intake)
    assert (await intake.get("/v1/dossiers", params=asked, headers=inspector)).json()["items"] != []
    (told,) = await records(intake, inspector)
    assert (told["role"], told["operation"], told["fields"]) == ("supervisor", "listDossiers", fields)
    assert told["codes"] == [dossier["code"]]


async def test_nobody_tries_out_what_is_masked_of_a_number(database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(database, issuer, numbers_sought_per_hour=5)
    async with serving(create_app(settings)) as intake:
        admin, other = bearer(issuer, "admin", PROVINCE), bearer(issuer, "supervisor", PROVINCE)

        async def search(headers: dict[str, str], **asked: str) -> int:
            return (await intake.get("/v1/dossiers", params=asked, headers=headers)).status_code

        asked: list[dict[str, str]] = [{"id_number": f"04519012398{n}"} for n in range(3)]
        for each in [*asked, {"phone": "0905123654"}, {"q": "045190123987"}]:
            assert await search(admin, **each) == 200
        for each in asked:
            refused = await intake.get("/v1/dossiers", params=each, headers=admin)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
            assert int(refused.headers["Retry-After"]) >= 1
        by_header = await intake.get("/v1/dossiers", headers={**admin, "Applicant-Id-Number": "045190123987"})
        assert by_header.status_code == 429
        assert await search(admin, name="Đào") == await search(admin, q="19333-261127-0001") == 200
        assert await search(other, id_number="045190123987") == 200
        machine = bearer(issuer, "machine", WARD)
        assert {await search(machine, id_number="045190123987") for _ in range(5 * MACHINES)} == {200}
        assert await search(machine, id_number="045190123987") == 429


@pytest.mark.usefixtures("owner")
async def test_only_the_submitters_number_is_one_too(intake: httpx.AsyncClient, inspector: dict[str, str]) -> None:
    dossier = await received(intake, submitted_by={"name": "Trần Văn Bình", "phone": "0905 777 888"})
    await read(intake, dossier)
    (told,) = await records(intake, inspector)
    assert told["fields"] == ["phone"]


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("format", ["pdf", "docx"])
async def test_a_form_is_on_record_with_what_it_prints(
    intake: httpx.AsyncClient, issuer: LocalIssuer, inspector: dict[str, str], format: str
) -> None:
    dossier = await received(intake, applicant=PERSON)
    await did(intake, dossier, "stop", reason="Có quyết định đình chỉ")
    await read(intake, dossier, f"/forms/receipt.{format}?edition=1")
    await read(intake, dossier, f"/forms/receipt.{format}?edition=1", headers=inspector)
    await read(intake, dossier, f"/forms/stop.{format}", headers=bearer(issuer, "handler", WARD))
    told = await records(intake, inspector)
    assert [(one["operation"], one["role"], one["fields"]) for one in told] == [
        ("readForm", "handler", ["address"]),
        ("readForm", "counter", SHOWN),
    ]


@pytest.mark.usefixtures("owner")
async def test_where_an_apology_was_sent_is_on_record(intake: httpx.AsyncClient, inspector: dict[str, str]) -> None:
    dossier = await received(intake, applicant=PERSON)
    letter = {"reason": "Theo quy định", "number": "12/PXL", "signed_by": "Trần Văn Bình", "kind": "lost_or_damaged"}
    await did(intake, dossier, "apologies", **letter)
    where = f"/v1/dossiers/{dossier['code']}/apologies"
    await intake.post(f"{where}/1/sendings", json={"channel": "sms", "to": WHOSE["phone"]})
    assert await records(intake, inspector) == []
    assert WHOSE["phone"] in (await intake.get(where)).text
    (told,) = await records(intake, inspector)
    assert (told["operation"], told["fields"]) == ("readApologies", ["phone"])


async def _ledger(intake: httpx.AsyncClient, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
    today = civil_day(now()).isoformat()
    asked = {"agency": WARD, "from": today, "to": today, **more}
    return await intake.get("/v1/ledger.docx", params=asked, headers=headers)


def _cells(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {row.cells[5].text for row in Document(BytesIO(answer.content)).tables[-1].rows[1:]}


@pytest.mark.usefixtures("owner")
async def test_a_ledger_is_read_unmasked_for_a_reason_only(
    intake: httpx.AsyncClient, inspector: dict[str, str]
) -> None:
    made = [await received(intake, applicant=PERSON) for _ in range(23)]
    await received(intake)
    assert _cells(await _ledger(intake)) == {"***\n***654", ""}
    assert _cells(await _ledger(intake, inspector, reason=WHY)) == {"***\n***654", ""}
    assert await records(intake, inspector) == []
    assert _cells(await _ledger(intake, reason=WHY)) == {"12 Hùng Vương\n0905 123 654", ""}
    (told,) = await records(intake, inspector)
    assert (told["operation"], told["fields"], told["reason"]) == ("readLedger", ["phone", "address"], WHY)
    assert told["dossier_count"] == 23, "of the one without data nothing was shown"
    assert len(told["codes"]) == 20
    whole = (await intake.get(f"/v1/access-records/{told['id']}", headers=inspector)).json()
    assert whole["codes"] == [dossier["code"] for dossier in made]


@pytest.mark.usefixtures("owner")
async def test_a_reason_is_one(intake: httpx.AsyncClient) -> None:
    for said, code in (("   ", "required"), ("123", "no_letter"), ("a\u0007", "control_characters")):
        assert reasons(await _ledger(intake, reason=said)) == {("reason", code)}


@pytest.mark.parametrize("number", ["045190123987", "số 191456789.", "0905 123 654", "0905.123.654", "gọi 0905123654"])
async def test_a_reason_that_is_kept_for_good_names_nobodys_number(
    intake: httpx.AsyncClient, owner: asyncpg.Connection, number: str
) -> None:
    assert reasons(await _ledger(intake, reason=f"Tìm hồ sơ {number}")) == {("reason", "holds_a_number")}
    assert await owner.fetchval("SELECT count(*) FROM access_record WHERE reason LIKE '%Tìm hồ sơ%'") == 0


@pytest.mark.parametrize(
    "text", ["19333-261127-0001", "12/QĐ-UBND ngày 01.01.2026 31.12.2026", "H56.14-20260609-0092637"]
)
def test_a_code_or_a_day_is_nobodys_number(text: str) -> None:
    assert not holds_a_number(f"Đối chiếu {text}, quý IV")


async def test_what_cannot_be_recorded_is_not_shown(intake: httpx.AsyncClient, owner: asyncpg.Connection) -> None:
    dossier = await received(intake, applicant=PERSON)
    await owner.execute("REVOKE INSERT ON access_record FROM motcua_intake")
    try:
        for path in ("", "/forms/receipt.pdf?edition=1"):
            answer = await intake.get(f"/v1/dossiers/{dossier['code']}{path}")
            assert answer.status_code == 500
            assert "0905" not in answer.text
    finally:
        await owner.execute("GRANT INSERT ON access_record TO motcua_intake")


async def test_many_at_once_are_one_chain_an_agency(
    intake: httpx.AsyncClient,
    issuer: LocalIssuer,
    inspector: dict[str, str],
    emptied: Database,
    owner: asyncpg.Connection,
) -> None:
    dossier = await received(intake, applicant=PERSON)
    above = bearer(issuer, "counter", PROVINCE)
    await asyncio.gather(*(read(intake, dossier, headers=headers) for _ in range(20) for headers in (None, above)))
    told = await records(intake, inspector)
    for agency in (WARD, PROVINCE):
        assert sorted(one["number"] for one in told if one["agency"] == agency) == list(range(1, 21))
    assert await differences(emptied) == []
    assert await owner.fetchval("SELECT count(*) FROM access_record") == 40


async def test_two_processes_add_to_one_chain(emptied: Database, owner: asyncpg.Connection) -> None:
    from intake_service.access_records import store

    agency_id = await owner.fetchval("SELECT min(id) FROM agency")

    async def adds(n: int) -> None:
        connection = await asyncpg.connect(emptied.url("motcua_intake"))
        for _ in range(10):
            access = rules.Access(now(), f"reader {n}", "counter", agency_id, "readDossier", [Datum.PHONE], [n], None)
            while not await store.add(connection, access):
                pass
        await connection.close()

    await asyncio.gather(*(adds(n) for n in range(5)))
    rows = await owner.fetch("SELECT number FROM access_record ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, 51))
    assert await differences(emptied) == []


@pytest.mark.parametrize(
    ("statement", "what", "number"),
    [
        ("UPDATE access_record SET subject = 'nobody' WHERE number = 2", "hash", 2),
        ("UPDATE access_record SET at = at + interval '1 second' WHERE number = 2", "hash", 2),
        ("UPDATE access_record SET fields = '{phone}' WHERE number = 2", "hash", 2),
        ("UPDATE access_record SET dossiers = '{}' WHERE number = 2", "hash", 2),
        ("UPDATE access_record SET reason = 'x' WHERE number = 2", "hash", 2),
        ("UPDATE access_record SET role = 'admin', operation = 'x' WHERE number = 2", "hash", 2),
        ("DELETE FROM access_record WHERE number = 2", "gap", 3),
        ("DELETE FROM access_record WHERE number = 1", "gap", 2),
        ("UPDATE access_record SET agency_id = 999999 WHERE number = 4", "gap", 4),
    ],
)
async def test_a_record_changed_or_taken_out_is_found(
    intake: httpx.AsyncClient,
    emptied: Database,
    owner: asyncpg.Connection,
    statement: str,
    what: str,
    number: int,
) -> None:
    dossier = await received(intake, applicant=PERSON)
    for _ in range(4):
        await read(intake, dossier)
    assert await differences(emptied) == []
    await owner.execute(statement)
    found = await differences(emptied)
    assert [(one, where.rsplit(" ", 1)[-1]) for one, where in found] == [(what, str(number))]


async def test_a_dossier_that_somebody_took_away_is_still_named(
    intake: httpx.AsyncClient, owner: asyncpg.Connection, inspector: dict[str, str]
) -> None:
    await read(intake, await received(intake, applicant=PERSON))
    await owner.execute("UPDATE access_record SET dossiers = '{987654321}'")
    (told,) = await records(intake, inspector)
    assert told["codes"] == ["#987654321"]


@pytest.mark.usefixtures("owner")
async def test_it_is_read_by_whoever_watches_over_the_reader(
    intake: httpx.AsyncClient, issuer: LocalIssuer, inspector: dict[str, str]
) -> None:
    dossier = await received(intake, applicant=PERSON)
    await read(intake, dossier)
    await read(intake, dossier, headers=bearer(issuer, "counter", PROVINCE))
    wards = bearer(issuer, "supervisor", WARD)
    assert {one["agency"] for one in await records(intake, inspector)} == {WARD, PROVINCE}
    assert {one["agency"] for one in await records(intake, bearer(issuer, "admin", WARD))} == {WARD}
    assert await records(intake, bearer(issuer, "supervisor", JUSTICE)) == []
    (theirs,) = [one for one in await records(intake, inspector) if one["agency"] == PROVINCE]
    unseen = await intake.get(f"/v1/access-records/{theirs['id']}", headers=wards)
    assert unseen.status_code == 404
    for role in ("counter", "handler", "leader", "machine", "citizen"):
        refused = await intake.get("/v1/access-records", headers=bearer(issuer, role, PROVINCE))
        assert refused.status_code == 403
    outside = await intake.get("/v1/access-records", params={"agency": PROVINCE}, headers=wards)
    assert (outside.status_code, outside.json()["code"]) == (403, "agency_out_of_scope")


@pytest.mark.usefixtures("owner")
async def test_it_is_narrowed_and_comes_in_pages(
    intake: httpx.AsyncClient, issuer: LocalIssuer, inspector: dict[str, str]
) -> None:
    first, second = await received(intake, applicant=PERSON), await received(intake, applicant=PERSON)
    for dossier in (first, first, second):
        await read(intake, dossier)
    await read(intake, second, headers=bearer(issuer, "handler", WARD))
    assert len(await records(intake, inspector, code=first["code"])) == 2
    assert [one["role"] for one in await records(intake, inspector, code=second["code"])] == ["handler", "counter"]
    assert [one["codes"] for one in await records(intake, inspector, subject=f"handler@{WARD}")] == [[second["code"]]]
    assert await records(intake, inspector, agency=JUSTICE) == []
    assert await records(intake, inspector, code="no-such") == []
    today = civil_day(now())
    yesterday = (today - timedelta(days=1)).isoformat()
    assert len(await records(intake, inspector, **{"from": today.isoformat(), "to": today.isoformat()})) == 4
    assert await records(intake, inspector, to=yesterday) == []
    reversed_ = {"from": today.isoformat(), "to": yesterday}
    answer = await intake.get("/v1/access-records", params=reversed_, headers=inspector)
    assert reasons(answer) == {("to", "period_reversed")}
    seen, params = [], {"limit": "3"}
    while True:
        page = (await intake.get("/v1/access-records", params=params, headers=inspector)).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 4


_WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=5)
_ACCESSES = st.builds(
    rules.Access,
    st.integers(0, 10**15).map(lambda after: at("Wednesday 2020-01-01 00:00") + timedelta(microseconds=after)),
    _WORDS,
    st.sampled_from(["counter", "handler"]),
    st.integers(1, 99),
    st.sampled_from(["readDossier", "readLedger"]),
    st.lists(st.sampled_from(Datum), unique=True).map(tuple),
    st.lists(st.integers(1, 200), max_size=3).map(tuple),
    st.none() | _WORDS,
)


@given(_ACCESSES, _ACCESSES, st.integers(1, 30), st.integers(1, 30))
def test_no_two_records_have_one_hash(one: rules.Access, other: rules.Access, n: int, m: int) -> None:
    same = rules.record_hash(GENESIS, n, one.tail()) == rules.record_hash(GENESIS, m, other.tail())
    assert same is ((n, one) == (m, other))
