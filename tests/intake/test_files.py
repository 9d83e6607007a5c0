"""Tệp của hồ sơ: sent, listed, read, by whom and by nobody else; on both places where contents are kept."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio
from pydantic import ValidationError

from intake_service.app import create_app
from intake_service.files import rules, storage, usecases
from intake_service.files.rules import FileKind
from intake_service.files.storage import storage_at
from intake_service.persons import usecases as persons
from intake_service.persons.usecases import Decision
from migrations.apply import downgrade
from migrations.logins import role_url
from services.local_issuer import LocalIssuer
from shared.web.auth import STAFF, Role
from shared.web.clock import now
from shared.web.settings import FilesPlace, Settings
from tests.conftest import Database
from tests.intake.bodies import a_docx, a_pdf, a_picture, a_zip, an_odt, an_xlsx
from tests.intake.lives import did, received, submitted
from tests.intake.storing import contents_in, real_s3, settings_of_s3
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for

MOST = 300_000
NUMBER = "045190123987"
PERSON = {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": NUMBER, "phone": "0905 123 654"}
SAID = ("component", "replaces", "digitised", "reused", "from_store")
DECISION = Decision("13/QĐ-UBND", "Theo yêu cầu", "operator:test", now())


@dataclass
class Counter:
    """The ward's counter, and where its files are kept."""

    client: httpx.AsyncClient
    kept: Path
    settings: Settings
    issuer: LocalIssuer

    def as_(self, role: str, agency: str, **more: Any) -> dict[str, str]:
        return bearer(self.issuer, role, agency, **more)

    async def send(self, dossier: dict[str, Any], content: bytes, name: str = "đơn.pdf", **more: Any) -> httpx.Response:
        said: dict[str, str] = {key: more.pop(key) for key in SAID if key in more}
        params = {"name": name, **said}
        headers = {"Content-Type": "application/octet-stream", **more.pop("headers", {})}
        path = f"/v1/dossiers/{dossier['code']}/files"
        return await self.client.post(path, params=params, content=content, headers=headers, **more)

    async def sent(self, dossier: dict[str, Any], content: bytes, name: str = "đơn.pdf", **more: Any) -> dict[str, Any]:
        answer = await self.send(dossier, content, name, **more)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def listed(self, dossier: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/v1/dossiers/{dossier['code']}/files", **more)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def contents(self) -> set[str]:
        return contents_in(self.kept)


@pytest.fixture(scope="module", params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """(where its contents lie, the settings that name it)"""
    directory = tmp_path_factory.mktemp("kept")
    if request.param == "directory":
        yield directory, {"files": str(directory)}
        return
    with real_s3(directory) as address:
        yield directory, settings_of_s3(address)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(database: Database, issuer: LocalIssuer, place: tuple[Path, Any]) -> AsyncIterator[Counter]:
    settings = settings_for(database, issuer, max_file_bytes=MOST, **place[1])
    async with serving(create_app(settings)) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        yield Counter(client, place[0], settings, issuer)


@pytest_asyncio.fixture(loop_scope="session")
async def dossier(counter: Counter) -> dict[str, Any]:
    return await received(counter.client, applicant=PERSON)


def reason(answer: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    body = answer.json()
    return answer.status_code, body["code"], [(error["field"], error["code"]) for error in body["errors"]]


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


async def test_whoever_has_it_is_not_sent_it_again(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=1))
    again = await counter.client.get(made["content"], headers={"If-None-Match": f'"x", W/"{made["sha256"]}"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{made["sha256"]}"')
    assert again.headers["cache-control"] == "no-store"
    other = await counter.client.get(made["content"], headers={"If-None-Match": f'"{"0" * 64}"'})
    assert other.status_code == 200


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


# --- who may ---------------------------------------------------------------------------------------------------------


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


async def test_who_reads(counter: Counter, dossier: dict[str, Any]) -> None:
    """A content is for whoever sees all of the applicant; that there are files, for whoever reads the dossier."""
    made = await counter.sent(dossier, a_pdf(seed=10))
    for role in STAFF:
        for agency in (WARD, PROVINCE, JUSTICE):
            headers = counter.as_(role, agency)
            listed = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files", headers=headers)
            read = await counter.client.get(made["content"], headers=headers)
            whole = await counter.client.get(f"/v1/dossiers/{dossier['code']}", headers=headers)
            assert listed.status_code == whole.status_code == (404 if agency == JUSTICE else 200)
            sees = whole.status_code == 200 and whole.json()["applicant"]["masked"] == []
            barred = role in (Role.SUPERVISOR, Role.ADMIN) or agency != JUSTICE
            assert read.status_code == (200 if sees else 403 if barred else 404), (role, agency)
    citizen = counter.as_("citizen", PROVINCE, id_number=NUMBER)
    assert (await counter.client.get(made["content"], headers=citizen)).status_code == 403
    other = await received(counter.client)
    moved = made["content"].replace(dossier["code"], other["code"])
    assert (await counter.client.get(moved)).status_code == 404, "a file is its own dossier's"


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


async def test_an_applicant_is_shown_what_they_sent(counter: Counter) -> None:
    dossier = await submitted(counter.client, applicant=PERSON)
    own = counter.as_("citizen", PROVINCE, id_number="045 190 123 987")
    assert await counter.listed(dossier, headers=own) == []
    made = await counter.sent(dossier, a_pdf(seed=31), component="CCCD", headers=own)
    scanned = await counter.sent(dossier, a_pdf(seed=32), "bản nháp.pdf", replaces=made["id"])
    shown = {**made, "replaced_by": scanned["id"]}
    assert await counter.listed(dossier, headers=own) == [shown], "and not what the agency has scanned"
    assert await counter.listed(dossier) == [shown, scanned]
    await did(counter.client, await did(counter.client, dossier, "accept"), "finish", outcome="granted")
    assert await counter.listed(dossier, headers=own) == [shown], "also when it is over"
    for stranger in (
        counter.as_("citizen", PROVINCE, id_number="045190123988"),
        counter.as_("citizen", WARD),
    ):
        answer = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files", headers=stranger)
        assert reason(answer) == (404, "not_found", [])
    assert (await counter.client.get(made["content"], headers=own)).status_code == 403, "contents are the staff's"


async def test_who_read_it_is_on_record(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=16))
    inspector = counter.as_("supervisor", PROVINCE)

    async def records() -> list[Any]:
        found = await counter.client.get("/v1/access-records", params={"code": dossier["code"]}, headers=inspector)
        return [(each["operation"], each["subject"], each["fields"]) for each in found.json()["items"]]

    await counter.listed(dossier)
    await counter.client.get(made["content"], headers=counter.as_("counter", PROVINCE))
    await counter.client.get(made["content"], headers={"If-None-Match": f'"{made["sha256"]}"'})
    head = await counter.client.head(made["content"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(made["size"]))
    assert head.headers["content-type"] == "application/pdf"
    assert head.headers["content-disposition"].startswith("attachment; ")
    assert await records() == [], "what was not shown is not"
    await counter.client.get(made["content"])
    everything = ["id_number", "phone", "email", "address"]
    assert await records() == [("readFileContent", f"counter@{WARD}", everything)]


# --- where it is kept ------------------------------------------------------------------------------------------------


async def test_it_is_kept_by_its_hash_and_by_nothing_else(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=17), "đơn xin xác nhận.pdf")
    assert made["sha256"] in counter.contents()
    assert all(len(name) == 64 for name in counter.contents())
    if counter.settings.files_place is not None and counter.settings.files_place.bucket is None:
        for path in counter.kept.rglob("*"):
            assert path.stat().st_mode & 0o111 == 0 or path.is_dir(), "nothing there can be run"


async def test_what_was_kept_for_a_row_that_was_not_written_is_found_again(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = a_pdf(seed=18)

    async def fails(*_: Any) -> None:
        raise OSError("the wire is cut")

    with monkeypatch.context() as broken:
        broken.setattr("intake_service.files.store.add", fails)
        assert (await counter.send(dossier, content)).status_code == 503
    assert await counter.listed(dossier) == []
    made = await counter.sent(dossier, content)
    assert (await counter.client.get(made["content"])).content == content


async def test_what_no_file_has_is_swept(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counter.settings.files_place is not None
    place, soon = storage_at(counter.settings.files_place), now() + timedelta(hours=1)
    await usecases.sweep(owner, place, soon)
    made = await counter.sent(dossier, a_pdf(seed=40))

    async def fails(*_: Any) -> None:
        raise OSError("the wire is cut")

    with monkeypatch.context() as broken:
        broken.setattr("intake_service.files.store.add", fails)
        assert (await counter.send(dossier, a_pdf(seed=41))).status_code == 503
    loose = sha256(a_pdf(seed=41)).hexdigest()
    hour_ago = now() - timedelta(hours=1)
    assert (await usecases.lying(owner, place, hour_ago)).loose == 0, "it may be on its way in"
    await usecases.sweep(owner, place, hour_ago)
    assert loose in counter.contents()
    found = await usecases.lying(owner, place, soon)
    assert (found.loose, found.loose_bytes) == (1, len(a_pdf(seed=41)))
    assert found.needed >= 1
    done = await usecases.sweep(owner, place, soon)
    assert (done.loose, done.loose_bytes) == (1, len(a_pdf(seed=41)))
    assert loose not in counter.contents()
    assert (await counter.client.get(made["content"])).content == a_pdf(seed=40)
    assert (await usecases.sweep(owner, place, soon)).loose == 0


async def test_whoever_sees_no_rows_sweeps_nothing_that_is_needed(counter: Counter, dossier: dict[str, Any]) -> None:
    """A login whom policies hold sees no file until it says for whom it reads."""
    made = await counter.sent(dossier, a_pdf(seed=42))
    assert counter.settings.files_place is not None
    place = storage_at(counter.settings.files_place)
    login = await asyncpg.connect(role_url(counter.settings.database_url.get_secret_value(), "motcua_intake"))
    try:
        assert await login.fetchval("SELECT count(*) FROM dossier_file") == 0
        await usecases.sweep(login, place, now() + timedelta(hours=1))
    finally:
        await login.close()
    assert made["sha256"] in counter.contents()


async def test_sweeping_while_the_same_comes_in(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection
) -> None:
    """Whoever has the turn first: what was sent is there at the end."""
    assert counter.settings.files_place is not None
    place, soon = storage_at(counter.settings.files_place), now() + timedelta(hours=1)
    for seed in range(50, 60):
        content = a_pdf(seed=seed)
        await place.put(sha256(content).hexdigest(), BytesIO(content))
        answer, _ = await asyncio.gather(counter.send(dossier, content), usecases.sweep(owner, place, soon))
        assert answer.status_code == 201, answer.text
        assert (await counter.client.get(answer.json()["content"])).content == content


def test_what_a_killed_process_was_writing_is_swept(tmp_path: Path) -> None:
    place = storage_at(FilesPlace(None, str(tmp_path / "files")))
    digest = "ab" * 32
    (tmp_path / "files" / "ab").mkdir()
    for name in (f"{digest}#1", digest, "notes#1"):
        (tmp_path / "files" / "ab" / name).write_text("half")
    later = now() + timedelta(hours=1)
    assert [path.name for path in place.unfinished(later)] == [f"{digest}#1"]
    assert place.unfinished(now() - timedelta(hours=1)) == []
    (tmp_path / "files" / "ab" / f"{digest}#2").symlink_to(tmp_path / "whole by now")
    assert [path.name for path in place.unfinished(later)] == [f"{digest}#1"]


async def test_what_is_gone_from_there_is_told_and_brought_back(counter: Counter, dossier: dict[str, Any]) -> None:
    content = a_pdf(seed=19)
    made = await counter.sent(dossier, content)
    assert counter.settings.files_place is not None
    await storage_at(counter.settings.files_place).remove(made["sha256"])
    answer = await counter.client.get(made["content"])
    assert reason(answer) == (503, "unavailable", [("", "file_missing")])
    assert (await counter.client.head(made["content"])).status_code == 503
    assert (await counter.send(dossier, content)).json()["id"] == made["id"]
    assert (await counter.client.get(made["content"])).content == content


async def test_without_a_place_nothing_is_taken(database: Database, issuer: LocalIssuer) -> None:
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        dossier = await received(client)
        path = f"/v1/dossiers/{dossier['code']}/files"
        headers = {"Content-Type": "application/pdf"}
        answer = await client.post(path, params={"name": "a"}, content=a_pdf(), headers=headers)
        assert reason(answer) == (503, "unavailable", [("", "no_place_for_files")])
        assert (await client.get(path)).json() == {"items": []}


async def test_a_place_that_does_not_answer(database: Database, issuer: LocalIssuer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    away = {**settings_of_s3("http://127.0.0.1:9"), "files": "s3://away"}
    for settings in (away, {"files": str(tmp_path / "file" / "below")}):
        async with serving(create_app(settings_for(database, issuer, **settings))) as client:
            client.headers.update(bearer(issuer, "counter", WARD))
            dossier = await received(client)
            path = f"/v1/dossiers/{dossier['code']}/files"
            answer = await client.post(
                path, params={"name": "a"}, content=a_pdf(), headers={"Content-Type": "application/pdf"}
            )
            assert reason(answer) == (503, "unavailable", [("", "files_unreachable")])
            assert (await client.get(path)).json() == {"items": []}


async def test_a_directory_that_is_gone_or_full_meanwhile(
    database: Database, issuer: LocalIssuer, tmp_path: Path
) -> None:
    """A disk that is full is told by the limit of what a process may write."""
    place = tmp_path / "files"
    async with serving(create_app(settings_for(database, issuer, files=str(place)))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        path = f"/v1/dossiers/{(await received(client))['code']}/files"

        async def sent() -> tuple[int, str, list[tuple[str, str]]]:
            return reason(await client.post(path, params={"name": "a"}, content=a_pdf(size=200_000)))

        storage_at(FilesPlace(None, str(place)))
        place.rename(tmp_path / "away")
        unreachable = (503, "unavailable", [("", "files_unreachable")])
        assert await sent() == unreachable
        place.write_text("no directory")
        assert await sent() == unreachable
        place.unlink()
        (tmp_path / "away").rename(place)
        before = getrlimit(RLIMIT_FSIZE)
        setrlimit(RLIMIT_FSIZE, (100_000, before[1]))
        try:
            assert await sent() == unreachable
        finally:
            setrlimit(RLIMIT_FSIZE, before)
        assert (await client.get(path)).json() == {"items": []}
        assert not [each for each in place.rglob("*") if each.is_file()]
        answer = await client.post(path, params={"name": "a"}, content=a_pdf(size=200_000))
        assert answer.status_code == 201, "and when it is back, it is as before"


async def test_a_place_that_takes_what_is_sent_and_says_nothing(
    database: Database, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_PUT_SECONDS", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with serving(create_app(settings_for(database, issuer, **settings_of_s3(address)))) as client:
        client.headers.update(bearer(issuer, "counter", WARD))
        path = f"/v1/dossiers/{(await received(client))['code']}/files"
        answer = await client.post(path, params={"name": "a"}, content=a_pdf())
        assert reason(answer) == (503, "unavailable", [("", "files_unreachable")])
        assert (await client.get(path)).json() == {"items": []}
    server.close()


# --- erased, handed over ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def erased(counter: Counter, owner: asyncpg.Connection, dossier: dict[str, Any]) -> None:
    """As `motcua erase-person` does it."""
    found = await persons.by_codes(owner, [dossier["code"]])
    async with owner.transaction():
        await persons.erase(owner, found, DECISION)
    assert counter.settings.files_place is not None
    contents = await usecases.erased_contents(owner, list(found.whole))
    await usecases.release(owner, storage_at(counter.settings.files_place), contents)


async def test_erasing_takes_names_and_contents_but_nobody_elses(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection
) -> None:
    shared, own = a_pdf(seed=20), a_pdf(seed=21)
    other = await received(counter.client)
    for content in (shared, own):
        await counter.sent(dossier, content, "CCCD Nguyễn Thị Đào.pdf", component="của Đào")
    kept = await counter.sent(other, shared)
    for _ in range(2):  # it may be done again
        await erased(counter, owner, dossier)
    assert sha256(own).hexdigest() not in counter.contents()
    assert (await counter.client.get(kept["content"])).content == shared
    listed = await counter.listed(dossier)
    assert [(each["name"], each["component"], each["content"]) for each in listed] == [("(đã xóa)", None, None)] * 2
    assert all(each["erased_at"] for each in listed)
    for each in listed:
        gone = await counter.client.get(f"/v1/dossiers/{dossier['code']}/files/{each['id']}/content")
        assert reason(gone) == (404, "not_found", [])
    answer = await counter.send(dossier, own)
    assert reason(answer) == (409, "conflict", [("", "personal_data_erased")])
    assert sha256(own).hexdigest() not in counter.contents()
    await erased(counter, owner, other)
    assert sha256(shared).hexdigest() not in counter.contents()


async def test_erasing_while_the_same_comes_in(counter: Counter, owner: asyncpg.Connection) -> None:
    """Whichever is first: a row that is there has its content."""
    content = a_pdf(size=100_000, seed=22)
    for _ in range(5):
        gone, stays = await received(counter.client), await received(counter.client)
        await counter.sent(gone, content)
        _, made = await asyncio.gather(erased(counter, owner, gone), counter.sent(stays, content))
        read = await counter.client.get(made["content"])
        assert read.status_code == 200, read.text
        assert read.content == content
        await erased(counter, owner, stays)
    assert sha256(content).hexdigest() not in counter.contents()


async def test_handed_over_with_their_hashes(
    counter: Counter, dossier: dict[str, Any], owner: asyncpg.Connection
) -> None:
    made = await counter.sent(dossier, a_pdf(seed=23), component="Tờ khai")
    found = await persons.by_codes(owner, [dossier["code"]])
    async with owner.transaction():
        told = await persons.export(owner, found, DECISION, counter.settings.keyring)
    names = ("name", "component", "media_type", "size", "sha256", "uploaded_at", "erased_at")
    assert orjson.loads(orjson.dumps(told["dossiers"][0]["files"])) == [{name: made[name] for name in names}]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"files": "files"}, "tuyệt đối"),
        ({"files": "s3:/bucket"}, "s3://"),
        ({"files": "s3://UPPER/a"}, "s3://"),
        ({"files": "s3://bucket/a?b"}, "s3://"),
        ({"files": "s3://bucket"}, "cả hai"),
        ({"files": "s3://bucket", "files_key": "a"}, "cả hai"),
        ({"files": "s3://bucket", "files_key": "a", "files_secret": "b", "files_endpoint": "ftp://a"}, "http"),
    ],
)
def test_a_place_that_is_none_is_refused_at_the_start(
    database: Database, issuer: LocalIssuer, given: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        settings_for(database, issuer, **given)


def test_a_key_is_never_shown(database: Database, issuer: LocalIssuer) -> None:
    given = {"files": "s3://motcua/a/b/", "files_key": "the key", "files_secret": "the hidden"}
    settings = settings_for(database, issuer, **given)
    assert settings.files_place is not None
    assert (settings.files_place.bucket, settings.files_place.path) == ("motcua", "a/b")
    for shown in (repr(settings), repr(settings.files_place)):
        assert "the key" not in shown
        assert "the hidden" not in shown


async def marked(counter: Counter, file: dict[str, Any], body: Any, **headers: str) -> httpx.Response:
    return await counter.client.put(file["content"].replace("/content", "/marks"), json=body, headers=headers)


async def test_what_is_said_of_a_file_is_replaced_and_stays_on_record(
    counter: Counter, dossier: dict[str, Any]
) -> None:
    made = await counter.sent(dossier, a_pdf(seed=71), digitised="true", reused="0")
    assert {name: made[name] for name in ("digitised", "reused", "from_store", "marks_version", "marked_by")} == {
        **{"digitised": True, "reused": 0, "from_store": None, "marks_version": 1, "marked_by": f"counter@{WARD}"},
    }
    body = {"digitised": False, "reused": 2, "from_store": True}
    answer = await marked(counter, made, body, **{"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["ETag"], {name: answer.json()[name] for name in body}) == ('"2"', body)
    assert (await marked(counter, made, body)).headers["ETag"] == '"2"', "the same again changes nothing"
    stale = await marked(counter, made, {"digitised": True}, **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    assert await counter.listed(dossier) == [answer.json()]
    told = await counter.client.get(made["content"].replace("/content", "/marks"))
    assert told.headers["ETag"] == '"2"'
    items = told.json()["items"]
    assert [(item["n"], item["digitised"], item["reused"], item["from_store"]) for item in items] == [
        (2, False, 2, True),
        (1, True, 0, None),
    ]
    assert {(item["marked_by"], item["agency"]) for item in items} == {(f"counter@{WARD}", WARD)}


async def test_of_two_who_mark_at_once_the_second_is_told(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=72))
    both = await asyncio.gather(
        *(marked(counter, made, {"reused": n}, **{"If-Match": '"0"'}) for n in (0, 1)), return_exceptions=False
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


async def test_nothing_is_said_of_what_is_not_there(counter: Counter, dossier: dict[str, Any]) -> None:
    made = await counter.sent(dossier, a_pdf(seed=73))
    elsewhere = await received(counter.client)
    for code, file_id in (
        (dossier["code"], uuid4()),
        (elsewhere["code"], made["id"]),
        ("19333-000101-0001", made["id"]),
    ):
        path = f"/v1/dossiers/{code}/files/{file_id}/marks"
        assert (await counter.client.put(path, json={"reused": 1})).status_code == 404
        assert (await counter.client.get(path)).status_code == 404
    wrong: tuple[Any, ...] = ({"reused": 3}, {"reused": True}, {"digitised": 1}, {"digitised": "yes"}, {"reuse": 1}, [])
    for body in wrong:
        answer = await marked(counter, made, body)
        assert answer.status_code == 422, (body, answer.text)
    assert (await counter.client.get(made["content"].replace("/content", "/marks"))).json() == {"items": []}


async def test_an_applicant_says_neither(counter: Counter, dossier: dict[str, Any]) -> None:
    own = counter.as_("citizen", PROVINCE, id_number=NUMBER)
    sent = await counter.send(dossier, a_pdf(seed=74), digitised="true", headers=own)
    assert reason(sent) == (403, "forbidden", [("", "marks_are_the_agencys")])
    for component in ("result", "Result ", "RESULT"):
        sent = await counter.send(dossier, a_pdf(seed=75), component=component, headers=own)
        assert reason(sent) == (403, "forbidden", [("component", "result_is_the_agencys")]), component
    made = await counter.sent(dossier, a_pdf(seed=76), headers=own)
    path = made["content"].replace("/content", "/marks")
    assert (await counter.client.put(path, json={"reused": 1}, headers=own)).status_code == 403


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


async def test_what_is_said_has_an_end(
    counter: Counter, dossier: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_MARKS", 2)
    made = await counter.sent(dossier, a_pdf(seed=80), reused="0")
    assert (await marked(counter, made, {"reused": 1})).status_code == 200
    assert reason(await marked(counter, made, {"reused": 2})) == (409, "conflict", [("", "too_many_marks")])
    assert (await marked(counter, made, {"reused": 1})).status_code == 200, "the same again"
    again = await counter.send(dossier, a_pdf(seed=80), reused="2")
    assert (again.status_code, again.json()["reused"]) == (200, 1)


async def test_of_what_is_erased_nothing_is_said(counter: Counter, database: Database) -> None:
    gone = await received(counter.client, applicant=PERSON)
    made = await counter.sent(gone, a_pdf(seed=81), digitised="true")
    await did(counter.client, gone, "withdraw", reason="Đổi ý")
    owner = await asyncpg.connect(database.owner_url)
    async with owner.transaction():
        await persons.erase(owner, await persons.by_codes(owner, [gone["code"]]), DECISION)
    await owner.close()
    assert reason(await marked(counter, made, {"reused": 1})) == (409, "conflict", [("", "personal_data_erased")])
    (told,) = await counter.listed(gone)
    assert (told["digitised"], told["content"]) == (True, None)
