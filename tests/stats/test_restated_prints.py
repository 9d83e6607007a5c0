"""A table whose figures are restated on today's map says so, in JSON and in every file; another does not."""

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from shared.contracts.official_tables import Annex, FormTable, LateList
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.builders_log import write
from tests.stats.scenes import PERIODS, a_scene
from tests.stats.sheets import sheet_of

A, B = PERIODS[0]
REPORTS = ("resolution", "official-tables/ii-06a", "official-tables/annex", "official-tables/late-list")
MODELS: dict[str, Any] = {"ii-06a": FormTable, "annex": Annex, "late-list": LateList}


def text_of(content: bytes, format: str) -> str:
    if format == "pdf":
        found = " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    else:
        found = " ".join(paragraph.text for paragraph in Document(BytesIO(content)).paragraphs)
    return " ".join(found.replace("\u200b", "").split())


@pytest.mark.parametrize("units", ["then", "today"])
async def test_what_is_restated_says_so(database: Any, issuer: Any, units: str) -> None:
    async with a_scene(database, issuer, seed=23, dossiers=40) as scene:
        await write(scene.owner, scene.histories)
        asked = {"agency": "45", "from": A.isoformat(), "to": B.isoformat(), "units": units}
        today = civil_day(now())
        said = f"Số liệu quy về đơn vị hiện nay, theo danh mục đơn vị ngày {today:%d/%m/%Y}"
        for report in REPORTS:
            grouped = {"group_by": "agency"} if report == "resolution" else {}
            files = {}
            for format in ("json", "csv", "xlsx", "docx", "pdf"):
                params = {**asked, **grouped, "format": format}
                answer = await scene.client.get(f"/v1/reports/{report}", params=params)
                assert answer.status_code == 200, answer.text
                files[format] = answer
            told = files["json"].json()
            if report == "resolution":
                assert told["units"] == units
            else:
                MODELS[told["table"]].model_validate(told)
                assert told["restated_on"] == (today.isoformat() if units == "today" else None), report
            if told.get("table") in ("ii-06a", "annex"):
                assert told["units"] == units, "by the name of the parameter, as the resolution report has it"
            lines = list(csv.DictReader(StringIO(files["csv"].text)))
            assert {line["units"] for line in lines} == {units}, report
            assert sheet_of(files["xlsx"].content).said(said) is (units == "today"), report
            for format in ("docx", "pdf"):
                assert (said in text_of(files[format].content, format)) is (units == "today"), (report, format)
