"""Liên kết tải tệp: by which the national database fetches a file without a token, and nobody else anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from pydantic import ValidationError

from intake_service.app import create_app
from intake_service.files import storage
from intake_service.files.links import addresses, holds
from intake_service.files.storage import storage_at
from intake_service.persons import usecases as persons
from intake_service.persons.usecases import Decision
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.settings import FileLinks, Settings
from tests.conftest import Database
from tests.intake.bodies import a_pdf
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer, serving, settings_for

ADDRESS = "https://motcua.example.gov.vn"
KEY = "k" * 32
LINKS = FileLinks(ADDRESS, 7, KEY)
RESULT = {"number": "126/GCN-UBND", "issued_on": civil_day(now()).isoformat(), "name": "Bản sao trích lục khai sinh"}
NOON = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)


def parts(address: str) -> tuple[UUID, int, str]:
    """(the file, until when, the signature)"""
    url = httpx.URL(address)
    return UUID(url.path.split("/")[-2]), int(url.params["until"]), url.params["signature"]


def link(links: FileLinks, file_id: UUID, at: datetime) -> str:
    address_of = addresses(links, at)
    assert address_of is not None
    return address_of(str(file_id))


def test_a_link_holds_for_its_file_and_its_days_and_for_nothing_else() -> None:
    file = uuid4()
    address = link(LINKS, file, NOON)
    assert address.startswith(f"{ADDRESS}/v1/public/files/{file}/content?until=")
    named, until, signature = parts(address)
    assert (named, until) == (file, int((NOON + timedelta(days=7)).timestamp()))
    last = NOON + timedelta(days=7) - timedelta(microseconds=1)
    assert holds(LINKS, file, until, signature, last)
    assert not holds(LINKS, file, until, signature, NOON + timedelta(days=7)), "it is over"
    assert not holds(LINKS, file, until + 1, signature, NOON), "nobody makes it last longer"
    assert not holds(LINKS, uuid4(), until, signature, NOON), "it is of one file"
    assert not holds(FileLinks(ADDRESS, 7, "j" * 32), file, until, signature, NOON), "a changed key ends it"
    assert not holds(None, file, until, signature, NOON)
    assert addresses(None, NOON) is None


@dataclass
class Ward:
    """A counter whose files the national database fetches."""

    client: httpx.AsyncClient
    settings: Settings
    issuer: LocalIssuer
    dossier: dict[str, Any]

    async def sent(self, seed: int, **said: str) -> dict[str, Any]:
        path = f"/v1/dossiers/{self.dossier['code']}/files"
        headers = bearer(self.issuer, "counter", WARD)
        answer = await self.client.post(
            path, params={"name": "giấy chứng sinh.pdf", **said}, content=a_pdf(seed=seed), headers=headers
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def link(self, file: dict[str, Any], at: datetime | None = None) -> str:
        """Without the address of the installation."""
        return link(LINKS, UUID(file["id"]), at or now()).removeprefix(ADDRESS)

    async def records(self) -> list[dict[str, Any]]:
        headers = bearer(self.issuer, "supervisor", PROVINCE)
        found = await self.client.get("/v1/access-records", params={"code": self.dossier["code"]}, headers=headers)
        items: list[dict[str, Any]] = found.json()["items"]
        return items


@pytest_asyncio.fixture(loop_scope="session")
async def ward(database: Database, issuer: LocalIssuer, tmp_path: Path) -> AsyncIterator[Ward]:
    more = {"files": str(tmp_path), "files_address": f"{ADDRESS}/", "files_link_key": KEY, "public_per_minute": 5}
    settings = settings_for(database, issuer, **more)
    async with serving(create_app(settings)) as client:
        draft = a_draft(procedure=REGISTER_COPY, applicant={"kind": "person", "name": "Nguyễn Thị Đào"})
        dossier = (await client.post("/v1/dossiers", json=draft, headers=bearer(issuer, "counter", WARD))).json()
        yield Ward(client, settings, issuer, dossier)


async def test_it_is_fetched_as_it_is_and_that_is_on_record(ward: Ward) -> None:
    file = await ward.sent(1)
    address = ward.link(file)
    assert ward.settings.file_links == LINKS
    head = await ward.client.head(address)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(file["size"]))
    assert await ward.records() == [], "nothing of it was shown"
    for _ in range(7):
        answer = await ward.client.get(address)
        assert (answer.status_code, answer.content) == (200, a_pdf(seed=1)), "it is no guess, and is not counted"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="giay chung sinh.pdf"')
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    seen = await ward.records()
    assert len(seen) == 7
    assert {key: seen[0][key] for key in ("subject", "role", "agency", "operation", "fields")} == {
        "subject": "national-database",
        "role": "link",
        "agency": WARD,
        "operation": "fetchFile",
        "fields": ["id_number", "phone", "email", "address"],
    }


async def test_what_is_not_right_leads_to_nothing_and_is_counted(ward: Ward) -> None:
    file, other = await ward.sent(2), await ward.sent(3)
    right = ward.link(file)
    wrong = [
        right.replace(file["id"], other["id"]),
        right.replace("until=", "until=1"),
        ward.link(file, now() - timedelta(days=8)),
        f"{right[:-3]}AAA",
        ward.link({"id": str(uuid4())}),
    ]
    answers = [await ward.client.get(address) for address in wrong]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}
    assert await ward.records() == []
    for missing in (right.split("&")[0], right.split("?")[0], right.replace("until=", "until=x"), f"{right}=="):
        assert (await ward.client.get(missing)).status_code == 422
    await ward.client.get(wrong[0])
    refused = await ward.client.get(wrong[0])
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert (await ward.client.get(right)).status_code == 200, "whoever has the link is not locked out"


async def test_it_ends_with_the_file(ward: Ward, database: Database) -> None:
    file = await ward.sent(4)
    address = ward.link(file)
    owner = await asyncpg.connect(database.owner_url)
    async with owner.transaction():
        found = await persons.by_codes(owner, [ward.dossier["code"]])
        await persons.erase(owner, found, Decision("14/QĐ-UBND", "Theo yêu cầu", "operator:test", now()))
    await owner.close()
    assert (await ward.client.get(address)).status_code == 404, "though its content still lies there"


async def test_a_version_before_is_read_until_its_link_ends(ward: Ward) -> None:
    first = await ward.sent(5)
    address = ward.link(first)
    await ward.sent(6, replaces=first["id"])
    assert (await ward.client.get(address)).content == a_pdf(seed=5)


async def test_a_content_that_is_gone_is_told_and_not_on_record(ward: Ward) -> None:
    file = await ward.sent(7)
    assert ward.settings.files_place is not None
    await storage_at(ward.settings.files_place).remove(file["sha256"])
    for method in ("GET", "HEAD"):
        assert (await ward.client.request(method, ward.link(file))).status_code == 503
    assert await ward.records() == []


async def test_a_content_goes_out_in_blocks(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    file = await ward.sent(8)
    monkeypatch.setattr(storage, "_CHUNK", 64)
    async with ward.client.stream("GET", ward.link(file)) as answer:
        assert b"".join([block async for block in answer.aiter_raw()]) == a_pdf(seed=8)


async def test_without_the_setting_nothing_is_fetched(database: Database, issuer: LocalIssuer, tmp_path: Path) -> None:
    async with serving(create_app(settings_for(database, issuer, files=str(tmp_path)))) as client:
        address = link(LINKS, uuid4(), now()).removeprefix(ADDRESS)
        assert (await client.get(address)).status_code == 404


async def test_the_blocker_goes_with_the_setting(ward: Ward, database: Database, issuer: LocalIssuer) -> None:
    file = await ward.sent(9, component="result")
    path, headers = f"/v1/dossiers/{ward.dossier['code']}", bearer(issuer, "counter", WARD)
    for verb, body in (("finish", {"outcome": "granted"}), ("results", {**RESULT, "file": file["id"]})):
        assert (await ward.client.post(f"{path}/{verb}", json=body, headers=headers)).status_code == 200
    blockers = (await ward.client.get(f"{path}/documents", headers=headers)).json()["national_blockers"]
    assert [each["code"] for each in blockers] == ["national_components"]
    async with serving(create_app(settings_for(database, issuer))) as without:
        found = (await without.get(f"{path}/documents", headers=headers)).json()["national_blockers"]
    assert [each["code"] for each in found] == ["national_components", "national_no_address"]
    assert "MOTCUA_FILES_ADDRESS" in found[1]["reason"], "what is to be set is said"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"files_address": ADDRESS}, "MOTCUA_FILES_ADDRESS, MOTCUA_FILES_LINK_KEY"),
        ({"files_link_key": KEY}, "MOTCUA_FILES_ADDRESS, MOTCUA_FILES_LINK_KEY"),
        ({"files_address": ADDRESS, "files_link_key": "short"}, "MOTCUA_FILES_LINK_KEY"),
        ({"files_address": "motcua.example", "files_link_key": KEY}, "MOTCUA_FILES_ADDRESS"),
        ({"files_address": f"{ADDRESS}?a=b", "files_link_key": KEY}, "MOTCUA_FILES_ADDRESS"),
        (
            {"files_address": "http://motcua.example", "files_link_key": KEY, "embedded": False},
            "MOTCUA_FILES_ADDRESS: phải là một địa chỉ https",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    database: Database, issuer: LocalIssuer, said: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValidationError, match=named) as refused:
        settings_for(database, issuer, **said)
    assert KEY not in str(refused.value.errors(include_input=False))


def test_the_key_is_never_shown(database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(database, issuer, files_address=ADDRESS, files_link_key=KEY)
    assert KEY not in f"{settings!r}{settings.file_links!r}"
