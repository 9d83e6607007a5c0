"""What happens to a dossier is told to the national portal: in order, none twice, none lost, whatever the portal does.
Over real HTTP, against the double of docs/national-portal.md."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from intake_service.app import create_app as create_intake
from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.rules import NEEDED
from intake_service.national.usecases import Teller, queue_next
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.keyring import Keyring
from tests.conftest import Database
from tests.intake.bodies import a_pdf
from tests.national.province import IDENTIFIED, IMPATIENT, Province, for_all, place
from tests.national.running import PortalProcess
from tests.support import (
    BIRTH,
    IDENTITY_KEYS,
    JUSTICE,
    PROVINCE,
    REGISTER_COPY,
    WARD,
    a_draft,
    a_finish,
    bearer,
    serving,
    settings_for,
)


async def test_a_whole_life_is_told_step_by_step(province: Province) -> None:
    code = await province.receive(id_number="045190000001", phone="0905 123 456", summary="Đăng ký khai sinh")
    await province.act(code, "supplement-requests", reason="Thiếu bản sao giấy chứng sinh")
    await province.act(code, "supplements")
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.act(code, "return")
    await province.tell()
    assert await province.states() == {"taken": 10}
    assert province.portal.kinds_of(code) == ["new", "timeline", *["update", "timeline"] * 4]
    effects = province.portal.control("GET", "effects", dossier=code)
    assert [one["status"] for one in effects if one["kind"] == "timeline"] == ["2", "5", "4", "9", "10"]
    item = province.portal.stored(code)
    assert (item["MaTTHC"], item["TrangThaiHoSo"], item["KenhThucHien"]) == ("1.001193", "10", "1")
    assert item["DinhDanhCHS"] == [{"LoaiDinhDanh": "1", "SoDinhDanh": "045190000001"}]
    (asked,) = item["DanhSachHoSoBoSung"]
    assert asked["NoiDungBoSung"] == "Thiếu bản sao giấy chứng sinh"
    assert {"NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi"} <= set(asked)
    assert province.proof()["dossiers"] == 1


async def test_what_somebody_said_of_the_national_catalogue_is_told(province: Province) -> None:
    sector = await province.owner.fetchval(
        "SELECT v.sector FROM procedure_version v JOIN procedure p ON p.id = v.procedure_id WHERE p.code = $1", BIRTH
    )
    await province.owner.execute(
        "INSERT INTO catalogue_mapping (kind, local_code, national_code, reason, entered_by, entered_at)"
        " VALUES ('fields', $1, 'LV001', 'x', 'an', now()), ('procedures', $2, '1.004194', 'x', 'an', now())",
        sector,
        BIRTH,
    )
    code = await province.receive()
    await province.tell()
    await province.owner.execute("DELETE FROM catalogue_mapping")
    item = province.portal.stored(code)
    assert (item["MaTTHC"], item["MaLinhVuc"], item["TenLinhVuc"]) == ("1.004194", "LV001", sector)


async def test_no_status_is_dressed_up(province: Province) -> None:
    """5, 6, 7 and 8 are told as they are, and not as 9: what real systems send instead."""
    ends = {"7": ("withdraw", {}), "8": ("stop", {"reason": "Không bổ sung"}), "6": ("payment-requests", {})}
    for status, (verb, body) in ends.items():
        code = await province.receive()
        await province.act(code, verb, **{"reason": "Theo yêu cầu", **body})
        await province.tell()
        assert province.portal.stored(code)["TrangThaiHoSo"] == status
    assert await province.states() == {"taken": 12}


async def test_what_is_missing_blocks_and_is_not_made_up(province: Province, issuer: LocalIssuer) -> None:
    """An agency without an identification code issues local codes, which the national side does not know."""
    answer = await province.intake.post(
        "/v1/dossiers",
        json=a_draft(agency=JUSTICE, procedure=REGISTER_COPY),
        headers=bearer(issuer, "admin", JUSTICE),
    )
    code = answer.json()["code"]
    await province.tell(rounds=3)
    (first, second) = await province.told(code)
    assert (first["state"], second["state"]) == ("blocked", "waiting")
    assert orjson.loads(first["reasons"]) == [{"field": "MaHoSo", "code": "code_not_national", "params": {}}]
    assert province.portal.stored(code) is None


async def test_no_answer_whatever_holds_the_others_up(province: Province) -> None:
    """JSON can say what no text of the database holds, and say it at any length."""
    codes = [await province.receive() for _ in range(3)]
    said = {"error_code": "-9\0" + "9" * 500, "message": "Sai\0 dữ liệu"}
    province.portal.fault("error_body", service="DongBoHoSoMC", count=40, **said)
    await province.tell(rounds=12)
    messages = [(await province.told(code))[0] for code in codes]
    assert {(one["state"], one["answer"]) for one in messages} == {("dead", "Sai dữ liệu")}
    assert {len(one["answer_code"]) for one in messages} == {60}
    province.portal.control("DELETE", "faults")


async def test_who_it_is_about_is_not_kept_in_what_was_sent(province: Province) -> None:
    code = await province.receive(name="Trần Thị Mận", id_number="045190000077", phone="0905 777 001")
    province.portal.set(also_required=["Fax"])
    await province.tell(rounds=8)
    (first, _) = await province.told(code)
    kept = orjson.dumps([str(value) for value in first.values()]).decode()
    for personal in ("Mận", "045190000077", "0905"):
        assert personal not in kept
    assert (first["state"], first["answer_code"]) == ("dead", "-8")
    assert orjson.loads(first["payload"])["ChuHoSo"] == "…"


FAULTS: Sequence[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 0.2, "count": 3}),
    ("broken_json", {"count": 3}),
    ("http_error", {"count": 4, "commit": True}),
    ("http_error", {"count": 4}),
    ("error_body", {"count": 4}),
    ("error_body", {"count": 4, "commit": True}),
    ("drop_before", {"count": 3}),
    ("drop_after", {"count": 3}),
    ("truncated", {"count": 3}),
    ("half", {"count": 3}),
    ("half", {"count": 3, "answer": "per_item"}),
    ("shuffled", {}),
    ("repeated", {}),
    ("stale", {"count": 3}),
    ("down", {"count": 6}),
]


@pytest.mark.parametrize(("kind", "plan"), FAULTS, ids=lambda one: one if isinstance(one, str) else "")
async def test_whatever_the_portal_does_all_is_in_step_at_the_end(
    province: Province, kind: str, plan: dict[str, Any]
) -> None:
    codes = [await province.receive() for _ in range(12)]
    for code in codes[:6]:
        await province.act(code, "finish", **a_finish(outcome="granted"))
    province.portal.fault(kind, skip=1, **plan)
    await province.tell()
    assert await province.states() == {"taken": 36}
    for code in codes:
        finished = code in codes[:6]
        steps = ["new", "timeline", *(["update", "timeline"] if finished else [])]
        assert province.portal.kinds_of(code) == steps, code
        assert province.portal.stored(code)["TrangThaiHoSo"] == ("9" if finished else "2")
    assert province.proof()["dossiers"] == 12


@pytest.mark.parametrize("how", ["down", "error_body"])
async def test_a_portal_that_is_away_for_a_day_finds_all_that_waited(province: Province, how: str) -> None:
    """What waits is tried again and again, by ever fewer calls, and nothing is given up. A backlog of 10,000 is a row
    of the bench."""
    codes = [await province.receive() for _ in range(60)]
    province.portal.fault(how, count=None)
    reference = await read_reference(province.owner)
    while await queue_next(province.connection, None, now()):
        pass
    for _ in range(300):  # every five minutes of a day
        province.teller._breaker._until = 0.0
        await province.teller.tell_next(province.connection, reference)
        await province.owner.execute(IMPATIENT)
    tried = await province.owner.fetch("SELECT attempts FROM national_message WHERE step = 0")
    assert max(row["attempts"] for row in tried) > 20
    assert await province.states() == {"waiting": 120}
    province.portal.control("DELETE", "faults")
    await province.tell()
    assert await province.states() == {"taken": 120}
    assert {code: province.portal.kinds_of(code) for code in codes} == {code: ["new", "timeline"] for code in codes}
    assert province.proof()["dossiers"] == 60


async def test_what_is_known_of_papers_goes_with_the_last_step(province: Province) -> None:
    """Nobody entered a list of components: the item says nothing of papers, and the message says why."""
    code = await province.receive()
    await province.tell()
    (first, _) = await province.told(code)
    assert first["state"] == "taken"
    assert orjson.loads(first["reasons"]) == [{"field": "components", "code": "national_components", "params": {}}]
    assert "TaiLieuNop" not in province.portal.stored(code)
    province.teller._needed = (*NEEDED, "TaiLieuNop")
    other = await province.receive()
    await province.tell(rounds=3)
    assert [row["state"] for row in await province.told(other)] == ["blocked", "waiting"]
    seen = (await province.intake.get(f"/v1/dossiers/{other}/documents", headers=province.headers)).json()
    assert seen["national_blockers"][0]["code"] == "national_components"


async def test_what_was_handed_in_is_told_once_it_is_known_what_is_asked_for(province: Province) -> None:
    papers = [{"code": "GT.01", "name": "Tờ khai", "required": True, "forms": [{"kind": "original", "count": 1}]}]
    listed = {
        "valid_from": civil_day(now()).isoformat(),
        "components": papers,
        "decision": "163/QĐ-BTP",
        "reason": "Công bố",
        "retroactive": True,
    }
    headers = bearer(province.issuer, "admin", PROVINCE)
    answer = await province.intake.put(f"/v1/procedures/{BIRTH}/components", json=listed, headers=headers)
    assert answer.status_code == 200, answer.text
    code = await province.receive(documents=[{"name": "Tờ khai", "kind": "original", "count": 2}])
    await province.tell()
    (first, _) = await province.told(code)
    assert (first["state"], first["reasons"]) == ("taken", None)
    item = province.portal.stored(code)
    assert item["DanhSachTepDinhKemKhac"] == [{"TenGiayTo": "Tờ khai", "SoLuong": "2", "LoaiGiayTo": "0"}]
    assert item["HoSoCoThanhPhanSoHoa"] == "0"


async def test_a_file_is_told_by_a_link_that_is_not_kept(
    database: Database, issuer: LocalIssuer, province: Province, portal: PortalProcess, tmp_path: Path
) -> None:
    settings = settings_for(
        database, issuer, files=str(tmp_path), files_address="https://motcua.example.gov.vn", files_link_key="k" * 32
    )
    async with serving(create_intake(settings)) as intake, http_for_it() as http:
        form = {"code": "GT.01", "name": "Tờ khai", "required": True, "forms": [{"kind": "electronic", "count": 1}]}
        body = {
            "valid_from": civil_day(now()).isoformat(),
            "decision": "1/QĐ",
            "reason": "Nhập",
            "components": [form],
            "retroactive": True,
        }
        headers = bearer(issuer, "admin", PROVINCE)
        listed = await intake.put(f"/v1/procedures/{BIRTH}/components", json=body, headers=headers)
        assert listed.status_code in (200, 409, 422), listed.text  # or the test before has entered it
        code = await province.receive()
        asked = {"name": "CCCD Trần Thị Mận.pdf", "component": "GT.01", "digitised": "true", "reused": "0"}
        sent = await intake.post(
            f"/v1/dossiers/{code}/files",
            params={**asked, "from_store": "false"},
            content=a_pdf(),
            headers=bearer(issuer, "counter", WARD),
        )
        assert sent.status_code == 201, sent.text
        ring = Keyring.of(IDENTITY_KEYS)
        province.teller = Teller(NationalClient(http, place(portal)), ring, NEEDED, settings.file_links)
        await province.tell()
        (told,) = province.portal.stored(code)["TaiLieuNop"]
        address = httpx.URL(told["DuongDanTaiTepTin"])
        assert (await intake.get(address.raw_path.decode())).content == a_pdf()
    kept = orjson.dumps([str(value) for one in await province.told(code) for value in one.values()]).decode()
    for hidden in ("signature", "Mận"):
        assert hidden not in kept


async def test_a_batch_of_which_one_is_refused_is_taken_but_for_that_one(province: Province) -> None:
    for batch in ("each", "all"):
        province.portal.set(batch=batch)
        codes = [await province.receive() for _ in range(9)]
        odd = codes[4]
        await province.owner.execute(
            "UPDATE applicant SET phone = repeat('9', 60) WHERE dossier_id = (SELECT id FROM dossier WHERE code = $1)",
            odd,
        )
        await province.tell(rounds=12)
        states = {code: [row["state"] for row in await province.told(code)] for code in codes}
        assert states.pop(odd) == ["dead", "waiting"]
        assert set(map(tuple, states.values())) == {("taken", "taken")}
    province.proof()


async def test_a_crash_between_the_answer_and_its_note_tells_nothing_twice(province: Province) -> None:
    """The connection is gone when the answer is there: that it was taken is noted nowhere."""
    codes = [await province.receive() for _ in range(15)]
    reference = await read_reference(province.owner)
    while await queue_next(province.connection, None, now()):
        pass
    for step in (0, 1):  # the dossiers, then their courses
        waiting = "SELECT count(*) FROM national_message WHERE step = $1 AND state = 'waiting'"
        while step and await province.owner.fetchval(waiting, 0):
            await province.teller.tell_next(province.connection, reference)
        province.portal.fault("slow", seconds=0.3, count=1)
        telling = asyncio.create_task(province.teller.tell_next(province.connection, reference))
        await asyncio.sleep(0.15)
        pid = province.connection.get_server_pid()
        await province.owner.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await telling
        assert await province.owner.fetchval(waiting + " AND attempts = 1", step) > 0
        province.connection = await for_all(province.database)
    await province.tell()
    assert await province.states() == {"taken": 30}
    for code in codes:
        assert province.portal.kinds_of(code) == ["new", "timeline"], code
    province.proof()


async def test_a_portal_that_starts_anew_is_told_what_it_forgot(province: Province) -> None:
    """It has lost a dossier that it had: the next update is told as new."""
    code = await province.receive()
    await province.tell()
    province.portal.control("POST", "reset")
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    assert province.portal.kinds_of(code) == ["new", "timeline"]
    assert province.portal.stored(code)["TrangThaiHoSo"] == "9"


async def test_what_is_stuck_is_seen_put_right_and_sent_again(province: Province) -> None:
    code = await province.receive(summary="Hồ sơ thử")
    province.portal.set(also_required=["MaLinhVuc"])
    await province.tell(rounds=10)
    (stuck,) = await province.messages(state="dead")
    assert (stuck["dossier"], stuck["service"], stuck["attempts"]) == (code, "DongBoHoSoMC", 5)
    assert [(one["code"], one["reason"]) for one in stuck["reasons"]] == [
        ("national_refused", "cơ sở dữ liệu quốc gia từ chối, mã -8")
    ]
    standing = (await province.intake.get("/v1/national/standing", headers=province.headers)).json()
    assert (standing["waiting"], standing["dead"], standing["taken"]) == (1, 1, 0)
    assert standing["waiting_since"] is not None
    province.portal.set(also_required=[])
    path = f"/v1/national/messages/{stuck['id']}"
    again = await province.intake.post(f"{path}/resend", headers=province.headers)
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    twice = await province.intake.post(f"{path}/resend", headers=province.headers)
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "message_not_stuck")
    await province.tell()
    taken = (await province.intake.get(path, headers=province.headers)).json()
    assert (taken["state"], taken["answer_code"], taken["reasons"]) == ("taken", "0", [])
    assert await province.messages(state="dead") == []


async def test_all_that_is_stuck_is_sent_again_at_once(province: Province) -> None:
    codes = [await province.receive() for _ in range(4)]
    province.portal.set(also_required=["MaLinhVuc"])
    await province.tell(rounds=10)
    assert await province.states() == {"dead": 4, "waiting": 4}
    province.portal.set(also_required=[])
    wanted = [({"state": "dead", "answer_code": "-7"}, 0), ({"state": "blocked"}, 0), ({"state": "dead"}, 4)]
    for body, count in wanted:
        answer = await province.intake.post("/v1/national/resends", json=body, headers=province.headers)
        assert (answer.status_code, answer.json()) == (200, {"waiting": count})
    await province.tell()
    assert await province.states() == {"taken": 8}
    assert all(province.portal.kinds_of(code) == ["new", "timeline"] for code in codes)
    refused = await province.intake.post("/v1/national/resends", json={"state": "taken"}, headers=province.headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "state")


async def test_what_was_blocked_is_looked_at_again_when_something_happens(province: Province) -> None:
    code = await province.receive()
    province.teller._needed = (*NEEDED, "NgayKetThucXuLy")
    await province.tell(rounds=3)
    assert [row["state"] for row in await province.told(code)] == ["blocked", "waiting"]
    province.teller._needed = NEEDED
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    assert [row["state"] for row in await province.told(code)] == ["taken"] * 4
    province.proof()


async def test_a_period_is_told_once_more(province: Province) -> None:
    codes = [await province.receive() for _ in range(12)]
    await province.tell()
    province.portal.control("POST", "reset")
    count = await province.owner.fetchval("SELECT count(*) FROM dossier WHERE code LIKE $1 || '%'", IDENTIFIED)
    today = civil_day(now()).isoformat()
    key = {**province.headers, "Idempotency-Key": "again"}
    for queued, headers in ((count, key), (count, key), (0, province.headers)):  # the last: all of them wait
        answer = await province.intake.post("/v1/national/resyncs", json={"from": today, "to": today}, headers=headers)
        assert (answer.status_code, answer.json()) == (201, {"queued": queued})
    await province.tell()
    assert {code: province.portal.kinds_of(code) for code in codes} == {code: ["new"] for code in codes}
    (*_, last) = await province.told(codes[0])
    assert (last["round"], last["step"], last["state"]) == (1, 0, "taken")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"from": "2026-06-30", "to": "2026-01-01"}, "to", "period_reversed"),
        ({"from": "hôm qua", "to": "2026-01-01"}, "from", "malformed"),
        ({"to": "2026-01-01"}, "from", "required"),
        ({"from": "2026-01-01", "to": "2026-01-01", "day": 1}, "day", "unknown_field"),
    ],
)
async def test_a_period_that_is_none(province: Province, body: dict[str, Any], field: str, code: str) -> None:
    answer = await province.intake.post("/v1/national/resyncs", json=body, headers=province.headers)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (field, code)


async def test_of_an_installation_with_made_up_dossiers_nothing_is_told(province: Province) -> None:
    await province.receive()
    run = await province.owner.fetchval(
        "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic)"
        " VALUES (gen_random_uuid(), now(), 'done', 'csv', 'an', 1, true) RETURNING id"
    )
    try:
        await province.tell()
        assert await province.states() == {}
    finally:
        await province.owner.execute("DELETE FROM import_run WHERE id = $1", run)
    await province.tell()
    assert await province.states() == {"taken": 2}


async def test_what_was_before_is_not_told(province: Province) -> None:
    await province.receive()
    while await queue_next(province.connection, now() + timedelta(seconds=1), now()):
        pass
    assert await province.states() == {}
    await province.receive()
    await province.tell()
    assert await province.states() == {"taken": 2}


async def test_whom_policies_hold_sees_what_is_his(province: Province, issuer: LocalIssuer) -> None:
    await province.receive()
    await province.tell()
    for agency, count in ((WARD, 2), (JUSTICE, 0), (PROVINCE, 2)):
        headers = bearer(issuer, "supervisor", agency)
        items = (await province.intake.get("/v1/national/messages", headers=headers)).json()["items"]
        assert len(items) == count, agency
