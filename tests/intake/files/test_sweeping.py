"""Dọn tệp: what no file has is taken away, and nothing else."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from intake_service.files import usecases
from intake_service.files.storage import storage_at
from migrations.logins import role_url
from shared.web.clock import now
from shared.web.settings import FilesPlace
from tests.intake.bodies import a_pdf
from tests.intake.files.counters import Counter


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
