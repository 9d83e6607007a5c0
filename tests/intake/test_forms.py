"""Các mẫu: each form in the states that have it, what stands on it, and that an edition stays what it was (Circular
01/2018/TT-VPCP, 03/2025/TT-VPCP)."""

import re
import unicodedata
import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import asyncpg
import httpx
import pytest
import zxingcpp
from docx import Document
from docx.oxml.ns import qn
from PIL import Image
from pypdf import PdfReader

from services.local_issuer import LocalIssuer
from shared.domain.civil_time import local
from tests.conftest import Database
from tests.intake.lives import ago, did, imported, reasons, received, submitted
from tests.support import BIRTH, JUSTICE, PROVINCE, REGISTER_COPY, a_draft, bearer

PERSON = {
    "kind": "person",
    "name": "Nguyễn Thị Đào",
    "id_number": "045190000001",
    "phone": "0905 000 001",
    "email": "dao@example.vn",
    "address": "12 Hùng Vương, phường Đông Hà",
}
DOCUMENTS = [
    {"name": "Giấy chứng sinh", "kind": "original", "count": 1},
    {"name": "Giấy chứng nhận kết hôn", "kind": "certified_copy", "count": 2},
]
ASKED = {"reason": "Thiếu bản sao giấy chứng sinh", "documents": [{"name": "Giấy ủy quyền", "kind": "original"}]}
LETTER = {"reason": "Phải xác minh thực địa", "number": "12/PXL-STP", "signed_by": "Trần Văn Bình"}


def text_of(pdf: bytes) -> str:
    """What a PDF says, its lines joined, marks composed."""
    pages = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return unicodedata.normalize("NFC", " ".join(pages.replace("\u200b", "").split()))


def words_of(docx: bytes) -> str:
    """What a DOCX says, its paragraphs joined."""
    body = Document(BytesIO(docx)).element.body
    return " ".join(" ".join(node.text or "" for node in body.iter(qn("w:t"))).split())


def on_paper(instant: str) -> str:
    """An instant of the interface as a form writes it; made anew here, so as not to trust the product's own way."""
    at = local(datetime.fromisoformat(instant))
    month = f"0{at.month}" if at.month in (1, 2) else f"{at.month}"
    return f"{at.hour} giờ {at:%M} phút, ngày {at:%d} tháng {month} năm {at.year}"


async def printed(intake: httpx.AsyncClient, dossier: dict[str, Any], form: str, **asked: Any) -> bytes:
    """A form that must be there."""
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/{form}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.content


async def forms(intake: httpx.AsyncClient, dossier: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def kinds(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(item["form"], item["edition"]) for item in items]


async def test_the_receipt_says_what_was_received_and_until_when(intake: httpx.AsyncClient) -> None:
    dossier = await received(
        intake,
        applicant=PERSON,
        documents=DOCUMENTS,
        summary="Bản sao trích lục",
        submitted_by={"name": "Trần Văn Bình"},
    )
    for said in (
        text_of(await printed(intake, dossier, "receipt.pdf")),
        words_of(await printed(intake, dossier, "receipt.docx")),
    ):
        for expected in (
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "Mẫu số 01",
            "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
            f"Mã hồ sơ: {dossier['code']}",
            "Tiếp nhận hồ sơ của: Nguyễn Thị Đào",
            "Người nộp hồ sơ: Trần Văn Bình",
            "Số CMND/CCCD/hộ chiếu: 045190000001",
            "Địa chỉ: 12 Hùng Vương, phường Đông Hà",
            "Số điện thoại: 0905 000 001",
            "Email: dao@example.vn",
            dossier["procedure_name"],
            "Bản sao trích lục",
            "Giấy chứng sinh",
            f"Thời gian nhận hồ sơ: {on_paper(dossier['accepted_at'])}",
            f"Thời gian trả kết quả giải quyết hồ sơ: {on_paper(dossier['due_at'])}",
            "NGƯỜI NỘP HỒ SƠ",
            "NGƯỜI TIẾP NHẬN HỒ SƠ",
        ):
            assert expected in said
        assert re.search(r"2 Giấy chứng nhận kết hôn 2\b", said)


async def test_the_code_on_the_receipt_opens_what_its_holder_may_see(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    with zipfile.ZipFile(BytesIO(await printed(intake, dossier, "receipt.docx"))) as parts:
        (name,) = (name for name in parts.namelist() if name.endswith(".png"))
        (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(parts.read(name))).convert("L"))
    address = httpx.URL(code.text)
    assert address.path == f"/v1/track/{dossier['code']}"
    seen, less = await _track(intake, code.text), await _track(intake, address.path)
    assert seen["code"] == less["code"] == dossier["code"]
    assert dossier["procedure_name"] in str(seen), "the secret shows how it stands"
    assert dossier["procedure_name"] not in str(less)
    assert len(seen) > len(less)


async def _track(intake: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """What anybody sees there, without a token."""
    asked = intake.build_request("GET", httpx.URL(address).raw_path.decode())
    del asked.headers["authorization"]
    answer = await intake.send(asked)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def test_a_form_comes_as_a_file_that_nobody_keeps_on_the_way(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    for name, media in (
        ("pdf", "application/pdf"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ):
        answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/receipt.{name}")
        assert answer.headers["content-type"] == media
        assert answer.headers["cache-control"] == "no-store"
        assert f"receipt-1.{name}" in answer.headers["content-disposition"]


async def test_two_printings_are_the_same_bytes(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake, applicant=PERSON, documents=DOCUMENTS)
    for name in ("receipt.pdf", "receipt.docx", "control-slip.pdf", "control-slip.docx"):
        assert await printed(intake, dossier, name) == await printed(intake, dossier, name)


async def test_a_receipt_printed_once_is_printed_again_as_it_was(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake, applicant=PERSON)
    first = {name: await printed(intake, dossier, name) for name in ("receipt.pdf", "receipt.docx")}
    await did(intake, dossier, "supplement-requests", **ASKED)
    assert await printed(intake, dossier, "receipt.pdf") == first["receipt.pdf"], "to ask moves no printed date"
    after = await did(intake, dossier, "supplements", documents=[{"name": "Giấy ủy quyền", "kind": "original"}])
    assert kinds(await forms(intake, dossier)).count(("receipt", 2)) == 1
    newest = text_of(await printed(intake, dossier, "receipt.pdf"))
    assert "Cấp lại lần 1" in newest
    assert "Giấy ủy quyền" in newest
    assert on_paper(after["due_at"]) in newest
    for name, bytes_then in first.items():
        assert await printed(intake, dossier, name, edition=1) == bytes_then


async def test_a_correction_is_a_new_receipt_and_the_old_one_stays(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    wrong = {**PERSON, "name": "Nguyễn Thị Đao"}
    dossier = await received(intake, applicant=wrong, submitted_by={"name": "Trần Văn Bình"})
    first = {name: await printed(intake, dossier, name) for name in ("receipt.pdf", "receipt.docx", "control-slip.pdf")}
    right = {"applicant": {"name": "Nguyễn Thị Đào"}, "submitted_by": None, "procedure": BIRTH}
    answer = await intake.post(
        f"/v1/dossiers/{dossier['code']}/corrections",
        json={"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC", **right},
        headers=bearer(issuer, "supervisor", PROVINCE),
    )
    assert answer.status_code == 200, answer.text
    said = text_of(await printed(intake, dossier, "receipt.pdf"))
    assert "Tiếp nhận hồ sơ của: Nguyễn Thị Đào" in said
    assert "Người nộp hồ sơ: Trần" not in said
    assert "Lý do cấp lại: đính chính thông tin tiếp nhận, theo văn bản số 07/BB-TTPVHCC" in said
    assert answer.json()["procedure_name"] in said
    assert f"Thời gian trả kết quả giải quyết hồ sơ: {on_paper(answer.json()['due_at'])}" in said
    for name, bytes_then in first.items():
        assert await printed(intake, dossier, name, edition=1) == bytes_then


async def test_an_extension_is_told_by_the_apology_and_leaves_the_receipt(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=10), due=ago(days=-10))
    receipt = await printed(intake, dossier, "receipt.pdf")
    wednesday = local(ago(days=-20)) + timedelta(days=(2 - local(ago(days=-20)).weekday()) % 7)
    new = wednesday.replace(hour=16, minute=0, second=0, microsecond=0)
    moved = await did(intake, dossier, "extensions", **LETTER, new_due_at=new.isoformat())
    said = text_of(await printed(intake, dossier, "apology.pdf"))
    for expected in (
        "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
        "Số: 12/PXL-STP",
        "Kính gửi: Ông/Bà Nguyễn Thị Đào",
        f"Thời gian hẹn trả kết quả: {on_paper(dossier['due_at'])}",
        "Lý do: Phải xác minh thực địa",
        f"Thời gian trả kết quả: {on_paper(moved['due_at'])}",
        "THỦ TRƯỞNG CƠ QUAN",
        "Trần Văn Bình",
    ):
        assert expected in said
    assert await printed(intake, dossier, "receipt.pdf") == receipt


async def test_an_apology_for_what_ended_late_does_not_say_that_nothing_is_there(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=ago(days=30), due=ago(days=3))
    await did(intake, dossier, "finish")
    await did(intake, dossier, "apologies", **LETTER, kind="overdue")
    said = text_of(await printed(intake, dossier, "apology.pdf"))
    assert "đã có kết quả nhưng quá thời gian hẹn trả" in said
    assert "chưa có kết quả" not in said


async def test_an_apology_for_a_lost_dossier_is_another_edition(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake, applicant=PERSON)
    for number, why in enumerate(("Hồ sơ bị ướt do mưa bão", "Hồ sơ bị thất lạc"), 1):
        await did(intake, dossier, "apologies", reason=why, number=f"{number}/PXL", signed_by="Trần Văn Bình")
    first = text_of(await printed(intake, dossier, "apology.pdf", edition=1))
    assert "Lý do: Hồ sơ bị ướt do mưa bão" in first
    assert "hẹn lại như sau" not in first
    assert "Lý do: Hồ sơ bị thất lạc" in text_of(await printed(intake, dossier, "apology.pdf"))


async def test_a_supplement_request_of_an_online_submission_goes_by_its_reference(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake, applicant=PERSON)
    await did(intake, dossier, "supplement-requests", **ASKED)
    assert kinds(await forms(intake, dossier)) == [("supplement", 1)]
    first = await printed(intake, dossier, "supplement.pdf")
    said = text_of(first)
    for expected in (
        "Mẫu số 02",
        "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
        f"Mã hồ sơ: {dossier['reference']}",
        "Giấy ủy quyền",
        "Lý do: Thiếu bản sao giấy chứng sinh",
        "NGƯỜI HƯỚNG DẪN",
    ):
        assert expected in said
    await did(intake, dossier, "supplements")
    await did(intake, dossier, "supplement-requests", reason="Thiếu chữ ký")
    await did(intake, dossier, "supplements")
    accepted = await did(intake, dossier, "accept")
    assert kinds(await forms(intake, accepted)) == [
        ("receipt", 1),
        ("supplement", 1),
        ("supplement", 2),
        ("control-slip", 1),
    ]
    assert "Lý do: Thiếu chữ ký" in text_of(await printed(intake, accepted, "supplement.pdf"))
    assert await printed(intake, accepted, "supplement.pdf", edition=1) == first, "it keeps the reference it had"
    assert f"Mã hồ sơ: {accepted['code']}" in text_of(await printed(intake, accepted, "receipt.pdf"))


async def test_not_accepted_has_a_refusal_and_nothing_else(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake, applicant=PERSON)
    assert await forms(intake, dossier) == []
    await did(intake, dossier, "refuse", reason="Không thuộc thẩm quyền giải quyết")
    assert kinds(await forms(intake, dossier)) == [("refusal", 1)]
    said = text_of(await printed(intake, dossier, "refusal.pdf"))
    for expected in (
        "Mẫu số 03",
        "PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ",
        "không tiếp nhận, giải quyết",
        "Lý do: Không thuộc thẩm quyền giải quyết",
    ):
        assert expected in said


async def test_a_refusal_on_the_merits_has_the_same_form(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "finish", outcome="refused", reason="Không đủ điều kiện")
    said = text_of(await printed(intake, dossier, "refusal.pdf"))
    assert "thông báo từ chối giải quyết hồ sơ này" in said
    assert "Lý do: Không đủ điều kiện" in said


async def test_a_stop_is_notified(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "stop", reason="Người nộp không thực hiện nghĩa vụ")
    said = text_of(await printed(intake, dossier, "stop.pdf"))
    for expected in (
        "Mẫu số 05",
        "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ",
        "Giai đoạn giải quyết: Được tiếp nhận",
        "Lý do dừng giải quyết: Người nộp không thực hiện nghĩa vụ",
    ):
        assert expected in said


async def test_the_control_slip_goes_with_the_hand_overs(intake: httpx.AsyncClient, database: Database) -> None:
    dossier = await received(intake, applicant=PERSON)
    first = await printed(intake, dossier, "control-slip.pdf")
    routing = await asyncpg.connect(database.url("motcua_routing"))
    await routing.execute(
        "WITH it AS (SELECT id, agency_id FROM dossier WHERE code = $1), opened AS ("
        " INSERT INTO dossier_case (dossier_id, agency_id, holder_id, opened_at)"
        " SELECT id, agency_id, agency_id, now() FROM it)"
        " SELECT 1",
        dossier["code"],
    )
    await routing.execute(
        "INSERT INTO hand_over (dossier_id, seq, from_agency_id, from_desk, to_agency_id, to_desk, occurred_at,"
        " recorded_at, actor) SELECT id, 1, agency_id, 'Một cửa', (SELECT id FROM agency WHERE code = $2),"
        " 'Phòng HCTP',"
        " $3, now(), 'counter@19333' FROM dossier WHERE code = $1",
        dossier["code"],
        JUSTICE,
        datetime.fromisoformat(dossier["accepted_at"]) + timedelta(minutes=5),
    )
    await routing.close()
    await did(intake, dossier, "finish")
    slips = [item for item in await forms(intake, dossier) if item["form"] == "control-slip"]
    assert [item["edition"] for item in slips] == [1, 2, 3]
    assert [item["current"] for item in slips] == [False, False, True]
    assert slips[-1]["number"] == "06"
    said = text_of(await printed(intake, dossier, "control-slip.pdf"))
    for expected in (
        "Kèm theo hồ sơ của: Nguyễn Thị Đào",
        "1. Giao:",
        "Phòng HCTP",
        "Người giao: counter@19333",
        "Trước hạn",
        "Xử lý xong",
    ):
        assert expected in said
    assert "Xử lý xong" not in text_of(await printed(intake, dossier, "control-slip.pdf", edition=2))
    assert await printed(intake, dossier, "control-slip.pdf", edition=1) == first


async def test_the_number_is_that_of_the_circular_of_the_day(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    due = ago(days=-3)
    then = await imported(
        intake, headers, accepted=datetime.fromisoformat("2025-09-12T09:00:00+07:00"), due=due, procedure=REGISTER_COPY
    )
    now_on = await imported(intake, headers, accepted=datetime.fromisoformat("2025-09-15T09:00:00+07:00"), due=due)
    for dossier, number, basis in ((then, "05", "01/2018/TT-VPCP"), (now_on, "06", "03/2025/TT-VPCP")):
        slip = next(item for item in await forms(intake, dossier) if item["form"] == "control-slip")
        assert (slip["number"], slip["legal_basis"]) == (number, basis)
        assert f"Mẫu số {number} (Thông tư số {basis})" in text_of(await printed(intake, dossier, "control-slip.pdf"))


async def test_what_is_not_confirmed_says_so_in_the_list_and_not_on_paper(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    await did(intake, dossier, "stop", reason="Không thực hiện nghĩa vụ")
    by_form = {item["form"]: item for item in await forms(intake, dossier)}
    assert (by_form["receipt"]["confirmed"], by_form["stop"]["confirmed"]) == (True, False)
    assert "was not read" in by_form["stop"]["basis"]


async def test_the_links_lead_to_the_editions(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    item = (await forms(intake, dossier))[0]
    assert (await intake.get(item["pdf"])).content == await printed(intake, dossier, "receipt.pdf", edition=1)
    assert (await intake.get(item["docx"])).content == await printed(intake, dossier, "receipt.docx", edition=1)


@pytest.mark.parametrize("form", ["supplement", "refusal", "apology", "stop"])
async def test_a_form_that_the_state_has_not_is_refused_with_those_that_are_there(
    intake: httpx.AsyncClient, form: str
) -> None:
    dossier = await received(intake)
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/{form}.pdf", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (404, "form_not_available")
    assert reasons(answer) == {("form", "forms_of_the_dossier")}
    assert '"receipt", "control-slip"' in answer.json()["errors"][0]["reason"]


async def test_a_submission_has_no_receipt_yet(intake: httpx.AsyncClient) -> None:
    dossier = await submitted(intake)
    for form in ("receipt", "control-slip"):
        answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/{form}.docx")
        assert answer.json()["code"] == "form_not_available"


async def test_an_edition_that_is_not_there_yet(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    path = f"/v1/dossiers/{dossier['code']}/forms/receipt.pdf"
    assert reasons(await intake.get(path, params={"edition": 2})) == {("edition", "editions_of_the_form")}
    assert (await intake.get(path, params={"edition": 0})).status_code == 422
    assert (await intake.get(path, params={"edition": "x"})).status_code == 422


@pytest.mark.parametrize("name", ["receipt.odt", "letter.pdf", "ledger.pdf", "receipt.PDF"])
async def test_no_such_form_or_format(intake: httpx.AsyncClient, name: str) -> None:
    dossier = await received(intake)
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/{name}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_whoever_may_not_see_the_dossier_sees_no_form(intake: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    dossier = await received(intake)
    elsewhere = bearer(issuer, "counter", JUSTICE)
    for path in ("forms", "forms/receipt.pdf"):
        answer = await intake.get(f"/v1/dossiers/{dossier['code']}/{path}", headers=elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        citizen = await intake.get(
            f"/v1/dossiers/{dossier['code']}/{path}", headers=bearer(issuer, "citizen", PROVINCE)
        )
        assert citizen.status_code == 403


async def test_a_receipt_of_a_same_day_procedure_is_given_if_asked(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    birth = (await intake.post("/v1/dossiers", json=a_draft(procedure=BIRTH))).json()
    assert (await forms(intake, dossier))[0]["required"] is True
    assert (await forms(intake, birth))[0]["required"] is False
    assert "GIẤY TIẾP NHẬN" in text_of(await printed(intake, birth, "receipt.pdf"))


#: Terms in hours: judged by the instant; REGISTER_COPY's is in days.
IN_HOURS = "1.005040"


async def test_an_old_slip_keeps_the_verdict_of_the_procedure_that_it_was_made_under(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    """Finished on the day of its date, an hour after it: on time in days, late in hours."""
    due = local(ago(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    finished = (due + timedelta(hours=1)).isoformat()
    dossier = await imported(
        intake,
        bearer(issuer, "admin", PROVINCE),
        accepted=due - timedelta(days=7),
        due=due,
        finished_at=finished,
        outcome="granted",
    )
    first = {name: await printed(intake, dossier, name) for name in ("control-slip.pdf", "control-slip.docx")}
    edition = [item["edition"] for item in await forms(intake, dossier) if item["form"] == "control-slip"][-1]
    assert "Đúng hạn" in text_of(first["control-slip.pdf"])
    receipt = await printed(intake, dossier, "receipt.pdf")
    answer = await intake.post(
        f"/v1/dossiers/{dossier['code']}/corrections",
        json={"reason": "Nhập nhầm", "decision": "07/BB-TTPVHCC", "procedure": IN_HOURS},
        headers=bearer(issuer, "supervisor", PROVINCE),
    )
    assert answer.status_code == 200, answer.text
    for name, bytes_then in first.items():
        assert await printed(intake, dossier, name, edition=edition) == bytes_then
    assert await printed(intake, dossier, "receipt.pdf", edition=1) == receipt
    assert answer.json()["verdict"] == "late"
    assert "Quá hạn" in text_of(await printed(intake, dossier, "control-slip.pdf"))


async def test_what_is_before_the_first_form_that_we_know_is_refused(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    """Received on Friday 4/1/2019; Circular 01/2018/TT-VPCP has been in force since Sunday 6/1/2019."""
    accepted = datetime.fromisoformat("2019-01-04T09:00:00+07:00")
    dossier = await imported(intake, bearer(issuer, "admin", PROVINCE), accepted=accepted, due=ago(days=-3))
    assert await forms(intake, dossier) == []
    answer = await intake.get(f"/v1/dossiers/{dossier['code']}/forms/receipt.pdf")
    assert (answer.status_code, answer.json()["code"]) == (404, "form_not_available")
    assert reasons(answer) == {("form", "no_form_in_law")}


async def test_a_letter_for_a_loss_has_a_title_of_its_own(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake, applicant=PERSON)
    await did(intake, dossier, "apologies", **LETTER, kind="lost_or_damaged")
    item = next(item for item in await forms(intake, dossier) if item["form"] == "apology")
    assert item["number"] is None, "no circular has a form for it"
    assert item["confirmed"] is False
    said = text_of(await printed(intake, dossier, "apology.pdf"))
    assert "THƯ XIN LỖI VỀ HỒ SƠ BỊ MẤT, THẤT LẠC HOẶC HƯ HỎNG" in said
    for of_another in ("Mẫu số", "GIA HẠN", "HẸN LẠI"):
        assert of_another not in said
