"""Sổ theo dõi hồ sơ: of an agency, with all under it, for the dossiers received in a period; bounded."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from docx import Document

from intake_service.forms import usecases
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.intake.lives import did, reasons, received, submitted
from tests.intake.test_form_press import text_of
from tests.support import JUSTICE, PROVINCE, WARD, bearer


def asked(agency: str = WARD, **more: Any) -> dict[str, str]:
    """The ledger of today."""
    today = civil_day(now()).isoformat()
    return {"agency": agency, "from": today, "to": today, "reason": "In sổ để lưu", **more}


async def test_it_lists_what_was_received_in_order(intake: httpx.AsyncClient) -> None:
    first = await received(intake, applicant={"kind": "person", "name": "Lê Văn Ánh", "address": "5 Lê Lợi"})
    second = await received(intake, return_channel="post")
    unseen = await submitted(intake)
    await did(intake, first, "finish")
    answer = await intake.get("/v1/ledger.docx", params=asked())
    assert answer.status_code == 200, answer.text
    table = Document(BytesIO(answer.content)).tables[-1]
    rows = {row.cells[1].text: [cell.text for cell in row.cells] for row in table.rows[1:]}
    assert list(rows) == sorted(rows)
    assert unseen["code"] not in rows, "a submission is not received"
    one, two = rows[first["code"]], rows[second["code"]]
    assert (one[2], one[4], one[5]) == (first["procedure_name"], "Lê Văn Ánh", "5 Lê Lợi")
    assert (one[10], two[10]) == ("Trực tiếp", "Bưu chính công ích")
    assert (one[12], two[12]) == ("Trước hạn", "Được tiếp nhận")
    assert [row[0] for row in rows.values()] == [str(number) for number in range(1, len(rows) + 1)]
    said = text_of((await intake.get("/v1/ledger.pdf", params=asked())).content)
    assert "SỔ THEO DÕI HỒ SƠ" in said
    assert "Mẫu số 07" in said
    assert f"Tổng số: {len(rows)} hồ sơ" in said
    assert "Lê Văn Ánh" in said


async def test_the_same_ledger_is_the_same_bytes(intake: httpx.AsyncClient) -> None:
    await received(intake)
    for name in ("pdf", "docx"):
        one, two = [(await intake.get(f"/v1/ledger.{name}", params=asked())).content for _ in range(2)]
        assert one == two


async def test_a_higher_agency_has_those_under_it_and_the_scope_bounds_it(
    intake: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    dossier = await received(intake)
    province = bearer(issuer, "leader", PROVINCE)
    said = text_of((await intake.get("/v1/ledger.pdf", params=asked(PROVINCE), headers=province)).content)
    assert dossier["code"].replace("-", "") in said.replace("-", "").replace(" ", "")
    outside = await intake.get("/v1/ledger.pdf", params=asked(PROVINCE))
    assert (outside.status_code, outside.json()["code"]) == (403, "agency_out_of_scope")
    elsewhere = await intake.get("/v1/ledger.pdf", params=asked(), headers=bearer(issuer, "counter", JUSTICE))
    assert elsewhere.status_code == 403
    citizen = await intake.get("/v1/ledger.pdf", params=asked(), headers=bearer(issuer, "citizen", PROVINCE))
    assert citizen.status_code == 403


async def test_an_empty_period_is_an_empty_ledger(intake: httpx.AsyncClient) -> None:
    answer = await intake.get("/v1/ledger.pdf", params=asked(**{"from": "2020-01-01", "to": "2020-01-31"}))
    said = text_of(answer.content)
    assert "Tổng số: 0 hồ sơ" in said
    assert "Mẫu số 06 (Thông tư số 01/2018/TT-VPCP)" in said


async def test_more_than_its_lines_is_refused_and_says_how_many(
    intake: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await received(intake)
    monkeypatch.setattr(usecases, "MOST_ROWS", 2)
    answer = await intake.get("/v1/ledger.pdf", params=asked(), headers={"Accept-Language": "en"})
    assert reasons(answer) == {("from", "ledger_too_long")}
    assert "more than 2 dossiers" in answer.json()["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, ("to", "period_reversed")),
        ({"to": "2108-01-01"}, ("to", "period_in_future")),
        ({"from": "1/2/2026"}, ("from", "malformed")),
        ({"agency": "nowhere"}, ("agency", "unknown_agency")),
        ({"page": "2"}, ("query", "unknown_parameter")),
    ],
)
async def test_bad_questions(intake: httpx.AsyncClient, changes: dict[str, str], found: tuple[str, str]) -> None:
    assert reasons(await intake.get("/v1/ledger.pdf", params=asked(**changes))) == {found}


async def test_a_period_is_needed(intake: httpx.AsyncClient) -> None:
    answer = await intake.get("/v1/ledger.pdf", params={"agency": WARD})
    assert reasons(answer) == {("from", "required"), ("to", "required")}


async def test_the_days_are_vietnams(intake: httpx.AsyncClient) -> None:
    dossier = await received(intake)
    today, yesterday = civil_day(now()).isoformat(), (civil_day(now()) - timedelta(days=1)).isoformat()
    for day, stands in ((today, True), (yesterday, False)):
        said = text_of((await intake.get("/v1/ledger.pdf", params=asked(**{"from": day, "to": day}))).content)
        assert (dossier["code"] in said) is stands
