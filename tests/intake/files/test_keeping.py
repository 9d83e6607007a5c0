"""Nơi lưu tệp: where contents are kept, and what is told when that is not to be had."""

import asyncio
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit
from typing import Any

import pytest
from pydantic import ValidationError

from intake_service.app import create_app
from intake_service.files import storage
from intake_service.files.storage import storage_at
from services.local_issuer import LocalIssuer
from shared.web.settings import FilesPlace
from tests.conftest import Database
from tests.intake.bodies import a_pdf
from tests.intake.files.counters import Counter, reason
from tests.intake.lives import received
from tests.intake.storing import settings_of_s3
from tests.support import WARD, bearer, serving, settings_for


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
