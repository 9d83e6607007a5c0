"""A table as a file: what the presses write is what the table says, and it is set up to be printed."""

import re
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from pypdf import PdfReader

from services.local_issuer import LocalIssuer
from shared.contracts.stats import COUNT_NAMES, RATE_NAMES
from shared.press import elements
from stats_service.exports import pdf, separated, word, xlsx
from stats_service.exports.rules import Provenance, period_name
from stats_service.exports.table import (
    Column,
    Filled,
    HeadCell,
    Kind,
    Line,
    Row,
    Share,
    Signature,
    Sum,
    Table,
    heading,
    printed,
)
from tests.builders_log import write
from tests.stats.scenes import PERIODS, a_scene
from tests.stats.sheets import cells_of_word, sheet_of

A, B = PERIODS[0]
PRESSES = {"xlsx": xlsx, "docx": word, "pdf": pdf, "csv": separated}
COLUMNS = (
    Column("number", ("TT",), Kind.ORDINAL, 10, "(1)"),
    Column("name", ("Đơn vị",), Kind.TEXT, 60, "(2)"),
    Column("resolved", ("Đã giải quyết", "Tổng số"), Kind.COUNT, 25, "(3)=(4)+(5)", Sum(("on_time", "late"))),
    Column("on_time", ("Đã giải quyết", "Chia ra", "Đúng hạn"), Kind.COUNT, 25, "(4)"),
    Column("late", ("Đã giải quyết", "Chia ra", "Quá hạn"), Kind.COUNT, 25, "(5)"),
    Column("rate", ("Tỷ lệ đúng hạn",), Kind.PERCENT, 25, "(6)", Share("on_time", "resolved")),
    Column("day", ("Ngày",), Kind.DAY, 25, "(7)"),
)
ROWS = (
    Row("commune", ("I", "Cấp xã", 128843, 125638, 3205, "97.51", None), "group", (1, 2)),
    Row("19333", ("1", "=HYPERLINK(1)", 128843, 125638, 3205, "97.51", date(2019, 7, 22)), depth=1),
    Row("19336", ("2", "UBND xã <b>& #strong[Cam]", 0, 0, 0, None, None), depth=1),
    Row("total", ("", "Tổng số", 128843, 125638, 3205, "97.51", None), "total", (0,)),
)


def a_table(**changes: Any) -> Table:
    given: dict[str, Any] = {
        "name": "mau",
        "title": "TÌNH HÌNH GIẢI QUYẾT",
        "columns": COLUMNS,
        "dated": datetime(2019, 7, 24, 1, tzinfo=UTC),
        "left": [Line("UBND TỈNH"), Line("VĂN PHÒNG", bold=True)],
        "right": [Line("CỘNG HÒA", bold=True)],
        "subtitles": ["Kỳ báo cáo: Quý II/2019"],
        "warning": "SỐ LIỆU MÔ PHỎNG",
        "unit": "hồ sơ",
        "notes": ["Ghi chú 1: một.", "Ghi chú 2: hai."],
        "signatures": [Signature("NGƯỜI LẬP BIỂU"), Signature("THỦ TRƯỞNG")],
        "origin": {"basis": "as_known_now"},
    }
    return Table(**{**given, **changes})


def made(format: str, filled: Filled) -> bytes:
    file = BytesIO()
    PRESSES[format].printed(filled, file)
    return file.getvalue()


WHOLE = Filled(a_table(), ROWS)


def test_headings_that_begin_alike_share_a_cell():
    assert heading(COLUMNS) == [
        [
            HeadCell("TT", 0, 1, 3),
            HeadCell("Đơn vị", 1, 1, 3),
            HeadCell("Đã giải quyết", 2, 3, 1),
            HeadCell("Tỷ lệ đúng hạn", 5, 1, 3),
            HeadCell("Ngày", 6, 1, 3),
        ],
        [HeadCell("Tổng số", 2, 1, 2), HeadCell("Chia ra", 3, 2, 1)],
        [HeadCell("Đúng hạn", 3, 1, 1), HeadCell("Quá hạn", 4, 1, 1)],
        [HeadCell(column.number, n, 1, 1) for n, column in enumerate(COLUMNS)],
    ]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.COUNT, 136583, "136.583"),
        (Kind.COUNT, 0, "0"),
        (Kind.COUNT, 1365830, "1.365.830"),
        (Kind.COUNT, None, "–"),
        (Kind.PERCENT, "97.51", "97,51%"),
        (Kind.PERCENT, None, "–"),
        (Kind.DAY, date(2019, 7, 22), "22/07/2019"),
        (Kind.DAY, None, ""),
        (Kind.TEXT, "1.001193", "1.001193"),
    ],
)
def test_print_is_vietnamese(kind, value, shown):
    assert printed(kind, value) == shown


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2019, 1, 1), date(2019, 6, 30), "6 tháng đầu năm 2019"),
        (date(2019, 7, 1), date(2019, 12, 31), "6 tháng cuối năm 2019"),
        (date(2019, 4, 1), date(2019, 6, 30), "Quý II/2019"),
        (date(2019, 12, 1), date(2019, 12, 31), "Tháng 12/2019"),
        (date(2019, 1, 1), date(2019, 12, 31), "Năm 2019"),
        (date(2019, 1, 1), date(2019, 9, 30), "9 tháng đầu năm 2019"),
        (date(2018, 12, 15), date(2019, 12, 14), "Năm 2019"),
        (date(2019, 9, 15), date(2019, 12, 14), "Quý IV/2019"),
        (date(2019, 7, 21), date(2019, 8, 20), "Tháng 8/2019"),
        (date(2018, 12, 21), date(2019, 1, 20), "Tháng 1/2019"),
        (date(2019, 1, 2), date(2019, 6, 30), ""),
        (date(2019, 2, 1), date(2019, 4, 30), ""),
        (date(2019, 7, 10), date(2019, 8, 9), ""),
    ],
)
def test_a_period_has_its_name_however_months_are_cut(first, last, name):
    assert period_name(first, last) == name


def test_a_workbook_has_numbers_formulas_and_a_page_set_up():
    sheet = sheet_of(made("xlsx", WHOLE))
    written = sheet.written
    assert [row[2:6] for row in sheet.rows] == [
        [128843, 125638, 3205, pytest.approx(0.9751)],
        [128843, 125638, 3205, pytest.approx(0.9751)],
        [0, 0, 0, "–"],
        [128843, 125638, 3205, pytest.approx(0.9751)],
    ]
    top = sheet.first
    assert sheet.formula(0, 2) == f"=SUM(C{top + 1}:C{top + 2})"
    assert sheet.formula(1, 2) == f"=D{top + 1}+E{top + 1}"
    assert sheet.formula(1, 3) == ""
    assert sheet.formula(3, 4) == f"=SUM(E{top})"
    assert sheet.formula(2, 5) == f'=IF(C{top + 2}=0,"–",ROUND(D{top + 2}/C{top + 2},4))'
    assert written.cell(top + 1, 2).value == "=HYPERLINK(1)"
    assert written.cell(top + 1, 2).data_type == "s", "a text, no formula"
    assert written.cell(top, 3).number_format == "[$-42A]#,##0"
    assert written.cell(top, 6).number_format == "[$-42A]0.00%"
    assert sheet.cached.cell(top + 1, 7).value.date() == date(2019, 7, 22)
    assert written.page_setup.orientation == "landscape"
    assert int(written.page_setup.paperSize) == 9
    assert (written.page_setup.fitToWidth, written.page_setup.fitToHeight) in ((None, 0), (1, 0))
    assert written.sheet_properties.pageSetUpPr.fitToPage
    assert written.freeze_panes == f"C{top}"
    assert written.print_title_rows == f"${top - 4}:${top - 1}"
    assert "&P" in written.oddFooter.center.text
    merged = {str(span) for span in written.merged_cells.ranges}
    assert {f"C{top - 4}:E{top - 4}", f"A{top - 4}:A{top - 2}", f"D{top - 3}:E{top - 3}"} <= merged
    assert written.column_dimensions["B"].width == pytest.approx(30, abs=1)
    for said in ("UBND TỈNH", "CỘNG HÒA", "SỐ LIỆU MÔ PHỎNG", "Đơn vị tính: hồ sơ", "Ghi chú 2: hai.", "THỦ TRƯỞNG"):
        assert sheet.said(said), said


def test_a_document_repeats_its_heading_and_keeps_lines_whole():
    document: Any = Document(BytesIO(made("docx", WHOLE)))
    section = document.sections[0]
    assert section.page_width > section.page_height
    grid = next(one for one in document.tables if len(one.columns) == len(COLUMNS))._tbl
    lines = grid.findall(qn("w:tr"))
    heads = [line.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None for line in lines]
    assert heads == [True] * 4 + [False] * len(ROWS)
    assert all(line.find(qn("w:trPr")).find(qn("w:cantSplit")) is not None for line in lines)
    assert cells_of_word(document, len(COLUMNS))[-3:] == [
        ["1", "=HYPERLINK(1)", "128.843", "125.638", "3.205", "97,51%", "22/07/2019"],
        ["2", "UBND xã <b>& #strong[Cam]", "0", "0", "0", "–", ""],
        ["", "Tổng số", "128.843", "125.638", "3.205", "97,51%", ""],
    ]
    fields = [each.get(qn("w:instr")).strip() for each in section.footer._element.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]


def test_a_pdf_is_an_archive_and_repeats_its_heading():
    many = [Row(str(n), (str(n), f"UBND xã số {n}", n, n, 0, "100.00", None)) for n in range(1, 121)]
    content = made("pdf", Filled(a_table(), many))
    reader: Any = PdfReader(BytesIO(content))
    assert len(reader.pages) > 2
    for n, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert "Tỷ lệ đúng hạn" in " ".join(text.split())
        assert f"{n}/{len(reader.pages)}" in text
        assert page.mediabox.width > page.mediabox.height
    metadata: Any = reader.trailer["/Root"]["/Metadata"].get_object()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata.get_data().decode()
    text = " ".join(PdfReader(BytesIO(made("pdf", WHOLE))).pages[0].extract_text().split())
    for said in ("128.843", "97,51%", "=HYPERLINK(1)", "<b>& #strong[Cam]", "SỐ LIỆU MÔ PHỎNG"):
        assert said in text, said


def _of(rows: int, **changes: Any) -> Filled:
    lines = [Row(str(n), (str(n), f"UBND xã số {n}", n, n, 0, "100.00", None)) for n in range(1, rows + 1)]
    return Filled(a_table(**changes), lines)


def test_nobody_signs_a_page_without_rows_of_the_table():
    """Whatever the number of rows: heading, last rows, notes and places to sign are on one page."""
    pages = set()
    for rows in range(12, 52):
        read: Any = PdfReader(BytesIO(made("pdf", _of(rows)))).pages
        pages.add(len(read))
        last = " ".join(read[-1].extract_text().split())
        for said in (f"UBND xã số {rows - 1} ", f"UBND xã số {rows} ", "Ghi chú 2", "THỦ TRƯỞNG", "Tỷ lệ đúng hạn"):
            assert said in last, (rows, said)
        assert sum(" ".join(page.extract_text().split()).count("UBND xã số") for page in read) == rows
    assert pages == {1, 2}


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_table_of_hardly_any_rows_is_signed_too(rows):
    (page,) = PdfReader(BytesIO(made("pdf", _of(rows)))).pages
    text = " ".join(page.extract_text().split())
    assert text.count("UBND xã số") == rows
    assert "Ghi chú 1: một. Ghi chú 2: hai." in text
    assert "THỦ TRƯỞNG" in text


def test_long_notes_may_be_parted_from_the_table():
    said = [f"Ghi chú {n}: " + "giải thích dài dòng " * 20 for n in range(30)]
    read: Any = PdfReader(BytesIO(made("pdf", _of(40, notes=said)))).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in read)
    assert [text.count(f"Ghi chú {n}: ") for n in range(30)] == [1] * 30
    assert "THỦ TRƯỞNG" in read[-1].extract_text()


def test_word_keeps_the_last_rows_on_the_page_that_is_signed():
    paragraphs = Document(BytesIO(made("docx", _of(40)))).element.body.iter(qn("w:p"))
    with_next = [each for each in paragraphs if each.find(f"{qn('w:pPr')}/{qn('w:keepNext')}") is not None]
    held = {"".join(text.text or "" for text in each.iter(qn("w:t"))).strip() for each in with_next}
    assert {"UBND xã số 39", "UBND xã số 40", "Ghi chú 1: một.", "Ghi chú 2: hai."} <= held
    assert "UBND xã số 38" not in held


def test_a_csv_keeps_formulas_texts():
    lines = made("csv", WHOLE).decode().splitlines()
    assert lines[0] == "row,key,number,name,resolved,on_time,late,rate,day,basis"
    assert lines[2] == "line,19333,1,'=HYPERLINK(1),128843,125638,3205,97.51,2019-07-22,as_known_now"


@pytest.mark.parametrize("format", PRESSES)
def test_the_same_table_is_the_same_bytes(format):
    first = made(format, WHOLE)
    assert made(format, WHOLE) == first
    assert made(format, Filled(a_table(title="KHÁC", unit="khác"), ROWS)) != first or format == "csv"


@pytest.mark.parametrize("format", ["xlsx", "docx"])
def test_no_file_says_who_made_it_or_when_it_was_printed(format):
    with zipfile.ZipFile(BytesIO(made(format, WHOLE))) as parts:
        core = parts.read("docProps/core.xml").decode()
    assert "2019-07-24T08:00:00Z" in core
    assert set(re.findall(r"\d{4}-\d\d-\d\d", core)) == {"2019-07-24"}


@pytest.mark.parametrize(
    "asked",
    [
        {"group_by": "agency"},
        {"group_by": "level,agency"},
        {"group_by": "level,month"},
        {"group_by": "tree"},
        {"group_by": "month"},
        {"group_by": "channel"},
        {"group_by": "officer"},
        {"group_by": "sector", "definition": "decree-61"},
        {"group_by": "none"},
    ],
    ids=lambda asked: asked["group_by"],
)
async def test_a_report_in_every_format_has_the_figures_of_the_json(database, issuer: LocalIssuer, asked):
    """Each number, in each of the files, and what the formulas come to."""
    async with a_scene(database, issuer, seed=21, dossiers=120) as scene:
        await write(scene.owner, scene.histories)
        params = {"agency": "45", "from": A.isoformat(), "to": B.isoformat(), "as_of": "2020-05-31T08:00:00+07:00"}
        params |= asked
        report = (await scene.client.get("/v1/reports/resolution", params=params)).json()
        total = {"key": "", "printed_name": "Tổng số", **report["total"]}
        rows = [*report["rows"], total]
        groupings = asked["group_by"].split(",")
        coded = {"agency", "tree", "procedure", "officer"}  # the other keys are words for programs

        def code(row: dict[str, Any]) -> str:
            return row["key"] if row.get("by", groupings[0]) in coded and row["key"] != "unassigned" else ""

        async def file(format: str) -> bytes:
            answer = await scene.client.get("/v1/reports/resolution", params={**params, "format": format})
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-disposition"].endswith(f'filename="resolution.{format}"')
            return answer.content

        sheet = sheet_of(await file("xlsx"))
        assert len(sheet.rows) == len(rows)
        for place, row in enumerate(rows):
            cells = sheet.rows[place]
            assert (cells[0] or "", cells[1]) == (code(row), row["printed_name"])
            assert cells[2:18] == [row[name] for name in COUNT_NAMES]
            for cell, name in zip(cells[18:22], RATE_NAMES, strict=True):
                assert cell == ("–" if row[name] is None else pytest.approx(float(row[name]) / 100))
            for n in range(2, 22):
                if sheet.formula(place, n):
                    worth = sheet.worked_out(place, n)
                    assert worth == (cells[n] if isinstance(worth, str) else pytest.approx(cells[n], abs=1e-9))
        added = sheet.formula(len(rows) - 1, 2).startswith("=SUM(")
        assert added == (asked["group_by"].split(",")[0] not in ("month", "tree", "none"))
        shown = [
            [
                code(row),
                row["printed_name"],
                *(printed(Kind.COUNT, row[name]) for name in COUNT_NAMES),
                *(printed(Kind.PERCENT, row[name]) for name in RATE_NAMES),
                *(printed(Kind.PERCENT, each["value"]) for each in row.get("rates", {}).values()),
            ]
            for row in rows
        ]
        document = Document(BytesIO(await file("docx")))
        assert cells_of_word(document, len(shown[0]))[-len(rows) :] == shown
        text = " ".join(page.extract_text() for page in PdfReader(BytesIO(await file("pdf"))).pages)
        text = "".join(text.replace("\u200b", "").split())
        for row_shown in shown:
            assert "".join("".join(row_shown[2:]).split()) in text


def test_a_table_tells_two_prints_apart():
    given = {"agency": "45", "first": date(2019, 1, 1), "last": date(2019, 6, 30), "definition": "resolution/1"}
    instant = datetime(2019, 7, 24, 1, tzinfo=UTC)
    now = Provenance(**given, as_of=None, known_at=instant, synthetic=False)  # type: ignore[arg-type]
    then = Provenance(**given, as_of=instant, known_at=instant, synthetic=True)  # type: ignore[arg-type]
    assert now.basis == "Số liệu theo dữ liệu hiện có, lấy lúc 08:00:00 ngày 24/07/2019"
    assert then.basis == "Số liệu như đã được ghi nhận đến 08:00:00 ngày 24/07/2019"
    assert (now.warning, then.warning) == ("", "SỐ LIỆU MÔ PHỎNG – không phải hồ sơ thật")


def test_openpyxl_reads_what_a_row_at_a_time_was_written():
    """In constant memory a row that is out of order is lost without a word: none is."""
    rows = [Row(str(n), (str(n), f"UBND số {n}", n, n, 0, "100.00", date(2019, 1, 1))) for n in range(1, 3001)]
    file = BytesIO()
    sheet = xlsx.Sheet(a_table(), file)
    for begin in range(0, len(rows), 700):
        sheet.write(rows[begin : begin + 700])
    sheet.close()
    book = load_workbook(BytesIO(file.getvalue()), data_only=True)
    names = [line[1] for line in book.worksheets[0].iter_rows(values_only=True) if str(line[1]).startswith("UBND số")]
    assert names == [f"UBND số {n}" for n in range(1, 3001)]


def test_a_sum_of_many_cells_stays_within_what_a_spreadsheet_takes():
    few, many = xlsx._sum([f"D{n}" for n in range(1, 256)]), xlsx._sum([f"D{n}" for n in range(1, 500)])
    assert few.count("SUM(") == 1
    assert many.count("SUM(") == 2
    assert all(part.count(",") < 255 for part in many.split("+"))
    assert sorted(re.findall(r"D\d+", many)) == sorted(f"D{n}" for n in range(1, 500)), "each once"
    assert xlsx._sum([f"D{n}" for n in range(1, 5000)]) == "", "its value stands"


def test_a_title_of_any_length_goes_into_a_document():
    document = Document()
    elements.set_about(document, "Biểu " + "dài " * 300, datetime(2026, 11, 27, tzinfo=UTC))
    assert len(document.core_properties.title) == 255
