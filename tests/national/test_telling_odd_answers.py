"""What the portal answers may be cut off, of another call, or of another time: nothing is lost by it, or told twice."""

from typing import Any

import httpx
import pytest

from intake_service.national import client
from intake_service.national.client import NationalClient, NationalUnavailable, http_for_it
from intake_service.national.usecases import queue_next
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.national.province import Province, place
from tests.national.running import PortalProcess

ONCE = ["new", "timeline"]


async def queued(province: Province) -> None:
    while await queue_next(province.connection, None, now()):
        pass


async def tell_once(province: Province) -> None:
    await province.teller.tell_next(province.connection, await read_reference(province.owner))


async def test_half_a_batch_that_is_answered_as_though_it_were_all_is_told_whole(province: Province) -> None:
    codes = [await province.receive() for _ in range(12)]
    province.portal.fault("half", answer="lie", count=4)
    await province.tell()
    assert await province.states() == {"taken": 24}
    assert {code: province.portal.kinds_of(code) for code in codes} == dict.fromkeys(codes, ONCE)
    province.proof()


@pytest.mark.parametrize(
    ("kind", "plan"), [("error_body", {"count": 2}), ("stale", {"count": 1}), ("down", {"count": 2})], ids=str
)
async def test_a_line_is_not_sent_again_on_a_look_up_that_says_nothing_of_it(
    province: Province, kind: str, plan: dict[str, Any]
) -> None:
    """It was taken, and the answer was lost. The look-up then is refused, or answers of another dossier."""
    other = await province.receive()
    await province.tell()
    code = await province.receive()
    await province.teller._client.integrate("TraCuuHoSo", mahoso=other)
    await queued(province)
    await tell_once(province)
    province.portal.fault("drop_after", service="CapNhatTienDoHoSoMC")
    await tell_once(province)
    province.portal.fault(kind, service="TraCuuHoSo", **plan)
    await province.tell()
    assert (await province.states(), province.portal.kinds_of(code)) == ({"taken": 4}, ONCE)
    province.proof()


async def test_a_look_up_that_is_always_refused_is_seen(province: Province) -> None:
    code = await province.receive()
    await queued(province)
    await tell_once(province)
    province.portal.fault("drop_before", service="CapNhatTienDoHoSoMC")
    await tell_once(province)
    province.portal.fault("error_body", service="TraCuuHoSo", count=None)
    await province.tell(rounds=8)
    assert [one["state"] for one in await province.told(code)] == ["taken", "dead"]
    province.portal.control("DELETE", "faults")
    await province.intake.post("/v1/national/resends", json={"state": "dead"}, headers=province.headers)
    await province.tell()
    assert (await province.states(), province.portal.kinds_of(code)) == ({"taken": 2}, ONCE)


async def test_a_dossier_that_is_lost_before_its_line_goes_again_before_it(province: Province) -> None:
    """Else the line is refused for ever, and all that comes behind it waits."""
    code = await province.receive()
    await queued(province)
    await tell_once(province)
    province.portal.control("DELETE", f"dossiers/{code}")
    await province.tell()
    assert (await province.states(), province.portal.kinds_of(code)) == ({"taken": 2}, ["new", "new", "timeline"])
    assert province.portal.stored(code)["TrangThaiHoSo"] == "2"


async def test_a_portal_that_takes_a_dossier_and_knows_nothing_of_it_gets_no_more_of_it(province: Province) -> None:
    code = await province.receive()
    for _ in range(16):
        await province.tell(rounds=1)
        if province.portal.stored(code) is not None:
            province.portal.control("DELETE", f"dossiers/{code}")
    assert [one["state"] for one in await province.told(code)] == ["taken", "dead"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_session_that_ends_by_its_status_is_renewed(province: Province, status: int) -> None:
    codes = [await province.receive() for _ in range(3)]
    await province.tell()
    province.portal.set(session_status=status)
    province.portal.control("POST", "sessions/expire")
    codes += [await province.receive() for _ in range(3)]
    await province.tell(rounds=2)
    assert await province.states() == {"taken": 12}
    assert {code: province.portal.kinds_of(code) for code in codes} == dict.fromkeys(codes, ONCE)


async def test_an_answer_that_never_ends_is_none(portal: PortalProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of it may come in time: it is the whole that is waited for."""
    monkeypatch.setattr(client, "LONGEST_CALL", 0.3)
    portal.fault("slow", seconds=2.0, service="login")
    async with http_for_it() as http:
        with pytest.raises(NationalUnavailable):
            await NationalClient(http, place(portal)).integrate("TraCuuHoSo", mahoso="x")


@pytest.mark.parametrize("junk", [["Phiên đã hết hạn"], [None], [{"ly_do": "Phiên đã hết hạn"}]], ids=str)
async def test_a_session_that_ends_with_words_in_the_result_is_renewed(portal: PortalProcess, junk: list[Any]) -> None:
    logins = 0

    def answered(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        if request.url.path.endswith("/auth"):
            logins += 1
            return httpx.Response(200, json={"error_code": 0, "session": f"s{logins}"})
        if logins == 1:
            return httpx.Response(200, json={"error_code": -2, "message": "Lỗi", "result": junk})
        return httpx.Response(200, json={"error_code": 0, "message": "", "result": []})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as http:
        asking = NationalClient(http, place(portal))
        asking._session = "s0"
        logins = 1
        assert (await asking.integrate("TraCuuHoSo", mahoso="x")).done


async def test_who_it_is_about_is_not_kept_of_what_is_said_of_a_line(province: Province) -> None:
    """A line names nobody; the portal's words about it may."""
    code = await province.receive(name="Trần Thị Mận", id_number="045190000077")
    await queued(province)
    await tell_once(province)
    words = "Hồ sơ của TRAN THI MAN (045190000077) đang khoá"
    province.portal.fault("error_body", service="CapNhatTienDoHoSoMC", count=None, message=words)
    await province.tell(rounds=8)
    (_, line) = await province.told(code)
    assert (line["state"], line["answer"]) == ("dead", "Hồ sơ của … (…) đang khoá")


async def test_an_update_that_is_refused_is_not_taken_whatever_is_there_already(province: Province) -> None:
    """A paper's number, say. That the dossier is there says nothing of what was to become of it."""
    code = await province.receive()
    await province.tell()
    await province.act(code, "withdraw", reason="Theo yêu cầu")
    words = "Mã giấy tờ đã tồn tại"
    province.portal.fault("error_body", service="DongBoHoSoMC", count=None, error_code=-8, message=words)
    await province.tell(rounds=8)
    assert [(one["state"], one["answer"]) for one in (await province.told(code))[2:]] == [
        ("dead", words),
        ("waiting", None),
    ]
    province.portal.control("DELETE", "faults")
    await province.intake.post("/v1/national/resends", json={"state": "dead"}, headers=province.headers)
    await province.tell()
    assert (await province.states(), province.portal.stored(code)["TrangThaiHoSo"]) == ({"taken": 4}, "7")
