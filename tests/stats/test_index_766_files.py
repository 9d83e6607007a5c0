"""Bộ chỉ số 766 on paper: opened again by a library, every file has the numbers of the JSON; and months are cut."""

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest_asyncio
from docx import Document
from pypdf import PdfReader

from stats_service.exports.table import printed
from stats_service.index_766.printing import COLUMNS
from tests.stats.october import october
from tests.stats.sheets import cells_of_word, sheet_of
from tests.support import PROVINCE, WARD

ASKED = {
    "agency": PROVINCE,
    "from": "2025-09-01",
    "to": "2025-10-31",
    "as_of": "2025-11-20T08:00:00+07:00",
}
NAMES = [column.name for column in COLUMNS]
POINTS = ("score", "computed", "max", "max_computed")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(database, issuer) -> AsyncIterator[httpx.AsyncClient]:
    """The service over October 2025."""
    async with october(database, issuer) as made:
        yield made


async def got(client: httpx.AsyncClient, **changed: str | None) -> httpx.Response:
    params = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    answer = await client.get("/v1/reports/index-766", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def expected(report: dict[str, Any]) -> list[list[Any]]:
    """The lines of the table, told from the JSON alone."""
    lines: list[list[Any]] = []
    whole = report["progress"]
    for group in report["groups"]:
        lines.append(["", group["name_vi"], None, None, group["ratio"], *(group[name] for name in POINTS), ""])
        for metric in group["metrics"]:
            why = metric["unavailable"]["why_vi"] if metric["unavailable"] else ""
            made = [metric[name] for name in ("numerator", "denominator", "ratio", "score")]
            lines.append([str(metric["no"]), metric["name_vi"], *made, None, metric["max"], None, why])
    total = report["total"]
    lines.append(["", "Tổng số", None, None, total["ratio"], *(total[name] for name in POINTS), ""])
    all_of_it = [whole["on_time"], whole["received"], whole["ratio"], None, None, None, None, ""]
    lines.append(["", "Các đơn vị trực thuộc: tiến độ giải quyết", *all_of_it])
    for n, child in enumerate(report["children"], start=1):
        progress = [child["progress"][name] for name in ("on_time", "received", "ratio")]
        own = "Hồ sơ của chính đơn vị" if child["own"] else ""
        lines.append([str(n), child["printed_name"], *progress, *(child["total"][name] for name in POINTS), own])
    lines.append(["", f"Các tháng của năm {report['months'][0]['month'][:4]}: tiến độ giải quyết", *all_of_it])
    for n, month in enumerate(report["months"], start=1):
        name = f"Tháng {n:02d}/{month['month'][:4]}"
        lines.append([str(n), name, ..., month["received"], month["on_time_rate"], None, None, None, None, ""])
    return lines


def same(found: list[Any], line: list[Any]) -> bool:
    """Whether a line of a file is one of the JSON; JSON does not have the numerators of months."""
    return len(found) == len(line) and all(b is ... or a == b for a, b in zip(found, line, strict=True))


def in_a_cell(name: str, value: Any) -> Any:
    if value is None:
        return "–" if name not in ("number", "name", "note") else None
    if name == "ratio":
        return round(float(value) / 100, 4)
    if name in POINTS:
        return float(value)
    if value == "":
        return None
    return int(value) if name == "number" else value


async def test_the_same_numbers_stand_in_every_file(client):
    report = (await got(client)).json()
    assert any(child["progress"]["received"] for child in report["children"])
    assert any(month["received"] for month in report["months"])
    lines = expected(report)

    answer = await got(client, format="csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="index-766.csv"'
    read = list(csv.DictReader(StringIO(answer.text)))
    assert len(read) == len(lines)
    for found, line in zip(read, lines, strict=True):
        texts = [value if value is ... else "" if value is None else str(value) for value in line]
        assert same([found[name] for name in NAMES], texts), (found, line)
        assert (found["definition"], found["basis"], found["agency"]) == ("766/1", "as_recorded_then", PROVINCE)
    codes = [code for group in report["groups"] for code in [group["code"], *(m["code"] for m in group["metrics"])]]
    assert [found["key"] for found in read][: len(codes)] == codes

    sheet = sheet_of((await got(client, format="xlsx")).content)
    assert len(sheet.rows) == len(lines)
    for cells, line in zip(sheet.rows, lines, strict=True):
        wanted = [v if v is ... else in_a_cell(name, v) for name, v in zip(NAMES, line, strict=True)]
        assert same([None if cell == "" else cell for cell in cells], wanted), (cells, wanted)

    on_paper = [
        [v if v is ... else printed(column.kind, v) for column, v in zip(COLUMNS, line, strict=True)] for line in lines
    ]
    word = Document(BytesIO((await got(client, format="docx")).content))
    found_in_word = cells_of_word(word, len(COLUMNS))[-len(lines) :]
    for cells, line in zip(found_in_word, on_paper, strict=True):
        assert same(cells, line), (cells, line)

    pages = PdfReader(BytesIO((await got(client, format="pdf")).content)).pages
    text = "".join("".join(page.extract_text().split()) for page in pages)
    for line in on_paper:
        figures = "".join("".join(str(value).split()) for value in line[3:9])
        assert figures in text, line


async def test_the_name_of_an_indicator_is_indented_and_its_note_is_not(client):
    name, note = NAMES.index("name"), NAMES.index("note")
    sheet = sheet_of((await got(client, format="xlsx")).content)
    cells = [sheet.written[sheet.first + n] for n in range(len(sheet.rows))]
    assert {line[name].alignment.indent for line in cells} == {0, 1}
    assert {line[note].alignment.indent for line in cells if line[note].value} == {0}
    word = Document(BytesIO((await got(client, format="docx")).content))
    texts = [[cell.text for cell in row.cells] for table in word.tables for row in table.rows]
    lines = [line for line in texts if len(line) == len(NAMES)]
    assert any(line[name].startswith("\u2002") and line[note] for line in lines)
    assert not any(line[note].startswith("\u2002") for line in lines)


async def test_what_the_numbers_bear_on_stands_below_the_table(client):
    told = (await got(client)).json()["contributes_to"]
    assert [one["index"] for one in told] == ["PAR INDEX", "SIPAS"]
    sheet = sheet_of((await got(client, format="xlsx")).content)
    word = Document(BytesIO((await got(client, format="docx")).content))
    pages = PdfReader(BytesIO((await got(client, format="pdf")).content)).pages
    on_pages = "".join("".join(page.extract_text().split()) for page in pages)
    for n, one in enumerate(told, start=3):
        assert one["confirmed"] is False
        note = f"Ghi chú {n}: {one['index']}: {one['text_vi']} Nguồn: {one['source']}, chưa xác nhận."
        assert sheet.said(note)
        assert any(note in paragraph.text for paragraph in word.paragraphs)
        assert "".join(note.split()) in on_pages


async def test_an_agency_without_units_below_has_a_table_too(client):
    report = (await got(client, agency=WARD)).json()
    read = list(csv.DictReader(StringIO((await got(client, agency=WARD, format="csv")).text)))
    assert ("children" in {line["key"] for line in read}) == bool(report["children"])


async def test_a_month_that_is_cut_is_the_index_of_its_days(client):
    named = {"from": None, "to": None, "period": "2025-10", "cut": "21-20"}
    by_name = (await got(client, **named)).json()
    assert by_name["period"] == {"from": "2025-09-21", "to": "2025-10-20"}
    by_days = (await got(client, **{"from": "2025-09-21", "to": "2025-10-20"})).json()
    for name in ("progress", "channels", "groups", "children", "total"):
        assert by_name[name] == by_days[name]
    shown = {month["month"]: month["received"] for month in by_name["months"]}
    assert shown["2025-10"] == by_name["progress"]["received"] > 0
    assert shown["2025-09"] is None
    wrong = await client.get("/v1/reports/index-766", params={**ASKED, "cut": "10-9"})
    assert [(each["field"], each["code"]) for each in wrong.json()["errors"]] == [("cut", "not_one_of")]
    wrong = await client.get("/v1/reports/index-766", params={**ASKED, "format": "xml"})
    assert [(each["field"], each["code"]) for each in wrong.json()["errors"]] == [("format", "not_one_of")]
