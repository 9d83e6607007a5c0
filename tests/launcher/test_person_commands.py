"""`motcua export-person`, `motcua erase-person`: one person's data handed over or gone, by a decision and on record;
events, chains and figures as they were."""

import asyncio
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from intake_service.tracking.rules import secret_of
from services.embedded import running_url
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.intake.petitions import a_petition
from tests.journeys.conftest import Running, command, eventually
from tests.launcher.test_edition_commands import motcua
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, a_draft

BY = ("--decision", "12/QĐ-UBND", "--reason", "Theo yêu cầu của chủ thể dữ liệu")


@dataclass(frozen=True)
class Person:
    """Somebody, by all that tells who."""

    name: str
    id_number: str
    phone: str
    email: str
    address: str

    @property
    def applicant(self) -> dict[str, str]:
        return {"kind": "person", **self.__dict__}

    @property
    def texts(self) -> list[str]:
        """What may stand nowhere once they are erased."""
        digits = self.phone.replace(" ", "")
        return [self.name, self.id_number, self.phone, digits, self.email, self.address]


GONE = Person("Phạm Thị Xoá Hết", "045190765432", "0905 765 432", "xoahet@example.vn", "77 Lê Quý Đôn, Đông Hà")
STAYS = Person("Lê Văn Ở Lại", "045190112233", "0905 112 233", "olai@example.vn", "78 Lê Quý Đôn, Đông Hà")


def sql(running: Running, query: str) -> list[Any]:
    """What the owner of the tables sees."""
    url = running_url(running.installation.data_dir)
    assert url is not None

    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(run())


def everything(running: Running) -> str:
    """Every row of every table, as text."""
    tables = [row[0] for row in sql(running, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert "applicant" in tables
    return "\n".join(row[0] for table in tables for row in sql(running, f"SELECT t::text FROM {table} t"))


def journey(running: Running, person: Person, **more: Any) -> str:
    """A dossier of theirs, through both rooms and to its end, with words about them on the way."""
    counter, admin = running.client("intake", "counter", WARD), running.client("intake", "admin", PROVINCE)
    handler, justice = running.client("routing", "handler", WARD), running.client("routing", "handler", JUSTICE)
    about = f"{person.name}, {person.phone}"
    draft = a_draft(procedure=REGISTER_COPY, summary=f"Trích lục cho {about}", **more)
    made = counter.post("/v1/dossiers", json={**draft, "applicant": person.applicant})
    assert made.status_code == 201, made.text
    code: str = made.json()["code"]
    eventually(lambda: counter.get(f"/v1/dossiers/{code}").json()["status"] == "in_process")

    def did(client: Any, path: str, body: Any) -> Any:
        answer = client.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    where, case = f"/v1/dossiers/{code}", f"/v1/cases/{code}"
    did(handler, f"{case}/hand-overs", {"to_agency": JUSTICE, "note": f"Gọi {about}"})
    did(justice, f"{case}/hand-overs/1/receive", {})
    question = {"agency": "QT25-D04", "content": about, "allotted": {"value": 8, "unit": "working_hour"}}
    did(justice, f"{case}/opinions", question)
    did(running.client("routing", "handler", "QT25-D04"), f"{case}/opinions/1/answer", {"answer": about})
    did(running.client("routing", "leader", JUSTICE), f"{case}/assignments", {"assignee": "an", "note": about})
    letter = {"reason": about, "number": "1/PXL", "signed_by": "Trần Văn Bình", "kind": "lost_or_damaged"}
    did(counter, f"{where}/apologies", letter)
    did(counter, f"{where}/apologies/1/sendings", {"channel": "sms", "to": person.phone})
    did(counter, f"{where}/apologies/1/receipts", {"by": person.name})
    did(counter, f"{where}/supplement-requests", {"reason": about})
    did(counter, f"{where}/supplements", {})
    right = {"reason": about, "decision": "07/BB", "applicant": {"address": f"{person.address}, Quảng Trị"}}
    did(admin, f"{where}/corrections", right)
    did(counter, f"{where}/finish", {"outcome": "refused", "reason": about})
    did(counter, f"{where}/return", {})
    receipt = {"Receipt-Secret": secret_of(running.installation.tracking_key(), code)}
    rated = counter.put(f"/v1/track/{code}/rating", json={"level": "satisfied", "words": about}, headers=receipt)
    assert rated.status_code == 200, rated.text
    who = {"name": person.name, "address": person.address, "phone": person.phone}
    sent = counter.post("/v1/public/petitions", json=a_petition(dossier=code, petitioner=who, content=about))
    assert sent.status_code == 201, sent.text
    did(counter, f"/v1/petitions/{sent.json()['code']}/refuse", {"reason": about})
    return code


def figures(running: Running) -> Any:
    day = civil_day(now()).isoformat()
    with running.client("stats", "leader", PROVINCE) as stats:
        asked = {"agency": PROVINCE, "from": day, "to": day, "group_by": "agency", "limit": "200"}
        answer = stats.get("/v1/reports/resolution", params=asked).json()
        return answer["total"], answer["rows"]


@pytest.fixture(scope="module")
def codes(running: Running) -> dict[str, str]:
    """Their dossiers: of whoever is erased, one that has ended, one still open, one handed in for another, one that was
    taken for theirs by mistake; and of another."""
    counter, admin = running.client("intake", "counter", WARD), running.client("intake", "admin", PROVINCE)
    submitter = {"name": GONE.name, "id_number": GONE.id_number, "phone": GONE.phone}
    made = {"ended": journey(running, GONE), "for another": journey(running, STAYS, submitted_by=submitter)}
    for which, applicant in (("open", GONE), ("mistaken", GONE)):
        body = {**a_draft(procedure=REGISTER_COPY), "applicant": applicant.applicant}
        made[which] = counter.post("/v1/dossiers", json=body).json()["code"]
    right = {"reason": "Nhập nhầm người", "decision": "08/BB", "applicant": STAYS.applicant}
    assert admin.post(f"/v1/dossiers/{made['mistaken']}/corrections", json=right).status_code == 200
    return made


def number_file(tmp_path: Path, person: Person) -> Path:
    file = tmp_path / "number"
    file.write_text(person.id_number[:6] + " " + person.id_number[6:] + "\n")
    return file


def test_all_that_is_held_of_somebody_is_handed_over(running: Running, codes: dict[str, str], tmp_path: Path) -> None:
    running.client("intake", "counter", WARD).get(f"/v1/dossiers/{codes['ended']}")
    file = tmp_path / "export.json"
    number = ("--id-number-file", str(number_file(tmp_path, GONE)))
    status, _, told = motcua(running, "export-person", *BY, *number, "--output", str(file))
    assert (status, "4 hồ sơ" in told) == (0, True), told
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    exported = json.loads(file.read_text())
    by_code = {dossier["code"]: dossier for dossier in exported["dossiers"]}
    assert by_code.keys() == {codes["ended"], codes["open"], codes["for another"]}
    ended = by_code[codes["ended"]]
    assert ended["applicant"] == GONE.applicant | {"address": f"{GONE.address}, Quảng Trị"}
    assert ended["relation"] == "applicant"
    assert ended["status"] == "returned"
    assert [event["kind"] for event in ended["events"]][-2:] == ["finished", "returned"]
    (petition,) = exported["petitions"]
    assert (GONE.name in petition["content"], petition["phone"]) == (True, GONE.phone)
    assert [one["kind"] for one in petition["words"]] == ["refused"]
    (rating,) = ended["ratings"]
    assert (rating["level"], GONE.name in rating["words"]) == ("satisfied", True)
    assert {"counter", f"counter@{WARD}"} & {one["subject"] for one in ended["read_by"]}
    handed_in = by_code[codes["for another"]]
    assert (handed_in["relation"], handed_in["submitted_by"]["name"]) == ("submitter", GONE.name)
    assert "applicant" not in handed_in, "whose it is, is another's business"
    (mistaken,) = exported["taken_for_another"]
    assert (mistaken["code"], mistaken["detail"]["was"]["id_number"]) == (codes["mistaken"], GONE.id_number)
    assert len([one for one in exported["words_of_routing"] if GONE.name in one["words"]]) == 4
    for text in STAYS.texts:
        assert text not in file.read_text(), "of nobody else"
    assert exported["decision"] == "12/QĐ-UBND"
    assert exported["made_at"].endswith("+07:00"), "as every other instant in it"
    status, _, told = motcua(running, "export-person", *BY, *number, "--output", str(file))
    assert (status, "--output" in told) == (2, True), "no file is written over"
    status, _, told = motcua(running, "export-person", *BY, *number, "--output", str(tmp_path / "none" / "export.json"))
    assert (status, "--output" in told) == (2, True), "and where none can be written nothing goes on record"


def test_nothing_of_whoever_was_there_by_mistake_or_in_their_name(
    running: Running, codes: dict[str, str], tmp_path: Path
) -> None:
    """Somebody's dossier was another's until a correction, and another handed one in."""
    file, number = tmp_path / "other.json", ("--id-number-file", str(number_file(tmp_path, STAYS)))
    status, _, told = motcua(running, "export-person", *BY, *number, "--output", str(file))
    assert (status, "2 hồ sơ" in told) == (0, True), told
    by_code = {dossier["code"]: dossier for dossier in json.loads(file.read_text())["dossiers"]}
    assert by_code.keys() == {codes["mistaken"], codes["for another"]}
    assert by_code[codes["for another"]]["submitted_by"] == {
        "name": GONE.name,
        "id_number": "***432",
        "phone": "***432",
    }
    (corrected,) = [event for event in by_code[codes["mistaken"]]["events"] if event["kind"] == "corrected"]
    assert (corrected["reason"], corrected["detail"]) == (None, None)
    for text in set(GONE.texts) - {GONE.name}:
        assert text not in file.read_text()


def test_of_a_correction_everybody_is_told_their_own_part(running: Running, tmp_path: Path) -> None:
    first = Person("Ngô Thị Trước", "045190331111", "0905 331 111", "truoc@example.vn", "1 Lê Lợi, Đông Hà")
    with_them = Person("Bùi Văn Nộp Giùm", "045190332222", "0905 332 222", "gium@example.vn", "2 Lê Lợi, Đông Hà")
    submitter = {"name": with_them.name, "id_number": with_them.id_number, "phone": with_them.phone}
    body = {**a_draft(procedure=REGISTER_COPY), "applicant": first.applicant, "submitted_by": submitter}
    right = {"reason": "Nhập nhầm người", "decision": "09/BB", "applicant": STAYS.applicant, "submitted_by": None}
    with running.client("intake", "counter", WARD) as counter, running.client("intake", "admin", PROVINCE) as admin:
        code = counter.post("/v1/dossiers", json=body).json()["code"]
        assert admin.post(f"/v1/dossiers/{code}/corrections", json=right).status_code == 200
    for who, other in ((first, with_them), (with_them, first)):
        file, number = tmp_path / f"{who.id_number}.json", ("--id-number-file", str(number_file(tmp_path, who)))
        assert motcua(running, "export-person", *BY, *number, "--output", str(file))[0] == 0
        (taken,) = json.loads(file.read_text())["taken_for_another"]
        assert taken["code"] == code
        assert who.phone in file.read_text()
        for text in set(other.texts) - {other.name}:
            assert text not in file.read_text(), "that is another's"


def test_somebody_is_erased_and_nothing_else_moves(running: Running, codes: dict[str, str], tmp_path: Path) -> None:
    with running.client("intake", "counter", WARD) as counter:
        counter.post(f"/v1/dossiers/{codes['open']}/withdraw", json={"reason": "Xin rút"}).raise_for_status()
        held = counter.get(f"/v1/dossiers/{codes['for another']}").json()
        version = counter.get(f"/v1/dossiers/{codes['ended']}").json()["version"]
    events = sql(running, "SELECT * FROM dossier_event ORDER BY id")
    before = figures(running)
    number = ("--id-number-file", str(number_file(tmp_path, GONE)))
    status, _, told = motcua(running, "erase-person", *BY, *number, "--yes")
    assert (status, "4 hồ sơ" in told) == (0, True), told

    left = everything(running)
    for text in GONE.texts:
        assert text not in left, f"{text} is left"
    for text in set(STAYS.texts) - {STAYS.id_number}:
        assert text in left, "another's data stay"
    assert STAYS.id_number not in left, "it is sealed"
    assert sql(running, "SELECT * FROM dossier_event ORDER BY id") == events
    assert figures(running) == before
    status, out, _ = motcua(running, "verify", "--format", "json")
    assert status == 0, out

    with running.client("intake", "counter", WARD) as counter:
        answer = counter.get(f"/v1/dossiers/{codes['ended']}")
        applicant = answer.json()["applicant"]
        assert (applicant["name"], applicant["id_number"], applicant["masked"]) == ("(đã xóa)", None, [])
        assert applicant["erased_at"] is not None
        assert answer.headers["etag"] == f'"{version + 1}"', "what was read before is another version"
        other = counter.get(f"/v1/dossiers/{codes['for another']}").json()
        assert (other["applicant"], other["submitted_by"]) == (held["applicant"], None)
        assert counter.get("/v1/dossiers", params={"id_number": GONE.id_number}).json()["items"] == []
        assert counter.get("/v1/dossiers", params={"name": "da xoa"}).json()["items"] == []
        for path in ("/events", "/forms/receipt.pdf", "/apologies", "/deadline", "/forms/control-slip.docx"):
            assert counter.get(f"/v1/dossiers/{codes['ended']}{path}").status_code == 200, path
        assert counter.get(f"/v1/track/{codes['ended']}").status_code == 200
    with running.client("intake", "supervisor", PROVINCE) as inspector:
        told = inspector.get("/v1/access-records", params={"limit": "50"}).json()["items"]
    done = [one for one in told if one["role"] == "operator"]
    assert done[0]["operation"] == "erasePerson"
    assert {one["operation"] for one in done[1:]} == {"exportPerson"}
    assert {one["reason"] for one in done} == {"12/QĐ-UBND: Theo yêu cầu của chủ thể dữ liệu"}
    assert done[0]["dossier_count"] == 4


def test_what_is_open_stays_and_is_named(running: Running) -> None:
    with running.client("intake", "counter", WARD) as counter:
        body = {**a_draft(procedure=REGISTER_COPY), "applicant": STAYS.applicant}
        code = counter.post("/v1/dossiers", json=body).json()["code"]
        status, _, told = motcua(running, "erase-person", *BY, "--dossier", code, "--yes")
        assert (status, f"chưa trả kết quả, giữ nguyên: {code}" in told) == (1, True), told
        assert counter.get(f"/v1/dossiers/{code}").json()["applicant"]["phone"] == STAYS.phone
        finished = counter.post(f"/v1/dossiers/{code}/finish", json={"outcome": "granted"})
        assert finished.status_code == 200
        assert motcua(running, "erase-person", *BY, "--dossier", code, "--yes")[0] == 1, "nobody has collected it"
        assert counter.post(f"/v1/dossiers/{code}/return", json={}).status_code == 200
        status, _, told = motcua(running, "erase-person", *BY, "--dossier", code, "--yes", language="en_US.UTF-8")
        assert (status, "Erased in 1" in told) == (0, True), told
        assert counter.get(f"/v1/dossiers/{code}").json()["applicant"]["phone"] is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--dossier", "no-such"), 2),
        (("--id-number-file", "/no/such/file"), 2),
        ((), 2),
        (("--dossier", "x", "--id-number-file", "-"), 2),
    ],
)
def test_whoever_is_not_named_is_not_erased(running: Running, words: tuple[str, ...], status: int) -> None:
    assert motcua(running, "erase-person", *BY, *words, "--yes")[0] == status


@pytest.mark.parametrize("option", ["--decision", "--reason"])
def test_no_number_goes_on_record_for_good(running: Running, option: str) -> None:
    words = {"--decision": "12/QĐ-UBND", "--reason": "Theo yêu cầu", option: f"Theo đơn của {STAYS.id_number}"}
    by = [word for pair in words.items() for word in pair]
    status, _, told = motcua(running, "erase-person", *by, "--dossier", "no-such", "--yes")
    assert (status, option in told, STAYS.id_number in told) == (2, True, False)


def test_where_the_number_comes_in_nobody_can_be_asked(running: Running) -> None:
    status, _, told = motcua(running, "erase-person", *BY, "--id-number-file", "-")
    assert (status, "--yes" in told) == (2, True)


def asked(running: Running, *words: str) -> tuple[int, str]:
    """What the command says to whoever answers no."""
    done = subprocess.run(
        command("erase-person", *BY, *words, "--data-dir", str(running.installation.data_dir)),
        input="n\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "vi_VN.UTF-8"},
    )
    return done.returncode, done.stdout + done.stderr


def test_it_asks_before_it_erases_and_looks_before_it_asks(running: Running) -> None:
    """Nobody confirms what is not there, and who confirms has seen how much it is."""
    question = "Xóa, không thể khôi phục?"
    for nobody in (("--dossier", "no-such"), ("--id-number-file", "/no/such/file")):
        status, told = asked(running, *nobody)
        assert (status, question in told) == (2, False), told
    with running.client("intake", "counter", WARD) as counter:
        body = {**a_draft(procedure=REGISTER_COPY), "applicant": STAYS.applicant}
        code = counter.post("/v1/dossiers", json=body).json()["code"]
        status, told = asked(running, "--dossier", code)
        assert (status, question in told, f"giữ nguyên: {code}" in told) == (1, False, True), told
        counter.post(f"/v1/dossiers/{code}/withdraw", json={"reason": "Xin rút"}).raise_for_status()
        status, told = asked(running, "--dossier", code)
        assert (status, told.index(f"Sẽ xóa ở 1 hồ sơ: {code}") < told.index(question)) == (1, True)
        assert counter.get(f"/v1/dossiers/{code}").json()["applicant"]["phone"] == STAYS.phone, "it was not erased"


@pytest.mark.parametrize("number", ["", "12", "000000000000"])
def test_a_number_that_nobody_has_erases_nobody(running: Running, tmp_path: Path, number: str) -> None:
    file = tmp_path / "number"
    file.write_text(number)
    status, _, told = motcua(running, "erase-person", *BY, "--id-number-file", str(file), "--yes")
    assert status == 2
    assert not number or number not in told


def test_a_petition_about_no_dossier_is_erased_by_its_code(running: Running) -> None:
    who = Person("Lê Thị Phản Ánh", "045190339999", "0905 339 999", "phan-anh@example.vn", "9 Trần Phú, Đông Hà")
    sender = {"name": who.name, "address": who.address, "phone": who.phone, "email": who.email}
    with running.client("intake", "counter", WARD) as counter:
        sent = counter.post("/v1/public/petitions", json=a_petition(petitioner=sender)).json()
        still = motcua(running, "erase-person", *BY, "--dossier", sent["code"], "--yes")
        assert (still[0], sent["code"] in still[2]) == (1, True), "it is not answered yet"
        path = f"/v1/petitions/{sent['code']}"
        assert counter.post(f"{path}/refuse", json={"reason": f"Đã trả lời {who.name}"}).status_code == 200
        status, _, told = motcua(running, "erase-person", *BY, "--dossier", sent["code"], "--yes")
        assert status == 0, told
        read = counter.get(path).json()
        assert (read["petitioner_name"], read["content"], read["phone"], read["masked"]) == (None, None, None, [])
        assert [(event["kind"], event["words"]) for event in read["events"]] == [("received", None), ("refused", None)]
    kept = everything(running)
    assert not [text for text in who.texts if text in kept and text != who.id_number]
