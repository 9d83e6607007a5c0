"""The presses: PDF/A-2b with one embedded font, DOCX that opens; whatever is typed comes out as text; the same form is
the same bytes; the QR code reads as the address."""

import asyncio
import threading
import unicodedata
import zipfile
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont
from pypdf import PdfReader

from intake_service.forms import pdf, word
from intake_service.forms.rules import FormKind, HandOver, Receipt
from intake_service.forms.wording.phrases import MOST_DOCUMENTS
from intake_service.forms.wording.shapes import Paper
from shared.domain.lifecycle import EventKind
from shared.press import threads, typeset
from shared.press.glyphs import covered
from shared.web.problems import Problem
from tests.intake.papers import ACCEPTED, TRACKING, a_ledger, a_paper, a_subject, entries, happened
from tests.support import at

SORRY = {"reason": "Phải xác minh thực địa", "detail": {"number": "12/PXL-STP", "signed_by": "Trần Văn Bình"}}
HANDED = HandOver(
    *("hand_over", 1, "Bộ phận một cửa", 2, "Phòng Hành chính tư pháp"),
    *(at("Monday 2019-07-22 14:00"), at("Monday 2019-07-22 14:00"), "counter@19333", "Đủ thành phần"),
    Receipt(at("Monday 2019-07-22 14:05"), at("Monday 2019-07-22 14:05"), "handler@QT19-D01"),
)


def papers() -> dict[str, Paper]:
    """One of each kind."""
    day = "Thursday 2019-08-01 08:00"
    asked = happened(EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 09:05", None)
    refused = entries(
        [ACCEPTED, happened(EventKind.FINISHED, day)], {1: {"payload": {"outcome": "refused"}, "reason": "Không đủ"}}
    )
    stopped = entries(
        [
            happened(EventKind.ACCEPTED, "Monday 2025-09-22 08:00"),
            happened(EventKind.STOPPED, "Tuesday 2025-09-23 08:00"),
        ],
        {1: {"reason": "Không thực hiện nghĩa vụ"}},
    )
    return {
        "receipt": a_paper(),
        "supplement": a_paper(FormKind.SUPPLEMENT, told=entries([ACCEPTED, asked], {1: {"reason": "Thiếu chữ ký"}})),
        "refusal": a_paper(FormKind.REFUSAL, told=refused),
        "apology": a_paper(FormKind.APOLOGY, told=entries([ACCEPTED, happened(EventKind.EXTENDED, day)], {1: SORRY})),
        "stop": a_paper(FormKind.STOP, told=stopped),
        "control-slip": a_paper(FormKind.CONTROL_SLIP, hand_overs=[HANDED]),
        "ledger": a_ledger(60),
    }


PAPERS = papers()
each_form = pytest.mark.parametrize("form", PAPERS)


def text_of(file: bytes) -> str:
    """What a PDF says, without where its lines end."""
    pages = " ".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages)
    return unicodedata.normalize("NFC", " ".join(pages.replace("\u200b", "").split()))


def bare(text: str) -> str:
    """Without any white space: where a long word was broken is the paper's business."""
    return "".join(text.replace("\u200b", "").split())


def words_of(file: bytes) -> str:
    return " ".join(" ".join(node.text or "" for node in _body(file).iter(qn("w:t"))).split())


def _body(file: bytes) -> Any:
    return Document(BytesIO(file)).element.body


def _fonts(file: bytes) -> dict[str, bool]:
    """The fonts of a PDF, and whether each is embedded."""
    found = {}
    for page in PdfReader(BytesIO(file)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            whole = font.get_object()["/DescendantFonts"][0].get_object()
            found[str(whole["/BaseFont"])] = "/FontFile2" in whole["/FontDescriptor"].get_object()
    return found


@each_form
def test_a_pdf_says_that_it_is_an_archive_copy_and_of_when(form: str) -> None:
    file = pdf.printed(PAPERS[form])
    reader = PdfReader(BytesIO(file))
    about = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()  # type: ignore[index]
    assert "<pdfaid:part>2</pdfaid:part>" in about
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in about
    assert reader.metadata is not None
    assert reader.metadata.title == PAPERS[form].title
    assert reader.metadata.creation_date == PAPERS[form].made_at


@each_form
def test_only_the_bundled_font_is_in_it_and_all_of_it_is(form: str) -> None:
    fonts = _fonts(pdf.printed(PAPERS[form]))
    assert fonts
    assert all("LiberationSerif" in name for name in fonts), fonts
    assert all(fonts.values())


@each_form
@pytest.mark.parametrize("printer", [pdf, word], ids=["pdf", "docx"])
def test_printed_twice_it_is_the_same_bytes_and_another_is_not(form: str, printer: Any) -> None:
    first = printer.printed(PAPERS[form])
    printer.printed(a_paper(subject=a_subject("Trần Văn Bình")))
    assert printer.printed(PAPERS[form]) == first
    assert len({printer.printed(paper) for paper in PAPERS.values()}) == len(PAPERS)


@each_form
def test_both_presses_say_the_same(form: str) -> None:
    paper = PAPERS[form]
    on_pdf, on_docx = bare(text_of(pdf.printed(paper))), bare(words_of(word.printed(paper)))
    for block in paper.blocks:
        for text in (*(f"{label}: {value}" for label, value in block.fields), block.text):
            assert bare(text) in on_pdf
            assert bare(text) in on_docx
        for row in block.table.rows if block.table else ():
            for cell in row:
                assert bare(cell) in on_docx
                assert all(bare(word) in on_pdf for word in cell.split())
    for signature in paper.signatures:
        assert bare(signature.title + signature.hint + signature.name) in on_pdf
        assert bare(signature.title) in on_docx


@pytest.mark.parametrize(("form", "millimetres"), [("receipt", (148, 210)), ("ledger", (297, 210))])
def test_the_paper_has_the_size_of_the_circular(form: str, millimetres: tuple[int, int]) -> None:
    box = PdfReader(BytesIO(pdf.printed(PAPERS[form]))).pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) == millimetres
    section = Document(BytesIO(word.printed(PAPERS[form]))).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == millimetres  # type: ignore[union-attr]


@pytest.mark.parametrize("form", ["receipt", "supplement", "refusal", "apology", "stop"])
def test_the_code_on_the_paper_reads_as_the_address(form: str) -> None:
    page = Image.open(BytesIO(pdf.pictured(PAPERS[form], ppi=200)[0]))
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [TRACKING]
    with zipfile.ZipFile(BytesIO(word.printed(PAPERS[form]))) as parts:
        (name,) = (name for name in parts.namelist() if name.endswith(".png"))
        picture = Image.open(BytesIO(parts.read(name))).convert("L")
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [TRACKING]


@pytest.mark.parametrize("form", ["control-slip", "ledger"])
def test_what_is_for_the_office_has_no_code(form: str) -> None:
    assert zxingcpp.read_barcodes(Image.open(BytesIO(pdf.pictured(PAPERS[form], ppi=200)[0]))) == []


HOSTILE = (
    '#let x = "',
    '"] #panic("x") [',
    '#import "/etc/passwd"',
    "$ x^2 $ *đậm* _nghiêng_ = tiêu đề",
    "\\u{41} \\ // chú thích /* */ @nhãn <nhãn>",
    "<w:t>Đào</w:t>",
    "</w:t></w:r></w:p><w:p>",
    "&amp; &#65; ]]> <!-- -->",
    "{{ name }} {% for x in y %}",
    '{"paper": 1}',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_comes_out_as_text(text: str) -> None:
    paper = a_paper(subject=a_subject(text, summary=text))
    assert bare(f"Tiếp nhận hồ sơ của: {text}") in bare(text_of(pdf.printed(paper)))
    assert bare(f"Tiếp nhận hồ sơ của: {text}") in bare(words_of(word.printed(paper)))


@pytest.mark.parametrize(
    "name", ["Nguyễn Thị Đào", "ĐẶNG HỮU ƯỚC", "Ỷ Ỹ Ỵ ỷ ỹ ỵ ẵ ẳ ẩ ẫ ậ", unicodedata.normalize("NFD", "Nguyễn Thị Đào")]
)
def test_vietnamese_keeps_its_marks(name: str) -> None:
    composed = unicodedata.normalize("NFC", name)
    assert composed in text_of(pdf.printed(a_paper(subject=a_subject(name))))


@pytest.mark.parametrize("letter", ["王", "😀", "\ufffd", "ก", "\U00020000"])
def test_a_letter_that_the_font_has_not_is_a_box_and_no_error(letter: str) -> None:
    paper = a_paper(subject=a_subject(f"Lý {letter} Đào"))
    assert "Lý □ Đào" in text_of(pdf.printed(paper))
    assert f"Lý {letter} Đào" in words_of(word.printed(paper))


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=200), place=st.sampled_from(["name", "summary", "term"]))
def test_no_text_breaks_a_press(name: str, place: str) -> None:
    subject = a_subject(name) if place == "name" else a_subject(**{place: name})
    paper = a_paper(subject=subject)
    PdfReader(BytesIO(pdf.printed(paper)))
    _body(word.printed(paper))


def test_a_long_word_stays_on_the_paper() -> None:
    """Nothing is lost at the margin: with the same word the picture's right edge is as white as without."""
    for paper in (a_paper(subject=a_subject("Đ" * 300)), a_ledger(3, procedure="Đ" * 200, code="X" * 58)):
        for page in pdf.pictured(paper):
            picture = Image.open(BytesIO(page)).convert("L")
            margin = picture.crop((picture.width - picture.width // 25, 0, picture.width, picture.height))
            assert margin.getextrema() == (255, 255)


def test_a_form_is_bounded_and_says_what_it_leaves_out() -> None:
    many = [{"name": f"Giấy tờ số {n}", "kind": "copy", "count": 1} for n in range(MOST_DOCUMENTS + 23)]
    said = text_of(pdf.printed(a_paper(subject=a_subject(documents=many, summary="Dài " * 2000))))
    assert f"Giấy tờ số {MOST_DOCUMENTS - 1}" in said
    assert f"Giấy tờ số {MOST_DOCUMENTS}" not in said
    assert "và 23 giấy tờ khác" in said
    assert said.count("Dài") < 260


def test_what_is_large_is_set_by_a_process_that_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes on either way: the typesetter remembers what it has set, and would hold 240 MB of a ledger."""
    large = a_ledger(200)
    data = pdf._data(large)
    assert len(data) > typeset.LARGE
    apart = pdf.printed(large)
    monkeypatch.setattr(typeset, "LARGE", 10**9)
    assert pdf.printed(large) == apart
    assert len(PdfReader(BytesIO(apart)).pages) > 10


def test_a_process_that_begins_late_is_given_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is to set is more than a pipe holds, and it reads nothing before it has been looked at."""
    ledger = a_ledger(600)
    assert len(pdf._data(ledger).encode()) > 65_536
    monkeypatch.setattr(typeset, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(typeset, "_PATIENCE_SECONDS", 20.0)
    assert len(PdfReader(BytesIO(pdf.printed(ledger))).pages) > 10


async def test_a_queue_that_is_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_MOST_WAITING", 2)
    asked = [threads.pressed(pdf.printed, PAPERS["receipt"]) for _ in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert [problem.code for problem in refused] == ["unavailable"] * 3
    assert len({answer for answer in answers if isinstance(answer, bytes)}) == 1
    assert isinstance(await threads.pressed(pdf.printed, PAPERS["receipt"]), bytes), "the queue is empty again"


async def test_what_is_set_apart_and_fails_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_PATIENCE_SECONDS", 0.001)
    with pytest.raises(Problem) as refused:
        await threads.pressed(pdf.printed, a_ledger(200))
    assert refused.value.code == "unavailable"


def test_threads_print_beside_each_other() -> None:
    """A compiler that is shared fails: each thread has its own."""
    wanted = {form: pdf.printed(paper) for form, paper in PAPERS.items()}
    found: list[bool] = []

    def work() -> None:
        found.extend(pdf.printed(paper) == wanted[form] for form, paper in PAPERS.items())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * (4 * len(PAPERS))


def test_the_whole_vietnamese_alphabet_is_in_the_font() -> None:
    letters = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
    tones = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    alphabet = {unicodedata.normalize("NFC", letter + tone) for letter in letters for tone in tones}
    spelt = {char for char in alphabet if len(char) == 1}
    assert {*spelt, *(char.upper() for char in spelt)} <= covered()


def _parts(file: bytes, name: str) -> list[str]:
    """The parts of a DOCX whose names have `name` in them."""
    with zipfile.ZipFile(BytesIO(file)) as parts:
        return [parts.read(each).decode() for each in parts.namelist() if name in each]


def test_what_may_be_long_is_numbered_in_word_too() -> None:
    (foot,) = _parts(word.printed(a_ledger(60)), "footer")
    assert foot.index("PAGE") < foot.index(">/<") < foot.index("NUMPAGES")
    assert _parts(word.printed(PAPERS["receipt"]), "footer") == []


@each_form
def test_word_finds_each_paragraph_said_once_and_in_vietnamese(form: str) -> None:
    """Two sets of properties in one paragraph, and Word calls the file damaged; without the language it underlines."""
    file = word.printed(PAPERS[form])
    for part in (*_parts(file, "document.xml"), *_parts(file, "footer")):
        assert "</w:pPr><w:pPr>" not in part
        assert "</w:trPr><w:trPr>" not in part
    (styles,) = _parts(file, "styles.xml")
    assert 'w:lang w:val="vi-VN"' in styles


def test_a_row_stays_on_one_page() -> None:
    slip = a_paper(FormKind.CONTROL_SLIP, hand_overs=[HANDED] * 9)
    first, second = (page.extract_text() for page in PdfReader(BytesIO(pdf.printed(slip))).pages)
    assert first.count("1. Giao") + second.count("1. Giao") == 9
    assert second.count("2019") == 2 * second.count("1. Giao"), "each step names two days"
    body = _body(word.printed(slip))
    assert all(row.find(qn("w:trPr")).find(qn("w:cantSplit")) is not None for row in body.iter(qn("w:tr")))


@pytest.mark.parametrize("code", ["000.00.12.H50-190722-12345", "999.99.99.H59-261231-0001"])
def test_a_dossier_code_fits_into_its_column_of_the_ledger(code: str) -> None:
    """It has no place to be broken at: it would run into the next column."""
    table = a_ledger(1).blocks[0].table
    assert table is not None
    column = (297 - 2 * 12) * table.widths[1] / sum(table.widths) - 2 * 1  # less the margins, and what is kept free
    font = ImageFont.truetype(str(typeset.FONTS / "LiberationSerif-Regular.ttf"), 720)
    assert font.getlength(code) / 100 * 25.4 / 72 <= column
