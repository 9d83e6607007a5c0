"""Nhập hồ sơ: the good records land with their whole history, the bad ones are kept with line and every reason."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from intake_service.app import create_app
from services.local_issuer import LocalIssuer
from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.civil_time import civil_day
from shared.domain.counts import Facts
from shared.web.clock import now as clock_now
from tests.conftest import Database
from tests.support import PROVINCE, REGISTER_COPY, a_draft, at, bearer, serving, settings_for

NDJSON = "application/x-ndjson"


@pytest_asyncio.fixture(loop_scope="session")
async def importer(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app(settings_for(fresh_database, issuer))) as client:
        client.headers.update(bearer(issuer, "admin", PROVINCE))
        yield client


def a_record(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A dossier of 2019 at a ward of Đông Hà: accepted on a Monday, due the next day, finished that day."""
    record = {
        "legacy_code": f"MC-{number}",
        "procedure": REGISTER_COPY,
        "agency": "19333",
        "channel": "counter",
        "applicant": {"kind": "person", "name": "Lê Thị Hạnh", "phone": "0905000001"},
        "submitted_at": at("Monday 2019-03-04 08:00").isoformat(),
        "accepted_at": at("Monday 2019-03-04 08:10").isoformat(),
        "finished_at": at("Tuesday 2019-03-05 10:00").isoformat(),
        "returned_at": at("Wednesday 2019-03-06 09:00").isoformat(),
        "outcome": "granted",
        **changes,
    }
    return {key: value for key, value in record.items() if value is not None}


def ndjson(records: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def as_csv(records: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    flat = []
    for record in records:
        row = {key: value for key, value in record.items() if key not in ("applicant", "supplements")}
        row |= {f"applicant.{key}": value for key, value in record["applicant"].items()}
        for index, supplement in enumerate(record.get("supplements") or []):
            row |= {f"supplements.{index}.{key}": value for key, value in supplement.items()}
        flat.append(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({key for row in flat for key in row}), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue().encode("utf-8-sig")


async def sent(importer: httpx.AsyncClient, body: bytes, media: str = NDJSON) -> dict[str, Any]:
    answer = await importer.post("/v1/imports", content=body, headers={"Content-Type": media})
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    assert run["lines_read"] == run["created"] + run["unchanged"] + run["rejected"]
    return run


async def test_a_record_lands_with_its_whole_history(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, ndjson([a_record()]))
    assert (run["state"], run["created"], run["rejected"]) == ("done", 1, 0)
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert dossier["code"] == "19333-190304-0001", "the number is of the day of acceptance"
    assert dossier["due_at"] == "2019-03-05T17:00:00+07:00"
    assert (dossier["status"], dossier["verdict"], dossier["outcome"]) == ("returned", "on_day", "granted")
    events = (await importer.get("/v1/dossiers/MC-1/events")).json()["items"]
    assert [event["kind"] for event in events] == ["accepted", "finished", "returned"]
    assert events[1]["occurred_at"] == "2019-03-05T10:00:00+07:00"
    assert events[1]["recorded_at"] > "2026"


async def test_a_supplement_restarts_the_term(importer: httpx.AsyncClient) -> None:
    """NĐ 61/2018 art. 19(4): once complete, the term is counted again from the beginning."""
    asked = {
        "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
    }
    late = a_record(1, supplements=[asked], finished_at=at("Tuesday 2019-03-12 08:00").isoformat(), returned_at=None)
    good = a_record(2, supplements=[asked], finished_at=at("Monday 2019-03-11 16:00").isoformat(), returned_at=None)
    assert (await sent(importer, ndjson([late, good])))["created"] == 2
    first, second = [(await importer.get(f"/v1/dossiers/MC-{n}")).json() for n in (1, 2)]
    assert first["original_due_at"] == "2019-03-05T17:00:00+07:00"
    assert first["due_at"] == "2019-03-11T17:00:00+07:00"
    assert (first["verdict"], second["verdict"]) == ("late", "on_day")


async def test_one_that_waits_for_the_applicant_is_paused(importer: httpx.AsyncClient) -> None:
    asked = {"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}
    await sent(importer, ndjson([a_record(supplements=[asked], finished_at=None, returned_at=None, outcome=None)]))
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert (dossier["status"], dossier["paused"], dossier["due_at"]) == ("supplement_awaited", True, None)


async def test_a_later_promise_does_not_mend_a_term_that_had_run_out(importer: httpx.AsyncClient) -> None:
    asked = {
        "requested_at": at("Thursday 2019-03-14 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-15 15:00").isoformat(),
    }
    record = a_record(
        supplements=[asked],
        due_at=at("Friday 2019-03-29 17:00").isoformat(),
        finished_at=at("Monday 2019-03-18 08:00").isoformat(),
        returned_at=None,
    )
    await sent(importer, ndjson([record]))
    assert (await importer.get("/v1/dossiers/MC-1")).json()["verdict"] == "late"


async def test_a_promise_stands_beside_a_supplement_that_nobody_has_answered(importer: httpx.AsyncClient) -> None:
    asked = {"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}
    promised = at("Friday 2019-03-29 17:00").isoformat()
    await sent(
        importer,
        ndjson([a_record(supplements=[asked], due_at=promised, finished_at=None, returned_at=None, outcome=None)]),
    )
    assert (await importer.get("/v1/dossiers/MC-1")).json()["original_due_at"] == promised


async def test_a_due_date_promised_elsewhere_is_kept(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(due_at=at("Friday 2019-03-08 16:30").isoformat())]))
    dossier = (await importer.get("/v1/dossiers/MC-1")).json()
    assert dossier["due_at"] == dossier["original_due_at"] == "2019-03-08T16:30:00+07:00"
    assert dossier["verdict"] == "early"


async def test_the_same_file_twice_changes_nothing(importer: httpx.AsyncClient, fresh_database: Database) -> None:
    body = ndjson([a_record(n) for n in range(5000)] + [a_record(1, legacy_code=None, code=None)])
    first = await sent(importer, body)
    assert first["created"] == 5001
    before = await _everything(fresh_database)
    again = await sent(importer, body)
    assert (again["created"], again["unchanged"], again["rejected"]) == (0, 5001, 0)
    assert await _everything(fresh_database) == before


async def test_csv_and_ndjson_are_the_same_records(importer: httpx.AsyncClient) -> None:
    asked = [
        {
            "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
            "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
        }
    ]
    records = [
        a_record(1, applicant={"kind": "business", "name": 'Công ty "Hai, Ba"', "address": "12 Hùng Vương"}),
        a_record(2, supplements=asked, finished_at=None, returned_at=None, outcome=None),
    ]
    assert (await sent(importer, ndjson(records)))["created"] == 2
    for delimiter in (",", ";"):
        run = await sent(importer, as_csv(records, delimiter), "text/csv; charset=utf-8")
        assert (run["created"], run["unchanged"], run["rejected"]) == (0, 2, 0)


async def test_numbers_go_on_behind_codes_issued_elsewhere(importer: httpx.AsyncClient) -> None:
    own = a_record(1, code="19333-190304-0041")
    await sent(importer, ndjson([own, a_record(2), a_record(3)]))
    codes = {(await importer.get(f"/v1/dossiers/MC-{n}")).json()["code"] for n in (1, 2, 3)}
    assert codes == {"19333-190304-0041", "19333-190304-0042", "19333-190304-0043"}


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
    ({"surprise": "x"}, "", "unknown_field"),
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
    record = {**a_record(1, legacy_code="x" * 61), "one": 1, "two": 2}
    run = await sent(importer, ndjson([record]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert [(r["field"], r["code"]) for r in reject["reasons"]] == [("legacy_code", "too_long"), ("", "unknown_field")]
    assert reject["reference"] is None


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[1]",
        b'"text"',
        b"\xff\xfe{}",
        b"null",
        b'{"a":' * 2000,
        b"x" * 1_100_000,
        b'{"legacy_code":"\\ud800"}',
    ],
)
async def test_lines_that_are_no_records(importer: httpx.AsyncClient, line: bytes) -> None:
    run = await sent(importer, ndjson([a_record(1)]) + line + b"\n\n" + ndjson([a_record(2)]))
    assert (run["created"], run["rejected"]) == (2, 1)
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["line"] == 2
    assert (await importer.get("/v1/dossiers/MC-2")).status_code == 200


HEAD = b"procedure,agency,channel,applicant.kind,applicant.name,accepted_at"
ROW = b"2.000908,19333,counter,person,An,2019-03-04T08:10:00+07:00"


@pytest.mark.parametrize(
    ("body", "created", "rejected"),
    [
        (HEAD + b"\n" + ROW + b",more\n" + ROW, 1, 1),
        (HEAD + b"\r\n" + ROW + b"\r\n", 1, 0),
        (HEAD + b'\n"never closed\n' + ROW, 0, 1),
        (HEAD + b"\n\xff" + ROW + b"\n" + ROW, 1, 1),
        (HEAD + b"\n" + ROW.replace(b"An", b"A\rn") + b"\n" + ROW, 1, 1),
        (HEAD + b"\n" + ROW.replace(b"An", b'"' + b"a" * 200_000 + b'"') + b"\n" + ROW, 1, 1),
        (HEAD + b"\n" + ROW.replace(b"An", b'A"n,b\nc"d'), 0, 2),
        (HEAD + b'\n"' + b"\n" * 20_000, 0, 1),
    ],
)
async def test_rows_that_are_none(importer: httpx.AsyncClient, body: bytes, created: int, rejected: int) -> None:
    run = await sent(importer, body, "text/csv")
    assert (run["state"], run["created"], run["rejected"]) == ("done", created, rejected)


@pytest.mark.parametrize(
    ("body", "media"),
    [(b"", "text/csv"), (HEAD, "text/csv"), (HEAD + b"\n\n \n", "text/csv"), (b"", NDJSON), (b"\n \r\n", NDJSON)],
)
async def test_a_file_without_records_is_refused(importer: httpx.AsyncClient, body: bytes, media: str) -> None:
    """Whoever sends what a failed export left must hear of it: `done` with 0 looks like success."""
    answer = await importer.post("/v1/imports", content=body, headers={"Content-Type": media})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("body", "no_records")
    (run,) = (await importer.get("/v1/imports")).json()["items"]
    assert run["state"] != "done"


@pytest.mark.parametrize(
    ("body", "begins", "opened"),
    [
        (ROW + b"\n" + ROW.replace(b"An", b'"An') + b"\n" + ROW + b"\n" + ROW, 3, 3),
        (ROW + b"\n" + ROW.replace(b"An", b'"A\nn","B') + b"\n" + ROW, 3, 4),
        (ROW + b'\n"' + b"x" * 600_000 + b"\n" + b"x" * 600_000 + b"\n" + ROW + b"\n" + ROW, 3, 3),
    ],
    ids=["to the end", "opened later in its record", "beyond the longest record"],
)
async def test_a_quote_that_never_closes_is_named_with_its_line(
    importer: httpx.AsyncClient, body: bytes, begins: int, opened: int
) -> None:
    run = await sent(importer, HEAD + b"\n" + body, "text/csv")
    assert run["rejected"] == 1
    (reject,) = (await importer.get(run["rejects"], headers={"Accept-Language": "en"})).json()["items"]
    (reason,) = reject["reasons"]
    assert (reject["line"], reason["code"]) == (begins, "quote_not_closed")
    assert f"line {opened} " in reason["reason"]


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        (b"legacy_code,agency", {"missing_columns"}),
        (HEAD.replace(b"agency", b"agencies"), {"missing_columns", "unknown_columns"}),
        (HEAD + b",surprise", {"unknown_columns"}),
        (HEAD + b",agency", {"repeated_columns"}),
        (HEAD + b",supplements.\xc2\xb2.requested_at", {"unknown_columns"}),
        (HEAD + b",supplements.999.requested_at", {"unknown_columns"}),
        (HEAD + b",applicant.nickname", {"unknown_columns"}),
        (HEAD + b",\x00", {"unknown_columns"}),
        (ROW, {"missing_columns", "unknown_columns"}),
    ],
)
async def test_a_header_that_is_none_is_refused_once_and_not_repeated(
    importer: httpx.AsyncClient, header: bytes, codes: set[str]
) -> None:
    answer = await importer.post("/v1/imports", content=header + b"\n" + ROW, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {error["field"] for error in errors} == {"header"}
    assert {error["code"] for error in errors} == codes
    assert "nickname" not in answer.text
    assert "2.000908" not in answer.text


async def test_a_wrong_header_is_told_which_columns_by_name_or_place(importer: httpx.AsyncClient) -> None:
    header = HEAD.replace(b"agency", b"agencies") + b",channel"
    names = HEAD.decode().split(",")
    answer = await importer.post("/v1/imports", content=header, headers={"Content-Type": "text/csv"})
    told = {error["code"]: error["reason"] for error in answer.json()["errors"]}
    assert told["missing_columns"].endswith('"agency"')
    assert told["unknown_columns"].endswith(f": {names.index('agency') + 1}")
    assert told["repeated_columns"].endswith(f": {len(names) + 1}")


@pytest.mark.parametrize(
    "line",
    [b'{"a\\u0000b":1}', b'{"procedure":' + b"[" * 500 + b"]" * 500 + b"}", b'{"x":{}}'],
)
async def test_a_poisoned_line_harms_only_itself(importer: httpx.AsyncClient, line: bytes) -> None:
    run = await sent(importer, ndjson([a_record(1)]) + line + b"\n" + ndjson([a_record(2)]))
    assert (run["state"], run["created"], run["rejected"]) == ("done", 2, 1)


async def test_reasons_of_one_record_are_bounded(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, json.dumps({f"field{n}": 1 for n in range(5000)}).encode())
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert len(reject["reasons"]) <= 20
    assert "field7" not in json.dumps(reject)


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


async def test_a_changed_record_is_not_taken_for_the_old_one(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(1)]))
    run = await sent(importer, ndjson([a_record(1, channel="post")]))
    assert (run["created"], run["unchanged"], run["rejected"]) == (0, 0, 1)
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["reasons"][0]["code"] == "changed_since_import"
    twice = await sent(importer, ndjson([a_record(2), a_record(2, channel="post")]))
    assert (twice["created"], twice["rejected"]) == (1, 1)


async def test_a_code_belongs_to_one_dossier(importer: httpx.AsyncClient) -> None:
    await sent(importer, ndjson([a_record(1, code="19333-190304-0007")]))
    run = await sent(importer, ndjson([a_record(2, code="19333-190304-0007")]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert reject["reasons"] == [{"field": "code", "code": "already_used", "reason": "mã này đã thuộc hồ sơ khác"}]


async def test_an_import_stays_in_its_tokens_subtree(importer: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    headers = {**bearer(issuer, "machine", "QT25-D03"), "Content-Type": NDJSON}
    run = (await importer.post("/v1/imports", content=ndjson([a_record(1)]), headers=headers)).json()
    assert (run["created"], run["rejected"]) == (0, 1)


async def test_two_uploads_of_one_file_at_once_land_it_once(
    importer: httpx.AsyncClient, fresh_database: Database
) -> None:
    body = ndjson([a_record(n) for n in range(3000)])
    runs = await asyncio.gather(sent(importer, body), sent(importer, body))
    assert sum(run["created"] for run in runs) == 3000
    assert sum(run["unchanged"] for run in runs) == 3000
    assert len((await _everything(fresh_database))[0]) == 3000


async def test_a_broken_upload_is_interrupted_and_sent_again(importer: httpx.AsyncClient) -> None:
    """What landed stays; the same file again lands the rest."""
    body = ndjson([a_record(n) for n in range(5000)])

    async def breaks_off() -> AsyncIterator[bytes]:
        yield body[: len(body) * 3 // 4]
        raise ConnectionResetError

    broken_off = await importer.post("/v1/imports", content=breaks_off(), headers={"Content-Type": NDJSON})
    assert broken_off.status_code == 503
    again = await sent(importer, body)
    assert again["created"] + again["unchanged"] == 5000
    (latest, broken) = (await importer.get("/v1/imports")).json()["items"]
    assert (latest["state"], broken["state"]) == ("done", "interrupted")
    assert broken["created"] == again["unchanged"]


async def test_progress_can_be_read_while_it_runs(importer: httpx.AsyncClient) -> None:
    body = ndjson([a_record(n) for n in range(4000)])
    hold = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]
            await asyncio.sleep(0.01)
        await hold.wait()

    running = asyncio.create_task(
        importer.post("/v1/imports", content=slowly(), headers={"Content-Type": NDJSON}, timeout=60)
    )
    for _ in range(500):
        await asyncio.sleep(0.01)
        items = (await importer.get("/v1/imports")).json()["items"]
        if items and items[0]["lines_read"] >= 2000:
            break
    assert items[0]["state"] == "running"
    assert 2000 <= items[0]["created"] < 4000
    assert (await importer.get(f"/v1/imports/{items[0]['id']}")).json()["state"] == "running"
    hold.set()
    assert (await running).json()["created"] == 4000


async def test_the_chain_of_an_imported_dossier_holds(importer: httpx.AsyncClient, fresh_database: Database) -> None:
    await sent(importer, ndjson([a_record(n) for n in range(20)]))
    connection = await asyncpg.connect(fresh_database.owner_url)
    rows = await connection.fetch(
        "SELECT d.code, d.event_hash, e.* FROM dossier_event e JOIN dossier d ON d.id = e.dossier_id"
        " ORDER BY d.id, e.seq"
    )
    await connection.close()
    previous = GENESIS
    for row in rows:
        facts = Facts(*(row[name] for name in Facts._fields))
        tail = event_tail(
            seq=row["seq"],
            kind=row["kind"],
            status=row["status"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            actor=row["actor"],
            acting_agency_id=row["acting_agency_id"],
            facts=facts,
            payload=row["payload"],
        )
        previous = event_hash(GENESIS if row["seq"] == 1 else previous, row["code"], tail)
        assert row["hash"] == previous
    assert len(rows) == 60
    assert rows[-1]["event_hash"] == previous


async def test_every_column_lands_as_it_was_sent(importer: httpx.AsyncClient, fresh_database: Database) -> None:
    """The rows are written here in binary, so each column is read back: one record has all fields, one the fewest."""
    everything = {
        "kind": "business",
        "name": "Công ty Đường Chín",
        "id_number": "3200000001",
        "phone": "+84 905 000 001",
        "email": "a@example.vn",
        "address": "12 Hùng Vương",
    }
    full = a_record(1, code="19333-190304-0007", applicant=everything, due_at=at("Friday 2019-03-08 16:30").isoformat())
    least = a_record(
        2,
        legacy_code=None,
        applicant={"kind": "person", "name": "An"},
        supplements=[{"requested_at": at("Tuesday 2019-03-05 09:00").isoformat()}],
        **dict.fromkeys(("submitted_at", "finished_at", "returned_at", "outcome")),
    )
    assert (await sent(importer, ndjson([full, least])))["created"] == 2
    connection = await asyncpg.connect(fresh_database.owner_url)
    rows = await connection.fetch(
        "SELECT d.*, a.* FROM dossier d JOIN applicant a ON a.dossier_id = d.id ORDER BY d.id"
    )
    events = await connection.fetch("SELECT * FROM dossier_event ORDER BY dossier_id, seq")
    await connection.close()
    accepted, due = at("Monday 2019-03-04 08:10"), at("Friday 2019-03-08 16:30")
    assert dict(rows[0]) | {
        **{"code": "19333-190304-0007", "legacy_code": "MC-1", "channel": 1, "status": 10, "outcome": 1, "verdict": 1},
        **{"submitted_at": at("Monday 2019-03-04 08:00"), "accepted_at": accepted, "original_due_at": due},
        **{"due_at": due, "late_from": at("Saturday 2019-03-09 00:00"), "finished_at": at("Tuesday 2019-03-05 10:00")},
        **{"returned_at": at("Wednesday 2019-03-06 09:00"), "received_day": accepted.date(), "due_day": due.date()},
        **{"late_day": date(2019, 3, 9), "finished_day": date(2019, 3, 5), "paused": False, "provisional": False},
        **{"event_seq": 3, "event_hash": events[2]["hash"], "kind": 2, "name": "Công ty Đường Chín"},
        **{"name_search": "cong ty duong chin", "id_number": "3200000001", "phone": "+84 905 000 001"},
        **{"phone_digits": "0905000001", "email": "a@example.vn", "address": "12 Hùng Vương", "submitted_by": None},
    } == dict(rows[0])
    unknown = ("legacy_code", "due_at", "late_from", "finished_at", "returned_at", "outcome", "due_day", "late_day")
    assert dict(rows[1]) | {
        **dict.fromkeys(
            (*unknown, "finished_day", "verdict", "id_number", "phone", "phone_digits", "email", "address")
        ),
        **{"code": "19333-190304-0008", "status": 5, "submitted_at": accepted, "accepted_at": accepted},
        **{"original_due_at": at("Tuesday 2019-03-05 17:00"), "received_day": accepted.date(), "paused": True},
        **{"event_seq": 2, "event_hash": events[4]["hash"], "kind": 1, "name": "An", "name_search": "an"},
    } == dict(rows[1])
    assert [(event["seq"], event["kind"], event["status"], event["paused"]) for event in events] == [
        (1, "accepted", 2, False),
        (2, "finished", 9, False),
        (3, "returned", 10, False),
        (1, "accepted", 2, False),
        (2, "supplement_requested", 5, True),
    ]


@pytest.mark.parametrize(("media", "status"), [("application/json", 415), ("", 415), ("text/plain", 415)])
async def test_other_media_are_refused(importer: httpx.AsyncClient, media: str, status: int) -> None:
    answer = await importer.post("/v1/imports", content=b"{}", headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, "unsupported_media_type")


async def test_only_admins_and_machines_import(importer: httpx.AsyncClient, issuer: LocalIssuer) -> None:
    for role in ("citizen", "counter", "handler", "leader", "supervisor"):
        headers = {**bearer(issuer, role, PROVINCE), "Content-Type": NDJSON}
        assert (await importer.post("/v1/imports", content=b"", headers=headers)).status_code == 403


async def test_an_unknown_import_is_not_found(importer: httpx.AsyncClient) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    assert (await importer.get(f"/v1/imports/{unknown}")).status_code == 404
    assert (await importer.get(f"/v1/imports/{unknown}/rejects")).status_code == 404
    assert (await importer.get("/v1/imports/nonsense")).status_code == 422


async def _everything(database: Database) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(database.owner_url)
    found = []
    for table in ("dossier", "applicant", "dossier_event", "dossier_number", "import_identity"):
        rows = await connection.fetch(f"SELECT t.*::text FROM {table} t ORDER BY 1")
        found.append([tuple(row) for row in rows])
    await connection.close()
    return found


async def test_a_finish_is_not_dated_before_what_came_last(importer: httpx.AsyncClient) -> None:
    asked = {
        "requested_at": at("Tuesday 2019-03-05 09:00").isoformat(),
        "answered_at": at("Friday 2019-03-08 15:00").isoformat(),
    }
    await sent(importer, ndjson([a_record(1, supplements=[asked], finished_at=None, returned_at=None, outcome=None)]))
    for instant, status in (("Thursday 2019-03-07 09:00", 422), ("Monday 2019-03-11 09:00", 200)):
        body = {"occurred_at": at(instant).isoformat()}
        assert (await importer.post("/v1/dossiers/MC-1/finish", json=body)).status_code == status


async def test_a_promised_date_needs_its_calendar_too(importer: httpx.AsyncClient) -> None:
    run = await sent(importer, ndjson([a_record(1, due_at="2199-03-04T17:00:00+07:00")]))
    (reject,) = (await importer.get(run["rejects"])).json()["items"]
    assert [(reason["field"], reason["code"]) for reason in reject["reasons"]] == [("due_at", "calendar_missing")]
