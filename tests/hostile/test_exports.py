"""Spreadsheets take a cell that begins like a formula for one. Whatever is stored (names of applicants, agencies and
sectors, what is entered of a form), every export in CSV or XLSX hands it on as text, and every other file is made."""

import csv
import io
import json
import re
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from openpyxl import load_workbook

from services.local_issuer import LocalIssuer
from services.serve import app_of
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.streams import csv_lines
from tests.conftest import Database
from tests.contracts.documents import ALL, Operation
from tests.hostile.calls import Scene
from tests.hostile.conftest import NOBODY
from tests.hostile.corpus import FORMULAS, PATHS, SQL, TEMPLATES
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer, serving, settings_for

FORMS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "ndjson": "application/x-ndjson",
}
#: What a name may be: control characters it may not have.
NAMES = [text for text in (*FORMULAS, *SQL, *TEMPLATES, *PATHS) if text.isprintable()]
_OURS = re.compile(r'=(SUM\([A-Z0-9:,]+\)|[A-Z]+\d+(\+[A-Z]+\d+)+|IF\([A-Z]+\d+=0,"–",ROUND\([A-Z0-9/]+,4\)\))')
_PLAIN = re.compile(r"-?\d+([.,]\d+)?")
_TODAY = civil_day(now())
_PERIOD = {"from": (_TODAY - timedelta(days=60)).isoformat(), "to": _TODAY.isoformat()}


def a_formula(cell: str) -> bool:
    """What programs take for one, in its full-width forms too; a number is none."""
    begins = cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) or cell.lstrip().startswith(tuple("=+-@＝＋－＠"))
    return begins and _PLAIN.fullmatch(cell) is None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def full(database: Database, issuer: LocalIssuer) -> AsyncIterator[Scene]:
    """Dossiers that are long late and others, whose applicants, agencies, sectors and procedures have such names; a
    form that is called so, and a sealed edition."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE agency SET name = $1 || name", '=HYPERLINK("x")')
    await owner.execute("UPDATE procedure_version SET sector = $1 || sector, name = $2 || name", "＋1 ", "@SUM(1) ")
    settings = settings_for(database, issuer, intake_url=NOBODY, routing_url=NOBODY, stats_url=NOBODY)
    async with (
        serving(app_of("intake").create_app(settings)) as intake,
        serving(app_of("routing").create_app(settings)) as routing,
        serving(app_of("stats").create_app(settings)) as stats,
    ):
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        scene = Scene(intake, routing, issuer, stats, owner)
        sent = {**bearer(issuer, "admin", PROVINCE), "Content-Type": "application/x-ndjson"}
        run = await intake.post(
            "/v1/imports", content="\n".join(json.dumps(a_record(name)) for name in NAMES), headers=sent
        )
        assert (run.json()["created"], run.json()["rejected"]) == (len(NAMES), 0)
        for name in NAMES:
            draft = a_draft(name=name, procedure=REGISTER_COPY, summary=name)
            await scene.did(intake, "/v1/dossiers", "counter", WARD, draft)
        report = {"report": "resolution", "parameters": {"agency": PROVINCE, **_PERIOD, "group_by": "tree"}}
        await scene.did(stats, "/v1/reports/editions", "leader", PROVINCE, {**report, "note": FORMULAS[0]})
        yield scene
    await owner.close()


def a_record(name: str) -> dict[str, Any]:
    """A dossier of another system that is long late."""
    return {
        **{"procedure": REGISTER_COPY, "agency": WARD, "channel": "counter"},
        "applicant": {"kind": "person", "name": name},
        "accepted_at": (now() - timedelta(days=30)).isoformat(),
        "legacy_code": f"={NAMES.index(name)}",
    }


def test_what_a_csv_holds() -> None:
    for text in (*FORMULAS, "\n=1", "-", "=", "＋1", "－1", "＠A", "-1", "  =1+1", "\u00a0=1", "\u3000＝1", " -1"):
        ((cell,),) = csv.reader(io.StringIO(csv_lines([[text]]), newline=""))
        assert cell == f"'{text}", "a text that looks like a number or a formula stays a text"
    assert csv_lines([[-1, 2.5, None, True]]) == "-1,2.5,,true\r\n"


def exports() -> list[tuple[Operation, str]]:
    """Every operation that makes a file, and its forms. A file that was sent is given back as it is."""
    return [
        (operation, form)
        for operation in ALL
        for form, media in FORMS.items()
        if media in operation.told["responses"].get("200", {}).get("content", {})
        and "anchors" not in operation.path
        and operation.told["operationId"] not in ("readFileContent", "fetchFile")
    ]


#: What each is asked for, so that there is something in it.
ASKED: dict[str, dict[str, str]] = {
    **{key: {"agency": PROVINCE} for key in ("listOverdue", "listOwedApologies")},
    "listDueSoon": {"agency": PROVINCE, "max_days": "10"},
    "resolutionReport": {"agency": PROVINCE, **_PERIOD, "group_by": "procedure"},
    "resolutionReportDossiers": {"agency": PROVINCE, **_PERIOD, "figure": "received"},
    **{key: {"agency": PROVINCE, **_PERIOD} for key in ("tableII06a", "letterAnnex", "lateList")},
    "index766Report": {"agency": PROVINCE, **_PERIOD},
    "readLedger": {"agency": WARD, **_PERIOD},
}


@pytest.mark.parametrize(("operation", "form"), exports(), ids=lambda part: str(part))
async def test_no_cell_is_a_formula_that_is_not_ours(full: Scene, operation: Operation, form: str) -> None:
    name = operation.told["operationId"]
    call = await full.call(operation)
    path = operation.path.format_map({**call.path, "format": form})
    asked = {**ASKED.get(name, {}), **({} if "{format}" in operation.path else {"format": form})}
    answer = await full.room(operation.room).get(path, params=asked, headers=call.headers)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith(FORMS[form])
    if form == "csv":
        assert not answer.content.startswith(BOM_UTF8), "the first column would have another name to whoever reads it"
    cells = list(cells_of(form, answer))
    assert not [cell for cell in cells if a_formula(cell)]
    if cells:
        assert any(cell.lstrip("'").startswith(("=", "@", "＋")) for cell in cells), "something of it is there"


def cells_of(form: str, answer: httpx.Response) -> list[str]:
    """What stands in the cells of a spreadsheet; what it reckons itself is looked at here, and left out."""
    if form == "csv":
        return [cell for row in csv.reader(io.StringIO(answer.content.decode(), newline="")) for cell in row]
    if form != "xlsx":
        return []
    (sheet,) = load_workbook(io.BytesIO(answer.content)).worksheets
    texts = []
    for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
        if cell.data_type == "f":
            assert _OURS.fullmatch(str(cell.value)), f"{cell.coordinate}: {cell.value}"
        elif cell.data_type == "s":
            texts.append(f"'{cell.value}")  # a string in the file itself: no program reads it as anything else
    return texts
