"""Questions, feedback and ratings go between here and the portal: each once, whatever the portal does. Over real HTTP,
against the double of docs/national-portal.md."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from intake_service.exchange.rules import AGENCY_QUESTIONS, QUESTIONS, Question, Unread, read_question, read_rating
from intake_service.exchange.usecases import Exchanger
from intake_service.national.client import Answer, NationalClient, http_for_it
from services.local_issuer import LocalIssuer
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.petitions import a_petition
from tests.national.province import IDENTIFIED, Province, for_all, place
from tests.national.running import MADONVI, PortalProcess
from tests.support import JUSTICE, PROVINCE, WARD, a_finish, bearer, current_reference

EXCHANGE = "/v1/national/exchange"
IMPATIENT = "UPDATE national_exchange SET ready_at = least(ready_at, now()) WHERE ready_at IS NOT NULL"
TEXT = "Bao lâu có bản sao trích lục?"


@dataclass
class Between:
    """A province and what exchanges for it, run by hand."""

    province: Province
    exchanger: Exchanger

    @property
    def portal(self) -> PortalProcess:
        return self.province.portal

    def ask(self, key: Any = 17, **more: Any) -> None:
        asked = {"HOIDAPID": key, "NOIDUNG": TEXT, "HOVATEN": "Trần Thị Mận", "SODIENTHOAI": "0905777001", **more}
        self.portal.control("POST", "questions", {name: value for name, value in asked.items() if value is not None})

    async def exchange(self, rounds: int = 1) -> None:
        reference = await current_reference(self.province.owner)
        for _ in range(rounds):
            self.exchanger._breaker.taken()
            await self.exchanger.exchange_next(self.province.connection, reference, now())
            await self.province.owner.execute(IMPATIENT)

    async def petitions(self) -> list[dict[str, Any]]:
        answer = await self.province.intake.get("/v1/petitions", headers=self.everywhere)
        assert answer.status_code == 200, answer.text
        found = [one for one in answer.json()["items"] if one["channel"] == "national_portal"]
        return [await self.petition(one["code"]) for one in found]

    async def petition(self, code: str) -> dict[str, Any]:
        answer = await self.province.intake.get(f"/v1/petitions/{code}", headers=self.everywhere)
        found: dict[str, Any] = answer.json()
        return found

    async def act(self, code: str, verb: str, **body: Any) -> None:
        path = f"/v1/petitions/{code}/{verb}"
        answer = await self.province.intake.post(path, json=body, headers=self.everywhere)
        assert answer.status_code == 200, answer.text

    async def messages(self, **asked: str) -> list[dict[str, Any]]:
        answer = await self.province.intake.get(EXCHANGE, params=asked, headers=self.everywhere)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def standing(self) -> dict[str, Any]:
        answer = await self.province.intake.get(f"{EXCHANGE}/standing", headers=self.everywhere)
        found: dict[str, Any] = answer.json()
        return found

    @property
    def everywhere(self) -> dict[str, str]:
        return bearer(self.province.issuer, "admin", PROVINCE)

    async def rate(self, *, days_ago: int = 30, told: bool = True, **more: Any) -> str:
        """A dossier that has ended and was rated here."""
        code = await self.province.receive(**more)
        await self.province.act(code, "finish", **a_finish(outcome="granted"))
        if told:
            await self.province.tell()
        await self.province.owner.execute(
            "WITH made AS (INSERT INTO rating (dossier_id, agency_id, level, criteria, rated_at, rated_day)"
            " SELECT id, agency_id, 3, '{}', now() - $2 * interval '1 day', current_date - $2::int FROM dossier"
            " WHERE code = $1 RETURNING dossier_id)"
            " INSERT INTO rating_words SELECT dossier_id, 'Mận chờ lâu' FROM made",
            code,
            days_ago,
        )
        return code


@pytest_asyncio.fixture(loop_scope="session")
async def between(province: Province) -> AsyncIterator[Between]:
    await province.owner.execute(
        "TRUNCATE national_exchange, national_inbox, petition, petition_words, petition_event, petition_event_words,"
        " petition_publication, rating, rating_words"
    )
    async with http_for_it() as http:
        client = NationalClient(http, place(province.portal))
        exchanger = Exchanger(
            client,
            MADONVI,
            every=timedelta(0),
            since=None,
            change_days=7,
            ratings_service="LayDanhSachDanhGia",
        )
        yield Between(province, exchanger)


async def test_a_question_becomes_a_petition_and_its_answer_goes_back(between: Between) -> None:
    between.ask(MADONVI=IDENTIFIED, THUDIENTU="man@example.vn", DIACHI="12 Hùng Vương")
    await between.exchange(3)
    (petition,) = await between.petitions()
    assert (petition["kind"], petition["state"], petition["agency"]) == ("about_procedure", "received", WARD)
    assert (petition["title"], petition["content"], petition["petitioner_name"]) == (TEXT, TEXT, "Trần Thị Mận")
    await between.act(petition["code"], "answer", answer="Một ngày làm việc.")
    await between.exchange(3)
    (answer,) = between.portal.control("GET", "answers")
    assert (answer["HOIDAPID"], answer["MADONVI"], answer["NOIDUNGTRALOI"]) == (17, IDENTIFIED, "Một ngày làm việc.")
    assert len(between.portal.control("GET", "history", service="DongBoKetQuaHoiDapGuiTuDVCQG")) == 1
    (message,) = await between.messages(kind="answer")
    assert (message["state"], message["petition"], message["key"]) == ("taken", petition["code"], "17")
    assert message["payload"]["NOIDUNGTRALOI"] == "…"
    counts = {one["kind"]: one for one in (await between.standing())["counts"]}
    assert (counts["question"]["taken"], counts["answer"]["taken"]) == (1, 1)


async def test_what_was_erased_before_it_was_sent_is_no_empty_answer(between: Between) -> None:
    between.ask()
    await between.exchange()
    (petition,) = await between.petitions()
    await between.act(petition["code"], "answer", answer="Một ngày làm việc.")
    for table in ("petition_event_words", "petition_words"):  # as an erasure does
        await between.province.owner.execute(f"DELETE FROM {table}")
    await between.exchange(2)
    assert between.portal.control("GET", "answers") == []
    (message,) = await between.messages(kind="answer")
    assert (message["state"], message["reasons"][0]["code"]) == ("dead", "exchange_words_erased")


async def test_to_whom_it_is_put(between: Between) -> None:
    """By the agency's code there, or by what somebody said it is called; to nobody that is known: to the province."""
    await between.province.owner.execute(
        "INSERT INTO catalogue_mapping (kind, local_code, national_code, reason, entered_by, entered_at)"
        " VALUES ('agencies', $1, 'H50.03', 'x', 'an', now())",
        JUSTICE,
    )
    for key, unit in (("1", IDENTIFIED), ("2", "H50.03"), ("3", "H99"), ("4", None)):
        between.ask(key, MADONVI=unit, NOIDUNG=f"Câu {key}", LOAI="2" if key == "3" else None)
    await between.exchange()
    await between.province.owner.execute("DELETE FROM catalogue_mapping")
    found = {one["content"]: (one["agency"], one["kind"]) for one in await between.petitions()}
    assert found == {
        "Câu 1": (WARD, "about_procedure"),
        "Câu 2": (JUSTICE, "about_procedure"),
        "Câu 3": (PROVINCE, "about_behaviour"),
        "Câu 4": (PROVINCE, "about_procedure"),
    }


async def test_a_refusal_is_an_answer_too_and_nobody_need_be_named(between: Between) -> None:
    between.ask("A-1", HOVATEN=None, SODIENTHOAI=None)
    await between.exchange()
    (petition,) = await between.petitions()
    assert (petition["petitioner_name"], petition["phone"]) == (None, None)
    await between.act(petition["code"], "refuse", reason="Đã được trả lời")
    await between.exchange()
    (answer,) = between.portal.control("GET", "answers")
    assert (answer["HOIDAPID"], answer["MADONVI"], answer["NOIDUNGTRALOI"]) == ("A-1", "H50", "Đã được trả lời")


async def test_what_was_answered_there_is_left_alone(between: Between) -> None:
    between.ask(NOIDUNGTRALOI="Đã trả lời")
    await between.exchange(2)
    assert await between.petitions() == []
    (message,) = await between.messages(kind="question")
    assert (message["state"], message["reasons"][0]["code"]) == ("taken", "exchange_answered_there")


async def test_what_is_published_here_goes_there_and_does_not_come_back(between: Between) -> None:
    intake = between.province.intake
    code = (await intake.post("/v1/public/petitions", json=a_petition(agency=WARD))).json()["code"]
    await between.act(code, "answer", answer="Đã niêm yết")
    await between.act(code, "publish", title="Niêm yết", content="Thiếu một thủ tục", answer="Đã niêm yết bổ sung")
    await between.exchange(3)
    published = await between.exchanger._client.integrate(AGENCY_QUESTIONS)
    (item,) = published.result
    assert (item["HOIDAPID"], item["MADONVI"]) == (code, IDENTIFIED)
    assert (item["NOIDUNG"], item["NOIDUNGTRALOI"]) == ("Thiếu một thủ tục", "Đã niêm yết bổ sung")
    assert await between.petitions() == []
    assert [one["state"] for one in await between.messages()] == ["taken"]
    # One that came from there and is published here is there already.
    between.ask(18)
    await between.exchange()
    (asked,) = await between.petitions()
    await between.act(asked["code"], "answer", answer="Một ngày")
    await between.act(asked["code"], "publish", title="Bản sao", content="Bao lâu", answer="Một ngày")
    await between.exchange(2)
    assert [one["kind"] for one in await between.messages()] == ["published", "question", "answer"]


async def test_an_agencys_question_is_answered_where_it_stands(between: Between) -> None:
    caller = between.exchanger._client
    asked = {"HOIDAPID": 17, "NOIDUNG": "Lệ phí?", "MADONVI": IDENTIFIED, "TENDONVI": "UBND"}
    await caller.integrate("DongBoHoiDap", data=[asked])
    between.ask(17)  # the same number, of the other list
    await between.exchange(2)
    found = {one["content"]: one["code"] for one in await between.petitions()}
    assert set(found) == {"Lệ phí?", TEXT}
    await between.act(found["Lệ phí?"], "answer", answer="Không thu")
    await between.exchange(2)
    assert between.portal.control("GET", "answers") == []
    (item,) = (await caller.integrate(AGENCY_QUESTIONS)).result
    assert (item["HOIDAPID"], item["NOIDUNG"], item["NOIDUNGTRALOI"]) == (17, "Lệ phí?", "Không thu")


async def test_ratings_given_here_are_told_once_they_stand(between: Between) -> None:
    code = await between.rate()
    await between.rate(days_ago=2)
    await between.rate(told=False)
    await between.exchange(3)
    (rating,) = between.portal.control("GET", "ratings")
    assert (rating["MaHoSo"], rating["DanhGia"]) == (code, "Không hài lòng")
    assert set(rating) == {"MaHoSo", "DanhGia", "ThoiGian"}, "nobody's words, nobody's name"
    (message,) = await between.messages(kind="rating")
    hidden = {"MaHoSo": code, "DanhGia": "…", "ThoiGian": "…"}
    assert (message["key"], message["payload"]) == (code, hidden), "or whose the words are would be known"
    await between.province.tell()
    await between.exchange(2)
    assert len(between.portal.control("GET", "ratings")) == 2


async def test_ratings_given_there_are_taken_in_once(between: Between) -> None:
    province = between.province
    ended = await province.receive()
    await province.act(ended, "finish", **a_finish(outcome="granted"))
    running = await province.receive()
    rated = await between.rate(days_ago=1)
    given = {"LoaiDanhGia": "1", "NguoiDanhGia": "Trần Thị Mận", "ThoiGian": "20261101100000"}
    for code, level in ((ended, "Rất hài lòng"), (running, "Hài lòng"), (rated, "Hài lòng"), ("x", "Hài lòng")):
        item = {**given, "MaHoSo": code, "DanhGia": level, "NoiDung": "Nhanh"}
        between.portal.control("POST", "ratings", item)
    between.portal.control("POST", "ratings", {**given, "MaHoSo": running, "DanhGia": "5/5", "LoaiDanhGia": "2"})
    await between.exchange(3)
    rows = await province.owner.fetch(
        "SELECT d.code, r.level, w.words, r.rated_day = current_date AS today FROM rating r"
        " JOIN dossier d ON d.id = r.dossier_id JOIN rating_words w ON w.dossier_id = d.id ORDER BY r.level"
    )
    assert [tuple(row)[:3] for row in rows] == [(ended, 1, "Nhanh"), (rated, 3, "Mận chờ lâu")]
    reasons = sorted(one["reasons"][0]["code"] if one["reasons"] else "" for one in await between.messages())
    assert reasons == ["", "exchange_level", "exchange_not_rateable", "exchange_rated_here", "unknown_dossier"]
    assert between.portal.control("GET", "ratings") == []
    # Of one that has ended meanwhile somebody says so: it is read again with the next list.
    await province.act(running, "finish", **a_finish(outcome="granted"))
    dead = [one for one in await between.messages(state="dead") if one["reasons"][0]["code"] == "exchange_not_rateable"]
    answer = await province.intake.post(f"{EXCHANGE}/{dead[0]['id']}/resend", headers=between.everywhere)
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    await between.exchange()
    assert await province.owner.fetchval("SELECT count(*) FROM rating") == 3
    twice = await province.intake.post(f"{EXCHANGE}/{dead[0]['id']}/resend", headers=between.everywhere)
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "message_not_stuck")


async def test_what_cannot_be_read_is_seen_and_holds_nobody_up(between: Between) -> None:
    answered = between.exchanger._client.integrate
    odd: list[Any] = ["x", None, {"NOIDUNG": "không mã"}, {"HOIDAPID": 5}, {"HOIDAPID": True, "NOIDUNG": "x"}]
    odd += [{"HOIDAPID": 6, "NOIDUNG": "a\x00b\u202e"}, {"HOIDAPID": 6, "NOIDUNG": "lại"}, *odd[:1]]

    async def otherwise(service: str, **params: Any) -> Answer:
        answer = await answered(service, **params)
        return answer._replace(result=odd) if service == QUESTIONS else answer

    between.exchanger._client.integrate = otherwise  # type: ignore[method-assign]
    await between.exchange(3)
    (petition,) = await between.petitions()
    assert petition["content"] == "ab"
    dead = await between.messages(state="dead")
    assert sorted(one["reasons"][0]["code"] for one in dead) == [
        *["exchange_no_id"] * 2,
        "exchange_no_text",
        *["exchange_not_an_object"] * 2,
    ]
    (inbox, _, _) = sorted((await between.standing())["inboxes"], key=lambda one: one["service"] != QUESTIONS)
    assert (inbox["listed"], inbox["fresh"], inbox["unread"], inbox["error"]) == (6, 0, 0, None)


FAULTS = [
    ("broken_json", {}),
    ("http_error", {"commit": True}),
    ("http_error", {}),
    ("error_body", {}),
    ("error_body", {"commit": True}),
    ("drop_before", {}),
    ("drop_after", {}),
    ("truncated", {}),
    ("down", {"count": 6}),
]


@pytest.mark.parametrize(("kind", "plan"), FAULTS, ids=lambda one: one if isinstance(one, str) else "")
async def test_whatever_the_portal_does_each_is_there_once(between: Between, kind: str, plan: dict[str, Any]) -> None:
    rated = await between.rate()
    for key in range(5):
        between.ask(key, NOIDUNG=f"Câu {key}")
    between.portal.fault(kind, **{"count": 4, **plan})
    await between.exchange(8)
    petitions = await between.petitions()
    assert sorted(one["content"] for one in petitions) == [f"Câu {key}" for key in range(5)]
    for petition in petitions:
        await between.act(petition["code"], "answer", answer=f"Đáp {petition['content']}")
    between.portal.fault(kind, **{"count": 4, **plan})
    await between.exchange(12)
    answers = between.portal.control("GET", "answers")
    assert sorted(one["NOIDUNGTRALOI"] for one in answers) == [f"Đáp Câu {key}" for key in range(5)]
    assert [one["MaHoSo"] for one in between.portal.control("GET", "ratings")] == [rated]
    assert {one["state"] for one in await between.messages()} == {"taken"}


async def test_a_crash_while_it_is_sent_sends_nothing_twice(between: Between, database: Database) -> None:
    province = between.province
    between.ask()
    await between.exchange()
    (petition,) = await between.petitions()
    await between.act(petition["code"], "answer", answer="Một ngày")
    between.portal.fault("slow", seconds=0.4, count=1, service="DongBoKetQuaHoiDapGuiTuDVCQG")
    sending = asyncio.create_task(between.exchange())
    await asyncio.sleep(0.25)
    await province.owner.execute("SELECT pg_terminate_backend($1)", province.connection.get_server_pid())
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await sending
    province.connection = await for_all(database)
    await between.exchange(2)
    assert len(between.portal.control("GET", "answers")) == 1
    assert len(await between.petitions()) == 1
    assert {one["state"] for one in await between.messages()} == {"taken"}


async def test_what_is_refused_again_and_again_is_seen_and_sent_again(between: Between) -> None:
    between.ask()
    await between.exchange()
    (petition,) = await between.petitions()
    await between.act(petition["code"], "answer", answer="Một ngày")
    between.portal.fault("error_body", service="DongBoKetQuaHoiDapGuiTuDVCQG", count=None, message="Mận 0905777001")
    await between.exchange(8)
    (dead,) = await between.messages(state="dead")
    assert (dead["kind"], dead["attempts"], dead["answer_code"], dead["answer"]) == ("answer", 5, "-99", None)
    between.portal.control("DELETE", "faults")
    answer = await between.province.intake.post(f"{EXCHANGE}/{dead['id']}/resend", headers=between.everywhere)
    assert answer.status_code == 200
    await between.exchange()
    assert len(between.portal.control("GET", "answers")) == 1


async def test_nothing_personal_is_kept_beside_the_petition(between: Between) -> None:
    between.ask(MADONVI=IDENTIFIED)
    await between.exchange()
    (petition,) = await between.petitions()
    await between.act(petition["code"], "answer", answer="Kính gửi bà Mận")
    await between.exchange()
    rows = await between.province.owner.fetch("SELECT * FROM national_exchange")
    kept = orjson.dumps([[str(value) for value in row.values()] for row in rows]).decode()
    assert len(rows) == 2
    for personal in ("Mận", "0905", TEXT):
        assert personal not in kept


async def test_made_up_dossiers_are_exchanged_of_with_nobody(between: Between) -> None:
    owner = between.province.owner
    await owner.execute(
        "INSERT INTO import_run (id, started_at, state, format, actor, agency_id, synthetic)"
        " SELECT gen_random_uuid(), now(), 'done', 'csv', 'an', id, true FROM agency WHERE code = $1",
        WARD,
    )
    between.ask()
    await between.exchange(2)
    assert (await between.messages(), await between.petitions()) == ([], [])
    await owner.execute("DELETE FROM import_run WHERE synthetic")


async def test_whoever_has_no_part_in_it_sees_nothing(between: Between, issuer: LocalIssuer) -> None:
    between.ask(MADONVI=IDENTIFIED)
    await between.exchange()
    (message,) = await between.messages()
    intake = between.province.intake
    other, counter = bearer(issuer, "admin", JUSTICE), bearer(issuer, "counter", WARD)
    assert (await intake.get(EXCHANGE, headers=other)).json()["items"] == []
    assert (await intake.post(f"{EXCHANGE}/{message['id']}/resend", headers=other)).status_code == 404
    for path in (EXCHANGE, f"{EXCHANGE}/standing"):
        assert (await intake.get(path, headers=counter)).status_code == 403
        out = await intake.get(path, params={"agency": PROVINCE}, headers=other)
        assert (out.status_code, out.json()["code"]) == (403, "agency_out_of_scope")


async def test_a_machine_learns_neither_who_rated_nor_who_complained_of_officers(
    between: Between, issuer: LocalIssuer
) -> None:
    """It reads no ratings, and no petitions on behaviour: nor does it where these are told to the portal."""
    rated = await between.rate()
    between.portal.control("POST", "ratings", {"MaHoSo": "x", "DanhGia": "Hài lòng", "ThoiGian": "20261101100000"})
    between.ask(1, MADONVI=IDENTIFIED, LOAI="2")
    between.ask(2, MADONVI=IDENTIFIED)
    await between.exchange(3)
    behaviour, procedure = sorted(await between.petitions(), key=lambda one: str(one["kind"]))
    assert [one["kind"] for one in (behaviour, procedure)] == ["about_behaviour", "about_procedure"]
    intake = between.province.intake

    async def read(role: str, **asked: str) -> str:
        answer = await intake.get(EXCHANGE, params=asked, headers=bearer(issuer, role, WARD))
        assert answer.status_code == 200, answer.text
        return answer.text

    seen = await read("machine")
    assert procedure["code"] in seen
    assert not [said for said in (rated, behaviour["code"], '"rating') if said in seen], seen
    for kind in ("rating", "rating_given"):
        assert '"items":[]' in await read("machine", kind=kind)
    for role in ("supervisor", "admin"):
        seen = await read(role)
        assert all(said in seen for said in (rated, behaviour["code"], procedure["code"]))


@pytest.mark.parametrize("key", [17, "17", " 17 ", "a-1"])
def test_a_questions_id_is_a_number_or_a_text(key: Any) -> None:
    found = read_question({"HOIDAPID": key, "NOIDUNG": "x " * 200})
    assert isinstance(found, Question)
    assert found.key == str(key).strip()
    assert len(found.title) <= 120
    assert found.title.endswith("…")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ([], "exchange_not_an_object"),
        ({"DanhGia": "Hài lòng"}, "exchange_no_id"),
        ({"MaHoSo": "x", "DanhGia": None}, "exchange_level"),
        ({"MaHoSo": "x", "DanhGia": {"a": 1}}, "exchange_level"),
    ],
)
def test_a_rating_that_cannot_be_read(item: Any, code: str) -> None:
    found = read_rating(item)
    assert isinstance(found, Unread)
    assert found.reason.code == code
