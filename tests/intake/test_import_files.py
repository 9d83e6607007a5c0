"""Files that are none, or not wholly: lines, rows, quotes, headers, media; and who may send one."""

import httpx
import pytest

from services.local_issuer import LocalIssuer
from tests.intake.importing import HEAD, NDJSON, ROW, a_record, ndjson, sent
from tests.support import PROVINCE, bearer


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
    assert ("docs/move.md" in answer.text) == ("unknown_columns" in codes)
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
