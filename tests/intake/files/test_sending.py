"""Gửi tệp: what is taken, from whom, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest

from intake_service.app import create_app
from intake_service.files import rules, usecases
from intake_service.files.rules import FileKind
from migrations.apply import downgrade
from services.local_issuer import LocalIssuer
from shared.web.auth import Role
from tests.conftest import Database
from tests.intake.bodies import a_docx, a_pdf, a_picture, a_zip, an_odt, an_xlsx
from tests.intake.files.counters import MOST, PERSON, Counter, reason
from tests.intake.lives import did, received, submitted
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for

BODIES = {
    FileKind.PDF: a_pdf(),
    FileKind.JPEG: a_picture("JPEG"),
    FileKind.PNG: a_picture("PNG"),
    FileKind.TIFF: a_picture("TIFF"),
    FileKind.DOCX: a_docx(),
    FileKind.XLSX: an_xlsx(),
    FileKind.ODT: an_odt(),
}


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.name)
async def test_each_kind_comes_back_byte_for_byte(counter: Counter, dossier: dict[str, Any], kind: FileKind) -> None:
    content = BODIES[kind]
    made = await counter.sent(
        dossier, content, "Giấy chứng sinh", component="KQ.01", headers={"Content-Type": kind.media_type}
    )
    assert made == {
        "id": made["id"],
        "name": f"Giấy chứng sinh.{kind.extensions[0]}",
        "component": "KQ.01",
        "media_type": kind.media_type,
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
        "uploaded_at": made["uploaded_at"],
        "uploaded_by": f"counter@{WARD}",
        "agency": WARD,
        "agency_name": made["agency_name"],
        **dict.fromkeys(("digitised", "reused", "from_store", "marked_at", "marked_by")),
        "marks_version": 0,
        "replaces": None,
        "replaced_by": None,
        "erased_at": None,
        "content": f"/v1/dossiers/{dossier['code']}/files/{made['id']}/content",
    }
    assert await counter.listed(dossier) == [made]
    read = await counter.client.get(made["content"])
    assert read.content == content
    told = {name: read.headers[name] for name in ("content-type", "content-length", "etag", "x-content-type-options")}
    assert told == {
        "content-type": kind.media_type,
        "content-length": str(len(content)),
        "etag": f'"{made["sha256"]}"',
        "x-content-type-options": "nosniff",
    }
    assert read.headers["content-disposition"].startswith('attachment; filename="Giay chung sinh.')
    assert "default-src 'none'" in read.headers["content-security-policy"]
    assert read.headers["cache-control"] == "no-store", "a scan stays in no browser, as no dossier does"
    head = await counter.client.head(made["content"])
    assert (head.status_code, head.content) == (200, b"")


async def test_the_same_again_is_the_file_that_is_there(counter: Counter, dossier: dict[str, Any]) -> None:
    content = a_pdf(seed=2)
    first = await counter.sent(dossier, content, component="Tờ khai")
    again = await counter.send(dossier, content, "khác.pdf", component="Tờ khai")
    assert (again.status_code, again.json()) == (200, first)
    elsewhere = await counter.sent(dossier, content, component="Tờ khai 2")
    nowhere = await counter.sent(dossier, content)
    assert (await counter.send(dossier, content)).json() == nowhere, "that none is said is the same each time"
    other = await received(counter.client)
    assert len({first["id"], elsewhere["id"], nowhere["id"], (await counter.sent(other, content))["id"]}) == 4
    assert sorted(counter.contents()).count(first["sha256"]) == 1


async def test_two_at_once_of_the_same(counter: Counter, dossier: dict[str, Any]) -> None:
    content = a_pdf(size=200_000, seed=3)
    answers = await asyncio.gather(*(counter.send(dossier, content) for _ in range(usecases.MOST_OF_ONE)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await counter.listed(dossier)) == 1


async def test_a_dossier_by_its_code_in_another_system(counter: Counter) -> None:
    """Which may be anything, and leads to the content all the same."""
    record = {
        **{"legacy_code": f"Hồ sơ 12?#{uuid4()}", "procedure": REGISTER_COPY, "agency": WARD, "channel": "counter"},
        **{"applicant": {"kind": "person", "name": "Nguyễn Thị Đào"}, "accepted_at": "2026-11-23T08:10:00+07:00"},
    }
    headers = {**counter.as_("admin", PROVINCE), "Content-Type": "application/x-ndjson"}
    landed = await counter.client.post("/v1/imports", content=orjson.dumps(record), headers=headers)
    assert landed.json()["created"] == 1, landed.text
    made = await counter.sent({"code": quote(str(record["legacy_code"]))}, a_pdf(seed=30))
    assert (await counter.client.get(made["content"])).content == a_pdf(seed=30)


async def test_the_way_down_is_closed_while_there_are_files(
    fresh_database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    async with serving(create_app(settings_for(fresh_database, issuer, files=str(tmp_path)))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        path = f"/v1/dossiers/{(await received(client))['code']}/files"
        assert (await client.post(path, params={"name": "a"}, content=a_pdf())).status_code == 201
    with pytest.raises(RuntimeError, match="files of dossiers"):
        await downgrade(fresh_database.owner_url, to="0023")


async def test_versions(counter: Counter, dossier: dict[str, Any]) -> None:
    first = await counter.sent(dossier, a_pdf(seed=4))
    second = await counter.sent(dossier, a_pdf(seed=5), replaces=first["id"])
    assert second["replaces"] == first["id"]
    assert [(each["id"], each["replaced_by"]) for each in await counter.listed(dossier)] == [
        (first["id"], second["id"]),
        (second["id"], None),
    ]
    assert (await counter.client.get(first["content"])).content == a_pdf(seed=4), "what was there stays"
    answer = await counter.send(dossier, a_pdf(seed=6), replaces=first["id"])
    assert reason(answer) == (409, "conflict", [("replaces", "file_replaced_already")])
    foreign = await counter.sent(await received(counter.client), a_pdf(seed=6))
    for unknown in (foreign["id"], str(uuid4())):
        answer = await counter.send(dossier, a_pdf(seed=6), replaces=unknown)
        assert reason(answer) == (422, "invalid_request", [("replaces", "unknown_file")])
    again = await counter.send(dossier, a_pdf(seed=5), replaces=first["id"])
    assert (again.status_code, again.json()) == (200, second), "an upload that broke off is sent again"
    back = await counter.send(dossier, a_pdf(seed=4), replaces=second["id"])
    assert reason(back) == (409, "conflict", [("body", "file_there_already")]), "it would be nobody's newer version"
    assert first["id"] in back.json()["errors"][0]["reason"]
    answer = await counter.send(dossier, a_pdf(seed=5), replaces=str(uuid4()))
    assert reason(answer) == (422, "invalid_request", [("replaces", "unknown_file")])
    malformed = await counter.send(dossier, a_pdf(seed=6), replaces="../1")
    assert reason(malformed)[:2] == (422, "invalid_request")


async def test_a_result_is_replaced_by_a_result_and_nothing_else_is(counter: Counter, dossier: dict[str, Any]) -> None:
    result = await counter.sent(dossier, a_pdf(seed=77), component="Result")
    assert result["component"] == "result"
    paper = await counter.sent(dossier, a_pdf(seed=78), component="Tờ khai")
    over = await counter.send(dossier, a_pdf(seed=79), component="Tờ khai", replaces=result["id"])
    assert reason(over)[2] == [("component", "result_stays_one")]
    over = await counter.send(dossier, a_pdf(seed=79), component="result", replaces=paper["id"])
    assert reason(over)[2] == [("component", "result_stays_one")]
    newer = await counter.sent(dossier, a_pdf(seed=79), component="result", replaces=result["id"])
    assert newer["replaces"] == result["id"]


REFUSED = {
    "nothing": (b"", {}, 422, "invalid_request", ("body", "file_empty")),
    "a page": (b"<html><script>", {}, 415, "unsupported_media_type", ("body", "file_type_not_accepted")),
    "a zip": (a_zip({"a": "a"}), {}, 415, "unsupported_media_type", ("body", "file_type_not_accepted")),
    "half": (a_docx()[:-100], {}, 415, "unsupported_media_type", ("body", "file_not_whole")),
    "as a page": (
        a_pdf(),
        {"Content-Type": "text/html"},
        415,
        "unsupported_media_type",
        ("Content-Type", "file_declared_otherwise"),
    ),
    "as a picture": (
        a_pdf(),
        {"Content-Type": "image/png"},
        415,
        "unsupported_media_type",
        ("Content-Type", "file_not_as_declared"),
    ),
    "as a form": (
        a_pdf(),
        {"Content-Type": "multipart/form-data; boundary=a"},
        415,
        "unsupported_media_type",
        ("Content-Type", "file_declared_otherwise"),
    ),
    "as curl sends it unasked": (
        a_pdf(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        415,
        "unsupported_media_type",
        ("Content-Type", "file_declared_otherwise"),
    ),
    "packed": (
        a_pdf(),
        {"Content-Encoding": "gzip"},
        415,
        "unsupported_media_type",
        ("Content-Encoding", "content_encoding"),
    ),
    "too large": (a_pdf(size=MOST + 1), {}, 413, "body_too_large", ("body", "file_too_large")),
}


@pytest.mark.parametrize(("content", "headers", "status", "code", "why"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused_leaves_nothing(
    counter: Counter, dossier: dict[str, Any], content: bytes, headers: Any, status: int, code: str, why: Any
) -> None:
    before = counter.contents()
    answer = await counter.send(dossier, content, headers=headers)
    assert reason(answer) == (status, code, [why])
    if why[1] in ("file_type_not_accepted", "file_not_whole", "file_declared_otherwise"):
        assert "PDF, JPEG, PNG, TIFF, DOCX, XLSX, ODT" in answer.json()["errors"][0]["reason"]
    if why[1] == "file_declared_otherwise":
        assert '"application/octet-stream"' in answer.json()["errors"][0]["reason"]
    assert await counter.listed(dossier) == []
    assert counter.contents() == before


async def test_one_that_does_not_say_how_long_it_is(counter: Counter, dossier: dict[str, Any]) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 50_000
            yield b"x" * 50_000

    answer = await counter.send(dossier, endless())  # type: ignore[arg-type]
    assert reason(answer) == (413, "body_too_large", [("body", "file_too_large")])
    assert taken == MOST + 50_000, "not a block more is read"

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, MOST, 1000):
            yield a_pdf(size=MOST)[start : start + 1000]

    made = await counter.sent(dossier, in_pieces())  # type: ignore[arg-type]
    assert made["size"] == MOST, "larger than any other body may be is no matter"


async def test_a_name_is_needed_and_made_safe(counter: Counter, dossier: dict[str, Any]) -> None:
    path = f"/v1/dossiers/{dossier['code']}/files"
    headers = {"Content-Type": "application/pdf"}
    for params, code in (({}, "required"), ({"name": ""}, "too_short"), ({"name": "a" * 1001}, "too_long")):
        answer = await counter.client.post(path, params=params, content=a_pdf(), headers=headers)
        assert reason(answer) == (422, "invalid_request", [("name", code)])
    made = await counter.sent(dossier, a_pdf(), "../../../etc/cron.d/\u202eđơn\u200b.exe")
    assert made["name"] == "đơn.exe.pdf"
    assert {path.name for path in counter.kept.rglob("*đơn*")} == set(), "nothing is kept under it"


async def test_whoever_stops_sending_has_gone(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "IDLE_SECONDS", 0.1)
    before = counter.contents()

    async def stopping() -> AsyncIterator[bytes]:
        yield a_pdf()[:100]
        await asyncio.sleep(5)

    answer = await counter.send(dossier, stopping())  # type: ignore[arg-type]
    assert reason(answer) == (408, "upload_idle", [])

    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"%"
            await asyncio.sleep(0.02)

    monkeypatch.setattr(usecases, "LONGEST_SECONDS", 0.3)
    answer = await counter.send(dossier, dripping())  # type: ignore[arg-type]
    assert reason(answer) == (408, "upload_idle", [])
    assert counter.contents() == before


async def test_one_sender_does_not_take_all_places(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "MOST_AT_ONCE", usecases.MOST_OF_ONE + 1)
    go_on = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield a_pdf()[:100]
        await go_on.wait()
        yield a_pdf()[100:]

    slow = [asyncio.create_task(counter.send(dossier, waiting())) for _ in range(usecases.MOST_OF_ONE)]  # type: ignore[arg-type]
    await asyncio.sleep(0.5)
    answer = await counter.send(dossier, a_pdf())
    assert reason(answer) == (503, "unavailable", [("", "files_under_way")])
    assert answer.headers["retry-after"] == "10"
    handler = counter.as_("handler", WARD)
    other = asyncio.create_task(counter.send(dossier, waiting(), headers=handler))  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    full = await counter.send(dossier, a_pdf(), headers=counter.as_("machine", WARD))
    assert reason(full) == (503, "unavailable", [("", "files_under_way")])
    go_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow, other)} <= {200, 201}
    assert (await counter.send(dossier, a_pdf())).status_code == 200, "their places are free again"


async def test_a_dossier_takes_so_many(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_FILES", 2)
    first = await counter.sent(dossier, a_pdf(seed=7))
    await counter.sent(dossier, a_pdf(seed=8))
    answer = await counter.send(dossier, a_pdf(seed=9))
    assert reason(answer) == (409, "conflict", [("", "too_many_files")])
    assert (await counter.send(dossier, a_pdf(seed=7))).json()["id"] == first["id"], "what is there is not one more"


async def test_who_sends(counter: Counter, dossier: dict[str, Any]) -> None:
    for number, role in enumerate(Role):
        if role is Role.CITIZEN:
            continue
        answer = await counter.send(dossier, a_pdf(seed=100 + number), headers=counter.as_(role, WARD))
        allowed = role in (Role.COUNTER, Role.HANDLER, Role.MACHINE)
        assert answer.status_code == (201 if allowed else 403), role
        stranger = await counter.send(dossier, a_pdf(seed=200), headers=counter.as_(role, JUSTICE))
        assert stranger.status_code == (404 if allowed else 403), role
    nobody = await counter.send(dossier, a_pdf(), headers={"Authorization": ""})
    assert nobody.status_code == 401
    unknown = await counter.send({"code": "19333-261127-9999"}, a_pdf())
    assert unknown.status_code == 404


async def test_what_is_refused_is_refused_before_it_comes_in(counter: Counter, dossier: dict[str, Any]) -> None:
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(10):
            taken += 1
            yield b"x" * 1000

    for headers in (counter.as_("counter", JUSTICE), {"Content-Type": "text/html"}):
        answer = await counter.send(dossier, body(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code in (404, 415)
    assert taken == 0


async def test_an_applicant_sends_to_their_own_while_it_is_open(counter: Counter) -> None:
    dossier = await submitted(counter.client, applicant=PERSON)
    own = counter.as_("citizen", PROVINCE, id_number="045 190 123 987")
    made = await counter.sent(dossier, a_pdf(seed=11), headers=own)
    assert made["uploaded_by"] == f"citizen@{PROVINCE}"
    for stranger in (
        counter.as_("citizen", PROVINCE, id_number="045190123988"),
        counter.as_("citizen", WARD),
    ):
        assert (await counter.send(dossier, a_pdf(seed=12), headers=stranger)).status_code == 404
    nameless = await received(counter.client)  # of whose applicant no number is known
    for nobody in (own, counter.as_("citizen", WARD)):
        assert (await counter.send(nameless, a_pdf(seed=12), headers=nobody)).status_code == 404
    accepted = await did(counter.client, dossier, "accept")
    await counter.sent(dossier, a_pdf(seed=13), headers=own)
    await did(counter.client, accepted, "finish", outcome="granted")
    answer = await counter.send(accepted, a_pdf(seed=14), headers=own)
    assert reason(answer) == (409, "not_allowed_in_status", [])
    await counter.sent(accepted, a_pdf(seed=15), "kết quả.pdf")
    assert len(await counter.listed(accepted)) == 3
