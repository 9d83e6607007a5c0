"""Mã hồ sơ of an import: codes issued elsewhere are kept, nobody takes one, and numbers go on behind them."""

import httpx
import pytest

from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now as clock_now
from tests.intake.importing import a_record, ndjson, sent
from tests.support import a_draft, bearer


async def test_numbers_go_on_behind_codes_issued_elsewhere(importer: httpx.AsyncClient) -> None:
    own = a_record(1, code="19333-190304-0041")
    await sent(importer, ndjson([own, a_record(2), a_record(3)]))
    codes = {(await importer.get(f"/v1/dossiers/MC-{n}")).json()["code"] for n in (1, 2, 3)}
    assert codes == {"19333-190304-0041", "19333-190304-0042", "19333-190304-0043"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("code", "19351-190304-0003"),
        ("code", "19333-299901-0001"),
        ("code", "19333-681231-0001"),
        ("legacy_code", "19351-190304-0003"),
    ],
)
async def test_nobody_takes_the_codes_that_others_will_issue(importer: httpx.AsyncClient, name: str, code: str) -> None:
    run = await sent(importer, ndjson([a_record(1, **{name: code})]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["reasons"][0]["code"] == "not_of_this_reception"


async def test_a_number_beyond_all_measure_is_no_code(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, ndjson([a_record(1, code="19333-190304-2147483647"), a_record(2)]))
    assert (run["created"], run["rejected"]) == (1, 1)
    assert (await importer.get("/v1/dossiers/MC-2")).json()["code"] == "19333-190304-0001"


async def test_receptions_go_on_behind_an_imported_code_of_today(
    importer: httpx.AsyncClient, issuer: LocalIssuer
) -> None:
    today = civil_day(clock_now())
    code = f"19333-{today:%y%m%d}-0041"
    run = await sent(importer, ndjson([a_record(1, agency="19333", code=code)]))
    assert run["created"] == 1
    headers = bearer(issuer, "counter", "19333")
    made = await importer.post("/v1/dossiers", json=a_draft(), headers=headers)
    assert made.json()["code"] == f"19333-{today:%y%m%d}-0042"


async def test_a_code_belongs_to_one_dossier(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(1, code="19333-190304-0007")]))
    run = await sent(importer, ndjson([a_record(2, code="19333-190304-0007")]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["reasons"] == [{"field": "code", "code": "already_used", "reason": "mã này đã thuộc hồ sơ khác"}]
