"""Đơn vị trùng tên: UBND Phường 1 of Đông Hà and of Quảng Trị are told apart in every table, and alike in all."""

import csv
from io import BytesIO, StringIO
from typing import Any

from docx import Document
from pypdf import PdfReader

from services import tables
from tests.builders_log import write
from tests.stats.scenes import PERIODS, Scene, a_scene
from tests.stats.sheets import cells_of_word, sheet_of

A, B = PERIODS[0]
ASKED = {"agency": "45", "from": A.isoformat(), "to": B.isoformat(), "as_of": "2020-05-31T08:00:00+07:00"}
SHARED = {"UBND Phường 1", "UBND Phường 2", "UBND Phường 3"}


async def content(scene: Scene, path: str, **more: str) -> bytes:
    answer = await scene.client.get(f"/v1/reports/{path}", params={**ASKED, **more})
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_the_resolution_report_tells_them_apart_in_every_format(database, issuer):
    async with a_scene(database, issuer, seed=31) as scene:
        await write(scene.owner, scene.histories)
        report: dict[str, Any] = await scene.report(**ASKED, group_by="agency")
        rows = report["rows"]
        printed = [row["printed_name"] for row in rows]
        assert len(set(printed)) == len(printed)
        names = [row["name"] for row in rows]
        above = {row["key"]: row["name"] for row in rows}
        for row in rows:
            if names.count(row["name"]) == 1:
                assert row["printed_name"] == row["name"]
            elif row["name"] in SHARED:
                assert row["printed_name"] == f"{row['name']} ({above[row['parent']]})"
        assert {row["name"] for row in rows if row["printed_name"] != row["name"]} >= SHARED

        asked = {"group_by": "agency"}
        lines = list(csv.DictReader(StringIO((await content(scene, "resolution", **asked, format="csv")).decode())))
        assert [line["name"] for line in lines[:-1]] == printed
        sheet = sheet_of(await content(scene, "resolution", **asked, format="xlsx"))
        assert [row[1] for row in sheet.rows[:-1]] == printed
        word = Document(BytesIO(await content(scene, "resolution", **asked, format="docx")))
        assert [row[1] for row in cells_of_word(word, len(sheet.rows[0]))[-len(rows) - 1 : -1]] == printed
        pdf = PdfReader(BytesIO(await content(scene, "resolution", **asked, format="pdf")))
        text = "".join("".join(page.extract_text().split()) for page in pdf.pages)
        for name in printed:
            assert "".join(name.split()) in text, name
        shown = list(tables.resolution_table(report).columns[0].cells)
        assert [name for name, cell in zip(printed, shown, strict=False) if name not in str(cell)] == []


async def test_what_is_within_a_level_and_by_month_is_told_apart_too(database, issuer):
    async with a_scene(database, issuer, seed=32) as scene:
        await write(scene.owner, scene.histories)
        rows = (await scene.report(**ASKED, group_by="level,agency,channel"))["rows"]
        agencies = [row for row in rows if row["by"] == "agency"]
        assert len({row["printed_name"] for row in agencies}) == len(agencies)
        assert all(row["printed_name"] == row["name"] for row in rows if row["by"] != "agency")


async def test_official_tables_call_units_as_the_report_does(database, issuer):
    async with a_scene(database, issuer, seed=33) as scene:
        await write(scene.owner, scene.histories)
        report = await scene.report(**ASKED, group_by="agency")
        printed = {row["key"]: row["printed_name"] for row in report["rows"]}
        for table in ("ii-06a", "annex"):
            rows = (await scene.client.get(f"/v1/reports/official-tables/{table}", params=ASKED)).json()["rows"]
            units = {row["key"]: row["name"] for row in rows if row["row"] == "line"}
            assert units == printed
        late = (
            await scene.client.get("/v1/reports/official-tables/late-list", params={**ASKED, "limit": "1000"})
        ).json()
        assert late["items"]
        assert {(row["key"], row["agency_name"]) for row in late["items"]} <= printed.items()
        assert {(unit["key"], unit["name"]) for unit in late["units"]} <= printed.items()
