"""After a full journey with every way to go wrong, no personal data stand in a log, a refusal, a metric, or a file
beside the database."""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.embedded import running_url
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.intake.bodies import a_pdf
from tests.intake.petitions import a_petition
from tests.journeys.conftest import Running, await_running, eventually, start_up, stop
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, a_draft

PERSON = {
    "kind": "person",
    "name": "Nguyễn Thị Kín Đáo",
    "id_number": "045190918273",
    "phone": "0905 918 273",
    "email": "kin.dao@example.vn",
    "address": "99 Phan Bội Châu, Đông Hà",
}
SUBMITTER = {"name": "Trần Văn Nộp Thay", "id_number": "045190737373", "phone": "0905 737 373"}
WORDS = "Gọi cho bà Kín Đáo số 0905918273"
#: However they are spelled: in a query, in JSON of another mind, among blanks.
TEXTS = [
    *("Kín Đáo", "K%C3%ADn", "\\u00edn \\u0110", "kin dao", "kin+dao", "Nộp Thay", "nop thay"),
    *("045190918273", "045190737373", "918 273", "918273", "918%20273", "737 373", "737373"),
    *("kin.dao", "Phan Bội Châu", "Phan%20B"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation that logs all that it can."""
    data_dir = tmp_path_factory.mktemp("installation")
    process = start_up(data_dir, "--replay", "none", MOTCUA_ACCESS_LOG="true", MOTCUA_LOG_LEVEL="DEBUG")
    found = await_running(process, data_dir)
    yield found
    stop(found)


def _owner(running: Running, statement: str) -> None:
    url = running_url(running.installation.data_dir)
    assert url is not None

    async def run() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_a_full_journey_leaves_none_outside(running: Running) -> None:
    refusals: list[str] = []
    clients: dict[tuple[str, str, str], httpx.Client] = {}
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}

    def ask(room: str, role: str, agency: str, method: str, path: str, **more: Any) -> httpx.Response:
        who = clients.setdefault((room, role, agency), running.client(room, role, agency))
        answer = who.request(method, path, **{**more, "headers": {**trace, **more.get("headers", {})}})
        if answer.status_code >= 400:
            refusals.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")
        return answer

    def counter(method: str, path: str, **more: Any) -> httpx.Response:
        return ask("intake", "counter", WARD, method, path, **more)

    def well(answer: httpx.Response) -> Any:
        assert answer.status_code < 300, answer.text
        return answer.json()

    # what goes well
    draft = {**a_draft(procedure=REGISTER_COPY, summary=WORDS), "applicant": PERSON, "submitted_by": SUBMITTER}
    code = well(counter("POST", "/v1/dossiers", json=draft, headers={"Idempotency-Key": "once"}))["code"]
    well(counter("POST", "/v1/dossiers", json=draft, headers={"Idempotency-Key": "once"}))
    where, case = f"/v1/dossiers/{code}", f"/v1/cases/{code}"
    eventually(lambda: counter("GET", where).json()["status"] == "in_process")
    assert counter("GET", where).json()["applicant"]["id_number"] == PERSON["id_number"]
    for asked in (
        {"q": PERSON["name"]},
        {"q": PERSON["phone"]},
        {"id_number": PERSON["id_number"]},
        {"phone": PERSON["phone"]},
        {"name": "kin dao"},
    ):
        assert len(well(counter("GET", "/v1/dossiers", params=asked))["items"]) == 1
    today = civil_day(now()).isoformat()
    ledger = {"agency": WARD, "from": today, "to": today, "reason": "In sổ để lưu"}
    assert counter("GET", "/v1/ledger.pdf", params={**ledger, "reason": WORDS}).status_code == 422
    for path in (f"{where}/forms/receipt.pdf", f"{where}/forms/receipt.docx"):
        assert counter("GET", path).status_code == 200
    assert counter("GET", "/v1/ledger.pdf", params=ledger).status_code == 200
    handler = ("routing", "handler", WARD)
    well(ask(*handler, "POST", f"{case}/hand-overs", json={"to_agency": JUSTICE, "note": WORDS}))
    letter = {"reason": WORDS, "number": "1/PXL", "signed_by": "Trần Văn Bình", "kind": "lost_or_damaged"}
    well(counter("POST", f"{where}/apologies", json=letter))
    well(counter("POST", f"{where}/apologies/1/sendings", json={"channel": "sms", "to": PERSON["phone"]}))
    right = {"reason": WORDS, "decision": "07/BB", "applicant": {"email": None}}
    well(ask("intake", "admin", PROVINCE, "POST", f"{where}/corrections", json=right))
    citizen = running.installation.issuer.token(
        role="citizen", agency=PROVINCE, now=now(), id_number=PERSON["id_number"]
    )
    tracked = ask("intake", "counter", WARD, "GET", f"/v1/track/{code}", headers={"Authorization": f"Bearer {citizen}"})
    assert "status" in well(tracked)
    file = {"name": f"CCCD {PERSON['name']} {PERSON['id_number']}.pdf", "component": WORDS}
    kept = well(counter("POST", f"{where}/files", params=file, content=a_pdf()))
    assert counter("GET", kept["content"]).content == a_pdf()
    well(counter("POST", f"{where}/finish", json={"outcome": "refused", "reason": WORDS}))
    well(counter("POST", f"{where}/return", json={}))
    own = {"Authorization": f"Bearer {citizen}"}
    rating = {"level": "unsatisfied", "words": WORDS}
    well(ask("intake", "counter", WARD, "PUT", f"/v1/track/{code}/rating", json=rating, headers=own))
    petitioner = {"name": PERSON["name"], "address": PERSON["address"], "phone": PERSON["phone"]}
    said = a_petition(dossier=code, title=WORDS, content=WORDS, petitioner={**petitioner, "email": PERSON["email"]})
    petition = well(counter("POST", "/v1/public/petitions", json=said))
    about, secret_of_it = f"/v1/petitions/{petition['code']}", {"Receipt-Secret": petition["secret"]}
    assert well(counter("GET", about))["phone"] == PERSON["phone"]
    well(counter("POST", f"{about}/information-requests", json={"question": WORDS}))
    given = {"json": {"information": WORDS}, "headers": secret_of_it}
    well(counter("POST", f"/v1/public/petitions/{petition['code']}/information", **given))
    leader = ("intake", "leader", WARD)
    well(ask(*leader, "POST", f"{about}/answer", json={"answer": WORDS}))

    # what goes wrong
    secret = str(PERSON["id_number"])
    for body in (
        {**draft, "applicant": {**PERSON, "id_number": secret * 9}},
        {**draft, "applicant": {**PERSON, secret: secret, "phone": [PERSON["phone"]]}},
        {**draft, "applicant": PERSON["name"]},
        {**draft, "agency": PERSON["name"], "procedure": secret},
        {**draft, "channel": PERSON["email"]},
        {**draft, "applicant": {**PERSON, "email": f"Kín Đáo <{PERSON['email']}>"}},
    ):
        assert counter("POST", "/v1/dossiers", json=body).status_code in (403, 422)
    half = f'{{"applicant": {{"name": "{PERSON["name"]}", "id_number": "{secret}"'
    json_header = {"Content-Type": "application/json"}
    assert counter("POST", "/v1/dossiers", content=half.encode(), headers=json_header).status_code >= 400
    assert counter("POST", "/v1/dossiers", json={**draft, "summary": secret * 100_000}).status_code >= 400
    assert counter("POST", "/v1/dossiers", json=[draft], headers={"Idempotency-Key": "once"}).status_code >= 400
    assert counter("POST", "/v1/dossiers", json={**draft, "summary": "x"}, headers={"Idempotency-Key": "once"}).is_error
    told = {"title": WORDS, "content": f"Bà {PERSON['name']}", "answer": str(PERSON["address"])}
    assert ask(*leader, "POST", f"{about}/publish", json=told).status_code == 422
    assert ask("intake", "counter", WARD, "PUT", f"/v1/track/{code}/rating", json={"level": WORDS}).status_code == 422
    for body in ({**said, "petitioner": PERSON}, {**said, "agency": secret}, {**said, "content": secret * 999}):
        assert counter("POST", "/v1/public/petitions", json=body).status_code == 422
    for path in (
        f"/v1/public/petitions/{secret}",
        f"/v1/petitions/{PERSON['name']}",
        f"/v1/dossiers/{PERSON['name']}",
        f"/v1/track/{secret}",
        f"/v1/{PERSON['email']}",
        f"{where}/{secret}",
    ):
        assert counter("GET", path).status_code == 404
    for asked in ({"cursor": secret}, {"name": secret, secret: secret}, {"status": PERSON["name"]}, {"limit": secret}):
        assert counter("GET", "/v1/dossiers", params=asked).status_code == 422
    assert counter("DELETE", where, params={"name": PERSON["name"]}).status_code == 405
    assert counter("POST", f"{where}/finish", json={"outcome": "granted", "reason": WORDS}).status_code == 409
    assert counter("GET", f"/v1/track/{code}", params={"secret": secret}).status_code == 404
    bad = {"Authorization": f"Bearer {citizen}{secret}"}
    assert counter("GET", where, headers=bad).status_code == 401
    lines = [
        f'{{"legacy_code": "{secret}", "applicant": {{"kind": "person", "name": "{PERSON["name"]}"}}}}',
        f'{{"legacy_code": "L-1", "{secret}": "{PERSON["phone"]}"',
        PERSON["name"],
    ]
    ndjson = {"Content-Type": "application/x-ndjson"}
    run = ask("intake", "admin", PROVINCE, "POST", "/v1/imports", content="\n".join(lines).encode(), headers=ndjson)
    assert well(run)["rejected"] == 3
    rejects = ask("intake", "admin", PROVINCE, "GET", f"/v1/imports/{run.json()['id']}/rejects")
    refusals.append(re.sub(r'"reference":"\d+"', "", rejects.text))
    for content, asked in (
        (f"<html>{WORDS}".encode(), file),
        (a_pdf()[:-9] + WORDS.encode(), file),
        (a_pdf(), {**file, "replaces": secret}),
        (a_pdf(), {**file, "component": secret * 9}),
        (a_pdf(), {"name": secret * 100}),
    ):
        assert counter("POST", f"{where}/files", params=asked, content=content).status_code in (415, 422)
    _owner(running, "ALTER TABLE applicant RENAME COLUMN phone_digits TO digits")
    # A view goes on with a column under its own name for it.
    _owner(running, "ALTER VIEW applicant_key RENAME COLUMN phone_digits TO digits")
    for answer in (
        counter("POST", "/v1/dossiers", json=draft),
        counter("GET", "/v1/dossiers", params={"phone": PERSON["phone"]}),
        ask(
            "intake", "admin", PROVINCE, "POST", f"{where}/corrections", json={**right, "applicant": {"phone": "0905"}}
        ),
    ):
        assert answer.status_code == 500
    _owner(running, "ALTER TABLE applicant RENAME COLUMN digits TO phone_digits")
    _owner(running, "ALTER VIEW applicant_key RENAME COLUMN digits TO phone_digits")
    # PostgreSQL tells the row that a constraint refuses.
    _owner(running, "ALTER TABLE applicant ADD CONSTRAINT nobody CHECK (kind = 9) NOT VALID")
    assert counter("POST", "/v1/dossiers", json=draft).status_code == 500
    _owner(running, "ALTER TABLE applicant DROP CONSTRAINT nobody")
    _owner(running, "REVOKE INSERT ON access_record FROM motcua_intake")
    assert counter("GET", where).status_code in (200, 500)
    metrics = [httpx.get(f"{getattr(running.addresses, room)}/metrics").text for room in ("intake", "routing", "stats")]

    log = running.installation.logs / "intake.log"
    eventually(lambda: '"status":500' in log.read_text() and "/v1/ledger" in log.read_text())
    assert len(log.read_text().splitlines()) > 50, "it did log"
    assert len(refusals) > 25
    assert any("motcua_requests_total" in page for page in metrics)
    for text in TEXTS:
        assert not [page for page in metrics if text.lower() in page.lower()], f"{text} stands in a metric"
        refused = [told for told in refusals if text.lower() in told.lower()]
        assert not refused, f"{text} comes back in a refusal: {refused[0][:300]}"
        found = [file for file in _files(running.installation.data_dir) if text.encode() in file.read_bytes()]
        assert found == [], f"{text} stands in a file beside the database"


def _files(data_dir: Path) -> Iterator[Path]:
    """All files but those in which the database keeps what it is told to."""
    kept = {"base", "pg_wal", "global", "pg_xact", "pg_stat", "pg_stat_tmp"}
    for folder, names, files in os.walk(data_dir):
        names[:] = [name for name in names if name not in kept]
        yield from (Path(folder) / name for name in files if (Path(folder) / name).is_file())
