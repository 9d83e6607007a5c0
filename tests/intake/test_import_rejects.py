"""Bản ghi bị từ chối: the good records land, the bad ones are kept with their line and every reason."""

import json
from typing import Any

import asyncpg
import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.intake.importing import NDJSON, a_record, as_csv, ndjson, sent
from tests.support import at, bearer

REJECTED: list[tuple[dict[str, Any], str, str]] = [
    ({"procedure": "9.999999"}, "procedure", "unknown_procedure"),
    ({"agency": "no-such"}, "agency", "unknown_agency"),
    ({"agency": "44"}, "agency", "agency_not_in_force"),
    ({"procedure": "1.000010"}, "procedure", "not_offered_at_level"),
    ({"channel": "fax"}, "channel", "not_one_of"),
    (
        {"accepted_at": "2100-01-01T00:00:00+07:00", "finished_at": None, "returned_at": None, "outcome": None},
        "accepted_at",
        "in_future",
    ),
    ({"submitted_at": at("Tuesday 2019-03-05 08:00").isoformat()}, "accepted_at", "before_submission"),
    ({"finished_at": at("Friday 2019-03-01 08:00").isoformat()}, "finished_at", "before_acceptance"),
    ({"returned_at": at("Tuesday 2019-03-05 09:00").isoformat()}, "returned_at", "before_finish"),
    ({"finished_at": None}, "returned_at", "needs_finish"),
    ({"accepted_at": "2017-03-06T08:00:00+07:00", "submitted_at": None}, "accepted_at", "calendar_missing"),
    ({"accepted_at": "2019-03-04T08:10:00"}, "accepted_at", "without_offset"),
    ({"accepted_at": "yesterday"}, "accepted_at", "malformed"),
    ({"code": "no code"}, "code", "malformed_code"),
    ({"applicant": {"kind": "person", "name": "a\u0001"}}, "applicant.name", "control_characters"),
    ({"surprise": "x"}, "surprise", "unknown_field"),
    ({"supplements": [{"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}]}, "finished_at", "supplement_open"),
    ({"outcome": "lost"}, "outcome", "not_one_of"),
    ({"due_at": at("Friday 2019-03-01 17:00").isoformat()}, "due_at", "before_acceptance"),
]


@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_bad_records_are_rejected_with_line_and_reason(importer: httpx.AsyncClient, form: str) -> None:
    # An unknown column is a fault of a CSV's header, not of its records.
    faults = [fault for fault in REJECTED if form == "ndjson" or fault[2] != "unknown_field"]
    bad = [a_record(100 + index, **change) for index, (change, _, _) in enumerate(faults)]
    records = [a_record(1), *bad, a_record(2)]
    body, media = (ndjson(records), NDJSON) if form == "ndjson" else (as_csv(records), "text/csv")
    run = await sent(importer, body, media)
    assert (run["created"], run["rejected"]) == (2, len(bad))
    rejects = (await importer.get(run["rejects"])).json()["items"]
    first_line = 2 if form == "ndjson" else 3
    assert [reject["line"] for reject in rejects] == list(range(first_line, first_line + len(bad)))
    for reject, (_, field, code) in zip(rejects, faults, strict=True):
        assert (field, code) in {(reason["field"], reason["code"]) for reason in reject["reasons"]}, reject
        assert all(reason["reason"] for reason in reject["reasons"])


@pytest.mark.parametrize("case", [True, "1", 1.5, 0, 100, "x"])
async def test_a_case_is_a_number(importer: httpx.AsyncClient, case: object) -> None:
    run = await sent(importer, ndjson([a_record(1, case=case)]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert [reason["field"] for reason in reject["reasons"]] == ["case"]


async def test_the_text_of_a_cell_is_its_number(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, as_csv([a_record(1, case="1"), a_record(2, case="one")]), "text/csv")
    assert (run["created"], run["rejected"]) == (1, 1)


async def test_every_reason_is_told_at_once(importer: httpx.AsyncClient) -> None:
    record = a_record(
        1, procedure="9.999999", agency="no-such", code="no code", returned_at="2100-01-01T00:00:00+07:00"
    )
    run = await sent(importer, ndjson([record]))
    (reject,) = (await importer.get(run["rejects"], headers={"Accept-Language": "en"})).json()["items"]
    assert {reason["code"] for reason in reject["reasons"]} == {
        "unknown_procedure",
        "unknown_agency",
        "malformed_code",
        "in_future",
    }


async def test_wrong_shape_does_not_hide_the_other_reasons(importer: httpx.AsyncClient) -> None:
    record = a_record(1, procedure="9.999999", agency="no-such", code="no code", channel="fax", accepted_at="soon")
    run = await sent(importer, ndjson([record]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert {(reason["field"], reason["code"]) for reason in reject["reasons"]} == {
        ("procedure", "unknown_procedure"),
        ("agency", "unknown_agency"),
        ("code", "malformed_code"),
        ("channel", "not_one_of"),
        ("accepted_at", "malformed"),
    }
    assert reject["reference"] == record["legacy_code"], "it can be found in the file it came from"


async def test_a_reason_stands_once_and_a_misshapen_code_names_nothing(importer: httpx.AsyncClient) -> None:
    record = {**a_record(1, legacy_code="x" * 61), "số 1": 1, "045190000001": 2}
    run = await sent(importer, ndjson([record]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert [(r["field"], r["code"]) for r in reject["reasons"]] == [("legacy_code", "too_long"), ("", "unknown_field")]
    assert reject["reference"] is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Vũ Thị Biến Mất", False),
        ("VU THI 2", False),
        ("045188456789", False),
        ("191456789", False),
        ("+84912345987", False),
        ("0912.345.987", False),
        ("bien.mat1@example.vn", False),
        ("QT-4711", True),
        ("20190301000123", True),
        ("HS/2019/00012", True),
        ("45-190301-0001", True),
    ],
)
async def test_columns_that_have_slipped_leave_no_person_among_rejects(
    importer: httpx.AsyncClient, database: Database, name: str, kept: bool
) -> None:
    for record in (a_record(1, legacy_code=name, agency="none"), a_record(1, legacy_code=None, code=name, channel=7)):
        run = await sent(importer, ndjson([record]))
        (reject,) = (await importer.get(run["rejects"])).json()["items"]
        assert reject["reference"] == (name if kept else None)
        owner = await asyncpg.connect(database.owner_url)
        held = await owner.fetchval(
            "SELECT string_agg(r::text, '') FROM import_reject r WHERE import_id = $1", run["id"]
        )
        await owner.close()
        assert (name in held) is kept


async def test_reasons_of_one_record_are_bounded(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, json.dumps({f"field{n}": 1 for n in range(5000)}).encode())
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert len(reject["reasons"]) <= 20
    assert "field7" not in json.dumps(reject)


async def test_an_import_stays_in_its_tokens_subtree(importer: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = {**bearer(issuer, "machine", "QT25-D03"), "Content-Type": NDJSON}
    run = (await importer.post("/v1/imports", content=ndjson([a_record(1)]), headers=headers)).json()
    assert (run["created"], run["rejected"]) == (0, 1)


async def test_a_promised_date_needs_its_calendar_too(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, ndjson([a_record(1, due_at="2199-03-04T17:00:00+07:00")]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert [(reason["field"], reason["code"]) for reason in reject["reasons"]] == [("due_at", "calendar_missing")]
