"""What the portal has is held against what it should have: what is missing, what differs and how, per agency. Nothing
is in step that was not asked for. Over real HTTP, against the double of docs/national-portal.md."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from intake_service.app import create_app as create_intake
from intake_service.national.client import Answer, NationalClient, http_for_it
from intake_service.reconciliation.usecases import ASKED, SILENCE, Reconciler
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from shared.web.keyring import Keyring
from tests.conftest import Database
from tests.national.province import Province, for_all, place
from tests.national.running import PortalProcess
from tests.support import (
    IDENTITY_KEYS,
    JUSTICE,
    PROVINCE,
    REGISTER_COPY,
    WARD,
    a_draft,
    a_finish,
    bearer,
    current_reference,
    serving,
    settings_for,
)

ROUNDS, DIFFERENCES = "/v1/national/rounds", "/v1/national/differences"


@dataclass
class Side:
    """A province that is told of, and what compares, run by hand; of the dossiers of this test only."""

    province: Province
    reconciler: Reconciler
    before: int

    @property
    def portal(self) -> PortalProcess:
        return self.province.portal

    async def begin(self) -> int:
        await self.reconciler.compare_next(
            self.province.connection, await current_reference(self.province.owner), now()
        )
        made: int = await self.province.owner.fetchval(
            "UPDATE national_round SET after_id = $1 WHERE state = 'running' RETURNING id", self.before
        )
        return made

    async def step(self, at: Any = None) -> bool:
        self.reconciler._breaker.taken()
        reference = await current_reference(self.province.owner)
        return await self.reconciler.compare_next(self.province.connection, reference, at or now())

    async def round(self, steps: int = 40) -> dict[str, Any]:
        """A whole one. How it ended, as the ward's own read it."""
        number = await self.begin()
        for _ in range(steps):
            await self.step()
            if (await self.read(number))["state"] != "running":
                break
        return await self.read(number)

    async def read(self, number: int, **asked: str) -> dict[str, Any]:
        answer = await self.province.intake.get(f"{ROUNDS}/{number}", params=asked, headers=self.province.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def differences(self, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.province.intake.get(DIFFERENCES, params=asked, headers=self.province.headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def kinds(self, code: str, **asked: Any) -> list[tuple[str, str, str | None, str | None, str | None]]:
        found = await self.differences(code=code, **asked)
        return [tuple(one[name] for name in ("kind", "field", "ours", "theirs", "why")) for one in found]

    def change(self, code: str, **fields: Any) -> None:
        self.portal.control("PATCH", f"dossiers/{code}", fields)

    def says(self, code: str, **fields: Any) -> None:
        """From now on the portal says of a dossier what its own checks would not take; `code=`: refuses to."""
        answered = self.reconciler._client.integrate

        async def otherwise(service: str, **params: Any) -> Answer:
            answer = await answered(service, **params)
            if params.get("mahoso") != code:
                return answer
            if "error_code" in fields:
                return Answer(fields["error_code"], "", [])
            return answer._replace(result=[{**one, **fields} for one in answer.result])

        self.reconciler._client.integrate = otherwise  # type: ignore[method-assign]

    def lose(self, code: str) -> None:
        self.portal.control("DELETE", f"dossiers/{code}")


@pytest_asyncio.fixture(loop_scope="session")
async def side(province: Province) -> AsyncIterator[Side]:
    await province.owner.execute(
        "TRUNCATE national_difference, national_comparison, national_round_agency, national_round"
    )
    before = await province.owner.fetchval("SELECT coalesce(max(id), 0) FROM dossier")
    async with http_for_it() as http:
        client = NationalClient(http, place(province.portal))
        ring = Keyring.of(IDENTITY_KEYS)
        yield Side(province, Reconciler(client, ring, every=timedelta(0), days=30, since=None), before)


def counts(found: dict[str, Any]) -> tuple[int, int, int, int, int, int]:
    return tuple(found[name] for name in ("dossiers", "in_step", "on_its_way", "differing", "missing", "not_answered"))


async def test_what_was_told_is_in_step(side: Side) -> None:
    province = side.province
    codes = [await province.receive(id_number="045190000001", phone="0905 123 456") for _ in range(3)]
    await province.act(codes[0], "supplement-requests", reason="Thiếu giấy chứng sinh")
    await province.act(codes[0], "supplements")
    await province.act(codes[0], "finish", **a_finish(outcome="granted"))
    await province.act(codes[1], "withdraw", reason="Theo yêu cầu")
    await province.tell()
    found = await side.round()
    assert (found["state"], counts(found), found["share"]) == ("done", (3, 3, 0, 0, 0, 0), "100.00")
    assert await side.differences() == []
    (ward,) = [one for one in found["agencies"] if one["agency"] == WARD]
    assert (ward["dossiers"], ward["in_step"], ward["share"]) == (3, 3, "100.00")


async def test_each_kind_of_difference_is_told(side: Side) -> None:
    province = side.province
    gone, status, dates, asked, told, never = [await province.receive() for _ in range(6)]
    await province.act(dates, "finish", **a_finish(outcome="granted"))
    await province.act(asked, "supplement-requests", reason="Thiếu bản sao")
    await province.act(asked, "supplements")
    await province.tell()
    side.lose(gone)
    side.change(status, TrangThaiHoSo="4")
    before = side.portal.stored(dates)["NgayHenTra"]
    side.change(dates, NgayHenTra="20200101170000")
    side.says(dates, NgayTra="không rõ")
    side.change(asked, DanhSachHoSoBoSung=[])
    await province.owner.execute(
        "DELETE FROM national_message WHERE dossier_id = (SELECT id FROM dossier WHERE code = $1)", never
    )
    side.reconciler._since = now()
    found = await side.round()
    assert (found["state"], counts(found), found["share"]) == ("done", (6, 1, 0, 5, 1, 0), "16.67")
    assert await side.kinds(gone) == [("missing", "", None, None, "lost")]
    assert await side.kinds(status) == [("status", "TrangThaiHoSo", "2", "4", None)]
    assert await side.kinds(dates) == [
        ("dates", "NgayHenTra", before, "20200101170000", None),
        ("dates", "NgayTra", None, "?", None),
        ("verdict", "", "on_time", "overdue", None),
    ]
    assert await side.kinds(asked) == [("dates", "DanhSachHoSoBoSung", "1", "0", None)]
    assert await side.kinds(told) == []
    assert await side.kinds(never) == [("unexpected", "", None, None, None)]
    assert {one["dossier"] for one in await side.differences(kind="dates")} == {dates, asked}
    assert all(one["agency"] == WARD for one in await side.differences())


async def test_what_is_not_there_says_why(side: Side, issuer: LocalIssuer) -> None:
    province = side.province
    told = await province.receive()
    await province.tell()
    province.portal.set(also_required=["Fax"])
    dead = await province.receive()
    await province.tell(rounds=8)
    waiting = await province.receive()
    headers = bearer(issuer, "admin", JUSTICE)
    draft = a_draft(agency=JUSTICE, procedure=REGISTER_COPY)
    blocked = (await province.intake.post("/v1/dossiers", json=draft, headers=headers)).json()["code"]
    province.portal.control("POST", "faults", {"kind": "down", "count": None})
    await province.tell(rounds=1)
    province.portal.control("DELETE", "faults")
    number = (await side.round())["id"]
    assert await side.kinds(told) == []
    assert await side.kinds(dead) == [("missing", "", None, None, "dead")]
    everywhere = bearer(issuer, "supervisor", PROVINCE)
    found = (await province.intake.get(DIFFERENCES, params={"code": blocked}, headers=everywhere)).json()["items"]
    assert [(one["kind"], one["why"], one["agency"]) for one in found] == [("missing", "blocked", JUSTICE)]
    assert counts(await side.read(number)) == (3, 1, 1, 1, 1, 0), waiting
    whole = (await province.intake.get(f"{ROUNDS}/{number}", headers=everywhere)).json()
    assert counts(whole) == (4, 1, 1, 2, 2, 0)
    by_code = {one["agency"]: one for one in whole["agencies"]}
    assert (by_code[JUSTICE]["share"], by_code[WARD]["share"]) == ("0.00", "33.33")
    # With no dossiers there is nothing that could be in step.
    assert (by_code[PROVINCE]["dossiers"], by_code[PROVINCE]["share"]) == (0, None)
    assert len(by_code) > 90


async def test_what_is_in_step_again_is_closed_and_kept(side: Side) -> None:
    province = side.province
    code = await province.receive()
    await province.tell()
    side.change(code, NgayHenTra="20991231170000")
    first = await side.round()
    ((kind, field, ours, theirs, why),) = await side.kinds(code)
    assert (kind, field, theirs, why) == ("dates", "NgayHenTra", "20991231170000", None)
    side.change(code, NgayHenTra="20981231170000")
    second = await side.round()
    (again,) = await side.differences(code=code)
    assert (again["theirs"], again["round"], again["last_round"]) == ("20981231170000", second["id"], second["id"])
    third = await side.round()
    (again,) = await side.differences(code=code)
    assert (again["round"], again["last_round"]) == (second["id"], third["id"])
    side.change(code, NgayHenTra=ours)
    assert counts(await side.round()) == (1, 1, 0, 0, 0, 0)
    assert await side.differences(code=code) == []
    closed = await side.differences(code=code, which="closed")
    assert [one["theirs"] for one in closed] == ["20991231170000", "20981231170000"]
    assert [one["round"] for one in closed] == [first["id"], second["id"]]
    assert all(one["closed_at"] is not None for one in closed)
    assert await side.differences(code=code, which="all") == closed


async def test_what_differs_is_told_once_more(side: Side) -> None:
    province = side.province
    codes = [await province.receive() for _ in range(4)]
    await province.tell()
    province.portal.set(also_required=["Fax"])
    stuck = await province.receive()
    await province.tell(rounds=8)
    province.portal.set(also_required=[])
    side.lose(codes[0])
    side.change(codes[1], TrangThaiHoSo="4")
    assert counts(await side.round()) == (5, 2, 0, 3, 2, 0)
    key = {**province.headers, "Idempotency-Key": "again"}
    path = f"{DIFFERENCES}/resends"
    for body, headers, expected in (
        ({"kind": "verdict"}, province.headers, (0, 0)),
        ({"kind": "status"}, province.headers, (1, 0)),
        ({}, key, (1, 2)),  # one of them waits already, of one a message is stuck
        ({}, key, (1, 2)),
    ):
        answer = await province.intake.post(path, json=body, headers=headers)
        assert (answer.status_code, (answer.json()["queued"], answer.json()["left"])) == (201, expected)
    on_its_way = await side.round()
    assert counts(on_its_way) == (5, 2, 2, 1, 1, 0)
    assert len(await side.differences()) == 3, "what is on its way is not seen in step yet"
    await province.intake.post("/v1/national/resends", json={"state": "dead"}, headers=province.headers)
    await province.tell()
    found = await side.round()
    assert counts(found) == (5, 5, 0, 0, 0, 0), stuck
    assert await side.differences() == []


async def test_killed_in_the_middle_it_goes_on(side: Side, database: Database) -> None:
    province = side.province
    codes = [await province.receive() for _ in range(2 * ASKED + 3)]
    await province.tell()
    side.lose(codes[2])
    side.lose(codes[-1])
    number = await side.begin()
    assert await side.step()
    assert counts(await side.read(number))[0] == ASKED
    # In the second step the connection is gone when the answers are there.
    side.portal.fault("slow", seconds=1.5, count=1)
    stepping = asyncio.create_task(side.step())
    await asyncio.sleep(0.5)
    killer = await asyncpg.connect(database.owner_url)  # the step may still read by the owner's
    await killer.execute("SELECT pg_terminate_backend($1)", province.connection.get_server_pid())
    await killer.close()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await stepping
    province.connection = await for_all(database)
    assert counts(await side.read(number))[0] == ASKED
    while (await side.read(number))["state"] == "running":
        await side.step()
    assert counts(await side.read(number)) == (len(codes), len(codes) - 2, 0, 2, 2, 0)
    asked = side.portal.control("GET", "history", service="TraCuuHoSo", limit=1000)
    assert len(asked) <= len(codes) + ASKED + 2, "no step was done more than twice; what is missing is asked twice"


async def test_two_that_do_the_same_step_count_it_once(side: Side, database: Database) -> None:
    province = side.province
    for _ in range(5):
        await province.receive()
    await province.tell()
    number = await side.begin()
    side.portal.fault("slow", seconds=0.2, count=2)
    other = await for_all(database)
    reference = await current_reference(province.owner)
    await asyncio.gather(side.step(), side.reconciler.compare_next(other, reference, now()))
    await other.close()
    assert counts(await side.read(number))[:2] == (5, 5)


@pytest.mark.parametrize(
    ("kind", "plan"),
    [
        ("down", {}),
        ("down", {"how": "close"}),
        ("error_body", {}),
        ("broken_json", {}),
        ("http_error", {}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_a_portal_that_stands_still_ends_it_unfinished(side: Side, kind: str, plan: dict[str, Any]) -> None:
    province = side.province
    codes = [await province.receive() for _ in range(ASKED + 2)]
    await province.tell()
    number = await side.begin()
    await side.step()
    side.portal.fault(kind, service="*", count=None, **plan)
    for _ in range(8):
        assert not await side.step()
    found = await side.read(number)
    assert (found["state"], found["error"], counts(found)[:2]) == ("running", "not answered", (ASKED, ASKED))
    await side.step(now() + SILENCE + timedelta(minutes=1))
    found = await side.read(number)
    assert (found["state"], counts(found)) == ("unfinished", (ASKED, ASKED, 0, 0, 0, 0))
    side.portal.control("DELETE", "faults")
    assert counts(await side.round())[:2] == (len(codes), len(codes))


@pytest.mark.parametrize("seed", range(3))
async def test_faults_now_and_then_change_nothing(side: Side, seed: int) -> None:
    """Answers of another call, answers twice, answers that are none: nothing is missing for that, and nothing in
    step."""
    province = side.province
    codes = [await province.receive() for _ in range(30)]
    await province.tell()
    lost = codes[seed::9]
    for code in lost:
        side.lose(code)
    for kind in ("stale", "repeated", "shuffled", "drop_after", "http_error", "broken_json", "error_body"):
        side.portal.fault(kind, service="TraCuuHoSo", count=None, probability=0.02)
    found = await side.round(steps=400)
    assert (found["state"], counts(found)) == ("done", (30, 30 - len(lost), 0, len(lost), len(lost), 0))
    assert sorted(one["dossier"] for one in await side.differences()) == sorted(lost)


async def test_one_that_is_never_answered_holds_nobody_up_and_is_not_in_step(side: Side) -> None:
    province = side.province
    codes = [await province.receive() for _ in range(6)]
    await province.tell()
    await side.begin()
    side.says(codes[3], error_code="-99")
    number = (await province.intake.get(ROUNDS, headers=province.headers)).json()["items"][0]["id"]
    for _ in range(8):
        await side.step()
    found = await side.read(number)
    assert (found["state"], counts(found), found["share"]) == ("unfinished", (6, 5, 0, 0, 0, 1), "83.33")


async def test_what_happens_while_it_is_asked_for_is_no_difference(side: Side) -> None:
    province = side.province
    code = await province.receive()
    await province.tell()
    number = await side.begin()
    side.portal.fault("slow", seconds=0.5, count=1, service="TraCuuHoSo")
    stepping = asyncio.create_task(side.step())
    await asyncio.sleep(0.2)
    connection = province.connection
    province.connection = await for_all(province.database)
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.tell()
    await province.connection.close()
    province.connection = connection
    await stepping
    found = await side.read(number)
    assert counts(found) in ((1, 0, 1, 0, 0, 0), (1, 1, 0, 0, 0, 0))
    assert await side.differences() == []
    await side.step()
    assert counts(await side.round()) == (1, 1, 0, 0, 0, 0)


async def test_nothing_personal_of_theirs_is_kept_or_logged(side: Side, caplog: pytest.LogCaptureFixture) -> None:
    province = side.province
    code = await province.receive(name="Trần Thị Mận", phone="0905 777 001")
    await province.tell()
    side.says(code, ChuHoSo="Lê Văn Ổi", SoDienThoai="0905 888 002", NgayTra="Lê Văn Ổi", TrangThaiHoSo="Lê Văn Ổi")
    await side.round()
    assert [one[2:4] for one in await side.kinds(code)] == [("2", "?"), (None, "?")]
    kept = ""
    for table in ("national_difference", "national_comparison", "national_round"):
        rows = await province.owner.fetch(f"SELECT * FROM {table}")
        kept += orjson.dumps([[str(value) for value in row.values()] for row in rows]).decode()
    for personal in ("Mận", "Ổi", "0905"):
        assert personal not in kept
        assert personal not in caplog.text


async def test_which_dossiers_it_asks_for(side: Side) -> None:
    """What is old, ended and in step is left alone, until it is told once more."""
    province = side.province
    code = await province.receive()
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.act(code, "return")
    await province.tell()
    await province.owner.execute("UPDATE dossier SET received_day = received_day - 400 WHERE code = $1", code)
    assert counts(await side.round())[:2] == (1, 1), "it was told, and never looked at"
    assert counts(await side.round())[0] == 0
    side.lose(code)
    assert counts(await side.round())[0] == 0
    number = await side.begin()
    await province.owner.execute("UPDATE national_round SET first_day = '2020-01-01' WHERE id = $1", number)
    while (await side.read(number))["state"] == "running":
        await side.step()
    assert counts(await side.read(number))[3:5] == (1, 1)
    assert counts(await side.round())[3:5] == (1, 1), "what is not in step is always looked at"
    await province.owner.execute("UPDATE dossier SET received_day = received_day + 400 WHERE code = $1", code)


async def test_a_round_is_begun_by_hand_where_there_is_somebody_to_ask(
    side: Side, database: Database, issuer: LocalIssuer
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    answer = await side.province.intake.post(ROUNDS, json={}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "national_not_set")
    to = place(side.portal)
    settings = settings_for(
        database,
        issuer,
        background=False,
        national_auth_url=to.auth_url,
        national_integration_url=to.integration_url,
        national_share_url=to.share_url,
        national_unit=to.unit,
        national_destination=to.destination,
        national_username=to.username,
        national_password=to.password,
    )
    async with serving(create_intake(settings)) as intake:
        made = await intake.post(ROUNDS, json={"from": "2026-01-01"}, headers=headers)
        assert (made.status_code, made.json()["state"], made.json()["first_day"]) == (201, "running", "2026-01-01")
        assert (await intake.get(made.headers["Location"], headers=headers)).status_code == 200
        again = await intake.post(ROUNDS, json={}, headers=headers)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "round_under_way")
        for who, agency in (("admin", WARD), ("supervisor", PROVINCE)):
            refused = await intake.post(ROUNDS, json={}, headers=bearer(issuer, who, agency))
            assert refused.status_code == 403
        bad = await intake.post(ROUNDS, json={"from": "hôm qua"}, headers=headers)
        assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "from")
    gone = await side.province.intake.get(f"{ROUNDS}/99999", headers=headers)
    assert gone.status_code == 404


async def test_whoever_has_no_part_in_it_sees_nothing(side: Side, issuer: LocalIssuer) -> None:
    province = side.province
    code = await province.receive()
    await province.tell()
    side.lose(code)
    number = (await side.round())["id"]
    other = bearer(issuer, "supervisor", JUSTICE)
    assert (await province.intake.get(DIFFERENCES, headers=other)).json()["items"] == []
    found = (await province.intake.get(f"{ROUNDS}/{number}", headers=other)).json()
    assert (found["dossiers"], found["share"], [one["agency"] for one in found["agencies"]]) == (0, None, [JUSTICE])
    for path in (ROUNDS, DIFFERENCES):
        assert (await province.intake.get(path, headers=bearer(issuer, "counter", WARD))).status_code == 403
        out = await province.intake.get(path, params={"agency": PROVINCE}, headers=other)
        assert (out.status_code, out.json()["code"]) == (403, "agency_out_of_scope")
    answer = await province.intake.post(f"{DIFFERENCES}/resends", json={}, headers=bearer(issuer, "admin", JUSTICE))
    assert answer.json() == {"queued": 0, "left": 0}


async def test_what_is_made_up_is_not_asked_for(side: Side, database: Database, issuer: LocalIssuer) -> None:
    owner = side.province.owner
    await owner.execute(
        "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic)"
        " SELECT gen_random_uuid(), now(), 'done', 'csv', 'an', id, true FROM agency WHERE code = $1",
        WARD,
    )
    assert not await side.step()
    assert await owner.fetchval("SELECT count(*) FROM national_round") == 0
    to = place(side.portal)
    settings = settings_for(
        database,
        issuer,
        background=False,
        **{f"national_{name}_url": f"{side.portal.address}/{name}" for name in ("auth", "integration", "share")},
        national_unit=to.unit,
        national_destination=to.destination,
        national_username=to.username,
        national_password=to.password,
    )
    async with serving(create_intake(settings)) as intake:
        answer = await intake.post(ROUNDS, json={}, headers=bearer(issuer, "admin", PROVINCE))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "national_synthetic")
    await owner.execute("DELETE FROM import_run WHERE synthetic")
