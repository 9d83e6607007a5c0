"""Whatever becomes of a dossier is told: handed in online, opened again, its reception set right, any of that in any
order."""

from random import Random
from typing import Any

import orjson
import pytest

from intake_service.national.usecases import queue_next
from shared.domain.civil_time import local
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.intake.lives import ago, many_lives, submitted
from tests.national.province import Province
from tests.national.test_reconciliation import Side, counts, side  # noqa: F401
from tests.support import PROVINCE, a_finish, bearer


async def an_online_one(province: Province) -> dict[str, Any]:
    province.intake.headers.update(province.headers)
    return await submitted(province.intake)


async def test_what_was_handed_in_online_is_told_from_its_submission_on_once_it_has_a_code(province: Province) -> None:
    submission = await an_online_one(province)
    await province.tell(rounds=3)
    first = (await province.messages(state="blocked"))[0]
    assert [one["code"] for one in first["reasons"]] == ["national_not_accepted"]
    answer = await province.intake.post(f"/v1/dossiers/{submission['code']}/accept", json={})
    code = answer.json()["code"]
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    effects = province.portal.control("GET", "effects", dossier=code)
    assert [(one["kind"], one["status"]) for one in effects] == [
        *(("new", "1"), ("timeline", "1")),
        *(("update", "2"), ("timeline", "2")),
        *(("update", "9"), ("timeline", "9")),
    ]
    item = province.portal.stored(code)
    assert (item["MaHoSo"], item["KenhThucHien"]) == (code, "2")
    assert item["NgayNopHoSo"] <= item["NgayTiepNhan"]
    assert (await province.states(), province.proof()["dossiers"]) == ({"taken": 6}, 1)


async def test_what_is_never_accepted_is_seen_and_holds_nothing_up(province: Province) -> None:
    submission = await an_online_one(province)
    await province.act(submission["code"], "refuse", reason="Không thuộc thẩm quyền")
    other = await province.receive()
    await province.tell(rounds=5)
    assert await province.states() == {"blocked": 1, "waiting": 3, "taken": 2}
    assert province.portal.stored(other) is not None


async def test_a_reception_that_was_earlier_is_told(province: Province) -> None:
    """At the counter it was handed in when it was received."""
    code = await province.receive()
    await province.tell()
    right = {"reason": "Nhập nhầm ngày", "decision": "07/BB", "accepted_at": ago(days=6).isoformat()}
    await province.act(code, "corrections", **right)
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    item = province.portal.stored(code)
    assert item["NgayTiepNhan"] == item["NgayNopHoSo"] == f"{local(ago(days=6)):%Y%m%d}" + item["NgayTiepNhan"][8:]
    assert (item["TrangThaiHoSo"], await province.states()) == ("9", {"taken": 5})


@pytest.mark.parametrize("seed", [11, 12])
async def test_whatever_becomes_of_dossiers_and_of_calls_they_are_in_step_at_the_end(
    side: Side,  # noqa: F811
    seed: int,
) -> None:
    province, rng = side.province, Random(seed)
    province.intake.headers.update(bearer(province.issuer, "admin", PROVINCE))
    for kind in ("error_body", "http_error", "drop_after", "drop_before", "half", "repeated", "stale", "truncated"):
        province.portal.fault(kind, probability=0.04, count=None)
    reference = await read_reference(province.owner)
    async for _ in many_lives(province.intake, rng):
        while await queue_next(province.connection, None, now()):
            pass
        for _ in range(rng.randrange(4)):
            province.teller._breaker.taken()
            await province.teller.tell_next(province.connection, reference)
        if rng.random() < 0.3:
            province.portal.control("POST", "sessions/expire")
    for _ in range(9):
        await province.tell(rounds=9)
        await province.intake.post("/v1/national/resends", json={"state": "dead"})
    province.portal.control("DELETE", "faults")
    await province.tell()
    blocked = await province.owner.fetch(
        "SELECT d.accepted_at, m.reasons FROM national_message m JOIN dossier d ON d.id = m.dossier_id"
        " WHERE m.state IN ('blocked', 'dead')"
    )
    found = {(one["accepted_at"], orjson.loads(one["reasons"])[0]["code"]) for one in blocked}
    assert found == {(None, "national_not_accepted")}
    number = (await side.round())["id"]
    whole = (await province.intake.get(f"/v1/national/rounds/{number}")).json()
    dossiers, in_step, *others = counts(whole)
    assert (dossiers, others) == (in_step + len(blocked), [0, len(blocked), len(blocked), 0])


async def test_a_dossier_that_cannot_be_read_holds_no_other_up(side: Side) -> None:  # noqa: F811
    """Its number was sealed under a key that is gone, or what stands in its log is none."""
    province = side.province
    sealed, broken, good = [await province.receive(id_number="045190000001") for _ in range(3)]
    await province.owner.execute(
        "UPDATE applicant SET id_number = E'\\x01' || '200:AAAA' WHERE dossier_id ="
        " (SELECT id FROM dossier WHERE code = $1)",
        sealed,
    )
    right = await province.owner.fetchval(
        "SELECT payload FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id WHERE d.code = $1", broken
    )
    put = (
        "UPDATE dossier_event SET payload = $2 WHERE dossier_id = (SELECT id FROM dossier WHERE code = $1) AND seq = 1"
    )
    await province.owner.execute(put, broken, "{")
    await province.tell(rounds=4)
    assert [one["state"] for one in await province.told(good)] == ["taken", "taken"]
    for code, reason in ((sealed, "national_number_sealed"), (broken, "national_not_written")):
        (first, _) = await province.told(code)
        assert (first["state"], orjson.loads(first["reasons"])[0]["code"]) == ("blocked", reason)
    assert counts(await side.round())[:2] == (3, 1), "and none that is compared"
    await province.owner.execute(put, broken, right)
    await province.intake.post("/v1/national/resends", json={"state": "blocked"}, headers=province.headers)
    await province.tell(rounds=4)
    assert await province.states() == {"taken": 4, "blocked": 1, "waiting": 1}
    assert counts(await side.round())[:4] == (3, 2, 0, 1), "no number is opened to compare"


async def test_what_was_erased_is_not_told_once_more_and_stays_in_step(side: Side) -> None:  # noqa: F811
    province = side.province
    code = await province.receive()
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    await province.owner.execute(
        "UPDATE applicant SET name = '…', erased_at = now()"
        " WHERE dossier_id = (SELECT id FROM dossier WHERE code = $1)",
        code,
    )
    today = local(now()).date().isoformat()
    asked = {"from": today, "to": today}
    answer = await province.intake.post("/v1/national/resyncs", json=asked, headers=province.headers)
    assert answer.status_code == 201
    assert len(await province.told(code)) == 4
    assert counts(await side.round())[:4] == (1, 1, 0, 0)
